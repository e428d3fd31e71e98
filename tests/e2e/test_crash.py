"""Killed at every named point and at random moments, under load: at least once, once in a query.

The same for a thousand kills: ./dev soak crash.
"""

import os
import subprocess
from random import Random

import pytest

from harness import crashes
from harness.weir import BINARY, PATIENCE

RATE_PER_S = 1000
KILLS, RUNS = 50, 2
SEED = 11

pytestmark = pytest.mark.skipif(
    os.environ.get("WEIR_PRESET") in ("release", "bench"), reason="what ships has no crash points"
)


def of_run(run):
    return crashes.plan(Random(SEED), KILLS)[run::RUNS]


def test_a_point_that_is_not_there_is_refused(tmp_path):
    """And this harness knows every one that is."""
    environment = {**os.environ, "WEIR_CRASH_AT": "comit_after:1"}
    refused = subprocess.run(
        [BINARY, "run"], env=environment, capture_output=True, text=True, timeout=20
    )
    assert refused.returncode == 2, refused
    said = 'WEIR_CRASH_AT: there is no crash point "comit_after"; there are '
    assert said in refused.stderr, refused
    assert refused.stderr.strip().split("there are ")[1].split(", ") == list(crashes.POINTS)


def test_every_point_is_hit_twice_and_the_hits_differ():
    kills = crashes.plan(Random(SEED), KILLS)
    assert len(kills) == KILLS
    for point in crashes.POINTS:
        hits = [kill.amount for kill in kills if kill.point == point]
        assert len(set(hits)) >= 2, (point, hits)


@pytest.mark.timeout(300 * PATIENCE)
@pytest.mark.parametrize("number", range(RUNS))
def test_what_was_received_is_delivered_once(number, start_loki, cluster, tmp_path):
    lokis = [start_loki("near"), start_loki("far")]
    run = crashes.Run(tmp_path, cluster, lokis, RATE_PER_S, lambda _: BINARY, PATIENCE)
    try:
        run.go_through(of_run(number))
        found = run.finish()
    finally:
        run.close()
    print(found.text())
    assert found.required > found.sent / 3, found.text()
    assert not found.overdue, f"{found.overdue[:3]}; {found.text()}"
    assert found.start_max_s < crashes.START_MAX_S * PATIENCE, found.text()
