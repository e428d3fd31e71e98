"""The admin port beyond loopback: refused without credentials, served with them."""

import http.client
import ssl
import subprocess
import time

import pytest
from harness import http as client
from harness.process import eventually, free_port
from harness.weir import BINARY, PATIENCE, Weir, configuration, listener


def file_config(cluster, directory, admin):
    inputs = [listener("udp", "udp")]
    config = configuration(cluster, inputs, [], file={"directory": str(directory)}, admin=admin)
    del config["loki"]
    return config


@pytest.fixture
def start_admin(tmp_path, cluster):
    started = []

    def start(admin):
        weir = Weir(tmp_path, file_config(cluster, tmp_path / "data", admin))
        started.append(weir)
        return weir.start()

    yield start
    for weir in started:
        weir.kill()


def https_status(weir, context, path):
    host, port = weir.admin.removeprefix("https://").rsplit(":", 1)
    connection = http.client.HTTPSConnection(host, int(port), timeout=10, context=context)
    connection.request("GET", path)
    return connection.getresponse().status


def test_without_credentials_it_does_not_start(tmp_path, cluster):
    admin = {"address": f"0.0.0.0:{free_port()}"}
    weir = Weir(tmp_path, file_config(cluster, tmp_path / "data", admin))
    weir.write_config()
    for command in (["run", "--config"], ["check"]):
        done = subprocess.run(
            [BINARY, *command, weir.file], capture_output=True, text=True, timeout=20 * PATIENCE
        )
        assert done.returncode == 1, done.stderr
        assert "admin.token_file" in done.stderr and "admin.tls" in done.stderr, done.stderr


def test_token_is_wanted_and_may_change(start_admin, tmp_path):
    token = tmp_path / "token"
    token.write_text("first-of-the-two-tokens\n")
    weir = start_admin({"address": f"127.0.0.1:{free_port()}", "token_file": str(token)})
    url = f"{weir.admin}/api/v1/status"
    old = weir.credentials()
    for path in ("/-/healthy", "/-/ready", "/metrics"):
        assert client.get(weir.admin + path)[0] == 200
    assert client.get(url)[0] == 401
    assert client.get(url, headers=old)[0] == 200
    token.write_text("second-of-the-two-tokens\n")
    eventually(
        lambda: client.get(url, headers=weir.credentials())[0] == 200, 15 * PATIENCE, "new token"
    )
    assert client.get(url, headers=old)[0] == 401
    assert weir.metrics()['weir_admin_refused_total{reason="token_missing"}'] == 1
    assert "admin_token_reloaded" in weir.text()
    assert "first-of-the-two" not in weir.text()
    weir.drained()


def test_mutual_tls_beyond_loopback(start_admin, certificates):
    tls = certificates.server_settings(mutual=True)
    port = free_port()
    weir = start_admin({"address": f"0.0.0.0:{port}", "tls": tls})
    context = ssl.create_default_context(cafile=certificates.path("ca.crt"))
    context.check_hostname = False
    assert https_status(weir, context, "/metrics") == 200
    assert https_status(weir, context, "/api/v1/status") == 403
    context.load_cert_chain(certificates.path("client.crt"), certificates.path("client.key"))
    assert https_status(weir, context, "/api/v1/status") == 200
    assert f"admin on https://0.0.0.0:{port}" in weir.text()
    # The certificates of a test live two days.
    expiry = "weir_tls_certificate_expiry_timestamp_seconds"
    for kind in ("certificate", "client_ca"):
        left_s = weir.metrics()[f'{expiry}{{listener="admin",kind="{kind}"}}'] - time.time()
        assert 86400 < left_s <= 2 * 86400
    assert "certificate_expiring admin: certificate /CN=server of admin port" in weir.text()
    weir.drained()
