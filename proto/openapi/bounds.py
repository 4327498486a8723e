"""bounds.py - what rules and comments promise of a value, as members of its schema.

A rule (dongkhoi.type.v1.FieldRules) counts before the comment. The services refuse what the words of
comments exclude, so these are kept to the few forms below; other words give no bound.
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
MONTH = "[0-9]{4}-[0-9]{2}"


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


def whole(pattern, field, in_query):
    """A pattern of the whole text, which may be empty in a body when it need not be given."""
    may_be_empty = not (field.is_required or in_query)
    return {"pattern": f"^({pattern})?$" if may_be_empty else f"^({pattern})$"}


def of_rules(field, in_query):
    """What the rules of a field say; {} when it has none."""
    rules, members = field.rules, {}
    if rules is None:
        return members
    if rules.max_length:
        members["maxLength"] = rules.max_length
    if rules.pattern:
        members.update(whole(rules.pattern, field, in_query))
    form = rules.Format.Name(rules.format)
    if form == "DATE":
        always = field.is_required or in_query
        members.update({"format": "date"} if always else {"pattern": DAY_OR_EMPTY})
    elif form == "MONTH":
        members.update(whole(MONTH, field, in_query))
    elif form == "URI" and field.is_required:
        members["format"] = "uri"
    if rules.HasField("range"):
        members["minimum"] = plain(rules.range.minimum)
        members["maximum"] = plain(rules.range.maximum)
    return members


def plain(number):
    return int(number) if number == int(number) else number


def bounds(field, in_query=False):
    """The members to add to the schema of the field's value, or of each of its values."""
    words, rules = of_words(field, in_query), of_rules(field, in_query)
    if {"format", "pattern"} & rules.keys():
        words = {name: words[name] for name in words.keys() - {"format", "pattern"}}
    members = {**words, **rules}
    return {name: members[name] for name in sorted(members)}


def of_words(field, in_query):
    """What the comment of a field says."""
    if field.kind == Kind.TYPE_STRING:
        return {**length(field.comment), **date(field, in_query)}
    if field.name == "page_size":
        return {"minimum": 0}
    if field.kind in INTEGERS or field.type_name in INTEGER_MESSAGES:
        return number_range(field.comment)
    return {}
