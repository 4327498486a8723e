"""shifted_clock.py - a wall clock of its own for one program, moved while the program runs.

Only the time of day is shifted (CLOCK_REALTIME, time(), gettimeofday()): what measures how long
something takes stays true, as it does when a real clock is set.
"""

import os
import threading
from pathlib import Path

LIBRARY = "libfaketimeMT.so.1"


def library():
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
    assert found, "libfaketime is not installed: see deploy/install.sh"
    return found[0]


class ShiftedClock:
    """The clock of one program (harness.Program), from its next start on.

    With `clock = ShiftedClock(system["clusters"], 86400)` that service starts a day ahead;
    `clock.shift(-5)` sets the clock of the running process to five seconds behind the true one, and
    `clock.shift(0)` makes it right again. A restart keeps the shift.
    """

    def __init__(self, program, seconds=0):
        self.file = program.log.with_name(f"{program.log.stem}.clock")
        self.seconds = None
        self.shift(seconds)
        program.environment = {
            **program.environment,
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # neither CLOCK_MONOTONIC nor CLOCK_BOOTTIME
            "FAKETIME_NO_CACHE": "1",  # a new shift counts from the next look at the clock
            "FAKETIME_DISABLE_SHM": "1",  # nothing is left behind by kill -9
            "NO_FAKE_STAT": "1",
            # The sanitizer's library need not be the first that is loaded.
            "ASAN_OPTIONS": ":".join(
                filter(None, (program.environment.get("ASAN_OPTIONS"), "verify_asan_link_order=0"))
            ),
        }

    def shift(self, seconds):
        """Sets the clock to so many seconds ahead of the true one (behind, when negative)."""
        beside = self.file.with_suffix(".clock-new")
        beside.write_text(f"{seconds:+.6f}\n")
        os.replace(beside, self.file)
        self.seconds = seconds


class Drift(threading.Thread):
    """A clock that goes wrong by so many seconds each second, inside `with`."""

    STEP_SECONDS = 0.05

    def __init__(self, clock, rate):
        super().__init__(daemon=True)
        self.clock = clock
        self.rate = rate
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(self.STEP_SECONDS):
            self.clock.shift(self.clock.seconds + self.rate * self.STEP_SECONDS)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()
