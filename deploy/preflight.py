#!/usr/bin/python3
"""preflight.py - what stands in the way of deploy/run, found before anything is installed or built.

usage: preflight.py

Checks the names and addresses in the environment, the lock of the state directory, and the ports.
What else a variable may be, the programs check themselves as soon as they are built.
"""

import argparse
import fcntl
import os
import re
import sys
from pathlib import Path

from programs import DEFAULTS, SERVICES, Failure, check_ports, say, settings, split_address

PREFIX = "DONGKHOI_"
KNOWN = Path(__file__).resolve().parent.parent / "common" / "base" / "config_names.c"
SHORT_LETTERS = 4


def known_names():
    """The names that the programs know, from the table that they are built with."""
    return re.findall(rf'"({PREFIX}[A-Z_]+)"', KNOWN.read_text(encoding="utf-8"))


def distance(a, b):
    """Letters to add, leave out, change or swap with their neighbour, to come from a to b."""
    above, row = [], list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, above, row = above, row, [i]
        for k, other in enumerate(b, 1):
            row.append(min(above[k - 1] + (letter != other), above[k] + 1, row[k - 1] + 1))
            if i > 1 and k > 1 and letter == b[k - 2] and a[i - 2] == other:
                row[k] = min(row[k], before[k - 2] + 1)
    return row[-1]


def check_names(environment):
    """Refuses a name that is nearly one of ours, as the programs do (common/base/config_names.c)."""
    known = known_names()
    for name in environment:
        if not name.startswith(PREFIX) or name in known:
            continue
        for meant in known:
            allowed = 1 if len(meant) - len(PREFIX) <= SHORT_LETTERS else 2
            if distance(name, meant) <= allowed:
                raise Failure(
                    f'{name} is "{environment[name]}", but there is no such variable',
                    f"set {meant}, which may be meant, or unset {name}",
                )


def is_host_port(address):
    try:
        split_address("an address", address)
    except Failure:
        return False
    return True


def check_addresses(names):
    """Each address that is dialled or listened on: tcp://HOST:PORT of services, HOST:PORT else."""
    for service in SERVICES:
        variable = f"{PREFIX}{service.upper()}"
        for address in names[variable].split(","):
            if not (address.startswith("tcp://") and is_host_port(address.removeprefix("tcp://"))):
                raise Failure(
                    f"{variable} is {names[variable]!r}; allowed is: tcp://HOST:PORT, or several "
                    "with commas between them",
                    f"for example: {DEFAULTS[variable]}",
                )
    split_address("DONGKHOI_LISTEN", names["DONGKHOI_LISTEN"])
    if names["DONGKHOI_REDIS"]:
        split_address("DONGKHOI_REDIS", names["DONGKHOI_REDIS"])


def check_holidays(environment):
    path = environment.get("DONGKHOI_HOLIDAYS")
    if path and not os.access(path, os.R_OK):
        raise Failure(
            f"DONGKHOI_HOLIDAYS is {path!r}, which cannot be read",
            "name a file with one holiday a line, or unset it",
        )


def lock_state(directory):
    """One deploy/run for each state directory. The lock is held until the file that is returned is
    closed, or the process ends."""
    try:
        (directory / "log").mkdir(parents=True, exist_ok=True)
        lock = open(directory / "supervise.lock", "w", encoding="ascii")
    except OSError as error:
        raise Failure(
            f"DONGKHOI_STATE is {str(directory)!r}, which cannot be used: {error.strerror}",
            "set DONGKHOI_STATE to a directory that you may write to",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Failure(
            f"another deploy/run works in {directory}",
            f"stop it, or give a second one other values of {', '.join(DEFAULTS)}",
        ) from error
    return lock


def check(environment):
    names = settings(environment)
    check_names(environment)
    check_addresses(names)
    check_holidays(environment)
    # Before the ports: whoever works there has taken them, too, and is what to name.
    lock_state(Path(names["DONGKHOI_STATE"]).resolve()).close()
    check_ports(names)


def main():
    argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0]).parse_args()
    sys.stderr.reconfigure(encoding="utf-8", errors="replace")
    say("checking variables, lock and ports")
    try:
        check(os.environ)
    except Failure as failure:
        print(f"failed: {failure}\nwhat to do: {failure.advice}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
