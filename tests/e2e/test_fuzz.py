"""No byte makes a crash, a hang or an INTERNAL: requests made wrong at random, by a fixed seed."""

import json
import random

import pytest

import make
from harness import answers

ROUNDS = 400

WORDS = [
    "", "-", "a", "2022", "2022-12", "2022-09-ytd", "exports", "phong-nam", "nobody", "..", "%2F",
    "%00", "%ff", "%E1%BA%BF", "a" * 64, "a" * 300, ":", ":history", "a:advance", "é", "~", "*",
]
VALUES = [
    None, True, False, 0, -1, 1.5, 1e300, -0.0, 1 << 31, 1 << 63, 1 << 64, "", "x", "\u0000", "2022",
    "2022-12", "2022-12-31", "2022-12-31T00:00:00Z", "ế" * 300, "x" * 5000, [], {}, [[]], [None],
    {"vi": "X"}, {"": ""}, {"a": {"a": {"a": {}}}}, "AT_LEAST", "FLOW", "ESTABLISHED", "RECORDED",
    "NaN", "Infinity", "-Infinity", "1e5", "\ufeff", "\ud83d\ude00",
]
QUERIES = [
    "pageSize", "pageToken", "filter", "orderBy", "asOf", "publishedBy", "period", "dimension",
    "year", "date", "updateMask", "allowMissing", "validateOnly", "requestId", "etag", "name",
    "parent", "indicatorId", "$alt", "indicator.unit",
]


@pytest.fixture(scope="module")
def shapes(system):
    """Paths, verbs and field names from the OpenAPI document."""
    document = system.client.get("/openapi.json").json
    routes = [
        (verb.upper(), path)
        for path, item in document["paths"].items()
        for verb in item
        if verb in ("get", "post", "patch", "delete") and path.startswith("/v1/")
    ]
    fields = sorted(
        {name for schema in document["components"]["schemas"].values()
         for name in schema.get("properties", {})}
    )
    assert routes and fields
    return routes, fields


def filled(path, random_):
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + random_.choice(WORDS) + path[end + 1 :]
    return path


def body(fields, random_, depth=0):
    found = {}
    for _ in range(random_.randrange(6)):
        name = random_.choice(fields)
        inner = depth < 3 and random_.random() < 0.3
        found[name] = body(fields, random_, depth + 1) if inner else random_.choice(VALUES)
    return found


def query(random_):
    import urllib.parse

    parts = [
        f"{random_.choice(QUERIES)}={urllib.parse.quote(str(random_.choice(VALUES))[:200], errors='replace')}"
        for _ in range(random_.randrange(3))
    ]
    return "?" + "&".join(parts) if parts else ""


def check(system, answer, what):
    assert answer.status not in (500, 502, 504), (what, answer.status, answer.body[:500])
    if answer.status >= 400:
        assert answer.error["status"] not in ("INTERNAL", "UNKNOWN"), (what, answer.body[:500])
        assert answer.error["message"], what
    assert all(program.running() for program in system.programs.values()), what


@pytest.mark.parametrize("seed", range(4))
def test_requests_made_of_known_words_in_wrong_places(system, shapes, seed):
    random_ = random.Random(seed)
    routes, fields = shapes
    for _ in range(ROUNDS):
        verb, path = random_.choice(routes)
        path = filled(path, random_) + query(random_)
        path = "".join(c if c < "\x7f" and c > " " else "%C3%A9" for c in path)
        data = None
        if verb in ("POST", "PATCH"):
            data = json.dumps(body(fields, random_)).encode()
        headers = {"If-Match": str(random_.choice(VALUES)).encode("ascii", "replace").decode()
                   .replace("\0", "")} if random_.random() < 0.1 else {}
        if len(path) > 12000:
            continue
        check(system, system.client.request(verb, path, data, headers), (verb, path, data))


@pytest.mark.parametrize("seed", range(4))
def test_valid_requests_with_bytes_changed(system, seed):
    random_ = random.Random(1000 + seed)
    content = json.dumps(
        {"displayName": {"vi": "Bến Tre", "en": "x"}, "unit": "MW", "kind": "FLOW", "decimals": 2}
    ).encode()
    name = make.indicator(system.client)["name"].encode()
    valid = [
        b"POST /v1/indicators?validateOnly=true HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
        b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content,
        b"GET /v1/" + name + b"?asOf=2022-01-01T00:00:00Z HTTP/1.1\r\nHost: x\r\n"
        b"If-None-Match: \"a\"\r\nConnection: close\r\n\r\n",
        b"POST /v1/indicators?validateOnly=true HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n" % len(content) + content + b"\r\n0\r\n\r\n",
    ]
    for _ in range(ROUNDS):
        data = bytearray(random_.choice(valid))
        for _ in range(random_.randrange(1, 4)):
            place = random_.randrange(len(data))
            kind = random_.random()
            if kind < 0.5:
                data[place] = random_.randrange(256)
            elif kind < 0.75:
                del data[place : place + random_.randrange(1, 8)]
            else:
                data[place:place] = bytes(random_.choice(b"\r\n\t :\0,;{}[]\"\\0a") for _ in range(3))
            if not data:
                break
        # The end of sending stands in for the rest of a request that is now too short.
        with system.client.connect(15) as connection:
            import socket

            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while True:
                try:
                    got = connection.recv(65536)
                except ConnectionError:
                    break
                if not got:
                    break
                received += got
        if received:
            for answer in answers(received):
                check(system, answer, bytes(data)) if answer.body else None


@pytest.mark.parametrize("seed", range(2))
def test_bodies_with_bytes_changed(system, seed):
    random_ = random.Random(2000 + seed)
    name = make.indicator(system.client)["name"]
    cluster = make.cluster(system.client)["name"]
    bodies = [
        (f"/v1/{name}/observations:batchUpsert",
         {"observations": [make.values("2022-01", 1, breakdown={"a": "b"}, source="Báo \U0001f334")]}),
        (f"/v1/{name}/targets?targetId=2022", {"comparator": "AT_LEAST", "value": 1.25}),
        (f"/v1/{cluster}:advance",
         {"stage": "INVESTOR_CALL", "document": make.document(), "note": "\\u1ebf"}),
        (f"/v1/{cluster}/investments", {"investor": "X", "role": "TENANT", "jobs": 5}),
    ]
    for _ in range(ROUNDS):
        path, value = random_.choice(bodies)
        data = bytearray(json.dumps(value, ensure_ascii=random_.random() < 0.5).encode())
        for _ in range(random_.randrange(1, 4)):
            place = random_.randrange(len(data))
            if random_.random() < 0.5:
                data[place] = random_.choice(b'{}[]",:0123456789.eE+-\\u\x00\x80\xc3\xff truefalsn')
            else:
                data[place:place] = data[random_.randrange(len(data)) :][:10]
        separator = "&" if "?" in path else "?"
        answer = system.client.post(f"{path}{separator}validateOnly=true", bytes(data))
        check(system, answer, (path, bytes(data)))
