#!/usr/bin/python3
"""supervise.py - starts the programs, keeps them running, loads the data, prints the results.

usage: supervise.py BUILD_DIRECTORY [--once]
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import api
import load_2022
import report
from preflight import lock_state
from programs import Failure, Fleet, check_ports, say, settings, show

READY_SECONDS = 60


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=Path, help="where the programs were built")
    parser.add_argument("--once", action="store_true", help="end after the results")
    return parser.parse_args()


class Work(threading.Thread):
    """Waits for the fleet, loads the data and prints the results, beside the supervision."""

    def __init__(self, address, on_end):
        super().__init__(daemon=True)
        self.address = address
        self.on_end = on_end
        self.failure = None
        self.done = False

    def run(self):
        try:
            say("waiting until every service answers")
            client = api.Client(self.address)
            api.wait_ready(client, READY_SECONDS)
            say("loading the data of 2022")
            changed = load_2022.load(client)
            say(f"loaded; new records: {changed}")
            show(report.render(client))
            say(f"serving on http://{self.address}")
        except (api.ApiError, OSError) as error:
            self.failure = Failure(
                f"{error}", "look at the logs named above, then run deploy/run again"
            )
        finally:
            self.done = True
            self.on_end()


def run(arguments):
    names = settings(os.environ)
    state = Path(names["DONGKHOI_STATE"]).resolve()
    names["DONGKHOI_STATE"] = str(state)
    lock = lock_state(state)
    fleet = Fleet(arguments.build, names, state / "log")
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What nohup or a shell's & ignores stays ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: (stop.append(number), fleet.wake()))
    signal.signal(signal.SIGCHLD, lambda *_: fleet.wake())

    fleet.check_configuration()
    check_ports(names)
    work = Work(api.reachable(names["DONGKHOI_LISTEN"]), fleet.wake)
    try:
        say(f"starting {', '.join(fleet.names())}; their logs are in {state / 'log'}")
        fleet.start()
        work.start()
        while not stop:
            fleet.supervise()
            if work.done and (work.failure or arguments.once):
                break
            if not work.done and fleet.hopeless():
                raise fleet.hopeless()
    finally:
        say("stopping")
        fleet.stop()
        lock.close()
    if work.failure and not stop:
        raise work.failure


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="replace")
    try:
        run(parse_arguments())
    except Failure as failure:
        print(f"failed: {failure}\nwhat to do: {failure.advice}", file=sys.stderr)
        return 1
    try:
        sys.stdout.flush()
    except OSError:
        # Nobody reads any more, and the flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
