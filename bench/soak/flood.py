"""Every endpoint dead under a flood: memory must stay under what the limits add up to.

One endpoint's port is closed, the other takes connections and never answers. memory_bytes_max is set
to the very sum that weir prints.
"""

import time

import arena
import results
from harness.process import free_port

NAME, TITLE, SECONDS = "flood", "Soak: a flood with every endpoint dead", 300

RATE_PER_S, SENDERS = 100_000, 64
QUEUE = "128MiB"
REST_S = 30  # after the flood, before memory is read for the last time


def configuration(place, spool):
    urls = [f"http://127.0.0.1:{port}/" for port in (free_port(), place.silent_port())]
    more = {"drain_timeout": "1s", "dead_letters": {"path": str(place.directory / "letters.db")}}
    if spool:
        more["spool"] = spool
    config = arena.configuration([arena.listener("udp", "udp")], urls, **more)
    for endpoint in config["loki"]:
        endpoint["queue_bytes_max"] = QUEUE
    return config


def budget_of(place, config):
    weir = place.weir(config, "weir-asked")
    budget = weir.status()["process"]["memory_budget_bytes"]
    weir.kill()
    return budget


def run(place, seconds, checks, spool=None):
    config = configuration(place, spool)
    budget = budget_of(place, config)
    weir = place.weir({**config, "memory_bytes_max": f"{budget}B"})
    before = arena.rss_bytes(weir.pid)
    sampler = place.watch(weir)
    command = [arena.BUILD / "bench" / "bench_sender", "--port", weir.port("udp")]
    command += ["--rate", RATE_PER_S, "--sources", SENDERS, "--seconds", seconds]
    told = place.own(arena.Tool(*command)).result(seconds * 10 + 60)
    time.sleep(min(REST_S, seconds))
    status = weir.status()
    samples = sampler.stop()
    final = arena.rss_bytes(weir.pid)
    (udp,) = status["listeners"]
    figures = f"sent {told['sent']} in {told['seconds']:.0f} s, received {udp['received']}, kernel"
    figures += f" dropped {udp['kernel_dropped']}"
    all_there = told["sent"] == udp["received"] + udp["kernel_dropped"]
    checks.add("received and dropped by the kernel add up to what was sent", all_there, figures)
    checks.add("nothing is held at rest", udp["held"] == 0, udp["held"])
    checks.balances(status)
    for one in status["endpoints"]:
        # With a spool the limit is of the files; what is on its way there counts as queued too.
        bounded = spool or one["queued_bytes"] <= one["queue_bytes_max"]
        figures = f"queued {one['queued_bytes'] / arena.MIB:.1f} MiB, dropped {one['dropped']}"
        what = f"{one['name']} delivered nothing and kept to its queue"
        checks.add(what, one["delivered"] == 0 and bounded, figures)
    if spool:
        own = status["spool"]
        held = own["bytes"] <= own["bytes_max"] and own["healthy"]
        figures = f"{own['bytes'] / arena.MIB:.1f} of {own['bytes_max'] / arena.MIB:.1f} MiB"
        checks.add("the spool kept to its size", held, figures)
    checks.memory(samples, budget)
    peak = max(*samples, final)
    rows = [("sum of the limits", budget), ("before", before), ("peak", peak)]
    rows += [("at rest afterwards", final)]
    memory = results.table(
        ["Memory", "MiB"], [(name, f"{value / arena.MIB:.1f}") for name, value in rows]
    )
    cpu = f"CPU of weir {status['process']['cpu_seconds']:.0f} s"
    rate = told["sent"] / told["seconds"]
    return [f"{rate:.0f} messages a second. {cpu}.", memory, results.memory_line(samples)]
