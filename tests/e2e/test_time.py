"""Nothing is overwritten: history, and reads as of an earlier time."""

import datetime

import pytest

import make


def stamp(resource):
    return resource["updateTime"]


def test_history_lists_every_revision_newest_first(client):
    name = make.indicator(client, decimals=1)["name"]
    item = make.observation(client, name, "2022-01", 1, status="ESTIMATED")["name"]
    client.ok("PATCH", f"/v1/{item}", {"value": 2, "status": "PRELIMINARY"})
    client.ok("PATCH", f"/v1/{item}", {"value": 3, "status": "OFFICIAL"})
    revisions = client.ok("GET", f"/v1/{item}:history")["revisions"]
    assert [r["revision"] for r in revisions] == [3, 2, 1]
    assert [r["observation"]["value"] for r in revisions] == [3, 2, 1]
    assert [r["observation"]["status"] for r in revisions] == [
        "OFFICIAL",
        "PRELIMINARY",
        "ESTIMATED",
    ]
    assert revisions[0].get("endTime") is None
    assert revisions[1]["endTime"] == revisions[0]["recordTime"]
    assert all(r["actor"] == "anonymous" and r["method"] for r in revisions)
    first = client.ok("GET", f"/v1/{item}:history", pageSize=2)
    rest = client.ok("GET", f"/v1/{item}:history", pageSize=2, pageToken=first["nextPageToken"])
    assert [r["revision"] for r in first["revisions"] + rest["revisions"]] == [3, 2, 1]


def test_a_read_as_of_a_time_answers_as_it_would_have_then(client):
    name = make.indicator(client, decimals=1)["name"]
    make.target(client, name, 2022, value=10)
    first = make.observation(client, name, "2022-01", 1)
    second = client.ok("PATCH", f"/v1/{first['name']}", {"value": 2})
    client.ok("PATCH", f"/v1/{first['name']}", {"value": 3})
    for time, value in ((stamp(first), 1), (stamp(second), 2)):
        assert client.ok("GET", f"/v1/{first['name']}", asOf=time)["value"] == value
        page = client.ok("GET", f"/v1/{name}/observations", asOf=time)
        assert [item["value"] for item in page["observations"]] == [value]
        assert make.progress(client, name, "2022-01", asOf=time)["yearToDate"] == value


def test_before_it_was_made_it_is_not_found(client):
    made = make.indicator(client)
    before = datetime.datetime.fromisoformat(made["createTime"].replace("Z", "+00:00"))
    before -= datetime.timedelta(microseconds=1)
    text = before.isoformat().replace("+00:00", "Z")
    assert client.get(f"/v1/{made['name']}", asOf=text).status == 404
    page = client.ok("GET", "/v1/indicators", asOf=text, pageSize=1000)
    assert made["name"] not in [item["name"] for item in page["indicators"]]


def test_what_is_deleted_stays_in_the_past(client):
    made = make.indicator(client)
    name = made["name"]
    assert client.ok("DELETE", f"/v1/{name}") == {}
    assert client.get(f"/v1/{name}").status == 404
    assert client.ok("GET", f"/v1/{name}", asOf=made["createTime"])["uid"] == made["uid"]
    revisions = client.ok("GET", f"/v1/{name}:history")["revisions"]
    assert revisions[0]["deleted"] is True
    again = make.indicator(client, name.split("/")[1])
    assert again["uid"] != made["uid"]
    assert client.ok("GET", f"/v1/{name}", asOf=made["createTime"])["uid"] == made["uid"]


def test_a_delete_with_children_is_refused(system):
    name = make.indicator(system.client)["name"]
    make.observation(system.client, name, "2022-01", 1)
    with system.unchanged():
        answer = system.client.delete(f"/v1/{name}")
    assert (answer.status, answer.error["status"]) == (400, "FAILED_PRECONDITION")


@pytest.mark.parametrize("path", ["/v1/indicators", "/v1/clusters", "/v1/clusters:summarize"])
def test_the_future_is_refused(client, path):
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    answer = client.get(path, asOf=tomorrow.isoformat().replace("+00:00", "Z"))
    assert (answer.status, answer.error["status"]) == (400, "INVALID_ARGUMENT"), answer.body
    assert "asOf" in answer.fields


@pytest.mark.parametrize("time", ["2022-13-01T00:00:00Z", "2022-01-01", "yesterday", ""])
def test_a_time_that_is_none_is_refused(client, time):
    answer = client.get("/v1/indicators", asOf=time)
    assert answer.status == 400, answer.body


def test_an_offset_other_than_utc_is_understood(client):
    made = make.indicator(client)
    time = datetime.datetime.fromisoformat(made["createTime"].replace("Z", "+00:00"))
    local = time.astimezone(datetime.timezone(datetime.timedelta(hours=7))).isoformat()
    assert client.ok("GET", f"/v1/{made['name']}", asOf=local)["uid"] == made["uid"]


def test_an_upsert_equal_to_an_earlier_revision_changes_nothing(system):
    client = system.client
    name = make.indicator(client)["name"]
    first = make.values("2022-01", 1, status="ESTIMATED", source="a")
    make.batch(client, name, [first])
    make.batch(client, name, [make.values("2022-01", 2, status="PRELIMINARY", source="b")])
    with system.unchanged():
        [now] = make.batch(client, name, [first])
    assert (now["value"], now["revision"]) == (2, 2)
    [now] = make.batch(client, name, [{**first, "source": "c", "status": "PRELIMINARY"}])
    assert (now["value"], now["revision"]) == (1, 3)


def test_official_values_need_a_reopening(system):
    client = system.client
    name = make.indicator(client)["name"]
    item = make.observation(client, name, "2022-01", 1, status="OFFICIAL")["name"]
    with system.unchanged():
        answer = client.patch(f"/v1/{item}", {"value": 2, "status": "PRELIMINARY"})
        assert answer.reason == "OFFICIAL_NEEDS_REOPEN", answer.body
    reopen = {"reason": "Sai số liệu", "document": make.document()}
    client.ok("POST", f"/v1/{item}:reopen", reopen)
    assert client.post(f"/v1/{item}:reopen", reopen).reason == "ALREADY_REOPENED"
    changed = client.ok("PATCH", f"/v1/{item}", {"value": 2, "status": "PRELIMINARY"})
    assert changed["value"] == 2
    assert changed.get("reopening") is None


def test_a_closed_year_is_locked_and_only_then_missed(system):
    client = system.client
    name = make.indicator(client)["name"]
    make.target(client, name, 2022, value=100)
    item = make.observation(client, name, "2022", 50)["name"]
    assert make.progress(client, name, "2022-12")["levelStatus"] == "OFF_TRACK"
    close = {"document": make.document(), "date": "2023-03-01"}
    closed = client.ok("POST", f"/v1/{name}/targets/2022:close", close)
    assert closed["state"] == "CLOSED"
    assert make.progress(client, name, "2022-12")["levelStatus"] == "MISSED"
    assert make.progress(client, name, "2022-12", publishedBy="2023-02-28")["levelStatus"] != "MISSED"
    with system.unchanged():
        for answer in (
            client.patch(f"/v1/{item}", {"value": 51}),
            client.post(f"/v1/{name}/observations", make.values("2022-05", 1)),
            client.delete(f"/v1/{item}"),
        ):
            assert (answer.status, answer.reason) == (400, "YEAR_CLOSED"), answer.body
        again = client.post(f"/v1/{name}/targets/2022:close", close)
        assert (again.status, again.reason) == (400, "TARGET_CLOSED"), again.body
        changed = client.patch(f"/v1/{name}/targets/2022", {"value": 10})
        assert (changed.status, changed.reason) == (400, "TARGET_CLOSED"), changed.body
    make.observation(client, name, "2021-05", 1)


def test_loading_a_closed_year_again_changes_nothing(fresh):
    fresh.load()
    close = {"document": make.document(), "date": "2023-03-01"}
    fresh.client.ok("POST", "/v1/indicators/industrial-output/targets/2022:close", close)
    with fresh.unchanged():
        assert fresh.load() == 0
