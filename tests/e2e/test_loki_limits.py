"""A Loki with small limits: its partial refusals cost exactly the lines they name."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from harness import expect
from harness.gateway import Gateway
from harness.ledger import named, total
from harness.process import eventually
from harness.senders import send_tcp, send_udp
from harness.weir import PATIENCE, listener

LINE_MAX = 1024
BLOCKED_UNTIL = "2099-01-01T00:00:00Z"


def line(number, length=100):
    head = f"<13>1 - limits e2e - - - line {number:04d} "
    return head + "x" * (length - len(head))


def test_long_lines_among_good_ones(start_weir, start_loki, cluster):
    """400 for some entries: Loki has stored the others, weir must neither resend nor lose them."""
    loki = start_loki("loki", {"max_line_size": LINE_MAX})
    weir = start_weir([listener("in", "tcp")], [loki])
    sent = [line(n, 3000 if n % 50 == 7 else 100) for n in range(500)]
    good = [text for text in sent if len(text) <= LINE_MAX]
    send_tcp(sent, weir.port("in"))
    status = weir.settled(len(sent))
    endpoint = named(status["endpoints"], loki.name)
    found = loki.lines(expect.selector(cluster))
    expect.exactly([text for text in found if len(text) == 100], good)
    # The long ones arrive shortened, or are named in the ledger; nothing else is.
    shortened = [text for text in found if len(text) != 100]
    lost = total(endpoint["dropped"]) + total(endpoint["dead_lettered"])
    assert len(shortened) + lost == len(sent) - len(good), endpoint
    assert endpoint["delivered"] == len(found), endpoint
    starts = {text[:36] for text in sent if len(text) > LINE_MAX}
    assert {text[:36] for text in shortened} <= starts


def test_rate_limit_is_waited_out(start_weir, start_loki, cluster):
    """429: Loki has stored nothing of the request, and all of it gets there in the end."""
    slow = {"ingestion_rate_mb": 0.2, "ingestion_burst_size_mb": 0.2}
    loki = start_loki("loki", slow)
    logs = {"line_bytes_max": "32KiB", "batch": {"age_max": "200ms", "bytes_max": "64KiB"}}
    weir = start_weir([listener("in", "udp")], [loki], logs=logs)
    sent = [line(n, 700) for n in range(1200)]
    send_udp(sent, weir.port("in"))
    status = weir.settled(len(sent), timeout_s=45)
    endpoint = named(status["endpoints"], loki.name)
    assert endpoint["requests"].get("429", 0) > 0, "the limit was never met"
    expect.delivered(status, loki, cluster, sent)


def test_request_larger_than_the_burst_is_split(start_weir, start_loki, cluster):
    """A batch that can never pass the burst limit in one piece must not block for ever."""
    small = {"ingestion_rate_mb": 2, "ingestion_burst_size_mb": 0.3}
    loki = start_loki("loki", small)
    batch = {"age_max": "2s", "bytes_max": "1MiB"}
    weir = start_weir([listener("in", "tcp")], [loki], logs={"batch": batch})
    sent = [line(n, 700) for n in range(1000)]
    send_tcp(sent, weir.port("in"))
    status = weir.settled(len(sent), timeout_s=45)
    expect.delivered(status, loki, cluster, sent)


def test_burst_smaller_than_any_batch(start_weir, start_loki, cluster):
    """A tenant may have a burst below what is split at once: that is found out with patience."""
    small = {"ingestion_rate_mb": 2, "ingestion_burst_size_mb": 0.1}
    loki = start_loki("loki", small)
    weir = start_weir([listener("in", "tcp")], [loki], logs={"batch": {"bytes_max": "256KiB"}})
    sent = [line(n, 700) for n in range(300)]
    send_tcp(sent, weir.port("in"))
    expect.delivered(weir.settled(len(sent), timeout_s=60), loki, cluster, sent)


def by_source(*values):
    """A label of its own for each of 127.0.0.11, .12, ..."""
    return [
        {"sources": [f"127.0.0.{11 + number}/32"], "labels": {"input": value}}
        for number, value in enumerate(values)
    ]


def test_one_stream_over_its_rate(start_weir, start_loki, cluster):
    """429 for one stream: the others are there at once, and the rest of it later."""
    limits = {"per_stream_rate_limit": "20KB", "per_stream_rate_limit_burst": "60KB"}
    loki = start_loki("loki", limits)
    batch = {"age_max": "200ms", "bytes_max": "64KiB"}
    weir = start_weir(
        [listener("in", "tcp")],
        [loki],
        logs={"line_bytes_max": "32KiB", "batch": batch},
        classification=by_source("hot"),
    )
    hot = [line(n, 500) for n in range(200)]
    send_tcp(hot, weir.port("in"), source="127.0.0.11")
    eventually(lambda: endpoint_of(weir, loki)["retries"], 10 * PATIENCE, "limited")
    cold = [line(n, 110) for n in range(20)]
    send_tcp(cold, weir.port("in"))
    eventually(
        lambda: len([text for text in loki.lines(expect.selector(cluster)) if len(text) == 110])
        == len(cold),
        4 * PATIENCE,
        "the other stream unaffected",
    )
    status = weir.settled(len(hot) + len(cold), timeout_s=90)
    assert endpoint_of(weir, loki)["retries"].get("stream_rate_limited", 0) > 0
    expect.delivered(status, loki, cluster, hot + cold)


def test_more_streams_than_allowed(start_weir, start_loki, cluster):
    """429 for new streams: known ones go on, and the new ones are not lost."""
    loki = start_loki("loki", {"max_global_streams_per_user": 2})
    names = ("one", "two", "three")
    weir = start_weir([listener("in", "tcp")], [loki], classification=by_source(*names))
    sent = []
    for number, name in enumerate(names):
        sent += [f"<13>1 - {name} e2e - - - {name} {n:04d}" for n in range(50)]
        send_tcp(sent[-50:], weir.port("in"), source=f"127.0.0.{11 + number}")
        weir.received(len(sent))
        wanted = min(len(sent), 100)
        eventually(
            lambda: endpoint_of(weir, loki)["delivered"] == wanted, 10 * PATIENCE, f"{wanted}"
        )
    state = eventually(
        lambda: endpoint_of(weir, loki) if endpoint_of(weir, loki)["slow_records"] == 50 else None,
        10 * PATIENCE,
        "the third waits",
    )
    assert state["retries"].get("stream_limit", 0) > 0, state
    more = [f"<13>1 - one e2e - - - more {n:04d}" for n in range(50)]
    send_tcp(more, weir.port("in"), source="127.0.0.11")
    eventually(lambda: endpoint_of(weir, loki)["delivered"] == 150, 10 * PATIENCE, "known goes on")
    # The third gets in when there is room, at the latest when weir ends.
    loki.restart()
    weir.drained()
    expect.exactly(loki.lines(expect.selector(cluster)), sent + more)


def endpoint_of(weir, loki):
    return named(weir.status()["endpoints"], loki.name)


def device_line(minutes_from_now, text):
    """RFC 5424 with a time of the device's own; sent with `timestamp: device` it is Loki's."""
    at = datetime.now(timezone.utc) + timedelta(minutes=minutes_from_now)
    return f"<13>1 {at.isoformat(timespec='milliseconds')} limits e2e - - - {text}"


DEVICE_TIME = {
    "timestamp": "device",
    "timestamp_skew_max": "1d",
    "batch": {"age_max": "500ms"},
}


def test_times_outside_what_loki_takes(start_weir, start_loki, cluster):
    """400 too old and too new: these entries get the receive time, the others are not resent."""
    limits = {"reject_old_samples_max_age": "10m", "creation_grace_period": "1m"}
    loki = start_loki("loki", limits)
    weir = start_weir([listener("in", "tcp")], [loki], logs=DEVICE_TIME)
    good = [device_line(0, f"good {n}") for n in range(20)]
    old = [device_line(-30, f"old {n}") for n in range(5)]
    new = [device_line(5, f"new {n}") for n in range(5)]
    send_tcp(good[:10] + old + new + good[10:], weir.port("in"))
    entries = expect.delivered(weir.settled(30), loki, cluster, good + old + new)
    for entry in entries:
        is_good = entry.line in good
        assert ("orig_ts" in entry.metadata) != is_good, entry
        assert abs(entry.nanos - time.time_ns()) < 60 * 10**9, entry
    repaired = endpoint_of(weir, loki)["repaired"]
    assert repaired == {"timestamp_too_old": 5, "timestamp_too_new": 5}, repaired


def test_behind_the_window(start_weir, start_loki, cluster):
    """400 too far behind: half of max_chunk_age behind the stream's newest goes to `replay`."""
    loki = start_loki("loki", ingester={"max_chunk_age": "10m"})
    weir = start_weir([listener("in", "tcp")], [loki], logs=DEVICE_TIME)
    live = [device_line(0, f"live {n}") for n in range(20)]
    send_tcp(live, weir.port("in"))
    weir.settled(20)
    behind = [device_line(-20, f"behind {n}") for n in range(10)]
    send_tcp(behind[:5] + [device_line(0, "live 20")] + behind[5:], weir.port("in"))
    status = weir.settled(31)
    entries = loki.entries(expect.selector(cluster))
    assert named(status["endpoints"], loki.name)["delivered"] == 31
    replayed = [entry.line for entry in entries if "replay" in entry.labels]
    expect.exactly(replayed, behind)
    assert len(entries) == 31


def with_a_stream_at_fault(start_weir, loki):
    """A weir whose batches are of two streams, one of them with a label that is too long."""
    return start_weir(
        [listener("in", "tcp")],
        [loki],
        logs={"batch": {"age_max": "1s"}},
        classification=by_source("x" * 100),
        ingest_threads=1,
    )


def test_labels_that_loki_refuses(start_weir, start_loki, cluster):
    """400 for one stream's labels: its records are dead letters, those of other streams arrive."""
    loki = start_loki("loki", {"max_label_value_length": 60})
    weir = with_a_stream_at_fault(start_weir, loki)
    good, bad = [line(n) for n in range(50)], [line(n) for n in range(50, 60)]
    send_tcp(bad, weir.port("in"), source="127.0.0.11")
    send_tcp(good, weir.port("in"))
    status = weir.settled(60)
    endpoint = named(status["endpoints"], loki.name)
    refused = total(endpoint["dead_lettered"]) + total(endpoint["dropped"])
    names = {*endpoint["dead_lettered"], *endpoint["dropped"]}
    assert (endpoint["delivered"], refused) == (50, 10), endpoint
    assert names == {"label_value_too_long"}, endpoint
    expect.exactly(loki.lines(expect.selector(cluster)), good)


@pytest.mark.parametrize(
    "limits",
    [
        {"allow_structured_metadata": False},
        {"max_structured_metadata_size": "40B"},
        {"max_structured_metadata_entries_count": 2},
    ],
    ids=["disallowed", "too_large", "too_many"],
)
def test_metadata_that_loki_refuses(start_weir, start_loki, cluster, limits):
    """400 for structured metadata: it moves into the line, and no line is lost or doubled."""
    loki = start_loki("loki", limits)
    weir = start_weir([listener("in", "tcp")], [loki])
    sent = [line(n) for n in range(40)]
    send_tcp(sent[:20], weir.port("in"))
    weir.settled(20)
    send_tcp(sent[20:], weir.port("in"))
    status = weir.settled(40)
    assert named(status["endpoints"], loki.name)["delivered"] == 40
    found = loki.lines(expect.selector(cluster))
    expect.exactly([text[: len(sent[0])] for text in found], sent)
    assert all('hostname="limits"' in text for text in found), found[0]
    # Learnt from the first refusal: later batches are folded before they are sent.
    assert named(status["endpoints"], loki.name)["requests"]["400"] <= 2, status


def test_batch_larger_than_lokis_grpc(start_weir, start_loki, cluster):
    """500 for a request over 4 MiB inside Loki: it is split, not repeated for ever."""
    grpc = {"grpc_server_max_recv_msg_size": 4 * 1024 * 1024}
    loki = start_loki("loki", server=grpc)
    batch = {"age_max": "3s", "bytes_max": "16MiB"}
    limits = {"message_bytes_max": "256KiB"}
    weir = start_weir([listener("in", "tcp", limits=limits)], [loki], logs={"batch": batch})
    sent = [line(n, 100_000) for n in range(100)]
    send_tcp(sent, weir.port("in"))
    status = weir.settled(len(sent), timeout_s=60)
    endpoint = named(status["endpoints"], loki.name)
    assert endpoint["requests"].get("500", 0) > 0, "the limit was never met"
    assert endpoint["delivered"] == len(sent), endpoint
    assert loki.count(expect.selector(cluster)) == len(sent)


@pytest.mark.parametrize("status_code", [260, 299, 400, 503])
def test_ingestion_blocked(start_weir, start_loki, cluster, status_code):
    """A block is no success, whatever its status, and nothing sent meanwhile is lost."""
    block = {"block_ingestion_until": BLOCKED_UNTIL, "block_ingestion_status_code": status_code}
    # A stream with a fault of its own hides the block from the answer.
    loki = start_loki("loki", {**block, "max_label_value_length": 60})
    weir = with_a_stream_at_fault(start_weir, loki)
    sent = [line(n) for n in range(60)]
    send_tcp(sent[50:], weir.port("in"), source="127.0.0.11")
    send_tcp(sent[:50], weir.port("in"))
    weir.received(60)
    state = eventually(
        lambda: endpoint_of(weir, loki) if endpoint_of(weir, loki)["state"] == "hold" else None,
        20 * PATIENCE,
        "held",
    )
    assert (state["state_reason"], state["delivered"]) == ("blocked", 0), state
    loki.restart({"max_label_value_length": 60})
    weir.reload()  # probes at once
    status = weir.settled(60)
    assert named(status["endpoints"], loki.name)["delivered"] == 50
    expect.exactly(loki.lines(expect.selector(cluster)), sent[:50])


def test_credentials_that_rotate(start_weir, loki, cluster, tmp_path):
    """401 from a gateway: everything waits, the secret file changes, everything arrives once."""
    secret = tmp_path / "token"
    secret.write_text("spring")
    with Gateway(loki.base, "spring") as gateway:
        endpoint = {
            "name": "guarded",
            "url": gateway.push_url,
            "bearer_token_file": str(secret),
            "hold_probe_interval": "1s",
        }
        weir = start_weir([listener("in", "tcp")], loki=[endpoint])
        sent = [line(n) for n in range(300)]
        send_tcp(sent[:100], weir.port("in"))
        weir.settled(100)
        gateway.token = "summer"
        send_tcp(sent[100:200], weir.port("in"))
        weir.received(200)
        held = eventually(
            lambda: weir.status()["endpoints"][0]["state"] == "hold" and weir.status(),
            10 * PATIENCE,
            "held",
        )["endpoints"][0]
        assert (held["state_reason"], held["delivered"]) == ("unauthorised", 100), held
        assert "401 Authorization Required" in held["last_error"]
        send_tcp(sent[200:], weir.port("in"))
        weir.received(300)
        secret.write_text("summer")
        status = weir.settled(300)
        assert named(status["endpoints"], "guarded")["delivered"] == 300
        assert gateway.refused > 0
        expect.exactly(loki.lines(expect.selector(cluster)), sent)
