"""Bugs that are planted are found: by the history, in no longer than it takes in every run, and by
the power cuts. With that, a run that finds nothing says something.

DONGKHOI_PLANTED_BUGS=all tries each that the history has been seen to find (README.md of this
folder says how often).
"""

import os

import pytest

import harness
import planted_bugs
from history_faults import LyingRedis
from history_run import History
from history_seed import SEED
from test_freshness import SECONDS

# Promises; "answer" would be a status that was not expected, which says nothing of histories.
RULES = {"real", "fresh", "forward", "order", "once"}
EACH_RUN = [("gateway", "M7"), ("gateway", "M8"), ("gateway", "MR2")]
OTHERS = [("gateway", "M6"), ("gateway", "M13"), ("gateway", "M17"), ("gateway", "M20"),
          ("gateway", "MR1"), ("clusters", "M1"), ("clusters", "M2")]
BUGS = EACH_RUN + (OTHERS if os.environ.get("DONGKHOI_PLANTED_BUGS") == "all" else [])


@pytest.mark.parametrize("program, mutant", BUGS)
@pytest.mark.timeout(SECONDS * 3 + 120)
def test_the_history_finds_a_planted_bug(tmp_path, program, mutant):
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS="100", DONGKHOI_AUDIT="0")
    system.redis = LyingRedis(system.redis.port, tmp_path, SEED)
    planted_bugs.plant(system, program, mutant)
    history = History(system, 100)
    try:
        found = history.run(SECONDS, until_wrong=True)
        print(history.report())
        print(history.chaos.done)
    finally:
        history.kill()
    assert RULES & {rule for rule, *_ in found}, found[:5]
