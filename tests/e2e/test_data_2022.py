"""The Department's data of 2022 as deploy/ loads it, and what comes out of it."""

import pytest

import make


def test_loading_again_changes_nothing(loaded):
    with loaded.unchanged():
        assert loaded.load() == 0


def test_all_observations_are_there_with_their_revisions(loaded):
    page = loaded.client.ok("GET", "/v1/indicators/-/observations", pageSize=1000)
    by_name = {item["name"]: item for item in page["observations"]}
    assert by_name["indicators/industrial-output/observations/2021"]["revision"] == 2
    assert by_name["indicators/industrial-output/observations/2021"]["value"] == 32402
    assert by_name["indicators/industrial-output/observations/2022-09-ytd"]["revision"] == 2
    assert sum(item["revision"] for item in page["observations"]) == 27 + 4


@pytest.mark.parametrize(
    ("indicator", "percent"),
    [
        ("industrial-output", 95.30),
        ("retail-sales", 101.85),
        ("exports", 100.64),
        ("imports", 71.25),
        ("wind-power-commissioned", 66.46),
    ],
)
def test_plan_percent_of_the_year(loaded, indicator, percent):
    assert make.progress(loaded.client, f"indicators/{indicator}", "2022-12")["planPercent"] == percent


def test_electricity_has_no_value_and_says_so(loaded):
    progress = make.progress(loaded.client, "indicators/electricity-sales", "2022-12")
    assert progress["planPercent"] is None
    assert progress["yearToDate"] is None
    assert progress["levelStatus"] == "UNKNOWN"
    assert any(note["field"] == "planPercent" and note["message"] for note in progress["notes"])


def test_every_null_of_the_progress_has_a_note(loaded):
    for indicator in loaded.client.ok("GET", "/v1/indicators")["indicators"]:
        progress = make.progress(loaded.client, indicator["name"], "2022-12")
        noted = {note["field"] for note in progress["notes"]}
        nulls = {name for name, value in progress.items() if value is None}
        assert nulls <= noted, indicator["name"]


def test_wind_power_says_from_when_its_level_is(loaded):
    progress = make.progress(loaded.client, "indicators/wind-power-commissioned", "2022-12")
    assert progress["yearToDate"] == 93.05
    assert progress["yearToDatePeriod"] == "2021-11"


def test_growth_on_the_base_as_known_and_on_the_base_of_the_plan(loaded):
    progress = make.progress(loaded.client, "indicators/industrial-output", "2022-12")
    assert progress["growthPercent"] == 12.65
    assert progress["growthOnPlanBasePercent"] == 3.12


def test_the_level_was_missed_and_the_growth_exceeded(loaded):
    progress = make.progress(loaded.client, "indicators/industrial-output", "2022-12")
    assert progress["levelStatus"] in ("AT_RISK", "OFF_TRACK")
    assert progress["growthStatus"] == "EXCEEDED"
    assert progress["provisional"] is True


def test_imports_are_not_judged(loaded):
    assert (
        make.progress(loaded.client, "indicators/imports", "2022-12")["levelStatus"] == "NOT_JUDGED"
    )


def test_nine_months_as_known_now_and_as_published_in_the_year(loaded):
    now = make.progress(loaded.client, "indicators/industrial-output", "2022-09")
    assert (now["yearToDate"], now["growthPercent"]) == (27204, 23.65)
    then = make.progress(
        loaded.client, "indicators/industrial-output", "2022-09", publishedBy="2022-12-31"
    )
    assert (then["yearToDate"], then["growthPercent"]) == (26900, 22.27)


def test_the_plants_sum_to_the_published_level(loaded):
    page = loaded.client.ok(
        "GET", "/v1/indicators/wind-power-commissioned/observations", pageSize=100
    )
    plants = {
        item["breakdown"]["plant"]: item["value"]
        for item in page["observations"]
        if item["breakdown"]
    }
    assert plants == {"v1-3": 29.4, "binh-dai-1": 4.2, "vpl-1": 25.2, "thanh-hai": 34.25}
    assert round(sum(plants.values()), 2) == 93.05


def test_no_new_cluster_of_two_and_each_is_explained(loaded):
    count = loaded.client.ok("GET", "/v1/clusters:countNew", year=2022)
    assert (count["count"], count["minNewClusters"], count["achieved"]) == (0, 2, False)
    assert count["countingRule"] == "ESTABLISHED_IN_YEAR"
    assert len(count["clusters"]) == 6
    assert all(not c["counted"] and c["reason"] and c["sentence"] for c in count["clusters"])
    reasons = {c["cluster"]: c["reason"] for c in count["clusters"]}
    assert reasons["clusters/phong-nam"] == "BEFORE_YEAR"
    assert reasons["clusters/phu-hung"] == "ONLY_RECORDED"


def test_decisions_of_the_clusters_are_dated(loaded):
    cluster = loaded.client.ok("GET", "/v1/clusters/phong-nam")
    assert cluster["stage"] == "OPERATING"
    documents = {c["document"]["number"] for c in cluster["stageChanges"] if c.get("document")}
    assert {"1098/QĐ-UBND", "2178/QĐ-UBND"} <= documents
    assert [c["kind"] for c in cluster["areaChanges"]] == ["ESTABLISH", "EXPAND", "REDUCE"]
    assert cluster["areaHectares"] == 74.3122
    assert cluster["areaOutdated"] is True
    area = loaded.client.ok("GET", "/v1/clusters/phong-nam:areaAt", date="2012-01-01")
    assert area["areaHectares"] == 10.3122


def test_the_table_shows_the_results(loaded):
    out = loaded.report(columns=200)
    for text in ("Giá trị sản xuất công nghiệp", "95.30", "101.85", "93.05†", "of 2021-11", "0 of 2"):
        assert text in out
    lines = out.splitlines()
    rule = next(i + 1 for i, line in enumerate(lines) if line.startswith("Indicator "))
    columns = [lines[rule - 1].index(h) for h in ("Unit", "Level")]
    for line in lines[rule + 1 : rule + 7]:
        for column in columns:
            assert line[column - 1] == " " and line[column] != " ", line


def test_the_table_gives_way_to_a_narrow_terminal(loaded):
    lines = loaded.report(columns=105).splitlines()
    rule = next(i + 1 for i, line in enumerate(lines) if line.startswith("Indicator "))
    assert len(lines[rule]) <= 105
    assert all(len(line) <= 105 for line in lines[rule + 1 : lines.index("", rule)])
    promises = next(i for i, line in enumerate(lines) if line.startswith("Promise "))
    assert all(len(line) <= 105 for line in lines[promises : lines.index("", promises)])
