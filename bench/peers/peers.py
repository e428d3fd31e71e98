"""Measures weir beside its peers and beside a bare loop, and writes it into bench/RESULTS.md.

    peers.py [outage] [--quick] [--only NAME,...] [--transport NAME,...] [--rate N,...] [--runs N]
             [--no-climb] [--no-write]

`./dev bench peers` builds what this needs and runs it. 64 senders (sender.cc) send marked lines
over loopback to the subject, which pushes them to a sink (sink.cc) that counts them. Every run
starts the subject anew; runs of different subjects alternate, so that a busy machine hits all of
them alike.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import report  # noqa: E402
from measure import BUFFER_BYTES, Run, granted_buffer_bytes, kernel_setting  # noqa: E402
from subjects import all_subjects, peers  # noqa: E402

from harness.certificates import Certificates  # noqa: E402

RATES = (20_000, 50_000, 100_000)
SECONDS = 5
LADDER = tuple(range(100_000, 200_001, 50_000)) + tuple(range(225_000, 600_001, 25_000))
LADDER_TRIES = 2  # a busy machine spoils one try now and then
OUTAGE_RATE, OUTAGE_S, OUTAGE_DEAD_S = 20_000, 60, 30


class Bench:
    """What was asked for, what can be had, and every result so far."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = Path(directory)
        self.certificates = Certificates(self.directory / "certificates")
        self.missing = {}  # name -> why
        self.results = {}  # (name, transport, rate) -> [Result]
        self.highest = {}  # name -> Result of the highest rate without loss
        self.outages = {}  # name -> Result
        self.subjects = [each for each in all_subjects() if self.wanted(each.name)]
        self.runs = 0
        self.commit = commit()
        self.load = os.getloadavg()[0]

    def wanted(self, name):
        return not self.options.only or name in self.options.only

    def prepare(self):
        for subject in list(self.subjects):
            try:
                subject.prepare()
            except peers.Unavailable as error:
                self.subjects.remove(subject)
                self.miss(subject.name, error)

    def miss(self, name, error):
        # Without the folders of this machine.
        self.missing[name] = re.sub(r"/\S*/", "", str(error).strip().splitlines()[-1])
        print(f"without {name}: {error}", flush=True)

    def over(self, transport):
        """The subjects that take it, but for those that failed at it before."""
        return [
            each
            for each in self.subjects
            if transport in each.transports and f"{each.name} over {transport}" not in self.missing
        ]

    def one(self, subject, transport, rate, seconds, dead_s=0):
        """One result, or None if it could not be had; then the transport is done with."""
        self.runs += 1
        directory = self.directory / f"{self.runs}-{subject.name}"
        try:
            with Run(subject, transport, directory, self.certificates) as run:
                result = run.measure(rate, seconds, dead_s)
        except (peers.Unavailable, AssertionError, RuntimeError) as error:
            self.miss(f"{subject.name} over {transport}", error)
            return None
        print(report.one_line(subject, transport, result), flush=True)
        return result

    def rates(self):
        for _ in range(self.options.runs):
            for transport in self.options.transport:
                for rate in self.options.rate:
                    for subject in self.over(transport):
                        result = self.one(subject, transport, rate, SECONDS)
                        if result:
                            key = (subject.name, transport, rate)
                            self.results.setdefault(key, []).append(result)

    def climb(self):
        """The highest rate of UDP that each holds without loss."""
        for subject in self.over("udp"):
            for rate in LADDER:
                result = self.held(subject, rate)
                if not result:
                    break
                self.highest[subject.name] = result
                if not result.kept_up:
                    break

    def held(self, subject, rate):
        """A try without loss, if there is one, rather one at which the sender kept up; or None."""
        best = None
        for _ in range(LADDER_TRIES):
            result = self.one(subject, "udp", rate, SECONDS)
            if result and result.lost == 0:
                best = result
            if result is None or (best and best.kept_up):
                break
        return best

    def outage(self):
        for subject in self.over("udp"):
            if subject.name.startswith("bare"):
                continue  # it has neither retry nor queue
            result = self.one(subject, "udp", OUTAGE_RATE, OUTAGE_S, OUTAGE_DEAD_S)
            if result:
                self.outages[subject.name] = result


def commit():
    """The commit that the work tree is at, with a sign if there is more in the tree."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def read_options(arguments):
    names = lambda text: text.split(",")  # noqa: E731
    numbers = lambda text: [int(part) for part in text.split(",")]  # noqa: E731
    parser = argparse.ArgumentParser(prog="./dev bench peers")
    parser.add_argument("what", nargs="?", default="rates", choices=("rates", "outage"))
    parser.add_argument("--quick", action="store_true", help="one run at the top rate, no climb")
    parser.add_argument("--only", type=names, default=[], help="names of subjects")
    parser.add_argument("--transport", type=names, default=["udp", "tcp", "tls"])
    parser.add_argument("--rate", type=numbers, default=None, help="messages a second")
    parser.add_argument("--runs", type=int, default=None)
    parser.add_argument("--no-climb", action="store_true", help="not the highest rate")
    parser.add_argument("--no-write", action="store_true", help="leave bench/RESULTS.md alone")
    options = parser.parse_args(arguments)
    options.rate = options.rate or (RATES[-1:] if options.quick else RATES)
    options.runs = options.runs or (1 if options.quick else 3)
    options.command = " ".join(["./dev bench peers", *arguments])
    return options


def main(arguments):
    options = read_options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the kernel's limits go back
    with (
        tempfile.TemporaryDirectory(prefix="weir-bench-") as directory,
        kernel_setting("rmem_max", BUFFER_BYTES),
    ):
        bench = Bench(options, directory)
        bench.prepare()
        bench.granted_bytes = granted_buffer_bytes()
        if options.what == "outage":
            bench.outage()
        else:
            bench.rates()
            if not (options.quick or options.no_climb):
                bench.climb()
        text = report.section(bench)
    print(text)
    if not (options.quick or options.only or options.no_write):
        report.write(options.what, text)


if __name__ == "__main__":
    main(sys.argv[1:])
