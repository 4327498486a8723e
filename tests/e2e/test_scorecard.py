"""The scorecard: every commitment by its own test, from what four services know."""

import contextlib
import datetime
import itertools
import signal
import time
from decimal import ROUND_HALF_UP, Decimal

import pytest

import make
from harness import BUILD, answers, read_all, wait_until

MOVEMENT = "movements/dong-khoi-moi-2022"
AT_ONCE = 64
# Sanitizers cost a multiple; without them it is a second.
AT_ONCE_SECONDS = 1 if "release" in BUILD.name else 3


# What a service has leased may be answered without it for so long, with time to spare.
LEASE_SECONDS = 0.3


def scorecard(client, movement=MOVEMENT, **query):
    return client.ok("GET", f"/v1/{movement}/scorecard", **query)


def lines(card):
    return {line["registration"].rsplit("/", 1)[1]: line for line in card["lines"]}


def reasons(line):
    return {note["reason"] for note in line["notes"]}


def revision(client, name, number):
    """One revision of a resource, by its history."""
    token = ""
    while True:
        page = client.ok("GET", f"/v1/{name}:history", pageSize=1000, pageToken=token)
        for entry in page["revisions"]:
            if entry["revision"] == number:
                kinds = [value for value in entry.values() if isinstance(value, dict)]
                return kinds[0]
        token = page["nextPageToken"]
        assert token, (name, number)


def test_the_three_promises_of_2022(loaded):
    card = scorecard(loaded.client)
    assert card["complete"] and card["year"] == 2022 and card["movement"] == MOVEMENT
    by_id = lines(card)
    assert set(by_id) == {"wind-power", "industrial-clusters", "night-economy"}
    wind = by_id["wind-power"]
    assert (wind["value"], wind["target"], wind["percent"]) == (93.05, 140, 66.46)
    assert (wind["comparator"], wind["tolerancePercent"], wind["unit"]) == ("APPROXIMATELY", 5, "MW")
    assert (wind["status"], wind["period"]) == ("OFF_TRACK", "2021-11")
    clusters = by_id["industrial-clusters"]
    assert (clusters["value"], clusters["target"], clusters["percent"]) == (0, 2, 0)
    assert (clusters["comparator"], clusters["status"]) == ("AT_LEAST", "OFF_TRACK")
    night = by_id["night-economy"]
    assert (night["value"], night["target"], night["status"]) == (1, 1, "ACHIEVED")
    assert night["evidence"]["number"] == "3051/QĐ-UBND"
    assert night["evidence"]["date"] == night["date"] == "2022-12-30"
    for line in card["lines"]:
        assert line["rule"] and line["localizedRule"]["vi"] and line["inputs"]
        assert line["displayName"]["vi"] and line["organization"] == "organizations/sct"


def test_the_progress_of_every_target_is_on_it(loaded):
    card = scorecard(loaded.client)
    found = {p["name"]: p for p in card["indicators"]}
    assert len(found) == 6
    for name, progress in found.items():
        alone = make.progress(loaded.client, name, progress["period"])
        del alone["lastChange"]  # the scorecard says that of itself and its sources
        assert progress == alone
    assert found["indicators/industrial-output"]["planPercent"] == 95.3
    assert found["indicators/electricity-sales"]["yearToDate"] is None


def test_the_progress_of_many_indicators_in_one_answer(loaded):
    names = [f"indicators/{name}" for name in ("exports", "nobody", "industrial-output")]
    query = "&".join([*(f"names={name}" for name in names), "period=2022", "latest=true"])
    found = loaded.client.ok(
        "GET", f"/v1/indicators:batchGetProgress?{query}&publishedBy=2022-12-31"
    )
    assert [p["name"] for p in found["progresses"]] == [names[0], names[2]]
    assert found["progresses"][1]["period"] == "2022-09"
    assert found["notFound"] == [names[1]]


def test_the_picture_of_the_last_day_of_the_year(loaded):
    card = scorecard(loaded.client, publishedBy="2022-12-31")
    assert (card["publishedBy"], card["date"]) == ("2022-12-31", "2022-12-31")
    by_id = lines(card)
    assert by_id["wind-power"]["value"] == 93.05
    assert by_id["industrial-clusters"]["value"] == 0
    assert by_id["night-economy"]["status"] == "ACHIEVED"
    output = {p["name"]: p for p in card["indicators"]}["indicators/industrial-output"]
    assert (output["period"], output["yearToDate"], output["growthPercent"]) == (
        "2022-09", 26900, 22.27,
    )
    before = lines(scorecard(loaded.client, publishedBy="2022-12-29"))
    assert before["night-economy"]["status"] != "ACHIEVED"
    assert "evidence" not in before["night-economy"]


def test_before_anything_was_recorded_there_is_no_movement(loaded):
    answer = loaded.client.get(f"/v1/{MOVEMENT}/scorecard", asOf="2022-12-31T00:00:00Z")
    assert (answer.status, answer.reason) == (404, "RESOURCE_NOT_FOUND")


def percent_of(value, target):
    exact = Decimal(str(value)) * 100 / Decimal(str(target))
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def status_of(comparator, value, target, tolerance, forecast):
    """The status of a line in an open year, as a third party computes it."""
    value, target = Decimal(str(value)), Decimal(str(target))
    met = {
        "AT_LEAST": value >= target,
        "DONE": value >= target,
        "MORE_THAN": value > target,
        "APPROXIMATELY": abs(value - target) * 100 <= Decimal(str(tolerance or 0)) * abs(target),
    }[comparator]
    if met:
        return "EXCEEDED" if comparator in ("AT_LEAST", "MORE_THAN") and value > target else "ACHIEVED"
    if forecast is None:
        return "IN_PROGRESS"
    forecast = Decimal(str(forecast))
    if forecast * 100 < target * 95:
        return "OFF_TRACK"
    return "AT_RISK" if forecast < target else "IN_PROGRESS"


def recompute_indicator(client, line, test):
    """C of the year from the observations among the inputs: of a level the latest one, else the
    cumulative value of the period, else the sum of the months."""
    observed = []
    for entry in line["inputs"]:
        if "/observations/" in entry["name"]:
            body = revision(client, entry["name"], entry["revision"])
            assert body["value"] == entry["value"]
            observed.append(body)
    indicator = client.ok("GET", f"/v1/indicators/{test['indicator']}")
    if indicator["kind"] == "STOCK":
        return max(observed, key=lambda body: body["period"])["value"]
    own = [body for body in observed if body["period"].startswith(str(test["year"]))]
    whole = [body["value"] for body in own if body["period"] == str(test["year"])]
    cumulative = [
        body["value"]
        for body in own
        if body["basis"] == "YEAR_TO_DATE" and body["period"] == line["period"]
    ]
    months = sum(Decimal(str(b["value"])) for b in own if b["basis"] == "PERIOD")
    return (whole + cumulative + [float(months)])[0]


def recompute(client, line, picture):
    """(value, target) from the inputs alone."""
    first, *rest = line["inputs"]
    registration = revision(client, first["name"], first["revision"])
    commitment = registration["commitment"]
    if "indicator" in commitment:
        test = commitment["indicator"]
        return recompute_indicator(client, line, test), test["value"]
    if "newClusters" in commitment:
        target = revision(client, rest[0]["name"], rest[0]["revision"])
        assert target["countingRule"] == "ESTABLISHED_IN_YEAR"
        year = str(commitment["newClusters"]["year"])
        # The line names those that count; whether others should, countNew's inputs tell.
        looked_at = client.ok("GET", "/v1/clusters:countNew", year=year, **picture)["inputs"]
        assert looked_at[0]["name"] == rest[0]["name"]
        note = next(n for n in line["notes"] if n["reason"] == "ONLY_COUNTED_LISTED")
        listed = f"clusters that count and are listed: {len(rest) - 1};"
        assert note["message"].startswith(listed)
        named = {(entry["name"], entry["revision"]): entry["value"] for entry in rest[1:]}
        new = 0
        for entry in looked_at[1:]:
            cluster = revision(client, entry["name"], entry["revision"])
            counted = any(
                change["stage"] == "ESTABLISHED"
                and change["basis"] == "DOCUMENTED"
                and change["date"].startswith(year)
                for change in cluster["stageChanges"]
            )
            assert named.pop((entry["name"], entry["revision"]), 0) == int(counted)
            new += counted
        assert not named
        return new, commitment["newClusters"]["value"]
    milestone, evidence = None, []
    for entry in rest:
        body = revision(client, entry["name"], entry["revision"])
        if "/evidence/" in entry["name"]:
            evidence.append(body["accepted"])
        elif "/milestones/" in entry["name"]:
            milestone = body["state"]
    return int(milestone == "COMPLETED" and any(evidence)), 1


def check_recomputed(client, card):
    picture = {"publishedBy": card["publishedBy"]} if card["publishedBy"] else {}
    for line in card["lines"]:
        value, target = recompute(client, line, picture)
        assert (line["value"], line["target"]) == (value, target), line
        assert line["percent"] == percent_of(value, target)
        expected = status_of(
            line["comparator"], value, target, line["tolerancePercent"], line["forecast"]
        )
        assert line["status"] == expected, line


@pytest.mark.parametrize("query", [{}, {"publishedBy": "2022-12-31"}])
def test_a_third_party_computes_the_same_from_the_inputs(loaded, query):
    check_recomputed(loaded.client, scorecard(loaded.client, **query))


# Movements of any year, by data alone


def organization(client):
    body = {"displayName": {"vi": "Đơn vị"}, "kind": "DEPARTMENT"}
    identifier = make.unique("unit")
    return client.ok("POST", "/v1/organizations", body, organizationId=identifier)["name"]


def movement(client, year):
    body = {"displayName": {"vi": f"Phong trào {year}"}, "year": year}
    name = client.ok("POST", "/v1/movements", body, movementId=make.unique("movement"))["name"]
    client.ok("POST", f"/v1/{name}:launch", {})
    return name


def registration(client, parent, unit, commitment, **fields):
    body = {
        "displayName": {"vi": "Cam kết"},
        "organization": unit,
        "commitment": commitment,
        **fields,
    }
    identifier = make.unique("registration")
    made = client.ok("POST", f"/v1/{parent}/registrations", body, registrationId=identifier)
    client.ok("POST", f"/v1/{made['name']}:submit", {})
    return made["name"]


def on_indicator(name, year, comparator, value, **fields):
    test = {"indicator": name, "year": year, "comparator": comparator, "value": value, **fields}
    return {"indicator": test}


def test_another_year_by_data_alone(system):
    client = system.client
    unit = organization(client)
    name = movement(client, 2023)
    flow = make.indicator(client)["name"]
    stock = make.indicator(client, kind="STOCK")["name"]
    for indicator in (flow, stock):
        make.target(client, indicator, 2023, value=1000)
    make.batch(client, flow, [make.values(f"2023-{month:02}", 100) for month in range(1, 13)])
    make.observation(client, stock, "2023-07", 990, status="OFFICIAL")
    client.ok(
        "POST", "/v1/clusterTargets",
        {"minNewClusters": 1, "countingRule": "ESTABLISHED_IN_YEAR"}, clusterTargetId="2023",
    )
    cluster = make.cluster(client)["name"]
    for stage, date in (("INVESTOR_CALL", "2023-01-05"), ("APPRAISAL", "2023-02-05"),
                        ("ESTABLISHED", "2023-03-05")):
        make.advance(client, cluster, stage, date)
    scheme = client.ok("POST", "/v1/schemes", {"displayName": {"vi": "Đề án 2023"}},
                       schemeId=make.unique("scheme"))["name"]
    client.ok("POST", f"/v1/{scheme}/milestones",
              {"displayName": {"vi": "Phê duyệt"}, "dueDate": "2023-06-30"}, milestoneId="approval")
    wanted = {
        registration(client, name, unit, on_indicator(flow, 2023, "AT_LEAST", 1000)):
            (1200, 120, "EXCEEDED"),
        registration(client, name, unit, on_indicator(stock, 2023, "MORE_THAN", 1000)):
            (990, 99, "AT_RISK"),
        registration(client, name, unit, on_indicator(stock, 2023, "APPROXIMATELY", 1000,
                                                      tolerancePercent=1)):
            (990, 99, "ACHIEVED"),
        registration(client, name, unit,
                     {"newClusters": {"year": 2023, "comparator": "AT_LEAST", "value": 1}}):
            (1, 100, "ACHIEVED"),
        registration(client, name, unit,
                     {"milestone": {"scheme": scheme, "milestone": "approval"}}):
            (0, 0, "OFF_TRACK"),
    }
    card = scorecard(client, name)
    assert card["year"] == 2023 and card["complete"]
    found = {line["registration"]: (line["value"], line["percent"], line["status"])
             for line in card["lines"]}
    assert found == wanted
    assert [p["name"] for p in card["indicators"]] == sorted([flow, stock])
    rest = {**card, "lines": [line for line in card["lines"] if line["status"] != "OFF_TRACK"]}
    check_recomputed(client, rest)

    # Closing the movement is what makes a promise missed.
    client.ok("POST", f"/v1/{name}:close", {"date": "2024-01-31"})
    statuses = [line["status"] for line in scorecard(client, name)["lines"]]
    assert sorted(statuses) == ["ACHIEVED", "ACHIEVED", "EXCEEDED", "MISSED", "MISSED"]
    before = scorecard(client, name, publishedBy="2024-01-30")
    assert "MISSED" not in [line["status"] for line in before["lines"]]


def test_as_of_goes_to_every_service(system):
    client = system.client
    unit, name = organization(client), movement(client, 2031)
    indicator = make.indicator(client)["name"]
    make.observation(client, indicator, "2031-01", 10, status="ESTIMATED")
    registration(client, name, unit, on_indicator(indicator, 2031, "AT_LEAST", 20))
    then = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    time.sleep(0.01)
    make.observation(client, indicator, "2031-02", 10, status="ESTIMATED")
    registration(client, name, unit, on_indicator(indicator, 2031, "AT_LEAST", 5))
    now = scorecard(client, name)
    assert [line["value"] for line in now["lines"]] == [20, 20]
    before = scorecard(client, name, asOf=then)
    assert [(line["value"], line["period"]) for line in before["lines"]] == [(10, "2031-01")]
    assert lines(before).keys() < lines(now).keys()


def test_what_is_wrong_or_missing_is_said(system):
    client = system.client
    unit, name = organization(client), movement(client, 2032)
    registration(client, name, unit, on_indicator("nobody", 2032, "AT_LEAST", 1))
    registration(client, name, unit, {"milestone": {"scheme": "nobody", "milestone": "m"}})
    registration(client, name, unit,
                 {"newClusters": {"year": 2032, "comparator": "AT_LEAST", "value": 1}})
    registration(client, name, unit, {"manual": {"criterion": "sạch đẹp"}})
    card = scorecard(client, name)
    assert card["complete"], "nothing is down: the facts are missing"
    assert {line["status"] for line in card["lines"]} == {"UNKNOWN"}
    assert [sorted(reasons(line)) for line in card["lines"]] == [
        ["INDICATOR_NOT_FOUND"], ["RESOURCE_NOT_FOUND"], ["TARGET_NOT_FOUND"], ["NOT_EVALUATED"],
    ]
    path = f"/v1/{name}/scorecard"
    assert client.get(path, publishedBy="2022-13-01").fields == ["publishedBy"]
    assert client.get(path, asOf="2199-01-01T00:00:00Z").fields == ["asOf"]
    assert client.get(path, nonsense="1").status == 400
    assert client.get("/v1/movements/nobody/scorecard").status == 404
    assert client.post(path).status == 405


# When services are down


NEEDED_BY = {
    "indicators": "wind-power",
    "clusters": "industrial-clusters",
    "nighteconomy": "night-economy",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The data of 2022 in a system whose services may be killed."""
    import harness

    system = harness.System(tmp_path_factory.mktemp("own")).start()
    system.load()
    yield system
    system.stop()


@pytest.mark.parametrize("service", NEEDED_BY)
def test_with_one_service_down_only_its_lines_are_unknown(own, service):
    wait_until(lambda: scorecard(own.client)["complete"], "all peers are connected")
    before = lines(scorecard(own.client))
    own[service].kill()
    time.sleep(LEASE_SECONDS)
    started = time.monotonic()
    card = scorecard(own.client)
    assert time.monotonic() - started < 5
    assert card["complete"] is False
    assert [s["service"] for s in card["sources"] if not s["answered"]] == [service]
    for identifier, line in lines(card).items():
        if identifier == NEEDED_BY[service]:
            assert (line["status"], line["value"]) == ("UNKNOWN", None)
            assert line["target"] == before[identifier]["target"]
            note = next(n for n in line["notes"] if n["reason"] == "SERVICE_DOWN")
            assert service in note["message"]
        else:
            assert line == before[identifier]
    own[service].start()
    own.wait_ready()
    wait_until(lambda: scorecard(own.client)["complete"], f"{service} is asked again")
    assert lines(scorecard(own.client)) == before


def test_a_service_that_hangs_does_not_hold_the_answer(own):
    wait_until(lambda: scorecard(own.client)["complete"], "all peers are connected")
    own["clusters"].signal(signal.SIGSTOP)
    time.sleep(LEASE_SECONDS)
    try:
        started = time.monotonic()
        card = scorecard(own.client)
        assert time.monotonic() - started < 6
        assert lines(card)["industrial-clusters"]["status"] == "UNKNOWN"
        assert lines(card)["wind-power"]["value"] == 93.05
        # Nor the answer to one who has little time, nor many, nor what needs nobody else.
        card = own.client.ok("GET", f"/v1/{MOVEMENT}/scorecard", headers={"Request-Timeout": "1"})
        assert card["complete"] is False
        _, found = ask_at_once(own.client, f"/v1/{MOVEMENT}/scorecard", AT_ONCE)
        assert [answer.status for answer in found] == [200] * AT_ONCE
        own.client.ok("GET", f"/v1/{MOVEMENT}/registrations")
    finally:
        own["clusters"].signal(signal.SIGCONT)
    wait_until(lambda: scorecard(own.client)["complete"], "it is asked again")


def ask_at_once(client, path, count):
    """(seconds, answers) of so many requests that are all sent before the first is read."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(client.connect(30)) for _ in range(count)]
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        started = time.monotonic()
        for connection in connections:
            connection.sendall(request)
        received = [read_all(connection)[0] for connection in connections]
        return time.monotonic() - started, [answers(data)[0] for data in received]


def test_sixty_four_at_once(own):
    wait_until(lambda: scorecard(own.client)["complete"], "all peers are connected")
    expected = scorecard(own.client)
    seconds, found = ask_at_once(own.client, f"/v1/{MOVEMENT}/scorecard", AT_ONCE)
    assert [answer.status for answer in found] == [200] * AT_ONCE
    assert all(answer.json == expected for answer in found)
    print(f"{AT_ONCE} scorecards in {seconds:.3f} s")
    assert seconds < AT_ONCE_SECONDS


def test_a_thousand_registrations(system):
    client = system.client
    unit, name = organization(client), movement(client, 2033)
    indicators = [make.indicator(client)["name"] for _ in range(3)]
    for indicator in indicators:
        make.observation(client, indicator, "2033-12", 50, basis="YEAR_TO_DATE", status="ESTIMATED")
    tests = itertools.cycle([
        *(on_indicator(indicator, 2033, "AT_LEAST", 40) for indicator in indicators),
        {"manual": {"criterion": "tiêu chí"}},
    ])
    for number in range(1000):
        body = {"displayName": {"vi": "Cam kết"}, "organization": unit, "commitment": next(tests)}
        client.ok("POST", f"/v1/{name}/registrations", body, registrationId=f"r{number}")
    started = time.monotonic()
    card = scorecard(client, name)
    assert time.monotonic() - started < 5
    assert len(card["lines"]) == 1000 and card["complete"]
    statuses = [line["status"] for line in card["lines"]]
    assert (statuses.count("EXCEEDED"), statuses.count("UNKNOWN")) == (750, 250)


# What is late


def overdue(client, name, date):
    return client.ok("GET", f"/v1/{name}/overdue", date=date)


def test_what_is_overdue_in_2022(loaded):
    late = overdue(loaded.client, MOVEMENT, "2022-12-31")
    assert late["complete"] and late["registrations"] == [] and late["milestones"] == []
    late = overdue(loaded.client, MOVEMENT, "2023-01-15")
    assert [r["registration"].rsplit("/", 1)[1] for r in late["registrations"]] == [
        "industrial-clusters", "night-economy", "wind-power",
    ]
    assert {(r["dueDate"], r["daysLate"]) for r in late["registrations"]} == {("2022-12-31", 15)}
    targets = [target["target"] for target in late["targets"]]
    assert "indicators/electricity-sales/targets/2022" in targets
    assert "indicators/wind-power-commissioned/targets/2022" not in targets


def test_a_milestone_past_due_names_the_promise_that_it_decides(system):
    client = system.client
    unit, name = organization(client), movement(client, 2034)
    scheme = client.ok("POST", "/v1/schemes", {"displayName": {"vi": "Đề án"}},
                       schemeId=make.unique("scheme"))["name"]
    milestone = client.ok("POST", f"/v1/{scheme}/milestones",
                          {"displayName": {"vi": "Phê duyệt"}, "dueDate": "2034-06-30"},
                          milestoneId="approval")["name"]
    promise = registration(client, name, unit,
                           {"milestone": {"scheme": scheme, "milestone": "approval"}})

    def found(date):
        late = overdue(client, name, date)["milestones"]
        return [(m["daysLate"], m["registrations"]) for m in late if m["milestone"] == milestone]

    assert found("2034-06-30") == []
    assert found("2034-07-03") == [(3, [promise])]


def test_the_report_prints_the_scorecard_first(loaded):
    out = loaded.report(columns=200)
    for text in ("93.05", "66.46", "0 ", "ACHIEVED", "3051/QĐ-UBND"):
        assert text in out[: out.index("Giá trị sản xuất công nghiệp")], text
