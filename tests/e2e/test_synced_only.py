"""The library that keeps what was synced: bytes and names that were not are really lost, and those
that were are not. The programs here are small ones of Python, whose calls are the C library's."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from power_cut import Disk, preloaded


@pytest.fixture
def disk(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "old").write_bytes(b"old")
    found = Disk(root, tmp_path / "copy")
    found.settle()
    return found


def run(disk, program):
    """Runs it in the root and kills it at its end, before anything can be put in order."""
    done = subprocess.run(
        [sys.executable, "-c", f"import os, mmap, sqlite3\n{program}\nos.kill(os.getpid(), 9)"],
        cwd=disk.root, capture_output=True, text=True, timeout=60, check=False,
        env=preloaded({"PATH": os.environ["PATH"]}, disk.root, disk.copy),
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def left(disk, program, **how):
    """What a cut leaves of what the program does: {name: bytes}."""
    run(disk, program)
    disk.cut(**how)
    return {str(path): (disk.root / path).read_bytes() for path in disk.files(disk.root)}


OPEN = "f = os.open('old', os.O_RDWR)\n"
NEW = "f = os.open('new', os.O_RDWR | os.O_CREAT)\nos.write(f, b'new')\n"
SYNC_DIRECTORY = "os.fsync(os.open('.', os.O_RDONLY))\n"

# What is done, and what is left.
CASES = {
    "written and not synced": (OPEN + "os.write(f, b'new')", {"old": b"old"}),
    "written in several ways and not synced": (
        OPEN + "os.pwrite(f, b'a', 0); os.writev(f, [b'b']); os.pwritev(f, [b'c'], 9)",
        {"old": b"old"},
    ),
    "synced": (OPEN + "os.write(f, b'new!'); os.fsync(f)", {"old": b"new!"}),
    "synced with its data": (OPEN + "os.pwrite(f, b'w', 1); os.fdatasync(f)", {"old": b"owd"}),
    "synced by another descriptor": (
        OPEN + "g = os.open('old', os.O_RDWR)\nos.write(f, b'new'); os.fsync(g)", {"old": b"new"},
    ),
    "written after the sync": (
        OPEN + "os.write(f, b'abc'); os.fsync(f); os.pwrite(f, b'x', 0)", {"old": b"abc"},
    ),
    "appended": (
        "f = os.open('old', os.O_WRONLY | os.O_APPEND)\nos.write(f, b'!')\n"
        "g = os.open('old', os.O_RDONLY)\nos.fsync(g)", {"old": b"old!"},
    ),
    "far behind": (
        OPEN + "os.pwrite(f, b'x' * 9000, 100000); os.fsync(f); os.pwrite(f, b'y' * 9000, 100000)",
        {"old": b"old" + bytes(99997) + b"x" * 9000},
    ),
    "cut and not synced": (OPEN + "os.ftruncate(f, 1)", {"old": b"old"}),
    "cut and synced": (OPEN + "os.ftruncate(f, 1); os.fsync(f)", {"old": b"o"}),
    "cut and grown again": (
        OPEN + "os.ftruncate(f, 0); os.pwrite(f, b'x', 2); os.fsync(f)", {"old": b"\0\0x"},
    ),
    "opened anew and not synced": ("os.open('old', os.O_RDWR | os.O_TRUNC)", {"old": b"old"}),
    "opened anew and synced": (
        "f = os.open('old', os.O_RDWR | os.O_TRUNC)\nos.fsync(f)", {"old": b""},
    ),
    "made and not synced": (NEW, {"old": b"old"}),
    "made, and only its bytes synced": (NEW + "os.fsync(f)", {"old": b"old"}),
    "made, and only its name synced": (NEW + SYNC_DIRECTORY, {"old": b"old", "new": b""}),
    "made and synced": (NEW + "os.fsync(f)\n" + SYNC_DIRECTORY, {"old": b"old", "new": b"new"}),
    "name synced before the bytes": (
        NEW + SYNC_DIRECTORY + "os.fsync(f)", {"old": b"old", "new": b"new"},
    ),
    "removed and not synced": ("os.unlink('old')", {"old": b"old"}),
    "removed and synced": ("os.unlink('old')\n" + SYNC_DIRECTORY, {}),
    "removed and made again": (
        "os.unlink('old')\nf = os.open('old', os.O_RDWR | os.O_CREAT)\n"
        "os.write(f, b'new'); os.fsync(f)", {"old": b"old"},
    ),
    "moved and not synced": ("os.rename('old', 'moved')", {"old": b"old"}),
    "moved and synced": ("os.rename('old', 'moved')\n" + SYNC_DIRECTORY, {"moved": b"old"}),
    "put in place of another and not synced": (
        NEW + "os.fsync(f); os.rename('new', 'old')", {"old": b"old"},
    ),
    "put in place of another and synced": (
        NEW + "os.fsync(f); os.rename('new', 'old')\n" + SYNC_DIRECTORY, {"old": b"new"},
    ),
    "put in place of another, bytes not synced": (
        NEW + "os.rename('new', 'old')\n" + SYNC_DIRECTORY, {"old": b""},
    ),
    "a directory": (
        "os.mkdir('d'); f = os.open('d/new', os.O_RDWR | os.O_CREAT)\nos.write(f, b'x')\n"
        "os.fsync(f)\n" + SYNC_DIRECTORY + "os.fsync(os.open('d', os.O_RDONLY))",
        {"old": b"old", "d/new": b"x"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_was_synced_is_left(disk, case):
    program, expected = CASES[case]
    assert left(disk, program) == expected


def test_what_was_killed_without_a_cut_is_synced_by_the_next_sync(disk):
    """The kernel has the bytes of a process that was killed, and syncs them for anybody."""
    run(disk, OPEN + "os.pwrite(f, b'x' * 5000, 3)")
    assert left(disk, OPEN + "os.fsync(f)") == {"old": b"old" + b"x" * 5000}


def test_another_file_with_the_number_of_a_removed_one_is_another_file(disk):
    again = "import itertools\nfor i in itertools.count():\n" \
            "    f = os.open(f'f{i % 2}', os.O_RDWR | os.O_CREAT | os.O_TRUNC)\n" \
            "    if i == 50: break\n" \
            "    os.write(f, b'%d' % i); os.fsync(f); os.close(f)\n" \
            "    os.unlink(f'f{i % 2}')\n"
    assert left(disk, again + SYNC_DIRECTORY) == {"old": b"old", "f0": b""}


def test_any_part_of_what_was_not_synced_may_be_left(disk):
    write = OPEN + "os.write(f, b'n' * 51200)"
    found = set()
    for seed in range(8):
        run(disk, write)
        disk.cut(chance=0.5, seed=seed)
        data = (disk.root / "old").read_bytes()
        assert set(data) <= set(b"old\0n")
        sectors = {data[at:at + 512] for at in range(512, len(data), 512)}
        assert sectors <= {b"n" * 512, bytes(512)}
        found.add(data)
        (disk.root / "old").write_bytes(b"old")
        disk.settle()
    assert len(found) > 4
    assert disk.lost_bytes > 0


@pytest.mark.parametrize("program, says", [
    (OPEN + "os.ftruncate(f, 4096); mmap.mmap(f, 4096)[0:1] = b'x'", "mapped for writing"),
    ("os.open('old', os.O_RDWR | os.O_DSYNC)", "opened with O_SYNC"),
])
def test_what_cannot_be_followed_ends_the_program(disk, program, says):
    done = subprocess.run(
        [sys.executable, "-c", f"import os, mmap\n{program}"], cwd=disk.root, capture_output=True,
        text=True, timeout=60, check=False,
        env=preloaded({"PATH": os.environ["PATH"]}, disk.root, disk.copy),
    )
    assert done.returncode == -signal.SIGABRT and says in done.stderr, done.stderr


INSERTS = """
d = sqlite3.connect('s.db', isolation_level=None)
d.execute('PRAGMA journal_mode=WAL'); d.execute('PRAGMA synchronous=%s')
d.execute('PRAGMA wal_autocheckpoint=%d')
d.execute('CREATE TABLE t(x)')
for i in range(100): d.execute('INSERT INTO t VALUES (?)', (str(i) * 100,))
"""


@pytest.mark.parametrize("chance", [0, 0.5])
@pytest.mark.parametrize("synchronous, checkpoint, keeps", [
    ("FULL", 0, True), ("FULL", 7, True), ("NORMAL", 0, False), ("OFF", 7, False),
])
def test_what_sqlite_commits_with_full_syncs_is_left_and_without_is_not(
        disk, synchronous, checkpoint, keeps, chance):
    run(disk, INSERTS % (synchronous, checkpoint))
    disk.cut(chance=chance, seed=5)
    count = None
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(disk.root / "s.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",) or not keeps
            count = database.execute("SELECT count(*) FROM t").fetchone()[0]
    assert (count == 100) == keeps, count
