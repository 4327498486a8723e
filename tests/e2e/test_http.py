"""HTTP/1.1 as strangers speak it: what is ambiguous is refused, and the connection closed."""

import contextlib
import socket
import time

import pytest

import make
from harness import answers, read_all, wait_until

HOST = b"Host: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
BODY = b'{"displayName":{"vi":"X"},"unit":"MW","kind":"FLOW"}'


def post(headers, body=b"", path=b"/v1/indicators?validateOnly=true"):
    return (
        b"POST " + path + b" HTTP/1.1\r\n" + HOST
        + b"Content-Type: application/json\r\n" + headers + b"\r\n" + body
    )


def test_a_connection_is_kept(client):
    with client.connect() as connection:
        for _ in range(3):
            connection.sendall(GET + b"\r\n")
            data = connection.recv(65536)
            assert data.startswith(b"HTTP/1.1 200"), data


def test_pipelined_requests_are_answered_in_order(client):
    name = make.indicator(client)["name"].encode()
    paths = [b"/healthz", b"/v1/" + name, b"/v1/indicators/nobody", b"/healthz", b"/v1/nothing"] * 4
    data = b"".join(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n" for path in paths)
    received, _ = client.raw(data + GET + b"Connection: close\r\n\r\n")
    found = answers(received)
    assert [answer.status for answer in found] == [200, 200, 404, 200, 404] * 4 + [200]
    assert found[1].json["name"].encode() == name


def test_pipelined_writes_are_done_in_order(client):
    name = make.indicator(client, decimals=0)["name"]
    item = make.observation(client, name, "2022-01", 0)["name"]
    data = b""
    for value in range(1, 11):
        body = b'{"value": %d}' % value
        data += b"PATCH /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % (
            item.encode(),
            len(body),
        )
        data += b"Content-Type: application/json\r\n\r\n" + body
    received, _ = client.raw(data + GET + b"Connection: close\r\n\r\n")
    found = answers(received)
    assert [answer.status for answer in found] == [200] * 11
    # They are under way together, so only that each was done is promised.
    assert {answer.json["value"] for answer in found[:-1]} == set(range(1, 11))


def test_what_the_whole_server_can_do_may_be_asked(client):
    end = GET + b"Connection: close\r\n\r\n"
    received, _ = client.raw(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n" + end)
    found = answers(received)
    assert [answer.status for answer in found] == [204, 200]
    assert "PATCH" in found[0].headers["allow"] and found[0].body == b""
    received, _ = client.raw(b"GET * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answers(received)[0].status in (400, 404)


def test_a_request_may_come_byte_by_byte(client):
    request = post(b"Content-Length: %d\r\nConnection: close\r\n" % len(BODY), BODY)
    with client.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        received, closed = read_all(connection)
    assert [answer.status for answer in answers(received)] == [200]
    assert closed


def test_a_chunked_body_is_read(client):
    chunks = b"5;name=value\r\n" + BODY[:5] + b"\r\n" + b"%x\r\n" % len(BODY[5:]) + BODY[5:]
    data = post(b"Transfer-Encoding: chunked\r\nConnection: close\r\n", chunks + b"\r\n0\r\n\r\n")
    received, _ = client.raw(data)
    assert [answer.status for answer in answers(received)] == [200]


def test_a_client_that_expects_continue_gets_it(client):
    with client.connect() as connection:
        connection.sendall(
            post(b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n" % len(BODY))
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        received, _ = read_all(connection)
    assert [answer.status for answer in answers(received)] == [200]


def test_http_1_0_is_answered_and_closed(client):
    received, closed = client.raw(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert received.split(b"\r\n")[0].endswith(b"200 OK")
    assert closed


def test_head_answers_as_get_without_a_body(client):
    name = make.indicator(client)["name"].encode()
    received, _ = client.raw(
        b"HEAD /v1/" + name + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    )
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and body == b""
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    assert int(length.split(b":")[1]) > 10


def test_empty_lines_before_a_request_are_let_pass(client):
    received, _ = client.raw(b"\r\n" + GET + b"Connection: close\r\n\r\n")
    assert [answer.status for answer in answers(received)] == [200]


AMBIGUOUS = {
    "a bare CR in a value": GET + b"X: a\rb\r\n\r\n",
    "a bare CR at the end of a line": GET + b"X: a\r\r\n\r\n",
    "a bare LF at the end of a line": GET + b"X: a\n\r\n",
    "only LFs": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "a folded line": GET + b"X: a\r\n b\r\n\r\n",
    "a space before the colon": GET + b"X : a\r\n\r\n",
    "a space before the name": b"GET /healthz HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n",
    "a line without a colon": GET + b"nothing\r\n\r\n",
    "a name with odd bytes": GET + b"X(y): a\r\n\r\n",
    "an empty name": GET + b": a\r\n\r\n",
    "a zero byte": GET + b"X: a\0b\r\n\r\n",
    "a control byte": GET + b"X: a\x01b\r\n\r\n",
    "two Hosts": GET + HOST + b"\r\n",
    "two different Hosts": GET + b"Host: other\r\n\r\n",
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two lengths": post(b"Content-Length: 52\r\nContent-Length: 5\r\n", BODY),
    "the same length twice": post(b"Content-Length: 52\r\nContent-Length: 52\r\n", BODY),
    "a list of lengths": post(b"Content-Length: 52, 52\r\n", BODY),
    "a length and chunks": post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunks and a length": post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n"),
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a length with a sign": post(b"Content-Length: +52\r\n", BODY),
    "a hexadecimal length": post(b"Content-Length: 0x34\r\n", BODY),
    "an empty length": post(b"Content-Length: \r\n", BODY),
    "an endless length": post(b"Content-Length: 99999999999999999999999\r\n"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
    "two transfer encodings": post(
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"
    ),
    "an odd chunked": post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "chunked with a tab": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    "a chunk size that is none": post(b"Transfer-Encoding: chunked\r\n", b"xyz\r\nabc\r\n0\r\n\r\n"),
    "a chunk size with a sign": post(b"Transfer-Encoding: chunked\r\n", b"+5\r\nabcde\r\n0\r\n\r\n"),
    "a chunk with bare LF": post(b"Transfer-Encoding: chunked\r\n", b"5\nabcde\r\n0\r\n\r\n"),
    "a chunk that is longer": post(b"Transfer-Encoding: chunked\r\n", b"3\r\nabcde\r\n0\r\n\r\n"),
    "a chunk size over 64 bits": post(
        b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff1\r\nabc\r\n0\r\n\r\n"
    ),
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "a version that is none": b"GET /healthz HTTP/1.x\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab for a space": b"GET\t/healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the path": b"GET /health z HTTP/1.1\r\n" + HOST + b"\r\n",
    "no path": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path without a slash": b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "an odd method": b"G(T /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_what_is_ambiguous_is_refused_and_closed(system, what):
    smuggled = b"GET /v1/indicators HTTP/1.1\r\n" + HOST + b"\r\n"
    with system.unchanged():
        received, closed = system.client.raw(AMBIGUOUS[what] + smuggled)
    assert closed, what
    found = answers(received)
    assert len(found) == 1, received
    assert found[0].status in (400, 413, 501, 505), received
    assert found[0].headers.get("connection", "").lower() == "close"
    assert found[0].error["message"]


def test_a_version_that_is_too_new_is_refused(client):
    received, closed = client.raw(b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n")
    assert answers(received)[0].status in (400, 505)
    assert closed


def sends_whole(client, head, size):
    """Sends a body to its end whatever comes back, then reads."""
    with client.connect(20) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < size:
                connection.sendall(b"x" * 65536)
                sent += 65536
        except OSError:
            pass
        received, _ = read_all(connection)
    return received


@pytest.mark.parametrize("attempt", range(5))
def test_a_body_that_is_too_large_is_refused_where_the_client_sees_it(system, attempt):
    size = (1 << 20) + 1 + attempt * 300_000
    with system.unchanged():
        received = sends_whole(system.client, post(b"Content-Length: %d\r\n" % size), size)
    found = answers(received)
    assert [answer.status for answer in found] == [413], received[:300]
    assert found[0].error["status"] == "INVALID_ARGUMENT"


def test_chunks_that_are_too_large_are_refused_where_the_client_sees_it(system):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with system.unchanged(), system.client.connect(20) as connection:
        connection.sendall(post(b"Transfer-Encoding: chunked\r\n"))
        try:
            for _ in range(40):
                connection.sendall(chunk)
        except OSError:
            pass
        received, _ = read_all(connection)
    assert [answer.status for answer in answers(received)] == [413], received[:300]


def test_a_body_of_just_one_mebibyte_is_read(client):
    body = b'{"unit": "MW", "displayName": {"vi": "' + b" " * ((1 << 20) - 40) + b'"}}'
    body = body[: (1 << 20) - 3] + b'"}}'
    assert len(body) == 1 << 20
    answer = client.post("/v1/indicators?validateOnly=true", body)
    assert answer.status == 400, answer.status


def test_a_head_that_is_too_large_is_refused_where_the_client_sees_it(client):
    for data in (
        GET + b"X: " + b"x" * (17 << 10) + b"\r\n\r\n",
        GET + b"".join(b"X-%d: y\r\n" % i for i in range(3000)) + b"\r\n",
        b"GET /" + b"x" * (20 << 10) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        GET + b"X: " + b"x" * (1 << 20),
    ):
        received, closed = client.raw(data)
        found = answers(received)
        assert [answer.status for answer in found] == [431], received[:300]
        assert found[0].error["status"] == "INVALID_ARGUMENT"
        assert closed


def test_a_head_under_the_limit_is_read(client):
    received, _ = client.raw(GET + b"X: " + b"x" * (15 << 10) + b"\r\nConnection: close\r\n\r\n")
    assert [answer.status for answer in answers(received)] == [200]


def test_a_request_that_never_ends_is_408(client):
    """All at once, since the gateway waits ten seconds for each."""
    beginnings = [b"GET /healthz HT", GET, post(b"Content-Length: 52\r\n", BODY[:10])]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(client.connect(25)) for _ in beginnings]
        for connection, data in zip(connections, beginnings):
            connection.sendall(data)
        for connection, data in zip(connections, beginnings):
            received, closed = read_all(connection)
            found = answers(received)
            assert [answer.status for answer in found] == [408], (data, received)
            assert found[0].error["status"] == "DEADLINE_EXCEEDED"
            assert closed, data
    assert time.monotonic() - started < 20


def test_a_client_that_goes_away_does_no_harm(system):
    for data in (GET, post(b"Content-Length: 52\r\n", BODY[:10]), post(b"Content-Length: 52\r\n", BODY)):
        for _ in range(20):
            with system.client.connect() as connection:
                connection.sendall(data)
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                )
    assert system.client.get("/healthz").status == 200
    assert system["gateway"].running()


def test_a_client_that_does_not_read_is_not_waited_for_by_others(client):
    make.indicator(client)
    request = b"GET /v1/indicators HTTP/1.1\r\n" + HOST + b"\r\n"
    with client.connect() as lazy:
        lazy.setblocking(False)
        try:
            while True:
                lazy.send(request * 100)
        except BlockingIOError:
            pass
        for _ in range(20):
            started = time.monotonic()
            assert client.get("/v1/indicators").status == 200
            assert time.monotonic() - started < 3


def test_descriptors_are_given_back(system):
    import os

    def descriptors():
        return len(os.listdir(f"/proc/{system['gateway'].pid}/fd"))

    before = descriptors()
    for _ in range(100):
        with system.client.connect() as connection:
            connection.sendall(GET[:20])
    wait_until(lambda: descriptors() <= before + 5, "connections are closed")


def test_answers_carry_what_clients_need(client):
    answer = client.get("/v1/indicators")
    assert answer.headers["content-type"].startswith("application/json")
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "date" in answer.headers
    assert answer.body.decode("utf-8")


def test_vietnamese_comes_back_as_it_went(client):
    title = "Giá trị sản xuất công nghiệp – tiểu thủ công nghiệp “Đồng khởi” 🌴"
    name = make.indicator(client, displayName={"vi": title})["name"]
    answer = client.get(f"/v1/{name}")
    assert answer.json["displayName"]["vi"] == title
    assert title.encode() in answer.body
