"""Where a soak takes place: a network of its own, weir, a sink, senders, and what is watched."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ["WEIR_PRESET"] = "bench"
sys.path[:0] = [str(ROOT / "bench" / "peers"), str(ROOT / "tests" / "e2e")]

import measure  # noqa: E402
from harness import http, ledger  # noqa: E402
from harness.network import CLONE_NEWNET  # noqa: E402
from harness.process import LIBC, Process, die_with_parent, eventually, free_port  # noqa: E402
from harness.weir import Weir  # noqa: E402

BUILD = ROOT / "build" / "bench"
MIB = 2**20
NUMBERS_EACH = 200_000  # of one known device; bench/peers/device_tally.h has the same
FORGED_FIRST = 100_000_000  # numbers of lines that are not of known devices begin here
# Far more than the default: while the kernel drops, what weir refuses cannot be told apart from it.
AMPLE_BUFFER = "128MiB"
ADMIN_TIMEOUT_S = 20  # the machine may be busy


def own_network():
    """Moves this process, and so all its children, into a network that has only a loopback."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise SystemExit("soak: a network namespace cannot be made; this needs root")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def udp_counts():
    """What the kernel counted in this network, both families: in (read by somebody), dropped."""
    counts = {}
    lines = Path("/proc/self/net/snmp").read_text().splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Udp: "))
    for name, value in zip(names, values):
        counts[name] = counts.get(name, 0) + int(value)
    for line in Path("/proc/self/net/snmp6").read_text().splitlines():
        if line.startswith("Udp6"):
            name, value = line.removeprefix("Udp6").split()
            counts[name] = counts.get(name, 0) + int(value)
    return counts["InDatagrams"], counts["RcvbufErrors"] + counts["MemErrors"]


def rss_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmRSS of {pid}")


def listener(name, transport, host="127.0.0.1", **more):
    address = f"{host}:{free_port()}"
    return {"name": name, "protocol": "syslog", "transport": transport, "address": address, **more}


def configuration(listeners, urls, **more):
    return {
        "admin": {"address": f"127.0.0.1:{free_port()}"},
        "ingest_threads": 2,
        "listeners": listeners,
        "loki": [
            {"name": f"loki{n}", "url": url, "backoff_min": "100ms", "backoff_max": "1s"}
            for n, url in enumerate(urls)
        ],
        **more,
    }


class Sink(measure.Sink):
    def __init__(self, directory, devices_below=0):
        super().__init__(directory)
        self.command += ["--devices-below", str(devices_below)]
        self.url = f"http://127.0.0.1:{self.port}/loki/api/v1/push"

    def get(self, what):
        return http.get_json(f"http://127.0.0.1:{self.control}/{what}", ADMIN_TIMEOUT_S)

    def stats(self):
        return self.get("stats")

    def within(self, first, last):
        return self.get(f"within?{first},{last}")["distinct"]

    def missing(self, first, last):
        return self.get(f"missing?{first},{last}")


class Subject(Weir):
    """weir, as the soaks run it. A busy machine may make it slow to answer."""

    def status(self):
        self.must_run()
        return http.get_json(f"{self.admin}/api/v1/status", ADMIN_TIMEOUT_S)

    @property
    def pid(self):
        return self.child.pid

    def series(self):
        return len(self.metrics())

    def quiet(self, timeout_s):
        """The status once nothing is held, nothing queued and nothing comes in any more."""
        last = None

        def probe():
            nonlocal last
            status = self.status()
            received = ledger.received(status)
            still, last = received == last, received
            return status if still and ledger.at_rest(status) else None

        return eventually(probe, timeout_s, "nothing held and nothing queued")


class Tool:
    """Resource: a program that sends, and says what it has sent in one line of JSON at its end."""

    def __init__(self, *command):
        self.command = [str(part) for part in command]
        self.child = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent
        )

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.result(60)

    def result(self, timeout_s):
        said = self.child.communicate(timeout=timeout_s)[0]
        if self.child.returncode != 0:
            raise RuntimeError(f"{self.command[0]} ended with {self.child.returncode}: {said}")
        return json.loads(said)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait(20)


def forger(port, **options):
    """Datagrams from forged addresses; the options are those of forger.cc."""
    parts = [f"--{name}={value}" for name, value in options.items()]
    return Tool(BUILD / "bench" / "soak_forger", f"--port={port}", *parts)


class Sampler(threading.Thread):
    """Resident memory of a process, once a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.samples = []  # bytes
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(1):
            with contextlib.suppress(OSError, AssertionError):
                self.samples.append(rss_bytes(self.pid))

    def stop(self):
        self.ended.set()
        self.join()
        return self.samples


class DropWatch(threading.Thread):
    """When the kernel dropped datagrams of this network, to a tenth of a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.dropping = []  # (from, to), monotonic seconds
        self.ended = threading.Event()

    def run(self):
        last, looked_at = udp_counts()[1], time.monotonic()
        while not self.ended.wait(0.1):
            dropped, now = udp_counts()[1], time.monotonic()
            if dropped != last:
                self.dropping.append((looked_at, now))
            last, looked_at = dropped, now

    def stop(self):
        self.ended.set()
        self.join()

    def dropped_at(self, moment):
        """Whether the kernel may have dropped a datagram of that moment."""
        return any(begin - 0.01 <= moment <= end for begin, end in self.dropping)


class Checks:
    """What must hold, and whether it did."""

    def __init__(self):
        self.rows = []  # (what, whether, the figures)

    def add(self, what, held, figures=""):
        self.rows.append((what, bool(held), str(figures)))
        print(f"{'ok    ' if held else 'FAILED'} {what}: {figures}", flush=True)

    @property
    def failed(self):
        return [what for what, held, _ in self.rows if not held]

    def balances(self, status):
        """Both balances of the ledger, added up here from the status."""
        for one in status["listeners"]:
            total = ledger.intake_sum(one)
            held = one["received"] == total and one["balances"]
            figures = f"received {one['received']}, ended {total}"
            self.add(f"intake of {one['name']} balances", held, figures)
        accepted = sum(one["accepted"] for one in status["listeners"])
        for one in status["endpoints"]:
            total = ledger.delivery_sum(one)
            held = accepted == one["appended"] == total and one["balances"]
            figures = f"accepted {accepted}, appended {one['appended']}, ended or queued {total}"
            self.add(f"delivery to {one['name']} balances", held, figures)

    def nothing_lost(self, what, sink, devices, listener, drops):
        """Whether weir lost no line of these devices. Returns the moments of what is missing."""
        sent = sum(device.sent for device in devices)
        lacking = [
            device.sent_at[number - device.numbers[0]]
            for device in devices
            for number in sink.missing(device.numbers[0], device.numbers[0] + device.sent)
        ]
        # A datagram is dropped by the kernel when it is sent, or never. What is missing from a
        # moment without drops is weir's doing.
        weirs = [moment for moment in lacking if not drops.dropped_at(moment)]
        refused = ledger.total(listener["rejected"]) + ledger.total(listener["dropped"])
        figures = f"sent {sent}, missing {len(lacking)}, of these {len(weirs)} sent while the kernel"
        figures += " dropped nothing; of everybody's the kernel dropped"
        figures += f" {listener['kernel_dropped']} and weir refused {refused}"
        # While weir refuses anything, what is missing from the other moments may be its doing too.
        held = not lacking or (not weirs and refused == 0)
        self.add(what, held, figures)
        return lacking

    def memory(self, samples, budget):
        peak = max(samples)
        figures = f"peak {peak / MIB:.1f} MiB, budget {budget / MIB:.1f} MiB"
        self.add("resident memory within the budget", peak <= budget, figures)


class Arena:
    """Resource: the directory and the processes of one soak, ended in reverse order."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def own(self, process):
        """Ends it with the soak."""
        self.stack.callback(process.kill)
        return process

    def sink(self, devices_below=0):
        return self.own(Sink(self.directory, devices_below)).start()

    def weir(self, config, name="weir"):
        subject = self.own(Subject(self.directory, config, name))
        return subject.start()

    def watch(self, subject):
        sampler = Sampler(subject.pid)
        sampler.start()
        self.stack.callback(sampler.stop)
        return sampler

    def silent_port(self):
        """A port that takes connections and never answers."""
        server = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        return server.getsockname()[1]


def sleep_until(moment):
    time.sleep(max(0, moment - time.monotonic()))
