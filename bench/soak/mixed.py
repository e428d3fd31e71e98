"""Abuse of every kind at once beside devices that do nothing wrong, whose lines must all arrive.

One weir with a listener of each kind and modest limits. One address floods over UDP, others are
forged; peers dawdle, break off, lie and send rubbish over TCP and TLS; limits change with a reload
every half minute; the sink is dead for ten seconds every two minutes.
"""

import socket
import struct
import sys
import time
from pathlib import Path

import arena
import results
from abuse import PROXY_ADDRESS, SIGNATURE
from devices import Datagrams, Stream
from harness.certificates import Certificates

NAME, TITLE, SECONDS = "mixed", "Soak: abuse of every kind", 1200

RATE_PER_S = 20  # of a well-behaved device
UDP_DEVICES, STREAM_DEVICES, PROXIED_DEVICES = 20, 5, 2
FLOOD_PER_S = 50 * RATE_PER_S * (UDP_DEVICES + 2 * STREAM_DEVICES + PROXIED_DEVICES)
FORGED_PER_S, FORGED_SOURCES = 1000, 1_000_000
RELOAD_S, DEAD_EVERY_S, DEAD_S = 30, 120, 10
SETTLE_S = 90
# The two that take turns. A device that was kept from sending for a while catches up within them.
LIMITS = (
    {"message_bytes_max": "8KiB", "messages_per_s_per_source": 400},
    {"message_bytes_max": "16KiB", "messages_per_s_per_source": 800},
)
STREAM_LIMITS = (
    {"connections_max": 150, "session_bytes_max": "1MiB", "handshakes_max": 32},
    {"connections_max": 100, "session_bytes_max": "512KiB", "handshakes_max": 16},
)
MORE = {"connections_per_source_max": 30, "idle_timeout": "60s", "handshake_timeout": "5s"}


def limits(turn, transport):
    chosen = dict(LIMITS[turn])
    if transport == "udp":
        chosen["receive_buffer_bytes"] = arena.AMPLE_BUFFER
    if transport != "udp":
        chosen |= STREAM_LIMITS[turn] | MORE
        if transport != "tls":
            del chosen["handshakes_max"]
    return chosen


def configuration(directory, url):
    tls = Certificates(directory / "certificates").server_settings(mutual=False)
    allowed = {"allowed_sources": ["127.0.0.0/8", "10.0.0.0/8"]}
    inputs = [
        arena.listener("udp", "udp", **allowed),
        arena.listener("tcp", "tcp", **allowed),
        arena.listener("tls", "tls", tls=tls, **allowed),
        # The clients that the headers name must be allowed as well.
        arena.listener("proxied", "tcp", proxy_protocol_from=["127.3.3.0/24", PROXY_ADDRESS]),
    ]
    for one in inputs:
        one["limits"] = limits(0, one["transport"])
    batch = {"streams_max": 500}
    config = arena.configuration(inputs, [url], logs={"batch": batch}, sources_max=16384)
    config["loki"][0]["queue_bytes_max"] = "128MiB"
    return config


def header(client):
    there = socket.inet_aton(client) + socket.inet_aton("198.51.100.2") + struct.pack(">HH", 5, 514)
    return SIGNATURE + bytes([0x21, 0x11]) + struct.pack(">H", len(there)) + there


def make_devices(weir):
    """name of the listener -> its well-behaved devices"""
    port, number = weir.port, iter(range(1000))
    rate = RATE_PER_S
    made = {
        "udp": [
            Datagrams(next(number), f"127.1.0.{n}", port("udp"), rate)
            for n in range(1, UDP_DEVICES + 1)
        ],
        "tcp": [
            Stream(next(number), f"127.1.1.{n}", port("tcp"), rate)
            for n in range(1, STREAM_DEVICES + 1)
        ],
        "tls": [
            Stream(next(number), f"127.1.2.{n}", port("tls"), rate, tls=True)
            for n in range(1, STREAM_DEVICES + 1)
        ],
        "proxied": [
            Stream(
                next(number), PROXY_ADDRESS, port("proxied"), rate, preface=header(f"10.200.0.{n}")
            )
            for n in range(1, PROXIED_DEVICES + 1)
        ],
    }
    return made


def start_abuse(place, weir):
    udp = weir.port("udp")
    first, long = arena.FORGED_FIRST, 10**6
    sources = FORGED_SOURCES
    tools = {
        "flooder": arena.forger(
            udp, **{"from": "127.2.0.1"}, rate=FLOOD_PER_S, seconds=long, first=first
        ),
        "forged, allowed": arena.forger(
            udp, **{"from": "10.0.0.1"}, sources=sources, rate=FORGED_PER_S, seconds=long,
            first=first + 100_000_000,
        ),
        "forged, not allowed": arena.forger(
            udp, **{"from": "16.0.0.1"}, sources=sources, rate=FORGED_PER_S, seconds=long,
            first=first + 130_000_000,
        ),
        "others": arena.Tool(
            sys.executable, Path(__file__).with_name("abuse.py"),
            *(weir.port(name) for name in ("udp", "tcp", "tls", "proxied")),
        ),
    }
    for tool in tools.values():
        place.own(tool)
    return tools


class Conductor:
    """What happens while it runs: reloads and a dead sink."""

    def __init__(self, weir, sink):
        self.weir, self.sink = weir, sink
        self.reloads = self.deaths = 0
        self.refused = []

    def run(self, seconds):
        begin = time.monotonic()
        next_reload, next_death = begin + RELOAD_S, begin + DEAD_EVERY_S / 2
        while (now := time.monotonic()) < begin + seconds:
            self.weir.must_run()
            if now >= next_reload:
                next_reload += RELOAD_S
                self.reload()
            # Not so late that the run ends while it is dead.
            if now >= next_death and now < begin + seconds - 2 * DEAD_S:
                next_death += DEAD_EVERY_S
                self.deaths += 1
                self.sink.post(f"dead?{DEAD_S}")
            time.sleep(0.5)

    def reload(self):
        before = self.weir.status()["config"]
        if not before["last_reload_ok"]:
            self.refused.append(before["last_reload_error"])
        self.reloads += 1
        for one in self.weir.config["listeners"]:
            one["limits"] = limits(self.reloads % 2, one["transport"])
        self.weir.reload()


def run(place, seconds, checks):
    sink = place.sink()
    weir = place.weir(configuration(place.directory, sink.url))
    sampler = place.watch(weir)
    drops = arena.DropWatch()
    drops.start()
    devices = make_devices(weir)
    everyone = [device for group in devices.values() for device in group]
    for device in everyone:
        device.start()
    tools = start_abuse(place, weir)
    conductor = Conductor(weir, sink)
    conductor.run(seconds)
    told = {name: tool.stop() for name, tool in tools.items()}
    for device in everyone:
        device.stop()
    samples = list(sampler.samples)
    status = weir.quiet(SETTLE_S)
    drops.stop()
    missing = check_devices(checks, sink, devices, status, drops)
    check_datagrams(checks, status, devices, told, missing)
    checks.balances(status)
    checks.memory(samples, status["process"]["memory_budget_bytes"])
    check_flat(checks, samples)
    reloaded = not conductor.refused and status["config"]["last_reload_ok"]
    loads = f"{conductor.reloads}, refused {conductor.refused}"
    checks.add("every reload was taken", reloaded, loads)
    for device in everyone:
        device.close()
    check_end(checks, weir)
    return report(status, sink.stats(), told, conductor, samples)


def check_end(checks, weir):
    try:
        print(weir.drained())
        error = ""
    except AssertionError as failure:
        error = str(failure).splitlines()[0]
    checks.add("weir ended with 0 and a ledger that balances", not error, error)


def check_devices(checks, sink, devices, status, drops):
    """Every line of every well-behaved device. Returns how many over UDP are missing."""
    lacking = {}
    for name, group in devices.items():
        one = arena.ledger.named(status["listeners"], name)
        what = f"well-behaved devices over {name}: all lines arrived"
        lacking[name] = checks.nothing_lost(what, sink, group, one, drops)
        errors = [str(device.error) for device in group if device.error]
        checks.add(f"well-behaved devices over {name}: no error", not errors, errors or "none")
    return len(lacking["udp"])


def check_datagrams(checks, status, devices, told, missing):
    one = arena.ledger.named(status["listeners"], "udp")
    sent = sum(device.sent for device in devices["udp"]) + told["others"]["udp_sent"]
    sent += sum(told[name]["sent"] for name in told if name != "others")
    read, dropped = arena.udp_counts()
    figures = f"sent {sent}, received {one['received']}, kernel dropped {one['kernel_dropped']}"
    figures += f" (the kernel says {read} read, {dropped} dropped), devices lack {missing}"
    held = sent == one["received"] + one["kernel_dropped"] and read == one["received"]
    checks.add("udp: received and dropped by the kernel add up to what was sent", held, figures)
    for name in ("tcp", "tls", "proxied"):
        least = sum(device.sent for device in devices[name])
        received = arena.ledger.named(status["listeners"], name)["received"]
        figures = f"received {received}, of well-behaved devices {least}"
        checks.add(f"{name}: received no less than its devices sent", received >= least, figures)


def check_flat(checks, samples):
    third = len(samples) // 3
    first, last = max(samples[:third]), max(samples[-third:])
    figures = f"first third {first / arena.MIB:.1f} MiB, last third {last / arena.MIB:.1f} MiB"
    checks.add("resident memory is flat", last <= 1.1 * first, figures)


def reasons(counts):
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def report(status, stats, told, conductor, samples):
    listeners = [
        (
            one["name"],
            one["received"],
            reasons(one["rejected"]),
            reasons(one["dropped"]),
            one["accepted"],
            one["sessions_total"],
            reasons(one["refused_connections"]),
        )
        for one in status["listeners"]
    ]
    (loki,) = status["endpoints"]
    counts = told["others"]["counts"] | {
        name: tool["sent"] for name, tool in told.items() if name != "others"
    }
    return [
        f"{conductor.reloads} reloads, the sink dead {conductor.deaths} times for {DEAD_S} s. Delivered"
        f" {loki['delivered']}, dropped {reasons(loki['dropped'])}, retries {reasons(loki['retries'])};"
        f" lines that came twice: {stats['lines'] - stats['distinct']}. CPU"
        f" {status['process']['cpu_seconds']:.0f} s. Streams {status['streams']['active']} of"
        f" {status['streams']['max']}, sources {status['sources']['known']} of"
        f" {status['sources']['max']}.",
        f"What the peers did: {reasons(counts)}.",
        results.memory_line(samples),
        results.table(
            ["", "received", "rejected", "dropped", "accepted", "sessions", "refused connections"],
            listeners,
        ),
    ]
