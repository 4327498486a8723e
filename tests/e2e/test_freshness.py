"""No read is stale and none goes backwards, through two gateways, whatever is killed or paused.

Writers give resources of their own unique, growing values; readers read them through both
gateways, alone and in lists. All is noted with its times and judged afterwards:

    real    a read shows a value that was being written before the read ended
    fresh   ... and that is not older than any write acknowledged before the read began
    forward ... nor than what any read that ended before this one began has shown

A write whose outcome is not known is tried again with its key until it has one, so values only
grow. DONGKHOI_FRESHNESS_SECONDS makes it longer.
"""

import contextlib
import os
import random
import re
import signal
import socket
import threading
import time

import pytest

import harness
import make

SECONDS = float(os.environ.get("DONGKHOI_FRESHNESS_SECONDS", "8"))
KEYS_PER_SERVICE = 3
READERS_PER_GATEWAY = 3
RATE = 500  # operations a second, on a build without sanitizers
VALUE = re.compile(rb'"vi":"value (\d+)"')
LISTED = re.compile(rb'"name":"(\w+/fresh-\d+)".*?"vi":"value (\d+)"')


def is_sanitized():
    cache = harness.BUILD / "CMakeCache.txt"
    return not re.search(r"^DONGKHOI_SANITIZE:STRING=$", cache.read_text(), re.MULTILINE)


class Wire:
    """One connection that is kept, and opened again when it broke: as little work as can be."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def ask(self, method, path, body=b"", headers=b""):
        """(code, body); OSError when there was no answer."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 4)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if body:
                headers += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
            self.socket.sendall(b"%s %s HTTP/1.1\r\nHost: localhost\r\nRequest-Timeout: 2\r\n%s\r\n%s"
                                % (method, path.encode(), headers, body))
            return self.read()
        except OSError:
            self.close()
            raise

    def read(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(body) < length:
            body += self.more()
        if b"Connection: close" in head:
            self.close()
        return int(head[9:12]), body

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        return data

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Writer(threading.Thread):
    """Writes 1, 2, 3, ... to one resource. writes: [(start, end or None, value)]."""

    def __init__(self, ports, name, stop, pause):
        super().__init__(daemon=True)
        self.wires = [Wire(port) for port in ports]
        self.name_ = name
        self.stop = stop
        self.pause = pause
        self.writes = []
        self.wrong = []

    def run(self):
        value = 0
        while not self.stop.is_set():
            value += 1
            self.writes.append((time.monotonic(), self.write(value), value))
            time.sleep(self.pause)

    def write(self, value):
        """When it was acknowledged; None when it was not before the end."""
        body = b'{"displayName":{"vi":"value %d"}}' % value
        headers = b"Idempotency-Key: %s-%d\r\n" % (self.name_.encode(), value)
        self.writes.append((time.monotonic(), None, value))
        while True:
            with contextlib.suppress(OSError):
                code, answer = random.choice(self.wires).ask(
                    b"PATCH", f"/v1/{self.name_}", body, headers
                )
                if code == 200:
                    self.writes.pop()
                    return time.monotonic()
                if code not in (429, 503, 504):
                    self.wrong.append((code, answer))
            if self.stop.is_set():
                self.writes.pop()
                return None
            time.sleep(0.01)


class Reader(threading.Thread):
    """Reads one resource or a list. reads: [(start, end, name, value)]."""

    def __init__(self, port, names, stop):
        super().__init__(daemon=True)
        self.wire = Wire(port)
        self.names = names
        self.stop = stop
        self.reads = []
        self.wrong = []
        self.requests = 0
        self.failed = 0

    def run(self):
        collections = sorted({name.split("/")[0] for name in self.names})
        while not self.stop.is_set():
            single = random.random() < 0.8
            path = random.choice(self.names) if single else random.choice(collections)
            start = time.monotonic()
            try:
                code, body = self.wire.ask(b"GET", f"/v1/{path}")
            except OSError:
                self.failed += 1
                time.sleep(0.01)
                continue
            end = time.monotonic()
            if code == 200:
                self.requests += 1
                shown = [(path.encode(), VALUE.search(body).group(1))] if single else (
                    LISTED.findall(body))
                self.reads += [(start, end, name.decode(), int(value)) for name, value in shown]
            else:
                self.failed += 1
                if code not in (429, 503, 504):
                    self.wrong.append((code, body))
                time.sleep(0.01)


def judge(reads, writes):
    """What is wrong with a history of one resource: [(rule, read, least or most)]."""
    wrong = []
    # Each says: from this time on no less than this value.
    floors = sorted(
        [(end, value, "fresh") for _, end, value in writes if end is not None]
        + [(end, value, "forward") for _, end, value in reads]
    )
    started = sorted((start, value) for start, _, value in writes)
    least, rule, at = 0, "fresh", 0
    for start, end, value in sorted(reads):
        while at < len(floors) and floors[at][0] < start:
            if floors[at][1] > least:
                least, rule = floors[at][1:]
            at += 1
        if value < least:
            wrong.append((rule, (start, end, value), least))
    most, at = 0, 0
    for start, end, value in sorted(reads, key=lambda read: read[1]):
        while at < len(started) and started[at][0] <= end:
            most = max(most, started[at][1])
            at += 1
        if value > most:
            wrong.append(("real", (start, end, value), most))
    return wrong


def test_the_judge_finds_what_is_wrong():
    writes = [(0, 1, 1), (2, 3, 2), (4, None, 3)]
    assert judge([(0, 1, 0), (1.5, 1.6, 1), (2.5, 2.6, 2), (5, 6, 3)], writes) == []
    assert [w[0] for w in judge([(3.5, 3.6, 1)], writes)] == ["fresh"]
    assert [w[0] for w in judge([(2.1, 2.2, 2), (2.3, 2.4, 1)], writes)] == ["forward"]
    assert [w[0] for w in judge([(3.5, 3.6, 3)], writes)] == ["real"]


class Chaos:
    """Does something bad, then lets it be; each act leaves all running."""

    def __init__(self, system, other):
        self.system = system
        self.gateways = [system["gateway"], other]
        self.services = [system[name] for name in harness.SERVICES]
        self.acts = [self.kill, self.pause, self.pause, self.pause_redis, self.flush_redis,
                     self.restore_redis, self.pause_two]
        self.done = []

    def processes(self):
        return self.gateways + self.services

    def kill(self):
        victim = random.choice(self.processes())
        victim.kill()
        time.sleep(random.uniform(0, 0.2))
        victim.start()
        return victim.name

    def hold(self, victims):
        for victim in victims:
            victim.signal(signal.SIGSTOP)
        time.sleep(random.choice((0.02, 0.09, 0.15, 0.3, 0.6)))
        for victim in victims:
            victim.signal(signal.SIGCONT)
        return ",".join(victim.name for victim in victims)

    def pause(self):
        return self.hold([random.choice(self.processes())])

    def pause_two(self):
        return self.hold([random.choice(self.gateways), random.choice(self.services)])

    def pause_redis(self):
        return self.hold([self.system.redis])

    def flush_redis(self):
        return self.system.redis.ask("FLUSHALL")

    def restore_redis(self):
        """Redis dies and comes back with the entries of a while ago."""
        self.system.redis.kill()
        self.system.redis.start()
        return self.system.redis.ask("DBSIZE")

    def run(self, until):
        while time.monotonic() < until:
            act = random.choice(self.acts)
            self.done.append((act.__name__, act()))
            time.sleep(random.uniform(0.1, 0.4))


def resources(client):
    names = []
    for i in range(KEYS_PER_SERVICE):
        title = {"displayName": {"vi": "value 0"}}
        client.ok("POST", "/v1/clusters", {**title, "district": "834"}, clusterId=f"fresh-{i}")
        make.indicator(client, f"fresh-{i}", **title)
        names += [f"clusters/fresh-{i}", f"indicators/fresh-{i}"]
    return names


def play(system, disturb, seconds):
    """(history by name, operations a second, chaos)."""
    other, _ = system.add_gateway()
    ports = [system.port, int(other.environment["DONGKHOI_LISTEN"].rpartition(":")[2])]
    names = resources(system.client)
    stop = threading.Event()
    writers = [Writer(ports, name, stop, 0.02) for name in names]
    readers = [Reader(port, names, stop) for port in ports for _ in range(READERS_PER_GATEWAY)]
    chaos = Chaos(system, other)
    start = time.monotonic()
    for thread in writers + readers:
        thread.start()
    time.sleep(0.5)
    system.redis.ask("SAVE")
    if disturb:
        chaos.run(start + seconds)
    else:
        time.sleep(max(0.0, start + seconds - time.monotonic()))
    stop.set()
    for thread in writers + readers:
        thread.join(20)
        assert not thread.is_alive()
        assert not thread.wrong, thread.wrong[:3]
    elapsed = time.monotonic() - start
    history = {
        writer.name_: ([(s, e, v) for r in readers for s, e, n, v in r.reads if n == writer.name_],
                       writer.writes)
        for writer in writers
    }
    writes = sum(len(writer.writes) for writer in writers)
    reads = sum(reader.requests for reader in readers)
    print(f"{reads} reads, {writes} writes, {sum(r.failed for r in readers)} failed reads, "
          f"{(reads + writes) / elapsed:.0f} operations/s; {chaos.done}")
    return history, (reads + writes) / elapsed, writes


@pytest.mark.parametrize("lease_ms", ["0", "100"])
@pytest.mark.parametrize("disturb", [False, True], ids=["calm", "chaos"])
def test_no_read_is_stale_and_none_goes_backwards(tmp_path, lease_ms, disturb):
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS=lease_ms, DONGKHOI_AUDIT="50").start()
    history, rate, writes = play(system, disturb, SECONDS if disturb else SECONDS / 2)
    for name, (reads, written) in history.items():
        wrong = judge(reads, written)
        assert not wrong, (name, len(wrong), wrong[:5])
    assert writes > 50
    if not is_sanitized():
        assert rate >= RATE
    system.wait_ready()
    system.stop()
