"""relay.py - stands between one gateway and one service, and loses and delays what it is told to."""

import contextlib
import queue
import socket
import threading
import time

HANDSHAKE_BYTES = 8
LENGTH_BYTES = 8


class Relay:
    """nng's TCP framing, in both directions; what is lost or late is so message by message, so that
    the connection stays whole. No connection is made while requests are lost."""

    def __init__(self, port):
        self.target = port
        self.lose_requests = False
        self.lose_answers = False
        self.lose_watches = False
        self.answers_late = 0.0  # by so many seconds, in their order
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self):
        """Nothing gets through any more, also not the answers to what did."""
        self.lose_requests = self.lose_answers = True

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.lose_requests:
                    client.close()
                    continue
                try:
                    service = socket.create_connection(("127.0.0.1", self.target), 2)
                    service.settimeout(None)
                except OSError:
                    client.close()
                    continue
                for source, sink, is_lost, delay in (
                    (client, service, self.is_request_lost, lambda: 0.0),
                    (service, client, lambda _: self.lose_answers, lambda: self.answers_late),
                ):
                    messages = queue.SimpleQueue()
                    for target, args in ((self.pump, (source, sink, is_lost, delay, messages)),
                                         (self.deliver, (sink, messages))):
                        threading.Thread(target=target, args=args, daemon=True).start()

    def is_request_lost(self, message):
        return self.lose_requests or (self.lose_watches and b"WatchVersion" in message)

    @staticmethod
    def deliver(sink, messages):
        """Each at its time; None ends it."""
        with contextlib.suppress(OSError):
            while True:
                message = messages.get()
                if message is None:
                    return
                due, data = message
                time.sleep(max(0.0, due - time.monotonic()))
                sink.sendall(data)

    @staticmethod
    def pump(source, sink, is_lost, delay, messages):
        def take(count):
            data = b""
            while len(data) < count:
                more = source.recv(count - len(data))
                if not more:
                    raise ConnectionResetError
                data += more
            return data

        try:
            messages.put((0.0, take(HANDSHAKE_BYTES)))
            while True:
                length = take(LENGTH_BYTES)
                message = take(int.from_bytes(length, "big"))
                if not is_lost(message):
                    messages.put((time.monotonic() + delay(), length + message))
        except OSError:
            messages.put(None)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
