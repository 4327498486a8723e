#!/usr/bin/python3
"""run.py - plants each bug and sees that the test that its patch names catches it.

usage: run.py [--build-only] BUILD [RESULT.xml [MUTANT...]]

BUILD is a built folder such as build/asan. The result is JUnit's format, one test case a bug.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import plant

SECONDS = 120
# Whether threads meet as a bug needs it is chance: it may take another try.
TRIES = 3
WORKERS = 2
ASSERTED = re.compile(r"_test\.c:\d+: error: Failure!")
# An assertion leaves its test in the middle, with what it had allocated.
WITHOUT_LEAKS = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
# As sanitizers begin their reports, and an assertion of the product.
CRASHED = re.compile(r"Sanitizer|runtime error:|Assertion .* failed")


def unit(build, mutant):
    """Why a unit test did not catch the bug; empty when it did, by the assertion that is named."""
    target, *arguments = mutant.said["test"].split()
    caught_by = mutant.said["caught-by"]
    program = build.make(mutant, target)
    if "passes" in mutant.said:
        done = plant.run(
            program, caught_by, *mutant.said["passes"].split(), cwd=build.folder, timeout=SECONDS,
        )
        if done.returncode != 0:
            return f"it breaks more than it should:\n{done.stdout}{done.stderr}"
    # ERROR: its tear-down has failed, too.
    failed = re.compile(rf"^\[  (FAILED |ERROR  ) \] {caught_by}$", re.MULTILINE)
    said = "it was not run"
    for _ in range(TRIES):
        try:
            done = plant.run(
                program, caught_by, *arguments, cwd=build.folder, timeout=SECONDS, env=WITHOUT_LEAKS
            )
        except subprocess.TimeoutExpired:
            return f"{target} did not end within {SECONDS} s"
        said = done.stdout + done.stderr
        if CRASHED.search(said):
            return f"{target} crashed instead:\n{said}"
        if f"[       OK ] {caught_by}" not in said:
            caught = ASSERTED.search(said) and failed.search(said)
            return "" if caught else f"it ended otherwise:\n{said}"
    return f"{caught_by} passes:\n{said}"


def end_to_end(build, mutant):
    """The same of a test of tests/e2e, which plants the bug itself and asserts that it is seen."""
    test = f"tests/e2e/{mutant.said['test']}::{mutant.said['caught-by']}"
    done = plant.run(
        sys.executable, "-m", "pytest", "-q", "-c", "tests/e2e/pytest.ini", test,
        cwd=plant.ROOT, timeout=2 * SECONDS,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def attempt(build, mutant, build_only):
    started = time.monotonic()
    try:
        if "program" in mutant.said:
            build.make(mutant, mutant.said["program"])
        if build_only:
            wrong = ""
        elif mutant.said["test"].endswith(".py"):
            wrong = end_to_end(build, mutant)
        else:
            wrong = unit(build, mutant)
    except Exception as error:  # pylint: disable=broad-except
        wrong = str(error)
    return wrong, time.monotonic() - started


def main():
    arguments = sys.argv[1:]
    build_only = arguments[:1] == ["--build-only"]
    folder, *rest = arguments[build_only:]
    names = rest[1:]
    build = plant.Build(folder)
    suite = ElementTree.Element("testsuite", name="mutants")
    chosen = [mutant for mutant in plant.mutants() if not names or mutant.name in names]
    failed = not chosen or len(chosen) < len(names)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        tries = [pool.submit(attempt, build, mutant, build_only) for mutant in chosen]
        for mutant, done in zip(chosen, tries):
            wrong, seconds = done.result()
            print(f"{'caught' if not wrong else 'NOT CAUGHT':10} {seconds:5.1f} s  {mutant.bug}", flush=True)
            case = ElementTree.SubElement(
                suite, "testcase", name=mutant.name, classname="mutants", time=f"{seconds:.1f}"
            )
            if wrong:
                failed = True
                print(wrong)
                ElementTree.SubElement(case, "failure", message=wrong[:2000])
    if rest:
        ElementTree.ElementTree(suite).write(rest[0])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
