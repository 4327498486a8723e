"""A wrong configuration stops a program before it listens: it names the variable, its value and what
is allowed."""

import json
import os
import re
import socket
import subprocess
import sys
import threading

import pytest

from harness import BUILD, PROGRAMS, ROOT, SERVICES, Program, addresses, free_ports, wait_until

HOST_PORTS = ["", "nowhere", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
              "256.0.0.1:80", "[::1:80", "a b:80", "127.0.0.1:80 "]
PEERS = ["", ",", "nowhere", "127.0.0.1:7101", "ipc:///tmp/x", "tcp://", "tcp://127.0.0.1",
         "tcp://127.0.0.1:0", "tcp://127.0.0.1:70000", "tcp://127.0.0.1:7101,",
         "tcp://127.0.0.1:7101 tcp://127.0.0.1:7102", ",".join(["tcp://127.0.0.1:7101"] * 17)]
OWN = [value for value in PEERS if value != "tcp://127.0.0.1:0"]
NUMBERS = ["", "-1", "+1", "1.5", "1e3", " 1", "1 ", "0x10", "ten", "99999999999999999999"]
LEVELS = ["", "INFO", "trace", "info,debug", "1"]
# Of each variable that a program has, values that it cannot have.
BAD = {
    "DONGKHOI_LISTEN": HOST_PORTS,
    "DONGKHOI_REDIS": [value for value in HOST_PORTS if value] + ["127.0.0.1:0"],
    "DONGKHOI_REDIS_PASSWORD_FILE": ["{missing}", "{directory}", "{nonsense}", "{file}"],
    "DONGKHOI_METRICS_LISTEN": [value for value in HOST_PORTS if value],
    "DONGKHOI_HOSTS": [",", "a,", ",a", "a, b", "a:80", "[::1]", "http://a", "*.a", "a..b", ".",
                       "x" * 64, ",".join(["a"] * 65)],
    "DONGKHOI_CACHE_BYTES": NUMBERS,
    "DONGKHOI_MEMORY_BYTES": [*NUMBERS, "100663295", "4294967296"],
    "DONGKHOI_CONNECTIONS": [*NUMBERS, "0", "65537"],
    "DONGKHOI_PEER_SHARES": ["", "yes", "ON", "1"],
    "DONGKHOI_TRUSTED_PROXIES": ["proxy", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.1,proxy"],
    "DONGKHOI_AUDIT": NUMBERS,
    "DONGKHOI_LOG": LEVELS,
    "DONGKHOI_ACCESS_LOG": ["", "yes", "ON", "1"],
    "DONGKHOI_STATE": ["", "{file}", "{file}/below", "x" * 5000],
    "DONGKHOI_BIND": ["nowhere", "127.0.0.1:1", "tcp://", "tcp://127.0.0.1:x",
                      "tcp://127.0.0.1:7101,tcp://127.0.0.1:7102"],
    "DONGKHOI_LEASE_MS": [*NUMBERS, "10001"],
    "DONGKHOI_PATIENCE_MS": NUMBERS,
    "DONGKHOI_LOG_SLOW_MS": [*NUMBERS, "600001"],
    "DONGKHOI_IDEMPOTENCY_DAYS": [*NUMBERS, "3651"],
    "DONGKHOI_DISK_WARN": ["", "-1", "+1", "1.5", " 1", "1 ", "ten", "101%", "-5%", "%", "5%%", "5 %"],
    "DONGKHOI_DISK_RESERVE": ["", "-1", "+1", "ten", "101%", "%", "1073741825"],
    "DONGKHOI_HOLIDAYS": ["{missing}", "{directory}", "{nonsense}"],
    **{f"DONGKHOI_{service.upper()}": PEERS for service in SERVICES},
}


def variables_of(program):
    """The names that its help lists."""
    done = subprocess.run(
        [binary(program), "--help"], capture_output=True, text=True, check=True, timeout=30
    )
    return re.findall(r"^  (DONGKHOI_\w+)$", done.stdout, re.MULTILINE)


def binary(program):
    return BUILD / "services" / program / f"dongkhoi-{program}"


def bad_values(program, variable):
    if variable == f"DONGKHOI_{program.upper()}":
        return OWN
    return BAD[variable]


def check(program, environment):
    return subprocess.run(
        [binary(program), "--check"], env=environment, capture_output=True, text=True, timeout=30,
        check=False,
    )


def listens(ports):
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False


class Attempt:
    """One start of a program with an environment of its own, watched for whether it listens, on
    these ports too."""

    def __init__(self, program, directory, ports=(), **more):
        (directory / "nonsense").write_text("2022-01-01\nsoon\n")
        (directory / "file").write_text("")
        names = {
            "file": directory / "file", "missing": directory / "missing",
            "directory": directory, "nonsense": directory / "nonsense",
        }
        self.state = directory / "state"
        variables, port = addresses(self.state)
        self.ports = [*ports, port] + [
            int(value.rpartition(":")[2]) for name, value in variables.items()
            if value.startswith("tcp://")
        ]
        self.more = {name: value.format(**names) if "{" in value else value
                     for name, value in more.items()}
        self.environment = {"PATH": os.environ["PATH"], **variables, **self.more}
        self.listened = False
        self.code = None
        self.text = ""
        self.run(program)

    def run(self, program):
        process = subprocess.Popen(
            [binary(program)], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        stop = threading.Event()

        def watch():
            while not stop.is_set():
                self.listened = self.listened or listens(self.ports)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self.text = process.communicate(timeout=20)[1]
            self.code = process.returncode
        finally:
            process.kill()
            stop.set()
            watcher.join()

    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


def check_refused(attempt, variable, value):
    assert attempt.code == 1, (attempt.code, attempt.text)
    assert not attempt.listened
    (line,) = attempt.lines()
    assert line["level"] == "error" and line["event"] == "invalid_configuration"
    assert line["message"].startswith(f"{variable} is \"")
    # A line of the log has room for so much of a value.
    assert f'{variable} is "{value[:3000]}' in line["message"]
    if len(value) < 3000:
        assert re.search(r'"; allowed is: .{5,}$', line["message"]), line["message"]
    assert not attempt.state.exists()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_variable_is_tried_here(program):
    names = variables_of(program)
    missing = sorted(set(names) - set(BAD))
    assert len(names) >= 5 and not missing, f"say in BAD what these cannot be: {missing}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_value_stops_it_before_it_listens(program, tmp_path):
    for variable in variables_of(program):
        for number, value in enumerate(bad_values(program, variable)):
            directory = tmp_path / f"{variable}-{number}"
            directory.mkdir()
            attempt = Attempt(program, directory, **{variable: value})
            check_refused(attempt, variable, attempt.more[variable])


@pytest.mark.parametrize("program", PROGRAMS)
def test_check_says_the_same_of_a_wrong_value(program, tmp_path):
    (tmp_path / "file").write_text("")
    environment = {
        "PATH": os.environ["PATH"], "DONGKHOI_STATE": str(tmp_path / "file"),
        "DONGKHOI_LISTEN": "nowhere", "DONGKHOI_LITSEN": "127.0.0.1:80", "DONGKHOI_FOREIGN": "1",
    }
    done = check(program, environment)
    wrong = "DONGKHOI_LISTEN=nowhere" if program == "gateway" else f"DONGKHOI_STATE={tmp_path}/file"
    assert done.returncode == 1
    assert f"{wrong} (environment) is not valid; allowed is: " in done.stdout
    assert 'DONGKHOI_LITSEN is "127.0.0.1:80", but there is no such variable; allowed is: ' in done.stdout
    assert "DONGKHOI_LISTEN\n" in done.stdout
    assert subprocess.run(
        [binary(program), "--help"], env=environment, capture_output=True, timeout=30, check=False
    ).returncode == 0


@pytest.mark.parametrize("program", SERVICES)
@pytest.mark.parametrize("reserve, warn, is_allowed", [
    ("1000001", "1000000", False), ("6%", "5%", False), ("1", "0", True),
    ("1000000", "1000000", True), ("5%", "5%", True), ("1000001", "1%", True), ("0", "0", True),
])
def test_a_reserve_above_the_warning_is_refused_by_check_as_by_the_start(
    program, reserve, warn, is_allowed, tmp_path
):
    limits = {"DONGKHOI_DISK_RESERVE": reserve, "DONGKHOI_DISK_WARN": warn}
    environment = {"PATH": os.environ["PATH"], "DONGKHOI_STATE": str(tmp_path / "state"), **limits}
    done = check(program, environment)
    message = (f'DONGKHOI_DISK_RESERVE is "{reserve}"; '
               f'allowed is: not more than DONGKHOI_DISK_WARN, which is "{warn}"')
    assert done.returncode == (0 if is_allowed else 1), done.stdout
    assert (message in done.stdout.splitlines()) == (not is_allowed), done.stdout
    if not is_allowed:
        attempt = Attempt(program, tmp_path, **limits)
        check_refused(attempt, "DONGKHOI_DISK_RESERVE", reserve)
        assert attempt.lines()[0]["message"] == message


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_slip_of_the_hand_in_a_name_stops_it(program, tmp_path):
    attempt = Attempt(program, tmp_path, DONGKHOI_LISTN="127.0.0.1:80")
    assert attempt.code == 1 and not attempt.listened
    (line,) = attempt.lines()
    assert line["message"] == (
        'DONGKHOI_LISTN is "127.0.0.1:80", but there is no such variable; '
        "allowed is: DONGKHOI_LISTEN"
    )
    assert not attempt.state.exists()


@pytest.mark.parametrize("program", SERVICES)
def test_a_directory_that_turns_out_bad_is_named(program, tmp_path):
    attempt = Attempt(program, tmp_path, DONGKHOI_STATE="/proc/dongkhoi/state")
    assert attempt.code == 1 and not attempt.listened
    line = attempt.lines()[-1]
    assert line["event"] == "start_failed" and line["variable"] == "DONGKHOI_STATE"
    assert line["value"] == "/proc/dongkhoi/state" and "directory" in line["allowed"]


ADDRESSES = [("gateway", "DONGKHOI_LISTEN", ""), ("gateway", "DONGKHOI_METRICS_LISTEN", "")] + [
    (service, "DONGKHOI_BIND", "tcp://") for service in SERVICES
]


def check_address_refused(attempt, variable, value):
    assert attempt.code == 1, attempt.text
    assert not attempt.listened
    line = attempt.lines()[-1]
    assert line["event"] == "start_failed" and line["level"] == "error"
    assert (line["variable"], line["value"]) == (variable, value)
    assert line["allowed"] and value.removeprefix("tcp://") in line["message"]
    assert all(said["event"] != "listening" for said in attempt.lines())


@pytest.mark.parametrize("program, variable, start", ADDRESSES)
def test_an_address_that_is_taken_or_not_ours_is_named(program, variable, start, tmp_path):
    (port,) = free_ports(1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        for number, host in enumerate(["127.0.0.1", "192.0.2.1", "nowhere.invalid"]):
            directory = tmp_path / str(number)
            directory.mkdir()
            value = f"{start}{host}:{port}"
            attempt = Attempt(program, directory, **{variable: value})
            check_address_refused(attempt, variable, value)


def test_neither_address_of_the_gateway_is_opened_when_the_other_is_taken(tmp_path):
    port, other = free_ports(2)
    names = ["DONGKHOI_LISTEN", "DONGKHOI_METRICS_LISTEN"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        for wrong, right in (names, reversed(names)):
            value = f"127.0.0.1:{port}"
            more = {wrong: value, right: f"127.0.0.1:{other}"}
            check_address_refused(Attempt("gateway", tmp_path, [other], **more), wrong, value)


@pytest.mark.parametrize("metrics, listen", [
    ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("[::]", "127.0.0.1"),
    ("127.0.0.1", "localhost"),
])
def test_two_addresses_that_come_to_the_same_are_refused(metrics, listen, tmp_path):
    if listen == "localhost" and socket.getaddrinfo(listen, 0)[0][4][0] != metrics:
        pytest.skip("the name is of another address here")
    (port,) = free_ports(1)
    given = {"DONGKHOI_LISTEN": f"{listen}:{port}", "DONGKHOI_METRICS_LISTEN": f"{metrics}:{port}"}
    attempt = Attempt("gateway", tmp_path, [port], **given)
    check_address_refused(attempt, "DONGKHOI_METRICS_LISTEN", f"{metrics}:{port}")
    assert f"{listen}:{port}" in attempt.lines()[-1]["message"]


def test_metrics_at_the_very_address_of_the_rest_are_refused_by_check_as_by_the_start(tmp_path):
    (port,) = free_ports(1)
    value = f"127.0.0.1:{port}"
    same = {"DONGKHOI_LISTEN": value, "DONGKHOI_METRICS_LISTEN": value}
    attempt = Attempt("gateway", tmp_path, [port], **same)
    check_refused(attempt, "DONGKHOI_METRICS_LISTEN", value)
    done = check("gateway", {"PATH": os.environ["PATH"], **same})
    assert done.returncode == 1
    assert attempt.lines()[0]["message"] in done.stdout.splitlines()
    # The system chooses two.
    chosen = {name: "127.0.0.1:0" for name in same}
    assert check("gateway", {"PATH": os.environ["PATH"], **chosen}).returncode == 0


def test_a_name_that_is_not_ours_is_only_told(system, tmp_path):
    """What starts programs puts names of its own into their environment."""
    foreign = {"DONGKHOI_REGISTRATIONS_SERVICE_HOST": "10.0.0.1", "DONGKHOI_CLUSTERS_PORT": "tcp"}
    (port,) = free_ports(1)
    own = {"DONGKHOI_LISTEN": f"127.0.0.1:{port}"}
    gateway = Program("gateway", tmp_path, {**system.environment, **own, **foreign})
    gateway.start()
    try:
        wait_until(lambda: listens([port]), "the gateway listens")
        wait_until(lambda: "listening" in gateway.said(), "it says so")
        lines = [json.loads(line) for line in gateway.said().splitlines()]
        told = [line for line in lines if line["event"] == "unknown_variable"]
        assert sorted(line["variable"] for line in told) == sorted(foreign)
        assert all(line["level"] == "warning" for line in told)
    finally:
        assert gateway.stop() == 0


RUN_BAD = [
    ("DONGKHOI_LISTEN", "nowhere"),
    ("DONGKHOI_LISTEN", "127.0.0.1:99999"),
    ("DONGKHOI_STATE", "{file}"),
    ("DONGKHOI_STATE", "/proc/dongkhoi"),
    ("DONGKHOI_CLUSTERS", "tcp://127.0.0.1:x"),
    ("DONGKHOI_CLUSTERS", "127.0.0.1:7103"),
    ("DONGKHOI_REDIS", "nowhere"),
    ("DONGKHOI_HOLIDAYS", "{missing}"),
    ("DONGKHOI_LEASE_MS", "soon"),
    ("DONGKHOI_ACCESS_LOG", "perhaps"),
    ("DONGKHOI_LOG", "loud"),
    ("DONGKHOI_DISK_RESERVE", "1073741825"),
    ("DONGKHOI_LISTN", "127.0.0.1:80"),
]


@pytest.mark.parametrize("variable, value", RUN_BAD)
def test_deploy_run_refuses_it_and_starts_nothing(variable, value, tmp_path):
    (tmp_path / "file").write_text("")
    value = value.format(file=tmp_path / "file", missing=tmp_path / "missing")
    variables, _ = addresses(tmp_path / "state")
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "supervise.py", BUILD, "--once"],
        env={**os.environ, **variables, variable: value},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )
    assert done.returncode == 1, done
    said = done.stdout + done.stderr
    assert "starting" not in done.stdout and "Traceback" not in said
    assert variable in done.stderr and value in done.stderr, said
    assert "what to do: " in done.stderr
