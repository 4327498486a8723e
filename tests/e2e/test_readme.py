"""The tour of README.md does what it says.

Between <!-- test --> and <!-- /test --> each ```sh block is run, and a ```json block after it is
the answer to expect: objects may hold more, "…" stands for anything.
"""

import json
import os
import re
import subprocess

import pytest

from harness import ROOT, System

TOUR = re.compile(r"<!-- test -->(.*?)(?:<!-- /test -->|\Z)", re.DOTALL)
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ADDRESS = "127.0.0.1:8080"


def steps(text):
    """(command, expected answer or None) in order."""
    found = []
    for tour in TOUR.findall(text):
        for kind, content in BLOCK.findall(tour):
            if kind == "sh":
                found.append([content, None])
            elif found:
                found[-1][1] = content
    return found


def fits(expected, found, path="$"):
    """What does not fit, as text; None when all does."""
    if expected in ("…", "..."):
        return None
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if name in ("…", "..."):
                continue
            if name not in found:
                return f"{path}.{name} is missing"
            problem = fits(value, found[name], f"{path}.{name}")
            if problem:
                return problem
        return None
    if isinstance(expected, list) and isinstance(found, list):
        items = [item for item in expected if item not in ("…", "...")]
        if len(items) == len(expected) and len(expected) != len(found):
            return f"{path} has {len(found)} members, not {len(expected)}"
        for i, item in enumerate(items):
            if i >= len(found):
                return f"{path}[{i}] is missing"
            problem = fits(item, found[i], f"{path}[{i}]")
            if problem:
                return problem
        return None
    return None if expected == found else f"{path} is {found!r}, not {expected!r}"


def test_the_comparison_sees_what_differs():
    assert fits({"a": [1, "…"]}, {"a": [1, 2, 3], "b": 1}) is None
    assert fits({"a": 1}, {"a": 2}) and fits({"a": 1}, {}) and fits([1], [1, 2])
    assert fits({"a": "…"}, {"a": {"b": None}}) is None


def test_the_tour_of_the_readme_is_true(tmp_path):
    readme = ROOT / "README.md"
    found = steps(readme.read_text(encoding="utf-8")) if readme.exists() else []
    if not found:
        pytest.fail("README.md has no tour between <!-- test --> and <!-- /test -->")
    system = System(tmp_path).start()
    try:
        system.load()
        for command, expected in found:
            command = command.replace("localhost:8080", ADDRESS)
            command = command.replace(ADDRESS, f"127.0.0.1:{system.port}")
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=ROOT,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            if expected is not None:
                problem = fits(json.loads(expected), json.loads(done.stdout))
                assert problem is None, (command, problem, done.stdout)
    finally:
        system.stop()
