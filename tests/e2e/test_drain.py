"""SIGTERM under load: what was taken is answered, and the end comes within a bound."""

import http.client
import json
import signal
import threading
import time

import pytest

from harness import SERVICES, wait_until
from writers import Load

BOUND_SECONDS = 15


class Reader(threading.Thread):
    """Requests on one kept connection until the server closes it; notes every failed request."""

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port = port
        self.number = number
        self.done = 0
        self.failed = []
        self.refused = False

    def request(self, connection):
        if self.number % 2:
            connection.request("GET", "/v1/indicators")
        else:
            body = {"displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW"}
            connection.request(
                "POST",
                "/v1/indicators",
                json.dumps(body),
                {"Content-Type": "application/json"},
            )
        answer = connection.getresponse()
        answer.read()
        return answer

    def run(self):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.connect()
            except OSError:
                # Nobody listens any more: no request was sent.
                self.refused = True
                return
            try:
                while True:
                    answer = self.request(connection)
                    if answer.status != 200:
                        self.failed.append(answer.status)
                    self.done += 1
                    if answer.getheader("Connection", "").lower() == "close":
                        break
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                return
            finally:
                connection.close()


def test_sigterm_of_the_gateway_under_load_fails_no_request(fresh):
    readers = [Reader(fresh.port, number) for number in range(8)]
    for reader in readers:
        reader.start()
    wait_until(lambda: min(reader.done for reader in readers) > 10, "the readers read", 30)
    started = time.monotonic()
    fresh["gateway"].signal(signal.SIGTERM)
    assert fresh["gateway"].wait(BOUND_SECONDS + 5) == 0
    assert time.monotonic() - started < BOUND_SECONDS
    for reader in readers:
        reader.join(30)
        assert not reader.is_alive()
        assert not reader.failed, reader.failed
        assert reader.refused


@pytest.mark.parametrize("service", SERVICES)
def test_sigterm_of_a_service_under_load_loses_nothing(fresh, service):
    with Load(fresh.client, (service,) * 6) as load:
        for _ in range(3):
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 10, "the writers write", 30)
            started = time.monotonic()
            fresh[service].signal(signal.SIGTERM)
            assert fresh[service].wait(BOUND_SECONDS + 5) == 0
            assert time.monotonic() - started < BOUND_SECONDS
            fresh[service].start()
    fresh.wait_ready()
    load.check()


def test_a_request_that_is_under_way_is_answered_by_a_draining_gateway(fresh):
    """The service is stopped for a moment, so that the request is there when the signal comes."""
    answers = []
    fresh["indicators"].signal(signal.SIGSTOP)
    thread = threading.Thread(target=lambda: answers.append(fresh.client.get("/v1/indicators")))
    thread.start()
    time.sleep(0.5)
    fresh["gateway"].signal(signal.SIGTERM)
    time.sleep(0.5)
    fresh["indicators"].signal(signal.SIGCONT)
    thread.join(20)
    assert [answer.status for answer in answers] == [200]
    assert fresh["gateway"].wait(BOUND_SECONDS + 5) == 0


def test_idle_and_stalled_connections_do_not_hold_the_end_up(fresh):
    idle = [fresh.client.connect() for _ in range(5)]
    stalled = fresh.client.connect()
    stalled.sendall(b"POST /v1/indicators HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    started = time.monotonic()
    fresh["gateway"].signal(signal.SIGTERM)
    assert fresh["gateway"].wait(BOUND_SECONDS + 10) == 0
    assert time.monotonic() - started < BOUND_SECONDS + 5
    for connection in (*idle, stalled):
        connection.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_ends_in_time_after_its_gateway_died_under_load(fresh, service):
    with Load(fresh.client, (service,) * 6) as load:
        wait_until(lambda: load.count() > 10, "the writers write", 30)
        fresh["gateway"].kill()
        started = time.monotonic()
        fresh[service].signal(signal.SIGTERM)
        assert fresh[service].wait(BOUND_SECONDS + 5) == 0
        assert time.monotonic() - started < BOUND_SECONDS
        fresh[service].start()
        fresh["gateway"].start()
        fresh.wait_ready()
    load.check()


def test_a_second_sigterm_is_as_good_as_one(fresh):
    for name in ("gateway", *SERVICES):
        fresh[name].signal(signal.SIGTERM)
        fresh[name].signal(signal.SIGTERM)
        assert fresh[name].wait() == 0
