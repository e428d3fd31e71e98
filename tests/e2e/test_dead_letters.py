"""Dead letters: what Loki refuses for good is listed with its words, and delivered later by replay."""

import json
import re
import subprocess
import time

from harness import expect
from harness.ledger import named, total
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import BINARY, PATIENCE, listener

COUNT = 200
LABEL_VALUE_MAX = 90
# A long word at the beginning of a message becomes a label, and Loki takes no value of that length.
LABEL_OF_WORD = [
    {
        "name": "word",
        "action": "set_label",
        "target": "word",
        "value": "\\1",
        "match": {"msg": "^(x+\\d)"},
    }
]
STRICT = {"max_label_value_length": LABEL_VALUE_MAX}


def line(number, phase, bad):
    word = f"{'x' * LABEL_VALUE_MAX}{number % 3} " if bad else ""
    return f"<13>1 - host{number % 5} e2e - - - {word}{phase} {number:04d}"


def lines(phase, bad_every=4):
    return [line(n, phase, n % bad_every == 0) for n in range(COUNT)]


def is_bad(text):
    return "x" * LABEL_VALUE_MAX in text


def dead_letters(weir, *arguments):
    return subprocess.run(
        [BINARY, "dead-letters", *arguments],
        cwd=weir.directory,
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )


def listed(weir):
    told = dead_letters(weir, "list", "--json", "--config", weir.file)
    assert told.returncode == 0, told
    return [json.loads(letter) for letter in told.stdout.splitlines()]


def raise_limit(loki):
    config = loki.directory / "loki.yaml"
    settings = json.loads(config.read_text())
    settings["limits_config"]["max_label_value_length"] = 2048
    config.write_text(json.dumps(settings))
    # In order: a Loki that is killed may lose what it had taken.
    loki.stop(30)
    loki.start()


def test_refused_lines_are_listed_and_replayed(start_weir, start_loki, cluster):
    loki = start_loki("loki", STRICT)
    weir = start_weir([listener("in", "udp")], [loki], rules=LABEL_OF_WORD)
    sent = lines("once")
    bad = [text for text in sent if is_bad(text)]
    send_udp(sent, weir.port("in"))
    status = weir.settled(COUNT)
    endpoint = named(status["endpoints"], "loki")
    assert endpoint["dead_lettered"] == {"label_value_too_long": len(bad)}, endpoint
    assert status["dead_letters"]["letters"] == len(bad), status["dead_letters"]
    expect.exactly(loki.lines(expect.selector(cluster)), [t for t in sent if not is_bad(t)])
    letters = listed(weir)
    expect.exactly([letter["line"] for letter in letters], bad)
    assert all("has label value too long" in letter["answer"] for letter in letters), letters[0]
    name = 'weir_dead_letters{endpoint="loki",reason="label_value_too_long"}'
    assert weir.metrics()[name] == len(bad)

    shown = dead_letters(weir, "show", str(letters[0]["id"]), "--file", weir.dead_letters)
    assert f"line       {letters[0]['line']}\n" in shown.stdout, shown
    table = dead_letters(weir, "list", "--config", weir.file).stdout
    assert f"loki: {len(bad)} label_value_too_long\n" in table, table

    # As long as nothing has changed they are refused again, and stay.
    again = dead_letters(weir, "replay", "--config", weir.file)
    assert again.returncode == 1, again
    assert f"0 delivered, {len(bad)} refused again (label_value_too_long={len(bad)})" in (
        again.stdout
    ), again
    assert [letter["id"] for letter in listed(weir)] == [letter["id"] for letter in letters]

    raise_limit(loki)
    replayed = dead_letters(weir, "replay", "--config", weir.file)
    assert replayed.returncode == 0, replayed
    assert f"loki: {len(bad)} delivered, 0 refused again" in replayed.stdout, replayed
    assert listed(weir) == []
    status = weir.status()["dead_letters"]
    assert status["letters"] == 0 and status["healthy"], status
    expect.exactly(loki.lines(expect.selector(cluster)), sent)


def test_killed_in_between_there_is_one_letter_for_each_line(
    start_weir, start_loki, cluster, tmp_path
):
    loki = start_loki("loki", STRICT)
    spool = {"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"}
    weir = start_weir([listener("in", "udp")], [loki], rules=LABEL_OF_WORD, spool=spool)
    sent = []
    for life in range(8):
        burst = lines(f"life{life}", bad_every=2)
        sent += burst
        send_udp(burst, weir.port("in"))
        weir.received(COUNT)
        # On disk, and perhaps just refused: the account of it follows within 50 ms.
        time.sleep((0.3 + life * 0.005) * PATIENCE)
        weir.kill()
        weir.start()

    def all_ended():
        endpoint = named(weir.status()["endpoints"], "loki")
        return endpoint["balances"] and not endpoint["queued"]

    eventually(all_ended, 60 * PATIENCE, "all ended")
    bad = [text for text in sent if is_bad(text)]
    endpoint = named(weir.status()["endpoints"], "loki")
    assert total(endpoint["dead_lettered"]) == len(bad), endpoint
    expect.exactly([letter["line"] for letter in listed(weir)], bad)
    raise_limit(loki)
    # The same while no weir runs.
    weir.kill()
    replayed = dead_letters(weir, "replay", "--config", weir.file)
    assert replayed.returncode == 0, replayed
    assert listed(weir) == []
    expect.exactly(loki.lines(expect.selector(cluster)), sent)
    weir.start()


def test_letters_of_an_endpoint_that_is_away_stay(start_weir, start_loki, cluster):
    loki = start_loki("loki", STRICT)
    weir = start_weir([listener("in", "udp")], [loki], rules=LABEL_OF_WORD)
    sent = lines("once", bad_every=1)
    send_udp(sent, weir.port("in"))
    weir.settled(COUNT)
    loki.kill()
    away = dead_letters(weir, "replay", "--config", weir.file, "--timeout", "2")
    assert away.returncode == 1, away
    assert f"0 delivered, 0 refused again, {COUNT} not tried or not answered; retry" in (
        away.stdout
    ), away
    assert len(listed(weir)) == COUNT
    assert dead_letters(weir, "purge", "--config", weir.file).returncode == 2
    purged = dead_letters(weir, "purge", "--config", weir.file, "--endpoint", "loki")
    assert re.match(rf"{COUNT} letters removed\n", purged.stdout), purged
    assert listed(weir) == []
