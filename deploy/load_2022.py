#!/usr/bin/python3
"""load_2022.py - the Department's data of 2022, through the API; loading it again changes nothing.

usage: load_2022.py [HOST:PORT]

What is there already is left as it is, also where somebody has changed it since. Observations are
upserted: the service knows each value that it has seen before.
"""

import sys

import api
import load_movement
from loading import create, known, number, rows, write

YEAR = 2022
PLAN = {
    "number": "483/KH-SCT",
    "date": "2022-03-25",
    "authority": "Sở Công Thương tỉnh Bến Tre",
    "title": "Kế hoạch phát động phong trào thi đua “Đồng khởi mới” năm 2022",
}
NEW_CLUSTERS_MIN = 2
COUNTING_RULE = "ESTABLISHED_IN_YEAR"
DECISION_AUTHORITY = "UBND tỉnh Bến Tre"
# Decisions that move the area; the others are stages of the same name.
AREA_KINDS = {"EXPAND": "EXPAND", "REDUCE": "REDUCE", "ADJUST_LOCATION": "RELOCATE"}


def load_indicator(client, row):
    body = known(
        displayName={"vi": row["title_vi"], "en": row["title_en"]},
        unit=row["unit"],
        kind=row["kind"],
        priceBasis=row["price_basis"],
        direction=row["direction"],
        decimals=int(row["decimals"]),
    )
    return int(create(client, "indicators", row["indicator"], "indicatorId", body))


def plan_base(indicator, observations):
    """The estimated value of the year before: what the plan assumed; or None."""
    for row in observations:
        if (row["indicator"], row["period"], row["status"]) == (
            indicator,
            str(YEAR - 1),
            "ESTIMATED",
        ):
            return known(
                value=number(row["value"]), status=row["status"], date=row["published_date"]
            )
    return None


def load_target(client, row, observations):
    body = known(
        comparator=row["comparator"],
        value=number(row["target_value"]),
        growthPercent=number(row["growth_percent"]),
        baseline=plan_base(row["indicator"], observations),
        document=PLAN,
    )
    collection = f"indicators/{row['indicator']}/targets"
    return int(create(client, collection, row["target_year"], "targetId", body))


def observation(row):
    return known(
        period=row["period"],
        basis=row["basis"],
        window=row["window"],
        breakdown=row.get("breakdown"),
        value=number(row["value"]),
        status=row["status"],
        publishedDate=row["published_date"],
        source=row["source"],
        note=row["note"],
    )


def plant_rows(observations):
    """The wind plants, as parts of the level that was published for them together."""
    whole = next(row for row in observations if row["indicator"] == "wind-power-commissioned")
    for plant in rows("wind_plants"):
        remarks = [f"district {plant['district']}", f"installed {plant['installed_mw']} MW"]
        yield {
            **whole,
            "breakdown": {"plant": plant["plant"]},
            "value": plant["commissioned_mw"],
            "note": "; ".join(remarks + [plant["note"]] * bool(plant["note"])),
        }


def revisions(client, indicator):
    """How many values were recorded of each observation."""
    found, token = {}, ""
    while True:
        query = known(pageSize=1000, pageToken=token)
        page = client.call("GET", f"/v1/indicators/{indicator}/observations", query=query)
        found.update({item["name"]: item["revision"] for item in page["observations"]})
        token = page["nextPageToken"]
        if not token:
            return found


def load_observations(client, indicator, observations):
    values = [observation(row) for row in observations if row["indicator"] == indicator]
    if not values:
        return 0
    before = revisions(client, indicator)
    path = f"/v1/indicators/{indicator}/observations:batchUpsert"
    write(client, "POST", path, {"observations": values})
    after = revisions(client, indicator)
    return sum(after.values()) - sum(before.values())


def load_cluster(client, row, decisions):
    """The cluster, its stage as it was found, then what is documented, by date."""
    name = row["cluster"]
    own = [decision for decision in decisions if decision["cluster"] == name]
    # With decisions the area comes from them.
    area = None if any(d["area_hectares_after"] for d in own) else number(row["area_hectares"])
    body = known(
        displayName={"vi": row["title_vi"]},
        district=row["district"],
        areaHectares=area,
        source=row["source"],
        note=row["note"],
    )
    made = int(create(client, "clusters", name, "clusterId", body))
    cluster = client.call("GET", f"/v1/clusters/{name}")
    if not any(change["stage"] == row["stage"] for change in cluster["stageChanges"]):
        found = {"stage": row["stage"], "basis": "RECORDED", "source": row["source"]}
        write(client, "POST", f"/v1/clusters/{name}:advance", found)
        made += 1
    for decision in sorted(own, key=lambda decision: decision["document_date"]):
        if not is_recorded(cluster, decision):
            decide(client, name, decision, row["source"])
            made += 1
    return made


def is_recorded(cluster, decision):
    for change in cluster["stageChanges"] + cluster["areaChanges"]:
        document = change.get("document") or {}
        if decision["document_number"]:
            if document.get("number") == decision["document_number"]:
                return True
        elif (change.get("kind"), change["date"]) == (decision["kind"], decision["document_date"]):
            return True
    return False


def decide(client, name, decision, source):
    body = known(
        areaHectares=number(decision["area_hectares_after"]),
        note=decision["note"],
        date=decision["document_date"],
    )
    if decision["document_number"]:
        body["document"] = {
            "number": decision["document_number"],
            "date": decision["document_date"],
            "authority": DECISION_AUTHORITY,
        }
    else:
        body |= {"basis": "RECORDED", "source": source}
    if decision["kind"] in AREA_KINDS:
        body["kind"] = AREA_KINDS[decision["kind"]]
        write(client, "POST", f"/v1/clusters/{name}:adjustArea", body)
        return
    body["stage"] = "ESTABLISHED" if decision["kind"] == "ESTABLISH" else decision["kind"]
    write(client, "POST", f"/v1/clusters/{name}:advance", body)


def load(client):
    """Loads everything, things that others refer to first. How many records were new."""
    observations = rows("observations")
    new = load_movement.load_organizations(client)
    for row in rows("indicators"):
        new += load_indicator(client, row)
        new += load_target(client, row, observations)
    observations += plant_rows(observations)
    for row in rows("indicators"):
        new += load_observations(client, row["indicator"], observations)
    decisions = rows("cluster_decisions")
    for row in rows("clusters"):
        new += load_cluster(client, row, decisions)
    target = {
        "minNewClusters": NEW_CLUSTERS_MIN,
        "countingRule": COUNTING_RULE,
        "document": PLAN,
    }
    new += create(client, "clusterTargets", str(YEAR), "clusterTargetId", target)
    return new + load_movement.load_scheme(client) + load_movement.load_movement(client)


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 2 if len(sys.argv) > 2 else 0
    try:
        print(f"{load(api.Client(*sys.argv[1:] or ['127.0.0.1:8080']))} records were new")
    except api.ApiError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
