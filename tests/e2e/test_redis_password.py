"""Redis with a password, and behind a name: whatever is wrong with either is a miss and a line of
the log, never an error of a request."""

import json
import subprocess

import pytest

import harness
import make
from harness import BUILD, wait_until
from test_cache import go_on, read, write

PASSWORD = 'pass word "7" äß'
BOTH_LOOPS = 16  # at least as many as there are loops


def system_with(directory, redis_password, gateway_password, end="\n"):
    """A started system; None: that side has no password."""
    variables = {}
    if gateway_password is not None:
        path = directory / "password"
        path.write_bytes((gateway_password + end).encode())
        variables["DONGKHOI_REDIS_PASSWORD_FILE"] = str(path)
    system = harness.System(directory, **variables)
    if redis_password is not None:
        system.redis.options = ["--requirepass", redis_password]
    system.start()
    make.cluster(system.client, "cached")
    return system


def keys(system, password=PASSWORD):
    return system.redis.ask("-a", password, "--no-auth-warning", "KEYS", "*").split()


def kept_in_redis(system):
    """Reads new values until one is in Redis."""
    number = 0

    def stored():
        nonlocal number
        number += 1
        write(system, number)
        read(system)
        return any(key for key in keys(system) if "clusters" in key)

    return wait_until(stored, "answers are kept in Redis")


def events(system, name):
    lines = [json.loads(line) for line in system["gateway"].said().splitlines() if line[:1] == "{"]
    return [line for line in lines if line["event"] == name]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["bare", "line", "crlf"])
def test_with_its_password_redis_is_used(tmp_path, end):
    system = system_with(tmp_path, PASSWORD, PASSWORD, end)
    kept_in_redis(system)
    assert not events(system, "redis_refuses")
    assert PASSWORD not in system["gateway"].said()
    system.stop()


@pytest.mark.parametrize(
    ("redis", "gateway", "says"),
    [(PASSWORD, "another", "WRONGPASS"), (PASSWORD, None, "NOAUTH"), (None, PASSWORD, "ERR")],
    ids=["wrong", "missing", "needless"],
)
def test_a_password_that_does_not_fit_is_a_miss_and_a_line_of_the_log(
    tmp_path, redis, gateway, says
):
    system = system_with(tmp_path, redis, gateway)
    assert go_on(system) < 2
    wait_until(lambda: events(system, "redis_refuses"), "the gateway says it")
    assert go_on(system, 5) < 2
    lines = events(system, "redis_refuses")
    assert len(lines) <= BOTH_LOOPS, lines
    assert all(line["level"] == "warning" and says in line["message"] for line in lines), lines
    assert "another" not in system["gateway"].said()
    assert not keys(system) or redis is None
    system.stop()


def test_a_password_that_is_mended_is_taken_without_a_restart(tmp_path):
    system = system_with(tmp_path, "old", PASSWORD)
    wait_until(lambda: events(system, "redis_refuses"), "the gateway says it")
    system.redis.ask("-a", "old", "--no-auth-warning", "CONFIG", "SET", "requirepass", PASSWORD)
    kept_in_redis(system)
    wait_until(lambda: events(system, "redis_accepts"), "the gateway says it")
    system.stop()


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"two\nlines\n", b"nul\0\n", b"x" * 513 + b"\n"],
    ids=["absent", "empty", "blank", "two-lines", "nul", "long"],
)
def test_a_file_that_holds_no_password_stops_the_gateway_before_it_listens(tmp_path, content):
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    for arguments in ([], ["--check"]):
        done = subprocess.run(
            [BUILD / "services" / "gateway" / "dongkhoi-gateway", *arguments],
            env={"DONGKHOI_REDIS_PASSWORD_FILE": str(path), "DONGKHOI_LISTEN": "127.0.0.1:0"},
            capture_output=True, text=True, timeout=20, check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "DONGKHOI_REDIS_PASSWORD_FILE" in said and str(path) in said, said
        assert "one line of at most 512 bytes" in said and "listening" not in said, said


def test_redis_behind_a_name_is_used(tmp_path):
    system = harness.System(tmp_path)
    port = system.environment["DONGKHOI_REDIS"].rpartition(":")[2]
    system.environment["DONGKHOI_REDIS"] = f"localhost:{port}"
    system.start()
    make.cluster(system.client, "cached")
    wait_until(
        lambda: write(system, 1) or read(system) and system.redis.ask("DBSIZE") not in ("0", ""),
        "answers are kept in Redis",
    )
    system.stop()


def test_a_name_that_nobody_has_holds_nothing_up(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_REDIS="redis.invalid:6379")
    system.redis = None
    system.start()
    make.cluster(system.client, "cached")
    assert go_on(system) < 2
    system.stop()
