"""The wall clock steps an hour forward and back while lines wait in the spool."""

import time
from collections import Counter
from pathlib import Path

import pytest

from harness import expect
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import PATIENCE, PRESET, listener

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
HOUR_S = 3600
COUNT = 200
# Batch age, and what the spool may take on top of it.
DURABLE_S = 0.2 + 0.1


class Clock:
    """What a process started with `environment` takes for the time of day."""

    def __init__(self, directory):
        self.file = directory / "clock"
        self.step(0)
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds):
        replacement = self.file.with_suffix(".next")
        replacement.write_text(f"{seconds:+d}s\n")
        replacement.rename(self.file)


def lines(phase):
    return [f"<13>1 - host{n % 5} e2e - - - {phase} {n:04d}" for n in range(COUNT)]


@pytest.mark.skipif(PRESET in ("asan", "tsan"), reason="sanitizers want to be loaded first")
def test_an_hour_forward_and_back(start_weir, start_loki, cluster, tmp_path):
    assert LIBRARY, "libfaketime is not installed"
    clock = Clock(tmp_path)
    loki = start_loki("loki")
    spool = {"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"}
    weir = start_weir(
        [listener("in", "udp")], [loki], environment=clock.environment, spool=spool
    )
    loki.kill()
    sent = []
    steps = [("true", 0), ("ahead", HOUR_S), ("back", 0), ("behind", -HOUR_S), ("again", 0)]
    for phase, offset in steps:
        clock.step(offset)
        send_udp(lines(phase), weir.port("in"))
        sent += lines(phase)
        weir.received(COUNT)
        said = weir.status()["now"]
        assert abs(time.time() + offset - to_seconds(said)) < 60, f"the clock did not step: {said}"
        # What it leaves in the spool, the next one finds at the true time.
        time.sleep(DURABLE_S * PATIENCE)
        weir.kill()
        clock.step(0)
        weir.start()
    loki.start()

    def delivered():
        (endpoint,) = weir.status()["endpoints"]
        assert endpoint["balances"], endpoint
        return endpoint["queued"] == 0

    eventually(delivered, 60 * PATIENCE, "all delivered")
    (endpoint,) = weir.status()["endpoints"]
    assert endpoint["delivered"] == len(sent), endpoint
    now, span = time.time_ns(), 3 * HOUR_S * 10**9
    entries = loki.entries(expect.selector(cluster), start_ns=now - span, end_ns=now + span)
    assert Counter(entry.line for entry in entries) == Counter(sent)
    # Lines of the hour to come were refused as too new, and clamped with their own time kept.
    ahead = [entry for entry in entries if " ahead " in entry.line]
    assert all(entry.nanos < now + 600 * 10**9 for entry in ahead)
    assert all("orig_ts" in entry.metadata for entry in ahead), ahead[0]
    # Within a phase the order is that of sending.
    for phase, _ in steps:
        found = [entry.line for entry in entries if f" {phase} " in entry.line]
        assert found == lines(phase), phase


def to_seconds(rfc3339):
    parsed = time.strptime(rfc3339[:19], "%Y-%m-%dT%H:%M:%S")
    return time.mktime(parsed) - time.timezone
