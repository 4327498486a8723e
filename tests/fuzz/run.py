#!/usr/bin/python3
"""run.py - runs the fuzz targets for some seconds each, two at a time, and says what they found:
run.py RESULTS.xml BUILD SECONDS

A target fails when it finds something, and also when it does not really fuzz: without coverage of
the libraries under it, or with next to no executions.
"""

import concurrent.futures
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
AT_ONCE = 2
# A target has 19 to 64 places of its own; with the libraries under it they are 228 and more.
COUNTERS_MIN = 150
# Of them an input reaches more than these. (hiredis, which is Debian's, is not instrumented.)
PLACES_MIN = 25
EXECUTIONS_MIN = 200
GRACE_SECONDS = 120
INPUT_MAX_BYTES = 8192


def targets():
    return sorted(path.name for path in (HERE / "corpus").iterdir() if path.is_dir())


def problem(output, code):
    """Why a run is no success; None when it is one."""
    if code != 0:
        return f"it ended with {code}"
    counters = re.search(r"^INFO: Loaded .*\((\d+) inline 8-bit counters\)", output, re.MULTILINE)
    if counters is None or int(counters.group(1)) < COUNTERS_MIN:
        return f"it has {counters.group(1) if counters else 'no'} places: the libraries are not instrumented"
    places = re.findall(r"^#\d+\s+(?:INITED|DONE)\s+cov: (\d+)", output, re.MULTILINE)
    if not places or int(places[-1]) < PLACES_MIN:
        return f"it covers {places[-1] if places else 'no'} places only"
    done = re.search(r"^Done (\d+) runs", output, re.MULTILINE)
    if done is None or int(done.group(1)) < EXECUTIONS_MIN:
        return f"it ran {done.group(1) if done else 'no'} inputs only"
    return None


def run(build, name, seconds, found):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as grown:
        command = [
            build / "tests" / "fuzz" / f"{name}_fuzz",
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_MAX_BYTES}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={found}/{name}-",
            "-print_final_stats=1",
            grown,
            HERE / "corpus" / name,
        ]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=seconds + GRACE_SECONDS,
            )
            output = done.stdout.decode(errors="replace")
            why = problem(output, done.returncode)
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"").decode(errors="replace")
            why = f"it did not end within {seconds + GRACE_SECONDS} s"
        except OSError as error:
            output, why = "", f"it did not start: {error}"
    return name, why, output, time.monotonic() - started


def main():
    results, build, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    found = build.parent / "fuzz-found"
    found.mkdir(parents=True, exist_ok=True)
    suite = ET.Element("testsuite", name="fuzz")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(run, build, name, seconds, found) for name in targets()]
        for future in runs:
            name, why, output, took = future.result()
            case = ET.SubElement(suite, "testcase", classname="fuzz", name=name, time=f"{took:.1f}")
            stats = re.search(r"^#\d+\s+DONE.*$", output, re.MULTILINE)
            print(f"{name}: {why or (stats.group(0) if stats else 'done')}", flush=True)
            if why is not None:
                print(output[-3000:], flush=True)
                ET.SubElement(case, "failure", message=why).text = output[-20000:]
    ET.ElementTree(suite).write(results, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    main()
