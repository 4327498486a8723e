"""loading.py - what the loaders share: rows of the data, and writes that can be tried again."""

import csv
import json
import uuid
from pathlib import Path

import api

DATA = Path(__file__).resolve().parent / "data"


def rows(name):
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(name):
    """The data of a JSON file."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def known(**fields):
    """The fields that have a value: what is not known is left out."""
    return {name: value for name, value in fields.items() if value not in ("", None)}


def number(text):
    return float(text) if text else None


def write(client, method, path, body, query=None):
    """One write with a key of its own, so that it can be tried again."""
    return client.call(method, path, body, query, key=str(uuid.uuid4()))


def create(client, collection, identifier, parameter, body):
    """Creates the resource unless there is one. True when it was made."""
    if client.find(f"/v1/{collection}/{identifier}") is not None:
        return False
    try:
        write(client, "POST", f"/v1/{collection}", body, {parameter: identifier})
    except api.ApiError as error:
        if error.reason == "RESOURCE_EXISTS":
            return False
        raise
    return True
