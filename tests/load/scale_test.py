"""scale_test.py - scale 10 over the release build: all of it is taken, once, and nothing that is
asked for costs more for it. DONGKHOI_TEST_BUILD is the build."""

import subprocess
import sys
import time

import pytest
from harness import BUILD, ROOT, System

GENERATE = BUILD / "deploy" / "loadtest" / "dongkhoi-generate"
COST = ROOT / "deploy" / "loadtest" / "cost.py"
# From here on every base year of 2022 is there.
SMALL, LARGE = 4, 10
LOAD_SECONDS_MAX = 180


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    # No audit: it would ask the services once more for some of the answers.
    system = System(tmp_path_factory.mktemp("scale"), DONGKHOI_AUDIT="0").start()
    yield system
    system.stop()


def load(system, scale):
    """The numbers that the load printed."""
    done = subprocess.run(
        [GENERATE, "--scale", str(scale), "--load", f"http://127.0.0.1:{system.port}"],
        stdout=subprocess.PIPE, text=True, check=False,
    )
    numbers = {
        name: float(value)
        for name, value in (line.split(": ") for line in done.stdout.splitlines())
    }
    assert done.returncode == 0 and numbers["failed"] == 0, done.stdout
    return numbers


def cost(system, *options):
    return subprocess.run(
        [COST, "--url", f"http://127.0.0.1:{system.port}", *map(str, options)],
        capture_output=True, text=True, check=False,
    )


def test_scale_10_is_loaded_once_and_costs_no_more(system, tmp_path):
    saved = tmp_path / "cost.json"
    small = load(system, SMALL)
    done = cost(system, "--save", saved)
    assert done.returncode == 0, done.stderr

    started = time.monotonic()
    large = load(system, LARGE)
    print(f"scale {SMALL} to {LARGE}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    assert large["known records"] == small["new records"]
    assert large["new records"] > 1.4 * small["new records"]
    assert large["seconds"] < LOAD_SECONDS_MAX
    seqs = system.seqs()
    again = load(system, LARGE)
    assert again["new records"] == 0
    assert again["known records"] == large["new records"] + large["known records"]
    assert system.seqs() == seqs

    # What disturbs a measurement is gone the next time; what grows with the data is not.
    for _ in range(3):
        done = cost(system, "--compare", saved)
        print(done.stdout, file=sys.stderr)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout + done.stderr
