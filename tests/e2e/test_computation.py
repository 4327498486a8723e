"""Answers follow from the data, the program and its configuration: when either of the last two
changes, no gateway and no Redis may show what was computed before."""

import re
import subprocess
import threading
import time

import pytest

import harness
import make
from harness import BUILD, wait_until

NO_HOLIDAY, HOLIDAY = "# none\n", "2022-08-10\n"
BEFORE, AFTER = "2022-08-10", "2022-08-11"


@pytest.fixture
def planned(tmp_path):
    """Two gateways, a scheme whose end depends on the holidays, and the file of these."""
    holidays = tmp_path / "holidays.txt"
    holidays.write_text(NO_HOLIDAY, encoding="utf-8")
    system = harness.System(tmp_path / "system", DONGKHOI_HOLIDAYS=str(holidays), DONGKHOI_AUDIT="1")
    system.start()
    name = make.scheme(system.client, startDate="2022-08-08")["name"]
    make.milestone(system.client, name, "a", durationDays=3)
    path = f"/v1/{name}/schedule?statusDate=2022-08-01"
    yield system, [system.client, system.add_gateway()[1]], holidays, path
    system.stop()


def finish(client, path):
    answer = client.get(path)
    assert answer.status == 200, answer.body
    return answer.json["earlyFinishDate"], answer.headers["cache-status"]


def settle(clients, path):
    """All loops of all gateways have the answer, and Redis has it."""
    for client in clients:
        wait_until(
            lambda: all("hit; " in finish(client, path)[1] for _ in range(8)), "the answer is kept"
        )


def until_back(clients):
    """The service answers. Before, a gateway may show what it was sure of when the service ended."""
    for client in clients:
        wait_until(
            lambda: client.get("/v1/schemes", headers={"Cache-Control": "no-cache"}).status == 200,
            "the service is back",
        )


def shown_by_service(client, path):
    answer = client.get(path, headers={"Cache-Control": "no-cache"})
    return answer.json["earlyFinishDate"] if answer.status == 200 else None


def readers(clients, path, seen, stop):
    def read(client):
        while not stop.is_set():
            start = time.monotonic()
            try:
                answer = client.get(path)
            except OSError:
                continue
            if answer.status == 200:
                seen.append((start, answer.json["earlyFinishDate"]))

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    return threads


def test_other_holidays_change_the_schedule_at_once(planned):
    system, clients, holidays, path = planned
    text, date = HOLIDAY, AFTER
    for _ in range(4):
        before = finish(clients[0], path)[0]
        assert before != date
        settle(clients, path)
        seen, stop = [], threading.Event()
        threads = readers(clients, path, seen, stop)
        wait_until(lambda: seen, "they read")
        holidays.write_text(text, encoding="utf-8")
        system.restart("nighteconomy")
        wait_until(lambda: shown_by_service(clients[0], path) == date, "the service is back")
        changed = time.monotonic()
        until_back(clients)
        for client in clients * 10:
            assert finish(client, path)[0] == date
        stop.set()
        for thread in threads:
            thread.join()
        assert {shown for _, shown in seen} == {before, date}
        assert {shown for start, shown in seen if start > changed} == {date}
        text, date = (NO_HOLIDAY, BEFORE) if text == HOLIDAY else (HOLIDAY, AFTER)


def test_what_redis_has_of_the_old_calendar_is_right_again_with_the_old_calendar(planned):
    system, clients, holidays, path = planned
    wait_until(
        lambda: [key for key in system.redis.ask("KEYS", "dongkhoi:*").split() if "Schedule" in key]
        or finish(clients[0], path) and None,
        "the schedule is in Redis",
    )
    settle(clients, path)
    for text, date in ((HOLIDAY, AFTER), (NO_HOLIDAY, BEFORE)):
        holidays.write_text(text, encoding="utf-8")
        system.restart("nighteconomy")
        until_back(clients)
        assert finish(clients[0], path)[0] == date
        assert finish(clients[1], path)[0] == date


def rebuilt(program, directory):
    """A copy of the program that the linker might have made of other sources: another build id."""
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True)
    build_id = bytes.fromhex(re.search(r"Build ID: ([0-9a-f]+)", notes.stdout)[1])
    data = program.read_bytes()
    assert data.count(build_id) >= 1
    copy = directory / program.name
    copy.write_bytes(data.replace(build_id, bytes(255 - byte for byte in build_id)))
    copy.chmod(0o755)
    return copy


def test_another_build_of_a_service_is_another_version(planned, tmp_path):
    system, clients, _, path = planned
    settle(clients, path)
    program = system["nighteconomy"]
    copy = rebuilt(BUILD / "services" / program.name / program.binary, tmp_path)
    program.kill()
    program.command = lambda: [copy]
    program.start()
    until_back(clients)
    # A hit would be of the old build: both loops of both gateways must ask, or find what one of
    # them got.
    first = finish(clients[0], path)
    assert first[0] == BEFORE and "fwd=" in first[1], first


def test_the_same_build_and_calendar_find_what_they_had(planned):
    system, clients, _, path = planned
    settle(clients, path)
    system.restart("nighteconomy")
    until_back(clients)
    assert "hit; " in finish(clients[0], path)[1]


def test_a_gateway_of_another_build_does_not_take_what_the_first_one_rendered(planned, tmp_path):
    system, clients, _, path = planned
    settle(clients, path)
    copy = rebuilt(BUILD / "services" / "gateway" / "dongkhoi-gateway", tmp_path)
    program = system["gateway"]
    program.kill()
    program.command = lambda: [copy]
    program.start()
    wait_until(program.running, "the gateway starts")
    system.wait_ready()
    answer = finish(clients[0], path)
    assert answer[0] == BEFORE and "fwd=" in answer[1], answer
