"""hostile.py - what a good client notices of clients that do not read: hostile.py [seconds]

Over a release build, with a store of its own. For each attack: the gateway's memory, and the
latencies of a good client in an open loop of 100 requests/s, half of them on new connections.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("DONGKHOI_TEST_BUILD", str(ROOT / "build" / "release"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402
import hostile  # noqa: E402
import make  # noqa: E402

RATE = 100
P99_MAX_SECONDS = 0.05
MEMORY_MAX_BYTES = 400 << 20
TEXT = ("Đồng khởi mới " * 720)[:9999] + "."

CHANGES = ("/v1/changes?pageSize=1000", "*/*")
OPENAPI = ("/openapi.json", "*/*")
CSV = ("/v1/movements/m/registrations/-/reports?pageSize=1000", "text/csv")

# name, (path, accept), connections, addresses, seconds between two small reads
ATTACKS = [
    ("none", CHANGES, 0, 0, 0),
    ("changes, 600 from one address", CHANGES, 600, 0, 0),
    ("changes, 600 from 60", CHANGES, 600, 60, 0),
    ("changes, 1000 from 60", CHANGES, 1000, 60, 0),
    ("changes, 300 from 60, slow", CHANGES, 300, 60, 0.1),
    ("openapi, 1000 from 60", OPENAPI, 1000, 60, 0),
    ("CSV, 300 from one address", CSV, 300, 0, 0),
    ("CSV, 1000 from 60", CSV, 1000, 60, 0),
]


def fill(client):
    """A feed and a table with pages as large as they get."""
    movement = make.movement(client, "m")["name"]
    organization = make.organization(client, "o")["name"]
    for number in range(1000):
        registration = client.ok(
            "POST", f"/v1/{movement}/registrations",
            {"displayName": {"vi": TEXT[:250]}, "organization": organization,
             "commitment": {"manual": {"criterion": TEXT[:250]}}},
            registrationId=f"r{number}",
        )["name"]
    client.ok("POST", f"/v1/{movement}:launch", {})
    client.ok("POST", f"/v1/{registration}:submit", {})
    client.ok("POST", f"/v1/{registration}:approve", {})
    for number in range(400):
        client.ok("POST", f"/v1/{registration}/reports", {"progress": TEXT},
                  reportId=f"p{number}")
    name = make.indicator(client, "i")["name"]
    for year in range(1990, 2020):
        make.batch(client, name, [make.values(f"{year}-{m:02}", m) for m in range(1, 13)])
    make.target(client, name)


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0


@contextlib.contextmanager
def watching(pid):
    """Keeps the most memory that the process had, in a list of one."""
    most = [0]
    ended = threading.Event()

    def look():
        while not ended.wait(0.05):
            most[0] = max(most[0], resident_bytes(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def attack(system, paths, name, what, count, addresses, reads_every, seconds):
    path, accept = what
    with contextlib.ExitStack() as stack:
        readers = None
        if count:
            readers = stack.enter_context(
                hostile.Readers(system.port, path, count, addresses, reads_every, accept)
            )
            time.sleep(1)
        most = stack.enter_context(watching(system["gateway"].process.pid))
        report = hostile.ask_in_open_loop(system.port, paths, RATE, seconds)
        connects = readers.connects.value if readers else 0
    is_good = (
        not report.failures
        and report.quantile(0.99) < P99_MAX_SECONDS
        and most[0] < MEMORY_MAX_BYTES
    )
    print(
        f"{'pass' if is_good else 'FAIL'}  {name}: {report}; gateway {most[0] >> 20} MiB, "
        f"{connects} connects",
        flush=True,
    )
    return is_good


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    is_good = True
    with tempfile.TemporaryDirectory() as directory:
        for shares in ("on", "off"):
            system = harness.System(
                Path(directory) / shares, DONGKHOI_PEER_SHARES=shares, DONGKHOI_ACCESS_LOG="off"
            ).start()
            fill(system.client)
            sizes = [len(system.client.get(p, headers={"Accept": a}).body)
                     for p, a in (CHANGES, OPENAPI, CSV)]
            print(f"shares {shares}: changes, openapi, CSV of {sizes} bytes", flush=True)
            paths = [
                "/v1/indicators/i/progress?period=2010-06",
                "/v1/clusters?pageSize=20",
                "/v1/movements/m/registrations/r7",
                "/v1/indicators/i/observations?pageSize=10&filter=value%3E3",
            ]
            for case in ATTACKS:
                if only in case[0]:
                    is_good = attack(system, paths, *case, seconds) and is_good
            system.stop()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
