"""tools.py - wrk, h2load and k6 as functions: so long, so many connections, this mix."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client"}
# A log has a line for each request: long phases are run in parts.
PART_SECONDS = 60
REFUSED = (429, 503)
SEED = re.compile(r"/s(\d+)p0-")


@dataclass
class Result:
    """What came of one phase, or of several."""

    seconds: float = 0
    no_answer: int = 0
    statuses: Counter = field(default_factory=Counter)
    histogram: Counter = field(default_factory=Counter)  # microseconds

    @property
    def requests(self):
        return self.statuses.total()

    @property
    def rate(self):
        return self.requests / self.seconds if self.seconds else 0

    @property
    def refused(self):
        return sum(self.statuses[status] for status in REFUSED)

    @property
    def errors(self):
        wrong = (s for s in self.statuses if not 200 <= s <= 304 and s not in REFUSED)
        return self.no_answer + sum(self.statuses[status] for status in wrong)

    def percent(self, count):
        everything = self.requests + self.no_answer
        return 100 * count / everything if everything else 0

    def percentile(self, percent):
        """Milliseconds within which so many were answered; 0 without any."""
        wanted = self.histogram.total() * percent / 100
        reached = 0
        for microseconds in sorted(self.histogram):
            reached += self.histogram[microseconds]
            if reached >= wanted:
                return microseconds / 1000
        return 0.0


def total(results):
    found = Result()
    for result in results:
        found.seconds += result.seconds
        found.no_answer += result.no_answer
        found.statuses += result.statuses
        found.histogram += result.histogram
    return found


def is_installed(tool):
    return shutil.which(tool) is not None


def check(done, tool):
    if done.returncode != 0:
        raise SystemExit(f"{tool} failed ({done.returncode}): {(done.stderr or done.stdout)[-500:]}")


def url_of(endpoint):
    host, port = endpoint
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def threads_of(connections):
    return max(1, min(connections, (os.cpu_count() or 2) // 2, 16))


def run_wrk(endpoint, mix, seconds, connections, directory):
    """Reads and writes. wrk takes whole seconds."""
    requests = directory / "requests.txt"
    requests.write_text("".join("\t".join(one) + "\n" for one in mix), encoding="utf-8")
    done = subprocess.run(
        ["wrk", "-t", str(threads_of(connections)), "-c", str(connections),
         "-d", f"{max(1, round(seconds))}s", "--timeout", "15s", "-s", str(HERE / "wrk.lua"),
         url_of(endpoint), "--", str(requests)],
        capture_output=True, text=True, check=False,
    )
    check(done, "wrk")
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    found = json.loads(line.removeprefix("JSON "))
    return Result(
        found["seconds"], found["noAnswer"],
        Counter({int(status): count for status, count in found["statuses"].items()}),
        Counter(dict(found["histogram"])),
    )


def run_h2load(endpoint, mix, seconds, connections, directory):
    """Reads only: h2load has one body for all. HTTP/1.1, which is what the gateway speaks."""
    urls, log = directory / "urls.txt", directory / "h2load.log"
    urls.write_text(
        "".join(f"{url_of(endpoint)}{path}\n" for method, path, _ in mix if method == "GET"),
        encoding="utf-8",
    )
    log.unlink(missing_ok=True)
    whole = max(1, round(seconds))
    done = subprocess.run(
        ["h2load", "--h1", "-t", str(threads_of(connections)), "-c", str(connections),
         "-D", str(whole), "-i", str(urls), f"--log-file={log}"],
        capture_output=True, text=True, check=False,
    )
    check(done, "h2load")
    result = Result(seconds=whole)
    with open(log, encoding="ascii") as lines:
        for line in lines:
            _, status, microseconds = line.split()[:3]
            if int(status) < 100:
                result.no_answer += 1
            else:
                result.statuses[int(status)] += 1
                result.histogram[int(microseconds)] += 1
    return result


def run_k6(endpoint, mix, seconds, connections, directory):
    """Reads and writes. The mix is drawn by k6/common.js, from the same file as ours."""
    log = directory / "k6.json"
    log.unlink(missing_ok=True)
    prefix = next(match[1] for _, path, _ in mix if (match := SEED.search(path)))
    done = subprocess.run(
        ["k6", "run", "--quiet", "--no-thresholds", "--out", f"json={log}",
         "-e", f"URL={url_of(endpoint)}", "-e", f"SEED={prefix}", "-e", f"SECONDS={seconds:g}",
         "-e", f"CONNECTIONS={connections}", "-e", "ALLOW_REMOTE=1", str(HERE / "k6" / "phase.js")],
        capture_output=True, text=True, check=False,
    )
    check(done, "k6")
    result = Result(seconds=seconds)
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            point = json.loads(line)
            tags = point["data"].get("tags") or {}
            if point["type"] != "Point" or point["metric"] != "http_req_duration" or (
                    tags.get("group", "").startswith("::setup")):
                continue
            status = int(tags.get("status", 0))
            if status == 0:
                result.no_answer += 1
            else:
                result.statuses[status] += 1
                result.histogram[round(1000 * point["data"]["value"])] += 1
    return result


TOOLS = {"wrk": run_wrk, "h2load": run_h2load, "k6": run_k6}


def run(tool, endpoint, mix, seconds, connections):
    results = []
    with tempfile.TemporaryDirectory(prefix="loadtest-") as directory:
        while seconds > 0:
            part = min(seconds, PART_SECONDS)
            results.append(TOOLS[tool](endpoint, mix, part, connections, Path(directory)))
            seconds -= part
    return total(results)
