"""Rules on the way: what they drop is in the ledger by name, what they keep is at Loki once."""

from harness import expect
from harness.ledger import named, total
from harness.senders import send_udp
from harness.weir import listener

COUNT = 100
RULES = [
    {"name": "no-debug", "action": "drop", "match": {"severity": "^debug$"}},
    {"name": "one-in-ten", "action": "sample", "one_in": 10, "match": {"app_name": "^chatty$"}},
    {"name": "hide", "action": "redact", "pattern": "password=\\S+", "value": "password=***"},
    {
        "name": "role",
        "action": "set_label",
        "target": "role",
        "value": "\\1",
        "match": {"hostname": "^([a-z]+)-\\d+$"},
    },
]


def line(severity, host, app, text):
    return f"<{8 + severity}>1 - {host} {app} - - - {text}"


def test_rules(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki], rules=RULES)
    secrets = [line(5, "core-1", "sshd", f"login {n} password=s3cret{n} ok") for n in range(COUNT)]
    debugs = [line(7, "core-1", "sshd", f"debug {n}") for n in range(COUNT)]
    chatter = [line(5, "edge-2", "chatty", f"chatter {n}") for n in range(COUNT)]
    send_udp(secrets + debugs + chatter, weir.port("in"))

    weir.received(3 * COUNT)
    status = weir.settled(3 * COUNT)
    (intake,) = status["listeners"]
    dropped = COUNT + COUNT - COUNT // 10
    assert total(intake["dropped"]) == dropped, intake
    assert intake["accepted"] == 3 * COUNT - dropped, intake
    hits = {name: named(status["rules"], name) for name in ("no-debug", "one-in-ten")}
    assert hits["no-debug"]["dropped"] == COUNT, hits
    assert hits["one-in-ten"]["dropped"] == COUNT - COUNT // 10, hits

    core = loki.lines(expect.selector(cluster, role="core"))
    hidden = [line(5, "core-1", "sshd", f"login {n} password=*** ok") for n in range(COUNT)]
    expect.exactly(core, hidden)
    edge = loki.lines(expect.selector(cluster, role="edge"))
    assert len(edge) == COUNT // 10 and set(edge) <= set(chatter)
    assert len(loki.lines(expect.selector(cluster))) == len(core) + len(edge)
