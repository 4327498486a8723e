"""No byte makes a crash, a hang or an INTERNAL: requests made wrong at random, by a fixed seed."""

import collections
import json
import random
import socket
import tempfile
import urllib.parse
from pathlib import Path

import pytest

import make
from harness import System, answers, read_all

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
NAMES = {
    "indicator": ["exports", "wind-power-commissioned", "industrial-output"],
    "target": ["2022"],
    "observation": ["2022-12", "2022", "2022-09-ytd"],
    "cluster": ["phong-nam", "phu-hung"],
    "clusterTarget": ["2022"],
}
LIKELY = {
    "period": ["2022-05", "2022", "2021-12"],
    "date": ["2022-05-01", "2011-05-16"],
    "publishedDate": ["2022-05-01"],
    "district": ["834"],
    "unit": ["MW"],
    "filter": ["value > 1", 'source = "a" OR NOT stage = PLANNED', "decimals = 2", "name:exports"],
    "orderBy": ["name desc", "period", "stage"],
    "updateMask": ["unit", "value,status", "*", "displayName.vi"],
    "asOf": ["2022-01-01T00:00:00Z"],
    "validateOnly": [True],
    "year": [2022],
    "number": ["01/QĐ-UBND"],
    "etag": [""],
    "requestId": [""],
    "pageToken": [""],
    "uri": [""],
    "decimals": [0, 1, 2, 3],
}
# Mostly left out: they make a request about something else.
SELDOM = {"name", "uid", "requestId", "etag", "pageToken", "parent"}


class Shapes:
    """Requests after the OpenAPI document: right in form most of the time."""

    def __init__(self, document, random_):
        self.document = document
        self.random = random_
        self.operations = [
            (verb.upper(), path, item[verb])
            for path, item in document["paths"].items()
            for verb in item
            if verb in ("get", "post", "patch", "delete") and path.startswith("/v1/")
        ]

    def resolve(self, node):
        """What a $ref leads to, with what stands beside the $ref."""
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = {**target, **{key: node[key] for key in node if key != "$ref"}}
        return node

    def value(self, schema, name="", depth=0):
        chance = self.random.random()
        if chance < 0.05:
            return self.random.choice(VALUES)
        if name in LIKELY and chance < 0.9:
            return self.random.choice(LIKELY[name])
        schema = self.resolve(schema)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self.value(self.random.choice(schema[choice]), name, depth)
        kind = schema.get("type")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if kind == "object" or "properties" in schema:
            properties = schema.get("properties", {})
            if not properties:
                return {"plant": "v1-3"}
            share = 0.5 if depth < 4 else 0
            required = schema.get("required", [])
            return {
                key: self.value(inner, key, depth + 1)
                for key, inner in properties.items()
                if (key in required and depth < 6) or self.random.random() < share
                if key not in SELDOM and not inner.get("readOnly") or self.random.random() < 0.02
            }
        if kind == "array":
            count = self.random.randrange(4 if depth < 4 else 1)
            return [self.value(schema.get("items", {}), "", depth + 1) for _ in range(count)]
        return {
            "string": self.random.choice(["x", "Bến Tre", "2022-01-01", "a-b"]),
            "number": self.random.choice([1, 2.5, 0.01, 100, 1e6, -1]),
            "integer": self.random.choice([0, 1, 2, 2022]),
            "boolean": self.random.random() < 0.5,
        }.get(kind)

    def path(self, path):
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            likely = NAMES.get(path[start + 1 : end], WORDS)
            word = self.random.choice(likely if self.random.random() < 0.85 else WORDS)
            path = path[:start] + word + path[end + 1 :]
        return path

    def request(self):
        verb, path, operation = self.random.choice(self.operations)
        query = {}
        for parameter in map(self.resolve, operation.get("parameters", [])):
            chance = 0.02 if parameter["name"] in SELDOM else 0.25
            if parameter["in"] == "query" and self.random.random() < chance:
                query[parameter["name"]] = self.value(parameter["schema"], parameter["name"])
        if verb == "DELETE" and self.random.random() < 0.9:
            query["validateOnly"] = True
        query = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items()}
        path = self.path(path)
        if query:
            path += "?" + urllib.parse.urlencode(query, errors="replace")
        path = "".join(c if "!" <= c <= "~" else "%C3%A9" for c in path)
        data = None
        if "requestBody" in operation:
            content = self.resolve(operation["requestBody"])["content"]["application/json"]
            data = json.dumps(self.value(content["schema"])).encode()
        return verb, path, data


@pytest.fixture(scope="module")
def filled():
    """A system of its own with the data of 2022, which the requests may change."""
    with tempfile.TemporaryDirectory() as directory:
        system = System(Path(directory)).start()
        system.load()
        yield system
        system.stop()


def check(system, answer, what):
    assert answer.status not in (500, 502, 504), (what, answer.status, answer.body[:500])
    if answer.status >= 400:
        assert answer.error["status"] not in ("INTERNAL", "UNKNOWN"), (what, answer.body[:500])
        assert answer.error["message"], what
    assert all(program.running() for program in system.programs.values()), what


@pytest.mark.parametrize("seed", range(6))
def test_requests_after_the_document_with_wrong_values(filled, seed):
    shapes = Shapes(filled.client.get("/openapi.json").json, random.Random(seed))
    statuses = collections.Counter()
    for _ in range(ROUNDS):
        verb, path, data = shapes.request()
        if len(path) > 12000:
            continue
        answer = filled.client.request(verb, path, data)
        statuses[answer.status] += 1
        check(filled, answer, (verb, path, data))
    assert statuses[200] > ROUNDS / 20 and statuses[400] > ROUNDS / 20, statuses


@pytest.mark.parametrize("seed", range(4))
def test_valid_requests_with_bytes_changed(system, seed):
    random_ = random.Random(1000 + seed)
    content = json.dumps(
        {"displayName": {"vi": "Bến Tre", "en": "x"}, "unit": "MW", "kind": "FLOW", "decimals": 2}
    ).encode()
    name = make.indicator(system.client)["name"].encode()
    valid = [
        b"POST /v1/indicators?validateOnly=true HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
        b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content,
        b"GET /v1/" + name + b"?asOf=2022-01-01T00:00:00Z HTTP/1.1\r\nHost: localhost\r\n"
        b"If-None-Match: \"a\"\r\nConnection: close\r\n\r\n",
        b"POST /v1/indicators?validateOnly=true HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
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
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received, closed = read_all(connection)
        assert closed, bytes(data)
        for answer in answers(received):
            if answer.body:
                check(system, answer, bytes(data))


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
