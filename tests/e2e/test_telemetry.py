"""Telemetry by every way in, out of the box: what weir makes of it, and that its account holds."""

import json
import socket
import subprocess
import time

import pytest

from harness import http
from harness.ledger import assert_balanced, named
from harness.process import Process, eventually, free_port
from harness.weir import BINARY, PATIENCE, listener


def mdt(name="mdt", transport="tcp", **more):
    return {**listener(name, transport), "protocol": "mdt", **more}


def send(weir, *options, name="mdt", expected=0):
    """What `weir send mdt` says that it has sent."""
    command = [str(BINARY), "send", "mdt", "--to", f"127.0.0.1:{weir.port(name)}"]
    done = subprocess.run(
        [*command, *map(str, options)], capture_output=True, text=True, timeout=60 * PATIENCE
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return json.loads(done.stdout)


def series(weir):
    """Series as printed -> value; health apart, which tells of time."""
    status, text = http.get(f"{weir.admin}/telemetry/metrics", headers=weir.credentials())
    assert status == 200, text
    found = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "telemetry_")):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def without_device(found):
    return {name.split("device=")[0] + name.split(",", 1)[1]: value for name, value in found.items()}


def at_rest(weir):
    def probe():
        status = weir.status()
        held = sum(item["held"] for item in status["listeners"])
        queued = sum(item["queued"] for item in status["endpoints"])
        waiting = status["telemetry"]["samples_waiting"]
        return status if held + queued + waiting == 0 else None

    return eventually(probe, 20 * PATIENCE, "nothing held, waiting or queued")


def account_of(weir, sent):
    """Every message, row and leaf that was sent is accounted for."""
    messages = sum(one["messages"] for one in sent)
    eventually(
        lambda: weir.status()["telemetry"]["messages"] >= messages,
        20 * PATIENCE,
        f"{messages} messages",
    )
    status = at_rest(weir)
    assert_balanced(status)
    telemetry = status["telemetry"]
    for term in ("messages", "rows", "leaves"):
        assert telemetry[term] == sum(one[term] for one in sent), (term, telemetry, sent)
    dropped = sum(telemetry["samples_dropped"].values())
    assert telemetry["samples"] + telemetry.get("samples_repeated", 0) == (
        telemetry["samples_appended"] + telemetry["samples_waiting"] + dropped
    )
    exposition = named(status["endpoints"], "exposition")
    assert exposition["appended"] == telemetry["samples_appended"] + telemetry["stale_markers"]
    return status


@pytest.mark.parametrize(
    "way",
    [
        ("--encoding", "kvgpb"),
        ("--encoding", "json"),
        ("--gzip",),
        ("--chunk", "512"),
        ("--transport", "tcp", "--encoding", "kvgpb"),
        ("--transport", "tcp", "--encoding", "json"),
    ],
    ids=lambda way: "-".join(way).replace("--", ""),
)
def test_one_port_takes_all(start_weir, way):
    weir = start_weir([mdt()])
    sent = send(weir, "--devices", 3, "--interfaces", 5, "--messages", 12, *way)
    status = account_of(weir, [sent])
    found = named(status["listeners"], "mdt")
    assert found["accepted"] == 12 and not found["rejected"] and not found["dropped"], found
    assert found["merged"] == found["received"] - 12
    assert found["sessions_total"] == 3
    assert (found["merged"] > 0) == ("--chunk" in way)


@pytest.mark.parametrize("shape", ["xr", "xe", "nxos-dme", "nxos-show", "openconfig"])
def test_a_datum_has_one_series_however_it_came(start_weir, shape):
    weir = start_weir([mdt()])
    seen = []
    for way in (
        ("--encoding", "kvgpb"),
        ("--encoding", "json"),
        ("--transport", "tcp", "--encoding", "json"),
    ):
        sent = send(weir, "--shape", shape, "--interfaces", 4, "--seed", 5, *way)
        assert sent["messages"] == 1
        at_rest(weir)
        seen.append(set(series(weir)))
    assert len(seen[0]) > 20, seen[0]
    # Nothing was added by the second and the third.
    assert seen[0] == seen[1] == seen[2]


def test_datagrams(start_weir):
    weir = start_weir([mdt(transport="udp")])
    sent = [
        send(weir, "--transport", "udp", "--interfaces", 2, "--messages", 20, "--rate", 200, *more)
        for more in ((), ("--header",))
    ]
    status = account_of(weir, sent)
    assert named(status["listeners"], "mdt")["accepted"] == 40


def test_tls_beside_clear(start_weir, certificates):
    weir = start_weir([mdt(tls=certificates.server_settings(mutual=True))])
    clear = send(weir, "--messages", 2)
    identity = ["--tls", "--tls-ca", certificates.path("ca.crt"), "--tls-name", "localhost"]
    identity += ["--tls-cert", certificates.path("client.crt")]
    identity += ["--tls-key", certificates.path("client.key")]
    encrypted = send(weir, "--messages", 2, "--seed", 2, *identity)
    account_of(weir, [clear, encrypted])
    devices = http.get_json(f"{weir.admin}/api/v1/telemetry/devices")["devices"]
    assert any("client" in device["certificate_subject"] for device in devices), devices


def test_only_what_is_pinned(start_weir):
    weir = start_weir([mdt(framing="tcp")])
    refused = send(weir, "--messages", 1, "--duration", 2, expected=1)
    assert refused["unsent"] + refused["failed_sessions"] > 0, refused
    sent = send(weir, "--messages", 3, "--transport", "tcp")
    status = account_of(weir, [sent])
    assert named(status["listeners"], "mdt")["refused_connections"]["unknown_protocol"] >= 1


def test_garbage_is_kept_and_can_be_read_again(start_weir):
    weir = start_weir([mdt()])
    body = b'{"node_id_str":"r7","encoding_path":"a:b","data_json":[{"keys":[],"content":{"x":'
    header = b"\x00\x01\x00\x02\x00\x01\x00\x00" + len(body).to_bytes(4, "big")
    with socket.create_connection(("127.0.0.1", weir.port("mdt"))) as connection:
        connection.sendall(header + body)
        weir.received(1)
    status = at_rest(weir)
    assert named(status["listeners"], "mdt")["dropped"] == {"undecodable": 1}
    kept = http.get_json(f"{weir.admin}/api/v1/telemetry/messages")["messages"]
    assert [message["defects"] for message in kept] == ["bad_json"]
    answer, text = http.get(f"{weir.admin}/api/v1/telemetry/messages/{kept[0]['id']}")
    assert answer == 200 and text.encode() == body
    decoded = subprocess.run(
        [str(BINARY), "decode", "mdt", "--framing", "raw", "-"], input=body, capture_output=True
    )
    assert b"bad_json" in decoded.stderr


def test_events_are_log_lines_too(start_weir, loki, cluster):
    weir = start_weir([mdt()], [loki])
    send(weir, "--shape", "nxos-event", "--devices", 2, "--messages", 6)
    lines = eventually(
        lambda: loki.lines(f'{{run="{cluster}",source_type="mdt"}}'), 20 * PATIENCE, "lines"
    )
    assert any("operSt=" in line and "class=ethpmPhysIf" in line for line in lines), lines
    status = at_rest(weir)
    assert status["telemetry"]["log_lines"] == named(status["endpoints"], "loki")["delivered"]


def test_rules_hold_from_the_reload_on(start_weir):
    weir = start_weir([mdt()])
    send(weir, "--interfaces", 2)
    at_rest(weir)
    assert any(name.startswith("cisco_iosxr_") for name in series(weir))
    weir.config["metric_rules"] = [
        {"name": "short", "action": "rename", "metric": "cisco_iosxr_(.*)", "to": "xr_\\1"},
        {"name": "site", "action": "set_label", "set": {"site": "east"}},
    ]
    weir.reload()

    def renamed():
        send(weir, "--interfaces", 2, "--seed", 3)
        at_rest(weir)
        found = series(weir)
        return found if any(name.startswith("xr_") for name in found) else None

    found = eventually(renamed, 20 * PATIENCE, "renamed series")
    assert all('site="east"' in name for name in found if name.startswith("xr_"))


def test_a_drain_under_load_loses_nothing(start_weir):
    weir = start_weir([mdt()], drain_timeout="10s")
    sender = subprocess.Popen(
        [str(BINARY), "send", "mdt", "--to", f"127.0.0.1:{weir.port('mdt')}"]
        + ["--devices", "20", "--rate", "500", "--duration", "30"],
        stdout=subprocess.PIPE,
    )
    try:
        eventually(lambda: weir.status()["telemetry"]["messages"] > 300, 20 * PATIENCE, "messages")
        last = weir.drained()
        assert "mdt: received=" in last
    finally:
        sender.kill()
        sender.wait()


class Prometheus(Process):
    def __init__(self, binary, directory, weir):
        self.port = free_port()
        config = directory / "prometheus.yaml"
        scrape = {"job_name": "weir", "honor_labels": True, "metrics_path": "/telemetry/metrics"}
        scrape["static_configs"] = [{"targets": [weir.admin.split("//")[1]]}]
        config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}))
        command = [binary, f"--config.file={config}", f"--storage.tsdb.path={directory}/prometheus"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}"]
        super().__init__("prometheus", command, directory / "prometheus.log", None, directory)

    def query(self, expression):
        answer = http.get_json(
            f"http://127.0.0.1:{self.port}/api/v1/query?query={expression}"
        )
        return answer["data"]["result"]


def test_prometheus_fetches_what_is_there_and_loses_what_went(
    start_weir, prometheus_binary, tmp_path
):
    settings = {"stale_after_disconnect": "2s", "batch": {"age_max": "200ms"}}
    weir = start_weir([mdt()], metrics=settings)
    prometheus = Prometheus(prometheus_binary, tmp_path, weir)
    prometheus.spawn()
    device = subprocess.Popen(
        [str(BINARY), "send", "mdt", "--to", f"127.0.0.1:{weir.port('mdt')}"]
        + ["--rate", "5", "--interfaces", "2", "--duration", "600"],
        stdout=subprocess.PIPE,
    )
    name = "network_interface_receive_bytes_total"
    try:
        found = eventually(lambda: prometheus.query(name), 40 * PATIENCE, f"{name} in Prometheus")
        assert len(found) == 2 and all("interface" in item["metric"] for item in found), found
        up = lambda: prometheus.query("telemetry_device_up")  # noqa: E731
        told = eventually(up, 40 * PATIENCE, "the device's health")
        assert told[0]["value"][1] == "1"
        kinds = http.get_json(
            f"http://127.0.0.1:{prometheus.port}/api/v1/metadata?metric={name}"
        )["data"]
        assert kinds[name][0]["type"] == "counter" and kinds[name][0]["help"], kinds
        device.kill()
        eventually(lambda: not prometheus.query(name), 30 * PATIENCE, f"{name} stale")
        eventually(
            lambda: up() and up()[0]["value"][1] == "0", 60 * PATIENCE, "the device told as down"
        )
    finally:
        device.kill()
        device.wait()
        prometheus.kill()


def test_a_deleted_row_ends_its_series(start_weir):
    weir = start_weir([mdt()])
    path = "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest"
    now_ms = int(time.time() * 1000)

    def row(interface, **more):
        return {"timestamp": str(now_ms), "keys": [{"interface-name": interface}], **more}

    def play(*rows):
        message = {"node_id_str": "r1", "encoding_path": f"{path}/generic-counters"}
        body = json.dumps({**message, "data_json": rows}).encode()
        header = b"\x00\x01\x00\x02\x00\x01\x00\x00" + len(body).to_bytes(4, "big")
        with socket.create_connection(("127.0.0.1", weir.port("mdt"))) as connection:
            connection.sendall(header + body)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)

    counters = {"packets-received": "1"}
    play(*(row(f"Gi0/0/0/{i}", content=counters) for i in (1, 2)))
    weir.received(1)
    at_rest(weir)
    assert len([name for name in series(weir) if "Ethernet0/0/0/" in name or "Gi0" in name]) >= 2
    play(row("Gi0/0/0/1", delete=True))
    weir.received(2)

    def gone():
        found = [name for name in series(weir) if "0/0/0/1" in name]
        return not found

    eventually(gone, 10 * PATIENCE, "the series of the deleted interface gone")
    assert [name for name in series(weir) if "0/0/0/2" in name]
