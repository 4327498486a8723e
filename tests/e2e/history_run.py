"""history_run.py - makes a history through two gateways, and has it decided.

Three kinds of keys: `fresh` ones grow, each by one writer without a pause; `shared` ones are written
by several at once; `quiet` ones, of services that nothing else reads or writes, are written and read
after pauses, in which leases end and watches are over. Readers in a closed loop read as much as they
can; those in an open one come when they had to come, also while nobody answers.
"""

import collections
import itertools
import random
import threading
import time

import harness
import make
from history_clients import OpenReader, Reader, Writer, after_pauses, in_a_row, steadily
from history_faults import Chaos, LyingRedis, with_clocks
from history_judge import judge_contended, judge_growing, judge_revisions
from history_seed import SEED
from relay import Relay

FRESH_PER_SERVICE = 3
SHARED = 2
WRITERS_OF_SHARED = 3
READERS_PER_GATEWAY = 2
WATCH_SECONDS = 1.0  # a gateway without reads hears of versions for so long after its last lease
LOOK_SECONDS = 1.0
WARM_SECONDS = 0.5
LONGER = 3


def make_keys(client):
    """{kind: [name]}."""
    title = {"displayName": {"vi": "value 0"}}
    keys = collections.defaultdict(list)
    for i in range(FRESH_PER_SERVICE):
        keys["fresh"].append(make.cluster(client, f"fresh-{i}", **title)["name"])
        keys["fresh"].append(make.indicator(client, f"fresh-{i}", **title)["name"])
    for i in range(SHARED):
        keys["shared"].append(make.cluster(client, f"shared-{i}", **title)["name"])
    keys["quiet"].append(make.scheme(client, "quiet-0", **title)["name"])
    keys["quiet"].append(make.organization(client, "quiet-0", **title)["name"])
    return keys


class History:
    """The threads, what they noted, and the judgement."""

    def __init__(self, system, lease_ms, disturb=True, seed=SEED):
        self.system = system
        self.seed = seed
        self.lease = lease_ms / 1000
        self.stop = threading.Event()
        clocks = with_clocks(list(system.programs.values())) if disturb else {}
        system.start()
        self.relay = Relay(harness.port_of(system.environment["DONGKHOI_CLUSTERS"]))
        other = self.start_other(clocks)
        ports = [system.port, harness.port_of(other.environment["DONGKHOI_LISTEN"])]
        self.keys = make_keys(system.client)
        seeds = map(random.Random(seed).randrange, itertools.repeat(1 << 30))
        self.writers = list(self.make_writers(ports, seeds))
        self.closed = [Reader(port, self.stop, next(seeds), self.keys["fresh"] + self.keys["shared"])
                       for port in ports for _ in range(READERS_PER_GATEWAY)]
        plans = self.plans(self.lease)
        self.open = [OpenReader(port, self.stop, next(seeds), plans) for port in ports]
        self.chaos = Chaos(system, other, self.relay, clocks, next(seeds)) if disturb else None

    def start_other(self, clocks):
        """The second gateway, behind a relay and with a clock of its own, where there are faults."""
        if not clocks:
            return self.system.add_gateway()[0]
        relayed = f"tcp://127.0.0.1:{self.relay.port}"
        other, _ = self.system.add_gateway(DONGKHOI_CLUSTERS=relayed)
        other.stop()
        clocks |= with_clocks([other])
        other.start()
        return other

    def make_writers(self, ports, seeds):
        for name in self.keys["fresh"]:
            yield Writer(ports, name, self.stop, next(seeds), itertools.count(1).__next__,
                         (0.01, 0.03))
        for name in self.keys["shared"]:
            values = itertools.count(1)
            for _ in range(WRITERS_OF_SHARED):
                yield Writer(ports, name, self.stop, next(seeds), values.__next__, (0, 0.1), True)
        for name in self.keys["quiet"]:
            yield Writer(ports, name, self.stop, next(seeds), itertools.count(1).__next__,
                         (0.1, WATCH_SECONDS + 0.5))

    def plans(self, lease):
        """Some reads all the time, some in a row, and some after pauses just longer than a lease,
        and longer than a lease and a watch."""
        busy = self.keys["fresh"] + self.keys["shared"]
        quiet = self.keys["quiet"]
        after = lease + WATCH_SECONDS
        return [
            steadily(busy, 0.03),
            in_a_row(busy, 0.1, 0.3),
            after_pauses(busy, lease, 3 * lease + 0.1, 3),
            *(after_pauses([name], after, after + 0.8) for name in quiet),
        ]

    def threads(self):
        return [*self.writers, *self.closed, *self.open]

    def run(self, seconds, until_wrong=False):
        """Returns what is wrong. It takes longer than that when not every fault has come to pass by
        then. until_wrong: ends as soon as anything is."""
        self.started = time.monotonic()
        for thread in self.threads():
            thread.start()
        time.sleep(WARM_SECONDS)
        self.system.redis.ask("SAVE")  # what it comes back with when it is restarted
        end = self.started + seconds
        latest = self.started + (LONGER * seconds if self.chaos else seconds)
        look, found = self.started + LOOK_SECONDS, []
        while not found and time.monotonic() < latest and (
            time.monotonic() < end or (self.chaos and self.chaos.missing())
        ):
            if self.chaos:
                self.chaos.act()
            else:
                time.sleep(max(0.0, min(LOOK_SECONDS, end - time.monotonic())))
            if until_wrong and time.monotonic() > look:
                look = time.monotonic() + LOOK_SECONDS
                found = self.judge()
        self.seconds = time.monotonic() - self.started
        self.stop.set()
        for thread in self.threads():
            thread.join(30)
            assert not thread.is_alive(), thread
        self.relay.close()
        return found or self.judge()

    def kill(self):
        """Whatever became of it, nothing goes on running."""
        self.stop.set()
        self.system.kill()
        for process in (*self.system.gateways, self.system.redis):
            process.kill()

    def readers(self):
        return [*self.closed, *self.open]

    def judge(self):
        """[(rule, name, ...)]: what threads met, and what the histories of the keys are not."""
        wrong = [found for thread in self.threads() for found in list(thread.wrong)]
        reads, shown, writes = (collections.defaultdict(list) for _ in range(3))
        # What was read was written before: so reads are looked at first.
        for reader in self.readers():
            for start, end, name, value in list(reader.reads):
                reads[name].append((start, end, value))
            for name, value, revision in list(reader.shown):
                shown[name].append((value, revision))
        for writer in self.writers:
            writes[writer.name_] += list(writer.writes)
            shown[writer.name_] += list(writer.shown)
        self.decided = {name: (len(reads[name]), len(writes[name])) for name in writes}
        for name, written in writes.items():
            judge = judge_contended if "shared" in name else judge_growing
            wrong += [(rule, name, *what) for rule, *what in judge(reads[name], written)]
            wrong += [(rule, name, *what) for rule, *what in judge_revisions(set(shown[name]))]
        return wrong

    def operations(self):
        return sum(r.answered for r in self.readers()) + sum(len(w.writes) for w in self.writers)

    def report(self):
        """One line for a person: what was done, and with what seed."""
        late = sum(reader.answered for reader in self.open)
        sources = sum((reader.sources for reader in self.readers()), collections.Counter())
        faults = len(self.chaos.done) if self.chaos else 0
        lies = ""
        if isinstance(self.system.redis, LyingRedis):
            told = self.system.redis.lies()
            lies = f", {told.total()} lies of Redis ({dict(told)})"
        return (
            f"{self.operations()} operations ({self.operations() / self.seconds:.0f}/s), "
            f"{late} of them reads that came when they had to, "
            f"{sum(w.unknown for w in self.writers)} writes of unknown outcome, "
            f"{sum(r.failed for r in self.readers())} failed reads, {faults} faults{lies}, "
            f"{len(self.decided)} keys decided; answers from {dict(sources)}; "
            f"DONGKHOI_HISTORY_SEED={SEED}"
        )
