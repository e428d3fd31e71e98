"""Our own senders: plain sockets from a chosen source address, and util-linux's logger."""

import socket
import subprocess
import time

# A datagram burst below what any receive buffer holds, then a breath: the tests count every frame,
# and the kernel's own drops on a busy machine are not what they are about.
BURST = 50
BREATH_S = 0.005


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def send_udp(lines, port, host="127.0.0.1", source=None):
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as sender:
        if source:
            sender.bind((source, 0))
        for number, line in enumerate(lines):
            sender.sendto(as_bytes(line), (host, port))
            if number % BURST == BURST - 1:
                time.sleep(BREATH_S)


def send_tcp(lines, port, host="127.0.0.1", source=None, framing="lf"):
    """One connection, all lines, then an orderly end of sending."""
    payload = b"".join(frame(as_bytes(line), framing) for line in lines)
    with socket.socket(family_of(host), socket.SOCK_STREAM) as sender:
        sender.settimeout(20)
        if source:
            sender.bind((source, 0))
        sender.connect((host, port))
        sender.sendall(payload)
        sender.shutdown(socket.SHUT_WR)


def frame(line, framing):
    if framing == "octet":
        return b"%d %s" % (len(line), line)
    return line + {"lf": b"\n", "crlf": b"\r\n", "nul": b"\0"}[framing]


def as_bytes(line):
    return line if isinstance(line, bytes) else line.encode()


def logger(lines, port, *options):
    """util-linux's logger reads the lines and sends each as one message."""
    subprocess.run(
        ["logger", "--server", "127.0.0.1", "--port", str(port), *options],
        input="".join(line + "\n" for line in lines).encode(),
        check=True,
        capture_output=True,
        timeout=30,
    )
