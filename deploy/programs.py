"""programs.py - the programs of the project as processes: configured, started, restarted, stopped.

The thread that starts a program must live as long as it: PR_SET_PDEATHSIG counts threads.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import time

# Each service with the address that it listens on when the environment names no other.
SERVICES = {
    "registrations": "tcp://127.0.0.1:7101",
    "indicators": "tcp://127.0.0.1:7102",
    "clusters": "tcp://127.0.0.1:7103",
    "nighteconomy": "tcp://127.0.0.1:7104",
}
GATEWAY = "gateway"
REDIS = "redis"
DEFAULTS = {
    **{f"DONGKHOI_{service.upper()}": address for service, address in SERVICES.items()},
    "DONGKHOI_LISTEN": "127.0.0.1:8080",
    "DONGKHOI_STATE": "var",
    "DONGKHOI_REDIS": "127.0.0.1:6379",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")

SHORT_LIFE_SECONDS = 1.0
RESTART_DELAY_SECONDS = 1.0
STOP_SECONDS = 15.0
SHORT_LIVES_MAX = 5
LOG_MAX_BYTES = 16 << 20
LOG_CHECK_SECONDS = 5.0


class Failure(Exception):
    """A step failed: what and why, and what a person can do."""

    def __init__(self, message, advice):
        super().__init__(message)
        self.advice = advice


def show(text):
    """Prints; a reader that went away is no reason to stop serving."""
    try:
        print(text, flush=True)
    except OSError:
        pass


def say(message):
    """A progress line."""
    show(f"==> {message}")


def settings(environment):
    """The variables that the programs share, defaults filled in."""
    names = {name: environment.get(name) or fallback for name, fallback in DEFAULTS.items()}
    if environment.get("DONGKHOI_REDIS") == "":
        names["DONGKHOI_REDIS"] = ""
    return names


def endpoints(names):
    """(program, variable, host, port) of every address that will be listened on."""
    for service in SERVICES:
        variable = f"DONGKHOI_{service.upper()}"
        own = names[variable].split(",")[0].strip()
        if own.startswith("tcp://"):
            yield service, variable, *split_address(variable, own.removeprefix("tcp://"))
    yield GATEWAY, "DONGKHOI_LISTEN", *split_address("DONGKHOI_LISTEN", names["DONGKHOI_LISTEN"])


def split_address(variable, address):
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Failure(
            f"{variable} is {address!r}, which is not HOST:PORT", "for example: 127.0.0.1:8080"
        )
    return host.strip("[]"), int(port)


def check_ports(names):
    """Says plainly which address is taken, before anything is started."""
    for program, variable, host, port in endpoints(names):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError as error:
                raise Failure(
                    f"the {program} cannot listen on {host}:{port}: {error.strerror}",
                    f"stop what uses that port, or set {variable} to another address",
                ) from error


def redis_command(port, directory):
    """A cache and nothing else: bounded, least used first, nothing on disk, not even by chance."""
    return [
        "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--daemonize", "no",
        "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru",
        "--save", "", "--appendonly", "no", "--dir", str(directory),
    ]


def own_redis(names):
    """The port of the Redis to be started; None where there is to be none, or is one already."""
    address = names["DONGKHOI_REDIS"]
    if not address:
        return None
    host, port = split_address("DONGKHOI_REDIS", address)
    if host not in LOOPBACK:
        return None
    if shutil.which("redis-server") is None:
        say("there is no redis-server: going on without, the gateway's own memory is enough")
        return None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            say(f"something listens on {address} already and is used as Redis")
            return None
    return port


class Program:
    """One program: its command, its log, and the process when there is one."""

    def __init__(self, name, command, environment, log):
        self.name = name
        self.command = command
        self.environment = environment
        self.log = log
        self.process = None
        self.started = 0.0
        self.restart_at = None
        self.short_lives = 0

    def trim_log(self):
        """Keeps one log before this one. The program goes on writing at the end of an empty file."""
        try:
            if self.log.stat().st_size > LOG_MAX_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)
        except OSError:
            pass

    def start(self):
        self.trim_log()
        with open(self.log, "ab") as log:
            # A session of its own keeps the terminal's Ctrl-C from it; --pdeathsig ends it
            # when this process is killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, self.command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )
        self.started = time.monotonic()
        self.restart_at = None

    def ended(self):
        """How it ended, once, and when it is to be started again; None while it runs."""
        if self.process is None or self.process.poll() is None:
            return None
        lived = time.monotonic() - self.started
        short = lived < SHORT_LIFE_SECONDS
        self.short_lives = self.short_lives + 1 if short else 0
        self.restart_at = time.monotonic() + (RESTART_DELAY_SECONDS if short else 0)
        how = describe_end(self.process.returncode)
        self.process = None
        return f"{self.name} ended ({how}) after {lived:.1f} s"

    def signal(self, number):
        if self.process is not None:
            self.process.send_signal(number)

    def last_lines(self, count=5):
        try:
            with open(self.log, "rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4096))
                return log.read().decode("utf-8", "replace").splitlines()[-count:]
        except OSError:
            return []


def describe_end(returncode):
    if returncode < 0:
        try:
            return f"killed by {signal.Signals(-returncode).name}"
        except ValueError:
            return f"killed by signal {-returncode}"
    return f"exit code {returncode}"


class Fleet:
    """All programs. Only wake() may be called from another thread or a signal handler."""

    def __init__(self, build, names, log_directory):
        environment = {**os.environ, **names}
        # It names the address of one service; here each listens on its own.
        environment.pop("DONGKHOI_BIND", None)
        self.wake_reader, self.wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.programs = [
            Program(
                name,
                [(build / "services" / name / f"dongkhoi-{name}").resolve()],
                environment,
                log_directory / f"{name}.log",
            )
            for name in (*SERVICES, GATEWAY)
        ]
        self.own = list(self.programs)
        port = own_redis(names)
        if port is not None:
            command = redis_command(port, log_directory)
            log = log_directory / f"{REDIS}.log"
            self.programs.insert(0, Program(REDIS, command, environment, log))

    def names(self):
        return [program.name for program in self.programs]

    def check_configuration(self):
        for program in self.own:
            path = program.command[0]
            try:
                done = subprocess.run(
                    [path, "--check"],
                    env=program.environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=30,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Failure(
                    f"{path} cannot be run: {error}", "build again with deploy/run"
                ) from error
            if done.returncode != 0:
                wrong = [line for line in done.stdout.splitlines() if "; allowed is: " in line]
                raise Failure(
                    f"the {program.name} refuses its configuration: "
                    + ("\n  ".join(wrong) or done.stderr.strip()),
                    f"{path} --help lists the variables",
                )

    def start(self):
        for program in self.programs:
            program.start()

    def wake(self):
        try:
            os.write(self.wake_writer, b"!")
        except BlockingIOError:
            pass

    def supervise(self):
        """Waits for wake(), which a SIGCHLD has to call, or until a program is due; then starts
        what has to run."""
        due = [p.restart_at for p in self.programs if p.restart_at is not None]
        timeout = max(0.0, min([time.monotonic() + LOG_CHECK_SECONDS, *due]) - time.monotonic())
        if select.select([self.wake_reader], [], [], timeout)[0]:
            os.read(self.wake_reader, 4096)
        for program in self.programs:
            program.trim_log()
            ended = program.ended()
            if ended:
                delay = program.restart_at - time.monotonic() > 0.01
                say(f"{ended}; starting it again{' in a second' if delay else ''}")
            if program.restart_at is not None and program.restart_at <= time.monotonic():
                program.start()

    def hopeless(self):
        """A Failure when a program dies again and again, for the time of the start. Redis may."""
        for program in self.own:
            if program.short_lives >= SHORT_LIVES_MAX:
                tail = "\n  ".join(program.last_lines())
                return Failure(
                    f"the {program.name} ended {program.short_lives} times in a row at once; "
                    f"its log ends with\n  {tail}",
                    f"mend what the log says: {program.log}",
                )
        return None

    def stop(self):
        """The gateway drains first, so that the services still answer it; bounded."""
        for group in ([GATEWAY], SERVICES, [REDIS]):
            stopping = [p for p in self.programs if p.name in group and p.process is not None]
            for program in stopping:
                program.signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            for program in stopping:
                try:
                    program.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    say(f"{program.name} did not stop within {STOP_SECONDS:.0f} s and is killed")
                    program.signal(signal.SIGKILL)
                    program.process.wait()
                program.process = None
