"""Movements, registrations, commendations and exemplars through the API."""

import itertools
import json
import threading

import harness
import pytest

DECISION = {"number": "10/QĐ", "date": "2023-01-20", "authority": "UBND tỉnh Bến Tre"}
MINUTES = {"number": "3/BB-HĐ", "date": "2023-01-10"}
numbers = itertools.count(1)


def organization(client, kind="DIVISION", parent=""):
    body = {"displayName": {"vi": "Đơn vị"}, "kind": kind, "parent": parent}
    return client.ok("POST", "/v1/organizations", body)["name"]


def movement(client, year=2022):
    body = {"displayName": {"vi": "Phong trào"}, "year": year}
    name = client.ok("POST", "/v1/movements", body, movementId=f"made-{next(numbers)}")["name"]
    client.ok("POST", f"/v1/{name}:launch", {"date": f"{year}-03-25"})
    return name


def registration(client, parent, unit, **more):
    body = {
        "displayName": {"vi": "Việc"},
        "organization": unit,
        "commitment": {"manual": {"criterion": "xong"}},
        **more,
    }
    return client.ok("POST", f"/v1/{parent}/registrations", body)["name"]


def achievement(client, parent, unit):
    name = registration(client, parent, unit)
    for step, body in (
        ("submit", {}),
        ("approve", {}),
        ("selfAssess", {"text": "đã xong", "proposedResult": "GOOD"}),
        ("evaluate", {"result": "GOOD"}),
    ):
        client.ok("POST", f"/v1/{name}:{step}", body)
    return name


def reviewed(client, parent, unit, rewarded, council, **more):
    body = {
        "form": "CERTIFICATE_OF_MERIT",
        "achievement": rewarded,
        "proposer": {"fullName": "Ông P", "organization": unit},
        **({} if "person" in more else {"organization": unit}),
        **more,
    }
    name = client.ok("POST", f"/v1/{parent}/commendations", body)["name"]
    review = {
        "reviewer": {"fullName": "Bà R", "organization": council},
        "minutes": MINUTES,
        "votesFor": 7,
    }
    client.ok("POST", f"/v1/{name}:review", review)
    return name


def test_a_wrong_step_says_which_steps_are_possible(system):
    client = system.client
    name = registration(client, movement(client), organization(client))
    with system.unchanged():
        answer = client.post(f"/v1/{name}:evaluate", {"result": "GOOD"})
    assert (answer.status, answer.reason) == (400, "STEP_NOT_POSSIBLE"), answer.body
    assert answer.metadata["possibleSteps"] == "submit, withdraw"
    assert answer.metadata["currentState"] == "DRAFT"
    assert "submit, withdraw" in answer.error["message"]


def test_an_unknown_ground_is_refused_and_named(client):
    unit, council = organization(client), organization(client)
    parent = movement(client)
    name = reviewed(client, parent, unit, achievement(client, parent, unit), council)
    client.ok("POST", f"/v1/{name}:award", {"decision": DECISION})
    body = {"ground": "DISLIKE", "document": {"number": "1", "date": "2023-05-05"}}
    answer = client.post(f"/v1/{name}:revoke", body)
    assert answer.status == 400 and answer.fields == ["ground"], answer.body
    assert client.ok("GET", f"/v1/{name}")["state"] == "AWARDED"


def test_of_many_awards_at_once_for_one_achievement_one_is_made(client):
    unit, council = organization(client), organization(client)
    home = movement(client)
    rewarded = achievement(client, home, unit)
    names = [
        reviewed(client, parent, unit, rewarded, council)
        for parent in (home, movement(client))
        for _ in range(6)
    ]
    answers = {}

    def award(name):
        answers[name] = client.post(f"/v1/{name}:award", {"decision": DECISION})

    threads = [threading.Thread(target=award, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [name for name, answer in answers.items() if answer.status == 200]
    assert len(won) == 1, answers
    lost = [answer for name, answer in answers.items() if name not in won]
    assert {answer.reason for answer in lost} == {"ACHIEVEMENT_ALREADY_AWARDED"}
    assert {answer.metadata["award"] for answer in lost} == set(won)
    assert client.ok("GET", f"/v1/{rewarded}")["award"] == won[0]
    body = {"ground": "FALSE_DECLARATION", "document": {"number": "1", "date": "2023-05-05"}}
    client.ok("POST", f"/v1/{won[0]}:revoke", body)
    other = next(name for name in names if name not in won)
    client.ok("POST", f"/v1/{other}:award", {"decision": DECISION})


def test_awards_are_listed_and_summed_by_movement_unit_form_and_direct_work(client):
    department = organization(client, "DEPARTMENT")
    units = [organization(client, "DIVISION", department) for _ in range(2)]
    movements = [movement(client) for _ in range(2)]
    for parent, unit, direct in itertools.product(movements, units, (True, False)):
        person = {"fullName": "Lê Thị C", "organization": unit, "position": "công nhân"}
        rewarded = achievement(client, parent, unit)
        form = "ADVANCED_WORKER" if direct else "CERTIFICATE_OF_COMMENDATION"
        name = reviewed(
            client, parent, unit, rewarded, department,
            person=person, directWorker=direct, form=form,
        )
        client.ok("POST", f"/v1/{name}:award", {"decision": DECISION})
    total = client.ok("GET", f"/v1/{movements[0]}/commendations:summarize")
    assert (total["total"], total["directWorkers"]) == (4, 2)
    assert [(u["unit"], u["count"], u["directWorkers"]) for u in total["units"]] == [
        (unit, 2, 1) for unit in sorted(units)
    ]
    assert [(f["form"], f["count"]) for f in total["forms"]] == [
        ("ADVANCED_WORKER", 2),
        ("CERTIFICATE_OF_COMMENDATION", 2),
    ]
    wanted = f'unit = "{units[1]}" AND directWorker = true AND state = AWARDED'
    everywhere = client.ok("GET", "/v1/movements/-/commendations:summarize", filter=wanted)
    assert everywhere["total"] == 2
    assert [m["movement"] for m in everywhere["movements"]] == sorted(movements)
    listed = client.ok("GET", "/v1/movements/-/commendations", filter=wanted)["commendations"]
    assert {c["form"] for c in listed} == {"ADVANCED_WORKER"} and len(listed) == 2


def test_what_a_summary_was_earlier_is_still_to_be_had(client):
    unit, council = organization(client), organization(client)
    parent = movement(client)
    name = reviewed(client, parent, unit, achievement(client, parent, unit), council)
    client.ok("POST", f"/v1/{name}:award", {"decision": DECISION})
    awarded = client.ok("GET", f"/v1/{name}")["updateTime"]
    body = {"ground": "FORGED_DOSSIER", "document": {"number": "1", "date": "2023-05-05"}}
    client.ok("POST", f"/v1/{name}:revoke", body)
    path = f"/v1/{parent}/commendations:summarize"
    assert client.ok("GET", path)["total"] == 0
    assert client.ok("GET", path, asOf=awarded)["total"] == 1
    states = client.ok("GET", path, filter="state != PROPOSED")["states"]
    assert [(s["state"], s["count"]) for s in states] == [("REVOKED", 1)]


def test_a_commitment_is_replaced_as_a_whole(client):
    name = registration(client, movement(client), organization(client))
    clusters = {"newClusters": {"year": 2022, "comparator": "AT_LEAST", "value": 2}}
    assert client.patch(f"/v1/{name}", {"commitment": clusters}).json["commitment"] == clusters
    both = {**clusters, "manual": {"criterion": "x"}}
    answer = client.patch(f"/v1/{name}", {"commitment": both})
    assert answer.status == 400, answer.body
    nested = {"commitment": {"manual": {"criterion": "khác"}}}
    answer = client.patch(f"/v1/{name}", nested, updateMask="commitment.manual.criterion")
    assert answer.status == 200, answer.body
    assert answer.json["commitment"] == nested["commitment"]
    answer = client.patch(f"/v1/{name}", {}, updateMask="commitment")
    assert (answer.status, answer.fields) == (400, ["registration.commitment"]), answer.body


def test_a_registrant_changes_from_a_unit_to_a_person_in_one_update(client):
    unit = organization(client)
    name = registration(client, movement(client), unit)
    person = {"fullName": "Trần Thị B", "organization": unit, "position": ""}
    answer = client.patch(f"/v1/{name}", {"person": person})
    assert answer.reason == "EXACTLY_ONE_REQUIRED", answer.body
    answer = client.patch(f"/v1/{name}", {"person": person}, updateMask="organization,person")
    assert answer.json["person"] == person and answer.json["organization"] == "", answer.body
    assert answer.json["unit"] == unit


def test_a_step_with_an_old_etag_is_refused(client):
    name = registration(client, movement(client), organization(client))
    old = client.ok("GET", f"/v1/{name}")["etag"]
    client.ok("PATCH", f"/v1/{name}", {"note": "khác"})
    answer = client.post(f"/v1/{name}:submit", {}, headers={"If-Match": f'"{old}"'})
    assert (answer.status, answer.reason) == (412, "ETAG_MISMATCH"), answer.body
    answer = client.post(f"/v1/{name}:submit", {"etag": old})
    assert (answer.status, answer.reason) == (409, "ETAG_MISMATCH"), answer.body


@pytest.mark.parametrize(
    "collection", ["registrations", "commendations", "exemplars", "registrations/x/reports"]
)
def test_nothing_is_made_in_a_movement_that_is_not_there(system, collection):
    kind = collection.split("/")[-1]
    with system.unchanged():
        answer = system.client.get(f"/v1/movements/none/{collection}")
        assert (answer.status, answer.reason) == (404, "PARENT_NOT_FOUND"), (kind, answer.body)
        answer = system.client.post(f"/v1/movements/none/{collection}", {})
        assert answer.status in (400, 404), answer.body


def test_every_resource_has_its_history(client):
    unit, council = organization(client), organization(client)
    parent = movement(client)
    rewarded = achievement(client, parent, unit)
    commendation = reviewed(client, parent, unit, rewarded, council)
    body = {"displayName": {"vi": "Gương"}, "organization": unit, "story": "Làm hay"}
    exemplar = client.ok("POST", f"/v1/{parent}/exemplars", body)["name"]
    running = registration(client, parent, unit)
    for step in ("submit", "approve"):
        client.ok("POST", f"/v1/{running}:{step}", {})
    report = client.ok("POST", f"/v1/{running}/reports", {"progress": "đang làm"})["name"]
    for name, revisions in (
        (unit, 1), (parent, 2), (rewarded, 5), (commendation, 2), (exemplar, 1), (report, 1),
    ):
        history = client.ok("GET", f"/v1/{name}:history")["revisions"]
        assert [r["revision"] for r in history] == list(range(revisions, 0, -1)), name


def test_the_movement_of_2022_is_served_word_for_word(loaded):
    path = harness.ROOT / "deploy" / "data" / "movement_2022.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    served = loaded.client.ok("GET", f"/v1/movements/{data['id']}")
    assert (served["state"], served["planNumber"]) == ("LAUNCHED", "483/KH-SCT")
    words = [[item["vi"] for item in theme["items"]] for theme in served["themes"]]
    assert words == [[i["vi"] for i in theme["items"]] for theme in data["movement"]["themes"]]
    path = f"/v1/movements/{data['id']}/registrations"
    listed = loaded.client.ok("GET", path)["registrations"]
    assert {r["name"].rsplit("/", 1)[1]: r["commitment"] for r in listed} == {
        r["id"]: r["registration"]["commitment"] for r in data["registrations"]
    }


def test_organizations_are_found_by_their_parent(loaded):
    found = loaded.client.ok(
        "GET", "/v1/organizations", filter='parent = "organizations/sct"', orderBy="kind, name"
    )["organizations"]
    assert [o["name"].split("/")[1] for o in found] == ["van-phong-so", "trung-tam-khuyen-cong"]
