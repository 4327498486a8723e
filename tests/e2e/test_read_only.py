"""A full disk: writes are refused as STORE_READ_ONLY, reads go on, and it comes back."""

import subprocess

import pytest

import make
from harness import System, wait_until


@pytest.fixture
def small(tmp_path):
    """A system whose state is on a tmpfs of a few megabytes."""
    state = tmp_path / "state"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", state], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        system = System(tmp_path).start()
        yield system
        system.kill()
        system.check_logs()
    finally:
        subprocess.run(["umount", "-l", state], check=False)


def test_a_full_disk_makes_the_store_read_only_until_there_is_room(small):
    client = small.client
    name = make.cluster(client, "kept")["name"]
    filler = small.state / "filler"
    written = 0
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
                written += 1
        except OSError:
            pass
    assert written > 10

    refused = None
    acknowledged = []
    for number in range(2000):
        body = {"displayName": {"vi": "X"}, "district": "834", "note": "x" * 1500}
        answer = client.post("/v1/clusters", body, clusterId=f"fill-{number}")
        if answer.status != 200:
            refused = answer
            break
        acknowledged.append(answer.json["name"])
    assert refused is not None
    assert (refused.status, refused.error["status"]) == (503, "UNAVAILABLE"), refused.body
    assert refused.reason == "STORE_READ_ONLY"

    assert client.ok("GET", f"/v1/{name}")["name"] == name
    for other in acknowledged[-3:]:
        assert client.get(f"/v1/{other}").status == 200
    ready = client.get("/readyz")
    assert ready.status == 503 and "clusters" in ready.body.decode(), ready.body

    filler.unlink()
    wait_until(
        lambda: client.post(
            "/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"}
        ).status == 200,
        "the store takes writes again",
        20,
    )
    wait_until(lambda: client.get("/readyz").status == 200, "the system is ready again")
    small.restart("clusters")
    small.wait_ready()
    for other in acknowledged:
        assert client.get(f"/v1/{other}").status == 200
