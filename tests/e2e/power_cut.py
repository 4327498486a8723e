"""power_cut.py - ends the services of a system as a power cut does: what was not synced is lost.

The services run with tests/faults/synced_only.c, which keeps a copy of their state directory as far
as it was synced. After the cut the directory becomes what that copy is.
"""

import os
import random
import shutil
from pathlib import Path

import harness

LIBRARY = harness.BUILD / "tests" / "faults" / "synced_only.so"
SECTOR_BYTES = 512


def preloaded(environment, root, copy):
    """An environment whose programs keep the copy of root."""
    found = [environment.get("LD_PRELOAD"), str(LIBRARY)]
    options = [environment.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]
    return {
        **environment,
        "LD_PRELOAD": ":".join(filter(None, found)),
        "ASAN_OPTIONS": ":".join(filter(None, options)),
        "SYNCED_ONLY_ROOT": str(root),
        "SYNCED_ONLY_COPY": str(copy),
    }


class Disk:
    """A directory and the copy of what is synced in it."""

    def __init__(self, root, copy):
        self.root = Path(os.path.realpath(root))
        self.copy = Path(os.path.realpath(copy))
        self.tree = self.copy / "tree"
        self.lost_bytes = 0

    def settle(self):
        """All that is there now is synced. No program may be running."""
        shutil.rmtree(self.copy, ignore_errors=True)
        inodes = self.copy / "inodes"
        inodes.mkdir(parents=True)
        self.tree.mkdir()
        for path in self.files(self.root):
            inode = inodes / str((self.root / path).stat().st_ino)
            if not inode.exists():
                shutil.copyfile(self.root / path, inode)
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(inode, self.tree / path)

    @staticmethod
    def files(directory):
        return sorted(p.relative_to(directory) for p in directory.rglob("*") if p.is_file())

    def cut(self, chance=0.0, seed=0):
        """The root becomes what was synced; of what was not, each sector survives by chance, as
        it may on a disk that writes in an order of its own. All programs must have ended."""
        chosen = random.Random(seed)
        before = self.root.with_name(self.root.name + ".before")
        shutil.rmtree(before, ignore_errors=True)
        os.rename(self.root, before)
        shutil.copytree(self.tree, self.root)
        # Shared memory is no file of the disk, whatever its name.
        for path in self.root.rglob("*-shm"):
            path.unlink()
        for path in self.files(before):
            if not path.name.endswith("-shm"):
                self.mix(before / path, self.root / path, chance, chosen)
        shutil.rmtree(before)
        self.settle()

    def mix(self, written, synced, chance, chosen):
        new = written.read_bytes()
        old = synced.read_bytes() if synced.exists() else None
        if new == old:
            return
        if old is None:
            # The name may have got to the disk by itself, and with it any part of the bytes.
            if chosen.random() >= chance:
                self.lost_bytes += len(new)
                return
            old = b""
        length = len(new) if chosen.random() < chance else len(old)
        mixed = bytearray(old[:length].ljust(length, b"\0"))
        for at in range(0, length, SECTOR_BYTES):
            sector = slice(at, min(at + SECTOR_BYTES, length, len(new)))
            if new[sector] != bytes(mixed[sector]):
                if chosen.random() < chance:
                    mixed[sector] = new[sector]
                else:
                    self.lost_bytes += sector.stop - sector.start
        self.lost_bytes += max(0, len(new) - length)
        synced.write_bytes(mixed)


class Power:
    """Of a system that has not been started yet: its services' state survives only as synced."""

    def __init__(self, system):
        self.system = system
        self.disk = Disk(system.state, system.directory / "synced")
        self.disk.settle()
        self.cuts = 0
        for name in harness.SERVICES:
            program = system[name]
            program.environment = preloaded(
                program.environment, self.disk.root, self.disk.copy
            )

    def cut(self, chance=0.0, seed=0):
        """All processes end at once, and the disk is what it would be; starts nothing."""
        for name in harness.PROGRAMS:
            if self.system[name].running():
                self.system[name].process.kill()
        self.system.kill()
        self.disk.cut(chance, seed)
        self.cuts += 1
