"""history_clients.py - who reads and writes in a history, and notes when and what.

Reads are noted as (start, end, name, value), writes as (start, end or None, value); a write without
an end has no outcome that is known. Times are of time.monotonic().
"""

import collections
import contextlib
import heapq
import random
import re
import selectors
import socket
import threading
import time

TIMEOUT_SECONDS = 4
LATER = (429, 503, 504)
VALUE = re.compile(rb'"vi":"value (\d+)"')
SINGLE = re.compile(rb'\{"name":"([^"]+)","uid":"[^"]+","revision":(\d+),.*?"vi":"value (\d+)".*\}\n$')
LISTED = re.compile(rb'"name":"(\w+/(?:fresh|shared|quiet)-\d+)","uid":"[^"]+","revision":(\d+),'
                    rb'.*?"vi":"value (\d+)"')
SOURCE = re.compile(rb"\r\nCache-Status: dongkhoi; ([^\r]*)")


class Wire:
    """One connection that is kept, and opened again when it broke: as little work as can be."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def ask(self, method, path, body=b"", headers=b""):
        """(code, body); OSError when there was no answer."""
        try:
            if self.socket is None:
                self.socket = connect(self.port)
            if body:
                headers += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
            self.socket.sendall(b"%s %s HTTP/1.1\r\nHost: localhost\r\nRequest-Timeout: 2\r\n%s\r\n%s"
                                % (method, path.encode(), headers, body))
            return self.read()
        except OSError:
            self.close()
            raise

    def read(self):
        answer, data = None, b""
        while answer is None:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionResetError
            data += more
            answer = split(data)
        self.head = answer[1]
        if b"Connection: close" in self.head:
            self.close()
        return answer[0], answer[2]

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def connect(port):
    found = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def split(data):
    """(code, head, body) of an answer; None when it is not all there."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    return (int(head[9:12]), head, body) if len(body) >= length else None


class Worker(threading.Thread):
    """One of the history's threads. What went wrong in it is noted as (rule, name, ...): "real" for
    an answer that shows what nobody wrote, "answer" for one that is no answer to what was asked."""

    def __init__(self, stop, seed):
        super().__init__(daemon=True)
        self.stop = stop
        self.chosen = random.Random(seed)
        self.wrong = []

    def run(self):
        try:
            self.work()
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(("answer", self.name, repr(error)))
            raise
        finally:
            self.close()

    def work(self):
        raise NotImplementedError

    def close(self):
        """Gateways need not wait for connections that nobody uses any more."""
        raise NotImplementedError


class Writer(Worker):
    """Writes values to one resource: `next_value()`. With `gives_up`, some of the writes without a
    known outcome are left so; all others are tried again with their key until they have one."""

    def __init__(self, ports, name, stop, seed, next_value, pauses, gives_up=False):
        super().__init__(stop, seed)
        self.wires = [Wire(port) for port in ports]
        self.name_ = name
        self.next_value = next_value
        self.pauses = pauses
        self.gives_up = gives_up
        self.writes = []
        self.shown = set()  # (value, revision)
        self.unknown = 0
        self.uncertain = 0  # tries

    def work(self):
        while not self.stop.is_set():
            value = self.next_value()
            start = time.monotonic()
            # There from the start, since others may read it before it is acknowledged.
            self.writes.append((start, None, value))
            end = self.write(value)
            self.writes[-1] = (start, end, value)
            self.unknown += end is None
            self.stop.wait(self.chosen.uniform(*self.pauses))

    def close(self):
        for wire in self.wires:
            wire.close()

    def write(self, value):
        """When it was acknowledged; None when that is not known."""
        body = b'{"displayName":{"vi":"value %d"}}' % value
        headers = b"Idempotency-Key: %s-%d\r\n" % (self.name_.encode(), value)
        while True:
            with contextlib.suppress(OSError):
                code, answer = self.chosen.choice(self.wires).ask(
                    b"PATCH", f"/v1/{self.name_}", body, headers
                )
                if code == 200:
                    end = time.monotonic()
                    _, revision, shown = SINGLE.match(answer).groups()
                    self.shown.add((int(shown), int(revision)))
                    return end
                if code not in LATER:
                    self.wrong.append(("answer", self.name_, code, answer))
            self.uncertain += 1
            if self.stop.is_set() or (self.gives_up and self.chosen.random() < 0.5):
                return None
            time.sleep(0.01)


class Reading(Worker):
    """What all readers note."""

    def __init__(self, port, stop, seed):
        super().__init__(stop, seed)
        self.port = port
        self.reads = []
        self.shown = set()  # (name, value, revision)
        self.sources = collections.Counter()
        self.answered = 0
        self.failed = 0

    def note(self, path, start, end, code, head, body):
        if code != 200:
            self.failed += 1
            if code not in LATER:
                self.wrong.append(("answer", path, code, body))
            return
        self.answered += 1
        source = SOURCE.search(head).group(1)
        detail = source.rpartition(b"detail=")[2] if b"detail=" in source else source[:4]
        self.sources[detail.decode()] += 1
        if "/" not in path:
            shown = LISTED.findall(body)
        else:
            found = SINGLE.match(body)
            shown = [found.groups()] if found else []
            if not found or found.group(1) != path.encode():
                self.wrong.append(("real", path, "shows another resource, or none", body))
        for name, revision, value in shown:
            self.reads.append((start, end, name.decode(), int(value)))
            self.shown.add((name.decode(), int(value), int(revision)))


class Reader(Reading):
    """Reads one resource or a list as soon as the last answer is there."""

    def __init__(self, port, stop, seed, names):
        super().__init__(port, stop, seed)
        self.names = names
        self.wire = Wire(port)

    def work(self):
        lists = sorted({name.split("/")[0] for name in self.names})
        while not self.stop.is_set():
            path = self.chosen.choice(self.names if self.chosen.random() < 0.8 else lists)
            start = time.monotonic()
            try:
                code, body = self.wire.ask(b"GET", f"/v1/{path}")
            except OSError:
                self.failed += 1
                time.sleep(0.01)
                continue
            self.note(path, start, time.monotonic(), code, self.wire.head, body)
            if code != 200:
                time.sleep(0.01)


    def close(self):
        self.wire.close()


class Pending:
    """A read that is under way on a connection of an OpenReader."""

    def __init__(self, path, start):
        self.path = path
        self.start = start
        self.data = b""


class OpenReader(Reading):
    """Reads at times that were fixed before, whatever has become of the reads before: nobody who
    waits for an answer keeps it from asking. A read goes out on the connection that has been idle
    for longest, or on a new one.

    plans are functions of a random.Random, each without end: (seconds since the last, [paths])."""

    CONNECTIONS_MAX = 120

    def __init__(self, port, stop, seed, plans):
        super().__init__(port, stop, seed)
        self.plans = plans
        self.selector = selectors.DefaultSelector()
        self.idle = collections.deque()  # (socket, since)
        self.scheduled = 0
        self.longest_idle = 0.0
        self.latest = 0.0  # how much later than planned the latest was sent

    def work(self):
        now = time.monotonic()
        planned = []
        for number, plan in enumerate(self.plans):
            plan = plan(self.chosen)
            wait, paths = next(plan)
            planned.append((now + wait, number, paths, plan))
        heapq.heapify(planned)
        while not self.stop.is_set():
            due, number, paths, plan = planned[0]
            now = time.monotonic()
            if due > now:
                self.receive(min(due - now, 0.05))
                continue
            self.latest = max(self.latest, now - due)
            for path in paths:
                self.scheduled += 1
                self.send(path)
            wait, paths = next(plan)
            heapq.heapreplace(planned, (due + wait, number, paths, plan))
        end = time.monotonic() + TIMEOUT_SECONDS
        while self.selector.get_map() and time.monotonic() < end:
            self.receive(0.05)

    def close(self):
        for key in list(self.selector.get_map().values()):
            self.drop(key.fileobj)
        for wire, _ in self.idle:
            wire.close()
        self.selector.close()

    def send(self, path):
        start = time.monotonic()
        try:
            if self.idle:
                wire, since = self.idle.popleft()
                self.longest_idle = max(self.longest_idle, start - since)
            elif len(self.selector.get_map()) < self.CONNECTIONS_MAX:
                wire = connect(self.port)
            else:
                raise ConnectionRefusedError
        except OSError:
            self.failed += 1
            return
        pending = Pending(path, start)
        try:
            wire.sendall(b"GET /v1/%s HTTP/1.1\r\nHost: localhost\r\nRequest-Timeout: 2\r\n\r\n"
                         % path.encode())
            self.selector.register(wire, selectors.EVENT_READ, pending)
        except OSError:
            self.failed += 1
            wire.close()

    def receive(self, seconds):
        for key, _ in self.selector.select(seconds):
            self.receive_one(key.fileobj, key.data)
        now = time.monotonic()
        for key in list(self.selector.get_map().values()):
            if now - key.data.start > TIMEOUT_SECONDS:
                self.drop(key.fileobj)

    def drop(self, wire):
        self.failed += 1
        self.selector.unregister(wire)
        wire.close()

    def receive_one(self, wire, pending):
        try:
            more = wire.recv(65536)
        except OSError:
            more = b""
        if not more:
            self.drop(wire)
            return
        pending.data += more
        answer = split(pending.data)
        if answer is None:
            return
        end = time.monotonic()
        code, head, body = answer
        self.selector.unregister(wire)
        if b"Connection: close" in head:
            wire.close()
        else:
            self.idle.append((wire, end))
        self.note(pending.path, pending.start, end, code, head, body)


def steadily(paths, seconds):
    """A plan: one read at a time, at random times with this mean between."""
    def plan(chosen):
        while True:
            yield chosen.expovariate(1 / seconds), [chosen.choice(paths)]

    return plan


def after_pauses(paths, shortest, longest, burst=6):
    """A plan: some reads of one path at once, after a pause in which nothing reads it here."""
    def plan(chosen):
        while True:
            yield chosen.uniform(shortest, longest), [chosen.choice(paths)] * burst

    return plan


def in_a_row(paths, shortest, longest, count=10, gap=0.015):
    """A plan: reads of one path that come one after another, while the first is still under way."""
    def plan(chosen):
        while True:
            path = chosen.choice(paths)
            yield chosen.uniform(shortest, longest), [path]
            for _ in range(count - 1):
                yield gap, [path]

    return plan
