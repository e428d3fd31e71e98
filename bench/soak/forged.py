"""Ten million forged source addresses beside a hundred known devices.

The known devices must lose nothing that the kernel handed over, and keep streams of their own;
neither weir's memory, nor its series, nor its streams may grow with the addresses.
"""

import time

import arena
import results
from devices import Datagrams

NAME, TITLE, SECONDS = "forged", "Soak: forged source addresses", 200

FORGED = 10_000_000
DEVICES, RATE_PER_S = 100, 10
STREAMS_MAX = 1000
OVERFLOW = 16
WARM_UP_S = 15  # weir believes in a source once it has been there for ten seconds
SETTLE_S = 60


def address(n):
    return f"127.1.0.{n + 1}"


def configuration(url):
    batch = {"streams_max": STREAMS_MAX}
    one = arena.listener("udp", "udp", limits={"receive_buffer_bytes": arena.AMPLE_BUFFER})
    return arena.configuration([one], [url], logs={"batch": batch})


def observe(weir):
    status = weir.status()
    return {
        "resident MiB": f"{arena.rss_bytes(weir.pid) / arena.MIB:.1f}",
        "series of /metrics": weir.series(),
        "active streams": status["streams"]["active"],
        "sources known": status["sources"]["known"],
        "received": status["listeners"][0]["received"],
    }


def run(place, seconds, checks):
    sink = place.sink(devices_below=DEVICES * arena.NUMBERS_EACH)
    weir = place.weir(configuration(sink.url))
    port = weir.port("udp")
    devices = [Datagrams(n, address(n), port, RATE_PER_S) for n in range(DEVICES)]
    for device in devices:
        device.start()
    time.sleep(WARM_UP_S)
    sampler = place.watch(weir)
    drops = arena.DropWatch()
    drops.start()
    rate = FORGED // SECONDS
    moments = {"before": observe(weir)}
    tool = place.own(
        arena.forger(
            port, **{"from": "16.0.0.1"}, sources=FORGED, rate=rate, seconds=seconds,
            first=arena.FORGED_FIRST,
        )
    )
    time.sleep(seconds / 2)
    moments["half-way"] = observe(weir)
    told = tool.result(seconds * 10 + 60)
    moments["at the end"] = observe(weir)
    samples = list(sampler.samples)
    for device in devices:
        device.stop()
    status = weir.quiet(SETTLE_S)
    drops.stop()
    moments["at rest"] = observe(weir)
    check_datagrams(checks, status, told, devices)
    lost = check_devices(checks, status, sink, devices, drops)
    checks.balances(status)
    check_growth(checks, moments, sink, samples, status)
    weir.drained()
    head = ["", *moments]
    rows = [[what, *(moment[what] for moment in moments.values())] for what in moments["before"]]
    sentence = f"{told['sent']} datagrams, each from another address, in {told['seconds']:.0f} s,"
    sentence += f" beside {DEVICES} devices with {RATE_PER_S} lines a second each."
    (one,) = status["listeners"]
    sentence += f" Rejected {one['rejected']}, dropped {one['dropped']}. {lost}"
    return [sentence, results.table(head, rows), results.memory_line(samples)]


def check_datagrams(checks, status, told, devices):
    (one,) = status["listeners"]
    sent = told["sent"] + sum(device.sent for device in devices)
    figures = f"sent {sent}, received {one['received']}, kernel dropped {one['kernel_dropped']}"
    held = sent == one["received"] + one["kernel_dropped"]
    checks.add("received and dropped by the kernel add up to what was sent", held, figures)


def check_devices(checks, status, sink, devices, drops):
    """Returns a sentence on what they lack."""
    (one,) = status["listeners"]
    what = "known devices lost nothing that weir was given"
    lacking = checks.nothing_lost(what, sink, devices, one, drops)
    check_streams(checks, sink)
    sentence = ""
    if lacking:
        first = min(device.sent_at[0] for device in devices)
        sentence = f"The known devices lack {len(lacking)} lines, sent between second"
        sentence += f" {min(lacking) - first:.0f} and {max(lacking) - first:.0f}."
    return sentence


def check_streams(checks, sink):
    seen = sink.get("devices")["lines"]
    wrong = [(n, name, count) for n, name, count in seen if name != address(n)]
    lines = sum(count for _, _, count in seen)
    figures = f"{lines} lines, elsewhere {sum(count for *_, count in wrong)} {wrong[:3] or ''}"
    checks.add("known devices kept streams of their own", lines > 0 and not wrong, figures)


def check_growth(checks, moments, sink, samples, status):
    before, after = (moments[when]["series of /metrics"] for when in ("before", "at rest"))
    checks.add("the series of /metrics did not grow", after == before, f"{before}, then {after}")
    bound = STREAMS_MAX + STREAMS_MAX // 8 + OVERFLOW
    active = max(moment["active streams"] for moment in moments.values())
    checks.add("active streams within the ceiling", active <= bound, f"{active} of {bound}")
    streams = sink.get("devices")["streams"]
    checks.add("streams at the sink within the ceiling", streams <= bound, f"{streams} of {bound}")
    checks.memory(samples, status["process"]["memory_budget_bytes"])
    third = len(samples) // 3
    middle, last = max(samples[third : 2 * third]), max(samples[-third:])
    figures = f"second third {middle / arena.MIB:.1f} MiB, last {last / arena.MIB:.1f} MiB"
    checks.add("memory does not grow once the tables are full", last <= 1.1 * middle, figures)
