"""One weir under test: its configuration, its life and what it says of itself."""

import json
import os
import signal
from pathlib import Path

from . import http, ledger
from .process import Process, eventually, free_port

ROOT = Path(__file__).resolve().parents[3]
PRESET = os.environ.get("WEIR_PRESET", "dev")
BINARY = ROOT / "build" / PRESET / "weir"
# Sanitizers make everything slower, not wrong.
PATIENCE = 4 if PRESET in ("asan", "tsan") else 1


class Weir(Process):
    def __init__(self, directory, config, name="weir", arguments=None, environment=None):
        self.directory = directory
        self.config = config
        self.file = directory / f"{name}.yaml"
        self.dead_letters = directory / f"{name}-dead-letters.db"
        config.setdefault("dead_letters", {"path": str(self.dead_letters)})
        admin = config.get("admin", {})
        address = admin.get("address", "127.0.0.1:12345")
        self.admin = f"{'https' if 'tls' in admin else 'http'}://{address}"
        self.token_file = admin.get("token_file")
        self.earlier = []
        command = [BINARY, "run", *(arguments or ["--config", self.file])]
        super().__init__(name, command, directory / f"{name}.log", environment, directory)

    def write_config(self):
        # JSON is YAML, and needs no library.
        self.file.write_text(json.dumps(self.config, indent=1))

    def start(self):
        self.write_config()
        self.spawn()
        eventually(self.ready, 15 * PATIENCE, f"{self.name} ready:\n{self.tail()}")
        # What an earlier process of the same spool counted; nothing has been sent to this one yet.
        self.earlier = self.status()["listeners"] if "spool" in self.config else []
        return self

    def received_before(self, listener=None):
        chosen = [item for item in self.earlier if listener in (None, item["name"])]
        return sum(item["received"] for item in chosen)

    def received_now(self, listener=None):
        """By this process."""
        return ledger.received(self.status(), listener) - self.received_before(listener)

    def ready(self):
        self.must_run()
        return http.get(f"{self.admin}/-/ready")[0] == 200

    def port(self, listener):
        address = ledger.named(self.config["listeners"], listener)["address"]
        return int(address.rsplit(":", 1)[1])

    def credentials(self):
        if not self.token_file:
            return {}
        return {"Authorization": f"Bearer {Path(self.token_file).read_text().strip()}"}

    def status(self):
        self.must_run()
        return http.get_json(f"{self.admin}/api/v1/status", headers=self.credentials())

    def metrics(self):
        """Series (name with labels, as printed) -> value"""
        status, body = http.get(f"{self.admin}/metrics")
        assert status == 200, body
        lines = (line for line in body.splitlines() if line and not line.startswith("#"))
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}

    def reload(self):
        self.write_config()
        self.signal(signal.SIGHUP)

    def received(self, count, listener=None, timeout_s=20):
        """Waits for that many frames, and fails on one too many."""

        def probe():
            have = self.received_now(listener)
            assert have >= count, f"have {have}"
            return True

        eventually(probe, timeout_s * PATIENCE, f"{count} frames received")
        assert self.received_now(listener) == count
        return self

    def settled(self, count, timeout_s=30):
        """The status once `count` frames have come in and all of them have ended, balanced."""
        self.received(count, timeout_s=timeout_s)

        def probe():
            status = self.status()
            return status if ledger.at_rest(status) else None

        status = eventually(probe, timeout_s * PATIENCE, "nothing held and nothing queued")
        ledger.assert_balanced(status, self.received_before())
        return status

    def drained(self):
        """Ends it with SIGTERM: it exits with 0 and its last words are the ledger."""
        status = self.stop(30 * PATIENCE)
        assert status == 0, f"exit status {status}:\n{self.tail()}"
        last = self.text().rstrip().splitlines()[-1]
        for term in ("stopped", "received=", "accepted=", "appended=", "delivered="):
            assert term in last, f"no ledger in the last line: {last}"
        assert "IMBALANCE" not in last, last
        return last


def listener(name, transport, port=None, **more):
    return {
        "name": name,
        "protocol": "syslog",
        "transport": transport,
        "address": f"[::]:{port or free_port()}",
        **more,
    }


def configuration(test_name, listeners, lokis, mimirs=(), **more):
    """A small machine that hands batches on quickly. The label `run` sets a test's lines apart."""
    quick = {"backoff_min": "100ms", "backoff_max": "1s"}
    if mimirs:
        more["mimir"] = [
            {"name": mimir.name, "url": mimir.push_url, **quick, **more.get("mimir_settings", {})}
            for mimir in mimirs
        ]
    more.pop("mimir_settings", None)
    return {
        "cluster": test_name,
        "labels": {"dc": "none", "run": test_name},
        "admin": {"address": f"127.0.0.1:{free_port()}"},
        "ingest_threads": 2,
        "listeners": listeners,
        "logs": {"batch": {"age_max": "200ms"}},
        "metrics": {"batch": {"age_max": "200ms"}},
        "loki": [
            {"name": loki.name, "url": loki.push_url, **quick}
            for loki in lokis
        ],
        **more,
    }
