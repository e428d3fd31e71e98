"""Kills weir at named points and at random moments while lines come in, and finds out what became
of every line: what was sent longer than the window before a kill must be at every Loki, once.

A run has one spool, one sender and its Lokis; weir is started again after every kill. The named
points are those of core/crash_point.h, in a build that has them.
"""

import contextlib
import hashlib
import http.client
import re
import signal
import socket
import subprocess
import threading
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from . import expect, http as client
from .ledger import at_rest, named
from .process import eventually
from .weir import Weir, configuration, listener

# What a message must have been with weir before a kill: the default batch age and 100 ms.
WINDOW_S = 0.2 + 0.1
# Which hits of each point a kill is asked for: not before there is something to lose, and within
# about two seconds of the life.
HITS = {
    "append": range(4, 15),
    "segment_opened": range(1, 4),
    "segment_created": range(1, 4),
    "commit_before": range(4, 15),
    "commit_after": range(4, 15),
    "send": range(5, 25),
    "acknowledged": range(5, 25),
    "settled": range(5, 25),
    "meta_before": range(5, 25),
    "meta_after": range(5, 25),
    "segment_unlink_before": range(1, 4),
    "segment_unlink_main": range(1, 4),
    "segment_unlink_after": range(1, 4),
}
POINTS = tuple(HITS)
LAST_WORDS = re.compile(r"^crash point (\w+):(\d+) at (\d+\.\d+)$", re.MULTILINE)
POINT_TIMEOUT_S = 20
START_MAX_S = 3
SLICE_S = 30  # of one query
SEGMENT_BYTES_MAX = "256KiB"
NEVER = float("inf")


class Kill(NamedTuple):
    point: str  # or "at random", "while starting"
    amount: float  # which hit, or seconds after weir was ready or started

    @property
    def named(self):
        return self.point in HITS


def plan(random, kills):
    """As many kills in a random order, half of them at named points and as even as can be."""
    hits = {point: random.sample(list(HITS[point]), len(HITS[point])) for point in POINTS}
    chosen = []
    for n in range(max(kills // 2, min(kills, 2 * len(POINTS)))):
        point = POINTS[n % len(POINTS)]
        chosen.append(Kill(point, hits[point][n // len(POINTS) % len(hits[point])]))
    while len(chosen) < kills:
        if random.random() < 0.2:
            chosen.append(Kill("while starting", random.uniform(0, 0.15)))
        else:
            chosen.append(Kill("at random", random.uniform(0.1, 2.5)))
    random.shuffle(chosen)
    return chosen


class Sender(threading.Thread):
    """Sends numbered lines at an even rate, a fifth of them over TCP, and now and then a burst over
    TCP that fills several segments at once. Knows when it sent each.

    A line counts as sent in the life that was ready then; 0 is none, and asks for nothing.
    """

    TICK_S = 0.01
    SOURCES = [f"127.0.0.{n}" for n in range(1, 6)]  # so that every ingest thread has some
    BEHIND_MAX_S = 0.05  # what it could not send in time it leaves out
    BURST, BURST_EVERY_S = 6000, 3

    def __init__(self, run, rate_per_s, udp_port, tcp_port):
        super().__init__(daemon=True)
        self.run_name, self.rate = run, rate_per_s
        self.udp_to, self.tcp_to = ("127.0.0.1", udp_port), ("127.0.0.1", tcp_port)
        self.sockets = []
        for source in self.SOURCES:
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((source, 0))
            self.sockets.append(one)
        self.stream, self.stream_life = None, 0
        self.life = 0  # set by who starts and kills
        self.sent_at, self.lives = array("d"), array("l")  # by number
        self.stalls = []  # (when, how late this thread was)
        self.ended = threading.Event()

    def line(self, number):
        noise = hashlib.blake2b(b"%s %d" % (self.run_name.encode(), number)).hexdigest()
        return f"<13>1 - host{number % 5} crash - - - {self.run_name} {number:08d} {noise}"

    def run(self):
        begin, done = time.monotonic(), 0
        burst_at = begin
        while not self.ended.is_set():
            woken = time.monotonic()
            if woken >= burst_at and self.stream is not None:
                burst_at = woken + self.BURST_EVERY_S
                self.send_tcp(range(len(self.sent_at), len(self.sent_at) + self.BURST))
            due = int((woken - begin) * self.rate)
            done = max(done, due - int(self.BEHIND_MAX_S * self.rate))
            self.send(due - done)
            done = due
            time.sleep(self.TICK_S)
            late = time.monotonic() - woken - self.TICK_S
            if late > self.TICK_S:
                self.stalls.append((woken, late))

    def send(self, count):
        first = len(self.sent_at)
        over_tcp = range(first, first + count // 5)
        self.send_tcp(over_tcp)
        for number in range(over_tcp.stop, first + count):
            life = self.life
            chosen = self.sockets[number % len(self.sockets)]
            chosen.sendto(self.line(number).encode(), self.udp_to)
            self.note(life)

    def note(self, life):
        self.sent_at.append(time.monotonic())
        self.lives.append(life)

    def send_tcp(self, numbers):
        if self.stream is not None and self.stream_life != self.life:
            self.stream.close()
            self.stream = None
        if self.stream is None and self.life:
            self.stream_life = self.life
            with contextlib.suppress(OSError):
                self.stream = socket.create_connection(self.tcp_to, timeout=1)
        life = 0
        if self.stream is not None and numbers:
            try:
                self.stream.sendall(b"".join(self.line(n).encode() + b"\n" for n in numbers))
                life = self.stream_life
            except OSError:
                self.stream.close()
                self.stream = None
        for _ in numbers:
            self.note(life)

    def late_within(self, begin, end):
        return max((late for when, late in self.stalls if begin <= when <= end), default=0.0)

    def stop(self):
        self.ended.set()
        if self.is_alive():
            self.join()
        for one in [*self.sockets, *([self.stream] if self.stream else [])]:
            one.close()


class Life(NamedTuple):
    kill: Kill
    started_at: float
    ready_at: float  # NEVER: it was killed before
    died_at: float  # NEVER: it was not killed


class Found(NamedTuple):
    """What a run came to. Ages are from the sending of a line to the kill."""

    kills: Counter
    sent: int
    required: int
    missing: int  # of those required, at one Loki or more
    overdue: list  # of those, what no lateness of the machine explains: (age, allowed, line)
    oldest_missing_s: float  # of any line that is missing, however young
    late_s: float  # how late the sender's own thread was at most
    folded: int  # lines that a Loki took again
    start_max_s: float
    kernel_dropped: int

    def text(self):
        ended = ", ".join(f"{count} {point}" for point, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({ended}); {self.sent} lines sent, {self.required}"
            f" required, {self.missing} of them missing; the oldest line that is missing was sent"
            f" {self.oldest_missing_s * 1000:.0f} ms before its kill, the window is"
            f" {WINDOW_S * 1000:.0f} ms; lines folded by Loki {self.folded}; slowest start"
            f" {self.start_max_s * 1000:.0f} ms; sender late by {self.late_s * 1000:.0f} ms at"
            f" most; datagrams dropped by the kernel {self.kernel_dropped}"
        )


def kernel_dropped():
    """Datagrams for which a socket of this network, anybody's, had no room."""
    dropped = 0
    lines = Path("/proc/self/net/snmp").read_text().splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Udp: "))
    dropped += int(dict(zip(names, values))["RcvbufErrors"])
    for line in Path("/proc/self/net/snmp6").read_text().splitlines():
        if line.startswith("Udp6RcvbufErrors"):
            dropped += int(line.split()[1])
    return dropped


class Run:
    """Resource. `binary_for(kill)` gives the program; None is for the one that is not killed."""

    def __init__(self, directory, name, lokis, rate_per_s, binary_for, patience=1):
        self.lokis, self.binary_for, self.patience = lokis, binary_for, patience
        self.name, self.spool = name, directory / "spool"
        inputs = [listener("udp", "udp"), listener("tcp", "tcp")]
        spool = {
            "directory": str(self.spool),
            "free_bytes_min": "0B",
            "segment_bytes_max": SEGMENT_BYTES_MAX,
        }
        self.weir = Weir(directory, configuration(name, inputs, lokis, spool=spool))
        self.weir.write_config()
        self.sender = Sender(name, rate_per_s, self.weir.port("udp"), self.weir.port("tcp"))
        self.lives = [None]  # by number; there is no life 0
        self.dropped_before = kernel_dropped()
        self.began_ns = time.time_ns()
        self.paused = False

    def close(self):
        self.resume()
        self.sender.stop()
        self.weir.kill()

    # --- lives ---

    def go_through(self, kills):
        self.sender.start()
        for n, kill in enumerate(kills):
            # One Loki stands still for a while, so that there is a backlog on disk. What both must
            # have had before it happens is not asked for meanwhile.
            if n % 25 == 5:
                self.pause()
            if n % 25 == 9 or kill.point.startswith("segment_unlink"):
                self.resume()
            self.live(kill)
        self.resume()

    def live(self, kill):
        started_at = self.spawn(kill)
        ready_at = died_at = NEVER
        if kill.point == "while starting":
            time.sleep(kill.amount)
        elif self.becomes_ready():
            ready_at = time.monotonic()
            self.sender.life = len(self.lives)
            self.look()
            if not kill.named:
                time.sleep(kill.amount)
        if kill.named:
            died_at = self.dies_at(kill)
        else:
            self.weir.must_run()
            died_at = time.monotonic()  # before the kill: what is sent until it comes is younger
            self.weir.kill()
        self.sender.life = 0
        self.lives.append(Life(kill, started_at, ready_at, died_at))

    def spawn(self, kill):
        self.weir.command[0] = str(self.binary_for(kill))
        self.weir.environment.pop("WEIR_CRASH_AT", None)
        if kill is not None and kill.named:
            self.weir.environment["WEIR_CRASH_AT"] = f"{kill.point}:{kill.amount}"
        started_at = time.monotonic()
        self.weir.spawn()
        return started_at

    def becomes_ready(self):
        """False if it died first."""
        deadline = time.monotonic() + 15 * self.patience
        while self.weir.running:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if client.get(f"{self.weir.admin}/-/ready")[0] == 200:
                    return True
            assert time.monotonic() < deadline, f"not ready:\n{self.weir.tail()}"
            time.sleep(0.005)
        return False

    def look(self):
        """What it says of itself right after the start, unless it is dead already."""
        try:
            status = self.weir.status()
        except (OSError, RuntimeError, http.client.HTTPException):
            return
        assert status["spool"]["healthy"], status["spool"]
        for endpoint in status["endpoints"]:
            assert endpoint["balances"] and not endpoint["dropped"], endpoint

    def dies_at(self, kill):
        """By its own words, at the point and the hit that were asked for."""
        what = f"{kill.point}:{kill.amount}"
        try:
            status = self.weir.child.wait(POINT_TIMEOUT_S * self.patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{what} was never reached:\n{self.weir.tail()}") from None
        assert status == -signal.SIGKILL, f"{what}: exit status {status}:\n{self.weir.tail()}"
        words = LAST_WORDS.findall(self.weir.text())
        assert words and f"{words[-1][0]}:{words[-1][1]}" == what, f"{what}, but {words[-1:]}"
        return float(words[-1][2])

    def pause(self):
        self.lokis[-1].signal(signal.SIGSTOP)
        self.paused = True

    def resume(self):
        if self.paused and self.lokis[-1].running:
            self.lokis[-1].signal(signal.SIGCONT)
        self.paused = False

    # --- the end ---

    def finish(self):
        """A last life delivers what is left. Returns what was found, having checked all but that
        nothing is missing."""
        started_at = self.spawn(None)
        assert self.becomes_ready(), f"dead:\n{self.weir.tail()}"
        self.lives.append(Life(None, started_at, time.monotonic(), NEVER))
        self.sender.stop()
        status = eventually(self.all_delivered, 60 * self.patience, "all delivered")
        eventually(self.directory_is_clean, 10 * self.patience, "no file is left over")
        self.weir.drained()
        entries = [self.entries(loki) for loki in self.lokis]
        self.check_entries(entries)
        self.check_ledger(status, entries)
        return self.judge(entries)

    def all_delivered(self):
        status = self.weir.status()
        done = at_rest(status) and status["spool"]["unwritten_batches"] == 0
        assert done, (status["spool"], status["endpoints"])
        return status

    def directory_is_clean(self):
        found = {path.name for path in self.spool.iterdir()}
        of_meta = {"lock", *(f"meta.db{suffix}" for suffix in ("", "-wal", "-shm"))}
        segments = {name for name in found - of_meta if re.fullmatch(r"logs-\d+-\d+\.db", name)}
        of_segments = {f"{name}{suffix}" for name in segments for suffix in ("", "-wal", "-shm")}
        assert len(segments) <= 1 and not found - of_meta - of_segments, sorted(found)
        return True

    def entries(self, loki):
        """Line -> entry, of all that this Loki has."""
        found = {}
        begin, end = self.began_ns - 5 * 10**9, time.time_ns() + 5 * 10**9
        for start in range(begin, end, SLICE_S * 10**9):
            stop = min(start + SLICE_S * 10**9, end)
            for entry in loki.entries(expect.selector(self.name), 120, start, stop):
                assert entry.line not in found, f"{loki.name} has twice: {entry.line}"
                found[entry.line] = entry
        return found

    def check_entries(self, entries):
        sent = {self.sender.line(number) for number in range(len(self.sender.sent_at))}
        for loki, found in zip(self.lokis, entries):
            strange = found.keys() - sent
            assert not strange, f"{loki.name} has {len(strange)} lines that nobody sent"
        first = entries[0]
        for line, entry in ((line, e) for found in entries[1:] for line, e in found.items()):
            same = first.get(line, entry)
            assert (same.nanos, same.metadata) == (entry.nanos, entry.metadata), (same, entry)

    def check_ledger(self, status, entries):
        """What was appended is what was on disk at some time; all of it was delivered. A line that
        was delivered from memory just before a kill is at Loki and in no account."""
        appended = {endpoint["appended"] for endpoint in status["endpoints"]}
        assert len(appended) == 1, status["endpoints"]
        (appended,) = appended
        # The intake's account is as durable as the batches that it counts.
        accepted = sum(listener["accepted"] for listener in status["listeners"])
        assert accepted == appended, (accepted, appended, status["listeners"])
        assert status["spool"]["healthy"], status["spool"]
        young = {self.sender.line(n) for n, age, allowed in self.ages() if not age > allowed}
        for loki, found in zip(self.lokis, entries):
            endpoint = named(status["endpoints"], loki.name)
            assert endpoint["balances"] and endpoint["queued"] == 0, endpoint
            assert not endpoint["dropped"] and not endpoint["dead_lettered"], endpoint
            assert endpoint["delivered"] == appended, endpoint
            unaccounted = len(found) - appended
            assert 0 <= unaccounted <= len(young & found.keys()), (unaccounted, endpoint)

    def ages(self):
        """(number, seconds from its sending to the kill, seconds allowed) of every line; an age of
        -1 is that of a line of no life."""
        late = [0.0] * len(self.lives)
        for number, life in enumerate(self.lives[1:], 1):
            if life.died_at != NEVER:
                late[number] = self.sender.late_within(life.died_at - 2, life.died_at)
        for number, (sent_at, of) in enumerate(zip(self.sender.sent_at, self.sender.lives)):
            # A life that had ended when the line went out asks for nothing either.
            age = self.lives[of].died_at - sent_at if of else -1
            yield number, max(age, -1), WINDOW_S * self.patience + late[of]

    def judge(self, entries):
        required, missing, overdue, oldest = 0, 0, [], 0.0
        for number, age, allowed in self.ages():
            required += age > WINDOW_S
            line = self.sender.line(number)
            if age < 0 or all(line in found for found in entries):
                continue
            oldest = max(oldest, age)
            missing += age > WINDOW_S
            if age > allowed:
                overdue.append((age, allowed, line))
        killed = [life for life in self.lives[1:] if life.kill is not None]
        starts = [life.ready_at - life.started_at for life in self.lives[1:]]
        return Found(
            kills=Counter(life.kill.point for life in killed),
            sent=len(self.sender.sent_at),
            required=required,
            missing=missing,
            overdue=overdue,
            oldest_missing_s=oldest,
            late_s=self.sender.late_within(0, NEVER),
            folded=sum(taken(loki) - len(found) for loki, found in zip(self.lokis, entries)),
            start_max_s=max((start for start in starts if start != NEVER), default=0.0),
            kernel_dropped=kernel_dropped() - self.dropped_before,
        )


def taken(loki):
    """Lines that were pushed to it, as it counts them."""
    text = client.get(f"{loki.base}/metrics")[1]
    series = re.findall(r"^loki_distributor_lines_received_total\S* (\S+)$", text, re.MULTILINE)
    return round(sum(map(float, series)))
