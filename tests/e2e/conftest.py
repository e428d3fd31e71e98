"""Fixtures of the end-to-end tests. What is missing skips a test with the reason, or fails it under
WEIR_E2E=required."""

import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import network, peers  # noqa: E402
from harness.certificates import Certificates  # noqa: E402
from harness.loki import Loki  # noqa: E402
from harness.mimir import Mimir  # noqa: E402
from harness.weir import BINARY, Weir, configuration  # noqa: E402

REQUIRED = os.environ.get("WEIR_E2E") == "required"


def pytest_collection_modifyitems(config, items):
    only = os.environ.get("WEIR_ONLY")
    if only:
        chosen = [item for item in items if re.search(only, item.nodeid)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def missing(reason):
    if REQUIRED:
        pytest.fail(f"required, but {reason}")
    pytest.skip(reason)


def peer(name):
    try:
        return peers.find(name)
    except peers.Unavailable as error:
        return missing(str(error))


@pytest.fixture(scope="session")
def loki_binary():
    return peer("loki") / "loki"


@pytest.fixture(scope="session")
def mimir_binary():
    return peer("mimir") / "mimir"


@pytest.fixture(scope="session")
def rsyslog_root():
    return peer("rsyslog")


@pytest.fixture(scope="session")
def prometheus_binary():
    return peer("prometheus") / "usr" / "bin" / "prometheus"


@pytest.fixture(scope="session")
def loggen_root():
    return peer("loggen")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def loki(loki_binary, tmp_path_factory):
    """One roomy Loki for all tests that do nothing to it."""
    server = Loki(loki_binary, tmp_path_factory.mktemp("shared"))
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def start_loki(loki_binary, tmp_path):
    """Starts Lokis of the test's own."""
    started = []

    def start(name, limits=None, **sections):
        server = Loki(loki_binary, tmp_path, name, limits, **sections)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def mimir(mimir_binary, tmp_path_factory):
    """One roomy Mimir for all tests that do nothing to it."""
    server = Mimir(mimir_binary, tmp_path_factory.mktemp("shared"))
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def start_mimir(mimir_binary, tmp_path):
    """Starts Mimirs of the test's own."""
    started = []

    def start(name, limits=None):
        server = Mimir(mimir_binary, tmp_path, name, limits)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def cluster(request):
    """A name of this test's own, by which its lines are found again."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def start_weir(tmp_path, cluster):
    """start_weir(listeners, lokis, **settings) runs a weir until the test ends, and then sees it
    leave in order."""
    started = []

    def start(listeners, lokis=(), name="weir", environment=None, **settings):
        assert BINARY.exists(), f"{BINARY} is not built"
        config = configuration(cluster, listeners, lokis, **settings)
        server = Weir(tmp_path, config, name, environment=environment)
        started.append(server)
        return server.start()

    yield start
    try:
        for server in started:
            if server.running:
                server.drained()
    finally:
        for server in started:
            server.kill()


@pytest.fixture
def hosts():
    """An empty network of our own."""
    reason = network.why_not()
    if reason:
        missing(reason)
    made = network.Network()
    try:
        yield made
    finally:
        made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its weir said."""
    report = (yield).get_result()
    folder = item.funcargs.get("tmp_path") if hasattr(item, "funcargs") else None
    if report.failed and folder:
        for log in sorted(Path(folder).glob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-40:]
            report.sections.append((log.name, "\n".join(tail)))
