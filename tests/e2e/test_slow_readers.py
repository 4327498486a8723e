"""Clients that do not read what they asked for: the gateway stays within its bounds, and a good
client among them is served as if they were not there."""

import pytest

import hostile
import make
import metrics
from harness import System, wait_until

MEMORY_BYTES = 128 << 20
# Of the memory, what is left beside the program and its cache, and half of that: as in main.c.
HTTP_BYTES = (MEMORY_BYTES - (64 << 20) - (8 << 20)) // 2
PATHS = ["/v1/indicators/i/progress?period=2010-06", "/v1/clusters?pageSize=20", "/v1/indicators/i"]


@pytest.fixture(scope="module", params=["on", "off"])
def system(request, tmp_path_factory):
    """With a feed and lists whose pages are large."""
    system = System(
        tmp_path_factory.mktemp("slow_readers"),
        DONGKHOI_MEMORY_BYTES=str(MEMORY_BYTES),
        DONGKHOI_PEER_SHARES=request.param,
    ).start()
    name = make.indicator(system.client, "i")["name"]
    for year in range(1930, 2015):
        make.batch(
            system.client,
            name,
            [make.values(f"{year}-{m:02}", m, note="Ghi chú " * 40) for m in range(1, 13)],
        )
    make.target(system.client, name)
    yield system
    system.stop()


def value(system, name, **labels):
    return metrics.Metrics(system.client.get("/metrics").body.decode())(name, **labels)


@pytest.mark.parametrize(
    "path, accept, addresses",
    [
        ("/v1/changes?pageSize=1000", "*/*", 0),
        ("/v1/changes?pageSize=1000", "*/*", 30),
        ("/v1/indicators/i/observations?pageSize=1000", "text/csv", 30),
        ("/openapi.json", "*/*", 30),
    ],
)
def test_a_good_client_is_served_among_readers_that_do_not_read(system, path, accept, addresses):
    with hostile.Readers(system.port, path, 150, addresses, accept=accept) as readers:
        wait_until(lambda: readers.connects.value >= 150, "all readers connected")
        report = hostile.ask_in_open_loop(system.port, PATHS, 20, 5)
        held = value(system, "dongkhoi_http_bytes")
    assert report.statuses == {200: 100}, report
    # A few large answers are on their way when the bound is looked at.
    assert held <= HTTP_BYTES + (16 << 20)
    wait_until(lambda: value(system, "dongkhoi_http_connections") <= 3, "they are gone")
    wait_until(lambda: value(system, "dongkhoi_http_bytes") < 1 << 20, "nothing is held for them", 30)


def test_large_answers_are_still_given_to_who_reads_them(system):
    with hostile.Readers(system.port, "/v1/changes?pageSize=1000", 100, 20) as readers:
        wait_until(lambda: readers.connects.value >= 100, "all readers connected")
        wait_until(
            lambda: value(system, "dongkhoi_http_connections_shed_total", reason="not_reading") > 0,
            "some were reset",
            30,
        )
        page = wait_until(
            lambda: (answer := system.client.get("/v1/changes?pageSize=1000")).status == 200
            and answer,
            "a page of the feed",
            30,
        )
    assert len(page.json["changes"]) == 1000
