"""hostile.py - clients that take all they can and read nothing, and a good one among them.

Readers connect from many addresses of the loopback network, pipeline requests for a large answer,
do not read, and come back as soon as they are closed. The good client asks in an open loop: its
requests are due at fixed times whatever came of those before, so a server that stands still for a
second is late for all that were due in it.
"""

import asyncio
import contextlib
import errno
import multiprocessing
import os
import resource
import select
import socket
import time

PIPELINED = 16
TIMEOUT_SECONDS = 5
# So little that the system takes nearly nothing in a client's name.
RECEIVE_BYTES = 4096


def source_address(number):
    """One of the addresses 127.1.0.1 and up, all of this machine."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Readers:
    """`count` connections that do not read, spread over `addresses` addresses (0: the usual one),
    in a process of their own. reads_every: seconds between two reads of a few bytes; 0: none."""

    def __init__(self, port, path, count, addresses=0, reads_every=0, accept="*/*"):
        context = multiprocessing.get_context("fork")
        self.connects = context.Value("Q", 0)
        self.stopping = context.Event()
        request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode() * PIPELINED
        )
        self.process = context.Process(
            target=self._run, args=(port, request, count, addresses, reads_every), daemon=True
        )

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _open(self, port, number, addresses):
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        if addresses:
            sock.bind((source_address(number % addresses), 0))
        code = sock.connect_ex(("127.0.0.1", port))
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            return None
        with self.connects.get_lock():
            self.connects.value += 1
        return sock

    def _run(self, port, request, count, addresses, reads_every):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
        poll = select.epoll()
        sockets = {}
        missing = list(range(count))
        next_read = time.monotonic() + reads_every
        while not self.stopping.is_set():
            for _ in range(min(len(missing), 200)):
                number = missing.pop()
                sock = self._open(port, number, addresses)
                if sock is None:
                    missing.append(number)
                    break
                sockets[sock.fileno()] = [sock, number, request]
                poll.register(sock, select.EPOLLOUT | select.EPOLLRDHUP)
            for descriptor, event in poll.poll(0.01):
                entry = sockets[descriptor]
                sock, number, rest = entry
                is_gone = bool(event & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP))
                if not is_gone and rest:
                    try:
                        entry[2] = rest[sock.send(rest):]
                    except BlockingIOError:
                        pass
                    except OSError:
                        is_gone = True
                    if not entry[2]:
                        poll.modify(descriptor, select.EPOLLRDHUP)
                if is_gone:
                    poll.unregister(descriptor)
                    sock.close()
                    del sockets[descriptor]
                    missing.append(number)
            if reads_every and time.monotonic() >= next_read:
                next_read += reads_every
                for sock, _, _ in list(sockets.values()):
                    try:
                        sock.recv(64)
                    except OSError:
                        pass
        for sock, _, _ in sockets.values():
            sock.close()


class Report:
    """What became of the good client's requests."""

    def __init__(self, seconds, statuses):
        self.seconds = sorted(seconds)
        self.statuses = statuses

    @property
    def count(self):
        return len(self.seconds)

    @property
    def failures(self):
        return {status: n for status, n in self.statuses.items() if status != 200}

    def quantile(self, q):
        return self.seconds[min(int(q * self.count), self.count - 1)]

    def __str__(self):
        return (
            f"{self.count} requests, p50 {self.quantile(0.5) * 1000:.1f} ms, "
            f"p99 {self.quantile(0.99) * 1000:.1f} ms, worst {self.quantile(1) * 1000:.1f} ms, "
            f"failures {self.failures or 'none'}"
        )


async def _get(pool, port, path, is_fresh):
    """The status; a connection is used again half of the time."""
    reader, writer = pool.pop() if pool and not is_fresh else (None, None)
    if writer is None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(
            line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
        )
        await reader.readexactly(int(fields.get(b"content-length", 0)))
        if fields.get(b"connection") == b"close":
            writer.close()
        else:
            pool.append((reader, writer))
        return int(head.split(b" ", 2)[1])
    except BaseException:
        writer.close()
        raise


async def _ask(port, paths, rate, seconds):
    took = []
    statuses = {}
    pool = []
    begin = time.monotonic() + 0.1

    async def one(number):
        due = begin + number / rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        try:
            status = await asyncio.wait_for(
                _get(pool, port, paths[number % len(paths)], number % 2 == 0), TIMEOUT_SECONDS
            )
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            status = type(error).__name__
            took.append(TIMEOUT_SECONDS)
        else:
            took.append(time.monotonic() - due)
        statuses[status] = statuses.get(status, 0) + 1

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    for _, writer in pool:
        writer.close()
    return Report(took, statuses)


def ask_in_open_loop(port, paths, rate, seconds):
    """Before all else on this machine where that is allowed: a client's own waiting for a processor
    is not the server's."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        return asyncio.run(_ask(port, paths, rate, seconds))
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)
