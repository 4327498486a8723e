"""A full or failing disk: writes are refused as STORE_READ_ONLY, and reads go on."""

import contextlib
import subprocess
import time

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
        system = System(tmp_path, DONGKHOI_DISK_RESERVE="0").start()
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


@contextlib.contextmanager
def failing_fsync(pid):
    """While inside, every fdatasync of the process fails with EIO."""
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-p", str(pid), "-e", "trace=fdatasync,fsync",
         "-e", "inject=fdatasync,fsync:error=EIO"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        time.sleep(1)
        if strace.poll() is not None:
            pytest.skip(f"strace cannot attach here: {strace.stderr.read().decode().strip()}")
        yield
    finally:
        if strace.poll() is None:
            strace.terminate()
        strace.wait()


def test_after_a_failed_fsync_only_a_restart_brings_writes_back(fresh):
    client = fresh.client
    make.cluster(client, "before")
    body = {"displayName": {"vi": "X"}, "district": "834"}
    with failing_fsync(fresh["clusters"].pid):
        answer = client.post("/v1/clusters", body, clusterId="during")
        assert (answer.status, answer.error["status"]) == (503, "UNAVAILABLE"), answer.body
    time.sleep(2)
    answer = client.post("/v1/clusters", body, clusterId="after")
    assert (answer.status, answer.reason) == (503, "STORE_READ_ONLY"), answer.body
    assert client.get("/v1/clusters/before").status == 200
    assert "clusters" in client.get("/readyz").body.decode()
    assert client.get("/readyz").status == 503
    assert client.post("/v1/indicators", {"displayName": {"vi": "X"}, "unit": "MW",
                                          "kind": "FLOW"}).status == 200
    assert fresh["clusters"].stop() == 0
    fresh["clusters"].start()
    fresh.wait_ready()
    assert client.post("/v1/clusters", body, clusterId="after").status == 200
    assert client.get("/v1/clusters/before").status == 200
