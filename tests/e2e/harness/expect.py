"""What must be true of a run: every line at Loki once, and the ledger saying just that."""

from collections import Counter

from .ledger import named


def selector(run, **labels):
    pairs = ", ".join(f'{name}="{value}"' for name, value in {"run": run, **labels}.items())
    return "{" + pairs + "}"


def exactly(found, expected):
    """The same lines, each as often; says what is missing or too much, not all of it."""
    found, expected = Counter(found), Counter(expected)
    missing, surplus = expected - found, found - expected
    assert not missing and not surplus, (
        f"{missing.total()} missing, as {list(missing)[:3]}; "
        f"{surplus.total()} too many, as {list(surplus)[:3]}"
    )


def delivered(status, loki, run, expected):
    """weir says that all was delivered to this Loki, and this Loki has it, to the line."""
    endpoint = named(status["endpoints"], loki.name)
    assert endpoint["delivered"] == len(expected), endpoint
    entries = loki.entries(selector(run))
    exactly([entry.line for entry in entries], expected)
    return entries


def metadata_is(entry, **expected):
    found = {name: entry.metadata.get(name) for name in expected}
    assert found == expected, entry
