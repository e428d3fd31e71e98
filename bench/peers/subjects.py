"""What is measured: how each receiver is configured and started.

Every subject gets the same task: take syslog on one port of 127.0.0.1, push to the sink over HTTP
in batches of about 1 MiB or 1 s, hold up to a million lines in memory when the sink is slow or
dead (weir: its default of 256 MiB), and ask the kernel for 8 MiB of receive buffer in all.
"""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import http, peers  # noqa: E402
from harness.process import Process, free_port  # noqa: E402

BUILD = ROOT / "build" / "bench"
BUFFER_BYTES = 8 << 20
THREADS = 2  # of weir, as many as there are cores; the bare loop has one, peers what they choose
LINES_HELD = 1_000_000
BATCH_LINES = 5_000
BATCH_BYTES = 1 << 20


@dataclass
class Task:
    """One run: where to listen, where to push, and a directory for what the subject writes."""

    transport: str
    directory: Path
    sink_port: int
    certificates: object
    port: int = field(default_factory=free_port)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def process(self, name, command, environment=None):
        return Process(name, command, self.directory / f"{name}.log", environment)


class Subject:
    name = ""
    what = ""  # one line for the report
    transports = ("udp", "tcp", "tls")
    shapes = "mixed"
    framing = "lf"
    socket_default_bytes = None  # set as the kernel's default while it starts, if it cannot ask

    def prepare(self):
        """Makes it ready to be started; raises peers.Unavailable."""

    def start(self, task):
        raise NotImplementedError


class Bare(Subject):
    def __init__(self, name, what, coalesce_us=0, threads=1):
        self.name, self.what = name, f"{what}; {threads} thread{'s' * (threads > 1)}"
        self.coalesce_us, self.threads = coalesce_us, threads
        if coalesce_us:
            self.transports = ("udp",)

    def start(self, task):
        command = [BUILD / "bench" / "bench_bare", "--transport", task.transport]
        command += ["--port", task.port, "--sink-port", task.sink_port]
        command += ["--threads", self.threads, "--coalesce-us", self.coalesce_us]
        command += ["--receive-buffer-bytes", BUFFER_BYTES // self.threads]
        if task.transport == "tls":
            command += ["--certificate", task.certificates.path("server.crt")]
            command += ["--key", task.certificates.path("server.key")]
        return task.process(self.name, command).spawn()


class Weir(Subject):
    def __init__(self, name, what, endpoints=1, spool=False):
        self.name, self.what = name, what
        self.endpoints, self.spool = endpoints, spool
        if name != "weir":
            self.transports = ("udp",)

    def prepare(self):
        if not (BUILD / "weir").exists():
            raise peers.Unavailable("the bench preset is not built")

    def start(self, task):
        limits = {"receive_buffer_bytes": f"{BUFFER_BYTES // THREADS}B"}
        listener = {"name": "in", "protocol": "syslog", "transport": task.transport}
        listener |= {"address": f"127.0.0.1:{task.port}", "limits": limits}
        if task.transport == "tls":
            listener["tls"] = task.certificates.server_settings(mutual=False)
        url = f"http://127.0.0.1:{task.sink_port}/loki/api/v1/push"
        config = {
            "admin": {"address": f"127.0.0.1:{free_port()}"},
            "ingest_threads": THREADS,
            "logs": {"batch": {"age_max": "1s"}},
            "listeners": [listener],
            # The second endpoint's lines are the same ones: the sink counts them as repeats.
            "loki": [{"name": f"loki{n}", "url": url} for n in range(self.endpoints)],
        }
        if self.spool:
            config["spool"] = {"directory": str(task.directory / "spool"), "free_bytes_min": "0B"}
        file = task.write("weir.yaml", json.dumps(config, indent=1))
        command = [BUILD / "weir", "run", "--config", file]
        return task.process(self.name, command).spawn()


class SyslogNg(Subject):
    name = "syslog-ng"
    what = "Debian's package; http destination, lines as text"

    CONFIG = """\
@version: 3.38
options {{ stats-freq(0); log-fifo-size({held}); time-reopen(1); }};
source in {{ network(ip("127.0.0.1") port({port}) transport("{transport}") {more}); }};
destination out {{
  http(url("http://127.0.0.1:{sink}/") method("POST") body("<$PRI>$ISODATE $HOST $MSGHDR$MSG")
       delimiter("\\n") batch-lines({lines}) batch-bytes({bytes}) batch-timeout(1000));
}};
log {{ source(in); destination(out); }};
"""

    def prepare(self):
        peers.prepare(self.name)

    def start(self, task):
        root = peers.find(self.name)
        more = f"max-connections(128) log-iw-size({LINES_HELD})"
        if task.transport == "udp":
            more = f"so-rcvbuf({BUFFER_BYTES})"
        if task.transport == "tls":
            files = task.certificates
            more += f' tls(key-file("{files.path("server.key")}")'
            more += f' cert-file("{files.path("server.crt")}") peer-verify(optional-untrusted))'
        config = self.CONFIG.format(
            port=task.port,
            transport=task.transport,
            more=more,
            sink=task.sink_port,
            held=LINES_HELD,
            lines=BATCH_LINES,
            bytes=BATCH_BYTES,
        )
        file = task.write("syslog-ng.conf", config)
        (modules,) = {file.parent for file in root.glob("usr/lib/syslog-ng/*/libafsocket.so")}
        command = [root / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", file]
        command += ["--module-path", modules]
        for option in ("persist-file", "control", "pidfile"):
            command += [f"--{option}", task.directory / f"syslog-ng.{option}"]
        environment = {
            "SYSLOGNG_PREFIX": str(root / "usr"),
            "LD_LIBRARY_PATH": peers.library_path(root, "usr/lib/syslog-ng"),
        }
        return task.process(self.name, command, environment).spawn()


class Rsyslog(Subject):
    name = "rsyslog"
    what = "Debian's package; omhttp built from Debian's source of it, lines as text"

    CONFIG = """\
global(workDirectory="{work}" {tls_files})
main_queue(queue.size="{held}" queue.dequeueBatchSize="{lines}"
           queue.minDequeueBatchSize="{lines}" queue.minDequeueBatchSize.timeout="1000")
module(load="{omhttp}")
template(name="line" type="string" string="%rawmsg%")
{input}
action(type="omhttp" server="127.0.0.1" serverport="{sink}" usehttps="off" restpath=""
       batch="on" batch.format="newline" batch.maxsize="{lines}" batch.maxbytes="{bytes}"
       template="line" action.resumeRetryCount="-1" action.resumeInterval="1")
"""
    UDP = """\
module(load="imudp" threads="2")
input(type="imudp" address="127.0.0.1" port="{port}" rcvbufSize="{buffer}")
"""
    TCP = """\
module(load="imtcp" MaxSessions="256" {tls})
input(type="imtcp" address="127.0.0.1" port="{port}")
"""
    TLS = 'StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"'

    def prepare(self):
        peers.prepare("rsyslog")
        peers.prepare("rsyslog-omhttp")

    def start(self, task):
        root = peers.find("rsyslog")
        tls_files = ""
        if task.transport == "tls":
            names = {"CAFile": "ca.crt", "CertFile": "server.crt", "KeyFile": "server.key"}
            tls_files = " ".join(
                f'DefaultNetstreamDriver{key}="{task.certificates.path(file)}"'
                for key, file in names.items()
            )
        module = self.UDP if task.transport == "udp" else self.TCP
        config = self.CONFIG.format(
            work=task.directory,
            tls_files=tls_files,
            held=LINES_HELD,
            lines=BATCH_LINES,
            bytes=BATCH_BYTES,
            omhttp=peers.find("rsyslog-omhttp") / "omhttp.so",
            sink=task.sink_port,
            input=module.format(
                port=task.port,
                buffer=BUFFER_BYTES,
                tls=self.TLS if task.transport == "tls" else "",
            ),
        )
        (modules,) = root.glob("usr/lib/*-linux-gnu/rsyslog")
        command = [root / "usr/sbin/rsyslogd", "-n", "-M", modules]
        command += ["-f", task.write("rsyslog.conf", config), "-i", task.directory / "rsyslog.pid"]
        environment = {"LD_LIBRARY_PATH": peers.library_path(root)}
        return task.process(self.name, command, environment).spawn()


class Alloy(Subject):
    name = "alloy"
    what = "built from its Go module; RFC 5424 lines only, because it takes one format a listener"
    shapes = "rfc5424"
    # It cannot ask for a receive buffer. What the kernel grants is twice what one asks for.
    socket_default_bytes = 2 * BUFFER_BYTES

    CONFIG = """\
logging {{ level = "error" }}
loki.source.syslog "in" {{
  listener {{
    address = "127.0.0.1:{port}"
    protocol = "{protocol}"
    {tls}
  }}
  forward_to = [loki.write.out.receiver]
}}
loki.write "out" {{
  endpoint {{
    url = "http://127.0.0.1:{sink}/loki/api/v1/push"
    batch_size = "1MiB"
    batch_wait = "1s"
  }}
}}
"""

    def prepare(self):
        peers.prepare(self.name)

    def start(self, task):
        tls = ""
        if task.transport == "tls":
            settings = task.certificates.server_settings(mutual=False)
            tls = "tls_config {\n" + "".join(
                f'      {name}_file = "{settings[key]}"\n'
                for name, key in (("cert", "certificate"), ("key", "key"))
            ) + "    }"
        config = self.CONFIG.format(
            port=task.port,
            protocol="udp" if task.transport == "udp" else "tcp",
            tls=tls,
            sink=task.sink_port,
        )
        command = [peers.find(self.name) / self.name, "run", "--disable-reporting"]
        command += [f"--server.http.listen-addr=127.0.0.1:{free_port()}"]
        command += [f"--storage.path={task.directory / 'alloy'}"]
        command += [task.write("config.alloy", config)]
        return task.process(self.name, command).spawn()


class Telegraf(Subject):
    name = "telegraf"
    what = (
        "built from its Go module with inputs.syslog and outputs.loki; RFC 5424 lines only, "
        "because it takes one standard a listener"
    )
    shapes = "rfc5424"

    CONFIG = """\
[agent]
  interval = "1s"
  flush_interval = "1s"
  metric_batch_size = {lines}
  metric_buffer_limit = {held}
  omit_hostname = true
[[inputs.syslog]]
  server = "{scheme}://127.0.0.1:{port}"
  best_effort = true
  {more}
[[outputs.loki]]
  domain = "http://127.0.0.1:{sink}"
"""

    def prepare(self):
        peers.prepare(self.name)

    def start(self, task):
        more = f"read_buffer_size = {BUFFER_BYTES}"
        if task.transport != "udp":
            more = 'framing = "non-transparent"'
        if task.transport == "tls":
            settings = task.certificates.server_settings(mutual=False)
            more += f'\n  tls_cert = "{settings["certificate"]}"\n  tls_key = "{settings["key"]}"'
        config = self.CONFIG.format(
            lines=BATCH_LINES,
            held=LINES_HELD,
            scheme="udp" if task.transport == "udp" else "tcp",
            port=task.port,
            more=more,
            sink=task.sink_port,
        )
        command = [peers.find(self.name) / self.name, "--quiet"]
        command += ["--config", task.write("telegraf.conf", config)]
        return task.process(self.name, command, {"TELEGRAF_HOME": os.devnull}).spawn()


def all_subjects():
    return [
        Bare("bare-1ms", "recvmmsg at most every millisecond, snappy, push", coalesce_us=1000),
        Bare("bare", "recvmmsg or read when woken, snappy, push"),
        Weir("weir", "the defaults; 2 ingest threads, 1 delivery thread"),
        Weir("weir-two", "weir with a second Loki", endpoints=2),
        Weir("weir-spool", "weir with a spool on disk", spool=True),
        SyslogNg(),
        Rsyslog(),
        Alloy(),
        Telegraf(),
    ]
