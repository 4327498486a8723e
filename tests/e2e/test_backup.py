"""backup, verify and restore as an operator types them, beside services that work."""

import contextlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import time

import pytest

import make
from harness import BUILD, SANITIZER, wait_until
from writers import Load

LINE = re.compile(r"^OK (?P<file>\S+) seq=(?P<seq>\d+) hash=(?P<hash>[0-9a-f]{64}) time=(?P<time>\S+) "
                  r"revisions=(?P<rows>\d+)(?: kept=(?P<kept>\S+))?\n$")


def command(system, service, *arguments, **environment):
    done = subprocess.run(
        [BUILD / "services" / service / f"dongkhoi-{service}", *map(str, arguments)],
        env={**system.environment, **{name: str(value) for name, value in environment.items()}},
        capture_output=True, text=True, timeout=120, check=False,
    )
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


def ok(system, service, *arguments, **environment):
    """The parts of the line that a command ends with when all is well."""
    done = command(system, service, *arguments, **environment)
    assert done.returncode == 0, (done.args, done.stdout, done.stderr)
    return LINE.match(done.stdout).groupdict()


def refused(system, service, code, reason, *arguments, **environment):
    done = command(system, service, *arguments, **environment)
    assert done.returncode == code and f"({reason})" in done.stderr, (done.stdout, done.stderr)
    assert "OK" not in done.stdout
    return done.stderr


def names_in(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return {row[0] for row in database.execute("SELECT name FROM journal")}


def test_a_backup_under_load_holds_every_write_acknowledged_before_it(fresh, tmp_path):
    backups = []
    with Load(fresh.client, ("indicators",) * 8) as load:
        for number in range(3):
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 40, "the writers write", 30)
            known = [entry[1] for writer in load.writers for entry in list(writer.acknowledged)]
            path = tmp_path / f"{number}.db"
            backups.append((path, known, ok(fresh, "indicators", "backup", "--to", path)))
            # The live store too, while it is written to.
            ok(fresh, "indicators", "verify")
        before = load.count()
        wait_until(lambda: load.count() > before + 40, "the writers go on", 30)
        fresh["indicators"].kill()
        fresh["indicators"].start()
    load.check()
    for path, known, said in backups:
        elsewhere = tmp_path / f"elsewhere-{path.name}"
        assert int(said["seq"]) >= len(known) > 0
        restored = ok(fresh, "indicators", "restore", "--from", path, DONGKHOI_STATE=elsewhere)
        assert restored["hash"] == said["hash"] and restored["kept"] is None
        assert ok(fresh, "indicators", "verify", DONGKHOI_STATE=elsewhere)["hash"] == said["hash"]
        assert set(known) <= names_in(elsewhere / "indicators.db")
    assert stat.S_IMODE(os.stat(backups[0][0]).st_mode) == 0o600
    assert not list(tmp_path.glob("*.partial"))


def test_what_a_kill_left_in_the_log_is_in_the_backup(fresh, tmp_path):
    make.indicator(fresh.client, "last")
    fresh["indicators"].kill()
    assert (fresh.state / "indicators.db-wal").stat().st_size > 0
    ok(fresh, "indicators", "backup", "--to", tmp_path / "a.db")
    assert "indicators/last" in names_in(tmp_path / "a.db")
    fresh["indicators"].start()


def test_a_restored_store_shows_no_answer_of_the_lost_future(fresh, tmp_path):
    """It waits for every lease that may be out, of up to ten seconds, before it shows anything."""
    body = {"displayName": {"vi": "Một"}, "unit": "MW", "kind": "FLOW",
            "direction": "HIGHER_IS_BETTER", "decimals": 0}
    once = {"Idempotency-Key": "once"}
    fresh.client.ok("POST", "/v1/indicators", body, indicatorId="x")
    first = fresh.client.ok("POST", "/v1/indicators", body, once)
    _, other = fresh.add_gateway()
    backup = ok(fresh, "indicators", "backup", "--to", tmp_path / "a.db")
    cursor = fresh.client.ok("GET", "/v1/changes", pageSize=1000)["nextCursor"]

    def title(client):
        return client.ok("GET", "/v1/indicators/x")["displayName"]["vi"]

    def rename(text):
        fresh.client.ok("PATCH", "/v1/indicators/x", {"displayName": {"vi": text}},
                        updateMask="displayName")

    for text in ("Hai", "Ba"):
        rename(text)
        for client in (fresh.client, other) * 3:
            assert title(client) == text
    lost = fresh.client.ok("GET", "/v1/changes", pageSize=1000)["nextCursor"]
    with contextlib.closing(fresh.database("indicators")) as database:
        lost_hashes = {row[0] for row in database.execute("SELECT hash FROM journal WHERE seq > ?",
                                                          (int(backup["seq"]),))}

    fresh["indicators"].kill()
    restored = ok(fresh, "indicators", "restore", "--from", tmp_path / "a.db")
    assert restored["seq"] == backup["seq"]
    time.sleep(0.2)  # as long as a lease of the lost service lasts, it speaks for it
    fresh["indicators"].start()
    wait_until(lambda: fresh.client.get("/v1/indicators/x").status == 200, "it answers", 40)
    for client in (fresh.client, other) * 3:
        assert title(client) == "Một"
    # A key that the backup knows has no second effect.
    again = fresh.client.post("/v1/indicators", body, once)
    assert again.json == first and again.headers.get("idempotency-replayed") == "true"
    # The same place in the journal, another entry there.
    rename("Bốn")
    for client in (fresh.client, other) * 3:
        assert title(client) == "Bốn"
    with contextlib.closing(sqlite3.connect(fresh.state / "indicators.db")) as database:
        hashes = {row[0] for row in database.execute("SELECT hash FROM journal")}
    assert not hashes & lost_hashes
    # Who read what is lost is told; who did not goes on.
    answer = fresh.client.get("/v1/changes", since=lost)
    assert (answer.status, answer.reason) == (400, "CURSOR_OUTDATED"), answer.body
    assert answer.metadata["service"] == "indicators"
    changes = fresh.client.ok("GET", "/v1/changes", since=cursor)["changes"]
    assert [change["resource"]["displayName"]["vi"] for change in changes] == ["Bốn"]
    # The old store is whole, beside the new one.
    kept = ok(fresh, "indicators", "verify", f"{restored['kept']}/indicators.db")
    assert int(kept["seq"]) == int(backup["seq"]) + 2


def test_a_restored_store_waits_for_every_lease_that_may_be_out(fresh, tmp_path):
    make.indicator(fresh.client, "x")
    ok(fresh, "indicators", "backup", "--to", tmp_path / "a.db")
    ok(fresh, "indicators", "restore", "--from", tmp_path / "a.db",
       DONGKHOI_STATE=tmp_path / "elsewhere")
    with contextlib.closing(sqlite3.connect(tmp_path / "elsewhere" / "indicators.db")) as database:
        assert database.execute(
            "SELECT number FROM meta WHERE key = 'longest_lease_ms'").fetchone() == (10000,)


@pytest.fixture(name="small", scope="module")
def small_store(tmp_path_factory):
    """A system that is not running, over a store with creations, updates and a deletion."""
    from harness import System

    directory = tmp_path_factory.mktemp("small")
    system = System(directory)
    system.start()
    for name in ("a", "b", "c"):
        make.indicator(system.client, name)
    system.client.ok("PATCH", "/v1/indicators/a", {"unit": "GW"}, updateMask="unit")
    system.client.ok("DELETE", "/v1/indicators/c")
    make.indicator(system.client, "c")
    system.stop()
    return system


def changed(small, tmp_path, *statements):
    """A copy of the store's file after some SQL."""
    path = tmp_path / "changed.db"
    shutil.copy(small.state / "indicators.db", path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statement in statements:
            assert database.execute(statement).rowcount != 0, statement
        database.commit()
    return path


# Every column of the journal, one byte of it.
TAMPERING = {
    "seq": "UPDATE journal SET seq = 99 WHERE seq = 6",
    "time": "UPDATE journal SET time = time + 1 WHERE seq = 3",
    "actor": "UPDATE journal SET actor = 'anonymouz' WHERE seq = 3",
    "method": "UPDATE journal SET method = method || 'x' WHERE seq = 3",
    "kind": "UPDATE journal SET kind = 'targets' WHERE seq = 3",
    "name": "UPDATE journal SET name = 'indicators/d' WHERE seq = 3",
    "revision": "UPDATE journal SET revision = 2 WHERE seq = 3",
    "body": "UPDATE journal SET body = CAST(substr(body, 1, length(body) - 1) || 'A' AS BLOB) WHERE seq = 3",
    "previous_hash": "UPDATE journal SET previous_hash = zeroblob(32) WHERE seq = 3",
    "hash": "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3",
    "first": "DELETE FROM journal WHERE seq = 1",
    "middle": "DELETE FROM journal WHERE seq = 3",
    "last": "DELETE FROM journal WHERE seq = 6",
    "head": "UPDATE meta SET number = 5 WHERE key = 'version'",
    "head hash": "UPDATE meta SET bytes = zeroblob(32) WHERE key = 'version'",
    "store id": "UPDATE meta SET bytes = zeroblob(32) WHERE key = 'store_id'",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_changed_journal_is_found(small, tmp_path, what):
    path = changed(small, tmp_path, TAMPERING[what])
    said = refused(small, "indicators", 1, "JOURNAL_BROKEN", "verify", path)
    if what not in ("first", "seq", "last", "head", "head hash", "store id"):
        assert "entry 3" in said
    refused(small, "indicators", 1, "JOURNAL_BROKEN", "restore", "--from", path,
            DONGKHOI_STATE=tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / "indicators.db").exists()


ROWS = {
    "body": "UPDATE indicators SET body = CAST(substr(body, 1, length(body) - 1) || 'A' AS BLOB) WHERE name = 'indicators/b'",
    "uid": "UPDATE indicators SET uid = 'x' WHERE name = 'indicators/b'",
    "from_seq": "UPDATE indicators SET from_seq = 3 WHERE name = 'indicators/b'",
    "from_time": "UPDATE indicators SET from_time = 3 WHERE name = 'indicators/b'",
    "to_seq": "UPDATE indicators SET to_seq = 5 WHERE name = 'indicators/b'",
    "to_seq of an old one": "UPDATE indicators SET to_seq = to_seq + 1 WHERE name = 'indicators/a' AND revision = 1",
    "to_time": "UPDATE indicators SET to_time = to_time + 1 WHERE name = 'indicators/a' AND revision = 1",
    "created": "UPDATE indicators SET created = created + 1 WHERE name = 'indicators/b'",
    "deleted": "UPDATE indicators SET deleted = 1 WHERE name = 'indicators/b'",
    "undeleted": "UPDATE indicators SET deleted = 0 WHERE name = 'indicators/c' AND revision = 1",
    "parent": "UPDATE indicators SET parent = 'x' WHERE name = 'indicators/b'",
    "revision": "UPDATE indicators SET revision = 2 WHERE name = 'indicators/b'",
    "name": "UPDATE indicators SET name = 'indicators/z' WHERE name = 'indicators/b'",
    "gone": "DELETE FROM indicators WHERE name = 'indicators/b'",
    "own column": "UPDATE indicators SET unit = 'kW' WHERE name = 'indicators/b'",
}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_that_differs_from_the_journal_is_found(small, tmp_path, what):
    if what == "own column":
        with contextlib.closing(sqlite3.connect(small.state / "indicators.db")) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(indicators)")]
        own = columns[columns.index("parent") + 1]
        statement = f"UPDATE indicators SET {own} = NULL WHERE {own} IS NOT NULL AND name = 'indicators/b'"
    else:
        statement = ROWS[what]
    said = refused(small, "indicators", 1, "ROW_BROKEN", "verify", changed(small, tmp_path, statement))
    assert "indicators/" in said


def test_a_row_of_no_entry_is_found(small, tmp_path):
    with contextlib.closing(sqlite3.connect(small.state / "indicators.db")) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(indicators)")]
    rest = ", ".join(f'"{name}"' for name in columns if name not in ("name", "revision"))
    path = changed(small, tmp_path, f"INSERT INTO indicators (name, revision, {rest}) "
                                    f"SELECT 'indicators/zz', 1, {rest} FROM indicators "
                                    f"WHERE name = 'indicators/b'")
    assert "no journal entry" in refused(small, "indicators", 1, "ROW_BROKEN", "verify", path)


def test_a_torn_file_is_found(small, tmp_path):
    path = changed(small, tmp_path)
    assert ok(small, "indicators", "verify", path)["seq"] == "6"
    whole = path.read_bytes()
    for size in (len(whole) // 2, len(whole) - 4096, 100, 0):
        path.write_bytes(whole[:size])
        done = command(small, "indicators", "verify", path)
        assert done.returncode == (1 if size > 0 else 2), (size, done.stdout, done.stderr)
        assert "OK" not in done.stdout
    # An index that lacks a row: the pages are well-formed.
    path.write_bytes(whole)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute("UPDATE sqlite_schema SET sql = replace(sql, 'WHERE to_seq IS NULL', "
                         "'WHERE to_seq IS NOT NULL') WHERE name = 'indicators_current'")
        database.commit()
    assert command(small, "indicators", "verify", path).returncode == 1


def test_what_is_no_store_of_this_service_is_refused(small, tmp_path):
    refused(small, "indicators", 2, "STORE_OTHER_SERVICE", "verify", small.state / "clusters.db")
    refused(small, "indicators", 2, "STORE_OTHER_SERVICE", "restore", "--from",
            small.state / "clusters.db", DONGKHOI_STATE=tmp_path)
    refused(small, "indicators", 2, "STORE_IO_ERROR", "verify", tmp_path / "nothing.db")
    refused(small, "indicators", 2, "STORE_IO_ERROR", "restore", "--from", tmp_path / "nothing.db",
            DONGKHOI_STATE=tmp_path)
    refused(small, "indicators", 2, "STORE_IO_ERROR", "backup", "--to", tmp_path / "a.db",
            DONGKHOI_STATE=tmp_path / "empty")
    assert not (tmp_path / "nothing.db").exists() and not (tmp_path / "empty").exists()


def test_a_backup_never_takes_the_place_of_another(small, tmp_path):
    path = tmp_path / "a.db"
    ok(small, "indicators", "backup", "--to", path)
    before = path.read_bytes()
    refused(small, "indicators", 2, "BACKUP_EXISTS", "backup", "--to", path)
    assert path.read_bytes() == before
    refused(small, "indicators", 2, "STORE_IO_ERROR", "backup", "--to", tmp_path / "no" / "a.db")
    # What a killed backup left behind is in nobody's way.
    (tmp_path / "b.db.partial").write_bytes(b"half")
    ok(small, "indicators", "backup", f"--to={tmp_path / 'b.db'}")
    assert not (tmp_path / "b.db.partial").exists()


@pytest.mark.parametrize("arguments", [
    ["backup"], ["backup", "a.db"], ["backup", "--to"], ["backup", "--to", "a", "b"],
    ["restore"], ["restore", "--from="], ["verify", "a", "b"], ["verify", "--all"],
])
def test_wrong_arguments_are_refused(small, arguments):
    done = command(small, "indicators", *arguments)
    assert done.returncode == 2 and "--help" in done.stderr


def test_a_restore_refuses_a_store_in_use(fresh, tmp_path):
    make.indicator(fresh.client, "x")
    ok(fresh, "indicators", "backup", "--to", tmp_path / "a.db")
    refused(fresh, "indicators", 2, "STORE_IN_USE", "restore", "--from", tmp_path / "a.db")
    assert fresh.client.get("/v1/indicators/x").status == 200
    assert not list(fresh.state.glob("*before-restore*"))


def test_a_restore_that_was_cut_off_is_told_and_run_again(small, tmp_path):
    state = tmp_path / "state"
    ok(small, "indicators", "backup", "--to", tmp_path / "a.db")
    ok(small, "indicators", "restore", "--from", tmp_path / "a.db", DONGKHOI_STATE=state)
    # As it is after the old files went away and before the new one came.
    (state / "indicators.restoring").touch()
    (state / "indicators.db").rename(tmp_path / "gone.db")
    done = command(small, "indicators", DONGKHOI_STATE=state)
    assert done.returncode == 1 and "RESTORE_UNFINISHED" in done.stderr
    assert not (state / "indicators.db").exists()
    ok(small, "indicators", "restore", "--from", tmp_path / "a.db", DONGKHOI_STATE=state)
    assert not (state / "indicators.restoring").exists()
    assert ok(small, "indicators", "verify", DONGKHOI_STATE=state)["seq"] == "6"


def test_a_copy_does_not_hold_up_the_writer(fresh, tmp_path):
    """The log begins anew once the copy is done, and nobody waits for it."""
    with Load(fresh.client, ("indicators",) * 6) as load:
        wait_until(lambda: load.count() > 100, "the writers write", 30)
        for number in range(5):
            before, start = load.count(), time.monotonic()
            ok(fresh, "indicators", "backup", "--to", tmp_path / f"{number}.db")
            assert load.count() > before, time.monotonic() - start
    load.check()


def test_a_restore_that_is_killed_leaves_the_old_store_the_new_one_or_says_so(small, tmp_path):
    first, second, state = tmp_path / "first.db", tmp_path / "second.db", tmp_path / "state"
    ok(small, "indicators", "backup", "--to", first)
    ok(small, "indicators", "restore", "--from", first, DONGKHOI_STATE=state)
    with contextlib.closing(sqlite3.connect(state / "indicators.db")) as database:
        # Another store in what a store may differ in, and nothing else.
        database.execute("INSERT INTO meta (key, number) VALUES ('mark', 1)")
        database.commit()
    ok(small, "indicators", "backup", "--to", second, DONGKHOI_STATE=state)
    program = BUILD / "services" / "indicators" / "dongkhoi-indicators"
    environment = {**small.environment, "DONGKHOI_STATE": str(state)}

    def marked():
        with contextlib.closing(sqlite3.connect(state / "indicators.db")) as database:
            return database.execute("SELECT count(*) FROM meta WHERE key = 'mark'").fetchone()[0]

    started = time.monotonic()
    ok(small, "indicators", "restore", "--from", first, DONGKHOI_STATE=state)
    whole = time.monotonic() - started
    killed = 0
    for number in range(24):
        backup, other = (first, second) if number % 2 else (second, first)
        ok(small, "indicators", "restore", "--from", other, DONGKHOI_STATE=state)
        process = subprocess.Popen([program, "restore", "--from", backup], env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(whole * number / 24)
        process.kill()
        process.communicate()
        killed += process.returncode < 0
        if not (state / "indicators.restoring").exists():
            ok(small, "indicators", "verify", DONGKHOI_STATE=state)
            assert marked() in (0, 1)
        ok(small, "indicators", "restore", "--from", backup, DONGKHOI_STATE=state)
        assert marked() == (backup == second)
    assert killed > 3
    assert {path.name for path in state.iterdir() if "before" not in path.name} == {
        "indicators.db", "indicators.lock"}


def test_a_backup_without_room_leaves_nothing(small, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        refused(small, "indicators", 2, "STORE_FULL", "backup", "--to", disk / "a.db")
        refused(small, "indicators", 2, "STORE_FULL", "restore", "--from",
                small.state / "indicators.db", DONGKHOI_STATE=disk)
        assert {path.name for path in disk.iterdir()} <= {"indicators.lock"}
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_killed_backup_is_in_nobody_s_way(fresh, tmp_path):
    make.indicator(fresh.client, "x")
    program = BUILD / "services" / "indicators" / "dongkhoi-indicators"
    for number in range(12):
        process = subprocess.Popen([program, "backup", "--to", tmp_path / "a.db"],
                                   env=fresh.environment, stdout=subprocess.PIPE)
        time.sleep(0.005 * number)
        process.kill()
        process.communicate()
        fresh.client.ok("PATCH", "/v1/indicators/x", {"unit": f"u{number}"}, updateMask="unit")
        if process.returncode == 0 or (tmp_path / "a.db").exists():
            ok(fresh, "indicators", "verify", tmp_path / "a.db")
            (tmp_path / "a.db").unlink()
    ok(fresh, "indicators", "backup", "--to", tmp_path / "a.db")
