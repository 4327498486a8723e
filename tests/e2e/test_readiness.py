"""Alive, ready, deadlines and the OpenAPI document."""

import collections
import json
import re
import signal
import threading
import time
import urllib.parse

import jsonschema
import pytest

import make
from harness import PROGRAMS, SERVICES, wait_until


def test_alive_and_ready(client):
    assert client.get("/healthz").status == 200
    answer = client.get("/readyz")
    assert answer.status == 200
    for service in SERVICES:
        assert service in answer.body.decode()


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_is_named_and_the_gateway_stays_alive(impatient, service):
    client = impatient.client
    other = next(name for name in SERVICES if name != service)
    impatient[service].kill()
    answer = wait_until(
        lambda: (a := client.get("/readyz")).status == 503 and a, "the gateway is not ready"
    )
    assert service in answer.body.decode()
    assert client.get("/healthz").status == 200
    path = {
        "indicators": "/v1/indicators",
        "clusters": "/v1/clusters",
        "nighteconomy": "/v1/schemes",
        "registrations": "/v1/movements",
    }
    assert client.get(path[other]).status == 200
    down = client.get(path[service])
    assert (down.status, down.error["status"]) == (503, "UNAVAILABLE"), down.body
    impatient[service].start()
    impatient.wait_ready()
    assert client.get(path[service]).status == 200


def test_ready_means_that_services_reach_each_other(fresh):
    fresh["clusters"].kill()

    def said():
        answer = fresh.client.get("/readyz")
        return answer.status == 503 and "registrations is not connected to clusters" in answer.body.decode()

    wait_until(said, "it is said who misses the service")
    fresh["clusters"].start()
    fresh.wait_ready()
    assert fresh.client.get("/readyz").json["services"][0]["unreachable"] == []


def test_a_gateway_that_starts_first_becomes_ready(fresh):
    fresh["indicators"].kill()
    fresh.restart("gateway")
    client = fresh.client
    wait_until(lambda: answers(client, "/healthz"), "the gateway is alive")
    assert client.get("/readyz").status == 503
    fresh["indicators"].start()
    fresh.wait_ready()


def answers(client, path):
    try:
        return client.get(path).status == 200
    except OSError:
        return False


def test_a_deadline_ends_a_call_to_a_service_that_hangs(fresh):
    client = fresh.client
    fresh["indicators"].signal(signal.SIGSTOP)
    try:
        for header, value in (("Request-Timeout", "1"), ("grpc-timeout", "1000m")):
            started = time.monotonic()
            answer = client.get("/v1/indicators", {header: value})
            took = time.monotonic() - started
            assert (answer.status, answer.error["status"]) == (504, "DEADLINE_EXCEEDED")
            assert 0.8 < took < 3
        started = time.monotonic()
        answer = client.get("/readyz")
        assert answer.status == 503 and "indicators" in answer.body.decode()
        assert time.monotonic() - started < 5
        assert client.get("/v1/clusters").status == 200
    finally:
        fresh["indicators"].signal(signal.SIGCONT)
    wait_until(lambda: client.get("/v1/indicators").status == 200, "it answers again")


def test_a_write_that_timed_out_is_known_by_its_key(fresh):
    client = fresh.client
    body = {"displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW"}
    headers = {"Idempotency-Key": "hung", "Request-Timeout": "1"}
    fresh["indicators"].signal(signal.SIGSTOP)
    try:
        answer = client.post("/v1/indicators?indicatorId=hung", body, headers)
        assert answer.status == 504, answer.body
    finally:
        fresh["indicators"].signal(signal.SIGCONT)
    time.sleep(0.5)
    answer = client.post(
        "/v1/indicators?indicatorId=hung", body, {"Idempotency-Key": "hung"}
    )
    assert answer.status == 200, answer.body
    assert client.ok("GET", "/v1/indicators/hung")["revision"] == 1


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "1e9", "nan"])
def test_a_timeout_that_is_none_is_refused(client, value):
    answer = client.get("/v1/indicators", {"Request-Timeout": value})
    assert answer.status in (400, 504), answer.body
    assert answer.error["status"] in ("INVALID_ARGUMENT", "DEADLINE_EXCEEDED")


def test_many_reads_at_once_are_answered(loaded):
    """64 computed reads at once do not block one another."""
    statuses = []

    def read():
        answer = loaded.client.get("/v1/indicators/exports/progress", period="2022-12")
        statuses.append(answer.status)

    threads = [threading.Thread(target=read) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(statuses) == 64
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) >= 48


@pytest.fixture(scope="module")
def openapi(system):
    answer = system.client.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json


OPENAPI_SCHEMA = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "type": "object",
            "patternProperties": {
                "^/": {
                    "type": "object",
                    "patternProperties": {
                        "^(get|post|patch|put|delete)$": {
                            "type": "object",
                            "required": ["operationId", "responses"],
                            "properties": {
                                "parameters": {
                                    "type": "array",
                                    "items": {
                                        "oneOf": [
                                            {"required": ["$ref"]},
                                            {
                                                "required": ["name", "in", "schema"],
                                                "properties": {
                                                    "in": {"enum": ["path", "query", "header"]}
                                                },
                                            },
                                        ]
                                    },
                                },
                                "responses": {"type": "object", "minProperties": 1},
                            },
                        }
                    },
                }
            },
            "additionalProperties": False,
        },
        "components": {"type": "object", "required": ["schemas"]},
    },
}


def operations(document):
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            if verb in ("get", "post", "patch", "put", "delete"):
                yield path, verb, operation


def resolve(document, node):
    """What a $ref leads to; else the node itself."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def parameters(document, path, operation):
    found = operation.get("parameters", []) + document["paths"][path].get("parameters", [])
    return [resolve(document, parameter) for parameter in found]


def test_the_document_has_the_form_of_openapi(openapi):
    jsonschema.validate(openapi, OPENAPI_SCHEMA)


def test_operation_ids_are_unique(openapi):
    identifiers = [operation["operationId"] for _, _, operation in operations(openapi)]
    assert len(identifiers) == len(set(identifiers))


def test_every_path_parameter_is_declared(openapi):
    for path, verb, operation in operations(openapi):
        of_path = [p for p in parameters(openapi, path, operation) if p["in"] == "path"]
        declared = [parameter["name"] for parameter in of_path]
        assert sorted(re.findall(r"{([^}]+)}", path)) == sorted(declared), (path, verb)
        assert all(parameter["required"] is True for parameter in of_path)


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere(openapi):
    found = list(references(openapi))
    assert found
    for reference in found:
        assert resolve(openapi, {"$ref": reference})


def test_every_schema_is_a_json_schema(openapi):
    for name, schema in openapi["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema, name


def test_every_documented_route_is_a_route(system, openapi):
    for path, verb, _ in operations(openapi):
        filled = re.sub(r"{[^}]+}", "1900", path)
        with system.unchanged():
            body = b"{}" if verb in ("post", "patch", "put") else None
            query = "?validateOnly=true" if verb != "get" else ""
            answer = system.client.request(verb.upper(), filled + query, body)
        assert answer.status != 405, (verb, path, answer.body)
        if answer.status == 404:
            assert answer.reason != "ROUTE_NOT_FOUND", (verb, path, answer.body)
            assert answer.reason.endswith("NOT_FOUND"), (verb, path, answer.body)


def test_answers_fit_their_schema(loaded):
    document = loaded.client.get("/openapi.json").json
    checked = 0
    for path, verb, operation in operations(document):
        if verb != "get" or not path.startswith("/v1/"):
            continue
        filled = path
        for parameter in re.findall(r"{([^}]+)}", path):
            value = {"indicator": "exports", "cluster": "phong-nam"}.get(parameter)
            if value:
                filled = filled.replace("{" + parameter + "}", value)
        if "{" in filled or filled.count("/") > 4:
            continue
        query = {}
        names = {p["name"] for p in parameters(document, path, operation)}
        if "period" in names:
            query["period"] = "2022-12"
        if "dimension" in names:
            query["dimension"] = "plant"
        if "year" in names:
            query["year"] = "2022"
        answer = loaded.client.get(filled, **query)
        if answer.status != 200:
            continue
        success = resolve(document, operation["responses"]["200"])
        content = success["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator(
            {**content, "components": document["components"]},
            format_checker=jsonschema.FormatChecker(("date",)))
        errors = [error.message for error in validator.iter_errors(answer.json)]
        assert not errors, (filled, errors[:3])
        checked += 1
    assert checked >= 8


def test_examples_are_requests_that_make_sense(loaded):
    """Whether a step is possible with the data of 2022, and whether all is there that an example
    names, are other questions."""
    document = loaded.client.get("/openapi.json").json
    statuses = collections.Counter()
    for path, verb, operation in operations(document):
        query = {} if verb == "get" else {"validateOnly": "true"}
        for parameter in parameters(document, path, operation):
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", parameter["example"])
            elif parameter.get("required"):
                query[parameter["name"]] = parameter["example"]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = json.dumps(content["example"]).encode() if content else None
        url = f"{path}?{urllib.parse.urlencode(query, doseq=True)}"
        answer = loaded.client.request(verb.upper(), url, body)
        statuses[answer.status] += 1
        assert str(answer.status) in operation["responses"], (url, answer.status, answer.body)
        if answer.status == 404:
            assert answer.reason == "RESOURCE_NOT_FOUND", (url, answer.body)
        elif answer.status != 200:
            assert answer.error["status"] == "FAILED_PRECONDITION", (url, body, answer.body)
    assert statuses[200] > 75 and sum(statuses.values()) > 130, statuses


def test_every_program_explains_itself(system):
    import subprocess

    from harness import BUILD

    for name in PROGRAMS:
        binary = BUILD / "services" / name / f"dongkhoi-{name}"
        for argument in ("--help", "--version", "--check"):
            done = subprocess.run(
                [binary, argument], env=system.environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0 and done.stdout.strip(), (name, argument, done)
        assert "DONGKHOI_" in subprocess.run([binary, "--help"], capture_output=True, text=True).stdout
        done = subprocess.run([binary, "--nonsense"], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stderr, (name, done)
        wrong = {**system.environment, "DONGKHOI_LISTEN": "x"}
        wrong |= {f"DONGKHOI_{service.upper()}": "x" for service in SERVICES}
        done = subprocess.run([binary], env=wrong, capture_output=True, text=True, timeout=20)
        assert done.returncode != 0 and "DONGKHOI_" in done.stderr, (name, done)
