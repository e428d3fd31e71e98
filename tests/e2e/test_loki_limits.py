"""A Loki with small limits: its partial refusals cost exactly the lines they name."""

from harness import expect
from harness.ledger import named, total
from harness.senders import send_tcp, send_udp
from harness.weir import listener

LINE_MAX = 1024


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
