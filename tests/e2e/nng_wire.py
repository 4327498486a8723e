"""nng_wire.py - speaks to a service's port by hand, as a hostile peer would.

As a program it attacks one: python3 nng_wire.py PORT CONNECTIONS SECONDS METHOD [again]
opens so many connections, sends a message of 64 calls on each again and again and reads nothing,
until all were closed or the time is over; "again": opens another for each that is closed. It prints
what it did as JSON. It is a process of its own, so that it does not hold up the test's clients.
"""

import json
import selectors
import socket
import struct
import sys
import time

# The SP handshake of nng: protocol number 0x30 is REQ, 0x31 REP.
HELLO_REQ = b"\x00SP\x00\x00\x30\x00\x00"
HELLO_REP = b"\x00SP\x00\x00\x31\x00\x00"
CALLS_PER_MESSAGE = 64
METRICS = "dongkhoi.rpc.v1.MetricsService/GetMetrics"


def varint(number):
    found = b""
    while number >= 0x80:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def call(method, payload=b"", timeout_ms=10000):
    """One call, as it is in a message."""
    header = field(1, method.encode()) + varint(4 << 3) + varint(timeout_ms)
    return field(1, header + field(15, payload))


def message(calls, request_id=1):
    """The bytes of one message on the wire."""
    body = struct.pack(">I", 0x80000000 | request_id) + b"".join(calls)
    return struct.pack(">Q", len(body)) + body


def fields(data):
    """(number, value) of each field of a protobuf message; nested ones stay bytes."""
    place = 0

    def number():
        nonlocal place
        found = shift = 0
        while True:
            byte = data[place]
            place += 1
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found

    while place < len(data):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
        else:
            size = {1: 8, 5: 4}.get(tag & 7) or number()
            yield tag >> 3, data[place : place + size]
            place += size


class Peer:
    """A connection whose other end is a service."""

    def __init__(self, port, timeout=20, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(HELLO_REQ)
        assert self.read(8) == HELLO_REP

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self, count):
        found = b""
        while len(found) < count:
            data = self.socket.recv(min(count - len(found), 1 << 20))
            if not data:
                raise ConnectionResetError("closed by the service")
            found += data
        return found

    def send(self, calls):
        self.socket.sendall(message(calls))

    def answers(self):
        """The answers of the next message: (reason, payload), reason "" for OK."""
        size = struct.unpack(">Q", self.read(8))[0]
        body = self.read(size)[4:]
        return [answer(envelope) for number, envelope in fields(body) if number == 1]

    def is_closed(self, seconds):
        """True when the service closes it within that time, whatever comes before."""
        deadline = time.monotonic() + seconds
        self.socket.settimeout(0.2)
        while time.monotonic() < deadline:
            try:
                if not self.socket.recv(1 << 20):
                    return True
            except TimeoutError:
                continue
            except ConnectionError:
                return True
        return False


def answer(envelope):
    reply = dict(fields(envelope))
    if 1 not in reply:
        return "", reply.get(15, b"")
    status = list(fields(reply[1]))
    if dict(status).get(1, 0) == 0:
        return "", reply.get(15, b"")
    for number, detail in status:
        if number == 3:  # google.protobuf.Any with an ErrorInfo
            return dict(fields(dict(fields(detail))[2]))[1].decode(), b""
    return str(dict(status)[1]), b""


class Attack:
    """Many connections in one thread; none is ever read."""

    # A small window, so that what the system keeps for a reader is soon full.
    RECEIVE_BYTES = 4096

    def __init__(self, port, connections, calls, again):
        self.port = port
        self.again = again
        self.data = message(calls)
        self.selector = selectors.DefaultSelector()
        self.closed = self.opened = self.refused = self.messages = 0
        for _ in range(connections):
            self.open()

    def open(self):
        try:
            peer = Peer(self.port, receive_bytes=self.RECEIVE_BYTES)
        except ConnectionError:
            self.refused += 1
            return
        peer.socket.setblocking(False)
        self.opened += 1
        self.selector.register(peer.socket, selectors.EVENT_WRITE, [peer, 0])

    def close(self, connection):
        self.selector.unregister(connection)
        connection.close()
        self.closed += 1
        if self.again:
            self.open()

    def write(self, key):
        peer, place = key.data
        try:
            place += peer.socket.send(self.data[place:])
        except BlockingIOError:
            return
        except ConnectionError:
            self.close(peer.socket)
            return
        if place == len(self.data):
            place = 0
            self.messages += 1
        key.data[1] = place

    def run(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self.again or self.selector.get_map()):
            for key, _ in self.selector.select(0.05):
                self.write(key)


def main(port, connections, seconds, method, calls=CALLS_PER_MESSAGE, again=""):
    attack = Attack(int(port), int(connections), [call(method)] * int(calls), again != "")
    attack.run(float(seconds))
    print(json.dumps({"opened": attack.opened, "closed": attack.closed,
                      "refused": attack.refused, "messages": attack.messages}))


if __name__ == "__main__":
    main(*sys.argv[1:])
