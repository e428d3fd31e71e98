"""One measurement: start a subject, send to it, wait for the sink, read the clocks."""

import contextlib
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from subjects import BUFFER_BYTES, BUILD, Task, free_port, http, peers
from harness.process import Process, eventually

WARM_UP_LINES = 2_000
QUIET_S = 5.0  # the sink's count has not moved for so long: what is missing is lost
POLL_S = 0.1
KEPT_UP = 0.97  # of the rate asked for
RMEM = Path("/proc/sys/net/core")


@dataclass
class Result:
    """Of one run. CPU is user and system time of the subject alone."""

    sent: int
    lost: int
    kernel_dropped: int  # of the lost: what the subject did not read before its buffer was full
    repeated: int
    asked_per_s: int
    sent_per_s: float
    cpu_s: float
    peak_bytes: int
    p50_ms: int
    p99_ms: int
    sender_cpu_s: float
    sink_cpu_s: float

    @property
    def cpu_s_per_million(self):
        arrived = self.sent - self.lost
        return self.cpu_s / arrived * 1e6 if arrived else float("nan")

    @property
    def kept_up(self):
        """Whether the sender could send at the rate that was asked of it."""
        return self.sent_per_s > KEPT_UP * self.asked_per_s


class Sink(Process):
    def __init__(self, directory):
        self.port, self.control = free_port(), free_port()
        command = [BUILD / "bench" / "bench_sink", "--port", self.port, "--control", self.control]
        super().__init__("sink", command, directory / "sink.log")

    def start(self):
        self.spawn()
        eventually(self.stats, 10, "sink ready")
        return self

    def stats(self):
        return http.get_json(f"http://127.0.0.1:{self.control}/stats")

    def post(self, what):
        http.post(f"http://127.0.0.1:{self.control}/{what}")

    def wait_for(self, wanted, give_up_s=QUIET_S):
        """Returns its count of distinct lines once that is `wanted`, or has stopped moving."""
        last, moved = -1, time.monotonic()
        while True:
            count = self.stats()["distinct"]
            now = time.monotonic()
            if count != last:
                last, moved = count, now
            if count >= wanted or now - moved > give_up_s:
                return count
            time.sleep(POLL_S)


def cpu_s(pid):
    """CPU time of a process and its children, in seconds: threads that have ended included.

    The kernel's CPU clock of another process, as clock_getcpuclockid(3) makes its number; it counts
    nanoseconds where /proc/PID/stat counts hundredths of a second.
    """
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    own = time.clock_gettime((~pid << 3) | 2)
    return own + sum(cpu_s(int(child)) for child in children.split())


def peak_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmHWM of {pid}")


def sockets(transport, port):
    """The kernel's fields of every socket of the machine with that port of its own."""
    for kind in ("udp", "udp6") if transport == "udp" else ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rsplit(":", 1)[1], 16) == port:
                yield fields


def is_bound(port, transport):
    """Whether any socket of the machine is bound to it (and, for streams, listens)."""
    state = "07" if transport == "udp" else "0A"
    return any(fields[3] == state for fields in sockets(transport, port))


def kernel_dropped(port):
    return sum(int(fields[-1]) for fields in sockets("udp", port))


@contextlib.contextmanager
def kernel_setting(name, value):
    """Raises a limit of the kernel for a while. Without the right to, things stay as they are."""
    path = RMEM / name
    before = int(path.read_text())
    try:
        if value and value > before:
            path.write_text(str(value))
    except OSError:
        pass
    try:
        yield
    finally:
        if int(path.read_text()) != before:
            path.write_text(str(before))


def granted_buffer_bytes():
    """What a process that asks for the buffer is given; the kernel counts twice of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        return probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


class Run:
    """Resource: one subject and its sink, started and warmed up."""

    def __init__(self, subject, transport, directory, certificates):
        directory.mkdir(parents=True, exist_ok=True)
        self.subject = subject
        self.sink = Sink(directory)
        self.task = Task(transport, directory, self.sink.port, certificates)
        self.child = None

    def __enter__(self):
        try:
            self.sink.start()
            with kernel_setting("rmem_default", self.subject.socket_default_bytes):
                self.child = self.subject.start(self.task)
                eventually(self.ready, 30, f"{self.subject.name} listening")
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
        return is_bound(self.task.port, self.task.transport)

    def warm_up(self):
        self.send(WARM_UP_LINES, 1).wait(120)
        if self.sink.wait_for(WARM_UP_LINES, 15) == 0:
            raise peers.Unavailable(f"nothing of it reached the sink: {self.child.tail(5)}")
        self.sink.post("reset")

    def send(self, rate, seconds):
        command = [BUILD / "bench" / "bench_sender", "--transport", self.task.transport]
        command += ["--port", self.task.port, "--rate", rate, "--seconds", seconds]
        command += ["--shapes", self.subject.shapes, "--framing", self.subject.framing]
        return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)

    def measure(self, rate, seconds, dead_s=0):
        """Sends for so long; with `dead_s` the sink is dead for so long in the middle of it."""
        pid, sink = self.child.child.pid, self.sink.child.pid
        before, sink_before = cpu_s(pid), cpu_s(sink)
        dropped_before = kernel_dropped(self.task.port)
        sender = self.send(rate, seconds)
        try:
            if dead_s:
                time.sleep((seconds - dead_s) / 2)
                self.sink.post(f"dead?{dead_s}")
            told = json.loads(sender.communicate(timeout=seconds * 20 + 60)[0])
        finally:
            sender.kill()
        # A subject that backs off may come back late.
        self.sink.wait_for(told["sent"], 70 if dead_s else QUIET_S)
        self.child.must_run()
        stats = self.sink.stats()
        return Result(
            sent=told["sent"],
            lost=told["sent"] - stats["distinct"],
            kernel_dropped=kernel_dropped(self.task.port) - dropped_before,
            repeated=stats["lines"] - stats["distinct"],
            asked_per_s=rate,
            sent_per_s=told["sent"] / told["seconds"],
            cpu_s=cpu_s(pid) - before,
            peak_bytes=peak_bytes(pid),
            p50_ms=stats["p50_ms"],
            p99_ms=stats["p99_ms"],
            sender_cpu_s=told["cpu_s"],
            sink_cpu_s=cpu_s(sink) - sink_before,
        )


def machine():
    """One line: what this was measured on."""
    model = next(
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = os.uname().release.split("-")[0]
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, Linux {release}"
