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


def test_a_patch_takes_zeros_and_nulls_as_they_are_written(client):
    name = make.indicator(client, priceBasis="current", decimals=3)["name"]
    changed = client.ok("PATCH", f"/v1/{name}", {"priceBasis": "", "decimals": 0})
    assert (changed["priceBasis"], changed["decimals"]) == ("", 0)
    assert changed["unit"] == "MW"
    assert client.patch(f"/v1/{name}", {"unit": ""}).reason == "FIELD_REQUIRED"
    assert client.patch(f"/v1/{name}", {"displayName": None}).reason == "FIELD_REQUIRED"


def test_a_patch_of_a_part_keeps_the_other_parts(system):
    client = system.client
    name = make.indicator(client, displayName={"vi": "Điện", "en": "Power"})["name"]
    changed = client.ok("PATCH", f"/v1/{name}", {"displayName": {"vi": "Gió"}})
    assert changed["displayName"] == {"vi": "Gió", "en": "Power"}
    with system.unchanged():
        client.ok("PATCH", f"/v1/{name}", {"displayName": {}})
        client.ok("PATCH", f"/v1/{name}", {})
    changed = client.ok("PATCH", f"/v1/{name}", {"displayName": {"en": ""}})
    assert changed["displayName"] == {"vi": "Gió", "en": ""}


def test_what_was_read_may_be_sent_back_and_changes_nothing(loaded):
    client = loaded.client
    paths = ["/v1/indicators", "/v1/clusters", "/v1/movements", "/v1/schemes/night-economy"]
    paths += [f"/v1/indicators/{i}/observations" for i in ("industrial-output", "exports")]
    paths += ["/v1/indicators/exports/targets", "/v1/clusterTargets"]
    paths += ["/v1/schemes/night-economy/milestones", "/v1/organizations"]
    paths += ["/v1/movements/dong-khoi-moi-2022/registrations"]
    with loaded.unchanged():
        for path in paths:
            answer = client.ok("GET", path)
            found = [answer]
            if "name" not in answer:
                found = next(v for v in answer.values() if isinstance(v, list))
                assert found, path
            for resource in found[:5]:
                again = client.ok("PATCH", f"/v1/{resource['name']}", resource)
                assert again["revision"] == resource["revision"]


def test_an_upsert_takes_what_belongs_to_a_value_as_it_is_given(client):
    name = make.indicator(client)["name"]
    full = make.values("2022-01", 1, publishedDate="2022-02-01", source="s", note="n")
    path = f"/v1/{name}/observations/2022-01"
    client.ok("PATCH", path, full, allowMissing="true")
    kept = client.ok("PATCH", path, {"value": 2})
    assert (kept["value"], kept["source"], kept["note"]) == (2, "s", "n")
    bare = client.ok("PATCH", path, make.values("2022-01", 3), allowMissing="true")
    assert (bare["publishedDate"], bare["source"], bare["note"]) == ("", "", "")
    nothing = client.patch(path, {"value": None}, allowMissing="true")
    assert (nothing.status, nothing.reason) == (400, "FIELD_REQUIRED")


def test_any_tag_is_none_of_what_does_not_exist(system):
    client = system.client
    path = f"/v1/indicators/{make.unique('absent')}"
    with system.unchanged():
        for answer in (
            client.patch(path, BODY, {"If-Match": "*"}, allowMissing="true"),
            client.delete(path, {"If-Match": "*"}, allowMissing="true"),
        ):
            assert (answer.status, answer.reason) == (412, "ETAG_MISMATCH")


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
