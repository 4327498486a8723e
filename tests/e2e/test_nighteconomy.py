"""Schemes, milestones and evidence through the API, up to the schedule and the verdict."""

import csv

import make
from harness import ROOT

V3 = {
    "a": (10, []),
    "b": (15, [{"milestone": "a"}]),
    "c": (5, [{"milestone": "a", "type": "FS", "lagDays": 3}]),
    "d": (20, [{"milestone": "b"}, {"milestone": "c"}]),
    "e": (0, [{"milestone": "d"}]),
}


def evidence(client, parent, **fields):
    body = {"note": "đã xem", **fields}
    name = client.ok("POST", f"/v1/{parent}/evidence", body)["name"]
    return client.ok("POST", f"/v1/{name}:accept", {"judgedBy": "organizations/sct"})


def v3(client, **fields):
    name = make.scheme(client, **fields)["name"]
    for identifier, (days, links) in V3.items():
        make.milestone(client, name, identifier, durationDays=days, dependsOn=links)
    return name


def offsets(client, name, *fields):
    found = client.ok("GET", f"/v1/{name}/schedule", statusDate="2022-09-01")
    return [tuple(entry[field] for field in fields) for entry in found["milestones"]]


def test_v3_by_critical_path(client):
    name = v3(client)
    assert offsets(client, name, "earlyStart", "earlyFinish", "slack", "critical") == [
        (0, 10, 0, True), (10, 25, 0, True), (13, 18, 7, False), (25, 45, 0, True),
        (45, 45, 0, True),
    ]


def test_an_imposed_finish_makes_slack_negative(client):
    name = v3(client, startDate="2022-08-08", imposedFinishDate="2022-09-30")
    assert offsets(client, name, "slack") == [(-5,), (-5,), (2,), (-5,), (-5,)]


def test_v4_earned_value(client):
    name = make.scheme(client)["name"]
    rows = [(20, 1, "2022-08-01"), (30, 1, "2022-08-15"), (30, 0.5, "2022-09-01"),
            (20, 0, "2022-12-30")]
    for number, (weight, progress, due) in enumerate(rows):
        made = make.milestone(
            client, name, f"m{number}", weight=weight, progress=progress, dueDate=due
        )["name"]
        if progress:
            evidence(client, made)
    earned = client.ok("GET", f"/v1/{name}/schedule", statusDate="2022-09-01")["earnedValue"]
    assert earned == {"ev": 65, "pv": 80, "sv": -15, "spi": 0.8125, "totalWeight": 100}


def test_a_cycle_is_refused_with_its_members(system):
    client = system.client
    name = v3(client)
    with system.unchanged():
        answer = client.patch(f"/v1/{name}/milestones/a", {"dependsOn": [{"milestone": "e"}]})
    assert (answer.status, answer.reason) == (400, "DEPENDENCY_CYCLE"), answer.body
    members = answer.metadata["members"].split(", ")
    assert sorted(members) in (["a", "b", "d", "e"], ["a", "c", "d", "e"])
    assert all(member in answer.error["message"] for member in members)


def test_a_wrong_step_says_which_steps_are_possible(system):
    client = system.client
    made = make.milestone(client, make.scheme(client)["name"], "a")["name"]
    client.ok("POST", f"/v1/{made}:complete", {"note": "năm 2022"})
    with system.unchanged():
        answer = client.post(f"/v1/{made}:start", {"actualStartDate": "2022-08-08"})
    assert (answer.status, answer.reason) == (400, "STEP_NOT_POSSIBLE"), answer.body
    assert answer.metadata["possibleSteps"] == ""


def test_a_move_of_the_due_date_is_kept_with_reason_and_document(client):
    made = make.milestone(client, make.scheme(client)["name"], "a", dueDate="2022-10-31")["name"]
    body = {"dueDate": "2022-12-30", "reason": "Chờ ý kiến", "document": make.document()}
    moved = client.ok("POST", f"/v1/{made}:reschedule", body)
    assert (moved["baselineDueDate"], moved["dueDate"]) == ("2022-10-31", "2022-12-30")
    assert moved["reschedules"][0]["document"]["number"] == make.document()["number"]
    late = client.ok("GET", f"/v1/{made.split('/milestones')[0]}/schedule", statusDate="2023-01-01")
    assert [(entry["milestone"], entry["daysLate"]) for entry in late["overdue"]] == [(made, 2)]
    assert [entry["daysSlipped"] for entry in late["slipped"]] == [60]


def test_the_real_milestones_and_the_verdict_of_the_approval(client):
    name = make.scheme(client)["name"]
    with open(ROOT / "deploy" / "data" / "night_economy_milestones.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    for row in rows:
        made = make.milestone(client, name, row["milestone"])["name"]
        body = {"actualFinishDate": row["actual_finish"], "note": row["note"]}
        if row["document_number"]:
            body["document"] = {"number": row["document_number"], "date": row["actual_finish"]}
        assert client.ok("POST", f"/v1/{made}:complete", body)["state"] == "COMPLETED"
    approval = f"/v1/{name}/milestones/approval:verdict"
    assert client.ok("GET", approval)["reason"] == "NO_EVIDENCE"
    evidence(client, f"{name}/milestones/approval",
             document={"number": "3051/QĐ-UBND", "date": "2022-12-30"})
    verdict = client.ok("GET", approval, publishedBy="2022-12-31")
    assert (verdict["done"], verdict["date"]) == (True, "2022-12-30")
    assert verdict["document"]["number"] == "3051/QĐ-UBND"
    for entry in verdict["inputs"]:
        assert client.ok("GET", f"/v1/{entry['name']}")["revision"] == entry["revision"]
    assert not client.ok("GET", approval, publishedBy="2022-12-29")["done"]
    schedule = client.ok("GET", f"/v1/{name}/schedule")
    assert schedule["earlyFinish"] is None and schedule["earnedValue"]["ev"] is None
    reasons = {note["reason"] for note in schedule["notes"]}
    assert {"MISSING_DURATION", "MISSING_WEIGHT", "MISSING_DUE_DATE", "NO_LINKS"} <= reasons
    assert schedule["overdue"] == [] and schedule["slipped"] == []


def test_every_resource_has_a_history_and_evidence_is_filtered(client):
    name = make.scheme(client)["name"]
    project = client.ok("POST", f"/v1/{name}/projects", {"displayName": {"vi": "Chợ đêm"}})["name"]
    made = make.milestone(client, name, "a", project=project)["name"]
    accepted = evidence(client, made)["name"]
    client.ok("POST", f"/v1/{made}/evidence", {"note": "chưa xem"})
    for resource in (name, project, made, accepted):
        assert client.ok("GET", f"/v1/{resource}:history")["revisions"]
    found = client.ok("GET", f"/v1/{name}/milestones/-/evidence", filter="accepted = true")
    assert [item["name"] for item in found["evidence"]] == [accepted]


def test_the_holidays_of_the_configuration_are_no_working_days(tmp_path):
    import harness

    holidays = tmp_path / "holidays.txt"
    holidays.write_text("# days off\n2022-08-10\n", encoding="utf-8")
    system = harness.System(tmp_path / "system", DONGKHOI_HOLIDAYS=str(holidays))
    system.start()
    try:
        name = make.scheme(system.client, startDate="2022-08-08")["name"]
        make.milestone(system.client, name, "a", durationDays=3)
        found = system.client.ok("GET", f"/v1/{name}/schedule")
        assert found["earlyFinishDate"] == "2022-08-11"
    finally:
        system.stop()
