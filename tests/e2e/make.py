"""make.py - resources for tests, with what is required and nothing more."""

import itertools

_numbers = itertools.count(1)


def unique(prefix):
    """An id that no other test of this process uses."""
    return f"{prefix}-{next(_numbers)}"


def indicator(client, identifier=None, **fields):
    identifier = identifier or unique("indicator")
    body = {
        "displayName": {"vi": "Chỉ tiêu"},
        "unit": "MW",
        "kind": "FLOW",
        "direction": "HIGHER_IS_BETTER",
        "decimals": 2,
        **fields,
    }
    return client.ok("POST", "/v1/indicators", body, indicatorId=identifier)


def target(client, parent, year=2022, **fields):
    body = {"comparator": "AT_LEAST", "value": 100, **fields}
    return client.ok("POST", f"/v1/{parent}/targets", body, targetId=str(year))


def values(period, value, basis="PERIOD", status="PRELIMINARY", **fields):
    """The body of an observation."""
    return {"period": period, "basis": basis, "value": value, "status": status, **fields}


def observation(client, parent, period, value, **fields):
    return client.ok("POST", f"/v1/{parent}/observations", values(period, value, **fields))


def batch(client, parent, observations):
    return client.ok(
        "POST", f"/v1/{parent}/observations:batchUpsert", {"observations": observations}
    )["observations"]


def progress(client, parent, period, **query):
    return client.ok("GET", f"/v1/{parent}/progress", period=period, **query)


def document(number="01/QĐ-UBND", date="2022-03-01", **fields):
    return {"number": number, "date": date, **fields}


def cluster(client, identifier=None, **fields):
    identifier = identifier or unique("cluster")
    body = {"displayName": {"vi": "Cụm công nghiệp"}, "district": "834", **fields}
    return client.ok("POST", "/v1/clusters", body, clusterId=identifier)


def advance(client, name, stage, date, **fields):
    """Enters a stage by a document of that date."""
    body = {"stage": stage, "document": document(f"{stage}/QĐ-UBND", date), **fields}
    return client.ok("POST", f"/v1/{name}:advance", body)


def scheme(client, identifier=None, **fields):
    body = {"displayName": {"vi": "Đề án phát triển kinh tế ban đêm"}, **fields}
    return client.ok("POST", "/v1/schemes", body, schemeId=identifier or unique("scheme"))


def milestone(client, parent, identifier=None, **fields):
    identifier = identifier or unique("milestone")
    body = {"displayName": {"vi": f"Bước {identifier}"}, **fields}
    return client.ok("POST", f"/v1/{parent}/milestones", body, milestoneId=identifier)


def movement(client, identifier=None, **fields):
    body = {"displayName": {"vi": "Phong trào"}, "year": 2022, **fields}
    return client.ok("POST", "/v1/movements", body, movementId=identifier or unique("movement"))


def organization(client, identifier=None, **fields):
    identifier = identifier or unique("organization")
    body = {"displayName": {"vi": "Đơn vị"}, "kind": "DEPARTMENT", **fields}
    return client.ok("POST", "/v1/organizations", body, organizationId=identifier)
