"""plant.py - programs and tests with one planted bug each, made from the patches of this folder.

Only the files that a patch changes are copied, patched and compiled, with the commands that the build
has for them; they take the place of their objects in the command that links the program.
"""

import fcntl
import json
import re
import shlex
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
HEAD = re.compile(r"^(test|caught-by|passes|program): (.+)$", re.MULTILINE)
# Lines may have moved, but what is beside them must be the same.
PATCH = ("patch", "-p1", "--fuzz=0", "--force", "--no-backup-if-mismatch", "--reject-file=-")
CHANGED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)


class Mutant:
    """A patch: its first line says what the bug is, and its head what has to catch it (README.md)."""

    def __init__(self, name):
        self.name = name
        self.patch = FOLDER / f"{name}.patch"
        text = self.patch.read_text(encoding="utf-8")
        self.head = text[: text.index("\n--- a/")]
        self.bug = self.head.splitlines()[0]
        self.said = dict(HEAD.findall(self.head))
        self.files = CHANGED.findall(text)

    def fits(self):
        """What is wrong with the patch for the sources as they are; empty when nothing is."""
        done = run(*PATCH, "--dry-run", "-i", self.patch, cwd=ROOT)
        return done.stdout + done.stderr if done.returncode != 0 else ""


def mutants():
    names = [path.stem for path in FOLDER.glob("*.patch")]
    return [Mutant(name) for name in sorted(names, key=lambda name: (len(name), name))]


def run(*command, cwd, **more):
    return subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, errors="replace",
        check=False, **more,
    )


def checked(*command, cwd):
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class Build:
    """The folder of a build by CMake and Ninja, in which the programs without a bug are already."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        commands = json.loads((self.folder / "compile_commands.json").read_text())
        self.commands = {}
        for command in commands:
            path = Path(command["file"])
            self.commands.setdefault(path, []).append(shlex.split(command["command"]))

    def link_command(self, target):
        targets = checked("ninja", "-t", "targets", "all", cwd=self.folder)
        found = re.search(rf"^(\S+/{target}): C_EXECUTABLE_LINKER", targets, re.MULTILINE)
        assert found, f"{target} is no program of {self.folder}"
        command = checked("ninja", "-t", "commands", "-s", found.group(1), cwd=self.folder)
        # CMake writes ": && cc ... -o PROGRAM ... && :".
        return [word for word in shlex.split(command) if word not in (":", "&&")]

    def copy(self, mutant):
        """The patched files, below a folder of the mutant's own."""
        copy = self.folder / "mutants" / mutant.name
        for name in mutant.files:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
        checked(*PATCH, "-i", mutant.patch, cwd=copy)
        return copy

    def objects(self, mutant, copy, linked):
        """Compiles the patched sources: {the object in whose place it comes: object}."""
        made = {}
        for name in mutant.files:
            path = ROOT / name
            if path.suffix != ".c":
                continue
            # A file of a test belongs to that test only.
            for words in self.commands[path]:
                output = words[words.index("-o") + 1]
                if name.startswith("tests/") and output not in linked:
                    continue
                to = (copy / name).with_suffix(".o")
                replaced = {output: to, str(path): copy / name, "-Werror": "-Wno-unused"}
                words = [replaced.get(word, word) for word in words]
                # Headers that are patched come before those that are not.
                flags = 2 if Path(words[0]).name == "ccache" else 1
                words[flags:flags] = ["-I", copy / "common", "-iquote", path.parent]
                checked(*words, cwd=self.folder)
                made[output] = to
                break
        return made

    def make(self, mutant, target):
        """The path of a program of the build, with the bug."""
        (self.folder / "mutants").mkdir(exist_ok=True)
        with open(self.folder / "mutants" / f"{mutant.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            program = self.folder / "mutants" / f"{target}-{mutant.name}"
            words = self.link_command(target)
            original = self.folder / words[words.index("-o") + 1]
            assert original.exists(), f"{original} is not built"
            newest = max(
                path.stat().st_mtime
                for path in (original, mutant.patch, *(ROOT / name for name in mutant.files))
            )
            if program.exists() and program.stat().st_mtime > newest:
                return program
            copy = self.copy(mutant)
            for replaced, made in self.objects(mutant, copy, set(words)).items():
                if replaced in words:
                    words[words.index(replaced)] = made
                else:
                    words.insert(words.index("-o"), made)
            words[words.index("-o") + 1] = program
            checked(*words, cwd=self.folder)
            return program
