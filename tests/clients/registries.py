"""registries.py - tools by name from npm, Debian and the Go proxy, kept in build/clients.

Each function returns a folder that has the tool, and fetches it only when it is not there yet. What
is fetched appears at once or not at all, so that a run that was stopped leaves nothing half done.

Raises Unreachable when the registry gave no answer: the one reason for which a test may be skipped.
Whatever a registry did answer, such as that it has no such version, is a RegistryError.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "clients"
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

FETCH_SECONDS = 240

# The codes of npm that mean that nobody answered, or only a proxy on the way.
NPM_NO_ANSWER = re.compile(
    r"^npm (?:error|ERR!) code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH"
    r"|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|E502|E503|E504)$",
    re.MULTILINE,
)
# The same in the words of apt's methods.
APT_NO_ANSWER = re.compile(
    r"Temporary failure resolving|Could not resolve|Could not connect|Unable to connect"
    r"|Connection (?:failed|refused|timed out|reset)|Network is unreachable|No route to host"
    r"|\b50[234] +(?:Bad Gateway|Service|Gateway)"
)
# The same in the words of the go command, which asks a proxy and a database of checksums.
GO_NO_ANSWER = re.compile(
    r"no such host|connection refused|connection reset|i/o timeout|network is unreachable"
    r"|TLS handshake timeout|server misbehaving|: 50[234] (?:Bad Gateway|Service|Gateway)"
)


class RegistryError(Exception):
    """A registry answered, but not with what was asked for."""


class Unreachable(pytest.skip.Exception):
    """A registry gave no answer: the test that needs the tool is skipped."""


def fetch(command, no_answer, what, **more):
    """Runs a registry's client and returns what it printed."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False, timeout=FETCH_SECONDS, **more,
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{what}: no answer within {FETCH_SECONDS} s") from None
    if done.returncode == 0:
        return done.stdout
    silence = no_answer.search(done.stdout)
    if silence:
        raise Unreachable(f"{what}: the registry cannot be reached ({silence.group()})")
    end = "\n".join(done.stdout.splitlines()[-15:])
    raise RegistryError(f"{what}: {' '.join(map(str, command))} failed:\n{end}")


@contextlib.contextmanager
def made_once(folder):
    """Gives a folder to fill, which becomes the folder when that is done; None: it is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as new:
            filled = Path(new) / "folder"
            filled.mkdir()
            yield filled
            filled.rename(folder)


def npm():
    """The npm command, installed as Debian's package when there is none."""
    if shutil.which("npm") is None:
        fetch(["bash", str(ROOT / "deploy" / "install.sh"), "clients"], APT_NO_ANSWER,
              "the package npm")
    return shutil.which("npm")


def npm_package(name, version, integrity, tools=TOOLS):
    """The folder of a package of npm, with what it needs beside it. integrity is what the registry
    says of the version ("sha512-..."), pinned, since programs of the package are run."""
    folder = tools / "npm" / f"{name.replace('/', '+')}@{version}"
    with made_once(folder) as new:
        if new is not None:
            fetch(
                [npm(), "install", "--prefix", str(new), "--ignore-scripts", "--no-audit",
                 "--no-fund", "--no-update-notifier", "--fetch-retries=1",
                 "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000", f"{name}@{version}"],
                NPM_NO_ANSWER, f"npm's package {name}", cwd=new,
            )
            lock = json.loads((new / "node_modules" / ".package-lock.json").read_text())
            found = lock["packages"][f"node_modules/{name}"]["integrity"]
            if found != integrity:
                raise RegistryError(f"{name}@{version} is {found}, not {integrity}")
    return folder / "node_modules" / name


def go(arguments, module, tools=TOOLS):
    """Runs the go command for the module in a folder, with its caches in build/clients; it is
    installed as Debian's package when there is none. The module's go.sum pins what is fetched."""
    if shutil.which("go") is None:
        fetch(["bash", str(ROOT / "deploy" / "install.sh"), "go"], APT_NO_ANSWER,
              "the package golang-go")
    environment = {
        **os.environ, "GOPATH": str(tools / "go" / "path"), "GOCACHE": str(tools / "go" / "cache"),
        "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw",
    }
    return fetch([shutil.which("go"), *arguments], GO_NO_ANSWER, f"go {arguments[0]}", cwd=module,
                 env=environment)


def debian_mirror():
    """Where this machine takes the packages of its own release from."""
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)",
         "Created-By: Packages"],
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.splitlines()
    for line in lines:
        words = line.split(maxsplit=3)
        if words[:2] == ["Debian", "main"] and "-" not in words[2]:
            return words[3]
    raise RegistryError("apt-get indextargets names no mirror of Debian: run apt-get update")


def debian_packages(release, names, mirror=None, tools=TOOLS):
    """A folder with the files of packages of another release of Debian, which are not installed:
    nothing of the system changes."""
    folder = tools / "debian" / f"{release}-{'-'.join(names)}"
    with made_once(folder) as new:
        if new is not None:
            with tempfile.TemporaryDirectory(dir=new.parent) as root:
                download(Path(root), mirror or debian_mirror(), release, names)
                for package in sorted(Path(root).glob("*.deb")):
                    subprocess.run(["dpkg-deb", "-x", package, new], check=True)
    return folder


def download(root, mirror, release, names):
    """The packages into root, with lists and a cache of their own there."""
    for part in ("lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [signed-by={DEBIAN_KEYRING}] {mirror} {release} main\n")
    apt = ["apt-get", "-q"]
    for option in (
        f"Dir::State::lists={root}/lists", f"Dir::State::status={root}/status",
        f"Dir::Cache={root}/cache", f"Dir::Etc::sourcelist={root}/sources.list",
        "Dir::Etc::sourceparts=-", "APT::Sandbox::User=root", "APT::Update::Error-Mode=any",
        "Acquire::Languages=none", "Acquire::Retries=1", "Debug::NoLocking=1",
    ):
        apt += ["-o", option]
    environment = {**os.environ, "LC_ALL": "C"}
    what = f"Debian's packages of {release}"
    fetch([*apt, "update"], APT_NO_ANSWER, what, env=environment)
    fetch([*apt, "download", *names], APT_NO_ANSWER, what, env=environment, cwd=root)
