"""Lists as CSV and SDMX-CSV, and what Accept may say."""

import csv
import io
import json
import re

import pytest

import make

CSV = {"Accept": "text/csv"}
SDMX = "application/vnd.sdmx.data+csv"


def rows(answer):
    """(header, rows) of a CSV answer, after a look at its form."""
    assert answer.status == 200, answer.body
    assert not answer.body.startswith(b"\xef\xbb\xbf")
    text = answer.body.decode()
    assert text.endswith("\r\n")
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(table[0]) for row in table)
    assert len(set(table[0])) == len(table[0])
    return table[0], table[1:]


def lists(system):
    """The paths of all lists, with what stands for their parents."""
    for path, item in system.client.ok("GET", "/openapi.json")["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "text/csv" in content:
            yield path


def filled(path):
    """A path of the document with parents: of all, or those of the data."""
    examples = {
        "indicator": "industrial-output", "target": "2022", "observation": "2022",
        "cluster": "phong-nam", "clusterTarget": "2022",
        "movement": "dong-khoi-moi-2022", "registration": "wind-power", "scheme": "night-economy",
        "milestone": "approval", "evidence": "decision",
    }
    return re.sub(r"\{(\w+)\}", lambda match: examples.get(match.group(1), "-"), path)


def value_at(item, path):
    for part in path.split("."):
        if item is None:
            return None
        item = item.get(part)
    return item


def same(cell, value):
    """True when the cell says what the JSON says."""
    if value is None or value in ([], {}):
        return cell in ("", "{}")
    if isinstance(value, (dict, list)):
        return json.loads(cell) == value
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, (int, float)):
        return json.loads(cell) == value
    text = cell[1:] if cell.startswith("'") else cell
    return text == value


def test_every_list_is_a_table_with_what_the_json_has(loaded):
    paths = list(lists(loaded))
    assert len(paths) > 15 and "/v1/indicators" in paths
    compared = 0
    for path in paths:
        as_json = loaded.client.get(filled(path), pageSize=1000)
        if as_json.status != 200:  # a history of something that the data has none of
            assert as_json.status == 404 and ":history" in path, (path, as_json.body)
            continue
        header, table = rows(loaded.client.get(filled(path), CSV, pageSize=1000))
        items = next(value for value in as_json.json.values() if isinstance(value, list))
        assert len(table) == len(items), path
        for row, item in zip(table, items):
            for name, cell in zip(header, row):
                assert same(cell, value_at(item, name)), (path, name, cell)
                compared += 1
    assert compared > 2000


def test_the_header_is_there_without_rows(client):
    header, table = rows(client.get("/v1/clusters", CSV, filter='name = "clusters/none"'))
    assert not table
    assert header[:3] == ["name", "uid", "revision"]
    assert {"displayName.vi", "displayName.en", "areaHectares"} <= set(header)


def test_text_that_spreadsheets_would_run_is_guarded_and_numbers_are_not(client):
    name = make.indicator(client, "guarded", displayName={"vi": '=HYPERLINK("http://x","y")'})["name"]
    notes = ["=1+1", "+9.73 %", "-1", "@SUM(A1)", "'x", "a=b", 'say "x", then\ny', "", "Đồng khởi"]
    make.batch(
        client, name,
        [make.values(f"2020-{i + 1:02}", -i - 0.5, note=note) for i, note in enumerate(notes)],
    )
    header, table = rows(client.get(f"/v1/{name}/observations", CSV))
    cells = [row[header.index("note")] for row in table]
    assert cells == ["'=1+1", "'+9.73 %", "'-1", "'@SUM(A1)", "''x", *notes[5:]]
    assert [cell[1:] if cell.startswith("'") else cell for cell in cells] == notes
    assert [float(row[header.index("value")]) for row in table] == [-i - 0.5 for i in range(9)]
    assert all(row[header.index("value")].startswith("-") for row in table)
    header, table = rows(client.get("/v1/indicators", CSV, filter=f'name = "{name}"'))
    assert table[0][header.index("displayName.vi")] == "'=HYPERLINK(\"http://x\",\"y\")"


def test_links_lead_through_all_pages(loaded):
    path, found, pages = "/v1/indicators/-/observations?pageSize=7&filter=value%20%3E%200", [], 0
    while path:
        answer = loaded.client.get(path, CSV)
        header, table = rows(answer)
        found += [row[0] for row in table]
        pages += 1
        link = answer.headers.get("link")
        assert ("next-page-token" in answer.headers) == (link is not None)
        path = re.fullmatch(r'<(/[^>]*)>; rel="next"', link).group(1) if link else None
        assert not path or path.count("pageToken=") == 1
    whole = loaded.client.ok(
        "GET", "/v1/indicators/-/observations", pageSize=1000, filter="value > 0"
    )
    assert found == [item["name"] for item in whole["observations"]]
    assert pages > 3


def test_the_feed_is_a_table_too(loaded):
    answer = loaded.client.get("/v1/changes", CSV, pageSize=5)
    header, table = rows(answer)
    assert header[:2] == ["service", "seq"] and len(table) == 5
    following = re.fullmatch(r'<([^>]*)>; rel="next"', answer.headers["link"]).group(1)
    assert "since=" in following
    _, more = rows(loaded.client.get(following, CSV))
    assert not {tuple(row[:2]) for row in table} & {tuple(row[:2]) for row in more}


@pytest.mark.parametrize(
    "accept, kind",
    [
        ("*/*", "application/json"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("text/csv; charset=UTF-8; header=present", "text/csv"),
        ("", "application/json"),
        (SDMX, SDMX),
    ],
)
def test_accept_is_heard(loaded, accept, kind):
    answer = loaded.client.get("/v1/indicators/exports/observations", {"Accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["vary"] == "Accept"


def test_what_cannot_be_had_is_406_and_says_what_can(loaded):
    for path, accept in (
        ("/v1/indicators", "text/html"),
        ("/v1/indicators", SDMX),
        ("/v1/indicators/exports", "text/csv"),
        ("/v1/indicators/-/observations", f"{SDMX};version=9.0"),
        ("/v1/indicators/-/observations", f"{SDMX};version=2.0.0;labels=both"),
        ("/v1/indicators", "*/*;q=0"),
    ):
        answer = loaded.client.get(path, {"Accept": accept})
        assert answer.status == 406 and answer.reason == "NOT_ACCEPTABLE", (path, accept)
        assert "application/json" in answer.metadata["possibleTypes"]


def test_nothing_is_written_when_the_answer_cannot_be_had(system):
    body = {"displayName": {"vi": "x"}, "unit": "MW", "kind": "FLOW"}
    with system.unchanged():
        answer = system.client.post("/v1/indicators", body, {"Accept": "text/csv"}, indicatorId="x")
        assert answer.status == 406


def test_each_form_has_a_tag_of_its_own(loaded):
    path = "/v1/indicators/exports/observations"
    tags = {}
    for accept in ("application/json", "text/csv", SDMX, f"{SDMX};version=1.0.0"):
        answer = loaded.client.get(path, {"Accept": accept})
        tags[accept] = answer.headers["etag"]
        again = loaded.client.get(path, {"Accept": accept, "If-None-Match": tags[accept]})
        assert again.status == 304 and not again.body
        head = loaded.client.request("HEAD", path, headers={"Accept": accept})
        assert head.headers["content-length"] == str(len(answer.body)) and not head.body
    assert len(set(tags.values())) == 4


@pytest.mark.parametrize("version", ["2.0.0", "1.0.0"])
def test_observations_are_an_sdmx_message(loaded, version):
    accept = {"Accept": f"{SDMX};version={version}"}
    answer = loaded.client.get("/v1/indicators/-/observations", accept, pageSize=1000)
    assert answer.headers["content-type"].startswith(f"{SDMX}; version={version}")
    header, table = rows(answer)
    first = ["STRUCTURE", "STRUCTURE_ID", "ACTION"] if version == "2.0.0" else ["DATAFLOW"]
    assert header == [
        *first, "INDICATOR", "FREQ", "TIME_PERIOD", "BASIS", "WINDOW", "PLANT", "OBS_VALUE",
        "OBS_STATUS", "STATUS", "UNIT_MEASURE", "DECIMALS", "SOURCE", "PUBLISHED_DATE", "NOTE",
    ]
    items = loaded.client.ok("GET", "/v1/indicators/-/observations", pageSize=1000)["observations"]
    units = {
        item["name"]: item["unit"] for item in loaded.client.ok("GET", "/v1/indicators")["indicators"]
    }
    assert len(table) == len(items) > 20
    for row, item in zip(table, items):
        cells = dict(zip(header, row))
        indicator = item["name"].split("/observations/")[0]
        assert f'indicators/{cells["INDICATOR"]}' == indicator
        assert cells["TIME_PERIOD"] == item["period"]
        assert cells["FREQ"] == ("A" if len(item["period"]) == 4 else "M")
        assert cells["PLANT"] == item["breakdown"].get("plant", "_T")
        assert json.loads(cells["OBS_VALUE"]) == item["value"]
        assert cells["STATUS"] == item["status"]
        assert cells["OBS_STATUS"] == {"ESTIMATED": "E", "PRELIMINARY": "P", "OFFICIAL": "A"}[item["status"]]
        assert cells["UNIT_MEASURE"] == units[indicator] == item["unit"]
        assert cells["DECIMALS"] == str(item["decimals"])
        assert (cells["SOURCE"], cells["PUBLISHED_DATE"], cells["NOTE"]) == (
            item["source"], item["publishedDate"], item["note"],
        )
        if version == "2.0.0":
            assert row[:3] == ["dataflow", "DONGKHOI:OBSERVATIONS(1.0.0)", "I"]
        else:
            assert row[0] == "DONGKHOI:OBSERVATIONS(1.0)"
