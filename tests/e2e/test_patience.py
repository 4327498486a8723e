"""A service that restarts is not noticed; one that stays away is, and soon."""

import signal
import threading
import time

import pytest

import harness
import make
from harness import SERVICES, wait_until

PATIENCE_SECONDS = 5
PATHS = {
    "registrations": "/v1/organizations",
    "indicators": "/v1/indicators",
    "clusters": "/v1/clusters",
    "nighteconomy": "/v1/schemes",
}


def timed(call, *arguments, **more):
    started = time.monotonic()
    answer = call(*arguments, **more)
    return answer, time.monotonic() - started


class Caller(threading.Thread):
    """Reads and writes by turns until stop."""

    def __init__(self, client, calls, stop):
        super().__init__(daemon=True)
        self.client, self.calls, self.stop_event = client, calls, stop
        self.answered, self.failures = 0, []

    def run(self):
        count = 0
        while not self.stop_event.is_set():
            method, path, body = self.calls[count % len(self.calls)]
            answer = self.client.request(method, path, body)
            if answer.status == 200:
                self.answered += 1
            else:
                self.failures.append((method, path, answer.status, answer.body[:200]))
            count += 1


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_fails_while_a_service_restarts(fresh, service):
    make.cluster(fresh.client, "kept")
    calls = [
        ("GET", PATHS[service], None),
        ("GET", "/v1/changes?pageSize=5", None),
        ("POST", PATHS[service], {"displayName": {"vi": "Tên"}, **FIELDS[service]}),
    ]
    stop = threading.Event()
    callers = [Caller(fresh.client, calls, stop) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for _ in range(2):
            before = sum(caller.answered for caller in callers)
            wait_until(lambda b=before: sum(c.answered for c in callers) > b + 20, "answers", 30)
            assert fresh[service].stop() == 0
            fresh[service].start()
        before = sum(caller.answered for caller in callers)
        wait_until(lambda: sum(c.answered for c in callers) > before + 20, "answers", 30)
    finally:
        stop.set()
        for caller in callers:
            caller.join(30)
    failures = [failure for caller in callers for failure in caller.failures]
    assert not failures, (len(failures), failures[:3])


FIELDS = {
    "registrations": {"kind": "DEPARTMENT"},
    "indicators": {"unit": "MW", "kind": "FLOW"},
    "clusters": {"district": "834"},
    "nighteconomy": {},
}


def test_a_service_that_stays_away_is_waited_for_once(fresh):
    fresh["clusters"].kill()
    answer, seconds = timed(fresh.client.get, "/v1/clusters")
    assert (answer.status, answer.reason) == (503, "SERVICE_DOWN")
    assert seconds < PATIENCE_SECONDS + 1
    for _ in range(5):
        answer, seconds = timed(fresh.client.get, "/v1/clusters")
        assert (answer.status, answer.reason) == (503, "SERVICE_DOWN") and seconds < 1, seconds
    # The others were not held up meanwhile, nor are they now.
    answer, seconds = timed(fresh.client.get, "/v1/indicators")
    assert answer.status == 200 and seconds < 1
    fresh["clusters"].start()
    wait_until(lambda: fresh.client.get("/v1/clusters").status == 200, "it is back")


def test_no_request_waits_past_its_own_deadline(fresh):
    fresh["clusters"].kill()
    for headers in ({"Request-Timeout": "1"}, {"grpc-timeout": "500m"}):
        answer, seconds = timed(fresh.client.get, "/v1/clusters", headers=headers)
        # 504 when the call left before the end of the connection was seen.
        assert answer.status in (503, 504) and seconds < 1.2, (answer.body, seconds)


def test_a_service_that_was_never_there_is_not_waited_for(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_REDIS="")
    system["gateway"].start()
    try:
        wait_until(lambda: "listening" in system["gateway"].said(), "it listens")
        answer, seconds = timed(system.client.get, "/v1/clusters")
        assert (answer.status, answer.reason) == (503, "SERVICE_DOWN") and seconds < 1
    finally:
        assert system["gateway"].stop() == 0


def test_without_patience_the_answer_comes_at_once(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_PATIENCE_MS="0").start()
    system["clusters"].kill()
    wait_until(lambda: system.client.get("/v1/clusters").status == 503, "it is seen")
    answer, seconds = timed(system.client.get, "/v1/clusters")
    assert (answer.status, answer.reason) == (503, "SERVICE_DOWN") and seconds < 1
    system["clusters"].start()
    system.wait_ready()
    system.stop()


def test_requests_that_wait_are_answered_when_the_gateway_stops(fresh):
    fresh["clusters"].kill()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(fresh.client.get("/v1/clusters")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    fresh["gateway"].signal(signal.SIGTERM)
    assert fresh["gateway"].wait() == 0
    for thread in threads:
        thread.join(5)
    assert [answer.status for answer in answers] == [503] * len(threads), answers
