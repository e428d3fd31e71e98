"""A real rsyslogd forwarding to weir: UDP, octet-counted TCP, and TLS with client certificates."""

import pytest
from harness import expect, ledger, peers
from harness.process import Process, eventually, free_port
from harness.senders import send_tcp
from harness.weir import PATIENCE, listener

COUNT = 300
TEMPLATES = {
    "rfc3164": "RSYSLOG_TraditionalForwardFormat",
    "rfc5424": "RSYSLOG_SyslogProtocol23Format",
}
CONFIG = """\
global(workDirectory="{work}" {tls_files})
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="{input_port}")
action(type="omfwd" Target="127.0.0.1" Port="{port}" Template="{template}"
       action.resumeRetryCount="-1" action.resumeInterval="1" {options})
"""


class Rsyslog(Process):
    def __init__(self, root, directory, **values):
        self.input_port = free_port()
        config = directory / "rsyslog.conf"
        text = CONFIG.format(work=directory, input_port=self.input_port, **values)
        config.write_text(text)
        (modules,) = root.glob("usr/lib/*-linux-gnu/rsyslog")
        command = [root / "usr/sbin/rsyslogd", "-n", "-f", config, "-M", modules]
        command += ["-i", directory / "rsyslogd.pid"]
        environment = {"LD_LIBRARY_PATH": peers.library_path(root)}
        super().__init__("rsyslogd", command, directory / "rsyslog.log", environment)

    def start(self):
        self.spawn()
        eventually(lambda: self.feed([]), 10, "rsyslogd listening")
        return self

    def feed(self, lines):
        send_tcp(lines, self.input_port)
        return True


@pytest.fixture
def start_rsyslog(rsyslog_root, tmp_path):
    started = []

    def start(port, template="rfc5424", options="", tls_files=""):
        values = {"port": port, "template": TEMPLATES[template]}
        daemon = Rsyslog(rsyslog_root, tmp_path, options=options, tls_files=tls_files, **values)
        started.append(daemon)
        return daemon.start()

    yield start
    for daemon in started:
        daemon.kill()


def messages(count=COUNT):
    return [
        f"<134>Nov 21 07:15:{n % 60:02d} edge7 app[{n}]: rsyslog line {n:04d}" for n in range(count)
    ]


def check(loki, cluster, count=COUNT):
    entries = loki.entries(expect.selector(cluster))
    texts = [entry.line[entry.line.index("rsyslog line") :] for entry in entries]
    expect.exactly(texts, [f"rsyslog line {n:04d}" for n in range(count)])
    for entry in entries:
        number = str(int(entry.line[-4:]))
        wanted = {"hostname": "edge7", "app_name": "app", "proc_id": number}
        expect.metadata_is(entry, facility="local0", severity="informational", **wanted)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_forwarding(protocol, template, start_weir, start_rsyslog, loki, cluster):
    weir = start_weir([listener("in", protocol)], [loki])
    options = f'Protocol="{protocol}"'
    if protocol == "tcp":
        options += ' TCP_Framing="octet-counted"'
    start_rsyslog(weir.port("in"), template, options).feed(messages())
    weir.settled(COUNT)
    check(loki, cluster)


TLS = (
    'Protocol="tcp" TCP_Framing="octet-counted" StreamDriver="ossl" StreamDriverMode="1"'
    ' StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"'
)


def tls_files(certificates, client=None):
    settings = [("CAFile", "ca.crt")]
    if client:
        settings += [("CertFile", f"{client}.crt"), ("KeyFile", f"{client}.key")]
    return " ".join(
        f'DefaultNetstreamDriver{key}="{certificates.path(file)}"' for key, file in settings
    )


def test_tls_with_client_certificate(start_weir, start_rsyslog, loki, cluster, certificates):
    tls = certificates.server_settings(mutual=True)
    weir = start_weir([listener("in", "tls", tls=tls)], [loki])
    daemon = start_rsyslog(
        weir.port("in"), options=TLS, tls_files=tls_files(certificates, "client")
    )
    daemon.feed(messages())
    weir.settled(COUNT)
    check(loki, cluster)


@pytest.mark.parametrize("client, reason", [(None, "certificate"), ("stranger", "certificate")])
def test_tls_refuses_who_cannot_show_one(
    client, reason, start_weir, start_rsyslog, loki, cluster, certificates
):
    tls = certificates.server_settings(mutual=True)
    weir = start_weir([listener("in", "tls", tls=tls)], [loki])
    daemon = start_rsyslog(weir.port("in"), options=TLS, tls_files=tls_files(certificates, client))
    daemon.feed(messages(5))

    def refused():
        found = weir.status()["listeners"][0]["refused_connections"]
        return found.get("tls_handshake", 0) > 0

    eventually(refused, 15 * PATIENCE, "a refusal in the status")
    told = [line for line in weir.text().splitlines() if "tls_refused" in line]
    assert told and "127.0.0.1" in told[0] and reason in told[0], weir.tail()
    status = weir.settled(0)
    assert ledger.received(status) == 0
    assert loki.entries(expect.selector(cluster)) == []
