"""After an outage longer than Loki's out-of-order window: the backlog arrives although other lines of
the same streams came first, and what is received now does not wait for it."""

import time

from harness import expect
from harness.ledger import at_rest, named
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import PATIENCE, listener

COUNT = 300
# Half of max_chunk_age is the window in which Loki takes a line behind the newest of its stream.
MAX_CHUNK_AGE_S, REPLAY_AFTER_S = 30, 10
OUTAGE_S = 25


def lines(phase, count=COUNT):
    return [f"<13>1 - replay e2e - - - {phase} {n:05d}" for n in range(count)]


def small_window(start_loki, name):
    ingester = {
        "lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"},
        "max_chunk_age": f"{MAX_CHUNK_AGE_S}s",
    }
    return start_loki(name, ingester=ingester)


def test_a_backlog_older_than_the_window(start_weir, start_loki, cluster, tmp_path):
    loki = small_window(start_loki, "loki")
    replica = start_weir([listener("in", "udp")], [loki], name="replica")
    weir = start_weir(
        [listener("in", "udp")],
        [loki],
        name="weir",
        spool={"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"},
    )
    for endpoint in weir.config["loki"]:
        endpoint["replay_after"] = f"{REPLAY_AFTER_S}s"
    weir.reload()
    eventually(lambda: weir.status()["config"]["last_reload_ok"], 5 * PATIENCE, "reloaded")
    selector = expect.selector(cluster)

    # To one of the two replicas this Loki is away, to the other it is not.
    weir.config["loki"][0]["url"] = loki.push_url.replace(str(loki.port), "1")
    weir.reload()
    eventually(lambda: "endpoint_changed" in weir.text(), 5 * PATIENCE, "moved away")
    send_udp(lines("backlog"), weir.port("in"))
    weir.received(COUNT)
    away_until = time.monotonic() + OUTAGE_S
    rounds = 0
    while time.monotonic() < away_until:
        send_udp(lines(f"others{rounds}", 5), replica.port("in"))
        rounds += 1
        time.sleep(1)
    weir.config["loki"][0]["url"] = loki.push_url
    weir.reload()
    send_udp(lines("live"), weir.port("in"))
    eventually(lambda: at_rest(weir.status()), 30 * PATIENCE, "all delivered")

    endpoint = named(weir.status()["endpoints"], "loki")
    assert endpoint["delivered"] == 2 * COUNT and endpoint["imbalance"] == 0, endpoint
    entries = loki.entries(selector)
    others = [line for n in range(rounds) for line in lines(f"others{n}", 5)]
    expect.exactly([entry.line for entry in entries], lines("backlog") + lines("live") + others)
    backlog = [entry for entry in entries if " backlog " in entry.line]
    assert all("replay" in entry.labels for entry in backlog), backlog[0]
    assert [entry.line for entry in backlog] == lines("backlog")
    live = [entry for entry in entries if " live " in entry.line]
    assert not any("replay" in entry.labels for entry in live), live[0]
