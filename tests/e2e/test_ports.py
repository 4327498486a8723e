"""A service's port: whatever one peer sends or does not read, the others go on."""

import contextlib
import json
import subprocess
import sys
import threading
import time

import pytest

import make
import metrics
import nng_wire
from harness import System, wait_until

SERVICE = "clusters"
HOSTILE = 24
# A good read waits for its turn behind what came before it, under the sanitizers for longer.
READ_SECONDS = 5
# What the service may grow by, of which the sanitizer takes its part.
MOST_BYTES = 256 << 20
HEALTH = "dongkhoi.rpc.v1.HealthService/CheckHealth"
RENEW = "dongkhoi.rpc.v1.VersionService/RenewLease"
LIST = "dongkhoi.clusters.v1.ClusterService/ListClusters"


@pytest.fixture
def fresh(tmp_path):
    """A system whose sanitizer keeps little of what is freed, so that memory can be measured."""
    options = "detect_stack_use_after_return=1:quarantine_size_mb=16"
    system = System(tmp_path, ASAN_OPTIONS=options).start()
    yield system
    system.stop()


def port_of(system):
    return int(system.environment[f"DONGKHOI_{SERVICE.upper()}"].rpartition(":")[2])


def attack(system, seconds, method, calls, *again):
    return subprocess.Popen(
        [sys.executable, nng_wire.__file__, str(port_of(system)), str(HOSTILE), str(seconds),
         method, str(calls), *again],
        stdout=subprocess.PIPE, text=True,
    )


def rss_bytes(program):
    with open(f"/proc/{program.pid}/status", encoding="utf-8") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def timed_read(client, found):
    """One read that the service answers, not the gateway's cache."""
    started = time.monotonic()
    status = client.get("/v1/clusters/good", {"Cache-Control": "no-cache"}).status
    found.append((status, time.monotonic() - started))


class Most(threading.Thread):
    """The most memory that a program had until stop()."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.bytes, self.ended = program, 0, threading.Event()
        self.start()

    def run(self):
        while self.program.running() and not self.ended.wait(0.05):
            self.bytes = max(self.bytes, rss_bytes(self.program))

    def stop(self):
        self.ended.set()
        self.join()
        return self.bytes


# As many calls in a message as there may be, but fewer of those that take long.
@pytest.mark.parametrize("method, calls", [(nng_wire.METRICS, 64), (HEALTH, 64), (LIST, 8),
                                           (RENEW, 64)])
def test_peers_that_ask_and_do_not_read_are_closed_and_stop_nobody(fresh, method, calls):
    make.cluster(fresh.client, "good")
    before = rss_bytes(fresh[SERVICE])
    most = Most(fresh[SERVICE])
    reads = []
    attackers = attack(fresh, 90, method, calls)
    while attackers.poll() is None:
        timed_read(fresh.client, reads)
        time.sleep(0.02)
    done = json.loads(attackers.communicate()[0])
    assert done["opened"] + done["refused"] == HOSTILE
    assert done["closed"] == done["opened"]
    assert {status for status, _ in reads} == {200}
    assert max(seconds for _, seconds in reads) < READ_SECONDS
    assert most.stop() - before < MOST_BYTES
    reads.clear()
    timed_read(fresh.client, reads)
    assert reads[0][0] == 200 and reads[0][1] < READ_SECONDS
    assert fresh.client.get("/readyz").status == 200
    found = metrics.read(fresh.client, SERVICE)
    assert found("dongkhoi_rpc_connections_closed_total", reason="unread") == done["closed"]
    wait_until(
        lambda: metrics.read(fresh.client, SERVICE)("dongkhoi_rpc_held_bytes") < 1 << 20,
        "what was held for those that were closed is free",
    )
    found = metrics.read(fresh.client, SERVICE)
    assert found("dongkhoi_rpc_unsent_messages") == 0


def test_operators_see_metrics_while_attackers_come_again(fresh):
    make.cluster(fresh.client, "good")
    started = time.monotonic()
    attackers = attack(fresh, 60, nng_wire.METRICS, 64, "again")
    reads, closed = [], []

    def seen():
        """Until some were closed, and came again."""
        timed_read(fresh.client, reads)
        found = metrics.read(fresh.client, SERVICE)  # which must be 200
        closed.append(found("dongkhoi_rpc_connections_closed_total", reason="unread"))
        return closed[-1] >= HOSTILE / 4

    wait_until(seen, "attackers are closed", 55)
    attackers.kill()
    attackers.wait()
    assert {status for status, _ in reads} == {200}
    wait_until(lambda: fresh.client.get("/readyz").status == 200, "it is ready")
    assert metrics.read(fresh.client, SERVICE)("dongkhoi_rpc_refusals_total", reason="questions") > 0
    # One line a second of each, whatever there is to say.
    most = time.monotonic() - started + 2
    events = [json.loads(line)["event"] for line in fresh[SERVICE].said().splitlines()]
    assert 1 <= events.count("connection_closed") <= most
    assert 1 <= events.count("calls_refused") <= most


def test_a_message_of_64_questions_is_answered_for_a_few(system):
    with nng_wire.Peer(port_of(system)) as peer:
        for _ in range(5):
            peer.send([nng_wire.call(nng_wire.METRICS)] * nng_wire.CALLS_PER_MESSAGE)
            answers = peer.answers()
            reasons = [reason for reason, _ in answers]
            assert len(reasons) == nng_wire.CALLS_PER_MESSAGE
            assert set(reasons) == {"", "QUEUE_FULL"}
            # Four wait at most; and those that come after the first was answered.
            assert 1 <= reasons.count("") <= 12
            time.sleep(0.2)  # else they are refused unread, for a while
            texts = {payload for reason, payload in answers if reason == ""}
            assert all(b"process_cpu_seconds_total" in text for text in texts)
            assert len(texts) <= 3


def test_idle_connections_do_not_keep_good_ones_out(fresh):
    make.cluster(fresh.client, "good")
    limit = int(metrics.read(fresh.client, SERVICE)("dongkhoi_rpc_connections_limit"))
    with contextlib.ExitStack() as stack:
        for _ in range(limit + 40):
            stack.enter_context(nng_wire.Peer(port_of(fresh)))
        reads = []
        for _ in range(20):
            timed_read(fresh.client, reads)
        assert {status for status, _ in reads} == {200}
        wait_until(
            lambda: metrics.read(fresh.client, SERVICE)("process_open_fds") < limit + 100,
            "the descriptors of those that were closed are free",
        )
        found = metrics.read(fresh.client, SERVICE)
        assert found("dongkhoi_rpc_connections") == limit
        assert found("dongkhoi_rpc_connections_closed_total", reason="silent") >= 40
        fresh.restart("gateway")
        fresh.wait_ready()
        timed_read(fresh.client, reads)
        assert reads[-1][0] == 200
