"""The spool: what was received is delivered, whatever becomes of weir or of the endpoint meanwhile."""

import re
import socket
import subprocess
import threading
import time
from random import Random

from harness import expect
from harness.ledger import named
from harness.process import eventually
from harness.senders import send_udp
from harness.weir import BINARY, PATIENCE, listener

COUNT = 500
# The batch age of these tests, and what the spool may take on top of it.
DURABLE_S = 0.2 + 0.1


def lines(phase):
    return [f"<13>1 - host{n % 5} e2e - - - {phase} {n:04d}" for n in range(COUNT)]


def spooled(start_weir, lokis, tmp_path, **spool):
    directory = tmp_path / "spool"
    settings = {"directory": str(directory), "free_bytes_min": "0B", **spool}
    return start_weir([listener("in", "udp")], lokis, spool=settings)


def restart(weir):
    weir.kill()
    weir.start()


def nothing_queued(weir, appended):
    for endpoint in weir.status()["endpoints"]:
        assert endpoint["balances"], endpoint
        if endpoint["queued"] or endpoint["appended"] != appended:
            return False
    return True


def test_killed_with_nobody_to_deliver_to(start_weir, start_loki, cluster, tmp_path):
    loki = start_loki("loki")
    weir = spooled(start_weir, [loki], tmp_path)
    loki.kill()
    sent = []
    for life in range(4):
        send_udp(lines(f"life{life}"), weir.port("in"))
        sent += lines(f"life{life}")
        weir.received(COUNT)
        time.sleep(DURABLE_S * PATIENCE)
        restart(weir)
    endpoint = named(weir.status()["endpoints"], "loki")
    assert endpoint["appended"] == endpoint["queued"] == len(sent), endpoint
    loki.start()
    eventually(lambda: nothing_queued(weir, len(sent)), 30 * PATIENCE, "all delivered")
    expect.exactly(loki.lines(expect.selector(cluster)), sent)
    assert named(weir.status()["endpoints"], "loki")["delivered"] == len(sent)


def test_killed_again_and_again_while_delivering(start_weir, start_loki, cluster, tmp_path):
    """What an endpoint had just before the kill it gets again, and Loki folds it."""
    near, far = start_loki("near"), start_loki("far")
    weir = spooled(start_weir, [near, far], tmp_path)
    sent = []
    for life in range(6):
        if life == 2:
            far.kill()
        if life == 4:
            far.start()
        send_udp(lines(f"life{life}"), weir.port("in"))
        sent += lines(f"life{life}")
        weir.received(COUNT)
        time.sleep(DURABLE_S * PATIENCE)
        restart(weir)
    eventually(lambda: nothing_queued(weir, len(sent)), 60 * PATIENCE, "all delivered")
    for loki in (near, far):
        expect.exactly(loki.lines(expect.selector(cluster)), sent)


def test_an_orderly_end_loses_not_even_the_last_batch(start_weir, start_loki, cluster, tmp_path):
    loki = start_loki("loki")
    weir = spooled(start_weir, [loki], tmp_path)
    weir.config["drain_timeout"] = "1s"
    loki.kill()
    weir.stop(30 * PATIENCE)
    weir.start()
    send_udp(lines("last"), weir.port("in"))
    weir.received(COUNT)
    weir.drained()
    weir.start()
    endpoint = named(weir.status()["endpoints"], "loki")
    assert endpoint["queued"] == COUNT, endpoint
    loki.start()
    eventually(lambda: nothing_queued(weir, COUNT), 30 * PATIENCE, "all delivered")
    expect.exactly(loki.lines(expect.selector(cluster)), lines("last"))


def test_sigterm_under_load_with_an_endpoint_down(start_weir, start_loki, cluster, tmp_path):
    """What was received is in the spool, and nobody waits for the endpoint that is away."""
    near, far = start_loki("near"), start_loki("far")
    weir = spooled(start_weir, [near, far], tmp_path)
    weir.config["drain_timeout"] = "20s"
    weir.stop(30 * PATIENCE)
    weir.start()
    far.kill()
    port, ended = weir.port("in"), threading.Event()
    sender = threading.Thread(target=send_until, args=(ended, port), daemon=True)
    sender.start()
    eventually(
        lambda: named(weir.status()["endpoints"], "near")["delivered"] > COUNT,
        30 * PATIENCE,
        "under way",
    )
    began = time.monotonic()
    last = weir.drained()
    # Half of the drain's time at most is for a sender that never pauses, none for who is away.
    assert time.monotonic() - began < 15 * PATIENCE
    ended.set()
    sender.join()
    count = int(re.search(r"in: received=(\d+)", last).group(1))
    assert f"far: appended={count} delivered=0 dropped=0 dead_lettered=0 queued={count}" in last
    far.start()
    weir.start()
    eventually(lambda: nothing_queued(weir, count), 60 * PATIENCE, "all delivered")
    for loki in (near, far):
        assert loki.count(expect.selector(cluster)) == count


def send_until(ended, port):
    """About five thousand lines a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        number = 0
        while not ended.wait(0.01):
            for _ in range(50):
                number += 1
                sender.sendto(f"<13>1 - load e2e - - - {number:09d}".encode(), ("127.0.0.1", port))


def test_another_weir_delivers_what_one_left(start_weir, start_loki, cluster, tmp_path):
    loki = start_loki("loki")
    weir = spooled(start_weir, [loki], tmp_path)
    loki.kill()
    send_udp(lines("left"), weir.port("in"))
    weir.received(COUNT)
    time.sleep(DURABLE_S * PATIENCE)
    weir.kill()
    directory = str(tmp_path / "spool")
    told = subprocess.run(
        [BINARY, "spool", "status", directory], capture_output=True, text=True, check=True
    ).stdout
    assert f"loki: {COUNT} records queued of {COUNT} appended, 0 delivered" in told, told
    loki.start()
    drained = subprocess.run(
        [BINARY, "spool", "drain", directory, "--config", weir.file],
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )
    assert drained.returncode == 0, drained
    assert f"loki: 0 records left, {COUNT} delivered" in drained.stdout, drained
    expect.exactly(loki.lines(expect.selector(cluster)), lines("left"))


def on_disk(weir):
    """Whether weir says that all it received is."""
    status = weir.status()
    held = sum(listener["held"] for listener in status["listeners"])
    return held == 0 and status["spool"]["unwritten_batches"] == 0


def test_killed_fifty_times_at_random(start_weir, start_loki, cluster, tmp_path):
    """What weir said was on disk reaches both Lokis, and nothing is there twice.

    A Loki that is killed itself may lose what it had acknowledged and shown: what it held before
    counts.
    """
    random = Random(4)
    near, far = start_loki("near"), start_loki("far")
    weir = spooled(start_weir, [near, far], tmp_path)
    everything = expect.selector(cluster)
    safe, unsafe, shown, late = [], set(), set(), 0
    for life in range(50):
        burst = lines(f"life{life:02d}")[: random.randrange(1, COUNT)]
        send_udp(burst, weir.port("in"))
        weir.received(len(burst))
        pause_s = random.uniform(0, 2 * DURABLE_S)
        time.sleep(pause_s)
        if on_disk(weir):
            safe += burst
        else:
            unsafe |= set(burst)
            late += pause_s > DURABLE_S
        weir.kill()
        if random.random() < 0.1:
            if far.running:
                shown |= set(far.lines(everything))
                far.kill()
            else:
                far.start()
        weir.start()
    print(f"{late} of 50 lives had lines in memory longer than {DURABLE_S} s")
    if not far.running:
        far.start()

    def all_delivered():
        return all(e["balances"] and not e["queued"] for e in weir.status()["endpoints"])

    eventually(all_delivered, 60 * PATIENCE, "all delivered")
    assert len(safe) > COUNT, "hardly a line was on disk"
    for loki in (near, far):
        found = loki.lines(everything)
        assert sorted(set(found)) == sorted(found), "lines that came twice"
        reached = set(found) | (shown if loki is far else set())
        missing = sorted(set(safe) - reached)
        assert not missing, f"{loki.name} never had {len(missing)} lines, as {missing[:2]}"
        assert not reached - set(safe) - unsafe, "lines that nobody sent"
