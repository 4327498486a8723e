#!/usr/bin/python3
"""lying_redis.py - a Redis that lies: usage: lying_redis.py PORT SEED

It keeps what it is given, in memory, and answers GET and SET as Redis does, but for every third
answer or so, for which it takes a lie from LIES. `LIES` as a command answers with how often it has
told each. Commands that it does not know are answered OK.
"""

import asyncio
import collections
import re
import sys
import random

VALUES_MAX = 2000
DIGITS = re.compile(rb'"vi":"value (\d+)"')
LATE_SECONDS = (0.002, 0.06)  # a gateway waits for 20 ms


def bulk(value):
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


def request_of(key):
    """A gateway's key without the versions that stand at its end."""
    return b":".join(key.split(b":")[:5])


class Store:
    def __init__(self, chosen):
        self.chosen = chosen
        self.values = collections.OrderedDict()
        self.before = {}  # by request: the values that its keys had

    def set(self, key, value):
        self.values[key] = value
        self.before.setdefault(request_of(key), collections.deque(maxlen=8)).append(value)
        if len(self.values) > VALUES_MAX:
            self.values.popitem(last=False)

    def flush(self):
        self.values.clear()
        self.before.clear()

    def get(self, key):
        return self.values.get(key)

    # What is answered to a GET instead: bytes, or None where that lie is not possible.

    def lost(self, key):
        return bulk(None) if self.get(key) is not None else None

    def another(self, key):
        """The value of another request."""
        others = [k for k in self.chosen.sample(sorted(self.before), min(8, len(self.before)))
                  if k != request_of(key)]
        return bulk(self.before[others[0]][-1]) if others else None

    def old(self, key):
        """What the same request was answered at another version."""
        values = self.before.get(request_of(key))
        return bulk(values[0]) if values and values[0] != self.get(key) else None

    def relabelled(self, key):
        """The same, under this key's name: as if a bit of the name had been lost and found."""
        values = self.before.get(request_of(key))
        if not values or values[0] == self.get(key):
            return None
        at = values[0].find(request_of(key))
        end = at + len(key)
        if at < 0 or values[0][end:end + 1].isalnum():
            return None
        return bulk(values[0][:at] + key + values[0][end:])

    def flipped(self, key):
        value = self.get(key)
        if not value:
            return None
        digits = DIGITS.search(value)
        at = digits.start(1) if digits else self.chosen.randrange(len(value))
        return bulk(value[:at] + bytes([value[at] ^ 1]) + value[at + 1:])

    def cut(self, key):
        value = self.get(key)
        return bulk(value[:self.chosen.randrange(len(value))]) if value else None

    def error(self, _):
        return b"-ERR a lie\r\n"

    def number(self, _):
        return b":7\r\n"

    def torn(self, key):
        """Half an answer, and the end of the connection."""
        answer = bulk(self.get(key) or b"x")
        return answer[:len(answer) // 2]

    def late(self, key):
        return bulk(self.get(key))


# Each with its share of the lies. A gateway gives up a connection that is late, torn or refuses, so
# these are few, or it would see nothing of the others.
LIES = {"lost": 20, "another": 20, "old": 25, "relabelled": 20, "flipped": 25, "cut": 15,
        "late": 3, "error": 1, "number": 1, "torn": 1}
LIE_CHANCE = 0.5


class Connection(asyncio.Protocol):
    def __init__(self, store, told):
        self.store = store
        self.told = told
        self.data = b""
        self.answers = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport
        self.sending = asyncio.ensure_future(self.send())

    def connection_lost(self, exception):
        self.sending.cancel()

    def data_received(self, data):
        self.data += data
        while True:
            words = self.take()
            if words is None:
                return
            self.answers.put_nowait(self.answer(words))

    async def send(self):
        """In order: what is late makes all after it late."""
        while True:
            seconds, answer, is_last = await self.answers.get()
            if seconds:
                await asyncio.sleep(seconds)
            self.transport.write(answer)
            if is_last:
                self.transport.close()
                return

    def take(self):
        """The words of the next command; None when it is not all there."""
        line, end, rest = self.data.partition(b"\r\n")
        if not end:
            return None
        if line[:1] != b"*":
            self.data = rest
            return line.split()
        words = []
        for _ in range(int(line[1:])):
            size, end, rest = rest.partition(b"\r\n")
            if not end or len(rest) < int(size[1:]) + 2:
                return None
            words.append(rest[:int(size[1:])])
            rest = rest[int(size[1:]) + 2:]
        self.data = rest
        return words

    def answer(self, words):
        """(seconds to wait, bytes, whether the connection ends with them)."""
        command = words[0].upper() if words else b""
        if command == b"PING":
            return 0, b"+PONG\r\n", False
        if command == b"LIES":
            return 0, bulk(" ".join(f"{k}={v}" for k, v in self.told.items()).encode()), False
        if command == b"GET":
            return self.get(words[1])
        if command == b"SET":
            # One in twenty is thrown away.
            if self.store.chosen.random() >= 0.05:
                self.store.set(words[1], words[2])
        elif command == b"FLUSHALL":
            self.store.flush()
        return 0, b"+OK\r\n", False

    def get(self, key):
        chosen = self.store.chosen
        if chosen.random() < LIE_CHANCE:
            lie = chosen.choices(list(LIES), list(LIES.values()))[0]
            answer = getattr(self.store, lie)(key)
            if answer is not None:
                self.told[lie] += 1
                seconds = chosen.uniform(*LATE_SECONDS) if lie == "late" else 0
                return seconds, answer, lie == "torn"
        self.told["truth"] += 1
        return 0, bulk(self.store.get(key)), False


async def main():
    chosen = random.Random(int(sys.argv[2]))
    store = Store(chosen)
    told = collections.Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(store, told), "127.0.0.1", int(sys.argv[1]), reuse_address=True
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
