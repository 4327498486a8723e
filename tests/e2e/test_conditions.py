"""Etags, idempotency keys and validateOnly."""

import concurrent.futures

import pytest

import make

BODY = {"displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW", "decimals": 2}


def test_a_get_has_an_etag_and_answers_304_where_it_is_known(client):
    name = make.indicator(client)["name"]
    first = client.get(f"/v1/{name}")
    tag = first.headers["etag"]
    assert tag.startswith('"') and tag.endswith('"')
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(f"/v1/{name}", {"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
    assert client.get(f"/v1/{name}", {"If-None-Match": '"other"'}).status == 200


def test_an_etag_changes_with_the_resource(client):
    name = make.indicator(client)["name"]
    tag = client.get(f"/v1/{name}").headers["etag"]
    client.ok("PATCH", f"/v1/{name}", {"unit": "GW"})
    again = client.get(f"/v1/{name}", {"If-None-Match": tag})
    assert again.status == 200
    assert again.headers["etag"] != tag


def test_a_list_has_an_etag_that_changes_with_its_members(client):
    name = make.indicator(client)["name"]
    path = f"/v1/{name}/observations"
    tag = client.get(path).headers["etag"]
    assert client.get(path, {"If-None-Match": tag}).status == 304
    make.observation(client, name, "2022-01", 1)
    assert client.get(path, {"If-None-Match": tag}).status == 200


def test_an_update_with_another_etag_is_aborted(system):
    client = system.client
    indicator = make.indicator(client)
    name, old = indicator["name"], indicator["etag"]
    header = client.get(f"/v1/{name}").headers["etag"]
    client.ok("PATCH", f"/v1/{name}", {"unit": "GW", "etag": old})
    with system.unchanged():
        answer = client.patch(f"/v1/{name}", {"unit": "TW", "etag": old})
        assert (answer.status, answer.error["status"]) == (409, "ABORTED")
        assert answer.reason == "ETAG_MISMATCH"
        answer = client.patch(f"/v1/{name}", {"unit": "TW"}, {"If-Match": header})
        assert (answer.status, answer.error["status"]) == (412, "ABORTED")
        answer = client.delete(f"/v1/{name}", {"If-Match": header})
        assert answer.status == 412
        answer = client.delete(f"/v1/{name}", etag=old)
        assert answer.status == 409


def test_an_update_with_the_current_etag_goes_through(client):
    name = make.indicator(client)["name"]
    header = client.get(f"/v1/{name}").headers["etag"]
    answer = client.patch(f"/v1/{name}", {"unit": "GW"}, {"If-Match": header})
    assert answer.status == 200, answer.body
    assert answer.json["unit"] == "GW"
    assert client.patch(f"/v1/{name}", {"unit": "TW"}, {"If-Match": "*"}).status == 200


def test_an_update_that_changes_nothing_writes_nothing(system):
    name = make.indicator(system.client)["name"]
    with system.unchanged():
        again = system.client.ok("PATCH", f"/v1/{name}", {"unit": "MW"})
    assert again["revision"] == 1


def test_a_mask_says_what_changes(client):
    name = make.indicator(client, priceBasis="current")["name"]
    body = {"unit": "GW", "priceBasis": "constant 2010"}
    changed = client.ok("PATCH", f"/v1/{name}", body, updateMask="unit")
    assert (changed["unit"], changed["priceBasis"]) == ("GW", "current")
    cleared = client.ok("PATCH", f"/v1/{name}", {}, updateMask="priceBasis")
    assert cleared["priceBasis"] == ""
    assert client.patch(f"/v1/{name}", body, updateMask="colour").status == 400


def test_allow_missing_makes_what_is_not_there(client):
    identifier = make.unique("upsert")
    assert client.patch(f"/v1/indicators/{identifier}", BODY).status == 404
    made = client.ok("PATCH", f"/v1/indicators/{identifier}", BODY, allowMissing="true")
    assert made["name"] == f"indicators/{identifier}"
    assert client.ok("DELETE", "/v1/indicators/nobody", allowMissing="true") == {}


def test_an_idempotency_key_has_one_effect_and_one_answer(system):
    client = system.client
    key = {"Idempotency-Key": make.unique("key")}
    first = client.post("/v1/indicators", BODY, key)
    assert first.status == 200
    assert "idempotency-replayed" not in first.headers
    with system.unchanged():
        again = client.post("/v1/indicators", BODY, key)
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["idempotency-replayed"] == "true"


def test_an_idempotency_key_with_another_request_is_422(system):
    client = system.client
    key = {"Idempotency-Key": make.unique("key")}
    client.ok("POST", "/v1/indicators", BODY, key)
    with system.unchanged():
        answer = client.post("/v1/indicators", {**BODY, "unit": "GW"}, key)
        assert (answer.status, answer.error["status"]) == (422, "INVALID_ARGUMENT")
        assert answer.reason == "IDEMPOTENCY_KEY_REUSED"
        answer = client.delete("/v1/indicators/nobody", key)
        assert answer.status == 422


def test_a_refusal_is_remembered_with_its_key(client):
    identifier = make.unique("late")
    key = {"Idempotency-Key": make.unique("key")}
    path = f"/v1/indicators/{identifier}/observations"
    first = client.post(path, make.values("2022-01", 1), key)
    assert first.status == 404
    make.indicator(client, identifier)
    again = client.post(path, make.values("2022-01", 1), key)
    assert (again.status, again.json) == (404, first.json)
    assert again.headers["idempotency-replayed"] == "true"


def test_request_id_is_the_same_as_the_header(client):
    request = make.unique("request")
    first = client.ok("POST", "/v1/indicators", BODY, requestId=request)
    again = client.post("/v1/indicators", BODY, requestId=request)
    assert again.json == first
    assert again.headers["idempotency-replayed"] == "true"


def test_one_key_at_the_same_time_has_one_effect(system):
    client = system.client
    key = {"Idempotency-Key": make.unique("key")}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda _: client.post("/v1/indicators", BODY, key), range(16))
        )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["name"] for answer in answers}) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_has_a_length(system, key):
    with system.unchanged():
        answer = system.client.post("/v1/indicators", BODY, {"Idempotency-Key": key})
        assert answer.status == 400, answer.body


def test_validate_only_answers_as_usual_and_stores_nothing(system):
    client = system.client
    name = make.indicator(client)["name"]
    with system.unchanged():
        identifier = make.unique("never")
        made = client.ok(
            "POST", "/v1/indicators", BODY, indicatorId=identifier, validateOnly="true"
        )
        assert made["name"] == f"indicators/{identifier}"
        assert client.get(f"/v1/indicators/{identifier}").status == 404
        changed = client.ok("PATCH", f"/v1/{name}", {"unit": "GW"}, validateOnly="true")
        assert changed["unit"] == "GW"
        assert client.ok("GET", f"/v1/{name}")["unit"] == "MW"
        assert client.delete(f"/v1/{name}", validateOnly="true").status == 200
        assert client.get(f"/v1/{name}").status == 200
        refused = client.post(
            "/v1/indicators", {"unit": "MW"}, indicatorId="never", validateOnly="true"
        )
        assert refused.status == 400


def test_validate_only_may_stand_in_the_query_where_the_request_is_the_body(system):
    client = system.client
    cluster, indicator = make.cluster(client)["name"], make.indicator(client)["name"]
    step = {"stage": "ESTABLISHED", "basis": "RECORDED", "source": "x"}
    rows = {"observations": [make.values("2022-01", 1)]}
    with system.unchanged():
        for path, body in ((f"{cluster}:advance", step),
                           (f"{indicator}/observations:batchUpsert", rows)):
            client.ok("POST", f"/v1/{path}", body, validateOnly="true")
            both = client.post(f"/v1/{path}", {**body, "validateOnly": True}, validateOnly="true")
            assert (both.status, both.reason) == (400, "DUPLICATE_FIELD")


def test_text_is_stored_as_nfc_and_found_by_nfd(client):
    nfd, nfc = "Bê\u0301n Tre", "Bến Tre"
    name = make.indicator(client, displayName={"vi": nfd})["name"]
    assert client.ok("GET", f"/v1/{name}")["displayName"]["vi"] == nfc
    for text in (nfc, nfd):
        found = client.ok("GET", "/v1/indicators", filter=f'displayName.vi = "{text}"')
        assert [item["name"] for item in found["indicators"]] == [name]
