"""TLS with openssl's own client: framing inside it, old versions refused, reasons readable."""

import contextlib
import subprocess

import pytest
from harness import expect
from harness.process import eventually
from harness.senders import frame, send_tcp
from harness.weir import PATIENCE, listener

COUNT = 200


def s_client(port, payload, *options):
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-no_ign_eof", *options],
        input=payload,
        capture_output=True,
        timeout=20,
    )


def lines():
    return [f"<13>1 - tls e2e - - - over TLS {number:04d}" for number in range(COUNT)]


@pytest.mark.parametrize("framing", ["octet", "lf"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_versions_and_framings(version, framing, start_weir, loki, cluster, certificates):
    tls = certificates.server_settings(mutual=True)
    weir = start_weir([listener("in", "tls", tls=tls)], [loki])
    payload = b"".join(frame(line.encode(), framing) for line in lines())
    credentials = ["-cert", certificates.path("client.crt")]
    credentials += ["-key", certificates.path("client.key")]
    verify = ["-CAfile", certificates.path("ca.crt"), "-verify_return_error"]
    done = s_client(weir.port("in"), payload, version, *credentials, *verify)
    assert done.returncode == 0, done.stderr
    expect.delivered(weir.settled(COUNT), loki, cluster, lines())


def test_old_version_is_refused(start_weir, loki, certificates):
    tls = certificates.server_settings(mutual=False)
    weir = start_weir([listener("in", "tls", tls=tls)], [loki])
    done = s_client(weir.port("in"), b"x\n", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0
    eventually(
        lambda: weir.status()["listeners"][0]["refused_connections"], 5 * PATIENCE, "a refusal"
    )
    told = [line for line in weir.text().splitlines() if "tls_refused" in line]
    assert told and "version" in told[0] or "protocol" in told[0], weir.tail()


def test_plain_text_on_the_tls_port(start_weir, loki, certificates):
    tls = certificates.server_settings(mutual=False)
    weir = start_weir([listener("in", "tls", tls=tls)], [loki])
    with contextlib.suppress(OSError):  # weir may be done with us before we are
        send_tcp(lines()[:1], weir.port("in"))
    eventually(
        lambda: weir.status()["listeners"][0]["refused_connections"], 5 * PATIENCE, "a refusal"
    )
    assert weir.settled(0)["listeners"][0]["received"] == 0
