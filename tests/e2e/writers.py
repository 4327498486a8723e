"""writers.py - clients that write with idempotency keys while things are killed, and a checker.

Each writer creates children of a resource of its own, such as observations of an indicator, one
after another. A write that has
no certain outcome is tried again with the same key until it has one. What was acknowledged is
noted; the checker then looks for each of it exactly once.
"""

import http.client
import threading
import time

import make

# Outcomes that are not known, or that say "later".
UNCERTAIN = (429, 500, 502, 503, 504)



def organization_and_movement(client, name):
    make.organization(client, name)
    return make.movement(client, name)


# By service: what a writer writes below, and the children with the field that takes the key.
PARENTS = {
    "indicators": lambda client, name: make.indicator(client, name, decimals=0),
    "clusters": make.cluster,
    "nighteconomy": make.scheme,
    "registrations": organization_and_movement,
}
CHILDREN = {
    "indicators": ("observations", "source"),
    "clusters": ("investments", "investor"),
    "nighteconomy": ("projects", "owner"),
    "registrations": ("exemplars", "note"),
}


class Writer(threading.Thread):
    """Writes until stop; acknowledged is [(key, name, value)]."""

    def __init__(self, client, number, stop, collection="indicators"):
        super().__init__(daemon=True)
        self.client = client
        self.number = number
        self.stop_event = stop
        self.collection = collection
        self.acknowledged = []
        self.wrong = []
        self.tries = 0
        self.uncertain = 0
        self.pending = None
        self.parent = PARENTS[collection](client, make.unique(f"writer-{number}"))["name"]

    def request(self, count, key):
        headers = {"Idempotency-Key": key, "Request-Timeout": "5"}
        plural = CHILDREN[self.collection][0]
        return self.client.post(f"/v1/{self.parent}/{plural}", self.body(count, key), headers)

    def body(self, count, key):
        title = {"displayName": {"vi": "Tên"}}
        if self.collection == "indicators":
            return make.values(f"{1900 + count // 12}-{count % 12 + 1:02}", count, source=key)
        if self.collection == "clusters":
            return {"investor": key, "role": "TENANT"}
        if self.collection == "nighteconomy":
            return {**title, "owner": key}
        unit = self.parent.replace("movements/", "organizations/")
        return {**title, "story": "Việc làm", "organization": unit, "note": key}

    def run(self):
        count = 0
        while not self.stop_event.is_set() and count < 3500:
            key = f"writer-{self.number}-{self.parent}-{count}"
            self.pending = key
            answer = self.write(count, key)
            if answer is None:
                return
            if answer.status == 200:
                self.acknowledged.append((key, answer.json["name"], answer.json.get("value")))
            else:
                self.wrong.append((key, answer.status, answer.body))
            self.pending = None
            count += 1

    def write(self, count, key):
        """The first certain answer; None when none came until well after the stop."""
        patience = None
        while True:
            self.tries += 1
            try:
                answer = self.request(count, key)
                if answer.status not in UNCERTAIN:
                    return answer
                if answer.status == 500:
                    self.wrong.append((key, answer.status, answer.body))
            except (OSError, http.client.HTTPException):
                pass
            self.uncertain += 1
            if self.stop_event.is_set():
                patience = patience or time.monotonic() + 20
                if time.monotonic() > patience:
                    return None
            time.sleep(0.02)


class Load:
    """Several writers; inside `with` they write."""

    def __init__(self, client, collections=("indicators",) * 5 + ("clusters",) * 3):
        self.client = client
        self.stop = threading.Event()
        self.writers = [Writer(client, i, self.stop, c) for i, c in enumerate(collections)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for writer in self.writers:
            writer.join(40)
            assert not writer.is_alive()

    def count(self):
        return sum(len(writer.acknowledged) for writer in self.writers)

    def check(self):
        """Every acknowledged write is there once, and nothing was written that was not asked."""
        for writer in self.writers:
            assert not writer.wrong, writer.wrong[:3]
            found = children(self.client, writer)
            keys = [key for key, _ in found]
            assert len(keys) == len(set(keys)), "a key had two effects"
            there = dict(found)
            for key, name, value in writer.acknowledged:
                assert key in there, f"{key} was acknowledged as {name} and is lost"
                assert there[key]["name"] == name
                assert there[key]["revision"] == 1
                assert value is None or there[key]["value"] == value
            allowed = {key for key, _, _ in writer.acknowledged} | {writer.pending}
            assert set(keys) <= allowed, set(keys) - allowed


def children(client, writer):
    """[(key, resource)] of what the writer's parent has."""
    plural, field = CHILDREN[writer.collection]
    found, token = [], ""
    while True:
        page = client.ok("GET", f"/v1/{writer.parent}/{plural}", pageSize=1000, pageToken=token)
        found += [(item[field], item) for item in page[plural]]
        token = page["nextPageToken"]
        if not token:
            return found
