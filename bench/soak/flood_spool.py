"""The same flood with a spool, smaller than the flood: memory stays under the sum of the limits, and the
oldest that had to go are counted."""

import flood

NAME, TITLE, SECONDS = "flood-spool", "Soak: a flood with every endpoint dead and a spool", 300

SPOOL_BYTES_MAX = "512MiB"


def run(place, seconds, checks):
    spool = {"directory": str(place.directory / "spool"), "bytes_max": SPOOL_BYTES_MAX}
    return flood.run(place, seconds, checks, spool)
