"""bounds.py - what comments promise of a value, as members of its schema: lengths, ranges, dates.

The services refuse what these words exclude, so they are kept to the few forms below; a comment in
other words gives no bound.
"""

import re

from descriptors import Kind

INTEGERS = (Kind.TYPE_INT32, Kind.TYPE_SINT32, Kind.TYPE_SFIXED32)
INTEGER_MESSAGES = ("google.protobuf.Int32Value",)

LENGTH = re.compile(r"\b(?:at most|(\d+) to) (\d+) (?:characters|bytes)\b")
RANGE = re.compile(r"(?:^|, )(\d+) to (\d+)(?=[.;,])")
DAY = '"YYYY-MM-DD"'
OTHER_PERIODS = ('"YYYY-MM"', '"YYYY"')
DAY_OR_EMPTY = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"


def length(comment):
    found = LENGTH.search(comment)
    if not found:
        return {}
    least, most = found.groups()
    return {**({"minLength": int(least)} if least else {}), "maxLength": int(most)}


def number_range(comment):
    found = RANGE.search(comment)
    return {"minimum": int(found.group(1)), "maximum": int(found.group(2))} if found else {}


def is_day(comment):
    """Whether a text holds nothing but a day."""
    return DAY in comment and not any(period in comment for period in OTHER_PERIODS)


def date(field, in_query):
    """A parameter that is not given is left out; elsewhere "" says that a day is not known."""
    if not is_day(field.comment):
        return {}
    if in_query or field.is_required or not re.search(r"\bempty\b", field.comment, re.IGNORECASE):
        return {"format": "date"}
    return {"pattern": DAY_OR_EMPTY}


def bounds(field, in_query=False):
    """The members to add to the schema of the field's value, or of each of its values."""
    if field.kind == Kind.TYPE_STRING:
        return {**length(field.comment), **date(field, in_query)}
    if field.name == "page_size":
        return {"minimum": 0}
    if field.kind in INTEGERS or field.type_name in INTEGER_MESSAGES:
        return number_range(field.comment)
    return {}
