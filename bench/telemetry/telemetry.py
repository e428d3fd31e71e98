"""Measures weir beside Telegraf with Cisco's telemetry, and writes it into bench/RESULTS.md.

    telemetry.py [--only NAME,...] [--shape NAME,...] [--rate N] [--seconds N] [--runs N]
                 [--no-ceiling] [--no-write]

`./dev bench telemetry` builds what this needs and runs it. `weir send mdt` plays the devices, over
gRPC on loopback; the collector writes to a sink (bench/peers/sink.cc) that counts samples. Every
run starts the collector anew; runs of different collectors alternate, so that a busy machine hits
all of them alike.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "peers")]

import sections  # noqa: E402
from collectors import all_collectors  # noqa: E402
from peers import commit  # noqa: E402
from run import Run  # noqa: E402
from subjects import peers  # noqa: E402

SHAPES = ("xr", "xe", "nxos-dme")
RATE, SECONDS = 80, 8
# Every device comes once in more than a second, so no batch of Telegraf has it twice.
DEVICES, INTERFACES = 100, 48
CEILING_S = 8


class Bench:
    """What was asked for, what can be had, and every result so far."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = Path(directory)
        self.missing = {}  # name -> why
        self.results = {}  # (collector, shape) -> [Result]
        self.ceilings = {}  # collector -> [Result]
        self.collectors = [each for each in all_collectors() if self.wanted(each.name)]
        self.runs = 0
        self.commit = commit()
        self.load = os.getloadavg()[0]

    def wanted(self, name):
        return not self.options.only or name in self.options.only

    def prepare(self):
        for collector in list(self.collectors):
            try:
                collector.prepare()
            except peers.Unavailable as error:
                self.collectors.remove(collector)
                self.miss(collector.name, error)

    def miss(self, name, error):
        # Without the folders of this machine.
        self.missing[name] = re.sub(r"/\S*/", "", str(error).strip().splitlines()[-1])
        print(f"without {name}: {error}", flush=True)

    def one(self, collector, shape, rate, seconds, into):
        self.runs += 1
        directory = self.directory / f"{self.runs}-{collector.name}"
        try:
            with Run(collector, directory, shape, DEVICES, INTERFACES) as run:
                result = run.measure(rate, seconds)
        except (peers.Unavailable, AssertionError, RuntimeError) as error:
            self.miss(f"{collector.name} with {shape}", error)
            return
        print(sections.one_line(collector, shape, rate, result), flush=True)
        into.append(result)

    def all(self):
        for _ in range(self.options.runs):
            for shape in self.options.shape:
                for collector in self.collectors:
                    into = self.results.setdefault((collector.name, shape), [])
                    self.one(collector, shape, self.options.rate, self.options.seconds, into)
        for _ in range(0 if self.options.no_ceiling else self.options.runs):
            for collector in self.collectors:
                into = self.ceilings.setdefault(collector.name, [])
                self.one(collector, self.options.shape[0], 0, CEILING_S, into)


def read_options(arguments):
    names = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(prog="./dev bench telemetry")
    parser.add_argument("--only", type=names, default=[], help="names of collectors")
    parser.add_argument("--shape", type=names, default=list(SHAPES))
    parser.add_argument("--rate", type=int, default=RATE, help="messages a second")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-ceiling", action="store_true", help="not as fast as it goes")
    parser.add_argument("--no-write", action="store_true", help="leave bench/RESULTS.md alone")
    options = parser.parse_args(arguments)
    options.command = " ".join(["./dev bench telemetry", *arguments])
    return options


def main(arguments):
    options = read_options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        bench = Bench(options, directory)
        bench.prepare()
        bench.all()
        text = sections.section(bench, DEVICES, INTERFACES)
    print(text)
    if not (options.only or options.no_write):
        sections.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
