"""test_loadtest.py - what dongkhoi-generate makes, and that the API takes all of it once."""

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from harness import BUILD, ROOT, SERVICES, System

GENERATE = BUILD / "deploy" / "loadtest" / "dongkhoi-generate"
# Of seed 1 and scale 1: whoever changes what is generated changes this, and says so.
HASH = "b88bf54f4a38757820311f881b3ebbd510d34893467695c81d1f2ba8e8ea07b0"


def run(*options, **more):
    return subprocess.run(
        [GENERATE, *map(str, options)], capture_output=True, timeout=120, check=False, **more
    )


def printed(done):
    """The lines "name: value" that a load prints."""
    return dict(line.split(": ") for line in done.stdout.decode().splitlines())


@pytest.fixture(scope="module")
def lines():
    done = run()
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    system = System(tmp_path_factory.mktemp("loadtest")).start()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def loaded(system):
    done = run("--load", f"http://127.0.0.1:{system.port}")
    assert done.returncode == 0, done.stderr
    return system


def test_the_same_bytes_come_in_any_place_and_language(tmp_path):
    for locale in ("C", "C.UTF-8", "tr_TR.UTF-8", "vi_VN.UTF-8"):
        environment = {**os.environ, "LC_ALL": locale, "LANG": locale, "TZ": "Pacific/Apia"}
        done = run("--hash", cwd=tmp_path, env=environment)
        assert done.stdout.decode().strip() == HASH, (locale, done.stderr)
    assert hashlib.sha256(run("--seed", 1, "--scale", 1).stdout).hexdigest() == HASH


def test_a_directory_holds_the_same_lines(tmp_path):
    assert run("--output", tmp_path / "out").returncode == 0
    parts = sorted((tmp_path / "out").iterdir())
    assert [part.name for part in parts] == ["stage-00001.ndjson", "stage-00002.ndjson"]
    assert hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest() == HASH


def test_another_seed_makes_other_data_and_a_greater_scale_more():
    assert run("--hash", "--seed", 2).stdout.decode().strip() != HASH
    small = run("--scale", 1).stdout.splitlines()
    large = run("--scale", 3).stdout.splitlines()
    assert set(map(without_stage, small)) <= set(map(without_stage, large))
    assert 2.9 * len(small) < len(large) < 3.1 * len(small)


def without_stage(line):
    """Where a line stands among the others is not what it says."""
    return line.partition(b',"lane"')[2]


def test_scale_1_is_a_thousand_registrations_and_ten_thousand_observations(lines):
    records = Counter()
    for line in lines:
        records[line["kind"]] += line["records"]
    assert records["registrations"] == 1000
    names = {
        (line["path"], o["period"], o["basis"], o.get("window"), str(o.get("breakdown")))
        for line in lines if line["kind"] == "observations" for o in line["body"]["observations"]
    }
    assert len(names) == 10000 < records["observations"]
    for kind in (
        "organizations", "movements", "reports", "indicators", "targets", "clusters",
        "investments", "stageChanges", "schemes", "milestones", "evidence",
    ):
        assert records[kind] > 0, kind
    assert len({line["key"] for line in lines}) == len(lines)


def test_texts_are_vietnamese_and_composed(lines):
    text = json.dumps(lines, ensure_ascii=False)
    assert unicodedata.is_normalized("NFC", text)
    people = {
        request["registration"]["person"]["fullName"]
        for line in lines if line["path"].endswith("registrations:batchCreate")
        for request in line["body"]["requests"] if "person" in request["registration"]
    }
    assert len(people) > 300
    assert sum(any(ord(c) > 127 for c in name) for name in people) > 0.9 * len(people)


@pytest.mark.parametrize("options", [
    ("--scale", "0"), ("--scale", "10001"), ("--scale", "1x"), ("--scale", ""), ("--seed", "-1"),
    ("--seed", "1000000000"), ("--connections", "65"), ("--unknown",), ("more",),
    ("--hash", "--load", "http://127.0.0.1:1"), ("--load", "127.0.0.1:8080"),
    ("--load", "http://127.0.0.1:x"), ("--load", "http://127.0.0.1:1/v1"),
    ("--load", "https://127.0.0.1"),
])
def test_wrong_options_are_refused_in_words(options):
    done = run(*options)
    assert done.returncode == 2
    assert done.stdout == b"" and done.stderr.strip() != b""


def test_another_host_is_not_loaded_by_accident():
    done = run("--load", "http://192.0.2.1:80")
    assert done.returncode == 2
    assert b"--allow-remote" in done.stderr


def test_a_full_disk_is_said():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([GENERATE], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"not complete" in done.stderr


def test_nobody_there_is_a_failure():
    done = run("--load", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert b"nobody answers" in done.stderr


def test_what_is_loaded_is_all_there_and_a_second_time_nothing_is_new(system, lines):
    url = f"http://127.0.0.1:{system.port}"
    first = run("--load", url)
    assert first.returncode == 0, first.stderr
    all_records = sum(line["records"] for line in lines)
    assert printed(first)["new records"] == str(all_records)
    assert printed(first)["known records"] == "0"
    seqs = system.seqs()
    second = run("--load", url, "--connections", 3)
    assert second.returncode == 0, second.stderr
    assert printed(second)["new records"] == "0"
    assert printed(second)["known records"] == str(all_records)
    assert system.seqs() == seqs

    def count(path, field):
        total, token = 0, ""
        while True:
            page = system.client.ok("GET", path, pageSize=1000, pageToken=token)
            total, token = total + len(page[field]), page["nextPageToken"]
            if not token:
                return total

    assert count("/v1/movements/-/registrations", "registrations") == 1000
    assert count("/v1/indicators/-/observations", "observations") == 10000
    assert count("/v1/organizations", "organizations") == 50
    assert count("/v1/clusters/-/investments", "investments") == 30
    assert count("/v1/movements/-/registrations/-/reports", "reports") == sum(
        line["records"] for line in lines if line["kind"] == "reports"
    )
    scorecard = system.client.ok("GET", "/v1/movements/s1p0-2022-ba-tri/scorecard")
    assert scorecard["complete"] is True
    assert len(scorecard["lines"]) == 98 and len(scorecard["indicators"]) == 20
    assert {line["status"] for line in scorecard["lines"]} >= {"EXCEEDED", "ACHIEVED", "UNKNOWN"}
    counts = [system.client.ok("GET", "/v1/clusters:countNew", year=2022, **options)
              for options in ({}, {"countedOnly": "true"})]
    assert counts[0]["count"] == counts[1]["count"] > 0
    assert [c for c in counts[0]["clusters"] if c["counted"]] == counts[1]["clusters"]
    assert len(counts[0]["clusters"]) == 14 > len(counts[1]["clusters"])
    progress = system.client.ok("GET", "/v1/indicators/s1p0-exports/progress", period="2022-12")
    assert progress["yearToDate"] is not None and progress["missingPeriods"] == []


def test_what_exists_is_known_also_without_its_key(system):
    """Keys are forgotten after a time: a load then meets what it made itself."""
    path = "/v1/movements/s1p0-2022-ba-tri/registrations:batchCreate"
    body = {"requests": [{"registrationId": "r00", "registration": {
        "displayName": {"vi": "x"}, "organization": "organizations/s1p0-2022-o00",
        "commitment": {"manual": {"criterion": "x"}}}}]}
    answer = system.client.post(path, body)
    assert (answer.status, answer.reason) == (409, "RESOURCE_EXISTS")
    bad = {"requests": body["requests"] + [{"registration": {"displayName": {"vi": ""}}}]}
    bad["requests"][0] = {**bad["requests"][0], "registrationId": "fresh"}
    answer = system.client.post(path, bad)
    assert answer.status == 400
    assert all(field.startswith("requests[1].registration") for field in answer.fields)
    assert system.client.get(
        "/v1/movements/s1p0-2022-ba-tri/registrations/fresh").status == 404


def test_what_was_loaded_is_known_when_its_keys_are_forgotten(system, lines):
    url = f"http://127.0.0.1:{system.port}"
    seqs = system.seqs()
    for service in SERVICES:
        assert system[service].stop() == 0
        path = next(system.state.rglob(f"*{service}*.db"))
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM idempotency")
            database.commit()
        system[service].start()
    system.wait_ready()
    done = run("--load", url)
    assert done.returncode == 0, done.stderr
    assert system.seqs() == seqs
    # These say the same again, which is no mistake and changes nothing.
    repeatable = sum(
        line["records"] for line in lines if line["kind"] in ("observations", "milestoneSteps")
    )
    assert int(printed(done)["new records"]) == repeatable


class Stub(http.server.BaseHTTPRequestHandler):
    """Answers as the class attribute says; counts what came, by idempotency key."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    answers = []
    keys = []
    lock = threading.Lock()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            self.keys.append((self.headers["Idempotency-Key"], time.monotonic()))
            status, headers, body = self.answers.pop(0) if self.answers else (200, {}, b"{}")
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def stub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Stub.keys, Stub.answers = [], []
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_too_much_is_sent_again_after_the_time_asked_for(stub):
    Stub.answers = [(429, {"Retry-After": "2"}, b"{}"), (503, {}, b"{}"), (0, {}, b"")]
    done = run("--load", stub, "--connections", 1)
    assert done.returncode == 0, done.stderr
    assert printed(done)["sent again"] == "3"
    first = [when for key, when in Stub.keys if key == Stub.keys[0][0]]
    assert len(first) == 4 and first[1] - first[0] >= 2
    assert len({key for key, _ in Stub.keys}) == int(printed(done)["requests"])


def test_a_refusal_is_reported_and_ends_the_load(stub):
    error = {"error": {"code": 400, "message": "no", "details": [{"reason": "SOME_REASON"}]}}
    Stub.answers = [(400, {}, json.dumps(error, separators=(",", ":")).encode())]
    done = run("--load", stub)
    assert done.returncode == 1
    assert printed(done)["failed"] == "1"
    assert b"400 SOME_REASON no" in done.stderr
    assert int(printed(done)["requests"]) < 100


def test_a_lane_keeps_its_order(stub, lines):
    run("--load", stub, "--connections", 16)
    came = {key: place for place, (key, _) in enumerate(Stub.keys)}
    lanes = {}
    for line in lines:
        lanes.setdefault((line["stage"], line["lane"]), []).append(came[line["key"]])
    assert all(places == sorted(places) for places in lanes.values())
    firsts = [came[line["key"]] for line in lines if line["stage"] == 1]
    assert max(firsts) < min(came[line["key"]] for line in lines if line["stage"] == 2)


LOADTEST = ROOT / "deploy" / "loadtest"
SHIM = Path(__file__).resolve().parent / "k6_shim.mjs"


def scenario(system, tool, *options, path=None):
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"]}
    return subprocess.run(
        [LOADTEST / "run", "smoke", "--tool", tool, "--url", f"http://127.0.0.1:{system.port}",
         *options],
        capture_output=True, text=True, timeout=90, env=environment, check=False,
    )


@pytest.fixture
def k6(tmp_path):
    """A directory with a program k6: the shim."""
    program = tmp_path / "bin" / "k6"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec node {SHIM} {tmp_path} "$@"\n')
    program.chmod(0o755)
    return program.parent


def needs_no_debug_limit(found):
    """A sanitizer build is slow: latencies are not judged."""
    return [limit for limit in found["outside"] if not limit.startswith("p99")]


@pytest.mark.parametrize("tool", ["wrk", "h2load", "k6"])
def test_smoke_passes_with_each_tool(loaded, k6, tool):
    done = scenario(loaded, tool, "--seconds", "2", "--json", path=k6)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert needs_no_debug_limit(found) == []
    assert found["tool"] == tool and found["requests"] > 10
    assert set(found["statuses"]) == {"200"} and sum(found["statuses"].values()) == found["requests"]
    assert 0 < found["p50Ms"] <= found["p99Ms"] <= found["p999Ms"]
    if tool != "h2load":
        writes = loaded.client.ok("GET", "/v1/indicators/load-test/observations")
        assert writes["observations"] or tool == "k6"


def test_the_summary_is_for_people_too(loaded):
    done = scenario(loaded, "wrk", "--seconds", "1")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names[:5] == ["scenario", "requests", "latency", "status", "errors"]
    assert names[-1] == "result"


def test_errors_fail_a_scenario(loaded, tmp_path):
    """The same programs over a plan whose requests find nothing."""
    copy = tmp_path / "loadtest"
    shutil.copytree(LOADTEST, copy)
    plan = json.loads((copy / "scenarios.json").read_text())
    plan["mix"] = [{"weight": 1, "path": "/v1/movements/none-of-them"}]
    (copy / "scenarios.json").write_text(json.dumps(plan))
    for tool in ("wrk", "h2load"):
        done = subprocess.run(
            [copy / "run", "smoke", "--tool", tool, "--url", f"http://127.0.0.1:{loaded.port}",
             "--seconds", "1"],
            capture_output=True, text=True, timeout=60, check=False,
        )
        assert done.returncode == 1, (done.stdout, done.stderr)
        assert "FAILED: errors 100.00 % > 0 %" in done.stdout
        assert "404: " in done.stdout


@pytest.mark.parametrize("name", ["smoke", "steady", "spike", "soak"])
def test_each_k6_script_runs(loaded, k6, name):
    done = subprocess.run(
        [k6 / "k6", "run", "-e", f"URL=http://127.0.0.1:{loaded.port}",
         str(LOADTEST / "k6" / f"{name}.js")],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["scenario"], found["errors"]) == (name, 0) and found["requests"] > 0
    options = json.loads(done.stderr)["options"]
    limits = json.loads((LOADTEST / "scenarios.json").read_text())["scenarios"][name]
    assert max(s["target"] for s in options["scenarios"][name]["stages"]) == max(
        phase["connections"] for phase in limits["phases"]
    )
    refused = subprocess.run(
        [k6 / "k6", "run", "-e", "URL=http://192.0.2.1", str(LOADTEST / "k6" / f"{name}.js")],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert refused.returncode != 0 and "ALLOW_REMOTE" in refused.stderr


@pytest.mark.parametrize("options, words", [
    (("--url", "http://192.0.2.1"), "--allow-remote"),
    (("--url", "ftp://127.0.0.1"), "http://HOST:PORT"),
    (("--url", "http://127.0.0.1:1"), "nobody answers"),
    (("--seconds", "0"), "--seconds"),
    (("--tool", "ab"), "invalid choice"),
])
def test_a_run_that_cannot_be_is_refused_in_words(options, words):
    done = subprocess.run(
        [LOADTEST / "run", "smoke", *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (1, 2) and words in done.stderr


def test_without_data_it_is_said_how_to_load_them(loaded):
    done = scenario(loaded, "wrk", "--seed", "77")
    assert done.returncode == 2
    assert "dongkhoi-generate --seed 77" in done.stderr


def test_costs_are_measured_and_compared(loaded, tmp_path):
    saved = tmp_path / "cost.json"
    base = [LOADTEST / "cost.py", "--url", f"http://127.0.0.1:{loaded.port}", "--requests", "2"]
    done = subprocess.run([*base, "--save", saved], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    costs = json.loads(saved.read_text())
    for name in ("progress", "scorecard", "HTML page", "page of all registrations"):
        assert costs[name]["ms"] > 0 and costs[name]["cpuMs"] > 0 and costs[name]["bytes"] > 100
    cheap = {name: {**cost, "ms": 0.01, "cpuMs": 0.01} for name, cost in costs.items()}
    saved.write_text(json.dumps(cheap))
    done = subprocess.run([*base, "--compare", saved], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 1 and "grew by more than half" in done.stdout
