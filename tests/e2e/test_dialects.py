"""What a device's own numbers say: ISE's multi-part messages, Cisco's message counters."""

from harness import expect
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import PATIENCE, listener


def ise_part(message, parts, index, text):
    header = "<181>Nov 21 07:20:00 ise-node1 CISE_Passed_Authentications"
    return f"{header} {message:010d} {parts} {index} {text}"


def test_ise_parts_become_one_line(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki])
    head = "2026-11-21 07:20:00.123 +00:00 0000012345 5200 NOTICE Passed-Authentication: "
    sent = []
    for message in range(1, 11):
        texts = [head + f"ConfigVersionId={message},", " UserName=alice,", " Response={ok; }"]
        order = (0, 1, 2) if message % 2 else (2, 0, 1)
        sent += [ise_part(message, 3, index, texts[index]) for index in order]
    send_udp(sent, weir.port("in"))
    status = weir.settled(len(sent))
    (intake,) = status["listeners"]
    assert (intake["accepted"], intake["merged"]) == (10, 20), intake
    entries = loki.entries(expect.selector(cluster))
    assert len(entries) == 10
    for message in range(1, 11):
        (entry,) = [e for e in entries if f"ConfigVersionId={message}," in e.line]
        assert f"ConfigVersionId={message}, UserName=alice, Response={{ok; }}" in entry.line
        assert "merged_parts" in entry.metadata["defects"], entry


def test_incomplete_ise_message_is_let_go(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki], reassembly={"timeout": "1s"})
    send_udp([ise_part(7, 3, 0, "first,"), ise_part(7, 3, 2, "third,")], weir.port("in"))
    weir.settled(2)
    entries = loki.entries(expect.selector(cluster))
    assert any("parts_missing" in entry.metadata["defects"] for entry in entries), entries
    text = " ".join(entry.line for entry in entries)
    assert "first," in text and "third," in text


def cisco(counter, text="Interface Gi0/1, changed state to up"):
    return f"<189>{counter}: Nov 21 07:20:00.001 UTC: %LINK-3-UPDOWN: {text}"


def test_gap_in_a_cisco_counter_is_network_loss(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp")], [loki])
    counters = [*range(100, 120), *range(125, 140), *range(143, 150)]
    send_udp([cisco(counter) for counter in counters], weir.port("in"))
    weir.settled(len(counters))
    eventually(
        lambda: weir.status()["listeners"][0]["network_lost"] == 8, 5 * PATIENCE, "8 lost: 5 and 3"
    )
    entries = loki.entries(expect.selector(cluster))
    expect.exactly([entry.line for entry in entries], [cisco(counter) for counter in counters])
    wanted = {"mnemonic": "UPDOWN", "cisco_facility": "LINK"}
    for entry in entries:
        expect.metadata_is(entry, **wanted)


def test_nutanix_port(start_weir, loki, cluster):
    weir = start_weir([listener("in", "udp", dialect="nutanix")], [loki])
    line = (
        "<14>2026-11-21T07:20:00.123456+00:00 NTNX-17SM6-A-CVM aplos_engine: INFO intent done"
    )
    send_udp([line], weir.port("in"))
    weir.settled(1)
    (entry,) = loki.entries(expect.selector(cluster))
    assert entry.line == line
    expect.metadata_is(entry, hostname="NTNX-17SM6-A-CVM", app_name="aplos_engine")
