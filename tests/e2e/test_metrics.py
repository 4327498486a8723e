"""Metrics of the gateway and its services."""

import contextlib
import re
import subprocess
import threading
import time

import pytest

import make
import metrics
from harness import SERVICES, Client, System, free_ports, wait_until

@contextlib.contextmanager
def strace(pid, *expressions):
    """While inside, the system calls of a process are tampered with."""
    words = [word for expression in expressions for word in ("-e", expression)]
    process = subprocess.Popen(
        ["strace", "-f", "-qq", "-p", str(pid), "-e", "trace=fdatasync,fsync", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    try:
        time.sleep(1)
        if process.poll() is not None:
            pytest.skip(f"strace cannot attach here: {process.stderr.read().decode().strip()}")
        yield
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


LISTS = {
    "registrations": ("/v1/movements", "ListMovements"),
    "indicators": ("/v1/indicators", "ListIndicators"),
    "clusters": ("/v1/clusters", "ListClusters"),
    "nighteconomy": ("/v1/schemes", "ListSchemes"),
}


@pytest.mark.parametrize("program", metrics.PROGRAMS)
def test_promtool_finds_nothing_to_say(loaded, program):
    found = metrics.read(loaded.client, program)
    code, said = metrics.promtool("check", "metrics", text=found.text)
    assert (code, said) == (0, "")


@pytest.mark.parametrize("program", metrics.PROGRAMS)
def test_every_family_says_what_it_is(loaded, program):
    text = metrics.read(loaded.client, program).text
    helps = re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE)
    types = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", text, re.MULTILINE)
    assert helps == types and len(set(types)) == len(types)
    assert all(re.match(r"dongkhoi_|process_", name) for name in types)


def test_the_gateway_answers_for_itself_with_and_without_its_name(client):
    for query in ({}, {"of": "gateway"}):
        answer = client.get("/metrics", **query)
        assert answer.status == 200 and b'program="dongkhoi-gateway"' in answer.body
        assert answer.headers["content-type"] == metrics.TYPE
        assert answer.headers["cache-control"] == "no-store"
    head = client.request("HEAD", "/metrics")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 1000


@pytest.mark.parametrize(
    "query",
    ["of=", "of", "of=redis", "of=Indicators", "of=indicators&of=clusters", "of=indicators&x=1",
     "x=1", "of=%69ndicators", "of=gateway,indicators"],
)
def test_who_is_no_program_is_refused_with_the_names_of_those_that_are(client, query):
    answer = client.get(f"/metrics?{query}", {"Accept-Language": "vi"})
    assert (answer.status, answer.reason) == (400, "UNKNOWN_PROGRAM"), answer.body
    assert answer.fields == ["of"]
    for program in metrics.PROGRAMS:
        assert program in answer.error["message"]
    assert answer.error["details"][-1]["locale"] == "vi"


def test_only_get_and_head_are_possible(client):
    answer = client.post("/metrics", {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_route_is_not_part_of_the_api(client):
    assert "/metrics" not in client.get("/openapi.json").json["paths"]


def test_metrics_may_have_an_address_of_their_own(tmp_path):
    port = free_ports(1)[0]
    system = System(tmp_path, DONGKHOI_METRICS_LISTEN=f"127.0.0.1:{port}").start()
    inner = Client(port)
    make.indicator(system.client, "public")
    before = metrics.read(inner)
    labels = {"service": "indicators", "method": "GetIndicator", "status": "2xx"}
    for path in ("/metrics", "/metrics?of=indicators"):
        answer = system.client.get(path)
        assert (answer.status, answer.reason) == (404, "ROUTE_NOT_FOUND")
    for path in ("/v1/indicators/public", "/", "/openapi.json"):
        assert system.client.get(path).status == 200
        assert inner.get(path).status == 404
    for path in ("/healthz", "/readyz"):
        assert system.client.get(path).status == inner.get(path).status == 200
    for program in metrics.PROGRAMS:
        assert metrics.read(inner, program)("dongkhoi_build_info") == 1
    after = metrics.read(inner)
    moved = after("dongkhoi_http_requests_total", **labels) - before(
        "dongkhoi_http_requests_total", **labels
    )
    assert moved == 1
    # Of the address of the API, whoever asks.
    assert after("dongkhoi_http_connections_limit") > 1000
    system.stop()


def of_method(client, service, method):
    """(of the gateway: 2xx, 4xx, timed; of the service: OK, NOT_FOUND, timed)"""
    gateway = metrics.read(client)
    own = metrics.read(client, service)
    labels = {"service": service, "method": method}
    not_found = [v for (n, pairs), v in own.samples.items()
                 if n == "dongkhoi_rpc_requests_total"
                 and {("method", method), ("code", "NOT_FOUND")} <= pairs]
    return (
        gateway("dongkhoi_http_requests_total", status="2xx", **labels),
        gateway("dongkhoi_http_requests_total", status="4xx", **labels),
        gateway("dongkhoi_http_request_seconds_count", **labels),
        own("dongkhoi_rpc_requests_total", code="OK", **labels),
        sum(not_found),
        own("dongkhoi_rpc_request_seconds_count", **labels),
    )


def test_ten_requests_count_ten(fresh):
    client = fresh.client
    make.indicator(client, "counted")
    before = of_method(client, "indicators", "GetIndicator")
    for _ in range(10):
        assert client.get("/v1/indicators/counted", {"Cache-Control": "no-cache"}).status == 200
    for _ in range(3):
        assert client.get("/v1/indicators/missing").status == 404
    after = of_method(client, "indicators", "GetIndicator")
    moved = [b - a for a, b in zip(before, after)]
    assert moved == [10, 3, 13, 10, 3, 13]


def test_what_has_no_route_counts_as_unknown(client):
    def unknown():
        return metrics.read(client)(
            "dongkhoi_http_requests_total", service="gateway", method="unknown", status="4xx"
        )

    before = unknown()
    names = metrics.read(client).text.count("\n")
    for i in range(20):
        assert client.get(f"/v1/nothing-{i}").status == 404
    received, _ = client.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400")
    assert unknown() - before == 21
    # Strangers make no series.
    assert metrics.read(client).text.count("\n") == names


def test_histograms_are_whole(loaded):
    client = loaded.client
    for path, _ in LISTS.values():
        client.get(path)
    for program in metrics.PROGRAMS:
        found = metrics.read(client, program)
        for name, kind in found.types.items():
            if kind != "histogram":
                continue
            series = {}
            for (sample, pairs), value in found.samples.items():
                if sample == f"{name}_bucket":
                    labels = dict(pairs)
                    bound = float(labels.pop("le"))
                    series.setdefault(frozenset(labels.items()), []).append((bound, value))
            assert series, name
            for labels, buckets in series.items():
                counts = [value for _, value in sorted(buckets)]
                assert counts == sorted(counts) and sorted(buckets)[-1][0] == float("inf")
                assert counts[-1] == found.samples[f"{name}_count", labels]
                total = found.samples[f"{name}_sum", labels]
                assert (total > 0) == (counts[-1] > 0), (name, labels)


def test_nothing_is_lost_under_parallel_load(fresh):
    client = fresh.client
    make.indicator(client, "busy")
    before = metrics.read(client)
    statuses = []

    def work():
        for i in range(50):
            headers = {"Cache-Control": "no-cache"} if i % 2 else {}
            statuses.append(client.get("/v1/indicators/busy", headers).status)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.read(client, "indicators")
    for thread in threads:
        thread.join()
    assert statuses == [200] * 400
    after = metrics.read(client)
    labels = {"service": "indicators", "method": "GetIndicator"}

    def moved(name, **more):
        return after(name, **more) - before(name, **more)

    assert moved("dongkhoi_http_requests_total", status="2xx", **labels) == 400
    assert moved("dongkhoi_http_request_seconds_count", **labels) == 400
    assert moved("dongkhoi_cache_reads_total") == 400
    assert moved("dongkhoi_cache_forwards_total", reason="request") == 200


def test_a_read_counts_where_it_was_answered(fresh):
    client = fresh.client
    make.indicator(client, "kept")

    def tiers():
        found = metrics.read(client)
        return {t: found("dongkhoi_cache_reads_total", tier=t) for t in ("memory", "redis", "service")}

    before = tiers()
    seen = {"memory": 0, "redis": 0, "service": 0}
    for _ in range(30):
        status = client.get("/v1/indicators/kept").headers["cache-status"]
        seen["memory" if "memory" in status else "redis" if "redis" in status else "service"] += 1
    after = tiers()
    assert {t: after[t] - before[t] for t in after} == seen
    assert seen["memory"] > 0 and seen["service"] > 0
    found = metrics.read(client)
    assert found("dongkhoi_cache_entries") >= 1
    assert 0 < found("dongkhoi_cache_bytes") < found("dongkhoi_cache_limit_bytes")
    # The harness audits each tenth hit; the answer to that comes a little later.
    wait_until(lambda: metrics.read(client)("dongkhoi_cache_audits_total") >= 1, "an audit")
    assert metrics.read(client)("dongkhoi_cache_audit_differences_total") == 0


def test_writes_move_the_journal_and_the_commits(fresh):
    client = fresh.client
    before = metrics.read(client, "indicators")
    for i in range(5):
        make.indicator(client, f"written-{i}")
    after = metrics.read(client, "indicators")
    seq = fresh.seqs()["indicators"]
    assert after("dongkhoi_journal_seq") == seq == before("dongkhoi_journal_seq") + 5
    for name in ("dongkhoi_store_commit_seconds_count", "dongkhoi_store_commit_writes_count"):
        assert 1 <= after(name) - before(name) <= 5
    synced, committed = (
        after(f"dongkhoi_store_{part}_seconds_sum") - before(f"dongkhoi_store_{part}_seconds_sum")
        for part in ("fsync", "commit")
    )
    assert 0 < synced < committed
    assert after("dongkhoi_store_commit_writes_sum") - before("dongkhoi_store_commit_writes_sum") == 5
    assert after("dongkhoi_store_read_only") == 0
    assert 0 < after("dongkhoi_store_free_bytes") <= after("dongkhoi_store_disk_bytes")
    assert after("dongkhoi_store_database_bytes") > 0
    assert after("dongkhoi_writer_queue_length") == 0 < after("dongkhoi_writer_queue_limit")


def test_a_slow_disk_is_seen_in_fsync_commit_and_store(fresh):
    client = fresh.client
    make.cluster(client, "before")
    before = metrics.read(client, "clusters")
    with strace(fresh["clusters"].pid, "inject=fdatasync,fsync:delay_enter=60000"):
        for i in range(3):
            make.cluster(client, f"slow-{i}")
    after = metrics.read(client, "clusters")

    def moved(name, **labels):
        return after(name, **labels) - before(name, **labels)

    for name in ("dongkhoi_store_fsync_seconds", "dongkhoi_store_commit_seconds"):
        assert moved(f"{name}_sum") > 0.18
        assert moved(f"{name}_count") - moved(f"{name}_bucket", le="0.05") == 3
    assert moved("dongkhoi_rpc_part_seconds_sum", part="store") > 0.18
    assert moved("dongkhoi_rpc_request_seconds_sum", method="CreateCluster") > 0.18


def test_writes_under_a_lease_wait_and_say_so(fresh):
    client = fresh.client
    make.indicator(client, "leased")
    writes = 0

    def write():
        nonlocal writes
        for _ in range(3):
            client.get("/v1/indicators/leased")
        writes += 1
        client.ok("PATCH", "/v1/indicators/leased", {"displayName": {"vi": f"Lần {writes}"}})
        return metrics.read(client, "indicators")("dongkhoi_lease_wait_seconds_count") > 0

    # A slow machine may let a lease end between a read and the write.
    wait_until(write, "a write waits for a gateway")
    found = metrics.read(client, "indicators")
    assert found("dongkhoi_lease_wait_seconds_count") > 0
    assert found("dongkhoi_lease_wait_seconds_sum") > 0
    assert found("dongkhoi_lease_parked_answers") == 0
    assert found("dongkhoi_lease_holders") in (0, 1)
    client.get("/v1/indicators/leased")
    client.get("/v1/indicators/leased")
    assert metrics.read(client)("dongkhoi_lease_known_seq", service="indicators") == writes + 1


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_has_no_metrics_and_the_gateway_says_so(impatient, service):
    client = impatient.client
    path, method = LISTS[service]
    for _ in range(4):
        assert client.get(path, {"Cache-Control": "no-cache"}).status == 200
    assert metrics.read(client)("dongkhoi_backend_connections", service=service) == 1
    started = metrics.read(client, service)("process_start_time_seconds")
    impatient[service].kill()
    wait_until(
        lambda: metrics.read(client)("dongkhoi_backend_connections", service=service) == 0,
        "the connection is gone",
    )
    answer = client.get("/metrics", of=service)
    assert (answer.status, answer.reason) == (503, "SERVICE_DOWN"), answer.body
    before = metrics.read(client)("dongkhoi_http_requests_total", service=service, status="5xx")
    assert client.get(path, {"Cache-Control": "no-cache"}).status == 503
    after = metrics.read(client)("dongkhoi_http_requests_total", service=service, status="5xx")
    assert after - before == 1
    time.sleep(1.1)  # The start is known to a hundredth of a second.
    impatient[service].start()
    impatient.wait_ready()
    again = metrics.read(client, service)
    assert again("process_start_time_seconds") > started
    assert again("dongkhoi_rpc_requests_total", method=method, code="OK") == 0
    assert client.get(path, {"Cache-Control": "no-cache"}).status == 200
    assert metrics.read(client, service)("dongkhoi_rpc_requests_total", method=method, code="OK") == 1


def test_redis_off_is_seen_and_everything_goes_on(fresh):
    client = fresh.client
    wanted = metrics.read(client)("dongkhoi_redis_connections_wanted")
    assert wanted >= 1
    wait_until(
        lambda: metrics.read(client)("dongkhoi_redis_connections_ready") == wanted,
        "all loops have Redis",
    )
    before = metrics.read(client)("dongkhoi_redis_losses_total")
    fresh.redis.kill()
    wait_until(
        lambda: metrics.read(client)("dongkhoi_redis_connections_ready") == 0, "none has Redis"
    )
    wait_until(
        lambda: metrics.read(client)("dongkhoi_redis_losses_total") >= before + wanted,
        "the losses are counted",
    )
    assert client.get("/v1/indicators").status == 200
    fresh.redis.start()
    wait_until(
        lambda: metrics.read(client)("dongkhoi_redis_connections_ready") == wanted,
        "all loops have Redis again", 30,
    )


def test_the_services_say_whom_they_miss(fresh):
    client = fresh.client
    found = metrics.read(client, "registrations")
    for peer in ("indicators", "clusters", "nighteconomy"):
        assert found("dongkhoi_peer_connected", peer=peer) == 1
    fresh["clusters"].kill()
    wait_until(
        lambda: metrics.read(client, "registrations")("dongkhoi_peer_connected", peer="clusters") == 0,
        "the peer is missed",
    )


def test_the_process_is_the_one_that_runs(fresh):
    for program in metrics.PROGRAMS:
        found = metrics.read(fresh.client, program)
        with open(f"/proc/{fresh[program].pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        rss = int(status["VmRSS"].split()[0]) * 1024
        assert 0.5 < found("process_resident_memory_bytes") / rss < 2
        assert abs(found("process_threads") - int(status["Threads"])) <= 2
        assert abs(found("process_start_time_seconds") - time.time()) < 120
        assert 5 < found("process_open_fds") < found("process_max_fds")
        assert found("dongkhoi_build_info", program=f"dongkhoi-{program}") == 1
