"""deploy/compose.yaml as an operator runs it; the tests build on each other, in this order."""

import contextlib
import http.client
import json
import re
import socket
import threading
import time

import pytest

import api
import harness
import load_2022
import make
from harness import SERVICES, wait_until
from stack import ALL, Stack
from writers import Load

OURS = (*SERVICES, "gateway")
HEALTHY_SECONDS = 20
MOVEMENT = "/v1/movements/dong-khoi-moi-2022"
EXEMPLAR = {"displayName": {"vi": "Tên"}, "story": "Việc làm", "organization": "organizations/sct"}


@pytest.fixture(name="stack", scope="module")
def stack_of_all_tests(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("secrets"))
    stack.down("-v", "--remove-orphans")
    try:
        stack.seconds_to_healthy = stack.up()
        yield stack
    finally:
        stack.down("-v", "--remove-orphans")


def test_everything_is_healthy_in_time(stack):
    print(f"healthy after {stack.seconds_to_healthy:.1f} s")
    assert stack.seconds_to_healthy < HEALTHY_SECONDS
    assert stack.client.get("/readyz").status == 200


def test_only_the_gateway_is_published_and_on_loopback(stack):
    for service in ALL:
        ports = stack.inspect(stack.id(service))["NetworkSettings"]["Ports"]
        published = [binding for bindings in ports.values() for binding in bindings or []]
        wanted = [{"HostIp": "127.0.0.1", "HostPort": str(stack.first)}]
        assert published == (wanted if service == "gateway" else []), (service, published)


@pytest.mark.parametrize("service", ALL)
def test_a_container_may_do_little_and_has_limits(stack, service):
    container = stack.inspect(stack.id(service))
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"] and not host["Privileged"] and host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"] and "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0 and host["PidsLimit"] >= 256
    assert any(limit["Name"] == "nofile" for limit in host["Ulimits"]), host["Ulimits"]
    assert container["Config"]["StopTimeout"] >= 5
    mounts = {mount["Destination"]: mount["Type"] for mount in container["Mounts"]}
    assert (service not in SERVICES) == ("/var/lib/dongkhoi" not in mounts), mounts
    assert set(mounts.values()) <= {"volume", "bind", "tmpfs"}


@pytest.mark.parametrize("service", ALL)
def test_inside_its_process_has_no_rights(stack, service):
    _, status = stack.execute(service, "cat", "/proc/1/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert "0" not in fields["Uid"].split() and "0" not in fields["Gid"].split()
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"
    code, said = stack.execute(service, "touch", "/usr/local/bin/new", check=False)
    assert code != 0 and "ead-only" in said, said


@pytest.mark.parametrize("service", ALL)
def test_the_password_is_nowhere_but_in_its_file(stack, service):
    container = stack.inspect(stack.id(service))
    assert stack.password not in json.dumps(container)
    _, line = stack.execute(service, "cat", "/proc/1/cmdline", "/proc/1/environ")
    assert stack.password not in line
    code, _ = stack.execute(service, "cat", "/run/secrets/redis_password", check=False)
    assert (code == 0) == (service in ("redis", "gateway"))
    assert stack.password not in stack.said(service)


@pytest.mark.parametrize("service", OURS)
def test_the_health_of_a_program_is_its_own_command(stack, service):
    check = stack.inspect(stack.id(service))["Config"]["Healthcheck"]["Test"]
    assert check == ["CMD", f"dongkhoi-{service}", "health"]
    code, said = stack.execute(service, *check[1:])
    assert code == 0 and said.startswith(service), said
    assert stack.execute(service, "sh", "-c", "command -v curl wget", check=False)[0] != 0


def test_the_data_of_2022_is_loaded_through_the_published_port(stack):
    client = api.Client(f"127.0.0.1:{stack.first}")
    assert load_2022.load(client) > 100
    assert load_2022.load(client) == 0


def scorecard(stack):
    card = stack.client.ok("GET", f"{MOVEMENT}/scorecard")
    return {line["registration"].rpartition("/")[2]: line for line in card["lines"]}


def test_the_scorecard_is_that_of_2022(stack):
    lines = scorecard(stack)
    assert (lines["industrial-clusters"]["value"], lines["industrial-clusters"]["target"]) == (0, 2)
    assert (lines["wind-power"]["value"], lines["wind-power"]["percent"]) == (93.05, 66.46)
    assert lines["night-economy"]["status"] == "ACHIEVED"


def test_answers_are_kept_in_redis_behind_its_password(stack):
    ask = 'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" redis-cli dbsize'
    wait_until(
        lambda: stack.client.get("/v1/clusters").status == 200
        and int(stack.execute("redis", "sh", "-c", ask)[1]) > 0,
        "Redis keeps answers",
    )
    assert "NOAUTH" in stack.execute("redis", "redis-cli", "dbsize")[1]
    assert "redis_refuses" not in stack.said("gateway")


def test_without_redis_everything_goes_on(stack):
    stack.compose("stop", "redis")
    try:
        slowest = 0
        for number in range(30):
            started = time.monotonic()
            make.cluster(stack.client, f"without-redis-{number}")
            assert stack.client.get("/v1/clusters").status == 200
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 2
    finally:
        stack.compose("start", "redis")
    stack.wait_healthy()


@pytest.mark.parametrize("victim", OURS)
def test_a_container_that_crashes_under_load_is_started_again_and_nothing_is_lost(stack, victim):
    id, restarts = stack.id(victim), stack.inspect(stack.id(victim))["RestartCount"]
    with Load(stack.client, SERVICES) as load:
        wait_until(lambda: load.count() > 20, "the writers write", 30)
        stack.crash(victim)
        wait_until(lambda: stack.inspect(id)["RestartCount"] > restarts, "it is started again", 30)
        stack.wait_healthy(OURS)
        before = load.count()
        wait_until(lambda: load.count() > before + 20, "the writers go on", 30)
    load.check()


def test_a_container_that_is_killed_under_load_loses_nothing(stack):
    with Load(stack.client, SERVICES) as load:
        for victim in ("indicators", "gateway"):
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 20, "the writers write", 30)
            stack.compose("kill", "-s", "KILL", victim)
            stack.compose("up", "-d", "--no-recreate")
            stack.wait_healthy(OURS)
        before = load.count()
        wait_until(lambda: load.count() > before + 20, "the writers go on", 30)
    load.check()


class Caller(threading.Thread):
    """Reads and writes by turns; every answer must be 200. When a gateway lets go of a request
    before any byte of an answer, the other gateway is asked the same, with the same key: that is
    what keys are for, and what a load balancer does."""

    def __init__(self, ports, number, stop):
        super().__init__(daemon=True)
        self.ports = ports
        self.number = number
        self.stop_event = stop
        self.answered = 0
        self.moved = 0
        self.slowest = 0.0
        self.failures = []

    def run(self):
        calls = [
            ("GET", "/v1/clusters?pageSize=5", None),
            ("GET", "/v1/indicators/industrial-output/progress?period=2022-12", None),
            ("GET", f"{MOVEMENT}/scorecard", None),
            ("GET", "/v1/schemes/night-economy/schedule?statusDate=2022-12-31", None),
            ("GET", "/v1/changes?pageSize=5", None),
            ("POST", "/v1/clusters/phong-nam/investments", {"investor": "x", "role": "TENANT"}),
            ("POST", "/v1/schemes/night-economy/projects", {"displayName": {"vi": "Tên"}}),
            ("POST", f"{MOVEMENT}/exemplars", EXEMPLAR),
        ]
        count = 0
        while not self.stop_event.is_set():
            method, path, body = calls[count % len(calls)]
            headers = {"Idempotency-Key": f"caller-{id(self)}-{count}"} if body else {}
            started = time.monotonic()
            self.call(method, path, body, headers)
            self.slowest = max(self.slowest, time.monotonic() - started)
            count += 1

    def call(self, method, path, body, headers):
        for attempt in range(2 * len(self.ports)):
            client = harness.Client(self.ports[(self.number + attempt) % len(self.ports)])
            try:
                answer = client.request(method, path, body, headers)
            except (ConnectionError, http.client.RemoteDisconnected) as error:
                if len(self.ports) == 1:
                    self.failures.append((method, path, repr(error)))
                    return
                self.moved += 1
                continue
            if answer.status == 200:
                self.answered += 1
            else:
                self.failures.append((method, path, answer.status, answer.body[:300]))
            return
        self.failures.append((method, path, "no gateway answers"))


@contextlib.contextmanager
def callers(ports, count=4):
    stop = threading.Event()
    threads = [Caller(ports, number, stop) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stop.set()
        for thread in threads:
            thread.join(40)
    failures = [failure for thread in threads for failure in thread.failures]
    print(f"answered {sum(t.answered for t in threads)}, moved {sum(t.moved for t in threads)}, "
          f"slowest {max(t.slowest for t in threads):.2f} s, failed {len(failures)}")
    assert not failures, (len(failures), failures[:5])
    assert not any(thread.is_alive() for thread in threads)


def answered_more(threads, more=40):
    before = sum(thread.answered for thread in threads)
    wait_until(lambda: sum(t.answered for t in threads) > before + more, "answers come", 30)


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_fails_while_a_service_is_restarted(stack, service):
    with callers([stack.first]) as threads:
        answered_more(threads)
        stack.compose("restart", "-t", "20", service)
        stack.wait_healthy(OURS)
        answered_more(threads)


def test_no_request_fails_while_a_service_gets_another_container(stack):
    before = stack.id("clusters")
    with callers([stack.first]) as threads:
        answered_more(threads)
        stack.compose("up", "-d", "--no-deps", "--force-recreate", "-t", "20", "clusters")
        stack.wait_healthy(OURS)
        answered_more(threads)
    assert stack.id("clusters") != before


def test_no_request_fails_while_two_gateways_are_restarted_in_turn(stack):
    stack.environment["DONGKHOI_PUBLISH"] = f"127.0.0.1:{stack.first}-{stack.second}"
    stack.up("--scale", "gateway=2")
    try:
        bindings = [
            int(binding["HostPort"])
            for id in stack.ids("gateway")
            for binding in stack.inspect(id)["NetworkSettings"]["Ports"]["8080/tcp"]
        ]
        assert sorted(bindings) == [stack.first, stack.second]
        with callers([stack.first, stack.second]) as threads:
            for id in stack.ids("gateway"):
                answered_more(threads)
                stack.docker("restart", "-t", "20", id)
                stack.wait_healthy(OURS)
            answered_more(threads)
            assert sum(thread.moved for thread in threads) > 0
    finally:
        stack.environment["DONGKHOI_PUBLISH"] = f"127.0.0.1:{stack.first}"
        stack.up("--scale", "gateway=1")


def everything(stack):
    """The whole feed, and what stands in the lists."""
    changes, cursor = [], ""
    while True:
        page = stack.client.ok("GET", "/v1/changes", pageSize=1000, **({"since": cursor} if cursor else {}))
        changes += page["changes"]
        cursor = page.get("nextCursor", cursor)
        if not page["changes"]:
            break
    lists = [
        stack.client.ok("GET", path, pageSize=1000)
        for path in ("/v1/clusters", "/v1/indicators", "/v1/schemes", "/v1/movements", "/v1/organizations")
    ]
    return changes, lists


def test_down_and_up_loses_nothing_and_every_program_ends_well(stack):
    before = everything(stack)
    assert len(before[0]) > 500
    stack.compose("stop")
    for service in ALL:
        state = stack.state(service)
        assert state["ExitCode"] == 0 and not state["OOMKilled"], (service, state, stack.said(service))
    stack.down()
    assert not stack.ids("gateway")
    assert stack.up() < HEALTHY_SECONDS
    assert everything(stack) == before
    assert scorecard(stack)["wind-power"]["value"] == 93.05


def test_a_backup_of_a_running_service_is_restored(stack):
    file = "/var/lib/dongkhoi/backup.db"
    program = "dongkhoi-indicators"
    stack.execute("indicators", program, "backup", "--to", file)
    kept = stack.client.ok("GET", "/v1/indicators", pageSize=1000)
    make.indicator(stack.client, "after-the-backup")
    stack.execute("indicators", program, "verify", file)
    stack.compose("stop", "indicators")
    stack.compose("run", "--rm", "--no-deps", "-T", "indicators", program, "restore", "--from", file)
    stack.compose("up", "-d")
    stack.wait_healthy()
    assert stack.client.ok("GET", "/v1/indicators", pageSize=1000) == kept


@pytest.mark.parametrize("service", SERVICES)
def test_the_journal_that_lived_through_all_this_is_sound(stack, service):
    code, said = stack.execute(service, f"dongkhoi-{service}", "verify")
    assert code == 0, said


def test_the_addresses_of_the_inside_are_not_reachable_from_other_networks(stack):
    """Only loopback of this machine has a way in, and only to the gateway."""
    others = [ip for ip in own_addresses() if not ip.startswith("127.")]
    for ip in others:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((ip, stack.first)) != 0, ip


def own_addresses():
    names = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):
            probe.connect(("192.0.2.1", 9))  # sends nothing; chooses our own address
            names.append((0, 0, 0, "", probe.getsockname()))
    return {name[4][0] for name in names if re.match(r"\d", name[4][0])}
