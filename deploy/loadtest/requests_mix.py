"""requests_mix.py - the mix of scenarios.json as a list of requests, always the same one."""

import json
import random
import re
from pathlib import Path

PLAN = json.loads((Path(__file__).resolve().parent / "scenarios.json").read_text(encoding="utf-8"))
COUNT = 4000


def expand(text, prefix, chosen):
    """Placeholders replaced; one that stands twice in a request is the same. {number} stays."""
    def value(match):
        name = match[1]
        return prefix if name == "prefix" else chosen.get(name, match[0])

    return re.sub(r"\{(\w+)\}", value, text)


def expand_all(prefix):
    """(method, path, body) in random order; body is "" or has a {number} that is to differ."""
    source = random.Random(prefix)
    found = []
    for entry in source.choices(PLAN["mix"], [entry["weight"] for entry in PLAN["mix"]], k=COUNT):
        chosen = {name: source.choice(values) for name, values in PLAN["choices"].items()}
        found.append((
            entry.get("method", "GET"),
            expand(entry["path"], prefix, chosen),
            expand(entry.get("body", ""), prefix, chosen),
        ))
    return found
