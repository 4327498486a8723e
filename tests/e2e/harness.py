"""harness.py - real processes on free ports and directories of their own, to test and to kill."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DONGKHOI_TEST_BUILD", ROOT / "build" / "asan")).resolve()
STOP_SECONDS = 20
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|runtime error:|WARNING: ThreadSanitizer|Assertion `")

sys.path.insert(0, str(ROOT / "deploy"))
import programs  # noqa: E402

SERVICES = tuple(programs.SERVICES)
PROGRAMS = (*SERVICES, programs.GATEWAY)


def wait_until(condition, what, seconds=15):
    """The first true value of condition(); an AssertionError that says what did not happen."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not happen within {seconds} s: {what}"
        time.sleep(0.02)


class Ports:
    """Ports below the range that the system hands out to connections, in a block that no other
    process of tests takes as long as this one lives."""

    FIRST, BLOCK, BLOCKS = 10000, 500, 44

    def __init__(self):
        self.owner = os.getpid()
        self.next = 0
        for number in range(self.BLOCKS):
            # The system forgets the name of such a socket with its last process.
            self.claim = socket.socket(socket.AF_UNIX)
            try:
                self.claim.bind(f"\0dongkhoi-test-ports-{number}")
                self.first = self.FIRST + self.BLOCK * number
                return
            except OSError:
                self.claim.close()
        raise AssertionError(f"{self.BLOCKS} processes of tests have taken all ports")

    def take(self):
        """The next of the block that nobody listens on; each is given out again as late as can
        be."""
        for _ in range(self.BLOCK):
            port = self.first + self.next
            self.next = (self.next + 1) % self.BLOCK
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
        raise AssertionError(f"no port is free from {self.first} on")


_ports = None


def free_ports(count):
    """Ports that nothing listens on, and that no other test is given while these may be used."""
    global _ports
    if _ports is None or _ports.owner != os.getpid():
        _ports = Ports()
    return [_ports.take() for _ in range(count)]


def port_of(address):
    return int(address.rpartition(":")[2])


def addresses(state):
    """(variables, port): an environment of its own for a system, and where its gateway is."""
    *ports, redis, port = free_ports(len(PROGRAMS) + 1)
    variables = {
        f"DONGKHOI_{service.upper()}": f"tcp://127.0.0.1:{own}"
        for service, own in zip(SERVICES, ports)
    }
    variables |= {
        "DONGKHOI_LISTEN": f"127.0.0.1:{port}",
        "DONGKHOI_STATE": str(state),
        "DONGKHOI_REDIS": f"127.0.0.1:{redis}",
        # Every tenth cached answer is compared with the service's.
        "DONGKHOI_AUDIT": "10",
    }
    return variables, port


@dataclass
class Answer:
    """One HTTP answer. json is None where the body is none."""

    status: int
    headers: dict
    body: bytes
    json: object = field(default=None)

    @classmethod
    def of(cls, status, headers, body):
        answer = cls(status, {name.lower(): value for name, value in headers}, body)
        with contextlib.suppress(ValueError):
            answer.json = json.loads(body)
        return answer

    @property
    def error(self):
        assert isinstance(self.json, dict) and "error" in self.json, (self.status, self.body)
        return self.json["error"]

    @property
    def reason(self):
        reasons = [d["reason"] for d in self.error.get("details", []) if d.get("reason")]
        return reasons[0] if reasons else ""

    @property
    def metadata(self):
        found = [d["metadata"] for d in self.error.get("details", []) if d.get("metadata")]
        return found[0] if found else {}

    @property
    def fields(self):
        """The fields at fault, of BadRequest."""
        return [
            violation["field"]
            for detail in self.error.get("details", [])
            for violation in detail.get("fieldViolations", [])
        ]


class Client:
    """HTTP to one port; a connection for each request unless inside keep()."""

    def __init__(self, port, timeout=30):
        self.port = port
        self.timeout = timeout

    def request(self, method, path, body=None, headers=None, **query):
        """Sends the body as JSON, or as it is when it is bytes."""
        if query:
            path = f"{path}?{urllib.parse.urlencode(query)}"
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer.of(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None, **query):
        return self.request("GET", path, headers=headers, **query)

    def post(self, path, body=None, headers=None, **query):
        return self.request("POST", path, {} if body is None else body, headers, **query)

    def patch(self, path, body, headers=None, **query):
        return self.request("PATCH", path, body, headers, **query)

    def delete(self, path, headers=None, **query):
        return self.request("DELETE", path, headers=headers, **query)

    def ok(self, method, path, body=None, headers=None, **query):
        """The JSON of an answer that must be 200."""
        answer = self.request(method, path, body, headers, **query)
        assert answer.status == 200, (method, path, answer.status, answer.body)
        return answer.json

    def raw(self, data, timeout=10):
        """Sends bytes and reads until the other side closes or is silent for timeout seconds."""
        with self.connect(timeout) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
            return read_all(connection)

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)


def read_all(connection):
    """(bytes, closed): what comes until the end of the stream or a time-out."""
    received = b""
    while True:
        try:
            data = connection.recv(65536)
        except (TimeoutError, socket.timeout):
            return received, False
        except ConnectionError:
            return received, True
        if not data:
            return received, True
        received += data


def answers(data):
    """The answers in the bytes of one connection, in order; those to GET or POST."""
    found = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        assert separator, data
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ", 2)[:2]
        assert version == "HTTP/1.1", lines[0]
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        if 100 <= int(status) < 200:
            data = rest
            continue
        length = int(dict((n.lower(), v) for n, v in headers).get("content-length", 0))
        assert len(rest) >= length, data
        found.append(Answer.of(int(status), headers, rest[:length]))
        data = rest[length:]
    return found


class Program:
    """One process of the system under test."""

    def __init__(self, name, directory, environment):
        self.name = name
        self.log = directory / f"{name}.log"
        self.environment = environment
        self.process = None

    def start(self):
        assert self.process is None or self.process.poll() is not None, self.name
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, self.command())],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def binary(self):
        return f"dongkhoi-{self.name}"

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            # Each thread stops on its own, when it next enters the kernel.
            wait_until(self.is_stopped, f"{self.name} stops")

    def is_stopped(self):
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(thread.read_text().rsplit(") ", 1)[1][0] == "T" for thread in threads)

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()

    def wait(self, seconds=STOP_SECONDS):
        """The exit code; an AssertionError when it does not end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s") from None

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def command(self):
        return [BUILD / "services" / self.name / self.binary]

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Redis(Program):
    """Redis as deploy/run starts it; options as on its command line."""

    def __init__(self, port, directory):
        super().__init__(programs.REDIS, directory, {"PATH": os.environ["PATH"]})
        self.port = port
        self.directory = directory
        self.options = []

    def command(self):
        return [*programs.redis_command(self.port, self.directory), *self.options]

    def start(self):
        super().start()
        wait_until(self.answers, "Redis answers")

    def answers(self):
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100) != b""
        return False

    def ask(self, *words, timeout=5):
        """One command, as redis-cli shows its answer."""
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *words],
            capture_output=True, text=True, errors="replace", timeout=timeout, check=False,
        ).stdout.strip()


class System:
    """The gateway and its services over one state directory."""

    def __init__(self, directory, **environment):
        self.directory = directory
        self.state = directory / "state"
        self.redis = None
        self.state.mkdir(parents=True, exist_ok=True)
        variables, self.port = addresses(self.state)
        self.environment = {
            "PATH": os.environ["PATH"],
            "ASAN_OPTIONS": "detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            **variables,
            **environment,
        }
        self.programs = {name: Program(name, directory, self.environment) for name in PROGRAMS}
        if self.environment["DONGKHOI_REDIS"]:
            port = int(self.environment["DONGKHOI_REDIS"].rpartition(":")[2])
            self.redis = Redis(port, directory)
        self.client = Client(self.port)
        self.gateways = []
        self.gateway_binary = None  # of further gateways; None: the usual one

    def __getitem__(self, name):
        return self.programs[name]

    def start(self):
        if self.redis is not None:
            self.redis.start()
        for program in self.programs.values():
            program.start()
        self.wait_ready()
        return self

    def add_gateway(self, **environment):
        """Another gateway before the same services and Redis: (program, client)."""
        port = free_ports(1)[0]
        environment = {
            **self.environment, **environment, "DONGKHOI_LISTEN": f"127.0.0.1:{port}"
        }
        gateway = Program(programs.GATEWAY, self.directory, environment)
        gateway.log = self.directory / f"gateway-{port}.log"
        if self.gateway_binary is not None:
            gateway.command = lambda: [self.gateway_binary]
        gateway.start()
        self.gateways.append(gateway)
        client = Client(port)

        def ready():
            assert gateway.running(), gateway.said()
            with contextlib.suppress(OSError, http.client.HTTPException):
                return client.get("/readyz").status == 200
            return False

        wait_until(ready, "the other gateway is ready", 30)
        return gateway, client

    def wait_ready(self, seconds=30):
        def ready():
            for program in self.programs.values():
                assert program.running(), (program.name, program.process.returncode, program.said())
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.client.get("/readyz").status == 200
            return False

        wait_until(ready, "the system is ready", seconds)

    def restart(self, name):
        """kill -9 and start."""
        self[name].kill()
        self[name].start()

    def kill(self):
        for program in self.programs.values():
            program.kill()

    def end_helpers(self):
        """Redis and further gateways, which must end well."""
        for gateway in self.gateways:
            if gateway.running():
                assert gateway.stop() == 0, gateway.said()
        if self.redis is not None:
            self.redis.kill()

    def stop(self):
        """SIGTERM to the gateway, then the services: all must end with exit code 0, and no
        sanitizer may have said anything."""
        codes = {}
        self.end_helpers()
        for name in ("gateway", *SERVICES):
            if self[name].process is not None:
                codes[name] = self[name].stop() if self[name].running() else None
        self.check_logs()
        assert all(code in (0, None) for code in codes.values()), codes

    def check_logs(self):
        for program in (*self.programs.values(), *self.gateways):
            assert "audit_difference" not in program.said(), program.said()[-3000:]
            found = SANITIZER.search(program.said())
            assert not found, f"{program.name} said:\n{program.said()[max(0, found.start()-200):][:6000]}"

    def load(self):
        """The data of 2022, by the loader of deploy/. How many records were new."""
        import api
        import load_2022

        return load_2022.load(api.Client(f"127.0.0.1:{self.port}"))

    def report(self, columns):
        """What deploy/report.py prints on a terminal of so many columns."""
        return subprocess.run(
            [sys.executable, ROOT / "deploy" / "report.py", f"127.0.0.1:{self.port}"],
            env={**os.environ, "COLUMNS": str(columns)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def database(self, service):
        """The store of a service, to read only."""
        path = next(iter(sorted(self.state.rglob(f"*{service}*.db"))), None)
        assert path is not None, list(self.state.rglob("*"))
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)

    def seqs(self):
        """The last journal entry of every store: unchanged means that nothing was written."""
        found = {}
        for service in SERVICES:
            with contextlib.closing(self.database(service)) as database:
                found[service] = database.execute("SELECT max(seq) FROM journal").fetchone()[0]
        return found

    @contextlib.contextmanager
    def unchanged(self):
        """What is done inside must not have written anything."""
        before = self.seqs()
        yield
        assert self.seqs() == before
