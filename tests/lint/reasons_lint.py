"""The tables of reasons: each row has both sentences, and code names rows, not texts."""

import re
import unicodedata
from collections import Counter

from tree import ROOT, files, text

TABLES = sorted(str(path.relative_to(ROOT)) for part in ("common", "services")
                for path in (ROOT / part).glob("*/reasons.def"))
TEXT = r'((?:\s*"(?:[^"\\]|\\.)*")+)'
ROW = re.compile(r"^REASON\((\w+), (\w+), (\d+)," + TEXT + "," + TEXT + r"\)$", re.MULTILINE)
IN_PROTO = re.compile(r'\b(?:required|pattern)_reason: "([A-Z0-9_]+)"')
PLACE = re.compile(r"\{(\w+)\}")
# Where a constant is wanted the compiler refuses a text; a comparison of texts it does not.
COMPARED_TEXT = re.compile(r'\bstrn?cmp\s*\([^;]*\breason\b[^;]*"[A-Z]')


def joined(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))


def rows(table):
    """(name, code, http, english, vietnamese) of each row."""
    return [(name, code, int(http), joined(english), joined(vietnamese))
            for name, code, http, english, vietnamese in ROW.findall(text(table))]


def every_row():
    return [(table, *row) for table in TABLES for row in rows(table)]


def test_every_row_can_be_read():
    assert len(TABLES) == 7
    for table in TABLES:
        assert len(rows(table)) == text(table).count("\nREASON("), table
    assert len(every_row()) > 200


def test_rows_are_sorted_and_no_reason_stands_twice():
    for table in TABLES:
        names = [row[0] for row in rows(table)]
        assert names == sorted(names), table
    shared = {name for table in TABLES if table.startswith("common/") for name, *_ in rows(table)}
    twice = [name for name, count in Counter(row[1] for row in every_row()).items()
             if count > 1 and name in shared]
    assert not twice
    # Two services may have one reason each, as long as neither knows of the other's.
    for table in TABLES:
        names = [row[0] for row in rows(table)]
        assert len(names) == len(set(names)), table


def parts_are_closed(sentence):
    outside = re.sub(r"\[[^\[\]{}]*(?:\{\w+\}[^\[\]{}]*)+\]", "", sentence)
    return not re.search(r"[\[\]{}]", PLACE.sub("", outside))


def test_sentences_are_well_made():
    wrong = []
    for table, name, _, _, english, vietnamese in every_row():
        fine = (
            english and vietnamese
            and not english.endswith(".")
            and vietnamese.endswith(".")
            and vietnamese == unicodedata.normalize("NFC", vietnamese)
            and parts_are_closed(english) and parts_are_closed(vietnamese)
        )
        if not fine:
            wrong.append(f"{table}: {name}")
    assert not wrong


def test_both_sentences_are_filled_from_keys_that_the_code_gives():
    code = "\n".join(text(path) for path in files(".c") if path.parts[0] in ("common", "services"))
    wrong = [
        f"{table}: {name} {key}"
        for table, name, _, _, english, vietnamese in every_row()
        for key in PLACE.findall(english) + PLACE.findall(vietnamese)
        if key != "field" and f'"{key}"' not in code
    ]
    assert not wrong


def test_english_that_is_said_as_it_stands_has_no_places():
    code = "\n".join(text(path) for path in files(".c") if path.parts[0] in ("common", "services"))
    as_it_stands = set(re.findall(r"\bstatus_of\(REASON_(\w+), NULL\)", code))
    assert as_it_stands
    wrong = [
        f"{table}: {name}" for table, name, status, _, english, _ in every_row()
        if (status == "OK" or name in as_it_stands) and re.search(r"[\[{]", english)
    ]
    assert not wrong


def test_every_row_is_used():
    code = "\n".join(text(path) for path in files(".c") if path.parts[0] in ("common", "services"))
    used = set(re.findall(r"\bREASON_(\w+)", code))
    for path in files(".proto"):
        used.update(IN_PROTO.findall(text(path)))
    assert not [f"{table}: {name}" for table, name, *_ in every_row() if name not in used]


def test_code_compares_rows_and_not_texts():
    wrong = [
        f"{path}: {found.group(0)}"
        for path in files(".c", ".h") if path.parts[0] in ("common", "services")
        for found in COMPARED_TEXT.finditer(text(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_a_compared_text_is_found():
    assert COMPARED_TEXT.search('if (strcmp(status.reason->name, "STORE_FULL") == 0) {')
    assert COMPARED_TEXT.search('strncmp(note->reason,\n "STORE_", 6)')
    assert not COMPARED_TEXT.search('strcmp(note->reason, REASON_DONE->name) != 0')


def test_protos_name_rows_of_the_table_that_their_checks_know():
    named = {name for path in files(".proto") for name in IN_PROTO.findall(text(path))}
    assert named and named <= {name for name, *_ in rows("common/base/reasons.def")}
