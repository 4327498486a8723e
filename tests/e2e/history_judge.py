"""history_judge.py - decides whether a history of one key is that of one register.

A history is reads [(start, end, value)] and writes [(start, end, value)]; end is None for a write
whose outcome is not known: it may take effect at any time from its start on, or never. All values
are different, and the first one, 0, was written before all. What is right has an order of all
operations, each at one moment between its start and its end, in which every read shows the write
before it.
"""

import bisect
import math


def judge_growing(reads, writes):
    """Of a key with one writer, who writes 1, 2, 3, ... one after another: what is wrong, as
    [(rule, read, least or most)]:

        real    a read shows a value that was being written before the read ended
        fresh   ... and that is not older than any write acknowledged before the read began
        forward ... nor than what any read that ended before this one began has shown

    With one writer these three are all that there is to the order."""
    wrong = []
    # Each says: from this time on no less than this value.
    floors = sorted(
        [(end, value, "fresh") for _, end, value in writes if end is not None]
        + [(end, value, "forward") for _, end, value in reads]
    )
    started = sorted((start, value) for start, _, value in writes)
    least, rule, at = 0, "fresh", 0
    for start, end, value in sorted(reads):
        while at < len(floors) and floors[at][0] < start:
            if floors[at][1] > least:
                least, rule = floors[at][1:]
            at += 1
        if value < least:
            wrong.append((rule, (start, end, value), least))
    most, at = 0, 0
    for start, end, value in sorted(reads, key=lambda read: read[1]):
        while at < len(started) and started[at][0] <= end:
            most = max(most, started[at][1])
            at += 1
        if value > most:
            wrong.append(("real", (start, end, value), most))
    return wrong


def judge_contended(reads, writes):
    """Of a key with any number of writers: what is wrong, as [(rule, ...)].

        real   a read shows a value that nobody was writing before the read ended
        order  two values would each have to be before the other

    A write and its reads follow one another in any right order, so values are in order as wholes.
    A value is before another if one of its operations ended before one of the other's began, that
    is, if its first end is before the other's last start. There is a right order unless two values
    are each before the other (Gibbons and Korach, Testing Shared Memories, 1997). Either both have
    an operation that ended before another of theirs began ("forward"), and these times overlap, or
    one has, and its time contains that of the other, whose operations all meet ("backward")."""
    wrong = []
    values = {0: (-math.inf, -math.inf)}  # first end, last start
    began = {0: -math.inf}
    for start, end, value in writes:
        assert value not in values, f"{value} was written twice"
        values[value] = (math.inf if end is None else end, start)
        began[value] = start
    for start, end, value in reads:
        if value not in values or end < began[value]:
            wrong.append(("real", (start, end, value)))
        else:
            first, last = values[value]
            values[value] = (min(first, end), max(last, start))
    forward = sorted((*zone, value) for value, zone in values.items() if zone[0] < zone[1])
    latest = None  # of those before, the one that is over last
    for zone in forward:
        if latest is not None and zone[0] < latest[1]:
            wrong.append(("order", latest, zone))
        if latest is None or zone[1] > latest[1]:
            latest = zone
    for value, (first, last) in values.items():
        if first >= last:
            at = bisect.bisect_left(forward, (last,)) - 1
            if at >= 0 and forward[at][1] > first:
                wrong.append(("order", forward[at], (first, last, value)))
    return wrong


def judge_revisions(shown):
    """Of {(value, revision)} as reads and acknowledgements showed them: a value has one revision
    and a revision one value, or a write had two effects."""
    by_value, by_revision = {}, {}
    return [
        ("once", value, revision)
        for value, revision in sorted(shown)
        if by_value.setdefault(value, revision) != revision
        or by_revision.setdefault(revision, value) != value
    ]
