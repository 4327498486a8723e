"""deploy/run from its arguments to its end, over the programs that the tests built."""

import contextlib
import fcntl
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness import BUILD, PROGRAMS, ROOT, Client, addresses, free_ports, wait_until
import preflight


def command(*arguments):
    return [sys.executable, ROOT / "deploy" / "supervise.py", BUILD, *arguments]


def run_once(state):
    return subprocess.run(
        command("--once"),
        env={**os.environ, **addresses(state)[0]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextlib.contextmanager
def running(directory):
    """(process, client, what it said) of one that stays in the foreground."""
    directory.mkdir(exist_ok=True)
    variables, port = addresses(directory / "state")
    out = directory / "out"
    with open(out, "wb") as file:
        process = subprocess.Popen(
            command(),
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or "serving on" in out.read_text(), "it serves", 60
        )
        assert process.poll() is None, out.read_text()
        yield process, Client(port), out.read_text
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


HELPFUL = [
    *(BUILD / "services" / name / f"dongkhoi-{name}" for name in PROGRAMS),
    BUILD / "deploy" / "loadtest" / "dongkhoi-generate",
    *(ROOT / "deploy" / name for name in (
        "build.sh", "install.sh", "load_2022.py", "loadtest/cost.py", "loadtest/run",
        "preflight.py", "report.py", "run", "secrets.sh", "supervise.py", "systemd/backup.sh",
        "systemd/install.sh",
    )),
    *(ROOT / "tests" / name for name in ("bench/run", "compose/run", "run")),
]


@pytest.mark.parametrize("program", HELPFUL, ids=lambda path: path.name)
def test_whoever_asks_with_h_is_told_how_it_is_used(program, tmp_path):
    interpreter = {".sh": ["bash"], ".py": [sys.executable]}.get(program.suffix, [])
    said = [
        subprocess.run(
            [*interpreter, program, argument],
            cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
        )
        for argument in ("-h", "--help")
    ]
    for done in said:
        assert done.returncode == 0 and "usage: " in done.stdout, done
    assert said[0].stdout == said[1].stdout
    assert not any(tmp_path.iterdir())


def test_a_command_of_a_program_tells_how_it_is_used(tmp_path):
    program = BUILD / "services" / "clusters" / "dongkhoi-clusters"
    done = subprocess.run(
        [program, "backup", "-h"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done
    assert done.stdout.startswith("usage: dongkhoi-clusters backup --to FILE\n")
    assert not any(tmp_path.iterdir())


def refused(variables):
    """What deploy/run says when something is in its way, before any work."""
    done = subprocess.run(
        [ROOT / "deploy" / "run", "--once"],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )
    assert done.returncode == 1, done
    assert done.stdout == "==> checking variables, lock and ports\n", done
    assert "Traceback" not in done.stderr and "what to do: " in done.stderr
    return done.stderr


@pytest.mark.parametrize("variable, value", [
    ("DONGKHOI_LISTEN", "nowhere"),
    ("DONGKHOI_CLUSTERS", "127.0.0.1:7103"),
    ("DONGKHOI_CLUSTERS", "tcp://127.0.0.1:7103,tcp://there"),
    ("DONGKHOI_REDIS", "127.0.0.1:99999"),
    ("DONGKHOI_STATE", "/proc/dongkhoi"),
    ("DONGKHOI_HOLIDAYS", "/nowhere/holidays"),
    ("DONGKHOI_LISTN", "127.0.0.1:80"),
    ("DONGKHOI_LGO", "debug"),
])
def test_a_wrong_variable_is_refused_before_anything_is_installed_or_built(
        variable, value, tmp_path):
    said = refused({**addresses(tmp_path / "state")[0], variable: value})
    assert variable in said and value in said
    if variable != "DONGKHOI_STATE":
        assert not (tmp_path / "state").exists()


def test_a_taken_port_is_named_before_anything_is_installed_or_built(tmp_path):
    variables, port = addresses(tmp_path / "state")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        said = refused(variables)
    assert f"the gateway cannot listen on 127.0.0.1:{port}" in said


def test_a_state_directory_in_use_is_named_before_anything_is_installed_or_built(tmp_path):
    variables, _ = addresses(tmp_path / "state")
    (tmp_path / "state").mkdir()
    with open(tmp_path / "state" / "supervise.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = refused(variables)
    assert f"another deploy/run works in {tmp_path / 'state'}" in said


def test_names_of_others_are_in_nobodys_way():
    preflight.check_names({"DONGKHOI_CLUSTERS_SERVICE_HOST": "10.0.0.1", "DONGKHOI_LOG": "debug"})
    assert "DONGKHOI_LISTEN" in preflight.known_names()


class Clone:
    """A directory with deploy/build.sh and a cmake that does what it is told."""

    def __init__(self, directory, cmake):
        self.directory = directory
        (directory / "deploy").mkdir()
        (directory / "bin").mkdir()
        for name in ("build.sh", "say.sh"):
            shutil.copy(ROOT / "deploy" / name, directory / "deploy")
        (directory / "bin" / "cmake").write_text(f"#!/bin/bash\n{cmake}\n")
        (directory / "bin" / "cmake").chmod(0o755)
        self.log = directory / "build" / "release.log"

    def build(self, **where):
        path = f"{self.directory / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", self.directory / "deploy" / "build.sh", "release"],
            env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, timeout=60, check=False,
            **where,
        )


def test_a_build_shows_on_a_terminal_how_far_it_is(tmp_path):
    clone = Clone(tmp_path, "printf '[1/12] a.c\\n'; echo warned >&2; printf '[12/12] b\\n'")
    ours, terminal = pty.openpty()
    with open(ours, "rb", buffering=0) as reader:
        with open(terminal, "wb", buffering=0) as writer:
            done = clone.build(stdout=writer, stderr=writer)
            said = reader.read(65536).decode()
    assert done.returncode == 0, said
    assert "\r    1 of 12 \r    12 of 12 \r\n" in said and "warned" not in said
    assert clone.log.read_text() == 2 * "[1/12] a.c\nwarned\n[12/12] b\n"


def test_a_build_without_a_terminal_says_now_and_then_how_far_it_is(tmp_path):
    clone = Clone(tmp_path, "printf '[1/12] a.c\\n'; sleep 1.1; printf '[2/12] b.c\\n[3/12] c.c\\n'")
    build = tmp_path / "deploy" / "build.sh"
    build.write_text(build.read_text().replace("PROGRESS_SECONDS=10", "PROGRESS_SECONDS=1"))
    done = clone.build(capture_output=True, text=True)
    assert done.returncode == 0, done
    assert done.stdout.count("==>   2 of 12\n") == 2 and "1 of 12" not in done.stdout


def test_a_build_that_fails_shows_the_end_of_its_log(tmp_path):
    clone = Clone(tmp_path, "echo '[1/2] a.c'; printf 'it is broken'; exit 3")
    done = clone.build(capture_output=True, text=True)
    assert done.returncode == 1, done
    assert "it is broken" in done.stderr and str(clone.log) in done.stderr


@pytest.mark.parametrize("name", ["deploy/run", "tests/run", "tests/compose/run"])
def test_help_and_wrong_arguments(name):
    done = subprocess.run([ROOT / name, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith(f"usage: {name}")
    done = subprocess.run([ROOT / name, "--nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "unknown argument: --nonsense" in done.stderr


def test_once_prints_the_results_and_ends_and_the_second_time_nothing_is_new(tmp_path):
    first = run_once(tmp_path / "state")
    assert first.returncode == 0, first
    assert "95.30" in first.stdout and "0 of 2" in first.stdout
    assert "serving on http://127.0.0.1:" in first.stdout
    second = run_once(tmp_path / "state")
    assert second.returncode == 0, second
    assert "==> loaded; new records: 0\n" in second.stdout
    tables = [done.stdout.split("new records:")[1].split("\n", 1)[1] for done in (first, second)]
    assert tables[0].split("==>")[0] == tables[1].split("==>")[0]


def test_it_stays_until_ctrl_c_and_then_everything_ends(tmp_path):
    with running(tmp_path) as (process, client, said):
        assert process.poll() is None, said()
        assert client.get("/readyz").status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0, said()
        with pytest.raises(OSError):
            client.get("/healthz")
        assert "was killed" not in said()


def test_a_killed_program_comes_back_by_itself(tmp_path):
    with running(tmp_path) as (process, client, said):
        time.sleep(1)
        children = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert len(children) == len(PROGRAMS) + 1  # Redis
        for line in children:
            os.kill(int(line.split()[0]), signal.SIGKILL)
        wait_until(lambda: said().count("starting it again") == len(children), "the lines that say so")
        wait_until(lambda: ready(client), "it is ready again", 30)
        assert client.get("/v1/indicators/exports").status == 200


def ready(client):
    try:
        return client.get("/readyz").status == 200
    except OSError:
        return False


def redis_said(port, *words):
    return subprocess.run(
        ["redis-cli", "-p", str(port), *words],
        capture_output=True, text=True, timeout=10, check=False,
    ).stdout.split("\n")


def test_redis_is_a_cache_and_nothing_else(tmp_path, monkeypatch):
    port = free_ports(1)[0]
    variables, gateway = addresses(tmp_path / "state")
    variables["DONGKHOI_REDIS"] = f"127.0.0.1:{port}"
    monkeypatch.setattr("test_deploy.addresses", lambda _: (variables, gateway))
    with running(tmp_path) as (_, client, _):
        for name, value in (
            ("maxmemory", str(64 << 20)), ("maxmemory-policy", "allkeys-lru"),
            ("save", ""), ("appendonly", "no"), ("bind", "127.0.0.1"),
        ):
            assert redis_said(port, "CONFIG", "GET", name)[1] == value
        for _ in range(20):
            client.get("/v1/indicators/exports")
        assert int(redis_said(port, "DBSIZE")[0]) > 0
        times = redis_said(port, "TTL", redis_said(port, "RANDOMKEY")[0])
        assert 0 < int(times[0]) <= 86400
    assert redis_said(port, "PING")[0] != "PONG"


@pytest.mark.parametrize("redis", ["", "192.0.2.1:6379"], ids=["none", "elsewhere"])
def test_no_redis_is_started_where_none_is_wanted(tmp_path, monkeypatch, redis):
    variables, gateway = addresses(tmp_path / "state")
    variables["DONGKHOI_REDIS"] = redis
    monkeypatch.setattr("test_deploy.addresses", lambda _: (variables, gateway))
    with running(tmp_path) as (process, client, _):
        assert client.get("/readyz").status == 200
        children = subprocess.run(
            ["ps", "-o", "args=", "--ppid", str(process.pid)],
            capture_output=True, text=True, check=True,
        ).stdout
        assert "redis" not in children and "gateway" in children


def test_two_run_side_by_side(tmp_path):
    with running(tmp_path / "a") as (_, first, _), running(tmp_path / "b") as (_, second, _):
        first.ok("PATCH", "/v1/clusters/phong-nam", {"note": "a"})
        assert second.ok("GET", "/v1/clusters/phong-nam")["note"] != "a"


@pytest.mark.parametrize("with_sudo", [False, True])
def test_missing_packages_without_the_right_to_install_them(tmp_path, with_sudo):
    """Stand-ins: nothing is installed, the user is not root, and sudo refuses or is not there."""
    stand_ins = {"dpkg-query": "exit 1", "id": "echo 1000", "apt-cache": "exit 0"}
    if with_sudo:
        stand_ins["sudo"] = "echo 'sudo: a password is required' >&2; exit 1"
    for name, text in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "env", "dirname", "mktemp", "cat", "tail", "rm"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/usr/bin/bash", ROOT / "deploy" / "install.sh", "build"],
        env={"PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "what to do:" in done.stderr and "apt-get install" in done.stderr
    assert ("a password is required" if with_sudo else "neither root nor") in done.stderr
