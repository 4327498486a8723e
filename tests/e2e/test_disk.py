"""Room on the disk: said before it is too little, and what is then no longer taken."""

import json
import subprocess

import pytest

import make
from harness import BUILD, System, wait_until


def events(program, name):
    lines = [json.loads(line) for line in program.said().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


def test_a_disk_that_fills_up_is_said_and_all_is_served(tmp_path):
    # No disk that tests run on is as empty as that.
    system = System(tmp_path, DONGKHOI_DISK_WARN="90%", DONGKHOI_DISK_RESERVE="0").start()
    try:
        make.indicator(system.client, "x")
        ready = system.client.get("/readyz")
        assert ready.status == 200
        said = {service["service"]: service["warning"] for service in ready.json["services"]}
        if not said["indicators"]:
            pytest.skip("this disk is nearly empty")
        assert "filling up" in said["indicators"]
        found = events(system["indicators"], "disk")
        assert len(found) == 1 and found[0]["level"] == "warning", found
        assert int(found[0]["free_bytes"]) > 0
    finally:
        system.stop()


def test_without_the_reserve_writes_are_refused_and_reads_are_not(tmp_path):
    system = System(tmp_path, DONGKHOI_DISK_WARN="0").start()
    try:
        make.indicator(system.client, "x")
        system["indicators"].stop()
        # More than any disk has.
        system["indicators"].environment = {**system.environment,
                                            "DONGKHOI_DISK_RESERVE": "900000000000000000"}
        system["indicators"].start()
        wait_until(lambda: system.client.get("/v1/indicators/x").status == 200, "it reads", 30)
        answer = system.client.patch("/v1/indicators/x", {"unit": "GW"}, updateMask="unit")
        assert (answer.status, answer.reason) == (503, "STORE_READ_ONLY"), answer.body
        ready = system.client.get("/readyz")
        assert ready.status == 503 and ready.metadata["indicators"] == "is read-only"
        system["indicators"].stop()
        system["indicators"].environment = system.environment
        system["indicators"].start()
        wait_until(lambda: system.client.patch("/v1/indicators/x", {"unit": "GW"},
                                               updateMask="unit").status == 200, "it writes", 30)
    finally:
        system.stop()


@pytest.mark.parametrize("variable, value", [
    ("DONGKHOI_DISK_WARN", "1G"), ("DONGKHOI_DISK_WARN", ""), ("DONGKHOI_DISK_WARN", "0%"),
    ("DONGKHOI_DISK_RESERVE", "-1"), ("DONGKHOI_DISK_RESERVE", "2147483648"),
    ("DONGKHOI_IDEMPOTENCY_DAYS", "3651"), ("DONGKHOI_IDEMPOTENCY_DAYS", "x"),
    ("DONGKHOI_IDEMPOTENCY_DAYS", "1.5"),
])
def test_a_wrong_limit_stops_the_program_before_it_listens(tmp_path, variable, value):
    done = subprocess.run(
        [BUILD / "services" / "indicators" / "dongkhoi-indicators"],
        env={"DONGKHOI_STATE": str(tmp_path / "state"), "DONGKHOI_BIND": "tcp://127.0.0.1:0",
             variable: value},
        capture_output=True, text=True, timeout=20, check=False,
    )
    assert done.returncode == 1
    assert variable in done.stderr and value in done.stderr and "allowed is" in done.stderr
    assert not (tmp_path / "state").exists()
