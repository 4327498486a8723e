"""kill -9 of each process again and again: every acknowledged write is there once."""

import contextlib
import random
import sqlite3
import time

import pytest

from harness import PROGRAMS, SERVICES, wait_until
from writers import Load

KILLS = 12


def kill_again_and_again(system, load, names):
    for name in names:
        before = load.count()
        wait_until(lambda before=before: load.count() > before + 5, "the writers write", 30)
        time.sleep(random.uniform(0, 0.3))
        system.restart(name)


@pytest.mark.parametrize("victim", [*PROGRAMS, "each in turn"])
def test_no_acknowledged_write_is_lost_to_kill_9(fresh, victim):
    names = PROGRAMS * 4 if victim == "each in turn" else [victim] * KILLS
    with Load(fresh.client) as load:
        kill_again_and_again(fresh, load, names)
        before = load.count()
        wait_until(lambda: load.count() > before + 20, "the writers go on", 30)
    fresh.wait_ready()
    load.check()
    for service in SERVICES:
        with contextlib.closing(fresh.database(service)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            seqs = [row[0] for row in database.execute("SELECT seq FROM journal ORDER BY seq")]
            assert seqs == list(range(1, len(seqs) + 1))


def test_everything_killed_at_once_comes_back(fresh):
    with Load(fresh.client) as load:
        for _ in range(3):
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 10, "the writers write", 30)
            fresh.kill()
            for name in PROGRAMS:
                fresh[name].start()
            fresh.wait_ready()
    load.check()


def test_a_store_belongs_to_one_process(fresh, tmp_path):
    """A second service over the same state does not serve."""
    from harness import Program

    for service in SERVICES:
        second = Program(service, tmp_path, {**fresh.environment,
                                             f"DONGKHOI_{service.upper()}": "tcp://127.0.0.1:0"})
        second.log = tmp_path / f"second-{service}.log"
        second.start()
        assert second.wait(20) != 0
        assert second.said().strip()


def test_a_changed_journal_is_no_secret(fresh):
    """The chain of hashes is what the domain says it is: each entry holds that before it."""
    fresh.client.ok(
        "POST", "/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"}, clusterId="a"
    )
    fresh.client.ok("PATCH", "/v1/clusters/a", {"note": "b"})
    with contextlib.closing(fresh.database("clusters")) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    assert len(rows) == 2
    assert rows[1]["previous_hash"] == rows[0]["hash"]
    assert rows[0]["hash"] != rows[1]["hash"]
    assert rows[0]["time"] < rows[1]["time"]
