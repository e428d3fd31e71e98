"""Fetches or builds the peers of the end-to-end tests. What cannot be had is said here and leads to
skipped tests, or to failed ones under WEIR_E2E=required."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import peers  # noqa: E402


def main():
    for name in peers.PEERS:
        try:
            peers.prepare(name)
        except peers.Unavailable as error:
            print(f"without {name}: {error}", flush=True)


if __name__ == "__main__":
    main()
