"""The runner of the fuzzers takes no run for a success that fuzzed nothing."""

import importlib.util
import sys

import pytest
from tree import ROOT

FOLDER = ROOT / "tests" / "fuzz"
GOOD = """INFO: Loaded 1 modules   (228 inline 8-bit counters): 228 [0x5581, 0x5582),
#2\tINITED cov: 78 ft: 79 corp: 1/36b exec/s: 0 rss: 31Mb
#65536\tDONE   cov: 195 ft: 807 corp: 331/19Kb lim: 8192 exec/s: 21845 rss: 451Mb
Done 65536 runs in 3 second(s)
"""


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    specification = importlib.util.spec_from_file_location("fuzz_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_run_that_fuzzed_is_a_success(runner):
    assert runner.problem(GOOD, 0) is None


@pytest.mark.parametrize(
    "output, code, why",
    [
        (GOOD, 77, "it ended with 77"),
        ("", 0, "not instrumented"),
        (GOOD.replace("(228 inline", "(64 inline"), 0, "not instrumented"),
        (GOOD.replace("cov: 195", "cov: 11"), 0, "covers 11 places only"),
        (GOOD.replace(" cov: 195", "").replace(" cov: 78", ""), 0, "covers no places only"),
        (GOOD.replace("Done 65536", "Done 12"), 0, "ran 12 inputs only"),
        (GOOD.replace("Done 65536 runs", ""), 0, "ran no inputs only"),
    ],
)
def test_a_run_that_did_not_fuzz_is_a_failure(runner, output, code, why):
    assert why in runner.problem(output, code)


def test_a_target_that_hangs_or_is_not_there_is_a_failure(runner, monkeypatch, tmp_path):
    folder = tmp_path / "tests" / "fuzz"
    folder.mkdir(parents=True)
    program = folder / "hangs_fuzz"
    program.write_text("#!/bin/sh\necho it began\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0)
    _, why, output, _ = runner.run(tmp_path, "hangs", 1, tmp_path)
    assert why == "it did not end within 1 s" and output == "it began\n"
    _, why, _, _ = runner.run(tmp_path, "absent", 1, tmp_path)
    assert why.startswith("it did not start")


def test_each_target_has_inputs(runner):
    listed = {
        line.split("(")[1].split()[0]
        for line in (FOLDER / "CMakeLists.txt").read_text().splitlines()
        if line.startswith("fuzz_target(")
    }
    assert listed == set(runner.targets())
    assert all(any((FOLDER / "corpus" / name).iterdir()) for name in listed)
