"""SIGHUP under traffic: nothing lost, labels change; a bad file changes nothing and says so."""

import socket
import threading

from harness import expect
from harness.process import eventually
from harness.senders import send_tcp, send_udp
from harness.weir import PATIENCE, listener

COUNT = 3000
ROUNDS = 6


def lines(what, count=COUNT):
    return [f"<13>1 - reload e2e - - - {what} {number:05d}" for number in range(count)]


def classified(dc):
    return [{"sources": ["127.0.0.0/8"], "labels": {"dc": dc}}]


def applied(weir, sha256):
    config = weir.status()["config"]
    return config["last_reload_ok"] and config["sha256"] != sha256


def test_reload_under_traffic(start_weir, loki, cluster):
    inputs = [listener("udp", "udp"), listener("tcp", "tcp")]
    weir = start_weir(inputs, [loki], classification=classified("dc0"))
    senders = [
        threading.Thread(target=send_udp, args=(lines("udp"), weir.port("udp"))),
        threading.Thread(target=send_tcp, args=(lines("tcp"), weir.port("tcp"))),
    ]
    for sender in senders:
        sender.start()
    for number in range(1, ROUNDS + 1):
        before = weir.status()["config"]["sha256"]
        weir.config["classification"] = classified(f"dc{number}")
        weir.reload()
        eventually(lambda: applied(weir, before), 5 * PATIENCE, "the reload applied")
    for sender in senders:
        sender.join(30)
    weir.settled(2 * COUNT)
    send_udp(lines("last", 10), weir.port("udp"))
    status = weir.settled(2 * COUNT + 10)
    expect.delivered(status, loki, cluster, lines("udp") + lines("tcp") + lines("last", 10))
    latest = loki.lines(expect.selector(cluster, dc=f"dc{ROUNDS}"))
    assert set(lines("last", 10)) <= set(latest)


def test_session_survives_a_reload(start_weir, loki, cluster):
    weir = start_weir([listener("in", "tcp")], [loki])
    with socket.create_connection(("127.0.0.1", weir.port("in")), timeout=10) as session:
        session.sendall(b"<13>1 - reload e2e - - - before\n<13>1 - reload e2e - - - half ")
        weir.received(1)
        before = weir.status()["config"]["sha256"]
        weir.config["classification"] = classified("dc1")
        weir.reload()
        eventually(lambda: applied(weir, before), 5 * PATIENCE, "the reload applied")
        session.sendall(b"done\n")
        weir.settled(2)
    found = loki.lines(expect.selector(cluster))
    wanted = ["<13>1 - reload e2e - - - before", "<13>1 - reload e2e - - - half done"]
    expect.exactly(found, wanted)


def test_bad_file_keeps_the_old_configuration(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki], classification=classified("kept"))
    before = weir.status()["config"]["sha256"]
    weir.config["classifcation"] = weir.config.pop("classification")
    weir.reload()
    eventually(
        lambda: not weir.status()["config"]["last_reload_ok"], 5 * PATIENCE, "the refusal shown"
    )
    config = weir.status()["config"]
    assert config["sha256"] == before
    assert "classifcation" in config["last_reload_error"], config
    assert "classification" in config["last_reload_error"].replace("classifcation", ""), config
    assert any("config_rejected" in line for line in weir.text().splitlines())
    send_udp(lines("still", 20), weir.port("in"))
    weir.settled(20)
    expect.exactly(loki.lines(expect.selector(cluster, dc="kept")), lines("still", 20))
