"""tools.py - what the benchmark measures with: the load generator, the yardsticks, /proc, perf."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SPARE_SECONDS = 30
PERF_LINES = 45


class Unmeasured(Exception):
    """A figure that could not be had, and why."""


def cpu_seconds(pid):
    """Processor time that a process has used, in user and kernel mode."""
    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def machine_seconds():
    """Processor time that was used on the machine, by whatever."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def own_seconds():
    """That of this process and of its children that have ended."""
    return sum(os.times()[:4])


def pss_kib(pid):
    """Proportional set size."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def http_request(method, path, body=None, headers=()):
    """The bytes of a request as a client on a kept connection sends it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "User-Agent: bench", "Accept: */*"]
    lines += headers
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def wait_for_port(port, what, process):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise Unmeasured(f"{what} does not listen")


class Tools:
    """The programs of this folder, on cores of their own where the machine has two."""

    def __init__(self, build, directory):
        self.folder = build / "tests" / "bench"
        self.directory = directory
        cores = sorted(os.sched_getaffinity(0))
        self.server_cores = {cores[0]}
        self.client_cores = {cores[1] if len(cores) > 1 else cores[0]}
        self.started = []

    def pin_servers(self):
        """What this process starts from now on runs where the servers do."""
        os.sched_setaffinity(0, self.server_cores)

    def start(self, name, *command):
        """A server; ended by stop()."""
        with open(self.directory / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        self.started.append(process)
        return process

    def stop(self):
        for process in self.started:
            process.terminate()
        for process in self.started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.started.clear()

    def run(self, *command, seconds, on_client_core=True):
        """The JSON that a tool prints."""
        if on_client_core:
            cores = ",".join(map(str, self.client_cores))
            command = ["taskset", "-c", cores, *command]
        try:
            done = subprocess.run(
                [*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=seconds + SPARE_SECONDS, check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Unmeasured(f"{command[-1]} took more than {seconds + SPARE_SECONDS} s") from late
        if done.returncode != 0:
            raise Unmeasured(done.stderr.strip()[-1000:])
        return json.loads(done.stdout)

    def load(self, port, request, connections, seconds, rate=None, expect=None, numbers=None):
        """One run of the generator; a fifth of the time more is to warm up.

        numbers: (first, how many) of what becomes of NNNN in the request.
        """
        path = self.directory / "request"
        path.write_bytes(request)
        command = [
            self.folder / "bench_generator", "--port", port, "--request", path,
            "--connections", connections, "--seconds", seconds, "--warmup", seconds / 5,
        ]
        command += ["--rate", f"{rate:.1f}"] if rate else []
        command += ["--expect", expect] if expect else []
        command += ["--first", numbers[0], "--cycle", numbers[1]] if numbers else []
        return self.run(*command, seconds=seconds)

    def nginx(self, port, body):
        """nginx that serves the bytes at /file with one worker for each core of the servers.

        Without sendfile, which takes a third more of the processor for a file as small as this.
        """
        if shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            raise Unmeasured("nginx is not installed")
        (self.directory / "file").write_bytes(body)
        configuration = self.directory / "nginx.conf"
        configuration.write_text(
            f"""{'user root;' if os.geteuid() == 0 else ''}
            daemon off; worker_processes {len(self.server_cores)};
            pid {self.directory}/nginx.pid; error_log {self.directory}/nginx-error.log;
            events {{ worker_connections 4096; multi_accept on; }}
            http {{
                access_log off; sendfile off; tcp_nodelay on;
                keepalive_timeout 600; keepalive_requests 1000000000;
                open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
                default_type application/json; client_body_temp_path {self.directory};
                proxy_temp_path {self.directory}; fastcgi_temp_path {self.directory};
                uwsgi_temp_path {self.directory}; scgi_temp_path {self.directory};
                server {{ listen 127.0.0.1:{port}; root {self.directory};
                          location / {{ deny all; }} location = /file {{ }} }}
            }}""",
            encoding="ascii",
        )
        process = self.start("nginx", "/usr/sbin/nginx", "-c", configuration, "-p", self.directory)
        wait_for_port(port, "nginx", process)
        return process

    def echo_server(self, port, reply_bytes):
        address = f"tcp://127.0.0.1:{port}"
        process = self.start("echo", self.folder / "bench_nng_echo", "serve", address, reply_bytes)
        wait_for_port(port, "the echo", process)
        return process

    def echo(self, port, request_bytes, in_flight, seconds):
        address = f"tcp://127.0.0.1:{port}"
        program = self.folder / "bench_nng_echo"
        return self.run(program, "ask", address, request_bytes, in_flight, seconds, seconds=seconds)

    def sqlite(self, store, group, seconds):
        """Where the services write, too: on their disk and their core."""
        program = self.folder / "bench_sqlite_bare"
        file = self.directory / "bare.db"
        return self.run(
            program, store, file, group, seconds, seconds=seconds, on_client_core=False
        )

    @contextlib.contextmanager
    def profile(self, pids, path):
        """What is on the processor meanwhile, into the file: by thread and library, by function,
        and by function with all that it calls."""
        data = self.directory / "perf.data"
        record = [
            "perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-g", "-o", data,
            "-p", ",".join(map(str, pids)),
        ]
        with subprocess.Popen([*map(str, record)], stderr=subprocess.DEVNULL) as process:
            yield
            process.send_signal(signal.SIGINT)
        report = ["perf", "report", "--stdio", "-q", "-g", "none", "-i", data]
        parts = []
        for view in (
            ["--no-children", "--sort", "comm,dso"],
            ["--no-children", "--sort", "comm,dso,symbol"],
            ["--children", "--sort", "comm,symbol"],
        ):
            done = subprocess.run(
                [*map(str, report), *view],
                capture_output=True, text=True, errors="replace", check=False,
            )
            lines = [line.rstrip(" -") for line in done.stdout.splitlines() if line.strip()]
            parts.append("\n".join(lines[:PERF_LINES]))
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")

    @contextlib.contextmanager
    def system_calls(self, pids):
        """Fills the dictionary that it gives, in the end: {program: {system call: count}}."""
        counts = {name: {} for name in pids}
        tracers = [
            subprocess.Popen(
                ["strace", "-f", "-c", "-qq", "-U", "name,calls", "-p", str(pid), "-o",
                 str(self.directory / f"strace-{name}")],
                stderr=subprocess.DEVNULL,
            )
            for name, pid in pids.items()
        ]
        time.sleep(0.5)
        yield counts
        for tracer in tracers:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        for name, found in counts.items():
            for line in (self.directory / f"strace-{name}").read_text().splitlines():
                words = line.split()
                if len(words) == 2 and words[1].isdigit() and words[0] != "total":
                    found[words[0]] = int(words[1])
