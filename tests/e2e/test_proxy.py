"""PROXY headers on real sockets: who the client is, and who may say so."""

import errno
import json
import socket
import ssl
import struct

import pytest
from harness import ledger
from harness.process import eventually
from harness.weir import PATIENCE, Weir, configuration, listener

PROXY = "127.0.0.9"
STRANGER = "127.0.0.8"
CLIENT = "192.0.2.1"
CLIENT_V6 = "2001:db8::7"
VERSION_1 = f"PROXY TCP4 {CLIENT} 198.51.100.2 56324 514\r\n".encode()
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_2(client, datagram=False):
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    kind = (0x20 if family == socket.AF_INET6 else 0x10) | (2 if datagram else 1)
    address = socket.inet_pton(family, client)
    block = address + address + struct.pack(">HH", 56324, 514)
    return SIGNATURE + bytes([0x21, kind]) + struct.pack(">H", len(block)) + block


def line(name):
    return f"<13>1 - proxied e2e - - - {name}".encode()


@pytest.fixture
def weir(tmp_path, cluster, certificates):
    proxied = {"proxy_protocol_from": [PROXY]}
    tls = certificates.server_settings(mutual=False)
    inputs = [
        listener("udp", "udp", **proxied),
        listener("tcp", "tcp", **proxied),
        listener("tls", "tls", tls=tls, **proxied),
    ]
    config = configuration(cluster, inputs, [], file={"directory": str(tmp_path / "data")})
    del config["loki"]
    server = Weir(tmp_path, config)
    try:
        yield server.start()
    finally:
        server.kill()


def connect(weir, name, source):
    sender = socket.create_connection(
        ("127.0.0.1", weir.port(name)), timeout=20, source_address=(source, 0)
    )
    return sender


def send_stream(weir, name, source, payload):
    with connect(weir, name, source) as sender:
        try:
            sender.sendall(payload)
            sender.shutdown(socket.SHUT_WR)
            sender.recv(1)  # until weir has seen the end
        except OSError as error:  # refused before all was sent
            assert error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN), error


def send_datagram(weir, source, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        sender.sendto(payload, ("127.0.0.1", weir.port("udp")))


def sources(tmp_path):
    """Line -> source_ip of everything that was written."""
    found = {}
    for path in sorted((tmp_path / "data").rglob("*.ndjson")):
        for text in path.read_text().splitlines():
            entry = json.loads(text)
            found[entry["line"]] = entry["metadata"]["source_ip"]
    return found


def test_clients_are_known_through_a_proxy(weir, tmp_path, certificates):
    send_stream(weir, "tcp", PROXY, VERSION_1 + line("tcp v1") + b"\n")
    send_stream(weir, "tcp", PROXY, version_2(CLIENT_V6) + line("tcp v2") + b"\n")
    send_datagram(weir, PROXY, version_2(CLIENT, datagram=True) + line("udp v2"))
    context = ssl.create_default_context(cafile=certificates.path("ca.crt"))
    with connect(weir, "tls", PROXY) as sender:
        sender.sendall(version_2(CLIENT))
        with context.wrap_socket(sender, server_hostname="localhost") as tls:
            tls.sendall(line("tls v2") + b"\n")
    weir.settled(4)
    weir.drained()
    assert sources(tmp_path) == {
        line("tcp v1").decode(): CLIENT,
        line("tcp v2").decode(): CLIENT_V6,
        line("udp v2").decode(): CLIENT,
        line("tls v2").decode(): CLIENT,
    }


def test_a_forged_header_is_text(weir, tmp_path):
    send_stream(weir, "tcp", STRANGER, VERSION_1 + line("forged") + b"\n")
    send_datagram(weir, STRANGER, version_2(CLIENT, datagram=True) + line("forged udp"))
    weir.settled(3)
    weir.drained()
    found = sources(tmp_path)
    assert set(found.values()) == {STRANGER}, found
    assert VERSION_1.decode().strip() in found
    assert any("QUIT" in text and text.endswith("forged udp") for text in found)


def test_a_proxy_without_a_header_is_refused(weir):
    send_stream(weir, "tcp", PROXY, line("bare") + b"\n")
    send_datagram(weir, PROXY, line("bare"))
    status = weir.settled(1)
    udp = ledger.named(status["listeners"], "udp")
    assert udp["rejected"] == {"proxy_header": 1}
    eventually(
        lambda: ledger.named(weir.status()["listeners"], "tcp")["refused_connections"]
        == {"proxy_header": 1},
        5 * PATIENCE,
        "a refusal",
    )
    assert "sent no PROXY header" in weir.text()
    weir.drained()


def test_the_list_is_reloaded(weir, tmp_path):
    weir.config["listeners"][1]["proxy_protocol_from"] = [STRANGER]
    weir.reload()
    eventually(lambda: "config_reloaded" in weir.text(), 10 * PATIENCE, "the reload")
    tries = []

    def in_force():
        """A thread takes the list at its next tick; until then each try is two lines."""
        tries.append(line(f"try {len(tries)}"))
        before = received(weir)
        send_stream(weir, "tcp", STRANGER, VERSION_1 + tries[-1] + b"\n")
        return received(weir) == before + 1

    eventually(in_force, 10 * PATIENCE, "the new list in force")
    weir.drained()
    assert sources(tmp_path)[tries[-1].decode()] == CLIENT


def received(weir):
    return ledger.received(weir.status(), "tcp")
