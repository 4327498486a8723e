#!/usr/bin/python3
"""models_run.py - runs the rows of tests/models/run.sh and counts them as tests.

usage: models_run.py RESULT.xml OUT_DIRECTORY [quick | ROW...]

Without rows those of freshness.pml that take seconds: the protocol that the services follow and
every mutant of it. The result is JUnit's format, one test case a row.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RUN = Path(__file__).parent / "models" / "run.sh"
ROW = re.compile(r"^(\S+)\s+(dfs|bfs|live)\s+(\S+)\s+(as-expected|UNEXPECTED)\s")


def rows_of_freshness():
    """Names of the rows of size q over freshness.pml, from the table in run.sh."""
    return re.findall(r"^(\w+)\|q\|\$F\|", RUN.read_text(), re.MULTILINE)


def main():
    result, out = sys.argv[1:3]
    rows = sys.argv[3:] or rows_of_freshness()
    suite = ElementTree.Element("testsuite", name="models")
    environment = dict(os.environ, OUT=os.path.abspath(out))
    with subprocess.Popen(
        [str(RUN), *rows], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            row = ROW.match(line)
            if row:
                case = ElementTree.SubElement(suite, "testcase", name=row.group(1))
                if row.group(4) != "as-expected":
                    ElementTree.SubElement(case, "failure", message=line.strip())
    ran = [case.get("name") for case in suite]
    missing = [] if rows == ["quick"] else sorted(set(rows) - set(ran))
    told = suite.find("testcase/failure") is not None
    if missing or not ran or (process.returncode != 0 and not told):
        case = ElementTree.SubElement(suite, "testcase", name="every row ran to its end")
        ElementTree.SubElement(case, "failure", message=f"exit code {process.returncode}, {missing}")
    ElementTree.ElementTree(suite).write(result)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
