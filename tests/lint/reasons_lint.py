"""Every reason that the code gives has its sentence in Vietnamese."""

import re

from tree import files, text

TABLE = "services/gateway/messages_vi.c"
# Names of this form that are no reasons: configuration, values of enums, columns of SDMX,
# what a search ends with.
OTHER_NAMES = re.compile(r"DONGKHOI_\w+|\w+_UNSPECIFIED")
OTHERS = {
    "DETAILED_PLAN", "INFRASTRUCTURE_PROJECT", "INVESTOR_CALL", "LAND_CLEARANCE",
    "UNDER_CONSTRUCTION", "IN_PROGRESS", "AT_LEAST", "MORE_THAN", "AT_RISK", "OFF_TRACK",
    "NOT_STARTED", "NOT_COMPLETED_RESULT", "ESTABLISHED_IN_YEAR", "OWNER_APPOINTED_IN_YEAR",
    "CONSTRUCTION_STARTED_IN_YEAR", "YEAR_TO_DATE",
    "CLOCK_CORRECTED", "UV_THREADPOOL_SIZE",
    "FOUND", "OBS_STATUS", "OBS_VALUE", "PUBLISHED_DATE", "STRUCTURE_ID", "TIME_PERIOD", "UNIT_MEASURE",
}
NAME = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
# A reason of one word is told by where it stands.
WORD = re.compile(
    r'(?:\b(?:status_make|INVALID|PRECONDITION|notes?_add|unknown)\s*\((?:[^();"]|\([^()]*\))*'
    r'|\breason\s*=\s*)"([A-Z][A-Z0-9]*)"'
)


IN_PROTO = re.compile(r'\b(?:required|pattern)_reason: "([A-Z0-9_]+)"')


def reasons():
    """Each reason with the first file that has it."""
    found = {}
    for path in files(".proto"):
        for name in IN_PROTO.findall(text(path)) if path.parts[0] == "proto" else ():
            found.setdefault(name, path)
    for path in files(".c", ".h"):
        if path.parts[0] not in ("common", "services") or str(path) == TABLE:
            continue
        content = text(path)
        for name in NAME.findall(content) + WORD.findall(content):
            if name not in OTHERS and not OTHER_NAMES.fullmatch(name):
                found.setdefault(name, path)
    return found


def table():
    return re.findall(r'\{"([A-Z0-9_]+)",', text(TABLE))


def test_every_reason_has_a_vietnamese_sentence():
    found = reasons()
    assert len(found) > 100
    missing = {name: str(path) for name, path in found.items() if name not in table()}
    assert not missing, (
        f"add a sentence to {TABLE}, or, for a name that is no reason, to OTHERS here: {missing}"
    )


def test_no_sentence_is_there_twice():
    names = table()
    assert names == sorted(set(names))
