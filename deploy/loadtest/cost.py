#!/usr/bin/env python3
"""cost.py - what a page, progress and the scorecard cost where dongkhoi-generate --load has been.

One request after the other, past every cache; to be run at several scales. Before each an indicator
is written, as it is, so that services have nothing decoded, and the gateway nothing rendered:

    cost.py --url http://127.0.0.1:8080 --save cost-1.json
    cost.py --url http://127.0.0.1:8080 --compare cost-1.json

With --compare it ends with 1 when something costs more than 1.5 times what it did, by both time
and processor time.
"""

import argparse
import http.client
import json
import statistics
import sys
import time

import cost_processes
import harness_url

GROWTH_MAX = 1.5
# Below this a difference is the machine's, not the scale's.
NOISE_MS = 0.3
PAUSE_SECONDS = 0.005

# Of the first province: its years are there at every scale.
REQUESTS = {
    "page of a movement's registrations": "/v1/movements/{p}-2022-ba-tri/registrations",
    "page of all registrations": "/v1/movements/-/registrations",
    "page of all registrations, by date": "/v1/movements/-/registrations?orderBy=dueDate%20desc",
    "page of submitted registrations":
        "/v1/movements/-/registrations?filter=state%20%3D%20SUBMITTED",
    "page of a unit's registrations":
        "/v1/movements/-/registrations?filter=unit%20%3D%20%22organizations%2F{p}-2022-o07%22",
    "page of an indicator's observations": "/v1/indicators/{p}-exports/observations",
    "page of a month's observations":
        "/v1/indicators/{p}-exports/observations?filter=period%20%3D%20%222022-06%22",
    "page of all observations": "/v1/indicators/-/observations",
    "page of movements": "/v1/movements?pageSize=10&orderBy=year%20desc",
    "page of clusters": "/v1/clusters?pageSize=10",
    "one registration": "/v1/movements/{p}-2022-ba-tri/registrations/r42",
    "history of an observation": "/v1/indicators/{p}-exports/observations/2022-06:history",
    "progress": "/v1/indicators/{p}-exports/progress?period=2022-12",
    "contributions": "/v1/indicators/{p}-exports/contributions?period=2022-12&dimension=commune",
    "schedule": "/v1/schemes/{p}-2022-night/schedule?statusDate=2022-09-30",
    "scorecard": "/v1/movements/{p}-2022-ba-tri/scorecard",
    "HTML page": "/?movement={p}-2022-ba-tri",
    "feed": "/v1/changes?pageSize=50",
}


def exchange(connection, method, path, body=None, **headers):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {text[:300].decode(errors='replace')}")
    return text


def ask(connection, path):
    """(seconds, bytes) of one request that no cache may answer."""
    start = time.perf_counter()
    body = exchange(connection, "GET", path, **{"Cache-Control": "no-cache"})
    return time.perf_counter() - start, len(body)


def write(connection, indicator):
    """A new version of the indicators; what it leaves behind is done when this returns."""
    name, body = indicator
    exchange(connection, "PATCH", name, body, **{"Content-Type": "application/json"})
    time.sleep(PAUSE_SECONDS)


def read_indicator(connection, name):
    """What write() takes."""
    found = json.loads(exchange(connection, "GET", name))
    return name, json.dumps({"displayName": found["displayName"]})


def measure(connection, path, count, pids, indicator):
    for _ in range(3):
        ask(connection, path)
    samples, used = [], 0
    for _ in range(count):
        write(connection, indicator)
        before = cost_processes.processor_seconds(pids)
        samples.append(ask(connection, path))
        used += cost_processes.processor_seconds(pids) - before
    return {
        "ms": round(1000 * statistics.median(seconds for seconds, _ in samples), 3),
        "cpuMs": round(1000 * used / count, 3),
        "bytes": samples[-1][1],
    }


def growth(now, before, what):
    """How many times as much; 1 where the difference is noise."""
    if now[what] - before[what] < NOISE_MS:
        return min(1.0, now[what] / max(before[what], 1e-9))
    return now[what] / max(before[what], 1e-9)


def show(results, earlier):
    grown = []
    print(f"{'':38} {'ms':>9} {'cpu ms':>9} {'bytes':>9}" + ("   growth" if earlier else ""))
    for name, result in results.items():
        line = f"{name:38} {result['ms']:9.2f} {result['cpuMs']:9.2f} {result['bytes']:9d}"
        if name in earlier:
            times = growth(result, earlier[name], "ms"), growth(result, earlier[name], "cpuMs")
            line += f"   {times[0]:.2f} {times[1]:.2f}"
            if min(times) > GROWTH_MAX:
                grown.append(name)
        print(line)
    return grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--seed", type=int, default=1, help="that was loaded")
    parser.add_argument("--requests", type=int, default=50, help="of each kind")
    parser.add_argument("--save", help="a file for --compare")
    parser.add_argument("--compare", help="what --save wrote at another scale")
    parser.add_argument("--allow-remote", action="store_true")
    options = parser.parse_args()

    host, port = harness_url.check(options.url, options.allow_remote)
    pids = cost_processes.of_gateway(port) if harness_url.is_loopback(host) else []
    if not pids:
        print("processor time is not known: the processes are not mine", file=sys.stderr)
    connection = http.client.HTTPConnection(host, port, timeout=120)
    prefix = f"s{options.seed}p0"
    indicator = read_indicator(connection, f"/v1/indicators/{prefix}-exports")
    results = {
        name: measure(connection, path.format(p=prefix), options.requests, pids, indicator)
        for name, path in REQUESTS.items()
    }
    earlier = {}
    if options.compare:
        with open(options.compare, encoding="utf-8") as file:
            earlier = json.load(file)
    grown = show(results, earlier)
    if options.save:
        with open(options.save, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if grown:
        print("grew by more than half: " + "; ".join(grown))
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
