"""The canary against two real Lokis: what it says of each is what the Loki has."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from harness import expect
from harness.ledger import named
from harness.process import eventually, free_port
from harness.senders import send_udp
from harness.weir import PATIENCE, listener

CANARY = {"interval": "1s", "timeout": f"{4 * PATIENCE}s"}
LINES = '{job="weir-canary"}'


def lines(count):
    return [f"<13>1 - host e2e - - - line {n:04d}" for n in range(count)]


def seen(weir, name):
    return named(weir.status()["canary"]["endpoints"], name)


def reaches(weir, name, state, timeout_s=30):
    eventually(
        lambda: seen(weir, name)["state"] == state, timeout_s * PATIENCE, f"{name} is {state}"
    )
    return seen(weir, name)


def events(weir, event):
    return weir.status()["events"].get(event, 0)


def switched_off(weir):
    """Ends the canary by a reload, and gives its last numbers and the status at rest."""
    before = weir.status()["canary"]
    weir.config["canary"] = {"interval": "0ms"}
    weir.reload()
    eventually(lambda: not weir.status()["canary"]["on"], 10 * PATIENCE, "the canary is off")
    return before


def test_read_back_from_both(start_weir, start_loki, cluster):
    near, far = start_loki("near"), start_loki("far")
    weir = start_weir([listener("in", "udp")], [near, far], canary=CANARY)
    send_udp(lines(100), weir.port("in"))

    def both():
        return all(seen(weir, loki.name)["verified"] >= 4 for loki in (near, far))

    eventually(both, 30 * PATIENCE, "lines are read back from both")
    for loki in (near, far):
        endpoint = seen(weir, loki.name)
        assert endpoint["state"] == "verified" and endpoint["missing"] == 0, endpoint
        assert 0.2 <= endpoint["latency_seconds"] < 4 * PATIENCE, endpoint
        assert endpoint["query_failures"] == {}, endpoint
        label = f'{{endpoint="{loki.name}"}}'
        metrics = weir.metrics()
        assert metrics[f"weir_canary_latency_seconds_count{label}"] >= 4
        assert metrics[f'weir_canary_state{{endpoint="{loki.name}",state="verified"}}'] == 1
    switched_off(weir)
    status = weir.settled(100)
    sent = status["canary"]["sent"]
    run = status["canary"]["run"]
    for loki in (near, far):
        # Every line once, apart from the devices' own.
        found = loki.lines(LINES)
        numbers = [int(re.search(r"sequence=(\d+) ", line).group(1)) for line in found]
        assert numbers == list(range(1, sent + 1)), numbers
        assert all(f" run={run} " in line for line in found)
        expect.exactly(loki.lines('{job="weir"}'), lines(100))
        stream = loki.entries(LINES)[0].labels
        assert stream["cluster"] == cluster and stream["dc"] == "none", stream
    last = weir.drained()
    assert f"canary: sent={sent}" in last, last


@pytest.mark.parametrize("spooled", [False, True])
def test_one_of_two_killed(start_weir, start_loki, tmp_path, spooled):
    more = {"spool": {"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"}}
    near, far = start_loki("near"), start_loki("far")
    weir = start_weir(
        [listener("in", "udp")], [near, far], canary=CANARY, **(more if spooled else {})
    )
    reaches(weir, "near", "verified")
    reaches(weir, "far", "verified")
    assert events(weir, "canary_missing") == 0

    far.kill()
    gone = reaches(weir, "far", "missing")
    assert gone["query_failures"].get("refused", 0) > 0, gone
    before = seen(weir, "near")["verified"]
    eventually(lambda: seen(weir, "near")["verified"] > before + 2, 20 * PATIENCE, "near goes on")
    assert seen(weir, "near")["state"] == "verified" and seen(weir, "near")["missing"] == 0
    # Once, however many lines are missing.
    assert seen(weir, "far")["missing"] >= 2 and events(weir, "canary_missing") == 1
    assert "error canary_missing far:" in weir.text()

    far.start()
    reaches(weir, "far", "verified")
    assert events(weir, "canary_missing") == 1
    # What was queued meanwhile is delivered and found, late, and counted once.
    def caught_up():
        endpoint = seen(weir, "far")
        # A Loki that is killed may lose the one that it took last.
        return endpoint["late"] >= endpoint["missing"] - 1

    eventually(caught_up, 40 * PATIENCE, "the backlog is found")
    switched_off(weir)
    sent = weir.settled(0)["canary"]["sent"]
    assert len(near.lines(LINES)) == sent
    assert sent - 1 <= len(far.lines(LINES)) <= sent


def test_off_by_default(start_weir, start_loki):
    loki = start_loki("loki")
    weir = start_weir([listener("in", "udp")], [loki])
    send_udp(lines(10), weir.port("in"))
    status = weir.settled(10)
    assert status["canary"]["on"] is False and status["canary"]["sent"] == 0
    assert loki.lines(LINES) == []
    assert not any("canary" in name for name in weir.metrics() if "weir_events_total" not in name)


def test_switched_on_by_a_reload(start_weir, start_loki):
    loki = start_loki("loki")
    twin = SimpleNamespace(name="twin", push_url=loki.push_url)
    weir = start_weir([listener("in", "udp")], [loki, twin])
    weir.config["canary"] = CANARY
    weir.reload()
    eventually(lambda: weir.status()["canary"]["on"], 10 * PATIENCE, "the canary is on")
    reaches(weir, "loki", "verified")
    reaches(weir, "twin", "verified")
    # A page that is no answer tells nothing of the lines, and is not said to.
    weir.config["loki"][1]["query_url"] = f"{loki.base}/nobody/here"
    weir.reload()
    failed = reaches(weir, "twin", "query_failed")
    assert failed["query_failures"]["not_found"] > 0 and failed["missing"] == 0, failed
    assert failed["verified"] > 0, "what is known goes with the name"
    assert "warning canary_query_failed twin:" in weir.text()
    weir.config["loki"][1]["canary"] = False
    weir.reload()

    def asked():
        return [endpoint["name"] for endpoint in weir.status()["canary"]["endpoints"]]

    eventually(lambda: asked() == ["loki"], 10 * PATIENCE, "only one is asked")
    assert seen(weir, "loki")["state"] == "verified"


class Forgetful(BaseHTTPRequestHandler):
    """Takes every push with 204, and has nothing. No real Loki can be made to."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        body = b'{"status":"success","data":{"resultType":"streams","result":[],"stats":{}}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FakeLoki:
    name = "forgetful"

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Forgetful)
        self.server.daemon_threads = True
        self.push_url = f"http://127.0.0.1:{self.server.server_port}/loki/api/v1/push"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_loki_that_takes_and_forgets(start_weir):
    fake = FakeLoki()
    try:
        weir = start_weir([listener("in", "udp")], [fake], canary=CANARY)
        missing = reaches(weir, fake.name, "missing")
        assert missing["verified"] == 0 and missing["query_failures"] == {}, missing
        endpoint = named(weir.status()["endpoints"], fake.name)
        assert endpoint["state"] == "ok" and endpoint["delivered"] > 0, endpoint
        assert events(weir, "canary_missing") == 1
        weir.drained()
    finally:
        fake.close()
