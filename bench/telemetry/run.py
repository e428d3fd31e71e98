"""One measurement: start a collector, send to it, wait for the sink, read the clocks."""

import json
import subprocess
import time
from dataclasses import dataclass

import measure
from subjects import BUILD, free_port, http, peers
from harness.process import die_with_parent, eventually

QUIET_S = 3.0  # the sink's count has not moved for so long: what is missing is lost
POLL_S = 0.1
KEPT_UP = measure.KEPT_UP
# What weir tells of the devices beside what they send, and the second name of what they send.
OF_DEVICES = ("telemetry_device_", "telemetry_feed_")
HARMONISED = "network_interface_"


@dataclass
class Result:
    """Of one run. CPU is user and system time of the collector alone."""

    messages: int
    leaves: int  # sent
    written: int  # samples that the sink was given
    delivered: int  # of them, those that are a leaf's own
    lost: int  # leaves' own samples that a lone message gave and these did not
    series: int
    seconds: float  # that the sender took
    kept_up: bool
    cpu_s: float
    peak_bytes: int

    def cpu_us(self, count):
        return self.cpu_s / count * 1e6 if count else float("nan")

    @property
    def us_per_leaf(self):
        return self.cpu_us(self.delivered)

    @property
    def us_per_sample(self):
        return self.cpu_us(self.written)


class Sink(measure.Sink):
    def samples(self):
        """(all samples, leaves' own, series)"""
        told = http.get_json(f"http://127.0.0.1:{self.control}/samples")
        about = sum(n for name, n in told["families"].items() if name.startswith(OF_DEVICES))
        twice = sum(n for name, n in told["families"].items() if name.startswith(HARMONISED))
        written = told["samples"] - about
        return written, written - twice, told["series"]


class Run:
    """Resource: one collector and its sink, started, its series known."""

    def __init__(self, collector, directory, shape, devices, interfaces):
        directory.mkdir(parents=True, exist_ok=True)
        self.collector, self.directory = collector, directory
        self.shape, self.devices, self.interfaces = shape, devices, interfaces
        self.port = free_port()
        self.sink = Sink(directory)
        self.child = None
        self.each = 0.0  # leaves' own samples that one message gives

    def __enter__(self):
        try:
            self.sink.start()
            self.child = self.collector.start(self.directory, self.port, self.sink.port)
            eventually(self.ready, 30, f"{self.collector.name} listening")
            self.warm_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in (self.child, self.sink):
            if process:
                process.kill()

    def ready(self):
        self.child.must_run()
        return measure.is_bound(self.port, "tcp")

    def warm_up(self):
        """One message of every device: what they hold then is what every later one must give."""
        told = self.send("--messages", self.devices, "--rate", 50)
        written, delivered, series, _ = self.settled()
        if delivered == 0:
            raise peers.Unavailable(f"nothing of it reached the sink: {self.child.tail(5)}")
        self.each = delivered / told["messages"]
        self.sink.post("reset")

    def send(self, *options, timeout_s=600):
        command = [BUILD / "weir", "send", "mdt", "--to", f"127.0.0.1:{self.port}"]
        command += ["--shape", self.shape, "--devices", self.devices]
        command += ["--interfaces", self.interfaces, *options]
        done = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            timeout=timeout_s,
            preexec_fn=die_with_parent,
        )
        told = json.loads(done.stdout)
        if told["unsent"] or told["failed_sessions"]:
            raise peers.Unavailable(f"the sender failed: {told['error']}")
        return told

    def settled(self):
        """What the sink has once that has stopped moving, and the CPU time when it stopped."""
        last, moved, cpu_s = None, time.monotonic(), 0.0
        while True:
            now, counts = time.monotonic(), self.sink.samples()
            if counts != last:
                last, moved, cpu_s = counts, now, measure.cpu_s(self.child.child.pid)
            if now - moved > QUIET_S:
                return *last, cpu_s
            time.sleep(POLL_S)

    def measure(self, rate, seconds):
        """Sends for so long; at rate 0 as fast as the collector takes it."""
        before = measure.cpu_s(self.child.child.pid)
        told = self.send("--rate", rate, "--duration", seconds)
        written, delivered, series, cpu_s = self.settled()
        self.child.must_run()
        return Result(
            messages=told["messages"],
            leaves=told["leaves"],
            written=written,
            delivered=delivered,
            lost=round(self.each * told["messages"]) - delivered,
            series=series,
            seconds=told["seconds"],
            kept_up=rate == 0 or told["messages"] > KEPT_UP * rate * seconds,
            cpu_s=cpu_s - before,
            peak_bytes=measure.peak_bytes(self.child.child.pid),
        )
