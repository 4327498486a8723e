"""test_summary.py - what was skipped is said in the last line of a run, and hides no failure."""

import subprocess
import sys

import pytest

from registries import ROOT

PASSED = '<testcase name="a"/>'
SKIPPED = '<testcase name="b"><skipped message="the registry cannot be reached"/></testcase>'
FAILED = '<testcase name="c"><failure message="no"/></testcase>'


@pytest.mark.parametrize("cases, last_line, code", [
    ([PASSED], "1 passed, 0 failed", 0),
    ([PASSED, SKIPPED, SKIPPED], "1 passed, 0 failed, 2 skipped", 0),
    ([SKIPPED], "0 passed, 0 failed, 1 skipped", 0),
    ([FAILED, SKIPPED], "0 passed, 1 failed, 1 skipped", 1),
    ([PASSED, FAILED], "1 passed, 1 failed", 1),
    ([], "0 passed, 1 failed", 1),
])
def test_the_last_line_counts_all_tests(tmp_path, cases, last_line, code):
    (tmp_path / "clients.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "summary.py", tmp_path, "clients"],
        stdout=subprocess.PIPE, text=True, check=False,
    )
    assert done.stdout.splitlines()[-1] == last_line
    assert done.returncode == code
