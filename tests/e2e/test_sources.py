"""Several devices with addresses of their own: each line carries its datacentre's label."""

import pytest
from harness import expect
from harness.loki import Loki
from harness.network import inside
from harness.senders import send_tcp, send_udp
from harness.weir import listener

COUNT = 60
# name -> (dc, IPv4 of the host and of the hub, the same in IPv6)
HOSTS = {
    "prod": ("ProdDC", "10.10.1.2", "10.10.1.1", "2001:db8:10:1::2", "2001:db8:10:1::1"),
    "prod-lab": ("LabDC", "10.10.9.2", "10.10.9.1", "2001:db8:10:9::2", "2001:db8:10:9::1"),
    "recovery": ("DRDC", "10.20.1.2", "10.20.1.1", "2001:db8:20:1::2", "2001:db8:20:1::1"),
    "unknown": ("none", "10.99.1.2", "10.99.1.1", "2001:db8:99:1::2", "2001:db8:99:1::1"),
}
CLASSIFICATION = [
    {"sources": ["10.10.0.0/16", "2001:db8:10::/48"], "labels": {"dc": "ProdDC", "site": "east"}},
    {"sources": ["10.10.9.0/24", "2001:db8:10:9::/64"], "labels": {"dc": "LabDC"}},
    {"sources": ["10.20.0.0/16", "2001:db8:20::/48"], "labels": {"dc": "DRDC", "site": "west"}},
]


def lines(name, what):
    return [f"<13>Nov 21 07:15:00 {name} e2e: {what} {number:03d}" for number in range(COUNT)]


def test_namespaces(hosts, start_weir, loki_binary, tmp_path, cluster):
    spaces = {
        name: hosts.add_host(name, [f"{v4}/24", f"{v6}/64"], [f"{hub4}/24", f"{hub6}/64"])
        for name, (_, v4, hub4, v6, hub6) in HOSTS.items()
    }
    with inside(hosts.hub):
        loki = Loki(loki_binary, tmp_path)
        try:
            scenario(spaces, loki.start(), start_weir, cluster)
        finally:
            loki.kill()


def scenario(spaces, loki, start_weir, cluster):
    inputs = [listener("udp", "udp"), listener("tcp", "tcp")]
    weir = start_weir(inputs, [loki], classification=CLASSIFICATION)
    for name, (_, _, hub4, _, hub6) in HOSTS.items():
        with inside(spaces[name]):
            send_udp(lines(name, "udp4"), weir.port("udp"), hub4)
            send_udp(lines(name, "udp6"), weir.port("udp"), hub6)
            send_tcp(lines(name, "tcp4"), weir.port("tcp"), hub4)
            send_tcp(lines(name, "tcp6"), weir.port("tcp"), hub6, framing="octet")
    status = weir.settled(len(HOSTS) * 4 * COUNT)
    assert status["endpoints"][0]["delivered"] == len(HOSTS) * 4 * COUNT
    for name, (dc, v4, _, v6, _) in HOSTS.items():
        mine = [
            entry
            for entry in loki.entries(expect.selector(cluster, dc=dc))
            if entry.metadata["hostname"] == name
        ]
        whats = ("udp4", "udp6", "tcp4", "tcp6")
        expect.exactly([entry.line for entry in mine], sum((lines(name, w) for w in whats), []))
        for entry in mine:
            expect.metadata_is(entry, source_ip=v6 if "6 " in entry.line else v4)
    # The longest prefix wins as a whole: what it does not set is not inherited from the wider one.
    assert len(loki.entries(expect.selector(cluster, site="east"))) == 4 * COUNT
    weir.drained()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_loopback_addresses(transport, start_weir, loki, cluster):
    classes = [{"sources": [f"127.0.{n}.0/24"], "labels": {"dc": f"dc{n}"}} for n in (1, 2, 3)]
    weir = start_weir([listener("in", transport)], [loki], classification=classes)
    send = {"udp": send_udp, "tcp": send_tcp}[transport]
    for n in (1, 2, 3):
        for host in (1, 2):
            send(lines(f"h{n}", f"from{host}"), weir.port("in"), source=f"127.0.{n}.{host}")
    weir.settled(6 * COUNT)
    for n in (1, 2, 3):
        found = loki.lines(expect.selector(cluster, dc=f"dc{n}"))
        expect.exactly(found, lines(f"h{n}", "from1") + lines(f"h{n}", "from2"))
