"""Bad input gets a clear error and changes nothing."""

import json

import pytest

import make

INDICATOR = {"displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW", "decimals": 2}


def with_field(**fields):
    return json.dumps({**INDICATOR, **fields}).encode()


@pytest.fixture(scope="module")
def name(system):
    name = make.indicator(system.client, "bad-input", decimals=2)["name"]
    make.target(system.client, name, 2022)
    make.observation(system.client, name, "2022-03", 10)
    return name


def refused(system, answer, status=400, code="INVALID_ARGUMENT"):
    """The answer is an error of this kind, whole and without inner details."""
    assert (answer.status, answer.error["status"]) == (status, code), answer.body
    assert answer.error["code"] == status
    assert answer.error["message"]
    assert answer.reason
    assert answer.headers["content-type"].startswith("application/json")
    for inner in (".c:", "sqlite", "SQLite", "nng", "protobuf"):
        assert inner not in answer.body.decode()


MALFORMED = {
    "nothing": b"",
    "half an object": b'{"displayName": {"vi": "X"',
    "an array": b"[]",
    "a trailing comma": b'{"unit": "MW",}',
    "two values": b'{"unit": "MW"} {}',
    "a comment": b'{"unit": /* */ "MW"}',
    "single quotes": b"{'unit': 'MW'}",
    "a bare word": b'{"unit": MW}',
    "a leading zero": b'{"decimals": 02}',
    "a plus sign": b'{"decimals": +2}',
    "NaN as a word": b'{"decimals": NaN}',
    "a control character": b'{"unit": "M\x01W"}',
    "a bad escape": b'{"unit": "\\x41"}',
    "half a surrogate pair": b'{"unit": "\\ud800"}',
    "a byte order mark": b'\xef\xbb\xbf{"unit": "MW"}',
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_json_is_refused_with_its_position(system, what):
    with system.unchanged():
        answer = system.client.post("/v1/indicators?indicatorId=malformed", MALFORMED[what])
        refused(system, answer)
    if MALFORMED[what]:
        assert any(character.isdigit() for character in answer.error["message"]), answer.body


FIELDS = {
    "an unknown field": (with_field(colour="red"), "colour"),
    "an unknown field inside": (with_field(displayName={"vi": "X", "fr": "Y"}), "displayName.fr"),
    "a duplicate field": (with_field()[:-1] + b', "unit": "kWh"}', "unit"),
    "the same field twice by both its names": (
        with_field()[:-1] + b', "display_name": {"vi": "Y"}}',
        "displayName",
    ),
    "a number for a text": (with_field(unit=5), "unit"),
    "a text for an object": (with_field(displayName="X"), "displayName"),
    "an object for a number": (with_field(decimals={}), "decimals"),
    "a fraction for an integer": (with_field(decimals=1.5), "decimals"),
    "an integer over 32 bits": (with_field(decimals=1 << 40), "decimals"),
    "decimals over the limit": (with_field(decimals=7), "decimals"),
    "negative decimals": (with_field(decimals=-1), "decimals"),
    "an unknown enum": (with_field(kind="RIVER"), "kind"),
    "an enum of the wrong type": (with_field(kind=True), "kind"),
    "no required field": (b'{"unit": "MW", "kind": "FLOW"}', "displayName"),
    "no required field inside": (with_field(displayName={"en": "X"}), "displayName.vi"),
    "an empty required text": (with_field(unit=""), "unit"),
    "a text that is too long": (with_field(unit="x" * 101), "unit"),
    "an output-only field": (with_field(uid="00000000-0000-7000-8000-000000000000"), "uid"),
}


@pytest.mark.parametrize("what", FIELDS)
def test_a_wrong_field_is_refused_and_named(system, what):
    body, field = FIELDS[what]
    with system.unchanged():
        answer = system.client.post("/v1/indicators?indicatorId=wrong-field", body)
        refused(system, answer)
    assert any(found.endswith(field) for found in answer.fields), (answer.fields, answer.body)


@pytest.mark.parametrize(
    "text",
    [b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe1\xba"],
)
def test_invalid_utf8_is_refused(system, text):
    body = b'{"displayName": {"vi": "' + text + b'"}, "unit": "MW", "kind": "FLOW"}'
    with system.unchanged():
        refused(system, system.client.post("/v1/indicators?indicatorId=utf8", body))


@pytest.mark.parametrize("nested", [b"[" * 200_000, b'{"displayName":' * 50_000])
def test_deep_nesting_is_refused(system, nested):
    with system.unchanged():
        refused(system, system.client.post("/v1/indicators?indicatorId=deep", nested))


@pytest.mark.parametrize("value", ["1e999", '"NaN"', '"Infinity"', "-1e999", "1e15", "0.001", '"x"'])
def test_a_number_out_of_range_is_refused(system, name, value):
    body = f'{{"period":"2022-05","basis":"PERIOD","status":"ESTIMATED","value":{value}}}'.encode()
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}/observations", body)
        refused(system, answer)
    assert any(field.endswith("value") for field in answer.fields), answer.body


@pytest.mark.parametrize(
    "period", ["2022-13", "2022-00", "2022-1", "22-01", "2022/01", "2022-01-01", "", "1899", "x"]
)
def test_a_period_that_is_none_is_refused(system, name, period):
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}/observations", make.values(period, 1))
        refused(system, answer)
        refused(system, system.client.get(f"/v1/{name}/progress", period=period))
    assert any(field.endswith("period") for field in answer.fields), answer.body


@pytest.mark.parametrize("date", ["2022-02-30", "2022-2-3", "30/02/2022", "2022-13-01", "x"])
def test_a_date_that_is_none_is_refused(system, name, date):
    with system.unchanged():
        body = make.values("2022-05", 1, publishedDate=date)
        answer = system.client.post(f"/v1/{name}/observations", body)
        refused(system, answer)
    assert any(field.endswith("publishedDate") for field in answer.fields), answer.body


def test_more_decimals_than_the_indicator_has_are_refused(system, name):
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}/observations", make.values("2022-05", 1.234))
        refused(system, answer)
    assert answer.reason == "TOO_MANY_DECIMALS"


def test_an_unknown_parent_is_not_found(system):
    with system.unchanged():
        body = make.values("2022-05", 1)
        answer = system.client.post("/v1/indicators/nobody/observations", body)
        refused(system, answer, 404, "NOT_FOUND")
        assert "indicators/nobody" in answer.error["message"]
        refused(system, system.client.get("/v1/indicators/nobody"), 404, "NOT_FOUND")
        listed = system.client.get("/v1/indicators/nobody/observations")
        refused(system, listed, 404, "NOT_FOUND")
        made = system.client.post("/v1/clusters/nobody/investments", {"investor": "X"})
        refused(system, made, 404, "NOT_FOUND")


def test_a_duplicate_id_already_exists(system, name):
    with system.unchanged():
        answer = system.client.post("/v1/indicators", INDICATOR, indicatorId="bad-input")
        refused(system, answer, 409, "ALREADY_EXISTS")
        answer = system.client.post(f"/v1/{name}/observations", make.values("2022-03", 11))
        refused(system, answer, 409, "ALREADY_EXISTS")


@pytest.mark.parametrize("identifier", ["A", "a_b", "a/b", "a" * 64, "ñ", "a b"])
def test_an_id_that_is_none_is_refused(system, identifier):
    with system.unchanged():
        refused(system, system.client.post("/v1/indicators", INDICATOR, indicatorId=identifier))


def test_a_cumulative_value_may_not_fall(system, name):
    ytd = {"basis": "YEAR_TO_DATE", "status": "PRELIMINARY"}
    make.batch(
        system.client,
        name,
        [make.values("2021-03", 30, **ytd), make.values("2021-06", 60, **ytd)],
    )
    with system.unchanged():
        for period, value, neighbour in (("2021-04", 20, "2021-03"), ("2021-05", 61, "2021-06")):
            answer = system.client.post(
                f"/v1/{name}/observations", make.values(period, value, **ytd)
            )
            refused(system, answer, 400, "FAILED_PRECONDITION")
            assert answer.reason == "CUMULATIVE_VALUE_FALLS"
            assert neighbour in answer.error["message"]


def test_a_cumulative_value_below_an_estimate_is_taken_with_a_note(system, name):
    estimate = {"basis": "YEAR_TO_DATE", "status": "ESTIMATED"}
    official = {"basis": "YEAR_TO_DATE", "status": "OFFICIAL"}
    make.batch(system.client, name, [make.values("2020-03", 30, **estimate)])
    [stored] = make.batch(system.client, name, [make.values("2020-04", 29, **official)])
    assert [note["reason"] for note in stored["notes"]] == ["FALLS_BELOW_ESTIMATE"]


def test_a_batch_is_judged_as_a_whole(system, name):
    good, bad = make.values("2019-01", 1), make.values("2019-02", 1.234)
    with system.unchanged():
        path = f"/v1/{name}/observations:batchUpsert"
        answer = system.client.post(path, {"observations": [good, bad]})
        refused(system, answer)
        assert any("observations[1]" in field for field in answer.fields), answer.body
        refused(system, system.client.post(path, {"observations": []}))


def test_occupancy_over_all_of_the_land_is_refused(system):
    name = make.cluster(system.client, areaHectares=20, leasableHectares=10)["name"]
    tenant = {"investor": "X", "role": "TENANT", "state": "REGISTERED", "leasedHectares": 6}
    system.client.ok("POST", f"/v1/{name}/investments", tenant)
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}/investments", tenant)
        refused(system, answer, 400, "FAILED_PRECONDITION")
        assert answer.reason == "OCCUPANCY_OVER_100"
        answer = system.client.patch(f"/v1/{name}", {"leasableHectares": 5})
        refused(system, answer, 400, "FAILED_PRECONDITION")


def test_an_unknown_parameter_is_refused_and_named(system, name):
    with system.unchanged():
        for path in ("/v1/indicators?colour=red", f"/v1/{name}?colour=red"):
            answer = system.client.get(path)
            refused(system, answer)
            assert "colour" in answer.fields, answer.body
        answer = system.client.post("/v1/indicators?indicatorId=q&colour=red", INDICATOR)
        refused(system, answer)


def test_a_parameter_given_twice_is_refused(system):
    refused(system, system.client.get("/v1/indicators?pageSize=1&pageSize=2"))


@pytest.mark.parametrize("query", ["pageSize=x", "pageSize=-1", "pageSize=99999999999", "asOf=x"])
def test_a_parameter_of_the_wrong_type_is_refused(system, query):
    refused(system, system.client.get(f"/v1/indicators?{query}"))


@pytest.mark.parametrize("query", ["filter=%FF", "filter=%", "filter=%zz", "filter=%00"])
def test_a_parameter_that_is_no_text_is_refused(system, query):
    answer = system.client.get(f"/v1/indicators?{query}")
    assert answer.status == 400, answer.body


def test_an_unknown_path_is_not_found_and_a_known_one_says_what_it_allows(system, name):
    with system.unchanged():
        refused(system, system.client.get("/v1/nothing"), 404, "NOT_FOUND")
        answer = system.client.request("PUT", f"/v1/{name}", INDICATOR)
        refused(system, answer, 405, "UNIMPLEMENTED")
        allowed = {verb.strip() for verb in answer.headers["allow"].split(",")}
        assert {"GET", "PATCH", "DELETE"} <= allowed
        answer = system.client.post("/healthz")
        assert answer.status == 405


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "json"])
def test_a_body_of_another_kind_is_refused(system, kind):
    with system.unchanged():
        answer = system.client.post(
            "/v1/indicators?indicatorId=media", with_field(), {"Content-Type": kind}
        )
        refused(system, answer, 415)


def test_a_new_cluster_is_planned_and_nothing_else(system):
    body = {"displayName": {"vi": "X"}, "district": "834", "stage": "OPERATING"}
    with system.unchanged():
        refused(system, system.client.post("/v1/clusters?clusterId=stage", body))


def test_everything_refused_was_told_without_a_log_of_an_error(system):
    system.check_logs()


@pytest.mark.parametrize("number", ["12.340000000000000001", "1e-400", '"-1e-400"'])
def test_a_number_that_a_double_does_not_hold_is_refused(system, number):
    name = make.indicator(system.client)["name"]
    body = json.dumps(make.values("2022-01", 7)).replace("7", number).encode()
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}/observations", body)
    assert (answer.status, answer.reason) == (400, "INVALID_VALUE")


def test_a_control_character_in_a_text_is_refused(system):
    with system.unchanged():
        body = {"displayName": {"vi": "a\x01b"}, "unit": "MW", "kind": "FLOW"}
        answer = system.client.post("/v1/indicators", body)
    assert (answer.status, answer.reason) == (400, "INVALID_VALUE")
    assert answer.fields == ["indicator.displayName.vi"]
    assert "control character" in answer.error["message"]
    name = make.indicator(system.client, displayName={"vi": "a\tb\nc"})["name"]
    assert system.client.ok("GET", f"/v1/{name}")["displayName"]["vi"] == "a\tb\nc"
