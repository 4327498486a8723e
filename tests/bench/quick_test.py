#!/usr/bin/python3
"""quick_test.py - the benchmark runs to its end and writes its figures; how large is not judged.

usage: quick_test.py BUILD_DIRECTORY
"""

import json
import subprocess
import sys
from pathlib import Path

CASES = ("progress_memory", "progress_redis", "progress_service", "list_memory", "list_service",
         "create_1", "create_64")
YARDSTICKS = ("nng_echo_1", "nng_echo_64", "sqlite_1", "sqlite_32")
MARKS = 7


def check(results):
    """What is wrong, line by line."""
    for name in CASES:
        case = results["cases"].get(name)
        if case is None or not case["answered"] or not case["latency_us"]["p99"]:
            yield f"{name} was not measured: {case}"
        elif case["refused"] or case["broken"]:
            yield f"{name} had answers that are no success: {case}"
        elif "gateway" not in json.dumps(case["cpu_us_per_request"]):
            yield f"{name} cost the gateway no time: {case}"
    for name in YARDSTICKS:
        if not results["yardsticks"].get(name, {}).get("per_second"):
            yield f"{name} was not measured"
    if not results["cases"]["progress_memory"].get("expected_share"):
        yield "nothing came from memory"
    if not results["cases"]["progress_redis"].get("expected_share"):
        yield "nothing came from Redis"
    # nginx may be missing: only tests/bench/run installs it.
    for name in set(results["unmeasured"]) - {"nginx", "scorecard"}:
        yield f"{name}: {results['unmeasured'][name]}"
    if len(results["marks"]) != MARKS:
        yield f"there are {len(results['marks'])} marks"


def main():
    build = Path(sys.argv[1]).resolve()
    output = build / "bench" / "results.json"
    output.unlink(missing_ok=True)
    bench = Path(__file__).resolve().parent / "run.py"
    done = subprocess.run(
        [sys.executable, bench, build, "--quick", "--output", output], check=False, timeout=110
    )
    problems = [f"run.py ended with {done.returncode}"] if done.returncode else []
    if output.exists():
        problems += check(json.loads(output.read_text(encoding="utf-8")))
    else:
        problems.append("there are no results")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
