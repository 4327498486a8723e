"""Pages, filters and orders."""

import pytest

import make


@pytest.fixture(scope="module")
def parent(system):
    """An indicator with 24 observations, 2020-01 to 2021-12, of values 1 to 24."""
    name = make.indicator(system.client, "lists")["name"]
    make.batch(
        system.client,
        name,
        [
            make.values(
                f"{2020 + i // 12}-{i % 12 + 1:02}",
                i + 1,
                status="OFFICIAL" if i < 12 else "ESTIMATED",
                source="a" if i % 2 else "b",
            )
            for i in range(24)
        ],
    )
    return name


def periods(client, parent, **query):
    page = client.ok("GET", f"/v1/{parent}/observations", **query)
    return [item["period"] for item in page["observations"]]


def test_pages_give_everything_once(client, parent):
    for size in (1, 5, 7, 24, 1000, 5000):
        found, token = [], ""
        while True:
            page = client.ok(
                "GET", f"/v1/{parent}/observations", pageSize=size, pageToken=token
            )
            assert len(page["observations"]) <= size
            found += [item["period"] for item in page["observations"]]
            token = page["nextPageToken"]
            if not token:
                break
        assert len(found) == 24 and len(set(found)) == 24, size


def test_pages_hold_while_others_write(client):
    name = make.indicator(client)["name"]
    make.batch(client, name, [make.values(f"2020-{m:02}", m) for m in range(1, 13)])
    first = client.ok("GET", f"/v1/{name}/observations", pageSize=6)
    make.batch(client, name, [make.values(f"2019-{m:02}", m) for m in range(1, 13)])
    second = client.ok(
        "GET", f"/v1/{name}/observations", pageSize=6, pageToken=first["nextPageToken"]
    )
    found = [item["period"] for item in first["observations"] + second["observations"]]
    assert found == [f"2020-{m:02}" for m in range(1, 13)]


def test_a_token_of_another_request_is_refused(client, parent):
    page = client.ok("GET", f"/v1/{parent}/observations", pageSize=5)
    token = page["nextPageToken"]
    for query in ({"filter": 'source = "a"'}, {"orderBy": "value desc"}):
        answer = client.get(f"/v1/{parent}/observations", pageToken=token, **query)
        assert answer.status == 400, answer.body
    for token in ("x", token[:-2], token + "AA", "A" * 5000):
        answer = client.get(f"/v1/{parent}/observations", pageSize=5, pageToken=token)
        assert answer.status == 400, (token, answer.body)


FILTERS = {
    'period = "2020-03"': 1,
    'period >= "2020-11" AND period < "2021-02"': 3,
    'source = "a"': 12,
    'source != "a"': 12,
    'NOT source = "a"': 12,
    '-source = "a"': 12,
    "value > 20": 4,
    "value <= 2.5": 2,
    "status = OFFICIAL": 12,
    'status = ESTIMATED AND source = "a"': 6,
    # OR binds tighter than AND.
    'status = OFFICIAL AND value = 1 OR value = 13': 1,
    '(status = OFFICIAL AND value = 1) OR value = 13': 2,
    'source = "a" value > 22': 1,
    'period = "nothing"': 0,
    'name = "indicators/lists/observations/2020-03"': 1,
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_selects(client, parent, text):
    assert len(periods(client, parent, filter=text, pageSize=100)) == FILTERS[text]


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        "value = abc",
        "status = RIVER",
        "value >",
        "(value = 1",
        "value = 1)",
        'source = "a',
        "AND",
        "value = 1 AND",
        "NOT",
        "= 1",
        "(" * 500 + "value = 1" + ")" * 500,
        "value = 1" + " AND value = 1" * 1000,
    ],
)
def test_a_filter_that_is_none_is_refused(system, parent, text):
    answer = system.client.get(f"/v1/{parent}/observations", filter=text)
    assert (answer.status, answer.error["status"]) == (400, "INVALID_ARGUMENT"), answer.body
    assert "filter" in answer.fields, answer.body


def test_the_order_is_the_one_asked_for(client, parent):
    ordered = periods(client, parent, orderBy="period desc", pageSize=3)
    assert ordered == ["2021-12", "2021-11", "2021-10"]
    ordered = periods(client, parent, orderBy="status desc, period desc", pageSize=2)
    assert ordered == ["2020-12", "2020-11"]
    assert periods(client, parent, orderBy="period", pageSize=1) == ["2020-01"]


def test_a_list_can_be_ordered_by_when_it_was_recorded(client):
    names = [make.indicator(client, make.unique("recorded"))["name"] for _ in range(3)]
    client.ok("PATCH", f"/v1/{names[0]}", {"unit": "GW"})
    page = client.ok("GET", "/v1/indicators", orderBy="update_time desc", pageSize=3)
    assert [item["name"] for item in page["indicators"]] == [names[0], names[2], names[1]]


COLLECTIONS = [
    "indicators",
    "indicators/-/targets",
    "indicators/-/observations",
    "clusters",
    "clusters/-/investments",
    "clusterTargets",
    "schemes",
    "schemes/-/projects",
    "schemes/-/milestones",
    "schemes/-/milestones/-/evidence",
    "organizations",
    "movements",
    "movements/-/registrations",
    "movements/-/registrations/-/reports",
    "movements/-/commendations",
    "movements/-/exemplars",
]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_list_is_ordered_by_name_and_times(client, collection):
    client.ok("GET", f"/v1/{collection}", orderBy="updateTime desc, createTime, name")
    refused = client.get(f"/v1/{collection}", orderBy="etag")
    assert refused.reason == "INVALID_ORDER_BY"
    assert "can be ordered by name, createTime, updateTime" in refused.json["error"]["message"]


def test_values_that_are_not_known_have_their_place_in_an_order(client):
    names = {
        make.cluster(client, district="778", **area)["name"]
        for area in ({"areaHectares": 10}, {}, {"areaHectares": 20}, {}, {"areaHectares": 10})
    }
    for order in ("areaHectares", "areaHectares desc"):
        found, token = [], ""
        while True:
            page = client.ok(
                "GET",
                "/v1/clusters",
                filter='district = "778"',
                orderBy=order,
                pageSize=2,
                pageToken=token,
            )
            found += page["clusters"]
            token = page["nextPageToken"]
            if not token:
                break
        assert {item["name"] for item in found} == names and len(found) == 5
        areas = [item["areaHectares"] for item in found if item["areaHectares"]]
        assert areas == sorted(areas, reverse=order.endswith("desc"))


def test_pages_keep_the_order_asked_for(client, parent):
    found, token = [], ""
    while True:
        page = client.ok(
            "GET",
            f"/v1/{parent}/observations",
            orderBy="status desc, period",
            pageSize=5,
            pageToken=token,
        )
        found += [(item["status"], item["period"]) for item in page["observations"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert found == sorted(sorted(found, key=lambda pair: pair[1]), key=lambda p: p[0] != "OFFICIAL")
    assert len(found) == 24


@pytest.mark.parametrize("order", ["colour", "value up", "value,,period", "value desc desc", ","])
def test_an_order_that_is_none_is_refused(client, parent, order):
    answer = client.get(f"/v1/{parent}/observations", orderBy=order)
    assert answer.status == 400, answer.body


def test_a_hyphen_lists_below_all_parents(client, parent):
    other = make.indicator(client)["name"]
    make.observation(client, other, "2022-01", 1)
    page = client.ok("GET", "/v1/indicators/-/observations", pageSize=1000)
    parents = {item["name"].rsplit("/", 2)[0] for item in page["observations"]}
    assert {parent, other} <= parents


def test_clusters_are_filtered_by_district_and_stage(client):
    name = make.cluster(client, district="777")["name"]
    found = client.ok("GET", "/v1/clusters", filter='district = "777" AND stage = PLANNED')
    assert [item["name"] for item in found["clusters"]] == [name]
