"""Telemetry through weir into a real Mimir, and what Mimir has of it in the end: outages, kills and
limits. Every sample that weir's account calls delivered is read back."""

import json
import os
import signal
import subprocess

import pytest

from harness.ledger import named, total
from harness.process import eventually
from harness.weir import BINARY, PATIENCE, listener

DEVICES = 3


def mdt_listener():
    return {**listener("mdt", "tcp"), "protocol": "mdt"}


def send(weir, rounds=1, seed=1, shape="xr", devices=DEVICES):
    """Telemetry of devices that do not exist; how many messages it was."""
    command = [str(BINARY), "send", "mdt", "--to", f"127.0.0.1:{weir.port('mdt')}"]
    command += ["--devices", str(devices), "--shape", shape, "--interfaces", "10"]
    command += ["--seed", str(seed), "--messages", str(devices * rounds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def endpoint(weir, name):
    return named(weir.status()["endpoints"], name)


def ended(weir, name, timeout_s=60):
    """The endpoint once everything that was received is appended and has ended there."""

    def probe():
        status = weir.status()
        held = sum(item["held"] for item in status["listeners"])
        found = named(status["endpoints"], name)
        waiting = status["telemetry"]["samples_waiting"] if status["telemetry"] else 0
        return found if held + waiting + found["queued"] == 0 and found["appended"] > 0 else None

    return eventually(probe, timeout_s * PATIENCE, f"nothing queued for {name}")


def assert_account(found):
    parts = found["delivered"] + total(found["dropped"]) + total(found["dead_lettered"])
    assert found["appended"] == parts + found["queued"], found
    assert found["balances"], found


def of_run(cluster):
    return f'{{run="{cluster}"}}'


def stored(mimir, cluster, count, timeout_s=20):
    """Waits until Mimir has that many samples of this test; a sample more is a failure too."""
    found = eventually(
        lambda: mimir.count(of_run(cluster)) >= count and mimir.count(of_run(cluster)),
        timeout_s * PATIENCE,
        f"{count} samples in {mimir.name}, has {mimir.count(of_run(cluster))}",
    )
    assert found == count


def stale_markers(weir):
    return weir.status()["telemetry"]["stale_markers"]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_samples_arrive(start_weir, mimir, cluster, version):
    weir = start_weir(
        [mdt_listener()], mimirs=[mimir], mimir_settings={"remote_write": version}
    )
    for shape in ("xr", "nxos-dme", "openconfig"):
        send(weir, rounds=3, shape=shape)
    found = ended(weir, "mimir")
    assert_account(found)
    assert found["kind"] == "mimir" and found["state"] == "ok" and found["last_error"] is None
    assert found["delivered"] == found["appended"] and not total(found["dropped"])
    stored(mimir, cluster, found["delivered"] - stale_markers(weir))
    # Each with its type and, where a model has one, its unit and what it is.
    families = {sample.labels["__name__"] for sample in mimir.now(of_run(cluster))}
    described = [name for name in families if mimir.metadata(name)]
    assert len(families) > 20 and len(described) > len(families) / 2, (families, described)
    metrics = weir.metrics()
    assert metrics['weir_endpoint_delivered_records_total{endpoint="mimir"}'] == found["delivered"]


def test_what_a_real_mimir_answers(mimir):
    """The sink alone, against it: tests/sinks/mimir_live_test.cc."""
    program = BINARY.parent / "tests" / "weir_sinks_test"
    done = subprocess.run(
        [str(program), "--gtest_filter=*MimirLive*"],
        env={**os.environ, "WEIR_TEST_MIMIR_URL": mimir.push_url},
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "[  PASSED  ] 8 tests." in done.stdout, done.stdout[-4000:]


def test_one_of_two_is_down(start_weir, start_mimir, cluster):
    near, far = start_mimir("near"), start_mimir("far")
    far.kill()
    weir = start_weir([mdt_listener()], mimirs=[near, far])
    send(weir, rounds=4)
    # The living one has everything while the dead one fails.
    found = ended(weir, "near", 15)
    assert found["delivered"] == found["appended"]
    waiting = endpoint(weir, "far")
    assert waiting["queued"] == waiting["appended"] and waiting["state"] == "retry", waiting
    far.start()
    send(weir, rounds=2, seed=2)
    for mimir in (near, far):
        found = ended(weir, mimir.name)
        assert_account(found)
        # A series' samples in order: none was refused for a later one.
        assert found["delivered"] == found["appended"], found
        stored(mimir, cluster, found["delivered"] - stale_markers(weir))


def test_both_are_killed(start_weir, start_mimir, cluster, tmp_path):
    """weir while Mimir is away, Mimir while weir delivers: every sample that weir accepted arrives."""
    mimir = start_mimir("mimir")
    spool = {"directory": str(tmp_path / "spool"), "free_bytes_min": "0B"}
    weir = start_weir([mdt_listener()], mimirs=[mimir], spool=spool)
    send(weir, rounds=2)
    first = ended(weir, "mimir")["delivered"]
    markers = stale_markers(weir)
    mimir.kill()
    send(weir, rounds=3, seed=2)

    def on_disk():
        status = weir.status()
        accepted = status["telemetry"]["samples_waiting"] == 0
        return accepted and status["metrics_spool"]["unwritten_batches"] == 0 and status

    before = eventually(on_disk, 10 * PATIENCE, "everything on disk")
    markers += before["telemetry"]["stale_markers"] - markers
    appended = named(before["endpoints"], "mimir")["appended"]
    assert appended > first
    weir.kill()
    weir.start()
    assert endpoint(weir, "mimir")["queued"] >= appended - first
    mimir.start()
    found = ended(weir, "mimir")
    assert_account(found)
    assert found["delivered"] == found["appended"] >= appended, found
    markers += stale_markers(weir)
    stored(mimir, cluster, found["delivered"] - markers)
    for moment in range(3):
        send(weir, rounds=2, seed=3 + moment)
        os.kill(mimir.child.pid, signal.SIGKILL)
        mimir.child.wait()
        mimir.start()
    found = ended(weir, "mimir")
    assert_account(found)
    assert found["delivered"] == found["appended"], found
    stored(mimir, cluster, found["delivered"] - markers - stale_markers(weir))


def test_series_limit(start_weir, start_mimir, cluster):
    """Mimir has as many series as it may, and weir says how many samples that cost."""
    mimir = start_mimir("mimir", limits={"max_global_series_per_user": 100})
    weir = start_weir([mdt_listener()], mimirs=[mimir])
    send(weir, rounds=3)
    found = ended(weir, "mimir", 60)
    assert_account(found)
    assert set(found["dropped"]) == {"series_limit"} and found["state"] == "ok", found
    assert "err-mimir-max-series-per-user" in found["last_error"]
    assert "endpoint_error mimir:" in weir.text()
    have = mimir.count(of_run(cluster))
    # Where many are refused the account may say too many, never too few.
    assert 0 < found["delivered"] <= have
    # With room again the same series pass.
    mimir.set_limits()
    eventually(lambda: passes(weir, found), 30 * PATIENCE, "series pass again")


def passes(weir, before):
    weir.reload()  # otherwise what was refused is not asked about for a minute
    send(weir, rounds=1, seed=9)
    now = ended(weir, "mimir")
    more = total(now["dropped"]) - total(before["dropped"])
    before.update(now)
    return more == 0


def test_rate_limit(start_weir, start_mimir, cluster):
    """429 loses nothing: it waits, and keeps to the rate that Mimir named."""
    mimir = start_mimir("mimir", limits={"ingestion_rate": 2000, "ingestion_burst_size": 2000})
    weir = start_weir([mdt_listener()], mimirs=[mimir])
    send(weir, rounds=4)
    eventually(lambda: endpoint(weir, "mimir")["retries"], 20 * PATIENCE, "a 429")
    found = ended(weir, "mimir", 90)
    assert_account(found)
    assert found["delivered"] == found["appended"], found
    assert found["requests"]["429"] > 0
    stored(mimir, cluster, found["delivered"] - stale_markers(weir))


def names(weir):
    return [item["name"] for item in weir.status()["endpoints"] if item["kind"] == "mimir"]


def test_reload_adds_removes_and_moves(start_weir, start_mimir, cluster):
    first, second = start_mimir("first"), start_mimir("second")
    weir = start_weir([mdt_listener()], mimirs=[first])
    send(weir, rounds=2)
    had = ended(weir, "first")["delivered"] - stale_markers(weir)
    weir.config["mimir"].append({"name": "second", "url": second.push_url})
    weir.reload()
    eventually(lambda: names(weir) == ["first", "second"], 10 * PATIENCE, "second is there")
    send(weir, rounds=2, seed=2)
    both = ended(weir, "second")
    assert both["delivered"] == both["appended"] > 0
    assert second.count(of_run(cluster)) > 0
    weir.config["mimir"] = [{"name": "second", "url": first.push_url}]
    weir.reload()
    eventually(lambda: names(weir) == ["second"], 10 * PATIENCE, "first is gone")
    send(weir, rounds=1, seed=3)
    ended(weir, "second")
    assert first.count(of_run(cluster)) > had
