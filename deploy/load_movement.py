"""load_movement.py - the night-economy scheme, then the movement with its registrations."""

from loading import create, document, known, rows, write

SCHEME = "night-economy"
SCHEME_TITLE = {
    "vi": "Đề án phát triển kinh tế ban đêm",
    "en": "Scheme to develop the night economy",
}
DECISION_AUTHORITY = "UBND tỉnh Bến Tre"
# The acceptance is of this loader: who looked at the decisions in 2022 is not known.
JUDGE = "deploy/load_2022.py"


def load_organizations(client):
    """Those above others stand before them."""
    return sum(
        create(client, "organizations", entry["id"], "organizationId", entry["organization"])
        for entry in document("organizations_2022")["organizations"]
    )


def decision_of(row):
    """The document of a milestone; None when none is known."""
    if not row["document_number"]:
        return None
    return {
        "number": row["document_number"],
        "date": row["actual_finish"],
        "authority": DECISION_AUTHORITY,
    }


def load_milestone(client, row):
    """The milestone, completed as far as that is known, with its decision as accepted evidence."""
    collection = f"schemes/{SCHEME}/milestones"
    name = f"{collection}/{row['milestone']}"
    decision = decision_of(row)
    body = known(displayName={"vi": row["title_vi"], "en": row["title_en"]}, note=row["note"])
    new = int(create(client, collection, row["milestone"], "milestoneId", body))
    if client.call("GET", f"/v1/{name}")["state"] == "PLANNED":
        completion = known(
            actualFinishDate=row["actual_finish"], document=decision, note=row["note"]
        )
        write(client, "POST", f"/v1/{name}:complete", completion)
        new += 1
    if decision is not None:
        evidence = {"document": decision}
        new += create(client, f"{name}/evidence", "decision", "evidenceId", evidence)
        if client.call("GET", f"/v1/{name}/evidence/decision")["accepted"] is None:
            write(client, "POST", f"/v1/{name}/evidence/decision:accept", {"judgedBy": JUDGE})
            new += 1
    return new


def load_scheme(client):
    """Its links, weights and durations are not known, so none are loaded."""
    body = {"displayName": SCHEME_TITLE, "state": "ACTIVE"}
    new = int(create(client, "schemes", SCHEME, "schemeId", body))
    for row in rows("night_economy_milestones"):
        new += load_milestone(client, row)
    return new


def load_registration(client, movement, entry):
    """The registration and the steps that it is known to have taken, where it is still a draft."""
    collection = f"movements/{movement}/registrations"
    name = f"{collection}/{entry['id']}"
    new = int(create(client, collection, entry["id"], "registrationId", entry["registration"]))
    if client.call("GET", f"/v1/{name}")["state"] == "DRAFT":
        for step in entry["steps"]:
            write(client, "POST", f"/v1/{name}:{step}", {})
            new += 1
    return new


def load_movement(client):
    data = document("movement_2022")
    name = f"movements/{data['id']}"
    new = int(create(client, "movements", data["id"], "movementId", data["movement"]))
    if client.call("GET", f"/v1/{name}")["state"] == "DRAFT":
        write(client, "POST", f"/v1/{name}:launch", data["launch"])
        new += 1
    for entry in data["registrations"]:
        new += load_registration(client, data["id"], entry)
    return new
