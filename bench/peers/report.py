"""The results as text: one line for each run, and the section of bench/RESULTS.md."""

import datetime
import statistics

from measure import KEPT_UP, machine
from results_file import table, write_section
from subjects import BUFFER_BYTES, all_subjects

NOTHING = "–"
OUTAGE_HEAD = ("", "lost", "of them dropped by the kernel", "sent twice", "peak MiB")


def one_line(subject, transport, result):
    return (
        f"{subject.name:10} {transport:3} {result.asked_per_s:7}/s"
        f"  cpu {result.cpu_s_per_million:6.2f} s/M  lost {result.lost:7}"
        f" (kernel {result.kernel_dropped})"
        f"  repeated {result.repeated:6}"
        f"  peak {result.peak_bytes / 2**20:6.1f} MiB  p99 {result.p99_ms:5} ms"
        f"  (sent {result.sent_per_s:.0f}/s, sender {result.sender_cpu_s:.1f} s,"
        f" sink {result.sink_cpu_s:.1f} s)"
    )


def median(results, value):
    return statistics.median(value(result) for result in results)


def section(bench):
    parts = [
        f"{datetime.date.today().isoformat()}, commit {bench.commit}, {machine()};"
        f" load average {bench.load:.0f} before.",
        f"    {bench.options.command}",
        what_was_run(bench),
    ]
    if bench.results:
        parts += [rates_table(bench, transport) for transport in bench.options.transport]
        parts += ratios(bench)
    if bench.highest:
        parts.append(highest_table(bench))
    if bench.outages:
        parts.append(outage_table(bench))
    for name, why in bench.missing.items():
        parts.append(f"Missing: {name}: {why}")
    return "\n\n".join(parts)


def what_was_run(bench):
    granted = bench.granted_bytes / 2**20
    shown = {subject.name for subject in bench.subjects}
    lines = [
        f"Receive buffers: {BUFFER_BYTES / 2**20:.0f} MiB in all for each, {granted:.0f} MiB"
        " granted to those that ask. What was run:",
        "",
    ]
    lines += [f"- `{each.name}`: {each.what}." for each in all_subjects() if each.name in shown]
    return "\n".join(lines)


def rates_table(bench, transport):
    rates = bench.options.rate
    head = [transport.upper(), *(f"{rate // 1000}k/s" for rate in rates)]
    head += ["lost, worst run", "peak MiB", "p99 at the lowest rate"]
    rows = []
    for name in [subject.name for subject in all_subjects()]:
        by_rate = {rate: bench.results.get((name, transport, rate), []) for rate in rates}
        found = [result for results in by_rate.values() for result in results]
        if not found:
            continue
        cells = [cpu_cell(by_rate[rate]) for rate in rates]
        lowest = by_rate[min(rates)] or found
        cells += [
            str(max(result.lost for result in found)),
            f"{max(result.peak_bytes for result in found) / 2**20:.0f}",
            f"{median(lowest, lambda result: result.p99_ms):.0f} ms",
        ]
        rows.append([name, *cells])
    text = (
        f"CPU seconds for a million messages, median of {bench.options.runs} (*at*: what the"
        " senders came to where the subject or the machine held them back):\n\n"
    )
    return text + table(head, rows) if rows else ""


def cpu_cell(results):
    if not results:
        return NOTHING
    cpu = f"{median(results, lambda result: result.cpu_s_per_million):.2f}"
    sent_per_s = median(results, lambda result: result.sent_per_s)
    if sent_per_s > KEPT_UP * results[0].asked_per_s:
        return cpu
    # The sender was held back: by a stream that was not read, or by a machine that has no more.
    return f"{cpu} (at {sent_per_s / 1000:.0f}k/s)"


def ratios(bench):
    """What weir costs as a multiple of what it is compared with, at the highest rate."""
    pairs = [
        ("weir", "bare-1ms", "udp"),
        ("weir", "bare", "tcp"),
        ("weir", "bare", "tls"),
        ("weir-two", "weir", "udp"),
    ]
    rate = max(bench.options.rate)
    lines = []
    for one, other, transport in pairs:
        found = [bench.results.get((name, transport, rate)) for name in (one, other)]
        if all(found):
            costs = [median(results, lambda result: result.cpu_s_per_million) for results in found]
            ratio = costs[0] / costs[1]
            lines.append(f"- `{one}` over {transport.upper()}: {ratio:.2f} times `{other}`.")
    return [f"At {rate // 1000}k/s:\n\n" + "\n".join(lines)] if lines else []


def highest_table(bench):
    rows = []
    for name in [subject.name for subject in all_subjects()]:
        if name in bench.highest:
            result = bench.highest[name]
            limit = "" if result.kept_up else " (the senders had no more)"
            rows.append([name, f"{result.sent_per_s / 1000:.0f}k/s{limit}"])
        elif any(key[0] == name for key in bench.results):
            rows.append([name, "below the first step"])
    return "Highest rate of UDP without loss:\n\n" + table(["", "messages a second"], rows)


def outage_table(bench):
    rows = [
        [
            name,
            f"{result.lost}",
            f"{result.kernel_dropped}",
            f"{result.repeated}",
            f"{result.peak_bytes / 2**20:.0f}",
        ]
        for name, result in bench.outages.items()
    ]
    total = next(iter(bench.outages.values())).sent
    text = f"The sink dead for 30 s in the middle of {total} lines at 20k/s, UDP:\n\n"
    return text + table(OUTAGE_HEAD, rows)


def write(what, text):
    titles = {"rates": "weir beside its peers", "outage": "An outage beside its peers"}
    write_section(f"peers {what}", titles[what], text)
