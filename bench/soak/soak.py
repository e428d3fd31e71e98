"""The long runs that do not belong in continuous integration. They drive the real binaries.

    soak.py mixed|flood|flood-spool|forged|spread|isolation|telemetry-sessions|crash|all
            [--seconds N] [--kills N] [--no-write]

`./dev soak` builds what this needs and runs it. Everything happens in a network namespace that goes
when this ends. The exit status is 1 if something did not hold.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import arena  # noqa: E402
import crash  # noqa: E402
import flood  # noqa: E402
import flood_spool  # noqa: E402
import forged  # noqa: E402
import isolation  # noqa: E402
import mixed  # noqa: E402
import results  # noqa: E402
import spread  # noqa: E402
import telemetry_sessions  # noqa: E402

ALL = (mixed, flood, flood_spool, forged, spread, isolation, telemetry_sessions, crash)
SOAKS = {soak.NAME: soak for soak in ALL}


def read_options(arguments):
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("what", choices=(*SOAKS, "all"))
    parser.add_argument("--seconds", type=int, help="shorter than usual, to try it out")
    parser.add_argument("--kills", type=int, help="of crash, which is not counted in seconds")
    parser.add_argument("--no-write", action="store_true", help="leave bench/RESULTS.md alone")
    return parser.parse_args(arguments)


def one(soak, options):
    """Whether all of it held."""
    by_kills = soak is crash
    asked = options.kills if by_kills else options.seconds
    amount = asked or (soak.KILLS if by_kills else soak.SECONDS)
    print(f"soak {soak.NAME}, {amount} {'kills' if by_kills else 's'}", flush=True)
    checks = arena.Checks()
    with (
        tempfile.TemporaryDirectory(prefix=f"weir-soak-{soak.NAME}-") as directory,
        arena.Arena(directory) as place,
    ):
        parts = soak.run(place, amount, checks)
    if checks.rows:
        parts.append(results.checks_table(checks))
    print("\n\n".join(parts))
    if not options.no_write:
        shorter = f" --{'kills' if by_kills else 'seconds'} {asked}" if asked else ""
        results.write(soak.NAME, soak.TITLE, f"./dev soak {soak.NAME}{shorter}", parts)
    if checks.failed:
        print(f"soak {soak.NAME}: did not hold: {'; '.join(checks.failed)}")
    return not checks.failed


def main(arguments):
    options = read_options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    chosen = SOAKS.values() if options.what == "all" else [SOAKS[options.what]]
    arena.own_network()
    held = [one(soak, options) for soak in chosen]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
