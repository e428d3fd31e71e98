"""Two Lokis, one killed and started again: the other notices nothing, and in the end both have
every line once."""

from harness import expect
from harness.ledger import at_rest, named
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import PATIENCE, listener

COUNT = 500


def lines(phase):
    return [f"<13>1 - host{n % 5} e2e - - - {phase} {n:04d}" for n in range(COUNT)]


def delivered_everywhere(weir, name, count):
    return named(weir.status()["endpoints"], name)["delivered"] >= count


def test_one_of_two_killed(start_weir, start_loki, cluster):
    near, far = start_loki("near"), start_loki("far")
    weir = start_weir([listener("in", "udp")], [near, far])
    port = weir.port("in")

    send_udp(lines("before"), port)
    weir.settled(COUNT)
    far.kill()
    send_udp(lines("meanwhile"), port)
    # Batch age is 0.2 s: the living endpoint is as fast as ever while the dead one fails.
    eventually(
        lambda: delivered_everywhere(weir, "near", 2 * COUNT), 5 * PATIENCE, "near unaffected"
    )
    status = weir.status()
    waiting = named(status["endpoints"], "far")
    assert waiting["queued"] == COUNT and waiting["delivered"] == COUNT, waiting
    assert waiting["state"] != "ok" and waiting["last_error"], waiting
    assert named(status["endpoints"], "near")["state"] == "ok"
    expect.exactly(near.lines(expect.selector(cluster)), lines("before") + lines("meanwhile"))

    far.start()
    send_udp(lines("after"), port)
    everything = lines("before") + lines("meanwhile") + lines("after")
    status = weir.settled(3 * COUNT)
    for loki in (near, far):
        expect.delivered(status, loki, cluster, everything)
        assert named(status["endpoints"], loki.name)["state"] == "ok"


def test_killed_under_load(start_weir, start_loki, cluster):
    """Pushes of unknown outcome are repeated byte for byte, so Loki keeps one copy."""
    loki = start_loki("loki")
    weir = start_weir([listener("in", "udp")], [loki])
    sent = []
    for phase in range(8):
        send_udp(lines(f"phase{phase}"), weir.port("in"))
        sent += lines(f"phase{phase}")
        if phase == 3:
            loki.kill()
        if phase == 5:
            loki.start()
    status = weir.settled(len(sent))
    expect.delivered(status, loki, cluster, sent)


def test_nobody_there_at_first(start_weir, start_loki, cluster):
    """Readiness does not wait for an endpoint, and nothing is lost while there is none."""
    loki = start_loki("loki")
    loki.kill()
    weir = start_weir([listener("in", "udp")], [loki])
    send_udp(lines("early"), weir.port("in"))
    weir.received(COUNT)
    assert not at_rest(weir.status())
    loki.start()
    expect.delivered(weir.settled(COUNT), loki, cluster, lines("early"))
