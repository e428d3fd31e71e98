"""The results as text: one line for each run, and the section of bench/RESULTS.md."""

import datetime
import statistics

from collectors import all_collectors
from measure import machine
from results_file import table, write_section

MIB = 2**20
HEAD = (
    "",
    "leaves sent",
    "samples written",
    "of them leaves' own",
    "lost",
    "CPU s for a million leaves' own",
    "CPU s for a million written",
    "peak MiB",
)


def one_line(collector, shape, rate, result):
    return (
        f"{collector.name:9} {shape:9} {rate or 'all':>4}/s  {result.messages} messages in"
        f" {result.seconds:.1f} s  leaves {result.leaves}  written {result.written}"
        f"  own {result.delivered}  lost {result.lost}  series {result.series}"
        f"  cpu {result.cpu_s:.2f} s = {result.us_per_leaf:.3f} us a leaf,"
        f" {result.us_per_sample:.3f} us a sample  peak {result.peak_bytes / MIB:.0f} MiB"
        f"{'' if result.kept_up else '  (did not keep up)'}"
    )


def median(results, value):
    return statistics.median(value(result) for result in results)


def section(bench, devices, interfaces):
    options = bench.options
    names = {each.name for each in bench.collectors}
    parts = [
        f"{datetime.date.today().isoformat()}, commit {bench.commit}, {machine()};"
        f" load average {bench.load:.0f} before.",
        f"    {options.command}",
        f"{devices} devices of {interfaces} interfaces, kvGPB over gRPC on loopback,"
        f" {options.rate} messages a second for {options.seconds} s, every message one collection"
        " of all interfaces; from the socket to the answer to the remote write. User and system"
        f" time of the collector alone; medians of {options.runs} runs that alternate.",
        "\n".join(
            f"- `{each.name}`: {each.what}." for each in all_collectors() if each.name in names
        ),
    ]
    parts += [shape_table(bench, shape) for shape in options.shape]
    parts += ratios(bench)
    parts += ceiling(bench)
    parts += [f"Missing: {name}: {why}" for name, why in bench.missing.items()]
    return "\n\n".join(part for part in parts if part)


def shape_table(bench, shape):
    rows = []
    for collector in bench.collectors:
        results = bench.results.get((collector.name, shape))
        if results:
            rows.append([collector.name, *cells(results)])
    return f"Shape `{shape}`:\n\n" + table(HEAD, rows) if rows else ""


def cells(results):
    note = "" if all(result.kept_up for result in results) else " (did not keep up)"
    return [
        f"{median(results, lambda each: each.leaves):.0f}",
        f"{median(results, lambda each: each.written):.0f}",
        f"{median(results, lambda each: each.delivered):.0f}",
        f"{max(each.lost for each in results)}{note}",
        f"{median(results, lambda each: each.us_per_leaf):.2f}",
        f"{median(results, lambda each: each.us_per_sample):.2f}",
        f"{max(each.peak_bytes for each in results) / MIB:.0f}",
    ]


def ratios(bench):
    """How many times the CPU of weir Telegraf takes."""
    lines = []
    for shape in bench.options.shape:
        telegraf = bench.results.get(("telegraf", shape))
        for name in ("weir", "weir-all"):
            weir = bench.results.get((name, shape))
            if not (telegraf and weir):
                continue
            leaf = ratio(telegraf, weir, lambda each: each.us_per_leaf)
            sample = ratio(telegraf, weir, lambda each: each.us_per_sample)
            lines.append(
                f"- `{shape}`: Telegraf takes {leaf:.1f} times the CPU of `{name}` for a leaf"
                f" delivered, {sample:.1f} times for a sample written."
            )
    return ["\n".join(lines)] if lines else []


def ratio(one, other, value):
    return median(one, value) / median(other, value)


def ceiling(bench):
    rows = []
    for name, results in bench.ceilings.items():
        if results:
            rate = median(results, lambda each: each.leaves / each.seconds)
            rows.append(
                [
                    name,
                    f"{rate / 1000:.0f}k",
                    f"{median(results, lambda each: each.us_per_leaf):.2f}",
                    f"{max(each.lost for each in results)}",
                    f"{max(each.peak_bytes for each in results) / MIB:.0f}",
                ]
            )
    if not rows:
        return []
    head = ["", "leaves a second taken", "CPU s for a million leaves' own", "lost", "peak MiB"]
    text = (
        f"As fast as each takes it (`{bench.options.shape[0]}`), sender and sink on the same cores;"
        " the rate is of the wall, and only good for the order of things:\n\n"
    )
    return [text + table(head, rows)]


def write(text):
    write_section("telemetry", "weir beside Telegraf with Cisco's telemetry", text)
