"""Peers that do wrong, all at once, until SIGTERM. Ends with how often each did, as one line of JSON.

    abuse.py UDP_PORT TCP_PORT TLS_PORT PROXIED_PORT

Every kind has an address of its own in 127.3.0.0/16, and opens again what weir closes.
"""

import contextlib
import json
import os
import random
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from devices import trusting  # noqa: E402

PROXY_ADDRESS = "127.4.0.1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LORIS_CONNECTIONS = 40
LORIS_BYTE_S = 0.5
HANDSHAKE_THREADS = 8  # a handshake waits in line, so one thread would make no storm
HANDSHAKES_PER_S = 20  # of each
ABANDONED_PER_S = 50
KEPT_OPEN = 100
OVERSIZE_BYTES = 1 << 20
DATAGRAM_BYTES = 60_000

COUNTS = {}  # what -> how often
COUNTING = threading.Lock()
ENDED = threading.Event()


def count(what, more=1):
    with COUNTING:
        COUNTS[what] = COUNTS.get(what, 0) + more


def connect(port, source):
    sender = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sender.bind((source, 0))
        sender.settimeout(5)
        sender.connect(("127.0.0.1", port))
    except OSError:
        sender.close()
        raise
    return sender


def often(per_s, what, act):
    """Until the end: `act` so often, whatever becomes of it."""
    while not ENDED.wait(1 / per_s):
        with contextlib.suppress(OSError, ssl.SSLError):
            act()
        count(what)


def loris(port, kind, opening, more):
    """Many connections that send `opening`, then a byte of `more` now and then, and never end."""
    held = []
    while not ENDED.wait(LORIS_BYTE_S):
        for sender in list(held):
            try:
                sender.send(more[:1])
            except OSError:
                sender.close()
                held.remove(sender)
        while len(held) < LORIS_CONNECTIONS and not ENDED.is_set():
            try:
                sender = connect(port, f"127.3.{kind}.{len(held) + 1}")
                sender.send(opening)
            except OSError:
                break
            held.append(sender)
            count(f"slow connections, kind {kind}")


def handshake(port):
    with connect(port, f"127.3.10.{random.randint(1, 20)}") as plain:
        with trusting().wrap_socket(plain):
            pass


def abandon(port):
    """Opened and reset at once."""
    with connect(port, f"127.3.11.{random.randint(1, 20)}") as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


KEPT = {}  # port -> connections, the oldest first


def keep_open(port):
    """Opened and left alone."""
    kept = KEPT.setdefault(port, [])
    if len(kept) >= KEPT_OPEN:
        kept.pop(0).close()
    kept.append(connect(port, f"127.3.12.{random.randint(1, 20)}"))


def send(port, source, payload):
    with connect(port, source) as sender:
        sender.sendall(payload)


def send_tls(port, source, payload):
    with connect(port, source) as plain, trusting().wrap_socket(plain) as sender:
        sender.sendall(payload)


def lie(port):
    """Octet counts that are not those of what follows."""
    lies = (
        b"99999999999999999999 <13>x",
        b"4294967297 <13>x\n",
        b"5 <13>1 - - the count is shorter than this\n",
        b"9000 <13>and then nothing",
        b"0 <13>x\n",
        b"-1 <13>x\n",
        b"0000000012 <13>x\n",
        b"2000000 " + b"a" * 100_000,
    )
    send(port, "127.3.13.1", random.choice(lies))


def half_header(port):
    whole = SIGNATURE + bytes([0x21, 0x11, 0, 12]) + bytes(12)
    halves = (
        b"PROXY TCP4 192.0.2.1 198",
        b"PROXY " + b"9" * 200,
        b"PROXY TCP4 not an address\r\n<13>x\n",
        SIGNATURE[:7],
        whole[:-5],
        SIGNATURE + bytes([0x21, 0x11, 255, 255]) + bytes(1000),
        whole + b"<13>and half a li",
        whole + whole,
    )
    send(port, PROXY_ADDRESS, random.choice(halves))


class Datagrams:
    """Wrong datagrams; `sent` is exact, and none is empty."""

    def __init__(self, port):
        self.port, self.sent = port, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.3.20.1", 0))

    def act(self):
        shapes = (
            b"x" * DATAGRAM_BYTES,
            b"<13>" + b"\xff\xfe\xc0\xaf" * 50,
            os.urandom(random.randint(1, 2000)),
            SIGNATURE + bytes([0x21, 0x12, 0, 12]) + bytes(3),
            b"<999999999999>",
            b"<13>1 2026-13-45T99:99:99Z - - - [a b=\"unended",
            b"\0" * 500,
            b"<13>" + b"\n" * 30,
        )
        self.socket.sendto(random.choice(shapes), ("127.0.0.1", self.port))
        self.sent += 1


def kinds(udp, tcp, tls, proxied):
    """(function, its arguments) of every thread."""
    datagrams = Datagrams(udp)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    rubbish = lambda: os.urandom(random.randint(1, 5000))  # noqa: E731
    long = b"<13>" + b"a" * OVERSIZE_BYTES + b"\n"
    return datagrams, [
        (loris, (tcp, 1, b"<13>slow", b"s")),
        (loris, (tls, 2, hello, b"\0")),
        (loris, (proxied, 3, b"PROXY TCP4 ", b"1")),
        *[(often, (HANDSHAKES_PER_S, "handshakes", lambda: handshake(tls)))] * HANDSHAKE_THREADS,
        (often, (ABANDONED_PER_S, "abandoned, tcp", lambda: abandon(tcp))),
        (often, (ABANDONED_PER_S, "abandoned, tls", lambda: abandon(tls))),
        (often, (20, "kept open, tcp", lambda: keep_open(tcp))),
        (often, (20, "kept open, tls", lambda: keep_open(tls))),
        (often, (5, "oversize, tcp", lambda: send(tcp, "127.3.14.1", long))),
        (often, (2, "oversize, tls", lambda: send_tls(tls, "127.3.14.2", long))),
        (often, (10, "rubbish, tcp", lambda: send(tcp, "127.3.15.1", rubbish()))),
        (often, (10, "rubbish, tls port", lambda: send(tls, "127.3.15.2", rubbish()))),
        (often, (5, "rubbish inside tls", lambda: send_tls(tls, "127.3.15.3", rubbish()))),
        (often, (20, "octet counts that lie, tcp", lambda: lie(tcp))),
        (often, (20, "half PROXY headers", lambda: half_header(proxied))),
        (often, (20, "PROXY headers from a stranger", lambda: half_header_of_stranger(tcp))),
        (often, (100, "wrong datagrams", datagrams.act)),
    ]


def half_header_of_stranger(port):
    send(port, "127.3.16.1", SIGNATURE + bytes([0x21, 0x11, 0, 12]) + bytes(12) + b"<13>x\n")


def main(ports):
    # Handlers run on the main thread, which only waits.
    signal.signal(signal.SIGTERM, lambda *_: ENDED.set())
    datagrams, chosen = kinds(*ports)
    threads = [threading.Thread(target=what, args=how, daemon=True) for what, how in chosen]
    for thread in threads:
        thread.start()
    while not ENDED.is_set():
        time.sleep(0.2)
    for thread in threads:
        thread.join(10)
    print(json.dumps({"udp_sent": datagrams.sent, "counts": COUNTS}))


if __name__ == "__main__":
    main([int(port) for port in sys.argv[1:]])
