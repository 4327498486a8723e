"""stack.py - the containers of deploy/compose.yaml: brought up, asked, killed and taken down."""

import json
import os
import secrets
import socket
import subprocess
import time

import harness
from harness import ROOT, SERVICES, wait_until

DOCKER = os.environ.get("DOCKER", "docker")
COMPOSE = os.environ.get("COMPOSE", "docker-compose").split()
PROJECT = "dongkhoi-test"
ALL = ("redis", *SERVICES, "gateway")


def free_pair():
    """Two ports beside each other that nobody listens on."""
    while True:
        first = harness.free_ports(1)[0]
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", first))
                two.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
        return first, first + 1


class Stack:
    """One project. `first` and `second` are the ports that its gateways are published on."""

    def __init__(self, directory):
        self.first, self.second = free_pair()
        self.password = secrets.token_hex(24)
        directory.chmod(0o700)
        path = directory / "redis_password"
        path.write_text(self.password + "\n")
        # The directory keeps others out; the container's user is another one.
        path.chmod(0o444)
        self.environment = {
            **os.environ,
            "DONGKHOI_PUBLISH": f"127.0.0.1:{self.first}",
            "DONGKHOI_SECRETS": str(directory),
        }
        self.client = harness.Client(self.first)
        self.seconds_to_healthy = None

    def compose(self, *words, timeout=120, check=True):
        done = subprocess.run(
            [*COMPOSE, "-p", PROJECT, "-f", str(ROOT / "deploy" / "compose.yaml"), *words],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout, check=False,
        )
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def up(self, *words):
        """Until all is healthy; how many seconds that took."""
        started = time.monotonic()
        self.compose("up", "-d", *words)
        self.wait_healthy()
        return time.monotonic() - started

    def down(self, *words):
        self.compose("down", "-t", "20", *words)

    def docker(self, *words, check=True):
        done = subprocess.run(
            [DOCKER, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def ids(self, service):
        """The ids of its containers, running or not, in a lasting order."""
        found = self.docker("ps", "-aq", "--no-trunc",
                            "--filter", f"label=com.docker.compose.project={PROJECT}",
                            "--filter", f"label=com.docker.compose.service={service}").split()
        return sorted(found, key=lambda id: self.inspect(id)["Name"])

    def id(self, service):
        found = self.ids(service)
        assert len(found) == 1, (service, found)
        return found[0]

    def inspect(self, id):
        return json.loads(self.docker("inspect", id))[0]

    def state(self, service):
        return self.inspect(self.id(service))["State"]

    def is_healthy(self, service):
        ids = self.ids(service)
        states = [self.inspect(id)["State"] for id in ids]
        return ids and all(state.get("Health", {}).get("Status") == "healthy" for state in states)

    def wait_healthy(self, services=ALL, seconds=60):
        try:
            wait_until(lambda: all(map(self.is_healthy, services)), "all is healthy", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from None

    def execute(self, service, *words, check=True):
        """(exit code, output) of a command in its container."""
        done = subprocess.run(
            [DOCKER, "exec", self.id(service), *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        assert not check or done.returncode == 0, (service, words, done.stdout, done.stderr)
        return done.returncode, done.stdout + done.stderr

    def crash(self, service):
        """kill -9 from outside, as a crash is: docker is not told that it was meant."""
        os.kill(self.state(service)["Pid"], 9)

    def said(self, *services):
        return self.compose("logs", "--no-color", "--tail", "200", *services, check=False)
