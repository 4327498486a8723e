"""Where answers come from, and that Redis is never needed: whatever it does, requests go on."""

import contextlib
import os
import re
import signal
import socket
import threading
import time
import zlib

import pytest

import harness
import make
import metrics
from harness import wait_until

PATH = "/v1/clusters/cached"


def source(answer):
    return answer.headers["cache-status"]


@pytest.fixture
def cached(fresh):
    """A system with one cluster."""
    make.cluster(fresh.client, "cached")
    return fresh


def write(system, number):
    return system.client.ok("PATCH", PATH, {"note": f"note {number}"})


def read(system, client=None):
    """The note, the source and the seconds that it took; the answer must be 200."""
    start = time.monotonic()
    answer = (client or system.client).get(PATH)
    assert answer.status == 200, (answer.status, answer.body)
    return answer.json["note"], source(answer), time.monotonic() - start


def redis_keys(system):
    return [key for key in system.redis.ask("KEYS", "dongkhoi:*").split() if "GetCluster" in key]


def until_ready(system):
    """Redis is in use: a new value gets into it."""
    counter = iter(range(10000, 20000))

    def stored():
        system.redis.ask("FLUSHALL")
        write(system, next(counter))
        read(system)
        time.sleep(0.02)
        return redis_keys(system)

    return wait_until(stored, "answers are kept in Redis")


def test_every_answer_says_where_it_came_from(cached):
    until_ready(cached)
    write(cached, 1)
    # Stale where the loop that serves it had an older answer.
    assert re.fullmatch("dongkhoi; fwd=(stale|miss); fwd-status=200; stored", read(cached)[1])
    sources = {read(cached)[1] for _ in range(20)}
    assert sources <= {"dongkhoi; hit; detail=memory", "dongkhoi; hit; detail=redis"}
    answer = cached.client.get(PATH, headers={"Cache-Control": "no-cache"})
    assert source(answer).startswith("dongkhoi; fwd=request")
    answer = cached.client.patch(PATH, {"note": "x"})
    assert source(answer) == "dongkhoi; fwd=method"
    answer = cached.client.get("/v1/clusters/missing")
    assert answer.status == 404 and source(answer) == "dongkhoi; fwd=miss"
    answer = cached.client.get("/v1/changes")
    assert source(answer) == "dongkhoi; fwd=bypass"


def test_an_answer_that_redis_has_is_not_sent_there_again(cached):
    def sets():
        return int(re.search(r"cmdstat_set:calls=(\d+)", cached.redis.ask("INFO", "commandstats"))[1])

    def again():
        return cached.client.get(PATH, headers={"Cache-Control": "no-cache"})

    until_ready(cached)
    write(cached, 1)
    before = sets()
    for _ in range(50):
        answer = again()
        assert answer.json["note"] == "note 1"
        assert source(answer) == "dongkhoi; fwd=request; fwd-status=200; stored"
    # Each loop sends it once.
    wait_until(lambda: sets() > before, "Redis has it")
    time.sleep(0.1)
    assert sets() - before <= len(os.sched_getaffinity(0))
    write(cached, 2)
    kept = sets()
    assert again().json["note"] == "note 2"
    wait_until(lambda: sets() > kept, "Redis has the next")


def test_another_gateway_finds_the_answer_in_redis(cached):
    until_ready(cached)
    note = read(cached)[0]
    _, other = cached.add_gateway()
    wait_until(lambda: read(cached, other)[1] == "dongkhoi; hit; detail=redis"
               or cached.redis.ask("FLUSHALL") and write(cached, note) and read(cached) is None,
               "the other gateway asks Redis")


@pytest.mark.parametrize("form", ["application/json", "text/csv"])
def test_a_tag_is_answered_304_wherever_the_answer_is(cached, form):
    def get(tag):
        return cached.client.get(
            "/v1/clusters", headers={"Accept": form, "If-None-Match": tag}
        )

    tag = get("x").headers["etag"]
    for _ in range(10):
        answer = get(tag)
        assert answer.status == 304 and answer.body == b""
        assert answer.headers["etag"] == tag


def test_forms_do_not_take_each_others_place(cached):
    until_ready(cached)
    for _ in range(3):
        for form, start in (("application/json", b"{"), ("text/csv", b"name,")):
            answer = cached.client.get("/v1/clusters", headers={"Accept": form}, pageSize=1)
            assert answer.headers["content-type"].startswith(form)
            assert answer.body.lstrip(b"\xef\xbb\xbf").startswith(start)


def test_the_link_of_a_table_has_its_own_words(cached):
    """Two spellings of one request are one request, but the next page is asked for as this was."""
    make.cluster(cached.client, "second")
    for spelling in ("pageSize=1", "page_size=1", "pageSize=1&filter="):
        for _ in range(3):
            answer = cached.client.get(f"/v1/clusters?{spelling}", headers={"Accept": "text/csv"})
            assert spelling.split("&")[0] in answer.headers["link"], answer.headers


@pytest.mark.parametrize("redis", ["", "127.0.0.1:1"], ids=["none", "refused"])
def test_without_redis_memory_is_enough(tmp_path, redis):
    system = harness.System(tmp_path, DONGKHOI_REDIS=redis)
    system.redis = None
    system.start()
    make.cluster(system.client, "cached")
    for number in range(20):
        write(system, number)
        for _ in range(4):
            note, _, seconds = read(system)
            assert note == f"note {number}" and seconds < 2
    # Each loop of the gateway has a memory of its own.
    assert any("hit; detail=memory" in read(system)[1] for _ in range(10))
    system.stop()


def go_on(system, rounds=15):
    """Reads and writes, none of which may fail, be stale or be slow. The slowest read."""
    slowest = 0
    for number in range(rounds):
        write(system, number)
        for _ in range(3):
            note, _, seconds = read(system)
            assert note == f"note {number}"
            slowest = max(slowest, seconds)
    return slowest


def test_redis_killed_under_way(cached):
    until_ready(cached)
    cached.redis.kill()
    assert go_on(cached) < 2
    cached.redis.start()
    until_ready(cached)


def test_redis_paused_costs_its_budget_and_then_nothing(cached):
    until_ready(cached)
    cached.redis.signal(signal.SIGSTOP)
    try:
        times = []
        for number in range(40):
            write(cached, number)
            note, _, seconds = read(cached)
            assert note == f"note {number}"
            times.append(seconds)
        # The budget is 20 ms and the first of each connection pays it; the rest must not.
        assert sorted(times)[len(times) // 2] < 0.02 * (5 if is_slow_build() else 1), times
        assert max(times) < 2
    finally:
        cached.redis.signal(signal.SIGCONT)
    until_ready(cached)


def is_slow_build():
    cache = (harness.BUILD / "CMakeCache.txt").read_text()
    return not re.search(r"^DONGKHOI_SANITIZE:STRING=$", cache, re.MULTILINE)


def test_redis_flushed_again_and_again(cached):
    until_ready(cached)
    for number in range(10):
        write(cached, number)
        cached.redis.ask("FLUSHALL")
        assert read(cached)[0] == f"note {number}"


@pytest.mark.parametrize(
    "options",
    [
        ["--requirepass", "secret"],
        ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"],
        ["--maxclients", "1"],
        ["--rename-command", "GET", ""],
        ["--rename-command", "SET", ""],
        ["--rename-command", "PING", ""],
    ],
    ids=lambda options: "-".join(options[:3]).strip("-"),
)
def test_redis_that_refuses(tmp_path, options):
    system = harness.System(tmp_path)
    system.redis.options = options
    system.start()
    make.cluster(system.client, "cached")
    if "noeviction" in options:
        for i in range(200):
            system.redis.ask("SET", f"filler-{i}", "x" * 10000)
    assert go_on(system) < 2
    system.stop()


class FakeRedis(threading.Thread):
    """Something on Redis' port. reply(words) gives the bytes of an answer, or None to say nothing."""

    def __init__(self, port, reply):
        super().__init__(daemon=True)
        self.reply = reply
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", port))

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        file = connection.makefile("rb")
        with contextlib.suppress(OSError, ValueError):
            while True:
                words = []
                head = file.readline()
                if not head:
                    return
                for _ in range(int(head[1:])):
                    length = int(file.readline()[1:])
                    words.append(file.read(length + 2)[:-2])
                self.asked.append(words[0])
                answer = b"+PONG\r\n" if words[0] == b"PING" else self.reply(words)
                if answer is None:
                    return
                connection.sendall(answer)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def slow(words):
    time.sleep(0.2)
    return b"$-1\r\n" if words[0] == b"GET" else b"+OK\r\n"


REPLIES = {
    "slow": slow,
    "mute": lambda words: b"",
    "closing": lambda words: None,
    "garbage": lambda words: b"\x00\xff garbage \r\n",
    "endless": lambda words: b"$536870912\r\n" + b"x" * 100000,
    "huge length": lambda words: b"$99999999999999999999\r\n",
    "deep": lambda words: b"*1\r\n" * 100,
    "an integer": lambda words: b":7\r\n",
    "an array": lambda words: b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "empty": lambda words: b"$0\r\n\r\n",
    "twice": lambda words: b"$-1\r\n$3\r\nabc\r\n",
    "loading": lambda words: b"-LOADING Redis is loading the dataset in memory\r\n",
    "moved": lambda words: b"-MOVED 3999 127.0.0.1:6381\r\n",
}


@pytest.mark.parametrize("how", REPLIES)
def test_something_else_on_the_port_of_redis(tmp_path, how):
    system = harness.System(tmp_path)
    fake = FakeRedis(system.redis.port, REPLIES[how])
    fake.start()
    system.redis = None
    system.start()
    make.cluster(system.client, "cached")
    wait_until(lambda: b"PING" in fake.asked, "the gateway tries it")
    time.sleep(0.1)
    assert go_on(system, 10) < 2
    fake.close()
    system.stop()


def swap(system, change):
    """Every entry of the cluster in Redis becomes what change(bytes) says, by its key."""
    keys = redis_keys(system)
    assert keys
    with socket.create_connection(("127.0.0.1", system.redis.port), 5) as connection:
        file = connection.makefile("rb")

        def ask(*words):
            connection.sendall(b"*%d\r\n" % len(words))
            for word in words:
                connection.sendall(b"$%d\r\n%s\r\n" % (len(word), word))
            line = file.readline()
            if line[:1] != b"$":
                return line
            return file.read(int(line[1:]) + 2)[:-2]

        for key in map(str.encode, keys):
            change(ask, key, ask(b"GET", key))


def others_value(ask, key, value):
    ask(b"SET", key, value.replace(b"right", b"wrong"))


CHANGES = {
    "cut off": lambda ask, key, value: ask(b"SET", key, value[:-1]),
    "cut short": lambda ask, key, value: ask(b"SET", key, value[:10]),
    "empty": lambda ask, key, value: ask(b"SET", key, b""),
    "longer": lambda ask, key, value: ask(b"SET", key, value + b"x"),
    "a bit flipped": lambda ask, key, value: ask(
        b"SET", key, value.replace(b"right", b"wrong")),
    "zeros": lambda ask, key, value: ask(b"SET", key, bytes(len(value))),
    "another type": lambda ask, key, value: (ask(b"DEL", key), ask(b"RPUSH", key, value)),
    "another format": lambda ask, key, value: ask(b"SET", key, b"dkc2" + value[4:]),
    "noise": lambda ask, key, value: ask(b"SET", key, os.urandom(len(value))),
    "compressed": lambda ask, key, value: ask(b"SET", key, zlib.compress(value)),
}


@pytest.mark.parametrize("how", CHANGES)
def test_an_odd_entry_is_a_miss(cached, how):
    until_ready(cached)
    cached.client.ok("PATCH", PATH, {"note": "right"})
    cached.redis.ask("FLUSHALL")
    wait_until(lambda: read(cached) and redis_keys(cached), "the answer is in Redis")
    swap(cached, CHANGES[how])
    _, other = cached.add_gateway()
    for _ in range(6):
        assert read(cached, other)[0] == "right"


def test_an_entry_of_another_key_is_a_miss(cached):
    until_ready(cached)
    make.cluster(cached.client, "other", note="wrong")
    cached.client.ok("PATCH", PATH, {"note": "right"})
    cached.redis.ask("FLUSHALL")
    cached.client.get("/v1/clusters/other")
    wait_until(lambda: len(redis_keys(cached)) == 1, "the other answer is in Redis")
    values = []
    swap(cached, lambda ask, key, value: values.append(value))
    cached.redis.ask("FLUSHALL")
    wait_until(lambda: read(cached) and redis_keys(cached), "the answer is in Redis")
    swap(cached, lambda ask, key, value: ask(b"SET", key, values[0]))
    _, client = cached.add_gateway()
    for _ in range(6):
        assert read(cached, client)[0] == "right"


def test_a_burst_of_one_read_is_few_calls(cached):
    """No herd: each loop has one call of a key under way."""
    write(cached, 1)
    cached["clusters"].signal(signal.SIGSTOP)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(cached.client.get(PATH)))
               for _ in range(40)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    cached["clusters"].signal(signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert {answer.json["note"] for answer in answers} == {"note 1"}
    assert sum("collapsed" in source(answer) or "hit" in source(answer) for answer in answers) > 0


def test_a_paused_service_does_not_hold_a_read_past_its_deadline(cached):
    write(cached, 1)
    cached["clusters"].signal(signal.SIGSTOP)
    try:
        time.sleep(0.5)  # any lease is over
        start = time.monotonic()
        answer = cached.client.get(PATH, headers={"Request-Timeout": "0.3"})
        assert answer.status == 504, answer.body
        assert time.monotonic() - start < 1.5
    finally:
        cached["clusters"].signal(signal.SIGCONT)
    assert read(cached)[0] == "note 1"


def test_a_dead_service_is_answered_from_memory_only_under_its_lease(impatient):
    make.cluster(impatient.client, "cached")
    write(impatient, 1)
    read(impatient)
    impatient["clusters"].kill()
    wait_until(lambda: impatient.client.get(PATH).status == 503, "the lease has run out", 2)
    impatient["clusters"].start()
    impatient.wait_ready()
    assert read(impatient)[0] == "note 1"


def test_the_memory_is_bounded(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_CACHE_BYTES="200000", DONGKHOI_REDIS="").start()
    make.cluster(system.client, "cached")
    for number in range(400):
        answer = system.client.get(f"/v1/clusters?pageSize={number + 1}")
        assert answer.status == 200
    hits = sum("hit" in source(system.client.get(f"/v1/clusters?pageSize={n + 1}"))
               for n in range(100))
    assert hits < 100
    system.stop()


def test_audits_find_no_difference(tmp_path):
    system = harness.System(tmp_path, DONGKHOI_AUDIT="1").start()
    system.load()
    paths = ["/v1/clusters", "/v1/clusters:summarize", "/v1/indicators",
             "/v1/indicators/exports/progress?period=2022-12", "/v1/clusters/phong-nam"]
    for _ in range(10):
        for path in paths:
            assert system.client.get(path).status in (200, 404)
    audits = "dongkhoi_cache_audits_total"
    wait_until(lambda: metrics.read(system.client)(audits) > 0, "an audit")
    time.sleep(0.5)
    assert metrics.read(system.client)("dongkhoi_cache_audit_differences_total") == 0
    system.stop()
