"""GET /v1/changes: every change of every service once, in one order, whatever is killed meanwhile."""

import contextlib
import http.client
import threading
import time

import make
from harness import PROGRAMS, SERVICES, wait_until
from writers import Load, children

CHANGES = "/v1/changes"


def normal(time_text):
    """RFC 3339 with six decimals, so that texts compare as times do."""
    head, _, fraction = time_text.rstrip("Z").partition(".")
    return f"{head}.{fraction.ljust(6, '0')}Z"


def order(changes):
    return [(normal(c["time"]), c["service"], int(c["seq"])) for c in changes]


def read_all(client, since="", page_size=1000):
    """(changes, cursor) up to what is there when the reading begins, or a little more."""
    changes = []
    while True:
        page = client.ok("GET", CHANGES, since=since, pageSize=page_size)
        assert len(page["changes"]) <= page_size
        changes += page["changes"]
        since = page["nextCursor"]
        assert since
        if page["caughtUp"]:
            return changes, since


def journal(system, service):
    """The rows of a service's journal, as a feed should show them."""
    with contextlib.closing(system.database(service)) as database:
        rows = database.execute(
            "SELECT seq, actor, method, kind, name, revision, length(body), hex(hash), time "
            "FROM journal ORDER BY seq"
        ).fetchall()
    return [
        (service, seq, actor, method, kind, name, revision, length == 0, digest.lower())
        for seq, actor, method, kind, name, revision, length, digest, _ in rows
    ]


def as_rows(changes, service):
    return [
        (
            c["service"], int(c["seq"]), c["actor"], c["method"], c["kind"], c["name"],
            c["revision"], c["deleted"], c["hash"],
        )
        for c in changes
        if c["service"] == service
    ]


def check_complete(system, changes):
    """The changes are all entries of all journals, each once, strictly in order."""
    assert order(changes) == sorted(set(order(changes)))
    for service in SERVICES:
        assert as_rows(changes, service) == journal(system, service)
        seqs = [int(c["seq"]) for c in changes if c["service"] == service]
        assert seqs == list(range(1, len(seqs) + 1))


class Follower(threading.Thread):
    """Reads the feed in pages of 7 until stop and then to the end, through failures of any kind."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.stop = threading.Event()
        self.changes = []
        self.wrong = []
        self.held = 0
        self.cursor = ""

    def run(self):
        patience = None
        while True:
            stopping = self.stop.is_set()
            if stopping:
                patience = patience or time.monotonic() + 60
                if time.monotonic() > patience:
                    self.wrong.append("the end was not reached")
                    return
            page = self.ask()
            if page is None:
                time.sleep(0.02)
                continue
            self.changes += page["changes"]
            self.cursor = page["nextCursor"]
            if page["changes"] and normal(page["watermark"]) < normal(page["changes"][-1]["time"]):
                self.wrong.append(("a change after the watermark", page))
            if page["caughtUp"]:
                if stopping:
                    return
                time.sleep(0.005)

    def ask(self):
        try:
            answer = self.client.get(CHANGES, since=self.cursor, pageSize=7)
        except (OSError, http.client.HTTPException):
            return None
        if answer.status == 200:
            return answer.json
        self.held += 1
        if answer.status not in (429, 503, 504):
            self.wrong.append((answer.status, answer.body))
        return None


def test_every_change_comes_once_and_in_order_while_everything_is_killed(fresh):
    follower = Follower(fresh.client)
    follower.start()
    with Load(fresh.client, ("indicators",) * 3 + ("clusters",) * 3) as load:
        for name in PROGRAMS * 3:
            before = load.count()
            wait_until(lambda before=before: load.count() > before + 10, "the writers write", 30)
            fresh.restart(name)
        before = load.count()
        wait_until(lambda: load.count() > before + 20, "the writers go on", 30)
    fresh.wait_ready()
    follower.stop.set()
    follower.join(90)
    assert not follower.is_alive() and not follower.wrong, follower.wrong[:2]
    check_complete(fresh, follower.changes)

    # A second reading, in other pages, is the same.
    again, _ = read_all(fresh.client)
    assert again == follower.changes

    # What lists show is in the feed, and was the last to be said of each name.
    load.check()
    last = {c["name"]: c for c in follower.changes}
    for writer in load.writers:
        for _, resource in children(fresh.client, writer):
            change = last[resource["name"]]
            assert change["revision"] == resource["revision"]
            assert change["resource"]["etag"] == resource["etag"]


def test_a_change_is_in_the_feed_once_its_write_was_answered(fresh):
    """However idle the other services are, and while others write."""
    client = fresh.client
    _, cursor = read_all(client)
    time.sleep(0.6)  # longer than any reservation of the watermark
    for count in range(30):
        made = make.cluster(client) if count % 2 else make.indicator(client)
        changes, cursor = read_all(client, cursor)
        assert [c["name"] for c in changes] == [made["name"]]
    with Load(client, ("clusters",) * 4):
        for _ in range(30):
            made = make.indicator(client)
            changes, cursor = read_all(client, cursor)
            assert made["name"] in [c["name"] for c in changes]


def test_a_change_is_in_the_feed_right_after_a_restart(fresh):
    client = fresh.client
    _, cursor = read_all(client)
    for name in (*SERVICES, *SERVICES):
        fresh.restart(name)
        fresh.wait_ready()
        made = [make.indicator(client), make.cluster(client)]
        changes, cursor = read_all(client, cursor)
        assert [c["name"] for c in changes] == [m["name"] for m in made]
        for change in changes:
            assert change["resource"]["createTime"] == change["time"]


def test_a_service_that_is_down_holds_the_feed(impatient):
    for service in SERVICES:
        impatient[service].kill()
        answer = wait_until(
            lambda: (a := impatient.client.get(CHANGES)).status != 200 and a, "the feed is held"
        )
        assert (answer.status, answer.error["status"]) == (503, "UNAVAILABLE")
        assert answer.reason == "SERVICE_DOWN"
        assert answer.metadata["service"] == service
        assert service in answer.error["message"]
        assert answer.headers["retry-after"]
        impatient[service].start()
        impatient.wait_ready()
        assert impatient.client.get(CHANGES).status == 200
    for service in SERVICES:
        impatient[service].kill()
    wait_until(
        lambda: set(impatient.client.get(CHANGES).metadata.get("service", "").split(", "))
        == set(SERVICES),
        "all services are named",
    )
    for service in SERVICES:
        impatient[service].start()
    impatient.wait_ready()


def test_the_feed_tells_of_creates_updates_and_deletes(fresh):
    client = fresh.client
    cluster = make.cluster(client, "phong-nam")
    client.ok("PATCH", "/v1/clusters/phong-nam", {"note": "ghi chú"})
    client.ok("DELETE", "/v1/clusters/phong-nam")
    client.ok("POST", "/v1/clusters", {"displayName": {"vi": "X"}, "district": "834"},
              clusterId="tried", validateOnly="true")
    changes, _ = read_all(client)
    assert [(c["revision"], c["deleted"], c["method"].split("/")[1]) for c in changes] == [
        (1, False, "CreateCluster"), (2, False, "UpdateCluster"), (2, True, "DeleteCluster"),
    ]
    for change in changes:
        assert (change["service"], change["kind"]) == ("clusters", "clusters")
        assert (change["name"], change["actor"]) == (cluster["name"], "anonymous")
        assert len(change["hash"]) == 64
    assert changes[0]["resource"]["@type"] == "type.googleapis.com/dongkhoi.clusters.v1.Cluster"
    assert changes[0]["resource"]["uid"] == cluster["uid"]
    assert changes[1]["resource"]["note"] == "ghi chú"
    assert "resource" not in changes[2]


def test_all_data_of_2022_are_in_the_feed(loaded):
    changes, cursor = read_all(loaded.client, page_size=7)
    check_complete(loaded, changes)
    assert changes == read_all(loaded.client)[0]
    for change in changes:
        history = loaded.client.ok("GET", f"/v1/{change['name']}:history")["revisions"]
        told = [r for r in history if r["recordTime"] == change["time"]]
        assert [(r["method"], r["deleted"]) for r in told] == [
            (change["method"], change["deleted"])
        ]
    assert read_all(loaded.client, cursor) == ([], cursor)


def test_pages_are_as_long_as_they_are_asked_for(loaded):
    everything, _ = read_all(loaded.client)
    assert len(everything) > 50
    get = lambda **query: loaded.client.ok("GET", CHANGES, **query)  # noqa: E731
    assert len(get()["changes"]) == 50
    assert not get()["caughtUp"]
    assert len(get(pageSize=0)["changes"]) == 50
    assert len(get(pageSize=1)["changes"]) == 1
    assert get(pageSize=100000)["changes"] == everything[:1000]
    last = get(pageSize=len(everything))
    assert last["changes"] == everything and last["caughtUp"]
    assert get(since="")["changes"] == everything[:50]


def test_a_wrong_request_is_refused(loaded):
    cursor = loaded.client.ok("GET", CHANGES, pageSize=3)["nextCursor"]
    flipped = [cursor[:i] + ("A" if cursor[i] != "A" else "B") + cursor[i + 1 :]
               for i in range(len(cursor))]
    cut = [cursor[:i] for i in range(1, len(cursor), 7)]
    for since in [*flipped, *cut, cursor + "A", cursor + "=", "x", "\u1ec7", " ", "A" * 8000]:
        answer = loaded.client.get(CHANGES, since=since)
        assert (answer.status, answer.reason, answer.fields) == (400, "INVALID_CURSOR", ["since"])
    for query, reason in (
        ({"pageSize": -1}, "INVALID_PAGE_SIZE"),
        ({"pageSize": "x"}, "INVALID_VALUE"),
        ({"service": "clusters"}, "UNKNOWN_FIELD"),
    ):
        answer = loaded.client.get(CHANGES, **query)
        assert (answer.status, answer.reason) == (400, reason)
    assert loaded.client.post(CHANGES).status == 405
    assert loaded.client.request("HEAD", CHANGES).status == 200


def test_a_cursor_of_another_journal_is_refused(fresh, tmp_path_factory):
    """A store that was restored from an older copy never continues a feed as if nothing was."""
    import harness

    make.cluster(fresh.client)
    _, cursor = read_all(fresh.client)
    other = harness.System(tmp_path_factory.mktemp("other")).start()
    for made in (0, 1):
        answer = other.client.get(CHANGES, since=cursor)
        assert (answer.status, answer.reason) == (400, "CURSOR_OUTDATED"), made
        assert answer.fields == ["since"] and answer.metadata["service"] == "clusters"
        make.cluster(other.client)
    other.stop()


def test_a_page_of_large_resources_ends_early_and_nothing_is_lost(fresh):
    make.cluster(fresh.client, "large")
    for count in range(100):
        fresh.client.ok(
            "POST", "/v1/clusters/large:adjustArea",
            {"kind": "ESTABLISH" if count == 0 else "EXPAND", "areaHectares": 10 + count / 100,
             "document": make.document(f"{count}/QĐ-UBND", "2022-03-01", title="x" * 900)},
        )
    for count in range(20):
        fresh.client.ok("PATCH", "/v1/clusters/large", {"note": f"{count}"})
    changes, _ = read_all(fresh.client)
    assert [c["revision"] for c in changes] == list(range(1, 122))
    assert len(changes[-1]["resource"]["areaChanges"]) == 100
    page = fresh.client.ok("GET", CHANGES, pageSize=1000)
    assert 1 < len(page["changes"]) < 121 and not page["caughtUp"]


def test_a_commit_in_doubt_holds_nothing_of_others(fresh):
    """What a failed fsync left behind may come back with a restart, behind what was given since."""
    from test_read_only import failing_fsync

    client = fresh.client
    make.cluster(client, "before")
    changes, cursor = read_all(client)
    body = {"displayName": {"vi": "X"}, "district": "834"}
    with failing_fsync(fresh["clusters"].pid):
        assert client.post("/v1/clusters", body, clusterId="during").status == 503
    for _ in range(3):
        made = make.indicator(client)
        more, cursor = read_all(client, cursor)
        assert [c["name"] for c in more] == [made["name"]]
        changes += more
    fresh.restart("clusters")
    fresh.wait_ready()
    make.cluster(client, "after")
    more, _ = read_all(client, cursor)
    changes += more
    assert changes[-1]["name"] == "clusters/after"
    for service in SERVICES:
        assert as_rows(changes, service) == journal(fresh, service)
    check_complete(fresh, read_all(client)[0])
