"""SIGHUP under traffic: nothing lost, labels change; a bad file changes nothing and says so."""

import socket
import threading

from harness import expect, ledger
from harness.ledger import named
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


def endpoint_of(loki):
    return {"name": loki.name, "url": loki.push_url, "backoff_min": "100ms", "backoff_max": "1s"}


def reload(weir):
    before = weir.status()["config"]["sha256"]
    weir.reload()
    eventually(lambda: applied(weir, before), 5 * PATIENCE, "the reload applied")
    assert weir.status()["config"]["needs_restart"] == []


def told(weir, name, words):
    wanted = f"endpoint_changed {name}"
    return [line for line in weir.text().splitlines() if wanted in line and words in line]


def test_endpoints_come_and_go(start_weir, start_loki, cluster, tmp_path):
    """One that is added begins with the next line, one that is removed says what it has not had,
    one that gets its name back goes on where it was, and one with another URL takes its backlog
    there."""
    stays, first, second = start_loki("stays"), start_loki("first"), start_loki("second")
    spool = {"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"}
    weir = start_weir([listener("in", "udp")], [stays], spool=spool)
    selector = expect.selector(cluster)

    send_udp(lines("alone", 100), weir.port("in"))
    weir.settled(100)
    weir.config["loki"].append({**endpoint_of(first), "name": "moves"})
    reload(weir)
    assert told(weir, "moves", "begins with what is received from now on")
    send_udp(lines("both", 100), weir.port("in"))
    weir.received(200)
    eventually(lambda: len(first.lines(selector)) == 100, 10 * PATIENCE, "the new one delivers")

    first.kill()
    send_udp(lines("backlog", 100), weir.port("in"))
    weir.received(300)
    weir.config["loki"][1]["url"] = second.push_url
    reload(weir)
    assert told(weir, "moves", "has another URL")
    eventually(lambda: len(second.lines(selector)) == 100, 20 * PATIENCE, "the backlog moved")
    assert set(second.lines(selector)) == set(lines("backlog", 100))

    second.kill()
    send_udp(lines("unseen", 100), weir.port("in"))
    weir.received(400)
    eventually(
        lambda: named(weir.status()["endpoints"], "stays")["delivered"] == 400,
        20 * PATIENCE,
        "the other one is not held up",
    )
    removed = weir.config["loki"].pop()
    reload(weir)
    assert told(weir, "moves", "removed; it has not had 100 records")
    assert [endpoint["name"] for endpoint in weir.status()["endpoints"]] == ["stays"]
    assert weir.status()["spool"]["abandoned"] == {"moves": 100}
    second.start()
    weir.config["loki"].insert(0, removed)
    reload(weir)
    assert told(weir, "moves", "goes on with 100 records")
    eventually(lambda: ledger.at_rest(weir.status()), 20 * PATIENCE, "all delivered")
    endpoints = weir.status()["endpoints"]
    assert [endpoint["name"] for endpoint in endpoints] == ["moves", "stays"]
    everything = [lines(what, 100) for what in ("alone", "both", "backlog", "unseen")]
    expect.exactly(stays.lines(selector), sum(everything, []))
    moves = named(endpoints, "moves")
    assert moves["imbalance"] == 0 and moves["appended"] == 300, moves
    lost = moves["dropped"].get("spool_lost", 0)
    assert moves["delivered"] + lost == 300, moves
    # No file is kept for an endpoint that is no more; this one was still there.
    assert lost == 0, moves
    expect.exactly(second.lines(selector), lines("backlog", 100) + lines("unseen", 100))
