"""The supervisor of deploy/, with stand-ins for the programs."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness import PROGRAMS, ROOT, addresses, programs, wait_until

STAND_IN = """#!/bin/bash
if [[ ${1-} == --check ]]; then exit "${CHECK_EXIT:-0}"; fi
echo $$ >> "$DONGKHOI_STATE/NAME.pids"
trap 'exit 0' TERM
LIFE
"""
FOREVER = "while :; do sleep 0.05; done"


class Supervisor:
    """deploy/supervise.py over a build directory of stand-ins."""

    def __init__(self, directory):
        self.directory = directory
        self.state = directory / "state"
        self.state.mkdir()
        self.variables, self.port = addresses(self.state)
        self.process = None
        for name in PROGRAMS:
            self.write(name, FOREVER)

    def write(self, name, life):
        path = self.directory / "build" / "services" / name / f"dongkhoi-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN.replace("NAME", name).replace("LIFE", life))
        path.chmod(0o755)

    def start(self, **more):
        environment = {
            **os.environ,
            **self.variables,
            **more,
        }
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "deploy" / "supervise.py", self.directory / "build"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=open(self.directory / "out", "ab"),
            stderr=subprocess.STDOUT,
        )

    def pids(self, name):
        path = self.state / f"{name}.pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def wait_started(self):
        for name in PROGRAMS:
            wait_until(lambda name=name: self.pids(name), f"{name} starts")

    def said(self):
        return (self.directory / "out").read_text()

    def wait(self, seconds=20):
        return self.process.wait(seconds)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def supervisor(tmp_path):
    it = Supervisor(tmp_path)
    yield it
    if it.process is not None and it.process.poll() is None:
        it.process.terminate()
        it.process.wait(40)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_that_was_started(supervisor, number):
    supervisor.start()
    supervisor.wait_started()
    pids = [pid for name in PROGRAMS for pid in supervisor.pids(name)]
    supervisor.process.send_signal(number)
    assert supervisor.wait() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert "Traceback" not in supervisor.said()


def test_a_program_that_ends_is_started_again_at_once_and_a_line_says_so(supervisor):
    supervisor.start()
    supervisor.wait_started()
    time.sleep(1.2)
    killed = time.monotonic()
    os.kill(supervisor.pids("clusters")[0], signal.SIGKILL)
    wait_until(lambda: len(supervisor.pids("clusters")) == 2, "clusters starts again")
    assert time.monotonic() - killed < 0.9
    assert "clusters ended (killed by SIGKILL) after" in supervisor.said()
    assert "starting it again" in supervisor.said()
    assert len(supervisor.pids("indicators")) == 1


def test_a_program_that_lived_less_than_a_second_waits_for_one(supervisor):
    supervisor.write("indicators", "exit 7")
    supervisor.start()
    wait_until(lambda: len(supervisor.pids("indicators")) == 1, "the first start")
    first = time.monotonic()
    wait_until(lambda: len(supervisor.pids("indicators")) == 2, "the second start")
    assert time.monotonic() - first > 0.9
    assert "indicators ended (exit code 7)" in supervisor.said()
    assert "starting it again in a second" in supervisor.said()


def test_a_program_that_never_starts_fails_the_step_and_shows_its_log(supervisor):
    supervisor.write("indicators", "echo 'the disk is made of cheese' >&2; exit 7")
    supervisor.start()
    assert supervisor.wait(30) == 1
    assert "the disk is made of cheese" in supervisor.said()
    assert "what to do:" in supervisor.said()


def test_children_end_with_a_supervisor_that_is_killed(supervisor):
    supervisor.start()
    supervisor.wait_started()
    pids = [pid for name in PROGRAMS for pid in supervisor.pids(name)]
    supervisor.process.kill()
    supervisor.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "the children end")


def test_a_port_in_use_is_reported_before_anything_starts(supervisor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", supervisor.port))
        taken.listen(1)
        supervisor.start()
        assert supervisor.wait() == 1
    assert f"the gateway cannot listen on 127.0.0.1:{supervisor.port}" in supervisor.said()
    assert "set DONGKHOI_LISTEN to another address" in supervisor.said()
    assert not supervisor.pids("indicators")


def test_a_second_supervisor_leaves_the_state_directory_alone(supervisor):
    supervisor.start()
    supervisor.wait_started()
    first = supervisor.process
    supervisor.start()
    assert supervisor.wait() == 1
    assert "another deploy/run works in" in supervisor.said()
    assert first.poll() is None
    supervisor.process = first


def test_a_refused_configuration_fails_the_step(supervisor):
    supervisor.start(CHECK_EXIT="2")
    assert supervisor.wait() == 1
    assert "refuses its configuration" in supervisor.said()


def test_an_address_without_a_port_is_refused(supervisor):
    supervisor.start(DONGKHOI_LISTEN="127.0.0.1")
    assert supervisor.wait() == 1
    assert "DONGKHOI_LISTEN is '127.0.0.1', which is not HOST:PORT" in supervisor.said()


def test_a_program_that_ignores_sigterm_is_killed_within_a_bound(supervisor):
    supervisor.write("clusters", f"trap '' TERM; {FOREVER}")
    supervisor.start()
    supervisor.wait_started()
    time.sleep(0.2)
    started = time.monotonic()
    supervisor.process.terminate()
    assert supervisor.wait(30) == 0
    assert time.monotonic() - started < 20
    assert "clusters did not stop within" in supervisor.said()


def test_a_log_that_grows_is_cut_while_its_program_writes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "LOG_MAX_BYTES", 1000)
    log = tmp_path / "a.log"
    writer = "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done"
    program = programs.Program("a", ["bash", "-c", writer], dict(os.environ), log)
    program.start()
    try:
        wait_until(lambda: log.stat().st_size > 1000, "it grows")
        program.trim_log()
        kept = log.with_suffix(".log.1").read_text().splitlines()
        assert kept[0] == "line 1" and log.stat().st_size < 500
        wait_until(lambda: log.stat().st_size > 100, "it goes on")
        first = log.read_bytes().splitlines()[0].decode()
        # What came between the copy and the cut is lost, and nothing else.
        assert int(kept[-1].split()[1]) < int(first.split()[1]) <= int(kept[-1].split()[1]) + 3
    finally:
        program.process.kill()
        program.process.wait()
