"""util-linux's logger, every way it can send: each line at Loki once, with its fields."""

import re

import pytest
from harness import expect
from harness.senders import logger
from harness.weir import listener

COUNT = 40
MATRIX = {
    "udp_rfc3164": ["--udp", "--rfc3164"],
    "udp_rfc5424": ["--udp", "--rfc5424"],
    "udp_rfc5424_bare": ["--udp", "--rfc5424=notime,notq,nohost"],
    "tcp_rfc3164": ["--tcp", "--rfc3164"],
    "tcp_rfc5424": ["--tcp", "--rfc5424"],
    "tcp_rfc3164_octets": ["--tcp", "--rfc3164", "--octet-count"],
    "tcp_rfc5424_octets": ["--tcp", "--rfc5424", "--octet-count"],
}


@pytest.mark.parametrize("case", MATRIX)
def test_logger(case, start_weir, loki, cluster):
    options = MATRIX[case]
    weir = start_weir([listener("in", options[0].strip("-"))], [loki])
    messages = [f'line {n:03d} of {case}: ünïcode \\ "quoted" [x]' for n in range(COUNT)]
    who = ["--priority", "local3.warning", "--tag", "e2etag", "--id=4711"]
    logger(messages, weir.port("in"), *who, *options)

    status = weir.settled(COUNT)
    entries = loki.entries(expect.selector(cluster))
    expect.exactly([re.sub(r"^<156>.*?(?=line \d)", "", entry.line) for entry in entries], messages)
    for entry in entries:
        assert entry.labels["dc"] == "none"
        expect.metadata_is(
            entry,
            facility="local3",
            severity="warning",
            app_name="e2etag",
            proc_id="4711",
            source_ip="127.0.0.1",
            listener="in",
        )
        assert ("hostname" in entry.metadata) == ("nohost" not in options[1]), entry
    assert status["endpoints"][0]["delivered"] == COUNT


def test_structured_data_and_msg_id(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki])
    data = ["--sd-id", "zoo@32473", "--sd-param", 'tiger="hungry"', "--sd-param", 'zebra="no"']
    logger(["with data"], weir.port("in"), "--udp", "--rfc5424", "--msgid", "ID47", *data)
    weir.settled(1)
    (entry,) = loki.entries(expect.selector(cluster))
    expect.metadata_is(entry, msg_id="ID47")
    assert 'zoo@32473 tiger="hungry" zebra="no"' in entry.line
