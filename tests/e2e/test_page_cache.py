"""The page at "/" from the cache: as fresh as any other read, and sent again only when it differs."""

import concurrent.futures

import pytest

import harness
from harness import wait_until

MOVEMENT = "/v1/movements/dong-khoi-moi-2022"


@pytest.fixture
def clients(tmp_path):
    """Two gateways before the data of 2022, each answer of their caches audited."""
    system = harness.System(tmp_path, DONGKHOI_AUDIT="1").start()
    system.load()
    yield [system.client, system.add_gateway()[1]]
    system.stop()


def page(client, headers=None, **query):
    answer = client.get("/", headers=headers, lang="vi", **query)
    assert answer.status == 200, answer.body
    return answer


def is_hit(answer):
    return answer.headers["cache-status"] in (
        "dongkhoi; hit; detail=memory",
        "dongkhoi; hit; detail=redis",
    )


def settle(client):
    """Every loop has the page."""
    wait_until(lambda: all(is_hit(page(client)) for _ in range(8)), "the page is a hit")


def test_a_write_is_seen_in_the_next_page_through_either_gateway(clients):
    for client in clients:
        settle(client)
    for number in range(10):
        title = f"Phong trào lần {number}"
        clients[number % 2].ok("PATCH", MOVEMENT, {"displayName": {"vi": title}})
        for client in clients:
            text = page(client).body.decode()
            assert text.count(f"lần {number}") >= 2, number  # the choice, and the scorecard
            assert f"lần {number - 1}<" not in text


def test_a_write_to_another_service_is_seen_in_the_next_page(clients):
    for client in clients:
        settle(client)
    for number in range(5):
        title = f"Chỉ tiêu lần {number}"
        clients[0].ok("PATCH", "/v1/indicators/industrial-output", {"displayName": {"vi": title}})
        for client in reversed(clients):
            assert title in page(client).body.decode()


def test_the_page_is_a_hit_until_something_is_written(clients):
    settle(clients[0])
    clients[0].ok("PATCH", MOVEMENT, {"displayName": {"vi": "Tên khác"}})
    first = page(clients[0])
    assert "fwd=" in first.headers["cache-status"] and "stored" in first.headers["cache-status"]
    settle(clients[0])
    forced = page(clients[0], headers={"Cache-Control": "no-cache"})
    assert forced.headers["cache-status"].startswith("dongkhoi; fwd=request")


def test_the_tag_of_a_page_is_of_its_words(clients):
    first, second = page(clients[0]), page(clients[1])
    tag = first.headers["etag"]
    assert tag.startswith('W/"') and second.headers["etag"] == tag
    for client in clients:
        answer = client.get("/", headers={"If-None-Match": tag}, lang="vi")
        assert answer.status == 304 and not answer.body and answer.headers["etag"] == tag
        assert client.get("/", headers={"If-None-Match": tag}, lang="en").status == 200
    clients[1].ok("PATCH", MOVEMENT, {"displayName": {"vi": "Tên khác"}})
    answer = clients[0].get("/", headers={"If-None-Match": tag}, lang="vi")
    assert answer.status == 200 and "Tên khác" in answer.body.decode()


def test_pages_that_come_together_share_their_reads(clients):
    def load(number):
        return page(harness.Client(clients[number % 2].port)).body

    for number in range(3):
        clients[0].ok("PATCH", MOVEMENT, {"displayName": {"vi": f"Cùng lúc {number}"}})
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            bodies = list(pool.map(load, range(96)))
        assert all(f"Cùng lúc {number}" in body.decode() for body in bodies)


def test_a_page_that_cannot_be_made_has_no_tag_and_is_not_kept(clients):
    for _ in range(3):
        answer = clients[0].get("/", movement="no-such-movement", lang="en")
        assert answer.status == 404 and "etag" not in answer.headers
        assert "hit" not in answer.headers["cache-status"]
