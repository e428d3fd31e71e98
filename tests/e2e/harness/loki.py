"""A real Loki, single binary, in a directory of its own; and what its query API gives back."""

import json
import time
import urllib.parse
from typing import Dict, NamedTuple

from . import http
from .process import Process, eventually, free_port

MESSAGE_BYTES_MAX = 256 * 1024 * 1024
QUERY_ENTRIES_MAX = 1_000_000
# Far above what the tests send: limits are a test of their own.
ROOMY_LIMITS = {
    "allow_structured_metadata": True,
    "ingestion_rate_mb": 1000,
    "ingestion_burst_size_mb": 1000,
    "per_stream_rate_limit": "1GB",
    "per_stream_rate_limit_burst": "1GB",
    "max_global_streams_per_user": 100000,
    "max_entries_limit_per_query": QUERY_ENTRIES_MAX,
    "shard_streams": {"enabled": False},
    "discover_log_levels": False,
}


class Entry(NamedTuple):
    nanos: int
    line: str
    labels: Dict[str, str]
    metadata: Dict[str, str]


class Loki(Process):
    def __init__(self, binary, directory, name="loki", limits=None, **sections):
        """`sections` (server, ingester) are put over those of config()."""
        self.directory = directory / name
        self.directory.mkdir(parents=True)
        self.port = free_port()
        self.grpc_port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.push_url = f"{self.base}/loki/api/v1/push"
        self.file = self.directory / "loki.yaml"
        self.sections = sections
        self.write_config(limits)
        super().__init__(name, [binary, f"-config.file={self.file}"], self.directory / "log")

    def write_config(self, limits=None):
        config = self.config(self.grpc_port, {**ROOMY_LIMITS, **(limits or {})})
        for name, settings in self.sections.items():
            config[name].update(settings)
        self.file.write_text(json.dumps(config))

    def restart(self, limits=None):
        """The same Loki with its data, under other limits."""
        assert self.stop() == 0
        self.write_config(limits)
        return self.start()

    def config(self, grpc_port, limits):
        data = self.directory / "data"
        itself = f"127.0.0.1:{grpc_port}"
        return {
            "auth_enabled": False,
            "analytics": {"reporting_enabled": False},
            "server": {
                "http_listen_address": "127.0.0.1",
                "http_listen_port": self.port,
                "grpc_listen_address": "127.0.0.1",
                "grpc_listen_port": grpc_port,
                "grpc_server_max_recv_msg_size": MESSAGE_BYTES_MAX,
                "grpc_server_max_send_msg_size": MESSAGE_BYTES_MAX,
                "log_level": "warn",
            },
            "common": {
                "path_prefix": str(data),
                "instance_addr": "127.0.0.1",
                "replication_factor": 1,
                "ring": {"kvstore": {"store": "inmemory"}},
                "storage": {
                    "filesystem": {
                        "chunks_directory": str(data / "chunks"),
                        "rules_directory": str(data / "rules"),
                    }
                },
            },
            # The defaults make a lone Loki wait half a minute for others before it is ready.
            "ingester": {"lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"}},
            "query_scheduler": {"use_scheduler_ring": False},
            "frontend": {"scheduler_address": itself, "scheduler_dns_lookup_period": "200ms"},
            "frontend_worker": {"scheduler_address": itself, "dns_lookup_duration": "200ms"},
            "schema_config": {
                "configs": [
                    {
                        "from": "2024-01-01",
                        "store": "tsdb",
                        "object_store": "filesystem",
                        "schema": "v13",
                        "index": {"prefix": "index_", "period": "24h"},
                    }
                ]
            },
            "limits_config": limits,
        }

    def start(self, timeout_s=40):
        self.spawn()
        eventually(self.ready, timeout_s, f"{self.name} ready")
        return self

    def ready(self):
        self.must_run()
        return http.get(f"{self.base}/ready")[0] == 200

    def entries(self, selector, timeout_s=30, start_ns=None, end_ns=None):
        """Every entry from start to before end, or else of the last hour, that the LogQL selector
        matches, oldest first."""
        now = time.time_ns()
        hour = 3600 * 10**9
        query = {
            "query": selector,
            "start": start_ns or now - hour,
            "end": end_ns or now + hour,
            "limit": QUERY_ENTRIES_MAX,
            "direction": "forward",
        }
        answer = http.get_json(
            f"{self.base}/loki/api/v1/query_range?{urllib.parse.urlencode(query)}",
            timeout_s,
            {"X-Loki-Response-Encoding-Flags": "categorize-labels"},
        )
        found = []
        for stream in answer["data"]["result"]:
            for nanos, line, *rest in stream["values"]:
                metadata = rest[0].get("structuredMetadata", {}) if rest else {}
                found.append(Entry(int(nanos), line, stream["stream"], metadata))
        return sorted(found, key=lambda entry: entry.nanos)

    def count(self, selector):
        """How many entries of the last hour the selector matches, for what is too much to fetch."""
        query = urllib.parse.urlencode({"query": f"sum(count_over_time({selector}[1h]))"})
        answer = http.get_json(f"{self.base}/loki/api/v1/query?{query}", 30)
        return sum(int(sample["value"][1]) for sample in answer["data"]["result"])

    def lines(self, selector):
        return [entry.line for entry in self.entries(selector)]
