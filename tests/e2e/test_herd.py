"""Many that miss the same answer at once: each loop of a gateway asks the service once."""

import json
import os
import threading

import harness
import make
from history_clients import Wire

HERD = 64
ROUNDS = 10


def calls(system):
    """How many calls for clusters the gateway made, or rather the service answered."""
    text = system.client.get("/metrics", of="clusters").body.decode()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("dongkhoi_rpc_requests_total{") and "GetCluster\"" in line
    )


def test_a_herd_makes_at_most_one_call_on_each_loop(tmp_path):
    loops = len(os.sched_getaffinity(0))
    system = harness.System(tmp_path, DONGKHOI_REDIS="", DONGKHOI_AUDIT="0").start()
    make.cluster(system.client, "herd")
    made = []
    for number in range(ROUNDS):
        wires = [Wire(system.port) for _ in range(HERD)]
        for wire in wires:
            assert wire.ask(b"GET", "/healthz")[0] == 200
        system.client.ok("PATCH", "/v1/clusters/herd", {"note": f"note {number}"})
        before = calls(system)
        together = threading.Barrier(HERD)
        notes = []

        def read(wire):
            together.wait()
            code, body = wire.ask(b"GET", "/v1/clusters/herd")
            notes.append((code, json.loads(body)["note"]))

        threads = [threading.Thread(target=read, args=(wire,)) for wire in wires]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.append(calls(system) - before)
        assert notes == [(200, f"note {number}")] * HERD
        for wire in wires:
            wire.close()
    print(f"{HERD} reads at once on {loops} loops: {made} calls")
    assert all(1 <= count <= loops for count in made), made
    system.stop()
