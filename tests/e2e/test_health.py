"""The health command of every program: what a supervisor is told, and how soon."""

import signal
import socket
import subprocess
import time

import pytest

from harness import BUILD, PROGRAMS, SERVICES, System, free_ports

BOUND_SECONDS = 6


def run(name, environment, *arguments):
    """(exit code, what it printed) of the program's command."""
    started = time.monotonic()
    done = subprocess.run(
        [BUILD / "services" / name / f"dongkhoi-{name}", *arguments],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )
    assert time.monotonic() - started < BOUND_SECONDS, (name, done)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(name="fleet", scope="module")
def fleet_of_this_file(tmp_path_factory):
    system = System(tmp_path_factory.mktemp("health"), DONGKHOI_REDIS="").start()
    yield system
    system.stop()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_running_program_is_healthy(fleet, name):
    code, said = run(name, fleet.environment, "health")
    assert code == 0 and said.startswith(f"{name}: "), said
    assert len(said.splitlines()) == 1, said


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_names_the_command_and_it_takes_no_argument(fleet, name):
    code, said = run(name, fleet.environment, "--help")
    assert code == 0 and "commands:" in said and "  health\n" in said, said
    code, said = run(name, fleet.environment, "health", "--all")
    assert code == 2 and "--all" in said, said


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_does_not_run_is_not_healthy(fleet, name):
    ports = free_ports(2)
    environment = {
        **fleet.environment,
        f"DONGKHOI_{name.upper()}": f"tcp://127.0.0.1:{ports[0]}",
        "DONGKHOI_LISTEN": f"127.0.0.1:{ports[1]}",
    }
    code, said = run(name, environment, "health")
    assert code == 1 and "nobody listens" in said, said


@pytest.mark.parametrize("name", PROGRAMS)
def test_who_listens_and_never_answers_is_not_healthy(fleet, name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment = {
            **fleet.environment,
            f"DONGKHOI_{name.upper()}": f"tcp://127.0.0.1:{port}",
            "DONGKHOI_LISTEN": f"127.0.0.1:{port}",
        }
        code, said = run(name, environment, "health")
    assert code == 1 and said.count("\n") == 1, said


def test_another_service_on_the_address_is_not_healthy(fleet):
    environment = {**fleet.environment, "DONGKHOI_BIND": fleet.environment["DONGKHOI_INDICATORS"]}
    code, said = run("clusters", environment, "health")
    assert code == 1 and "another service answers: indicators" in said, said


def test_a_wrong_configuration_is_no_health(fleet):
    code, said = run("clusters", {**fleet.environment, "DONGKHOI_BIND": "7103"}, "health")
    assert code == 2 and "DONGKHOI_BIND" in said, said


def test_one_that_listens_everywhere_is_asked_on_loopback(tmp_path):
    own, port = free_ports(2)
    environment = {
        "DONGKHOI_REDIS": "",
        "DONGKHOI_CLUSTERS": f"tcp://localhost:{own}",
        "DONGKHOI_BIND": f"tcp://0.0.0.0:{own}",
    }
    system = System(tmp_path, **environment)
    gateway = {**system.environment, "DONGKHOI_LISTEN": f"0.0.0.0:{port}"}
    system["gateway"].environment = gateway
    try:
        system["clusters"].start()
        system["gateway"].start()
        deadline = time.monotonic() + 15
        while run("clusters", system.environment, "health")[0] != 0:
            assert time.monotonic() < deadline, system["clusters"].said()
        while True:
            code, said = run("gateway", gateway, "health")
            # The others do not run, and the gateway says so: it was reached.
            assert code == 1, said
            if "indicators does not answer" in said and "clusters" not in said:
                break
            assert time.monotonic() < deadline, said
    finally:
        system.kill()


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP])
def test_the_gateway_is_healthy_when_every_service_is(tmp_path, stop):
    system = System(tmp_path, DONGKHOI_REDIS="").start()
    try:
        assert run("gateway", system.environment, "health") == (0, "gateway: ready\n")
        system["clusters"].signal(stop)
        code, said = run("clusters", system.environment, "health")
        assert code == 1, said
        code, said = run("gateway", system.environment, "health")
        assert code == 1 and "503" in said and "clusters" in said, said
        for name in SERVICES:
            if name != "clusters":
                code, said = run(name, system.environment, "health")
                assert code == 0, said
    finally:
        system.kill()
