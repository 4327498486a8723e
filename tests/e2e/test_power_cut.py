"""Power cuts: of what the services wrote only synced bytes and names are left, and with it every
acknowledged write, once, and a chain that verifies.

Every second cut leaves, besides, any part of what was not synced, sector by sector.
DONGKHOI_POWER_CUTS makes it longer, DONGKHOI_HISTORY_SEED repeats what was chosen by chance.
"""

import os
import random
import subprocess
import time

import pytest

import harness
import planted_bugs
from harness import SERVICES, wait_until
from history_seed import SEED
from power_cut import Power
from writers import Load

CUTS = int(os.environ.get("DONGKHOI_POWER_CUTS", "5"))
WRITERS = ("indicators", "clusters", "nighteconomy", "registrations") * 2
WRITES_BETWEEN = 20
START_SECONDS = 60


def verify(system):
    """Each store and its chain, with the services' own command; none of them may be running."""
    for service in SERVICES:
        done = subprocess.run(
            [harness.BUILD / "services" / service / f"dongkhoi-{service}", "verify"],
            env=system.environment, capture_output=True, text=True, timeout=60, check=False,
        )
        assert done.returncode == 0, (service, SEED, done.stdout, done.stderr)


def start_again(system):
    for name in harness.PROGRAMS:
        system[name].start()
    system.wait_ready(START_SECONDS)


def cut_again_and_again(system, power, load, cuts):
    chosen = random.Random(SEED)
    for number in range(cuts):
        before = load.count()
        wait_until(lambda before=before: load.count() > before + WRITES_BETWEEN,
                   "the writers write", START_SECONDS)
        time.sleep(chosen.uniform(0, 0.3))
        power.cut(chance=0.5 if number % 2 else 0.0, seed=SEED + number)
        verify(system)
        start_again(system)


@pytest.mark.timeout(120 + CUTS * 20)
def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path):
    system = harness.System(tmp_path)
    power = Power(system)
    system.start()
    load = Load(system.client, WRITERS)
    with load:
        cut_again_and_again(system, power, load, CUTS)
    load.check()
    print(f"{power.cuts} cuts, {power.disk.lost_bytes} bytes lost, {load.count()} writes kept; "
          f"DONGKHOI_HISTORY_SEED={SEED}")
    # A cut that finds everything synced shows nothing.
    assert power.disk.lost_bytes > 0
    assert load.count() > CUTS * WRITES_BETWEEN
    system.stop()
    verify(system)


@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_a_power_cut_while_the_stores_are_made_leaves_them_or_none(tmp_path, chance):
    system = harness.System(tmp_path)
    power = Power(system)
    chosen = random.Random(SEED)
    for number in range(4):
        for name in SERVICES:
            system[name].start()
        wait_until(lambda: list(system.state.rglob("*.db")), "a store is made")
        time.sleep(chosen.uniform(0, 0.2))
        power.cut(chance, SEED + number)
    start_again_with_redis(system)
    with Load(system.client, WRITERS) as load:
        wait_until(lambda: load.count() > WRITES_BETWEEN, "the writers write", START_SECONDS)
    load.check()
    system.stop()
    verify(system)


def start_again_with_redis(system):
    system.redis.start()
    start_again(system)


def test_commits_that_are_not_synced_are_found(tmp_path):
    """MD1, a store that commits without a sync: what it acknowledged is not there."""
    system = harness.System(tmp_path)
    planted_bugs.plant(system, "clusters", "MD1")
    power = Power(system)
    system.start()
    load = Load(system.client, ("clusters",) * 2)
    with load:
        wait_until(lambda: load.count() > WRITES_BETWEEN, "the writers write", START_SECONDS)
        power.cut()
        start_again(system)
        load.stop.set()
    with pytest.raises(AssertionError, match="and is lost|404"):
        load.check()
    system.kill()
    system.redis.kill()
