#!/usr/bin/python3
"""run.py - the five programs with the data of 2022, measured beside nginx, nng and SQLite.

usage: run.py BUILD_DIRECTORY [--quick] [--profile] [--patience SECONDS] [--output FILE]
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from report import judge, render
from tools import (
    Tools, Unmeasured, children, cpu_seconds, http_request, machine_seconds, own_seconds, pss_kib,
)

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = "/v1/indicators/industrial-output/progress?period=2022-12"
# Many requests with one answer. Those for the same one would share a single question to Redis.
PROGRESS_MANY = f"{PROGRESS}&publishedBy=NNNN-12-31"
YEARS = (2100, 512)
LIST = "/v1/clusters?pageSize=20"
SCORECARD = "/v1/movements/dong-khoi-moi-2022/scorecard"
NO_CACHE = "Cache-Control: no-cache"
# About what the gateway asks a service for one progress, envelope and all.
ECHO_REQUEST_BYTES = 256
CONNECTIONS = 64
GROUP = 32
RESTARTS = 3
# Less than this of a processor, used by other programs, disturbs nothing.
QUIET = 0.1
QUIET_SAMPLE_SECONDS = 0.3


class Case:
    """A request, who answers it, and from where."""

    numbers = None

    def __init__(self, name, title, path, headers=(), expect=None, port=None):
        self.name = name
        self.title = title
        self.request = http_request("GET", path, headers=headers)
        self.expect = expect
        self.port = port
        self.connections = CONNECTIONS

    def bytes_to_send(self):
        return self.request


class Many(Case):
    """One progress, asked in many ways."""

    numbers = YEARS

    def __init__(self, name, title, headers, expect, port):
        super().__init__(name, title, PROGRESS_MANY, headers, expect, port)


class Create(Case):
    """A new cluster with each request; the generator counts where the Ns are."""

    def __init__(self, name, title, port, connections):
        super().__init__(name, title, "/v1/clusters", port=port)
        self.connections = connections

    def bytes_to_send(self):
        # Each run has keys that no other run has used.
        key = f"Idempotency-Key: {uuid.uuid4().hex}-NNNNNNNNNNNN"
        body = {"displayName": {"vi": "Cụm công nghiệp đo NNNNNNNNNNNN"}, "district": "834"}
        data = json.dumps(body, ensure_ascii=False).encode()
        return http_request("POST", "/v1/clusters", data, [key])


class Bench:
    """One run: results is what is written in the end."""

    def __init__(self, arguments, directory):
        self.quick = arguments.quick
        self.profile = arguments.profile
        self.output = arguments.output
        self.rounds = 1 if self.quick else 3
        self.seconds = 0.5 if self.quick else 3.0
        self.patience_seconds = 0 if self.quick else arguments.patience
        self.tools = Tools(arguments.build, directory / "tools")
        self.tools.directory.mkdir()
        self.tools.pin_servers()
        # Set before it is read: the harness takes the programs from there.
        os.environ["DONGKHOI_TEST_BUILD"] = str(arguments.build)
        sys.path.insert(0, str(ROOT / "tests" / "e2e"))
        import harness

        self.harness = harness
        self.system = harness.System(directory / "system", DONGKHOI_AUDIT="1000",
                                     DONGKHOI_ACCESS_LOG="off")
        self.others = {}
        self.results = {
            "machine": {
                "system": platform.platform(),
                "processors": os.cpu_count(),
                "server_cores": sorted(self.tools.server_cores),
                "client_cores": sorted(self.tools.client_cores),
                "programs": [*self.system.programs],
            },
            "quick": self.quick,
            "rounds": self.rounds,
            "seconds": self.seconds,
            "cases": {},
            "yardsticks": {},
            "unmeasured": {},
        }

    def say(self, text):
        print(f"==> {text}", flush=True)

    def start_programs(self):
        """Milliseconds until /readyz says that all answer."""
        started = time.monotonic()
        for program in self.system.programs.values():
            program.start()
        question = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        while time.monotonic() - started < 60:
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self.system.port), 5) as connection:
                    connection.sendall(question)
                    if connection.recv(12) == b"HTTP/1.1 200":
                        return round((time.monotonic() - started) * 1000, 1)
            time.sleep(0.001)
        raise Unmeasured("the programs are not ready after 60 s")

    def start(self):
        self.say("starting the programs")
        self.system.redis.start()
        self.results["ready_ms"] = {"empty": self.start_programs()}
        self.say("loading the data of 2022")
        self.system.load()
        environment = self.system.environment
        environment["DONGKHOI_CACHE_BYTES"] = "0"
        self.no_memory, client = self.system.add_gateway()
        del environment["DONGKHOI_CACHE_BYTES"]
        self.redis_port = client.port
        self.body = self.system.client.get(PROGRESS).body

    def pids(self):
        found = {name: program.pid for name, program in self.system.programs.items()}
        found["redis"] = self.system.redis.pid
        found["gateway-without-memory"] = self.no_memory.pid
        return found | self.others

    def start_yardsticks(self):
        """nginx and the echo: what cannot be had is noted, and the rest goes on."""
        web, echo = self.harness.free_ports(2)
        self.web_port = self.echo_port = None
        with self.unmeasured("nginx"):
            master = self.tools.nginx(web, self.body)
            self.others["nginx"] = children(master.pid)[0]
            self.web_port = web
        with self.unmeasured("nng_echo"):
            self.others["echo"] = self.tools.echo_server(echo, len(self.body)).pid
            self.echo_port = echo

    @contextlib.contextmanager
    def unmeasured(self, name):
        try:
            yield
        except Unmeasured as why:
            self.results["unmeasured"][name] = str(why)
            self.say(f"{name} is not measured: {why}")

    def read_cases(self):
        own = self.system.port
        memory, redis = "detail=memory", "detail=redis"
        cases = [
            Case("progress_memory", "progress, from memory", PROGRESS, (), memory, own),
            Many("progress_redis", "progress, from Redis", (), redis, self.redis_port),
            Case("progress_service", "progress, from the service", PROGRESS, [NO_CACHE], None, own),
            Case("list_memory", "list of clusters, from memory", LIST, (), memory, own),
            Case("list_service", "list of clusters, from the service", LIST, [NO_CACHE], None, own),
        ]
        if self.system.client.get(SCORECARD).status == 200:
            cases += [
                Case("scorecard_memory", "scorecard, from memory", SCORECARD, (), memory, own),
                Case("scorecard_service", "scorecard, from the services", SCORECARD, [NO_CACHE],
                     None, own),
            ]
        else:
            self.results["unmeasured"]["scorecard"] = "the gateway of this tree does not serve it"
        for case in cases:
            if case.numbers is not None:
                self.measure(case)  # so that all its answers are in Redis
        if self.web_port is not None:
            cases.insert(0, Case("nginx", "nginx, the same bytes", "/file", port=self.web_port))
        return cases

    def wait_until_quiet(self):
        """As long as there is patience left."""
        started = time.monotonic()
        deadline = started + self.patience_seconds
        while time.monotonic() < deadline:
            before = machine_seconds()
            time.sleep(QUIET_SAMPLE_SECONDS)
            if machine_seconds() - before < QUIET * QUIET_SAMPLE_SECONDS:
                break
        self.patience_seconds = max(0, self.patience_seconds - (time.monotonic() - started))

    def measure(self, case, rate=None):
        """One run of the generator, with the processor time that each process used for it."""
        self.wait_until_quiet()
        request = case.bytes_to_send()
        pids = self.pids()
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        others, started = machine_seconds() - own_seconds(), time.monotonic()
        run = self.tools.load(
            case.port, request, case.connections, self.seconds, rate, case.expect, case.numbers
        )
        used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        others = machine_seconds() - own_seconds() - others - sum(used.values())
        run["others_busy"] = round(max(0.0, others) / (time.monotonic() - started), 3)
        answered = max(1, run["answered"])
        run["cpu_us_per_request"] = {
            name: round(seconds / answered * 1e6, 2) for name, seconds in used.items() if seconds
        }
        return run

    def in_rounds(self, cases, between):
        """Closed model, all cases in turn and again: what disturbs the machine disturbs all."""
        runs = {case.name: [] for case in cases}
        for number in range(self.rounds):
            self.say(f"round {number + 1} of {self.rounds}: {', '.join(runs)}")
            for case in cases:
                runs[case.name].append(self.measure(case))
            between()
        for case in cases:
            self.results["cases"][case.name] = summary(case, runs[case.name])

    def open_model(self, cases):
        """At half of what the closed model reached; again when something disturbed it."""
        self.say("open model, at half of each peak")
        for case in cases:
            result = self.results["cases"][case.name]
            if case.connections > 1 and result["per_second"] > 0:
                runs = []
                while len(runs) < self.rounds and (not runs or runs[-1]["others_busy"] >= QUIET):
                    runs.append(self.measure(case, rate=result["per_second"] / 2))
                result["open"] = min(runs, key=lambda run: run["others_busy"])

    def measure_echo(self):
        if self.echo_port is None:
            return
        for name, in_flight in (("nng_echo_1", 1), ("nng_echo_64", CONNECTIONS)):
            self.wait_until_quiet()
            with self.unmeasured(name):
                run = self.tools.echo(self.echo_port, ECHO_REQUEST_BYTES, in_flight, self.seconds)
                self.results["yardsticks"].setdefault(name, []).append(run)

    def measure_sqlite(self):
        store = next(self.system.state.rglob("clusters.db"))
        for name, group in (("sqlite_1", 1), (f"sqlite_{GROUP}", GROUP)):
            self.wait_until_quiet()
            with self.unmeasured(name):
                run = self.tools.sqlite(store, group, self.seconds)
                self.results["yardsticks"].setdefault(name, []).append(run)

    def profiles(self, cases):
        """Where the time goes, and how many system calls a request takes in each program."""
        wanted = ("progress_memory", "progress_service", "create_1", "create_64")
        pids = {name: self.system[name].pid for name in self.system.programs}
        self.results["system_calls_per_request"] = {}
        for case in cases:
            if case.name not in wanted:
                continue
            path = self.output.parent / f"profile-{case.name}.txt"
            with self.tools.profile(pids.values(), path):
                self.measure(case)
            with self.tools.system_calls(pids) as counts:
                answered = max(1, self.measure(case)["answered"])
            self.results["system_calls_per_request"][case.name] = {
                program: {call: round(count / answered, 2) for call, count in calls.items()
                          if count > answered / 20}
                for program, calls in counts.items()
            }
            self.say(f"profile of {case.name}: {path}")

    def restart(self):
        """Ready again with all that was written, as after a boot but for the page cache."""
        self.say("starting the programs again")
        times = []
        for _ in range(1 if self.quick else RESTARTS):
            for name in (self.harness.programs.GATEWAY, *self.harness.SERVICES):
                self.system[name].stop()
            times.append(self.start_programs())
        self.results["ready_ms"]["loaded"] = times

    def run(self):
        self.start()
        self.start_yardsticks()
        reads = self.read_cases()
        writes = [
            Create("create_1", "durable create, 1 client", self.system.port, 1),
            Create("create_64", "durable create, 64 clients", self.system.port, CONNECTIONS),
        ]
        self.in_rounds(reads, self.measure_echo)
        self.open_model(reads)
        self.in_rounds(writes, self.measure_sqlite)
        self.open_model(writes)
        for name, runs in self.results["yardsticks"].items():
            self.results["yardsticks"][name] = middle(runs)
        self.results["pss_kib"] = {
            name: pss_kib(pid) for name, pid in self.pids().items() if name not in self.others
        }
        if self.profile:
            self.profiles(reads + writes)
        self.restart()
        self.results["marks"] = judge(self.results, [*self.system.programs])

    def stop(self):
        self.tools.stop()
        self.system.end_helpers()
        self.system.kill()


def middle(runs):
    """The run of the median throughput, of those that nothing disturbed if there are any."""
    runs = [run for run in runs if run.get("others_busy", 0) < QUIET] or runs
    wanted = statistics.median_low(run["per_second"] for run in runs)
    return next(run for run in runs if run["per_second"] == wanted)


def summary(case, runs):
    """The median run, with what all runs got wrong."""
    answered = sum(run["answered"] for run in runs)
    result = {"title": case.title, **middle(runs)}
    result["all_per_second"] = [run["per_second"] for run in runs]
    for wrong in ("refused", "broken", "unanswered"):
        result[wrong] = sum(run[wrong] for run in runs)
    if case.expect is not None:
        result["expected_share"] = sum(run["expected"] for run in runs) / max(1, answered)
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=Path, help="where programs and tools were built")
    parser.add_argument("--quick", action="store_true", help="half a second for each figure")
    parser.add_argument("--profile", action="store_true", help="perf's profiles beside the results")
    parser.add_argument("--patience", type=float, default=120, metavar="SECONDS",
                        help="to wait in all for other programs to leave the machine alone")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench" / "results.json")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    arguments.output = arguments.output.resolve()
    for program in ("perf", "strace") if arguments.profile else ():
        if shutil.which(program) is None:
            parser.error(f"--profile needs {program}, which tests/bench/run installs")
    return arguments


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    arguments = parse_arguments()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    # On the disk of the results: /tmp may be none.
    with tempfile.TemporaryDirectory(prefix="run-", dir=arguments.output.parent) as directory:
        bench = Bench(arguments, Path(directory))
        try:
            bench.run()
        except Unmeasured as why:
            print(f"failed: {why}", file=sys.stderr)
            return 1
        finally:
            bench.stop()
    arguments.output.write_text(json.dumps(bench.results, indent=2) + "\n", encoding="utf-8")
    print(render(bench.results))
    print(f"\nwritten to {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
