"""A program's clock can be moved while it runs: what the tests of wrong clocks stand on."""

import datetime
import json
import time

import make
from shifted_clock import Drift, ShiftedClock


def ahead(resource):
    """By how many seconds the service that wrote it just now is ahead."""
    made = datetime.datetime.fromisoformat(resource["updateTime"].replace("Z", "+00:00"))
    return made.timestamp() - time.time()


def test_a_clock_is_shifted_at_the_start_and_while_the_program_runs(fresh):
    fresh["clusters"].stop()
    clock = ShiftedClock(fresh["clusters"], 86400)
    fresh["clusters"].start()
    fresh.wait_ready()
    assert 86390 < ahead(make.cluster(fresh.client)) < 86410
    assert abs(ahead(make.indicator(fresh.client))) < 10  # a service with the true clock
    clock.shift(2 * 86400)
    assert 2 * 86400 - 10 < ahead(make.cluster(fresh.client)) < 2 * 86400 + 10
    with Drift(clock, 600):
        time.sleep(0.3)
    assert 2 * 86400 + 60 < ahead(make.cluster(fresh.client))


def test_what_measures_how_long_something_takes_stays_true(fresh):
    """The service's clock goes a year forth and back in each call, whose time stays short."""
    fresh["clusters"].stop()
    clock = ShiftedClock(fresh["clusters"])
    fresh["clusters"].environment["DONGKHOI_LOG"] = "debug"
    fresh["clusters"].start()
    fresh.wait_ready()
    for count in range(20):
        clock.shift(-86400 * 365 * (count % 2))
        fresh.client.ok("GET", "/v1/clusters")
    assert fresh["clusters"].stop() == 0  # the log is written to its end
    calls = [
        json.loads(line)
        for line in fresh["clusters"].said().splitlines()
        if '"event":"call"' in line and "ListClusters" in line
    ]
    assert len(calls) == 20
    for call in calls:
        parts = [v for k, v in call.items() if k.endswith("_us") or k.endswith("_ms")]
        assert parts and all(0 <= int(v) < 60_000_000 for v in parts), call
