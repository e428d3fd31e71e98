"""Killed a thousand times, at named points and at random moments, under load: what was received
longer than the window before a kill is at every Loki, once.

The same as tests/e2e/test_crash.py, for longer. A spool and two real Lokis serve fifty kills each,
so that what is asked of a Loki stays small. A kill at a named point needs the dev build; at random
moments it is what ships that is killed, so both builds also take over what the other left.
"""

import shutil
import time
from collections import Counter
from random import Random

import arena
import results
from harness import crashes, peers
from harness.loki import Loki

NAME, TITLE, KILLS = "crash", "Soak: killed again and again", 1000

RATE_PER_S = 1000  # and twice as many in bursts, over time
KILLS_EACH = 50  # of one spool
SEED = 2611
# Beside what the sender's own thread was late: the machine may keep weir from a core meanwhile.
PATIENCE = 1

TESTED, SHIPPED = arena.ROOT / "build" / "dev" / "weir", arena.BUILD / "weir"


def binary_for(kill):
    return TESTED if kill is not None and kill.named else SHIPPED


def one_part(place, number, kills):
    """A spool and its Lokis, from the first kill to the last line."""
    directory = place.directory / f"part{number}"
    directory.mkdir()
    program = peers.find("loki") / "loki"
    lokis = [place.own(Loki(program, directory, name)).start() for name in ("near", "far")]
    name = f"crash-{number}"
    run = crashes.Run(directory, name, lokis, RATE_PER_S, binary_for, PATIENCE)
    try:
        run.go_through(kills)
        found = run.finish()
    finally:
        run.close()
        for loki in lokis:
            loki.kill()
    print(f"part {number}: {found.text()}", flush=True)
    shutil.rmtree(directory)
    return found


def run(place, kills, checks):
    plan = crashes.plan(Random(SEED), kills)
    parts = [plan[first : first + KILLS_EACH] for first in range(0, kills, KILLS_EACH)]
    began, found = time.monotonic(), []
    for number, part in enumerate(parts, 1):
        found.append(one_part(place, number, part))
    minutes = (time.monotonic() - began) / 60
    check(checks, plan, found)
    return report(found, minutes)


def check(checks, plan, found):
    killed = sum((part.kills for part in found), Counter())
    checks.add("every kill that was asked for came", killed.total() == len(plan), killed.total())
    least = min((killed[point], point) for point in crashes.POINTS)
    checks.add("every named point was hit", least[0] > 0, f"least often {least[1]}: {least[0]}")
    required, missing = (sum(getattr(p, what) for p in found) for what in ("required", "missing"))
    figures = f"{required} lines required, {missing} missing"
    oldest = max(part.oldest_missing_s for part in found)
    checks.add("no line older than the window is missing at a Loki", missing == 0, figures)
    overdue = [line for part in found for line in part.overdue]
    figures = f"{len(overdue)} {overdue[:2] or ''}"
    checks.add("nor one that the machine's lateness does not explain", not overdue, figures)
    checks.add(
        "the oldest missing line is within the window",
        oldest <= crashes.WINDOW_S,
        f"{oldest * 1000:.0f} ms of {crashes.WINDOW_S * 1000:.0f} ms",
    )
    slowest = max(part.start_max_s for part in found)
    figures = f"{slowest * 1000:.0f} ms at most"
    checks.add("every start was quick", slowest < crashes.START_MAX_S, figures)
    # Each would have ended the run.
    checks.add("no line was there twice, or was never sent; both balances held at the end", True)
    checks.add("no segment file was left over", True)


def report(found, minutes):
    killed = sum((part.kills for part in found), Counter())
    rows = [
        (point, killed[point], "dev" if point in crashes.HITS else "release")
        for point in sorted(killed, key=lambda point: (point not in crashes.HITS, point))
    ]
    sent = sum(part.sent for part in found)
    required = sum(part.required for part in found)
    oldest = max(part.oldest_missing_s for part in found)
    sentence = (
        f"{killed.total()} kills in {minutes:.1f} minutes, over {len(found)} spools, each with two"
        " Lokis;"
        f" {RATE_PER_S} lines a second, a fifth over TCP, and every {crashes.Sender.BURST_EVERY_S}"
        f" seconds {crashes.Sender.BURST} at once; one Loki stands still for 4 kills of 25."
        f" Of {sent} lines {required} had been sent more than {crashes.WINDOW_S * 1000:.0f} ms"
        f" before their kill and are required; {sum(part.missing for part in found)} of these are"
        f" missing. The oldest line that is missing was sent {oldest * 1000:.0f} ms before its"
        f" kill. Lokis folded {sum(part.folded for part in found)} lines that they got again. The"
        f" kernel dropped {sum(part.kernel_dropped for part in found)} datagrams."
    )
    return [sentence, results.table(["Killed", "Times", "Build"], rows)]
