"""Hosts of our own in network namespaces: weir and its Lokis on one, a sender on each other.

Nothing of it touches the machine's own network: even the addresses that weir listens on are inside.
"""

import contextlib
import os
import subprocess

from .process import LIBC

CLONE_NEWNET = 0x40000000


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)


def why_not():
    """Why namespaces cannot be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"weir-probe-{os.getpid()}"
    try:
        ip("netns", "add", probe)
        ip("netns", "del", probe)
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", b"") or b""
        return f"network namespaces cannot be made: {detail.decode().strip() or error}"
    return None


class Network:
    """Resource. A hub, and hosts that are wired to it, each with addresses of both families."""

    def __init__(self):
        self.prefix = f"weir{os.getpid()}"
        self.names = []
        self.hub = self.add("hub")

    def add(self, name):
        full = f"{self.prefix}-{name}"
        ip("netns", "add", full)
        self.names.append(full)
        ip("-n", full, "link", "set", "lo", "up")
        return full

    def add_host(self, name, host_addresses, hub_addresses):
        """Wires a new namespace to the hub. Addresses are with prefix length."""
        host = self.add(name)
        ends = (f"h{len(self.names)}", f"u{len(self.names)}")
        ip("-n", host, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        ip("-n", host, "link", "set", ends[1], "netns", self.hub)
        for namespace, device, addresses in (
            (host, ends[0], host_addresses),
            (self.hub, ends[1], hub_addresses),
        ):
            for address in addresses:
                # nodad: an IPv6 address is otherwise unusable for a second.
                extra = ["nodad"] if ":" in address else []
                ip("-n", namespace, "address", "add", address, "dev", device, *extra)
            ip("-n", namespace, "link", "set", device, "up")
        return host

    def close(self):
        for name in reversed(self.names):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                ip("netns", "del", name)


@contextlib.contextmanager
def inside(namespace):
    """What this thread opens or starts meanwhile is in the namespace; it stays there afterwards."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(
        f"/run/netns/{namespace}", "rb"
    ) as there:
        enter(there)
        try:
            yield
        finally:
            enter(home)


def enter(handle):
    if LIBC.setns(handle.fileno(), CLONE_NEWNET) != 0:
        raise OSError(f"setns failed for {handle.name}")
