"""syslog-ng's loggen at a rate: none lost, none twice, on one number in weir and at Loki."""

import os
import re
import subprocess

import pytest
from harness import expect, peers
from harness.weir import PRESET, listener

RATE = 400 if PRESET in ("asan", "tsan") else 2000
COUNT = RATE * 2
# name -> (transport, connections, options); rate and count are each connection's.
CASES = {
    "udp": ("udp", 1, ["--inet", "--dgram"]),
    "tcp": ("tcp", 1, ["--inet", "--stream"]),
    "tcp_syslog_proto": ("tcp", 1, ["--inet", "--stream", "--syslog-proto"]),
    "tls_syslog_proto": ("tls", 1, ["--use-ssl", "--syslog-proto"]),
    "tcp_four_connections": ("tcp", 4, ["--inet", "--stream", "--syslog-proto"]),
}


def loggen(root, port, options):
    """Runs it to its end. (The count that it prints is an earlier reading of its own counter.)"""
    environment = {
        **os.environ,
        "SYSLOGNG_PREFIX": str(root / "usr"),
        "LD_LIBRARY_PATH": peers.library_path(root, "usr/lib/syslog-ng"),
    }
    command = [str(root / "usr/bin/loggen"), *options, "--rate", str(RATE)]
    command += ["--interval", "40", "--number", str(COUNT), "--size", "256"]
    command += ["127.0.0.1", str(port)]
    subprocess.run(command, env=environment, capture_output=True, timeout=50, check=True)


@pytest.mark.parametrize("case", CASES)
def test_loggen(case, start_weir, loki, cluster, loggen_root, certificates):
    transport, connections, options = CASES[case]
    tls = {"tls": certificates.server_settings(mutual=False)} if transport == "tls" else {}
    weir = start_weir([listener("in", transport, **tls)], [loki])
    loggen(loggen_root, weir.port("in"), [*options, f"--active-connections={connections}"])
    sent = COUNT * connections

    status = weir.settled(sent)
    assert status["listeners"][0].get("kernel_dropped", 0) == 0
    assert status["endpoints"][0]["delivered"] == sent
    entries = loki.entries(expect.selector(cluster))
    # Sequence numbers are each connection's own.
    marks = [re.search(r"seq: (\d+), thread: (\d+)", entry.line).groups() for entry in entries]
    assert len(marks) == len(set(marks)) == sent
    assert {entry.metadata["severity"] for entry in entries} == {"informational"}
