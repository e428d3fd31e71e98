"""A child process with a log file, a bounded life and no orphans; waiting with a limit."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def eventually(probe, timeout_s, what):
    """What `probe` returns once that is true; fails with what it returned or raised last."""
    deadline = time.monotonic() + timeout_s
    pause = 0.02
    while True:
        try:
            last = probe()
            if last:
                return last
        except (OSError, AssertionError, KeyError, ValueError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}; last: {last!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)


# Below the range that the kernel gives outgoing connections, so that none takes a port between
# its choice and its use.
PORT_FIRST, PORT_LAST = 20000, 32000
next_port = PORT_FIRST + os.getpid() % (PORT_LAST - PORT_FIRST)


def free_port():
    """A port that is free for TCP and UDP on IPv4 and IPv6."""
    global next_port
    for _ in range(PORT_LAST - PORT_FIRST):
        port = next_port
        next_port = port + 1 if port < PORT_LAST else PORT_FIRST
        if port_is_free(port):
            return port
    raise AssertionError("no free port")


def port_is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET6, kind) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            try:
                probe.bind(("::", port))
            except OSError:
                return False
    return True


class Process:
    """Resource. Standard output and error go to `log`, which start() appends to."""

    def __init__(self, name, command, log: Path, environment=None, directory=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = Path(log)
        self.environment = {**os.environ, **(environment or {})}
        self.working_directory = directory
        self.child = None

    def spawn(self):
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.working_directory,
                preexec_fn=die_with_parent,
            )
        return self

    @property
    def running(self):
        return self.child is not None and self.child.poll() is None

    def must_run(self):
        if not self.running:
            raise RuntimeError(f"{self.name} ended with {self.exit_status}:\n{self.tail()}")

    @property
    def exit_status(self):
        return self.child.returncode if self.child else None

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, timeout_s=20):
        """SIGTERM, then the exit status; fails when that takes too long."""
        if self.running:
            self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end on SIGTERM:\n{self.tail()}") from None

    def kill(self):
        if self.running:
            self.child.kill()
        if self.child:
            self.child.wait(20)

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines=40):
        return "\n".join(self.text().splitlines()[-lines:])
