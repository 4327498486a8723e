"""tests/run: what it builds for which tests, with stand-ins for what it calls."""

import os
import shutil
import subprocess

import pytest

from harness import ROOT


@pytest.fixture
def clone(tmp_path):
    """tests/run in a folder of its own, whose install.sh, build.sh and tools only note their call."""
    for name in ("tests/run", "tests/summary.py", "deploy/say.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name in ("deploy/install.sh", "deploy/build.sh", "bin/ctest"):
        (tmp_path / name).write_text(f'#!/bin/bash\necho {name} "$@" >>"{tmp_path}/called"\n')
        (tmp_path / name).chmod(0o755)
    (tmp_path / "tests" / "lint").mkdir()
    (tmp_path / "tests" / "lint" / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests" / "lint" / "test_a.py").write_text("def test_a():\n    pass\n")
    return tmp_path


def called(clone, *suites):
    environment = {**os.environ, "PATH": f"{clone / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [clone / "tests" / "run", *suites],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )
    return done, (clone / "called").read_text().splitlines()


def test_lint_alone_builds_nothing(clone):
    done, calls = called(clone, "lint")
    assert done.returncode == 0 and done.stdout.endswith("\n1 passed, 0 failed\n"), done
    assert calls == ["deploy/install.sh build tests"]


def test_what_runs_programs_builds_them_once(clone):
    done, calls = called(clone, "lint", "unit")
    assert calls[:2] == ["deploy/install.sh build tests", "deploy/build.sh asan"]
    assert len(calls) == 3 and calls[2].startswith("bin/ctest ")
    assert done.returncode == 1 and "unit: no test was run to its end" in done.stdout
