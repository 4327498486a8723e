"""The owner's side of the leases, on the wire: short schedules in which a service that keeps the
rules shows nothing wrong, and one with a bug of tests/models planted does.

A gateway reads through a relay that loses messages between it and the service; another one is
connected as always. All is noted and judged as a history of growing values. The schedules are those
of the model's counterexamples.
"""

import contextlib
import threading
import time

import pytest

import harness
import make
import planted_bugs
from harness import wait_until
from history_clients import VALUE, Wire
from history_judge import judge_growing
from relay import Relay

NAME = "/v1/clusters/owned"
ACK_SECONDS = 3  # beyond lease and margin


class Stage:
    """A service, a gateway behind a relay, another one, and what was read and written."""

    def __init__(self, system, lease_ms):
        self.system = system
        self.service = system["clusters"]
        self.lease = lease_ms / 1000
        self.relay = Relay(harness.port_of(system.environment["DONGKHOI_CLUSTERS"]))
        gateway, _ = system.add_gateway(DONGKHOI_CLUSTERS=f"tcp://127.0.0.1:{self.relay.port}")
        self.far = Wire(harness.port_of(gateway.environment["DONGKHOI_LISTEN"]))
        self.near = system.port
        self.reads, self.writes, self.late = [], [], []

    def read(self, wire=None, headers=b""):
        """The value and where it was from; None when there was no answer, which is not wrong."""
        start = time.monotonic()
        with contextlib.suppress(OSError):
            code, body = (wire or self.far).ask(b"GET", NAME, headers=headers)
            if code == 200:
                value = int(VALUE.search(body).group(1))
                self.reads.append((start, time.monotonic(), value))
                return value
        return None

    def write(self, value, seconds):
        """Tries until it is acknowledged; False when it was not in time."""
        start = time.monotonic()
        body = b'{"displayName":{"vi":"value %d"}}' % value
        wire = Wire(self.near)
        noted = len(self.writes)
        self.writes.append((start, None, value))
        while time.monotonic() - start < seconds:
            with contextlib.suppress(OSError):
                code, _ = wire.ask(b"PATCH", NAME, body, b"Idempotency-Key: %d\r\n" % value)
                if code == 200:
                    self.writes[noted] = (start, time.monotonic(), value)
                    return True
            time.sleep(0.01)
        return False

    def warm(self):
        """The far gateway has the entry, and a lease that was renewed last now."""
        wait_until(lambda: self.read() == 0, "the far gateway reads")
        for _ in range(5):
            assert self.read() == 0

    def restart(self):
        self.service.kill()
        self.service.start()

    def judge(self):
        return [rule for rule, *_ in judge_growing(self.reads, self.writes)] + self.late


def crash_and_write(stage):
    """M4: a lease from before the crash is still out when the new process acknowledges."""
    stage.warm()
    stage.relay.cut()
    stage.restart()
    assert stage.write(1, 20)
    stage.read()


def crash_and_read(stage):
    """M16: the new process shows what the old one committed and did not acknowledge."""
    stage.warm()
    stage.relay.cut()
    writing = threading.Thread(target=stage.write, args=(1, 0.5))
    writing.start()
    wait_until(lambda: stage.system.seqs()["clusters"] >= 2, "the write is committed")
    stage.restart()
    wait_until(
        lambda: stage.read(Wire(stage.near), b"Cache-Control: no-cache\r\n") == 1, "it is shown"
    )
    stage.read()
    writing.join()


def write_within_the_lease(stage):
    """M10: the owner takes the lease for shorter than the gateway does."""
    stage.warm()
    stage.relay.cut()
    assert stage.write(1, 20)
    stage.read()


def lease_between_two_steps(stage):
    """M15: a lease that is granted while a version is published is in no copy of the table."""
    stage.warm()
    stage.relay.lose_watches = True
    time.sleep(1.5 * stage.lease)
    writing = threading.Thread(target=stage.write, args=(1, 20))
    writing.start()
    wait_until(lambda: stage.system.seqs()["clusters"] >= 2, "the write is committed")
    stage.read()
    stage.relay.cut()
    writing.join()
    stage.read()


def renewals_without_end(stage):
    """ML1: a gateway that never hears an answer goes on asking for leases."""
    stage.warm()
    stage.relay.lose_answers = True
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            stage.read(headers=b"grpc-timeout: 100m\r\n")

    asking = threading.Thread(target=ask)
    asking.start()
    acknowledged = stage.write(1, stage.lease * 1.1 + ACK_SECONDS)
    stop.set()
    asking.join()
    if not acknowledged:
        stage.late.append("live")


SCHEDULES = {
    "M4": (crash_and_write, 4000, "fresh"),
    "M16": (crash_and_read, 4000, "forward"),
    "M10": (write_within_the_lease, 3000, "fresh"),
    "M15": (lease_between_two_steps, 1000, "fresh"),
    "ML1": (renewals_without_end, 500, "live"),
}


def wrong(tmp_path, mutant, is_planted):
    schedule, lease_ms, _ = SCHEDULES[mutant]
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS=str(lease_ms), DONGKHOI_AUDIT="0")
    if is_planted:
        system["clusters"].command = lambda path=planted_bugs.program("clusters", mutant): [path]
    system.start()
    make.cluster(system.client, "owned", displayName={"vi": "value 0"})
    stage = Stage(system, lease_ms)
    try:
        schedule(stage)
        return stage.judge()
    finally:
        stage.relay.close()
        system.kill()
        for gateway in system.gateways:
            gateway.kill()
        system.redis.kill()


@pytest.mark.parametrize("mutant", SCHEDULES)
def test_an_owner_that_keeps_the_rules_shows_nothing_wrong(tmp_path, mutant):
    assert wrong(tmp_path, mutant, is_planted=False) == []


@pytest.mark.parametrize("mutant", SCHEDULES)
def test_an_owner_with_a_planted_bug_is_caught(tmp_path, mutant):
    assert SCHEDULES[mutant][2] in wrong(tmp_path, mutant, is_planted=True)


def test_a_drain_ends_in_time_and_acknowledges_nothing_that_a_lease_still_hides(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS="10000", DONGKHOI_AUDIT="0").start()
    make.cluster(system.client, "owned", displayName={"vi": "value 0"})
    stage = Stage(system, 10000)
    stage.warm()
    stage.relay.cut()
    acknowledged = []
    writing = threading.Thread(target=lambda: acknowledged.append(stage.write(1, 8)))
    writing.start()
    wait_until(lambda: system.seqs()["clusters"] >= 2, "the write is committed")
    start = time.monotonic()
    assert stage.service.stop() == 0
    assert time.monotonic() - start < 11
    writing.join()
    # Either the lease had ended, or there was no answer: then the far gateway may show the old one.
    assert stage.read() in (0, None)
    assert stage.judge() == []
    # What was committed stays, and is shown once no lease hides it.
    stage.service.start()
    wait_until(
        lambda: stage.read(Wire(stage.near), b"Cache-Control: no-cache\r\n") == 1, "it is shown", 30
    )
    assert stage.judge() == []
    stage.relay.close()
    system.stop()
