"""What is measured: how each collector is configured and started.

Each gets the same task: take Cisco's dial-out over gRPC on one port of 127.0.0.1, and write what the
messages hold to the sink by Prometheus remote write, at most about a second later.
"""

import json
import os

from subjects import BUILD, THREADS, free_port, peers
from harness.process import Process

MESSAGE_BYTES_MAX = 16 << 20  # more than NX-OS sends at once
CONNECTIONS_MAX = 4_000
SERIES_MAX = 1_000_000
QUEUE = "512MiB"  # Telegraf's buffer of a million rows is of this order


class Weir:
    def __init__(self, name, what, **metrics):
        self.name, self.what, self.metrics = name, what, metrics

    def prepare(self):
        if not (BUILD / "weir").exists():
            raise peers.Unavailable("the bench preset is not built")

    def start(self, directory, port, sink_port):
        config = configuration(port, f"http://127.0.0.1:{sink_port}/", directory, **self.metrics)
        file = directory / "weir.yaml"
        file.write_text(json.dumps(config, indent=1))
        command = [BUILD / "weir", "run", "--config", file]
        return Process(self.name, command, directory / f"{self.name}.log").spawn()


def configuration(port, sink_url, directory, **metrics):
    """Of weir. All devices have one address here."""
    limits = {"connections_max": CONNECTIONS_MAX, "connections_per_source_max": CONNECTIONS_MAX}
    listener = {"name": "mdt", "protocol": "mdt", "transport": "tcp", "limits": limits}
    listener["address"] = f"127.0.0.1:{port}"
    room = {"series_max": SERIES_MAX, "events": False}
    return {
        "admin": {"address": f"127.0.0.1:{free_port()}"},
        "ingest_threads": THREADS,
        "metrics": {**room, **metrics},
        "listeners": [listener],
        "mimir": [{"name": "sink", "url": sink_url, "queue_bytes_max": QUEUE}],
        "dead_letters": {"path": str(directory / "dead-letters.db")},
    }


class Telegraf:
    name = "telegraf"
    what = (
        "built from its Go module; inputs.cisco_telemetry_mdt to outputs.http with"
        " prometheusremotewrite, batches of 2,000 rows or 1 s, a buffer of a million rows"
    )

    # A batch must not hold two rounds of a device: the serializer keeps one sample of a series.
    CONFIG = """\
[agent]
  interval = "10s"
  flush_interval = "1s"
  metric_batch_size = 2000
  metric_buffer_limit = 1000000
  omit_hostname = true
[[inputs.cisco_telemetry_mdt]]
  transport = "grpc"
  service_address = "127.0.0.1:{port}"
  max_msg_size = {message}
  [inputs.cisco_telemetry_mdt.grpc_enforcement_policy]
    permit_keepalive_without_calls = true
    keepalive_minimum_time = "5s"
[[outputs.http]]
  url = "http://127.0.0.1:{sink}/api/v1/push"
  data_format = "prometheusremotewrite"
  [outputs.http.headers]
    Content-Type = "application/x-protobuf"
    Content-Encoding = "snappy"
    X-Prometheus-Remote-Write-Version = "0.1.0"
"""

    def prepare(self):
        peers.prepare(self.name)

    def start(self, directory, port, sink_port):
        file = directory / "telegraf.conf"
        file.write_text(self.CONFIG.format(port=port, sink=sink_port, message=MESSAGE_BYTES_MAX))
        # Without --quiet: what is dropped should be in its log.
        command = [peers.find(self.name) / self.name, "--config", file]
        log = directory / f"{self.name}.log"
        return Process(self.name, command, log, {"TELEGRAF_HOME": os.devnull}).spawn()


def all_collectors():
    return [
        Weir(
            "weir",
            "one sample for each leaf, as Telegraf (network_interface and state_sets off)",
            network_interface=False,
            state_sets=False,
        ),
        Weir("weir-all", "the defaults: states, and the harmonised network_interface_* beside"),
        Telegraf(),
    ]
