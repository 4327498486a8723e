"""The legal life of a cluster through the API."""

import make

STAGES = [
    "INVESTOR_CALL",
    "APPRAISAL",
    "ESTABLISHED",
    "DETAILED_PLAN",
    "INFRASTRUCTURE_PROJECT",
    "LAND_CLEARANCE",
    "CONSTRUCTION",
]


def target(client, year, rule="ESTABLISHED_IN_YEAR", minimum=2):
    body = {"minNewClusters": minimum, "countingRule": rule}
    client.ok("POST", "/v1/clusterTargets", body, clusterTargetId=str(year))


def verdict(client, year, name):
    count = client.ok("GET", "/v1/clusters:countNew", year=year)
    return next(item for item in count["clusters"] if item["cluster"] == name)


def test_stages_follow_one_another_by_document(client):
    name = make.cluster(client)["name"]
    for month, stage in enumerate(STAGES, 1):
        cluster = make.advance(client, name, stage, f"2021-{month:02}-01")
        assert cluster["stage"] == stage
    changes = client.ok("GET", f"/v1/{name}/stageChanges")["stageChanges"]
    assert [change["stage"] for change in changes] == ["PLANNED", *STAGES]


def test_a_wrong_step_says_which_steps_are_possible(system):
    client = system.client
    name = make.cluster(client)["name"]
    with system.unchanged():
        body = {"stage": "CONSTRUCTION", "document": make.document()}
        answer = client.post(f"/v1/{name}:advance", body)
    assert (answer.status, answer.reason) == (400, "STAGE_NOT_POSSIBLE"), answer.body
    assert "INVESTOR_CALL" in answer.metadata["possibleStages"]
    assert "INVESTOR_CALL" in answer.error["message"]


def test_a_stage_needs_its_document(system):
    name = make.cluster(system.client)["name"]
    with system.unchanged():
        answer = system.client.post(f"/v1/{name}:advance", {"stage": "INVESTOR_CALL"})
        assert answer.status == 400, answer.body
        assert answer.error["status"] in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")
        answer = system.client.post(
            f"/v1/{name}:advance", {"stage": "INVESTOR_CALL", "basis": "RECORDED"}
        )
        assert answer.status == 400, answer.body


def test_a_stage_is_skipped_only_with_a_waiver(client):
    name = make.cluster(client)["name"]
    waiver = {"document": make.document("W/UBND", "2021-01-01"), "reason": "Đã thẩm định"}
    cluster = make.advance(client, name, "ESTABLISHED", "2021-02-01", waiver=waiver)
    assert cluster["stage"] == "ESTABLISHED"
    assert cluster["stageChanges"][-1]["waiver"]["reason"] == "Đã thẩm định"


def test_dates_of_stages_are_in_order(system):
    name = make.cluster(system.client)["name"]
    make.advance(system.client, name, "INVESTOR_CALL", "2021-05-01")
    with system.unchanged():
        body = {"stage": "APPRAISAL", "document": make.document(date="2021-04-01")}
        answer = system.client.post(f"/v1/{name}:advance", body)
        assert (answer.status, answer.reason) == (400, "DATE_OUT_OF_ORDER"), answer.body
        body = {"stage": "APPRAISAL", "document": make.document(date="2999-01-01")}
        answer = system.client.post(f"/v1/{name}:advance", body)
        assert answer.status == 400, answer.body


def test_counting_follows_the_rule_of_the_year(client):
    target(client, 2019)
    counted = make.cluster(client)["name"]
    for month, stage in enumerate(STAGES[:3], 1):
        make.advance(client, counted, stage, f"2019-{month:02}-01")
    recorded = make.cluster(client)["name"]
    found = {"stage": "ESTABLISHED", "basis": "RECORDED", "source": "báo", "date": "2019-05"}
    client.ok("POST", f"/v1/{recorded}:advance", found)
    planned = make.cluster(client)["name"]
    assert verdict(client, 2019, counted)["counted"] is True
    assert verdict(client, 2019, counted)["document"]["number"] == "ESTABLISHED/QĐ-UBND"
    assert (verdict(client, 2019, recorded)["counted"], verdict(client, 2019, recorded)["reason"]) == (
        False,
        "ONLY_RECORDED",
    )
    assert verdict(client, 2019, planned)["reason"] == "NOT_REACHED"


def test_counting_by_the_start_of_construction(client):
    target(client, 2018, "CONSTRUCTION_STARTED_IN_YEAR", 1)
    name = make.cluster(client)["name"]
    for month, stage in enumerate(STAGES, 1):
        make.advance(client, name, stage, f"2018-{month:02}-01")
    count = client.ok("GET", "/v1/clusters:countNew", year=2018)
    assert count["count"] >= 1 and count["achieved"] is True


def test_a_year_without_a_target_is_not_found(client):
    answer = client.get("/v1/clusters:countNew", year=1999)
    assert (answer.status, answer.reason) == (404, "TARGET_NOT_FOUND"), answer.body


def test_areas_are_a_dated_series(system):
    client = system.client
    name = make.cluster(client)["name"]
    path = f"/v1/{name}:adjustArea"
    steps = [("ESTABLISH", 10, "2015-01-01"), ("EXPAND", 40, "2016-01-01"), ("REDUCE", 30, "2017-01-01")]
    for kind, area, date in steps:
        body = {"kind": kind, "areaHectares": area, "document": make.document(f"{kind}/QĐ", date)}
        client.ok("POST", path, body)
    for date, area in (("2015-06-01", 10), ("2016-06-01", 40), ("2020-01-01", 30)):
        found = client.ok("GET", f"/v1/{name}:areaAt", date=date)
        assert found["areaHectares"] == area
    with system.unchanged():
        body = {"kind": "EXPAND", "areaHectares": 5, "document": make.document("X", "2018-01-01")}
        answer = client.post(path, body)
        assert (answer.status, answer.reason) == (400, "AREA_CONTRADICTS"), answer.body
        body = {"kind": "ESTABLISH", "areaHectares": 5, "document": make.document("X", "2018-01-01")}
        answer = client.post(path, body)
        assert (answer.status, answer.reason) == (400, "ALREADY_ESTABLISHED"), answer.body
        answer = client.patch(f"/v1/{name}", {"areaHectares": 99})
        assert answer.status == 400, answer.body
    unknown = {"kind": "REDUCE", "document": make.document("R", "2019-01-01")}
    assert client.ok("POST", path, unknown)["areaOutdated"] is True


def test_occupancy_is_leased_over_leasable(client):
    name = make.cluster(client, areaHectares=20, leasableHectares=12)["name"]
    for leased in (3, 4.5):
        body = {"investor": "X", "role": "TENANT", "state": "REGISTERED", "leasedHectares": leased}
        client.ok("POST", f"/v1/{name}/investments", body)
    cluster = client.ok("GET", f"/v1/{name}")
    assert (cluster["leasedHectares"], cluster["occupancyPercent"]) == (7.5, 62.5)
    assert cluster["tenantCount"] == 2


def test_more_disbursed_than_committed_is_flagged(client):
    name = make.cluster(client)["name"]
    body = {
        "investor": "X",
        "role": "INFRASTRUCTURE",
        "committedCapitalBillionVnd": 100,
        "disbursedCapitalBillionVnd": 120,
    }
    made = client.ok("POST", f"/v1/{name}/investments", body)
    assert [note["reason"] for note in made["notes"]] == ["DISBURSED_OVER_COMMITTED"]


def test_investments_move_by_their_states(system):
    client = system.client
    name = make.cluster(client)["name"]
    made = client.ok("POST", f"/v1/{name}/investments", {"investor": "X", "role": "TENANT"})
    assert made["state"] == "PROPOSED"
    with system.unchanged():
        answer = client.post(f"/v1/{made['name']}:advance", {"state": "OPERATING"})
        assert (answer.status, answer.reason) == (400, "STATE_NOT_POSSIBLE"), answer.body
        assert "REGISTERED" in answer.metadata["possibleStates"]
    moved = client.ok("POST", f"/v1/{made['name']}:advance", {"state": "REGISTERED"})
    assert moved["state"] == "REGISTERED"


def test_a_summary_adds_up(fresh):
    client = fresh.client
    for area in (10, 20):
        make.cluster(client, areaHectares=area)
    summary = client.ok("GET", "/v1/clusters:summarize")
    assert summary["total"]["clusters"] == 2
    assert summary["planned"]["clusters"] == 2
    assert summary["total"]["areaHectares"] == 30
    assert summary["established"]["clusters"] == 0
