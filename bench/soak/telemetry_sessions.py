"""Two thousand devices that hold a gRPC session each: what that takes, and that nothing is lost."""

import sys
import time

import arena
import results

sys.path.insert(0, str(arena.ROOT / "bench" / "telemetry"))

from collectors import configuration  # noqa: E402
from harness import http, ledger  # noqa: E402
from harness.process import eventually, free_port  # noqa: E402

NAME, TITLE, SECONDS = "telemetry-sessions", "Soak: two thousand telemetry sessions", 60

SESSIONS = 2_000
RATE_PER_S = 200  # of all together: each comes every ten seconds
INTERFACES = 2
OPENING_S = 120
REST_S = 5  # after the last session, before memory is read for the last time
KIB = 1024


def value(weir, name):
    """The sum over labels of one of weir's own metrics."""
    return sum(found for series, found in weir.metrics().items() if series.split("{")[0] == name)


class Memory:
    """What weir takes at some moments, in the order in which they were noted."""

    def __init__(self, weir):
        self.weir, self.rows = weir, []

    def note(self, when):
        listener = self.weir.status()["listeners"][0]
        rss, series = arena.rss_bytes(self.weir.pid), value(self.weir, "weir_telemetry_series")
        of_series = value(self.weir, "weir_telemetry_series_bytes")
        self.rows.append((when, listener["sessions"], series, rss, of_series))
        return self.rows[-1]

    def table(self):
        rows = [
            (when, sessions, f"{series:.0f}", f"{rss / arena.MIB:.1f}", f"{of / arena.MIB:.1f}")
            for when, sessions, series, rss, of in self.rows
        ]
        head = ["", "sessions", "series", "resident MiB", "of them the series table's"]
        return results.table(head, rows)


def run(place, seconds, checks):
    sink = place.sink()
    url = f"http://127.0.0.1:{sink.port}/"
    weir = place.weir(configuration(free_port(), url, place.directory))
    memory = Memory(weir)
    memory.note("before")
    sampler = place.watch(weir)
    command = [arena.BUILD / "weir", "send", "mdt", "--to", f"127.0.0.1:{weir.port('mdt')}"]
    command += ["--devices", SESSIONS, "--interfaces", INTERFACES]
    command += ["--rate", RATE_PER_S, "--duration", seconds]
    tool = place.own(arena.Tool(*command))
    eventually(
        lambda: weir.status()["listeners"][0]["sessions"] == SESSIONS, OPENING_S, "all sessions"
    )
    memory.note("all sessions open")
    time.sleep(max(1, seconds - REST_S))
    held = memory.note("after most of the time")
    told = tool.result(seconds * 10 + 60)
    status = weir.quiet(60)
    time.sleep(REST_S)
    memory.note("all sessions gone")
    check(checks, told, held, status, sink)
    cost = (held[3] - held[4]) - (memory.rows[0][3] - memory.rows[0][4])
    cpu = status["process"]["cpu_seconds"]
    return [
        f"`weir send mdt` with {SESSIONS} devices of {INTERFACES} interfaces, a gRPC connection"
        f" each, {RATE_PER_S} messages a second of all together for {seconds} s;"
        f" {told['leaves']} leaves. CPU of weir {cpu:.1f} s.",
        memory.table(),
        f"A session, without its series: {cost / SESSIONS / KIB:.1f} KiB.",
        results.memory_line(sampler.stop()),
    ]


def check(checks, told, held, status, sink):
    (listener,) = status["listeners"]
    mimir = ledger.named(status["endpoints"], "sink")
    checks.add("every session was open at once", held[1] == SESSIONS, held[1])
    refused = told["failed_sessions"] + told["refused"] + told["unsent"]
    checks.add("no session failed, nothing was refused or unsent", refused == 0, refused)
    figures = f"sent {told['messages']}, received {listener['received']},"
    figures += f" accepted {listener['accepted']}"
    same = told["messages"] == listener["received"] == listener["accepted"]
    checks.add("every message was received and accepted", same, figures)
    balanced = listener["received"] == ledger.intake_sum(listener) and listener["balances"]
    checks.add("intake balances", balanced, f"ended {ledger.intake_sum(listener)}")
    ended = ledger.delivery_sum(mimir)
    balanced = mimir["appended"] == ended and mimir["balances"]
    figures = f"appended {mimir['appended']}, ended or queued {ended}"
    checks.add("delivery of samples balances", balanced, figures)
    counted = http.get_json(f"http://127.0.0.1:{sink.control}/samples", arena.ADMIN_TIMEOUT_S)
    there = counted["samples"] + counted["stale"]
    figures = f"delivered {mimir['delivered']}, counted by the sink {there}"
    checks.add("the sink has every sample once", there == mimir["delivered"], figures)
    again = counted["not_newer"]
    checks.add("no sample was at the time of one before it", again == 0, again)
