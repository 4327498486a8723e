"""No read is stale and none goes backwards, through two gateways, whatever is killed, paused, set
wrong or lied to (history_faults.py). What is read and written, and by whom, is in history_run.py;
what is right, in history_judge.py.

DONGKHOI_FRESHNESS_SECONDS makes it longer, DONGKHOI_HISTORY_SEED repeats what was chosen by chance.
"""

import os
import re

import pytest

import harness
from history_faults import LyingRedis
from history_run import History
from history_seed import SEED

SECONDS = float(os.environ.get("DONGKHOI_FRESHNESS_SECONDS", "8"))
CALM_SECONDS = 3
CASES = [(100, "lies"), (0, "is true")]
if SECONDS >= 30:
    CASES += [(100, "is true"), (0, "lies")]
RATE = 500  # operations a second, on a build without sanitizers and when nothing is disturbed
# What a run must have come to, or it has shown nothing; on a busy machine, with sanitizers.
OPERATIONS_A_SECOND = 60
OPEN_READS_A_SECOND = 5  # of each gateway; planned are about 60
READS_OF_A_KEY, WRITES_OF_A_KEY = 10, 2
LIES_A_SECOND = 1


def is_sanitized():
    cache = harness.BUILD / "CMakeCache.txt"
    return not re.search(r"^DONGKHOI_SANITIZE:STRING=$", cache.read_text(), re.MULTILINE)


def check_floors(history):
    """The run was long, disturbed and wide enough to have found something."""
    assert history.operations() >= OPERATIONS_A_SECOND * history.seconds
    assert len(history.decided) == sum(map(len, history.keys.values()))
    for name, (reads, writes) in history.decided.items():
        assert reads >= READS_OF_A_KEY and writes >= WRITES_OF_A_KEY, (name, reads, writes)
    for reader in history.open:
        # They came also when nobody answered, and when their connection had been left alone.
        assert reader.scheduled == reader.answered + reader.failed
        assert reader.answered >= OPEN_READS_A_SECOND * history.seconds, reader.answered
        assert reader.longest_idle > history.lease
        assert reader.latest < 1
    if history.chaos:
        assert not history.chaos.missing()
    if isinstance(history.system.redis, LyingRedis):
        lies = history.system.redis.lies()
        assert lies.total() >= LIES_A_SECOND * history.seconds, lies
        assert {"old", "another", "relabelled"} <= set(lies), lies


def decide(history, seconds):
    try:
        wrong = history.run(seconds)
        print(history.report())
        if history.chaos:
            print(history.chaos.done)
        assert not wrong, (len(wrong), wrong[:5], history.report())
        check_floors(history)
        history.system.wait_ready()
        history.system.stop()
    finally:
        history.kill()


@pytest.mark.parametrize("lease_ms, redis", CASES)
@pytest.mark.timeout(SECONDS * 3 + 120)
def test_no_read_is_stale_and_none_goes_backwards(tmp_path, lease_ms, redis):
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS=str(lease_ms), DONGKHOI_AUDIT="50")
    if redis == "lies":
        system.redis = LyingRedis(system.redis.port, tmp_path, SEED)
    decide(History(system, lease_ms, seed=SEED + lease_ms + len(redis)), SECONDS)


@pytest.mark.parametrize("lease_ms", [0, 100])
def test_a_calm_system_is_right_and_fast(tmp_path, lease_ms):
    system = harness.System(tmp_path, DONGKHOI_LEASE_MS=str(lease_ms), DONGKHOI_AUDIT="50")
    history = History(system, lease_ms, disturb=False)
    decide(history, CALM_SECONDS)
    if not is_sanitized():
        assert history.operations() / history.seconds >= RATE
