"""Three endpoints in trouble at once, and one that is not: the fourth must not notice.

For ten minutes one real Loki is dead, a second one answers 429 to nearly everything, and a third
endpoint takes seconds for each answer (a fake: no real one can be told to). The fourth, a real Loki
too, gets everything as fast as before. Then all are well again, and catch up with live lines first.
"""

import http.server
import threading
import time

import arena
import results
from harness import ledger, peers
from harness.ledger import named
from harness.loki import Loki

NAME, TITLE, SECONDS = "isolation", "Soak: endpoints in trouble beside one that is well", 600

RATE_PER_S, SENDERS = 1000, 64
QUIET_S = 60  # before the trouble
AFTER_S = 60  # of sending, once all are well again
CATCH_UP_S = 600  # at most
SLOW_S = 3
# 1,000 lines a second are about 0.25 MB/s.
LOW_LIMITS = {"ingestion_rate_mb": 0.02, "ingestion_burst_size_mb": 0.1}
LIVE_WITHIN_S = 30
SELECTOR = '{service_name="syslog"}'


class Slow(http.server.ThreadingHTTPServer):
    """Resource. A Loki that takes its time, and stores nothing."""

    daemon_threads = True
    request_queue_size = 64
    delay_s = 0

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def kill(self):
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay_s)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Latencies(threading.Thread):
    """What an endpoint says of its last accepted push, twenty times a second."""

    def __init__(self, weir, name):
        super().__init__(daemon=True)
        self.weir, self.name = weir, name
        self.samples = []  # (monotonic seconds, seconds)
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            endpoint = named(self.weir.status()["endpoints"], self.name)
            self.samples.append((time.monotonic(), endpoint["latency_seconds"]))

    def stop(self):
        self.ended.set()
        self.join()

    def between(self, begin, end):
        return sorted(latency for at, latency in self.samples if begin <= at < end)


def quantile(values, share):
    return values[min(int(len(values) * share), len(values) - 1)]


def live_first(weir, names, checks):
    """Whether those that were away get live lines while they have a backlog."""
    since, seen = time.monotonic(), {}
    while time.monotonic() - since < LIVE_WITHIN_S and len(seen) < len(names):
        endpoints = weir.status()["endpoints"]
        for name in names:
            endpoint = named(endpoints, name)
            if name not in seen and endpoint["queued"] and endpoint["latency_seconds"] < 2:
                seen[name] = (time.monotonic() - since, endpoint["queued"])
        time.sleep(0.02)
    for name in names:
        after_s, queued = seen.get(name, (None, None))
        held = after_s is not None
        figures = f"after {after_s:.1f} s, with {queued} records queued" if held else "not in time"
        checks.add(f"{name} gets live lines before its backlog", held, figures)


def run(place, seconds, checks):
    program = peers.find("loki") / "loki"
    lokis = {name: Loki(program, place.directory, name) for name in ("well", "dead", "limited")}
    for loki in lokis.values():
        place.own(loki).start()
    slow = place.own(Slow())
    urls = {name: loki.push_url for name, loki in lokis.items()}
    urls["slow"] = f"http://127.0.0.1:{slow.server_address[1]}/loki/api/v1/push"
    more = {
        "spool": {"directory": str(place.directory / "spool"), "free_bytes_min": "0B"},
        "dead_letters": {"path": str(place.directory / "letters.db")},
    }
    config = arena.configuration([arena.listener("udp", "udp")], urls.values(), **more)
    for endpoint, name in zip(config["loki"], urls):
        endpoint.update(name=name, request_timeout="10s")
    weir = place.weir(config)
    sampler, latencies = place.watch(weir), Latencies(weir, "well")
    latencies.start()
    command = [arena.BUILD / "bench" / "bench_sender", "--port", weir.port("udp")]
    command += ["--rate", RATE_PER_S, "--sources", SENDERS]
    sender = place.own(arena.Tool(*command, "--seconds", QUIET_S + seconds + AFTER_S))
    began = time.monotonic()

    arena.sleep_until(began + QUIET_S)
    lokis["dead"].kill()
    lokis["limited"].restart(LOW_LIMITS)
    slow.delay_s = SLOW_S
    trouble = time.monotonic()
    arena.sleep_until(trouble + seconds)
    in_trouble = {one["name"]: one for one in weir.status()["endpoints"]}
    over = time.monotonic()
    slow.delay_s = 0
    lokis["dead"].start()
    lokis["limited"].restart()
    live_first(weir, ["dead", "limited"], checks)
    sent = sender.result(AFTER_S + 60)["sent"]
    status = weir.quiet(CATCH_UP_S)
    caught_up = time.monotonic() - over
    latencies.stop()
    samples = sampler.stop()

    checks.balances(status)
    for name, loki in lokis.items():
        endpoint = named(status["endpoints"], name)
        found = loki.count(SELECTOR)
        ended = ledger.total(endpoint["dropped"]) + ledger.total(endpoint["dead_lettered"])
        figures = f"sent {sent}, found {found}, dropped or dead-lettered {ended}"
        checks.add(f"every line is at {name}", found == sent and ended == 0, figures)
    before, during = latencies.between(began + 10, trouble), latencies.between(trouble, over)
    # A fifth more and a tenth of a second are what a busy machine does by itself.
    p99s = quantile(before, 0.99), quantile(during, 0.99)
    held = p99s[1] <= 1.2 * p99s[0] + 0.1
    figures = f"{p99s[0] * 1000:.0f} ms before, {p99s[1] * 1000:.0f} ms during"
    checks.add("p99 of the delivery to the one that is well", held, figures)
    first = max(samples[:QUIET_S])
    figures = f"{first / arena.MIB:.1f} MiB before, {max(samples) / arena.MIB:.1f} MiB at most"
    budget = status["process"]["memory_budget_bytes"]
    checks.add("memory stays within the limits", max(samples) <= budget, figures)
    rows = [
        (name, one["state"], one["queued"], one["delivered"])
        for name, one in in_trouble.items()
    ]
    table = results.table(["Endpoint, at the end of the trouble", "State", "Queued", "Delivered"], rows)
    rows = [("before", before), ("during", during)]
    delays = results.table(
        ["Receive to acknowledgement, the one that is well", "Median, ms", "p99, ms", "Most, ms"],
        [
            (what, *(f"{quantile(values, share) * 1000:.0f}" for share in (0.5, 0.99, 1)))
            for what, values in rows
        ],
    )
    told = f"{RATE_PER_S} messages a second, {seconds} s of trouble, caught up {caught_up:.0f} s after it."
    return [told, table, delays, results.memory_line(samples)]
