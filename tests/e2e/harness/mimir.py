"""A real Mimir, single binary, in a directory of its own; and what its query API gives back."""

import json
import time
import urllib.parse
from typing import Dict, NamedTuple

from . import http
from .process import Process, eventually, free_port

# Far above what the tests send: limits are a test of their own.
ROOMY_LIMITS = {
    "ingestion_rate": 10_000_000,
    "ingestion_burst_size": 10_000_000,
    "max_global_series_per_user": 0,
    "max_global_metadata_per_user": 0,
}
LOCAL = "127.0.0.1"


class Sample(NamedTuple):
    labels: Dict[str, str]
    at: float
    value: float


class Mimir(Process):
    def __init__(self, binary, directory, name="mimir", limits=None):
        self.directory = directory / name
        self.directory.mkdir(parents=True)
        self.port = free_port()
        self.grpc_port = free_port()
        self.gossip_port = free_port()
        self.base = f"http://{LOCAL}:{self.port}"
        self.push_url = f"{self.base}/api/v1/push"
        self.runtime = self.directory / "runtime.yaml"
        self.set_limits(limits)
        file = self.directory / "mimir.yaml"
        file.write_text(json.dumps(self.config()))
        super().__init__(name, [binary, f"-config.file={file}"], self.directory / "log")

    def set_limits(self, limits=None):
        """Of the one tenant; a Mimir that runs takes them within a second."""
        whole = {**ROOMY_LIMITS, **(limits or {})}
        self.runtime.write_text(json.dumps({"overrides": {"anonymous": whole}}))

    def config(self):
        data = self.directory / "data"
        ring = {"instance_addr": LOCAL, "kvstore": {"store": "inmemory"}}
        alone = {**ring, "replication_factor": 1}

        def files(name):
            return {"backend": "filesystem", "filesystem": {"dir": str(data / name)}}

        return {
            "target": "all",
            "multitenancy_enabled": False,
            "usage_stats": {"enabled": False},
            "activity_tracker": {"filepath": str(self.directory / "activity")},
            "server": {
                "http_listen_address": LOCAL,
                "http_listen_port": self.port,
                "grpc_listen_address": LOCAL,
                "grpc_listen_port": self.grpc_port,
                "log_level": "warn",
            },
            "memberlist": {"bind_addr": [LOCAL], "bind_port": self.gossip_port},
            "distributor": {"ring": ring},
            # The defaults make a lone Mimir wait for others before it is ready and when it leaves.
            "ingester": {"ring": {**alone, "min_ready_duration": "0s", "final_sleep": "0s"}},
            "store_gateway": {"sharding_ring": alone},
            "compactor": {"data_dir": str(data / "compactor"), "sharding_ring": ring},
            "frontend": {"address": LOCAL},
            "query_scheduler": {"ring": ring},
            "ruler": {"rule_path": str(data / "ruler"), "ring": ring},
            "alertmanager": {"data_dir": str(data / "alertmanager"), "sharding_ring": alone},
            "ruler_storage": files("rules"),
            "alertmanager_storage": files("alertmanager-storage"),
            "blocks_storage": {
                **files("blocks"),
                "tsdb": {"dir": str(data / "tsdb")},
                "bucket_store": {"sync_dir": str(data / "sync")},
            },
            "runtime_config": {"file": str(self.runtime), "period": "1s"},
        }

    def start(self, timeout_s=60):
        self.spawn()
        eventually(self.ready, timeout_s, f"{self.name} ready")
        return self

    def ready(self):
        self.must_run()
        return http.get(f"{self.base}/ready")[0] == 200

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        answer = http.get_json(f"{self.base}/prometheus/api/v1/{path}?{query}", 30)
        assert answer["status"] == "success", answer
        return answer["data"]

    def samples(self, selector, seconds=3600):
        """Every sample of the last `seconds` that the selector matches, by time; a stale marker is
        not among them."""
        found = []
        query = f"{selector}[{seconds}s]"
        for series in self.ask("query", query=query, time=time.time() + 5)["result"]:
            for at, value in series["values"]:
                found.append(Sample(series["metric"], at, float(value)))
        return sorted(found, key=lambda sample: sample.at)

    def now(self, query):
        """The instant value of each series by its labels, stale ones left out."""
        result = self.ask("query", query=query)["result"]
        return [Sample(item["metric"], item["value"][0], float(item["value"][1])) for item in result]

    def count(self, selector, seconds=3600):
        """How many samples of the last `seconds` the selector matches, stale markers left out."""
        return len(self.samples(selector, seconds))

    def metadata(self, family):
        """Type, help and unit of one family; nothing if none came."""
        return self.ask("metadata", metric=family).get(family, [])
