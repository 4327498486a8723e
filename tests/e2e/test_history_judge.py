"""The judges of histories: they find what is wrong in those that are known to be, and agree with one
that tries every order."""

import random

import pytest

from history_judge import judge_contended, judge_growing, judge_revisions


def rules(found):
    return [rule for rule, *_ in found]


def test_the_judge_of_growing_values_finds_what_is_wrong():
    writes = [(0, 1, 1), (2, 3, 2), (4, None, 3)]
    assert judge_growing([(0, 1, 0), (1.5, 1.6, 1), (2.5, 2.6, 2), (5, 6, 3)], writes) == []
    assert rules(judge_growing([(3.5, 3.6, 1)], writes)) == ["fresh"]
    assert rules(judge_growing([(2.1, 2.2, 2), (2.3, 2.4, 1)], writes)) == ["forward"]
    assert rules(judge_growing([(3.5, 3.6, 3)], writes)) == ["real"]


GOOD = {
    "nothing": ([], []),
    "the first value": ([(1, 2, 0)], []),
    "one write": ([(3, 4, 1)], [(1, 2, 1)]),
    "both, while it is written": ([(1, 4, 0), (2, 3, 1)], [(0, 5, 1)]),
    "two at once, in either order": ([(3, 4, 1)], [(0, 2, 1), (0, 2, 2)]),
    "two at once, the other": ([(3, 4, 2)], [(0, 2, 1), (0, 2, 2)]),
    "an unknown one that came late": ([(5, 6, 2), (8, 9, 1)], [(0, None, 1), (1, 2, 2)]),
    "an unknown one that never came": ([(5, 6, 2), (8, 9, 2)], [(0, None, 1), (1, 2, 2)]),
}
BAD = {
    "stale": ([(3, 4, 0)], [(1, 2, 1)]),
    "of the future": ([(1, 2, 1)], [(3, 4, 1)]),
    "of nobody": ([(1, 2, 7)], []),
    "backwards": ([(3, 4, 1), (5, 6, 0)], [(0, 9, 1)]),
    "there and back": ([(3, 4, 1), (5, 6, 2), (7, 8, 1)], [(0, 2, 1), (0, 2, 2)]),
    "two readers that differ": (
        [(3, 4, 1), (5, 6, 2), (3, 4, 2), (5, 6, 1)], [(0, 2, 1), (0, 2, 2)],
    ),
    "an unknown one that came twice": (
        [(3, 4, 1), (7, 8, 2), (9, 10, 1)], [(0, None, 1), (5, 6, 2)],
    ),
    "over, and shown within another": (
        [(3, 4, 1), (9, 10, 1)], [(0, 2, 1), (5, 6, 2)],
    ),
}


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_the_judge_of_contended_keys(name):
    reads, writes = (GOOD | BAD)[name]
    assert (judge_contended(reads, writes) == []) == (name in GOOD)
    assert is_right(reads, writes) == (name in GOOD)


def is_right(reads, writes):
    """Tries every order (Wing and Gong's search, with Lowe's memory of what was seen)."""
    operations = [(s, e, v, False) for s, e, v in reads]
    operations += [(s, float("inf") if e is None else e, v, True) for s, e, v in writes]
    must = frozenset(i for i, operation in enumerate(operations) if operation[1] < float("inf"))
    seen = set()

    def search(done, now):
        if must <= done:
            return True
        if (done, now) in seen:
            return False
        seen.add((done, now))
        left = [i for i in range(len(operations)) if i not in done]
        soonest = min(operations[i][1] for i in left)
        for i in left:
            start, _, value, is_write = operations[i]
            if start <= soonest and (is_write or value == now):
                if search(done | {i}, value if is_write else now):
                    return True
        return False

    return search(frozenset(), 0)


def test_the_judge_of_contended_keys_agrees_with_one_that_tries_every_order():
    chosen = random.Random(1)
    right = 0
    for _ in range(6000):
        span = chosen.choice((6, 12, 30))

        def moment(span=span):
            start = chosen.random() * span
            return start, start + chosen.random() * chosen.choice((2, 8))

        count = chosen.randrange(1, 5)
        writes = [(*moment(), value) for value in range(1, count + 1)]
        writes = [(s, None if chosen.random() < 0.25 else e, v) for s, e, v in writes]
        reads = [(*moment(), chosen.randrange(count + 1)) for _ in range(chosen.randrange(1, 6))]
        expected = is_right(reads, writes)
        assert (judge_contended(reads, writes) == []) == expected, (reads, writes)
        right += expected
    assert 600 < right < 5400, right


def test_the_judges_agree_where_there_is_one_writer():
    chosen = random.Random(2)
    wrong = 0
    for _ in range(3000):
        writes, at = [], 0.0
        for value in range(1, chosen.randrange(2, 6)):
            start = at + chosen.random()
            at = start + chosen.random() * 2
            writes.append((start, at, value))
        if chosen.random() < 0.3:
            writes[-1] = (writes[-1][0], None, writes[-1][2])
        reads = []
        for _ in range(chosen.randrange(1, 6)):
            start = chosen.random() * at
            reads.append((start, start + chosen.random(), chosen.randrange(len(writes) + 1)))
        found = judge_growing(reads, writes) != []
        assert found == (judge_contended(reads, writes) != []), (reads, writes)
        wrong += found
    assert 300 < wrong < 2900, wrong


def test_a_write_with_two_effects_is_found():
    assert judge_revisions({(0, 1), (5, 2), (4, 3)}) == []
    assert rules(judge_revisions({(0, 1), (5, 2), (5, 3)})) == ["once"]
    assert rules(judge_revisions({(0, 1), (5, 2), (6, 2)})) == ["once"]
