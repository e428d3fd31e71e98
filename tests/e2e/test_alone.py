"""weir without any Loki: the embedded default, the command line, and leaving in order."""

import json
import os
import socket
import subprocess
from socket import AF_INET6, SOCK_DGRAM, SOCK_STREAM

import pytest
from harness import http, ledger
from harness.process import Process, eventually, free_port, port_is_free
from harness.senders import frame, logger, send_tcp, send_udp
from harness.weir import BINARY, PATIENCE, ROOT, Weir, configuration, listener

COUNT = 200


def lines(count=COUNT):
    return [f"<13>1 - alone e2e - - - alone {number:04d}" for number in range(count)]


def stored(directory):
    """Objects of all NDJSON files below."""
    found = []
    for path in sorted(directory.rglob("*.ndjson")):
        found += [json.loads(text) for text in path.read_text().splitlines()]
    return found


def file_config(cluster, directory, inputs, **more):
    config = configuration(cluster, inputs, [], file={"directory": str(directory)}, **more)
    del config["loki"]
    return config


@pytest.fixture
def file_weir(tmp_path, cluster):
    inputs = [listener("udp", "udp"), listener("tcp", "tcp")]
    weir = Weir(tmp_path, file_config(cluster, tmp_path / "data", inputs))
    try:
        yield weir.start()
    finally:
        weir.kill()


def test_files_hold_what_came(file_weir, tmp_path):
    send_udp(lines(), file_weir.port("udp"))
    send_tcp(lines(), file_weir.port("tcp"))
    status = file_weir.settled(2 * COUNT)
    assert status["endpoints"][0]["delivered"] == 2 * COUNT
    file_weir.drained()
    found = [entry["line"] for entry in stored(tmp_path / "data")]
    assert sorted(found) == sorted(lines() + lines())


def test_drain_loses_nothing(file_weir, tmp_path):
    """What was received before SIGTERM is on disk after it, even from an open batch."""
    send_udp(lines(), file_weir.port("udp"))
    eventually(
        lambda: ledger.received(file_weir.status()) == COUNT, 10 * PATIENCE, "all received"
    )
    last = file_weir.drained()
    assert f"received={COUNT}" in last and f"delivered={COUNT}" in last, last
    assert sorted(entry["line"] for entry in stored(tmp_path / "data")) == sorted(lines())


def test_metrics_agree_with_the_status(file_weir):
    send_udp(lines(), file_weir.port("udp"))
    status = file_weir.settled(COUNT)
    metrics = file_weir.metrics()
    for item in status["listeners"]:
        labels = f'listener="{item["name"]}",transport="{item["transport"]}"'
        assert metrics[f"weir_receive_frames_total{{{labels}}}"] == item["received"]


def test_default_configuration(tmp_path):
    """`weir run` with nothing at all: high ports, and lines in files within seconds."""
    if not all(map(port_is_free, (5514, 6514, 1515, 12345))):
        pytest.skip("another program uses one of the default ports")
    log = tmp_path / "weir.log"
    weir = Process("weir", ["env", "-C", tmp_path, BINARY, "run"], log)
    weir.spawn()
    try:
        config = {"listeners": [], "admin": {"address": "127.0.0.1:12345"}}
        view = Weir(tmp_path, config, name="view")
        view.child = weir.child
        eventually(view.ready, 15 * PATIENCE, "ready")
        logger(["hello default"], 5514, "--udp")
        found = eventually(lambda: stored(tmp_path), 10 * PATIENCE, "a line in a file")
        assert found[0]["line"].endswith("hello default")
        assert "logger" in weir.text(), "no hint for a newcomer"
        assert weir.stop(20 * PATIENCE) == 0
    finally:
        weir.kill()


def test_bad_configuration_refuses_to_start(tmp_path, cluster):
    weir = Weir(tmp_path, file_config(cluster, tmp_path, [listener("in", "udp")]))
    weir.config["listeners"][0]["transprt"] = "udp"
    weir.write_config()
    for command in (["run", "--config"], ["check"]):
        done = subprocess.run([BINARY, *command, weir.file], capture_output=True, timeout=20)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode != 0
        assert weir.file.name in said and "transprt" in said and "transport" in said, said


@pytest.mark.parametrize("transport, kind", [("tcp", SOCK_STREAM), ("udp", SOCK_DGRAM)])
def test_address_in_use_says_so(transport, kind, tmp_path, cluster):
    port = free_port()
    config = file_config(cluster, tmp_path / "data", [listener("in", transport, port)])
    weir = Weir(tmp_path, config)
    weir.write_config()
    with socket.socket(AF_INET6, kind) as other:
        other.bind(("::", port))
        if transport == "tcp":
            other.listen()
        weir.spawn()
        try:
            assert weir.child.wait(15 * PATIENCE) != 0
            assert str(port) in weir.text() and "in use" in weir.text().lower(), weir.text()
        finally:
            weir.kill()


@pytest.mark.parametrize("framing", ["lf", "octet", "nul"])
def test_parse_framings(framing):
    payload = b"".join(frame(line.encode(), framing) for line in lines(3))
    done = subprocess.run(
        [BINARY, "parse", "--framing", framing], input=payload, capture_output=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(text) for text in done.stdout.splitlines()]
    assert [record["msg"] for record in records] == [f"alone {n:04d}" for n in range(3)]
    assert {record["app_name"] for record in records} == {"e2e"}


# In these published lines the epoch was replaced by another, in their expectations it was not.
EPOCHS_REPLACED = {("<134>1 165097278", "timestamp"), ("<134>1 164747905", "timestamp")}


def test_parse_agrees_with_the_corpus():
    """The corpus is read by the program people use, not only by the library's tests."""
    corpus = (ROOT / "tests/data/syslog.ndjson").read_text().splitlines()
    cases = [json.loads(text) for text in corpus]
    payload = "".join(json.dumps({"raw": case["raw"]}) + "\n" for case in cases).encode()
    done = subprocess.run(
        [BINARY, "parse", "--ndjson"],
        input=payload,
        capture_output=True,
        timeout=30,
        env={**os.environ, "TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(text) for text in done.stdout.splitlines()]
    assert len(records) == len(cases)
    wrong = [
        f"{case['raw'][:80]!r}: {name} is {record.get(name)!r}, not {wanted!r}"
        for case, record in zip(cases, records)
        for name, wanted in case["expect"].items()
        if record.get(name) != wanted and (case["raw"][:16], name) not in EPOCHS_REPLACED
    ]
    assert not wrong, f"{len(wrong)} fields of {len(cases)} lines:\n" + "\n".join(wrong[:20])


def test_flood_with_a_dead_endpoint_stays_bounded(tmp_path, cluster):
    """Nobody takes the lines: the queue stays under its limit and the ledger names each loss."""
    config = configuration(cluster, [listener("in", "udp")], [])
    dead = f"http://127.0.0.1:{free_port()}/loki/api/v1/push"
    config["loki"] = [{"name": "dead", "url": dead, "queue_bytes_max": "1MiB"}]
    config["logs"].update(line_bytes_max="32KiB", batch={"age_max": "100ms", "bytes_max": "64KiB"})
    config["drain_timeout"] = "1s"
    weir = Weir(tmp_path, config).start()
    try:
        # Random, because the queue holds compressed batches.
        sent = [f"<13>1 - flood e2e - - - {os.urandom(200).hex()}" for _ in range(12000)]
        send_udp(sent, weir.port("in"))
        weir.received(len(sent))
        idle = lambda: weir.status()["listeners"][0]["held"] == 0  # noqa: E731
        eventually(idle, 5 * PATIENCE, "no open batch")
        status = weir.status()
        ledger.assert_balanced(status)
        (endpoint,) = status["endpoints"]
        assert endpoint["queued_bytes"] <= 1024 * 1024, endpoint
        assert ledger.total(endpoint["dropped"]) > 0, endpoint
    finally:
        weir.kill()


def full_pipe():
    """A pipe with no room left. The write end blocks, as a service manager's does."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


@pytest.mark.parametrize("read_at_the_end", [True, False])
def test_a_log_that_nobody_reads_stops_nothing(read_at_the_end, tmp_path, cluster):
    config = file_config(cluster, tmp_path / "data", [listener("udp", "udp")])
    weir = Weir(tmp_path, config)
    weir.write_config()
    reader, writer = full_pipe()
    child = subprocess.Popen([BINARY, "run", "--config", weir.file], stderr=writer)
    os.close(writer)
    try:
        status_of = f"{weir.admin}/api/v1/status"
        eventually(lambda: http.get(f"{weir.admin}/-/ready")[0] == 200, 15 * PATIENCE, "ready")
        send_udp(lines(), weir.port("udp"))
        eventually(
            lambda: ledger.received(http.get_json(status_of)) == COUNT, 10 * PATIENCE, "received"
        )
        child.terminate()
        text = b""
        while read_at_the_end and (piece := os.read(reader, 65536)):
            text += piece
        assert child.wait(30 * PATIENCE) == 0
        assert not read_at_the_end or b" stopped " in text.splitlines()[-1], text[-2000:]
    finally:
        child.kill()
        child.wait()
        os.close(reader)
    assert len(stored(tmp_path / "data")) == COUNT
