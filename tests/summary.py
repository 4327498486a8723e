#!/usr/bin/python3
"""summary.py - counts all tests of a run; the last line is "N passed, N failed", and where some
were skipped ", N skipped".

usage: summary.py RESULTS_DIRECTORY SUITE...

Each suite left SUITE.xml in JUnit's format. A program of ctest counts as the cmocka tests in it.
"""

import re
import sys
import xml.etree.ElementTree
from pathlib import Path

CMOCKA_PASSED = re.compile(r"\[  PASSED  \] (\d+) test\(s\)\.")
CMOCKA_FAILED = re.compile(r"\[  FAILED  \] .*?(\d+) test\(s\), listed below")


def count(case):
    """(passed, failed, skipped) of one test case of the file."""
    failed = any(case.find(tag) is not None for tag in ("failure", "error"))
    if case.find("skipped") is not None:
        return 0, 0, 1
    output = "".join(element.text or "" for element in case.iter("system-out"))
    passed_inside = sum(int(n) for n in CMOCKA_PASSED.findall(output))
    failed_inside = sum(int(n) for n in CMOCKA_FAILED.findall(output))
    if passed_inside + failed_inside == 0:
        return int(not failed), int(failed), 0
    return passed_inside, max(failed_inside, int(failed)), 0


def line(passed, failed, skipped):
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def suite(path):
    """(passed, failed, skipped) of one suite; one that left nothing behind has failed."""
    try:
        cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    if not cases:
        print(f"{path.stem}: no test was run to its end")
        return 0, 1, 0
    counts = [sum(column) for column in zip(*(count(case) for case in cases))]
    print(f"{path.stem}: {line(*counts)}")
    return tuple(counts)


def main():
    directory = Path(sys.argv[1])
    totals = [suite(directory / f"{name}.xml") for name in sys.argv[2:]]
    passed, failed, skipped = (sum(column) for column in zip(*totals))
    print(line(passed, failed, skipped))
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
