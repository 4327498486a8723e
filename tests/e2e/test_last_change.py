"""Lists and computed answers say what they were read from."""

import os
import subprocess

import harness
import make


def last_change(client, path, **query):
    return client.ok("GET", f"/v1/{path}", **query)["lastChange"]


def test_a_write_moves_the_last_change_of_every_list_and_computed_answer(client):
    name = make.indicator(client)["name"]
    make.target(client, name)
    before = last_change(client, "indicators")
    observation = make.observation(client, name, "2022-01", 1)
    listed = last_change(client, "indicators")
    assert int(listed["seq"]) == int(before["seq"]) + 1
    assert listed["hash"] != before["hash"] and len(listed["hash"]) == 16
    assert listed["time"] == observation["updateTime"]
    for path, query in (
        (f"{name}/observations", {}),
        (f"{name}/progress", {"period": "2022-01"}),
        (f"{name}/observations/2022-01:history", {}),
    ):
        assert last_change(client, path, **query) == listed, path


def test_the_last_change_is_that_of_the_feed(client):
    make.cluster(client)
    change = client.ok("GET", "/v1/changes", pageSize=1000)["changes"]
    newest = [item for item in change if item["service"] == "clusters"][-1]
    listed = last_change(client, "clusters")
    assert listed["seq"] == newest["seq"] and listed["time"] == newest["time"]
    assert newest["hash"].startswith(listed["hash"])


def test_a_write_elsewhere_moves_nothing(client):
    before = last_change(client, "clusters")
    make.indicator(client)
    assert last_change(client, "clusters") == before


def test_the_parts_of_a_batch_do_not_say_it_again(client):
    name = make.indicator(client)["name"]
    make.target(client, name)
    batch = client.ok("GET", "/v1/indicators:batchGetProgress", names=name, period="2022-01")
    assert batch["lastChange"]["seq"]
    assert not any(item.get("lastChange") for item in batch["progresses"])


def test_the_length_of_leases_is_checked_before_the_start():
    program = harness.BUILD / "services" / "clusters" / "dongkhoi-clusters"
    for value, code in (("0", 0), ("100", 0), ("10000", 0), ("10001", 1), ("-1", 1), ("1s", 1)):
        done = subprocess.run(
            [program, "--check"],
            env={**os.environ, "DONGKHOI_LEASE_MS": value},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, value
        assert f"DONGKHOI_LEASE_MS={value} (environment)" in done.stdout
