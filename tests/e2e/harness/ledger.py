"""The two balances of weir's ledger, added up again here from the status it publishes."""


def total(reasons):
    return sum(reasons.values())


def intake_sum(listener):
    parts = total(listener["rejected"]) + total(listener["dropped"])
    return parts + listener["merged"] + listener["held"] + listener["accepted"]


def delivery_sum(endpoint):
    ended = endpoint["delivered"] + total(endpoint["dropped"]) + total(endpoint["dead_lettered"])
    return ended + endpoint["queued"]


def assert_balanced(status, received_before=0):
    """Both balances to the last frame, and weir's own opinion of them; at rest.

    `received_before` is what an earlier process of the same spool had received.
    """
    for listener in status["listeners"]:
        assert listener["received"] == intake_sum(listener), listener
        assert listener["balances"] is True and listener["imbalance"] == 0, listener
    # A frame of syslog is a record; telemetry becomes samples, any number of them.
    syslog = [listener for listener in status["listeners"] if listener["protocol"] == "syslog"]
    accepted = sum(listener["accepted"] for listener in syslog)
    accepted += status["canary"]["sent"]  # weir's own lines, which no listener received
    for endpoint in status["endpoints"]:
        assert endpoint["appended"] == delivery_sum(endpoint), endpoint
        assert endpoint["balances"] is True and endpoint["imbalance"] == 0, endpoint
        if endpoint["kind"] not in ("mimir", "exposition"):  # their records are samples
            assert endpoint["appended"] == accepted, (endpoint, accepted)
    # The same frames, counted by who read them.
    by_thread = sum(thread["received"] for thread in status["threads"])
    assert by_thread + received_before == received(status), status["threads"]


def at_rest(status):
    """Nothing held, nothing queued."""
    held = sum(listener["held"] for listener in status["listeners"])
    queued = sum(endpoint["queued"] for endpoint in status["endpoints"])
    return held == 0 and queued == 0


def received(status, name=None):
    chosen = [item for item in status["listeners"] if name in (None, item["name"])]
    assert chosen, f"no listener {name}"
    return sum(item["received"] for item in chosen)


def named(items, name):
    return next(item for item in items if item["name"] == name)
