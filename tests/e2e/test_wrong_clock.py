"""A wrong clock: what it may do to a journal, to reads as of a time, and to the feed."""

import datetime
import json
import signal
import threading
import time

import pytest

import make
import operator_script
from harness import ROOT, SERVICES, wait_until
from shifted_clock import Drift, ShiftedClock
from test_backup import command, ok
from test_changes import CHANGES, as_rows, check_complete, journal, order, read_all
from writers import Load

DAY = 86400


def text_of(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).isoformat().replace(
        "+00:00", "Z"
    )


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def shifted(system, name="clusters", seconds=0):
    """Restarts the service with a clock of its own."""
    assert system[name].stop() == 0
    clock = ShiftedClock(system[name], seconds)
    system[name].start()
    return clock


def events(program, name):
    lines = (json.loads(line) for line in program.said().splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == name]


def correct_clock(system, *arguments, service="clusters", **environment):
    return command(system, service, "correct-clock", *arguments, **environment)


def metric(client, service, name):
    for line in client.get("/metrics", of=service).body.decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    return None


def poison(fresh):
    """A clock a day ahead, one write, and the right clock again: (clock, before, ahead)."""
    before = make.cluster(fresh.client)
    clock = shifted(fresh, seconds=DAY)
    fresh.wait_ready()
    ahead = make.cluster(fresh.client)
    assert seconds_of(ahead["createTime"]) > time.time() + DAY - 600
    assert fresh["clusters"].stop() == 0
    clock.shift(0)
    fresh["clusters"].start()
    return clock, before, ahead


def test_a_journal_that_is_ahead_takes_no_writes_and_says_so(fresh):
    client = fresh.client
    make.indicator(client)
    _, before, ahead = poison(fresh)
    answer = wait_until(
        lambda: (a := client.get("/readyz")).status == 503
        and list(a.metadata) == ["clusters"]
        and "takes no writes" in a.metadata["clusters"]
        and a,
        "the gateway says why it is not ready",
    )
    assert "takes no writes, since its clock is 86" in answer.metadata["clusters"]
    wait_until(lambda: client.get("/v1/clusters").status == 200, "the service answers")
    answer = client.post("/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"})
    assert (answer.status, answer.error["status"]) == (503, "UNAVAILABLE")
    assert answer.reason == "CLOCK_BEHIND_JOURNAL"
    assert "correct-clock" in answer.error["message"]
    vietnamese = client.post("/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"},
                             {"Accept-Language": "vi"})
    assert "Đồng hồ" in vietnamese.error["message"] or "Đồng hồ" in vietnamese.body.decode()
    behind = metric(client, "clusters", "dongkhoi_journal_clock_behind_seconds")
    assert DAY - 600 < behind <= DAY
    assert metric(client, "indicators", "dongkhoi_journal_clock_behind_seconds") == 0
    said = events(fresh["clusters"], "clock_behind_journal")
    assert [line["level"] for line in said] == ["error"]
    # Reads go on: as of now, what was there before; without a time, all.
    names = lambda **query: [  # noqa: E731
        c["name"] for c in client.ok("GET", "/v1/clusters", **query)["clusters"]
    ]
    assert names(asOf=text_of(time.time())) == [before["name"]]
    assert set(names()) == {before["name"], ahead["name"]}
    # The feed has all, and neither holds nor is held.
    made = make.indicator(client)
    changes, cursor = read_all(client)
    assert {ahead["name"], made["name"]} <= {c["name"] for c in changes}
    for service in SERVICES:
        assert as_rows(changes, service) == journal(fresh, service)
    made = make.indicator(client)
    assert [c["name"] for c in read_all(client, cursor)[0]] == [made["name"]]


def test_a_correction_mends_a_journal_that_is_ahead(fresh, tmp_path):
    client = fresh.client
    indicator = make.indicator(client)
    _, before, ahead = poison(fresh)
    fresh["clusters"].kill()
    # Not while the service runs, not without an offset that fits, and nothing is changed by looking.
    said = correct_clock(fresh)
    assert said.returncode == 0 and "entries 2 to 2: recorded from " in said.stdout, said.stdout
    said = correct_clock(fresh, "--offset", "-172800")
    assert said.returncode == 1 and "(OFFSET_OUT_OF_RANGE)" in said.stderr
    for wrong in (("--offset",), ("--offset", "1d"), ("--from", "0"), ("--to", "x"), ("2",)):
        assert correct_clock(fresh, *wrong).returncode == 2, wrong
    assert correct_clock(fresh, DONGKHOI_STATE=tmp_path / "none").returncode == 2
    assert not (tmp_path / "none").exists()
    with_hash = command(fresh, "clusters", "verify").stdout.split(" hash=")[1].split()[0]

    said = correct_clock(fresh, "--offset", f"-{DAY}")
    assert said.returncode == 0 and said.stdout.startswith("OK entries 2 to 2 "), said.stderr
    assert ok(fresh, "clusters", "verify")["seq"] == "3"
    again = correct_clock(fresh)
    assert again.returncode == 1 and "(NOTHING_TO_CORRECT)" in again.stderr
    fresh["clusters"].start()
    fresh.wait_ready()
    assert correct_clock(fresh).returncode == 2  # the service has the store
    after = make.cluster(client)
    assert abs(seconds_of(after["createTime"]) - time.time()) < 60

    # Everything is there by the right times: as of now, in its own fields, in history and feed.
    names = [before["name"], ahead["name"], after["name"]]
    page = client.ok("GET", "/v1/clusters", asOf=text_of(time.time()), orderBy="createTime")
    assert [c["name"] for c in page["clusters"]] == names
    assert page["lastChange"]["time"] == after["updateTime"]
    shown = client.ok("GET", f"/v1/{ahead['name']}")
    assert seconds_of(shown["createTime"]) == pytest.approx(seconds_of(ahead["createTime"]) - DAY)
    assert shown["updateTime"] == shown["createTime"] and shown["etag"] == ahead["etag"]
    [revision] = client.ok("GET", f"/v1/{ahead['name']}:history")["revisions"]
    assert revision["recordTime"] == shown["createTime"]
    assert revision["cluster"]["createTime"] == shown["createTime"]
    changes, _ = read_all(client)
    assert [c["name"] for c in changes] == [indicator["name"], *names[:2], "", names[2]]
    assert order(changes) == sorted(order(changes))
    [ahead_change] = [c for c in changes if c["name"] == ahead["name"]]
    assert ahead_change["time"] == shown["createTime"]
    assert ahead_change["resource"]["createTime"] == shown["createTime"]
    assert ahead_change["hash"] == with_hash  # the chain is what it was
    correction = changes[-2]
    assert (correction["kind"], correction["actor"]) == ("CLOCK_CORRECTED", "operator")
    assert correction["resource"] == {
        "@type": "type.googleapis.com/dongkhoi.changes.v1.ClockCorrection",
        "fromSeq": "2", "toSeq": "2", "offset": f"-{DAY}s",
    }
    # A backup has it, and so has what is restored from it.
    backup = ok(fresh, "clusters", "backup", "--to", tmp_path / "backup.db")
    elsewhere = tmp_path / "elsewhere"
    ok(fresh, "clusters", "restore", "--from", tmp_path / "backup.db", DONGKHOI_STATE=elsewhere)
    assert ok(fresh, "clusters", "verify", DONGKHOI_STATE=elsewhere)["hash"] == backup["hash"]
    changed = client.ok("PATCH", f"/v1/{ahead['name']}", {"note": "đã sửa"})
    assert changed["createTime"] == shown["createTime"]
    ok(fresh, "clusters", "verify")


def test_the_commands_of_the_runbook_correct_a_journal(fresh, tmp_path):
    """As they stand, but for where the programs and the state are, and who starts services."""
    poison(fresh)
    commands = operator_script.block(ROOT / "deploy" / "runbook.md", "correction")
    said = operator_script.run(fresh, tmp_path, commands, "clusters")
    assert "possible with --offset" in said and "OK entries 2 to 2" in said, said
    assert '"status":"ok"' in said
    assert abs(seconds_of(make.cluster(fresh.client)["createTime"]) - time.time()) < 60


def test_a_corrected_time_counts_as_published(fresh):
    """An observation without a published date counts from the day on which it was recorded."""
    client = fresh.client
    clock = shifted(fresh, "indicators", 40 * DAY)
    fresh.wait_ready()
    name = make.indicator(client)["name"]
    make.observation(client, name, "2022-01", 5)
    today = text_of(time.time() + 7 * 3600)[:10]
    progress = lambda: make.progress(  # noqa: E731
        client, name, "2022-01", publishedBy=today)["yearToDate"]
    assert progress() is None
    assert fresh["indicators"].stop() == 0
    clock.shift(0)
    said = correct_clock(fresh, "--from", "1", "--offset", f"-{40 * DAY}", service="indicators")
    assert said.returncode == 0, said.stderr
    fresh["indicators"].start()
    fresh.wait_ready()
    assert progress() == 5


def test_a_clock_that_becomes_right_is_enough(fresh):
    """It was the clock that was wrong, and not the journal."""
    clock = shifted(fresh)
    fresh.wait_ready()
    make.cluster(fresh.client)
    clock.shift(-DAY)
    refused = fresh.client.post("/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"})
    assert refused.reason == "CLOCK_BEHIND_JOURNAL"
    clock.shift(0)
    made = make.cluster(fresh.client)
    assert abs(seconds_of(made["createTime"]) - time.time()) < 30
    fresh.wait_ready()
    changes, _ = read_all(fresh.client)
    check_complete(fresh, changes)
    wait_until(lambda: len(events(fresh["clusters"], "clock_behind_journal")) == 2, "it is said")
    steps = events(fresh["clusters"], "clock_was_set")
    assert steps and float(steps[0]["seconds"]) < -DAY + 600


def test_steps_of_the_clock_lose_nothing_in_the_feed(fresh):
    """Ahead and back, small and large, while others write: each acknowledged write is there."""
    clock = shifted(fresh)
    fresh.wait_ready()
    with Load(fresh.client, ("clusters",) * 2 + ("indicators",) * 2) as load:
        for seconds in (0.5, -0.5, 3, 0, -30, 0, 20, -20, 0):
            clock.shift(seconds)
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 20, "writes go on", 30)
            acknowledged = {name for w in load.writers for _, name, _ in list(w.acknowledged)}
            changes, _ = read_all(fresh.client)
            assert acknowledged <= {c["name"] for c in changes}
    load.check()
    changes, _ = read_all(fresh.client)
    for service in SERVICES:
        assert as_rows(changes, service) == journal(fresh, service)


def test_a_change_is_in_the_feed_at_once_however_far_the_clocks_are_apart(fresh):
    clock = shifted(fresh, seconds=45)
    fresh.wait_ready()
    _, cursor = read_all(fresh.client)
    for count in range(20):
        clock.shift((45, 3, -20, 0)[count % 4])
        made = make.cluster(fresh.client) if count % 2 else make.indicator(fresh.client)
        changes, cursor = read_all(fresh.client, cursor)
        assert [c["name"] for c in changes] == [made["name"]]


@pytest.mark.parametrize("seconds", [-DAY, -20])
def test_a_gateway_whose_clock_is_set_back_connects_again(fresh, seconds):
    clock = shifted(fresh, "gateway")
    fresh.wait_ready()
    assert fresh["clusters"].stop() == 0
    wait_until(lambda: fresh.client.get("/readyz").status == 503, "it is noticed")
    time.sleep(0.5)  # it waits between two attempts now, mostly
    clock.shift(seconds)
    fresh["clusters"].start()
    fresh.wait_ready(10)


def test_a_call_ends_in_time_also_when_the_clock_is_set_back(fresh):
    make.cluster(fresh.client, "c1")
    clock = shifted(fresh, "gateway")
    fresh.wait_ready()
    fresh["clusters"].signal(signal.SIGSTOP)
    try:
        back = threading.Timer(0.5, clock.shift, [-DAY])
        back.start()
        started = time.monotonic()
        answer = fresh.client.get("/v1/clusters/c1", headers={"Request-Timeout": "2"})
        assert answer.status == 504 and answer.reason == "DEADLINE_EXCEEDED"
        assert time.monotonic() - started < 10
        back.join()
    finally:
        fresh["clusters"].signal(signal.SIGCONT)


def test_a_clock_that_drifts_goes_on(fresh):
    clock = shifted(fresh)
    fresh.wait_ready()
    with Drift(clock, -0.5), Load(fresh.client, ("clusters", "indicators")) as load:
        wait_until(lambda: load.count() > 150, "writes go on", 60)
    load.check()
    changes, _ = read_all(fresh.client)
    for service in SERVICES:
        assert as_rows(changes, service) == journal(fresh, service)


def test_a_clock_that_differs_from_the_others_is_a_warning(fresh):
    shifted(fresh, seconds=-20)
    fresh.wait_ready()
    warnings = {s["service"]: s["warning"] for s in fresh.client.get("/readyz").json["services"]}
    assert warnings.pop("clusters") == "the clock is 20.0 s behind those of the other services"
    assert set(warnings.values()) == {""}
    clocks = {
        service: metric(fresh.client, service, "dongkhoi_clock_seconds") - time.time()
        for service in SERVICES
    }
    assert -25 < clocks.pop("clusters") < -15
    assert all(-5 < difference < 5 for difference in clocks.values())


class Asking(threading.Thread):
    """Reads as of a moment ago, until stop; the answers by what was asked."""

    def __init__(self, client, paths):
        super().__init__(daemon=True)
        self.client = client
        self.paths = paths
        self.stop = threading.Event()
        self.answers = {}
        self.wrong = []

    def run(self):
        while not self.stop.is_set():
            for path in self.paths:
                asked = f"{path}asOf={text_of(time.time())}"
                answer = self.client.get(asked)
                if answer.status != 200:
                    self.wrong.append((asked, answer.status, answer.body))
                self.answers[asked] = answer.body


@pytest.mark.parametrize("cached", [True, False])
def test_an_answer_as_of_a_moment_ago_stays_the_same(tmp_path, cached):
    import harness

    environment = {} if cached else {"DONGKHOI_REDIS": "", "DONGKHOI_CACHE_BYTES": "0"}
    system = harness.System(tmp_path, **environment).start()
    client = system.client
    movement = make.movement(client)["name"]
    with Load(client, ("indicators",) * 4 + ("clusters",) * 4) as load:
        parents = {writer.parent for writer in load.writers}
        paths = [f"/v1/{parent}?" for parent in sorted(parents)][:4] + [
            "/v1/indicators/-/observations?pageSize=200&orderBy=updateTime%20desc&",
            "/v1/clusters/-/investments?pageSize=200&orderBy=createTime%20desc&",
            "/v1/clusters:summarize?",
            f"/v1/{movement}/scorecard?",
        ]
        asking = [Asking(client, paths) for _ in range(2)]
        for thread in asking:
            thread.start()
        wait_until(lambda: sum(len(t.answers) for t in asking) > 400, "many were asked", 120)
        for thread in asking:
            thread.stop.set()
            thread.join(30)
        assert load.count() > 100
    for thread in asking:
        assert not thread.wrong, thread.wrong[:2]
        for asked, body in thread.answers.items():
            again = client.get(asked)
            assert (again.status, again.body) == (200, body), asked
    system.stop()


def test_what_was_answered_stays_after_a_crash_with_a_clock_that_is_back(fresh):
    clock = shifted(fresh)
    fresh.wait_ready()
    client = fresh.client
    made = make.cluster(client)
    for _ in range(3):
        moment = text_of(time.time() + clock.seconds)
        body = client.get("/v1/clusters", asOf=moment, pageSize=1000).body
        fresh["clusters"].kill()
        clock.shift(clock.seconds - 5)
        fresh["clusters"].start()
        wait_until(lambda: client.get("/v1/clusters").status == 200, "the service answers", 30)
        made = make.cluster(client)
        assert seconds_of(made["createTime"]) > seconds_of(moment)
        assert client.get("/v1/clusters", asOf=moment, pageSize=1000).body == body
    fresh.wait_ready()
    check_complete(fresh, read_all(client)[0])


def test_the_watermark_of_a_feed_is_no_promise_that_dates_entries(fresh):
    """A clock is ahead for a moment, in which the feed is read and nothing is written."""
    clock = shifted(fresh)
    fresh.wait_ready()
    make.cluster(fresh.client)
    clock.shift(DAY)
    fresh.client.ok("GET", CHANGES)
    clock.shift(0)
    made = make.cluster(fresh.client)
    assert abs(seconds_of(made["createTime"]) - time.time()) < 60
