"""One line of the log for each request, one trace through all programs, and where the time went."""

import contextlib
import http.client
import json
import os
import random
import re
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness import (
    PROGRAMS, SERVICES, Answer, Client, Program, System, answers, free_ports, read_all, wait_until,
)

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0[0-3]")
# token "=" (token / quoted-string), RFC 9110.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
METRIC = re.compile(rf'\s*({TOKEN})((?:\s*;\s*{TOKEN}=(?:{TOKEN}|"[^"\\]*"))*)\s*(?:,|$)')
PARAMETER = re.compile(rf'\s*;\s*({TOKEN})=(?:({TOKEN})|"([^"\\]*)")')
CLIENTS = 16


def trace_id():
    return f"{random.getrandbits(128) | 1:032x}"


def traceparent(trace, span="b7ad6b7169203331"):
    return f"00-{trace}-{span}-01"


def lines(program, event=None):
    """The lines of its log, each of which must be one JSON object."""
    found = [json.loads(line) for line in program.log.read_text("utf-8").splitlines()]
    assert all(isinstance(line, dict) and "event" in line for line in found)
    return [line for line in found if event in (None, line["event"])]


def of_trace(program, trace, event="request"):
    return [line for line in lines(program, event) if line.get("trace_id") == trace]


def line_of(program, trace, event="request"):
    """The one line of a trace, once it is there."""
    wait_until(lambda: of_trace(program, trace, event), f"{program.name} logs {trace}")
    found = of_trace(program, trace, event)
    assert len(found) == 1, found
    return found[0]


def server_timing(answer):
    """{metric: {parameter: value}} as https://www.w3.org/TR/server-timing has it."""
    text = answer.headers["server-timing"]
    metrics = {}
    at = 0
    while at < len(text):
        metric = METRIC.match(text, at)
        assert metric, text[at:]
        parameters = {n: token or quoted for n, token, quoted in PARAMETER.findall(metric[2])}
        assert metric[1] not in metrics, text
        metrics[metric[1]] = parameters
        at = metric.end()
    return metrics


def durations(answer):
    timing = server_timing(answer)
    return {name: float(timing[name]["dur"]) for name in ("gateway", "queue", "service", "store")}


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """The data of 2022 behind services that log every call."""
    system = System(tmp_path_factory.mktemp("traced"), DONGKHOI_LOG="debug").start()
    system.load()
    yield system
    system.stop()


def work(number, port, sent):
    """What one client of many asks on one connection; fills {trace id: (method, path, status)}."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asked = [
        ("GET", "/v1/indicators/exports", None, 200),
        ("GET", "/v1/indicators/exports/progress?period=2022-09", None, 200),
        ("GET", f"/v1/indicators/none-{number}", None, 404),
        ("GET", "/v1/indicators?pageSize=3", None, 200),
        ("GET", "/v1/movements/dong-khoi-moi-2022/scorecard", None, 200),
        ("HEAD", "/v1/clusters", None, 200),
        ("PUT", "/v1/clusters", None, 405),
        ("GET", "/v1/nowhere", None, 404),
        ("GET", "/v1/clusters?pageSize=-1", None, 400),
        ("POST", f"/v1/organizations?organizationId=o-{number}-{{}}", b'{"kind": 1', 400),
        ("GET", "/v1/changes?pageSize=2", None, 200),
        ("GET", "/healthz", None, 200),
        ("GET", "/", None, 200),
    ]
    for turn in range(6):
        for method, path, body, expected in random.sample(asked, len(asked)):
            trace = trace_id()
            path = path.format(turn)
            headers = {"traceparent": traceparent(trace)}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == expected, (method, path, answer.status)
            assert answer.getheader("traceparent").startswith(f"00-{trace}-")
            sent[trace] = (method, path.partition("?")[0], answer.status)
    connection.close()


def test_under_load_every_request_has_its_line(traced):
    gateway = traced["gateway"]
    sent = [{} for _ in range(CLIENTS)]
    failures = []

    def run(number):
        try:
            work(number, traced.port, sent[number])
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    expected = {trace: what for part in sent for trace, what in part.items()}
    assert len(expected) == CLIENTS * 6 * 13

    def logged():
        return {
            line["trace_id"]: line
            for line in lines(gateway, "request")
            if line["trace_id"] in expected
        }

    wait_until(lambda: len(logged()) == len(expected), "every request is logged")
    found = [line for line in lines(gateway, "request") if line["trace_id"] in expected]
    assert len(found) == len(expected)
    tiers = set()
    for line in found:
        method, path, status = expected[line["trace_id"]]
        assert (line["method"], line["path"], line["status"]) == (method, path, status)
        assert line["parent_id"] == "b7ad6b7169203331" and line["caller"] == "anonymous"
        assert isinstance(line["duration_ms"], float) and line["duration_ms"] >= 0
        assert (line["bytes"] > 0) == (method != "HEAD")
        assert ("reason" in line) == (status >= 400)
        assert "aborted" not in line
        if path.startswith("/v1/indicators/exports"):
            assert line["rpc"].startswith("dongkhoi.indicators.v1.IndicatorService/Get")
        tiers.add(line["cache"])
    assert {"none", "memory", "service"} <= tiers <= {"none", "memory", "redis", "service"}


def test_a_line_names_the_reason_and_the_rpc(traced):
    trace = trace_id()
    headers = {"traceparent": traceparent(trace)}
    assert traced.client.get("/v1/clusters/nothing-here", headers).status == 404
    line = line_of(traced["gateway"], trace)
    assert line["reason"] == "RESOURCE_NOT_FOUND" and line["cache"] == "service"
    assert line["rpc"] == "dongkhoi.clusters.v1.ClusterService/GetCluster"
    assert line["level"] == "info" and line["program"] == "dongkhoi-gateway"
    assert re.fullmatch(r"[0-9a-f]{16}", line["span_id"])


@pytest.mark.parametrize(
    "data, statuses",
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", [400]),
        (b"nonsense\r\n\r\n", [400]),
        (b"POST /v1/clusters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n", [413]),
        (b"GET /a HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 20000 + b"\r\n\r\n", [431]),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: all\r\n\r\n", [417]),
        (b"GET /v1/clusters HTTP/2.5\r\nHost: localhost\r\n\r\n", [505]),
        (b"DELETE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", [405]),
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20
            + b"GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n"
            + b"GET /v1/clusters?pageSize=x HTTP/1.1\r\nHost: localhost\r\n\r\n"
            + b"bad\r\n\r\n",
            [200] * 20 + [404, 400, 400],
        ),
    ],
    ids=["400", "nonsense", "413", "431", "417", "505", "405", "pipeline"],
)
def test_what_is_refused_has_its_line_too(traced, data, statuses):
    received, closed = traced.client.raw(data)
    assert closed
    found = answers(received)
    assert [answer.status for answer in found] == statuses
    for answer in found:
        trace = TRACEPARENT.fullmatch(answer.headers["traceparent"])
        line = line_of(traced["gateway"], trace[1])
        assert line["status"] == answer.status and line["span_id"] == trace[2]
        assert "parent_id" not in line and "aborted" not in line
        if line["status"] >= 400:
            assert answer.reason == line["reason"]


def leave_at_once(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_a_client_that_leaves_has_its_line(traced):
    whole, half = trace_id(), trace_id()
    with traced.client.connect() as connection:
        connection.sendall(
            b"GET /v1/movements/dong-khoi-moi-2022/scorecard HTTP/1.1\r\nHost: localhost\r\n"
            b"Cache-Control: no-cache\r\n"
            b"traceparent: " + traceparent(whole).encode() + b"\r\n\r\n"
        )
        leave_at_once(connection)
    line = line_of(traced["gateway"], whole)
    # It may have been answered in time, all the same.
    assert line["status"] == 200
    assert line.get("aborted") is True and line["bytes"] == 0 or line["bytes"] > 0

    with traced.client.connect() as connection:
        connection.sendall(
            b"POST /v1/organizations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            b"traceparent: " + traceparent(half).encode() + b"\r\n\r\n{"
        )
        time.sleep(0.1)
        leave_at_once(connection)

    def halves():
        return [line for line in lines(traced["gateway"], "request") if line["status"] == 499]

    wait_until(halves, "the line of half a request")
    (line,) = halves()
    assert (line["method"], line["path"]) == ("POST", "/v1/organizations")
    assert line["aborted"] is True and line["bytes"] == 0


def test_a_trace_goes_through_all_programs(traced):
    trace = trace_id()
    headers = {"traceparent": traceparent(trace), "Cache-Control": "no-cache"}
    answer = traced.client.get("/v1/movements/dong-khoi-moi-2022/scorecard", headers)
    assert answer.status == 200
    at_gateway = line_of(traced["gateway"], trace)
    at_registrations = line_of(traced["registrations"], trace, "call")
    assert at_registrations["rpc"].endswith("RegistrationService/GetScorecard")
    assert at_gateway["parent_id"] == "b7ad6b7169203331"
    assert at_registrations["parent_id"] == at_gateway["span_id"]
    for service in ("indicators", "clusters", "nighteconomy"):
        wait_until(lambda s=service: of_trace(traced[s], trace, "call"), f"{service} is asked")
        for line in of_trace(traced[service], trace, "call"):
            assert line["parent_id"] == at_registrations["span_id"]
            assert line["status"] == "OK" and line["caller"] == "anonymous"
            assert line["span_id"] not in (at_gateway["span_id"], at_registrations["span_id"])
    assert answer.headers["traceparent"] == f"00-{trace}-{at_gateway['span_id']}-01"


def test_a_write_and_the_feed_have_traces(traced):
    for method, path, body, services in [
        ("POST", "/v1/organizations?organizationId=traced", {
            "displayName": {"vi": "Sở"}, "kind": "DEPARTMENT"}, ["registrations"]),
        ("GET", "/v1/changes?pageSize=1", None, SERVICES),
        ("GET", "/", None, ["registrations"]),
    ]:
        trace = trace_id()
        answer = traced.client.request(method, path, body, {"traceparent": traceparent(trace)})
        assert answer.status == 200, answer.body
        span = line_of(traced["gateway"], trace)["span_id"]
        for service in services:
            wait_until(lambda s=service, t=trace: of_trace(traced[s], t, "call"), service)
            for line in of_trace(traced[service], trace, "call"):
                assert line["parent_id"] == span
                parts = line["queue_ms"] + line["service_ms"] + line["store_ms"]
                assert abs(parts - line["duration_ms"]) < 0.01


def test_without_a_valid_traceparent_a_new_trace_begins(traced):
    trace = trace_id()
    for given in [
        None, "", "nonsense", f"00-{trace}-0000000000000000-01", f"ff-{trace}-b7ad6b7169203331-01",
        f"00-A{trace[1:]}-b7ad6b7169203331-01", traceparent(trace) + "-more",
    ]:
        answer = traced.client.get("/healthz", {} if given is None else {"traceparent": given})
        found = TRACEPARENT.fullmatch(answer.headers["traceparent"])
        assert found and found[1] != trace
        assert "parent_id" not in line_of(traced["gateway"], found[1])
    later = f"42-{trace}-b7ad6b7169203331-ff-and-what-may-come"
    answer = traced.client.get("/healthz", {"traceparent": later})
    assert answer.headers["traceparent"].startswith(f"00-{trace}-")
    assert answer.headers["traceparent"].endswith("-03")


def timed(client, method, path, body=None, headers=None):
    """(answer, milliseconds) on a connection that is open already."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    connection.connect()
    headers = dict(headers or {})
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body)
    start = time.monotonic()
    connection.request(method, path, body, headers)
    raw = connection.getresponse()
    content = raw.read()
    spent = (time.monotonic() - start) * 1000
    connection.close()
    return Answer.of(raw.status, raw.getheaders(), content), spent


@pytest.mark.parametrize(
    "path, no_cache",
    [
        ("/v1/indicators/exports", False),
        ("/v1/indicators/exports", True),
        ("/v1/indicators?pageSize=5", True),
        ("/v1/indicators/exports/progress?period=2022-09", True),
        ("/v1/movements/dong-khoi-moi-2022/scorecard", True),
        ("/v1/movements/dong-khoi-moi-2022/scorecard", False),
        ("/v1/changes?pageSize=5", False),
        ("/", False),
        ("/readyz", False),
        ("/openapi.json", False),
        ("/v1/clusters/none", False),
        ("/v1/nowhere", False),
    ],
)
def test_server_timing_adds_up_to_no_more_than_the_whole(traced, path, no_cache):
    headers = {"Cache-Control": "no-cache"} if no_cache else {}
    for _ in range(5):
        answer, spent = timed(traced.client, "GET", path, headers=headers)
        parts = durations(answer)
        assert all(part >= 0 for part in parts.values())
        assert sum(parts.values()) <= spent + 0.01, (parts, spent)
        assert TRACEPARENT.fullmatch(server_timing(answer)["traceparent"]["desc"])
        if no_cache:
            assert server_timing(answer)["cache"]["desc"] == "service"
            assert parts["service"] > 0 and parts["store"] > 0


def test_a_write_spends_its_time_in_the_store(traced):
    body = {"displayName": {"vi": "Sở"}, "kind": "DEPARTMENT"}
    path = "/v1/organizations?organizationId=timed"
    answer, spent = timed(traced.client, "POST", path, body)
    parts = durations(answer)
    assert answer.status == 200 and sum(parts.values()) <= spent + 0.01
    assert parts["store"] > 0 and parts["service"] > 0


def test_a_cached_answer_has_times_and_a_trace_of_its_own(traced):
    path = "/v1/indicators/exports/progress?period=2022-08"
    seen = set()
    tiers = []
    for _ in range(20):
        answer = traced.client.get(path)
        tiers.append(server_timing(answer)["cache"]["desc"])
        seen.add(answer.headers["traceparent"][3:35])
        if tiers[-1] == "memory":
            parts = durations(answer)
            assert parts["queue"] == parts["service"] == parts["store"] == 0
        trace = TRACEPARENT.fullmatch(answer.headers["traceparent"])[1]
        assert line_of(traced["gateway"], trace)["cache"] == tiers[-1]
        assert server_timing(answer)["traceparent"]["desc"] == answer.headers["traceparent"]
    assert len(seen) == 20
    assert "memory" in tiers and "service" in tiers + [tiers[0]]


def test_answers_that_share_a_call_have_traces_of_their_own(traced):
    path = b"/v1/movements/dong-khoi-moi-2022/scorecard?asOf="
    joined = []
    for attempt in range(40):
        # The same question, new to the cache, from two connections at about the same time.
        moment = f"2026-01-01T00:00:{attempt:02}Z".encode()
        traces = [trace_id() for _ in range(CLIENTS)]
        connections = [traced.client.connect() for _ in traces]
        for connection, trace in zip(connections, traces):
            connection.sendall(
                b"GET " + path + moment + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"traceparent: " + traceparent(trace).encode() + b"\r\n\r\n"
            )
        for connection, trace in zip(connections, traces):
            received, _ = read_all(connection)
            connection.close()
            (answer,) = answers(received)
            assert answer.headers["traceparent"].startswith(f"00-{trace}-")
            line = line_of(traced["gateway"], trace)
            if "joined_trace_id" in line:
                assert line["joined_trace_id"] in set(traces) - {trace}
                assert "collapsed" in answer.headers["cache-status"] or answer.status != 200
                joined.append(line)
        if joined:
            break
    assert joined, "no two requests shared a call"
    for line in joined:
        assert line["cache"] == "service" and "store_ms" not in line


def test_no_payload_is_in_any_log(traced):
    marker = "dau-hieu-" + trace_id()
    client = traced.client
    secret = {"displayName": {"vi": marker, "en": marker}, "kind": "DEPARTMENT", "code": marker}
    headers = {
        "Idempotency-Key": marker, "X-Marker": marker, "Authorization": f"Bearer {marker}",
        "Cookie": marker, "User-Agent": marker, "Referer": f"http://x/{marker}",
        "tracestate": f"a={marker}",
    }
    path = "/v1/organizations?organizationId=marked"
    assert client.post(path, secret, headers).status == 200
    assert client.post(path, secret, headers).status == 200
    assert client.post(path, {**secret, "code": marker * 2}, headers).status == 422
    assert client.post(path, {**secret, marker: 1}).status == 400
    assert client.post(path, marker.encode()).status == 400
    assert client.get("/v1/organizations/marked", headers).status == 200
    assert client.get("/v1/organizations", filter=f'displayName.vi = "{marker}"').status == 200
    assert client.get("/v1/organizations", filter=f"{marker} <> !").status == 400
    assert client.get("/v1/organizations", **{marker: marker}).status == 400
    assert client.get("/v1/organizations", orderBy=marker).status == 400
    assert client.get("/v1/organizations", pageToken=marker).status == 400
    assert client.get("/v1/changes", since=marker).status == 400
    assert client.get("/v1/organizations", {"If-Match": marker, "Accept": marker}).status == 406
    assert client.get("/", movement=marker).status in (400, 404)
    assert client.get("/healthz", {"traceparent": marker}).status == 200
    assert client.patch("/v1/organizations/marked", secret, {"If-Match": marker}).status == 412
    client.raw(f"GET / HTTP/1.1\r\nHost: localhost\r\n{marker}: {marker}\x01\r\n\r\n".encode())
    client.raw(f"POST /v1/organizations HTTP/1.1\r\nHost: localhost\r\nX: {marker}\r\nContent-Length: 9"
               f"999999\r\n\r\n{marker}".encode())
    done = client.get("/healthz")
    line_of(traced["gateway"], TRACEPARENT.fullmatch(done.headers["traceparent"])[1])
    time.sleep(0.2)
    for name in PROGRAMS:
        assert marker not in traced[name].said(), name


def test_a_reader_that_is_gone_stops_nobody(tmp_path, fresh):
    """Standard error is a pipe that nobody reads: the requests go on, and what had no room is
    counted."""
    reader, writer = os.pipe()
    gateway, client = second_gateway(fresh, tmp_path, writer)
    os.close(writer)
    requests = 6000
    try:
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        for _ in range(requests):
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()
        text = []
        thread = threading.Thread(target=lambda: text.append(read_pipe(reader)))
        thread.start()
        gateway.terminate()
        assert gateway.wait(20) == 0
        thread.join()
    finally:
        gateway.kill()
        os.close(reader)
    logged = [json.loads(line) for line in text[0].decode().splitlines()]
    written = sum(line["event"] == "request" for line in logged)
    dropped = sum(line["count"] for line in logged if line["event"] == "log_lines_dropped")
    polls = sum(line.get("path") == "/readyz" for line in logged)
    assert dropped > 0
    assert written + dropped == requests + polls
    assert logged[-1]["event"] == "stopped"


def read_pipe(reader):
    text = b""
    while True:
        data = os.read(reader, 65536)
        if not data:
            return text
        text += data


def second_gateway(system, directory, stderr, **environment):
    """(process, client) of a gateway with a standard error of its own."""
    port = free_ports(1)[0]
    program = Program("gateway", directory, None)
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *map(str, program.command())],
        env={**system.environment, "DONGKHOI_LISTEN": f"127.0.0.1:{port}", **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
    )
    client = Client(port)

    def ready():
        with contextlib.suppress(OSError, http.client.HTTPException):
            return client.get("/readyz").status == 200
        return False

    wait_until(ready, "the gateway is ready", 30)
    return process, client


@pytest.mark.parametrize(
    "variables, expected",
    [
        ({}, ["200", "404", "503"]),
        ({"DONGKHOI_ACCESS_LOG": "off"}, []),
        ({"DONGKHOI_LOG": "warning"}, ["503"]),
        ({"DONGKHOI_LOG": "error"}, []),
    ],
)
def test_what_is_logged_can_be_chosen(fresh, tmp_path, variables, expected):
    with open(tmp_path / "gateway.err", "wb") as log:
        variables = {"DONGKHOI_PATIENCE_MS": "0", **variables}
        gateway, client = second_gateway(fresh, tmp_path, log, **variables)
    try:
        assert client.get("/v1/clusters").status == 200
        assert client.get("/v1/nowhere").status == 404
        fresh["clusters"].kill()
        for _ in range(5):
            wait_until(lambda: client.get("/readyz").status == 503, "the gateway knows")
            time.sleep(0.1)
        assert client.get("/v1/clusters/x", {"Cache-Control": "no-cache"}).status == 503
        assert client.get("/v1/nowhere").status == 404
    finally:
        gateway.terminate()
        assert gateway.wait(20) == 0
    fresh["clusters"].start()
    fresh.wait_ready()
    found = [json.loads(line) for line in (tmp_path / "gateway.err").read_text().splitlines()]
    statuses = {
        str(line["status"])
        for line in found
        if line["event"] == "request" and line["path"] != "/readyz"
    }
    assert sorted(statuses) == expected
    for line in found:
        if line.get("status") == 503 and line["path"] != "/readyz":
            assert line["level"] == "warning" and line["cache"] == "none"
            assert line["reason"] in ("SERVICE_DOWN", "OUTCOME_UNKNOWN")


def test_services_log_slow_calls_only_unless_they_are_asked_for_more(fresh):
    trace = trace_id()
    client = fresh.client
    assert client.get("/v1/clusters/x", {"traceparent": traceparent(trace)}).status == 404
    line_of(fresh["gateway"], trace)
    time.sleep(0.1)
    assert not of_trace(fresh["clusters"], trace, "call")
    fresh["clusters"].stop()
    fresh["clusters"].environment = {**fresh.environment, "DONGKHOI_LOG_SLOW_MS": "1"}
    fresh["clusters"].start()
    fresh.wait_ready()

    def is_slow():
        trace = trace_id()
        headers = {"traceparent": traceparent(trace), "Cache-Control": "no-cache"}
        assert client.get("/v1/clusters?pageSize=1000", headers).status == 200
        line_of(fresh["gateway"], trace)
        return of_trace(fresh["clusters"], trace, "call")

    (line,) = wait_until(is_slow, "a call takes a millisecond")
    assert line["slow"] is True and line["level"] == "info" and line["duration_ms"] >= 1
