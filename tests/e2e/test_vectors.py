"""Check vectors of the domain through the API."""

import make


def test_v1_progress_of_half_a_year(client):
    name = make.indicator(client, decimals=2)["name"]
    make.target(client, name, 2022, value=1500)
    base = [90, 70, 100, 95, 100, 105, 100, 110, 105, 110, 120, 135]
    year = [100, 80, 115, 105, 112, 118]
    make.batch(
        client,
        name,
        [make.values(f"2021-{m:02}", x, status="OFFICIAL") for m, x in enumerate(base, 1)]
        + [make.values(f"2022-{m:02}", x, status="OFFICIAL") for m, x in enumerate(year, 1)],
    )
    progress = make.progress(client, name, "2022-06")
    assert progress["yearToDate"] == 630
    assert progress["planPercent"] == 42.00
    assert progress["growthPercent"] == 12.50
    assert progress["requiredRunRate"] == 145.0
    assert progress["requiredGrowthPercent"] == 27.94
    assert progress["linearForecast"] == 1260
    assert progress["seasonalForecast"] == 1395
    assert progress["levelStatus"] == "OFF_TRACK"
    assert progress["provisional"] is False
    assert progress["complete"] is True
    assert progress["missingPeriods"] == []
    inputs = [item["name"] for item in progress["inputs"]]
    assert f"{name}/targets/2022" in inputs and f"{name}/observations/2022-06" in inputs


def test_v2_contributions_of_parts(client):
    name = make.indicator(client)["name"]
    parts = {"a": (400, 460), "b": (600, 630), "c": (300, 285)}
    observations = [make.values("2021-06", 1300), make.values("2022-06", 1375)]
    for code, (previous, current) in parts.items():
        observations.append(make.values("2021-06", previous, breakdown={"branch": code}))
        observations.append(make.values("2022-06", current, breakdown={"branch": code}))
    make.batch(client, name, observations)
    found = client.ok("GET", f"/v1/{name}/contributions", period="2022-06", dimension="branch")
    assert found["growthPercent"] == 5.7692
    assert {part["code"]: part["contribution"] for part in found["parts"]} == {
        "a": 4.6154,
        "b": 2.3077,
        "c": -1.1538,
    }
    assert (found["previous"], found["current"]) == (1300, 1375)
    assert abs(found["residual"]) < 0.0002
    assert found["complete"] is True


def test_a_missing_month_is_missing_and_never_zero(client):
    name = make.indicator(client)["name"]
    make.target(client, name, 2022, value=100)
    make.batch(client, name, [make.values(f"2022-{m:02}", 10) for m in (1, 3)])
    progress = make.progress(client, name, "2022-03")
    assert progress["yearToDate"] is None
    assert progress["complete"] is False
    assert progress["missingPeriods"] == ["2022-02"]
    assert any(note["field"] == "yearToDate" for note in progress["notes"])


def test_a_cumulative_value_bridges_what_is_missing_before_it(client):
    name = make.indicator(client)["name"]
    make.target(client, name, 2022, value=100)
    make.batch(
        client,
        name,
        [make.values("2022-02", 25, basis="YEAR_TO_DATE"), make.values("2022-03", 10)],
    )
    assert make.progress(client, name, "2022-03")["yearToDate"] == 35


def test_more_than_is_strict_and_approximately_has_its_tolerance(client):
    for comparator, value, status, more in (
        ("MORE_THAN", 100, "IN_PROGRESS", {}),
        ("MORE_THAN", 100.01, "EXCEEDED", {}),
        ("AT_LEAST", 100, "ACHIEVED", {}),
        ("AT_LEAST", 100.01, "EXCEEDED", {}),
        ("APPROXIMATELY", 95, "ACHIEVED", {"tolerancePercent": 5}),
        ("APPROXIMATELY", 105, "ACHIEVED", {"tolerancePercent": 5}),
    ):
        name = make.indicator(client, kind="STOCK")["name"]
        make.target(client, name, 2022, comparator=comparator, value=100, **more)
        make.observation(client, name, "2022-12", value)
        progress = make.progress(client, name, "2022-12")
        assert progress["levelStatus"] == status, (comparator, value, progress)


def test_administrative_and_statistical_windows_are_not_added_up(client):
    name = make.indicator(client)["name"]
    make.target(client, name, 2022, value=100)
    make.batch(
        client,
        name,
        [
            make.values("2022-01", 10),
            make.values("2022-02", 20, window="ADMINISTRATIVE"),
        ],
    )
    assert make.progress(client, name, "2022-02")["yearToDate"] is None
    assert make.progress(client, name, "2022-01")["yearToDate"] == 10


def test_values_stay_exact(client):
    name = make.indicator(client, decimals=6)["name"]
    make.target(client, name, 2022, value=1)
    make.batch(client, name, [make.values(f"2022-{m:02}", 0.1) for m in range(1, 11)])
    progress = make.progress(client, name, "2022-10")
    assert progress["yearToDate"] == 1
    assert progress["levelStatus"] == "ACHIEVED"
