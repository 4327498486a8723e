/* http_shares_test.c - who gives way when memory, places or requests run short. */
#include "http_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char get_big[] = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/* Waits for what other threads do. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        for (int tries_ = 0; !(condition) && tries_ < WAIT_MS; tries_++) {                         \
            (void)usleep(1000);                                                                    \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static int asks_and_does_not_read(const struct fixture *fixture, const char *address,
                                  const char *request, int times)
{
    const int client = client_open_from(address, fixture->port, WAIT_MS);

    assert_true(client >= 0);
    /* It may be reset before it has sent all. */
    for (int i = 0; i < times && client_send_text(client, request); i++) {
    }
    return client;
}

static int code_for(const struct fixture *fixture, const char *address, const char *request)
{
    const int client = client_open_from(address, fixture->port, WAIT_MS);
    int code = 0;

    if (client >= 0 && client_send_text(client, request)) {
        code = client_code(client);
    }
    client_close(client);
    return code;
}

static void requests_stay_with_the_system_while_an_answer_waits(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = asks_and_does_not_read(&fixture, "127.0.0.1", get_big, 16);

    (void)state;
    WAIT_UNTIL(http_server_bytes(fixture.server) > BIG_BYTES);
    assert_int_equal(code_for(&fixture, "127.0.0.1", get), 200);
    assert_in_range(http_server_bytes(fixture.server), BIG_BYTES, BIG_BYTES + BIG_BYTES / 8);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(client_code(client), 200);
    }
    client_close(client);
    fixture_stop(&fixture);
}

static void of_those_who_do_not_read_whoever_owes_most_is_reset(void **state)
{
    const struct http_limits limits = {.memory_max_bytes = 3 * BIG_BYTES};
    struct fixture fixture = fixture_start(&limits, 1);
    int slow[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        slow[i] = asks_and_does_not_read(&fixture, "127.0.0.1", get_big, 16);
    }
    WAIT_UNTIL(http_server_shed(fixture.server, HTTP_SHED_READERS) >= 6);
    WAIT_UNTIL(http_server_bytes(fixture.server) <= limits.memory_max_bytes);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(code_for(&fixture, "127.0.0.1", get), 200);
    }
    /* As soon as the others have stood still for long enough to be told from one that reads. */
    WAIT_UNTIL(code_for(&fixture, "127.0.0.1", get_big) == 200);
    for (int i = 0; i < 8; i++) {
        client_close(slow[i]);
    }
    WAIT_UNTIL(http_server_bytes(fixture.server) == 0);
    fixture_stop(&fixture);
}

static void who_owes_little_is_not_reset(void **state)
{
    const struct http_limits limits = {.memory_max_bytes = BIG_BYTES / 2};
    struct fixture fixture = fixture_start(&limits, 1);
    const int idle = client_open(fixture.port, WAIT_MS);
    const int slow = asks_and_does_not_read(&fixture, "127.0.0.1", get_big, 1);

    (void)state;
    WAIT_UNTIL(http_server_shed(fixture.server, HTTP_SHED_READERS) == 1);
    assert_true(client_send_text(idle, get));
    assert_int_equal(client_code(idle), 200);
    assert_int_equal(http_server_shed(fixture.server, HTTP_SHED_READERS), 1);
    client_close(idle);
    client_close(slow);
    fixture_stop(&fixture);
}

static void a_body_that_never_ends_gives_way_to_others(void **state)
{
    static char part[400000];
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400001\r\n\r\n";
    const struct http_limits limits = {.memory_max_bytes = 1 << 20};
    struct fixture fixture = fixture_start(&limits, 1);
    int clients[6];

    (void)state;
    memset(part, 'x', sizeof(part));
    for (int i = 0; i < 6; i++) {
        clients[i] = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(clients[i], head));
        (void)client_send(clients[i], part, sizeof(part));
    }
    WAIT_UNTIL(http_server_shed(fixture.server, HTTP_SHED_READERS) >= 4);
    assert_int_equal(code_for(&fixture, "127.0.0.1",
                              "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"),
                     200);
    for (int i = 0; i < 6; i++) {
        client_close(clients[i]);
    }
    fixture_stop(&fixture);
}

static void a_crowd_leaves_places_for_others(void **state)
{
    enum { PLACES = 16 };
    const struct http_limits limits = {.connections_max = PLACES, .has_peer_shares = true};
    struct fixture fixture = fixture_start(&limits, 1);
    int crowd[3 * PLACES];

    (void)state;
    for (int i = 0; i < 3 * PLACES; i++) {
        crowd[i] = client_open_from("127.0.0.2", fixture.port, WAIT_MS);
    }
    WAIT_UNTIL(http_server_shed(fixture.server, HTTP_SHED_CROWDS) >= PLACES);
    assert_in_range(http_server_connections(fixture.server), PLACES / 2, PLACES * 3 / 4 + 1);
    for (int i = 0; i < PLACES; i++) {
        assert_int_equal(code_for(&fixture, "127.0.0.1", get), 200);
    }
    for (int i = 0; i < 3 * PLACES; i++) {
        client_close(crowd[i]);
    }
    fixture_stop(&fixture);
}

static void for_a_newcomer_the_greatest_crowd_gives_up_an_idle_connection(void **state)
{
    enum { PLACES = 8 };
    const struct http_limits limits = {.connections_max = PLACES, .has_peer_shares = true};
    struct fixture fixture = fixture_start(&limits, 1);
    int crowd[6];
    int others[PLACES];

    (void)state;
    for (int i = 0; i < 6; i++) {
        crowd[i] = client_open_from("127.0.0.2", fixture.port, WAIT_MS);
        assert_true(client_send_text(crowd[i], get));
        assert_int_equal(client_code(crowd[i]), 200);
    }
    for (int i = 0; i < 4; i++) {
        char address[32];

        (void)snprintf(address, sizeof(address), "127.0.0.%d", 3 + i);
        others[i] = client_open_from(address, fixture.port, WAIT_MS);
        assert_true(client_send_text(others[i], get));
        assert_int_equal(client_code(others[i]), 200);
    }
    assert_in_range(http_server_shed(fixture.server, HTTP_SHED_IDLE), 2, 4);
    assert_true(client_at_end(crowd[0])); /* the oldest */
    assert_true(client_send_text(crowd[5], get));
    assert_int_equal(client_code(crowd[5]), 200);
    for (int i = 0; i < 6; i++) {
        client_close(crowd[i]);
    }
    for (int i = 0; i < 4; i++) {
        client_close(others[i]);
    }
    fixture_stop(&fixture);
}

static void while_there_is_room_nobody_is_counted(void **state)
{
    const struct http_limits limits = {.connections_max = 32, .has_peer_shares = true};
    struct fixture fixture = fixture_start(&limits, 1);
    int clients[24];

    (void)state;
    for (int i = 0; i < 24; i++) {
        clients[i] = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(clients[i], get));
        assert_int_equal(client_code(clients[i]), 200);
    }
    for (int i = 0; i < 24; i++) {
        client_close(clients[i]);
    }
    fixture_stop(&fixture);
}

static void a_peer_that_has_its_share_of_requests_is_refused_and_others_are_not(void **state)
{
    static const char costly[] = "GET /costly HTTP/1.1\r\nHost: x\r\n\r\n";
    const struct http_limits limits = {.requests_max = 16, .has_peer_shares = true};
    struct fixture fixture = fixture_start(&limits, 1);
    int crowd[24];
    int refused = 0;

    (void)state;
    fixture_hold(true);
    for (int i = 0; i < 24; i++) {
        crowd[i] = asks_and_does_not_read(&fixture, "127.0.0.2", costly, 1);
    }
    WAIT_UNTIL(fixture_held() >= 8);
    const int other = asks_and_does_not_read(&fixture, "127.0.0.1", costly, 1);
    WAIT_UNTIL(fixture_held() + fixture_refused() == 25);
    assert_in_range(fixture_held(), 9, 13);
    fixture_hold(false);
    assert_int_equal(client_code(other), 200);
    for (int i = 0; i < 24; i++) {
        refused += client_code(crowd[i]) == 429;
        client_close(crowd[i]);
    }
    assert_in_range(refused, 12, 16);
    client_close(other);
    fixture_stop(&fixture);
}

static void behind_a_trusted_proxy_requests_are_counted_by_client(void **state)
{
    const struct http_limits limits = {.requests_max = 16, .has_peer_shares = true};
    struct fixture fixture = fixture_start_behind("127.0.0.2", &limits, 1);
    int clients[25];

    (void)state;
    fixture_hold(true);
    for (int i = 0; i < 25; i++) {
        char request[128];

        (void)snprintf(request, sizeof(request),
                       "GET /costly HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.%d\r\n\r\n",
                       i < 24 ? 1 : 2);
        clients[i] = asks_and_does_not_read(&fixture, "127.0.0.2", request, 1);
        WAIT_UNTIL(fixture_held() + fixture_refused() == (unsigned)i + 1);
    }
    fixture_hold(false);
    assert_int_equal(client_code(clients[24]), 200);
    assert_int_equal(client_code(clients[23]), 429);
    for (int i = 0; i < 25; i++) {
        client_close(clients[i]);
    }
    fixture_stop(&fixture);
}

static void what_is_reserved_counts_until_the_answer_is_taken(void **state)
{
    static const char costly[] = "GET /costly HTTP/1.1\r\nHost: x\r\n\r\n";
    const struct http_limits limits = {.memory_max_bytes = 5 * COSTLY_BYTES};
    struct fixture fixture = fixture_start(&limits, 1);
    int clients[6];
    int served = 0;

    (void)state;
    fixture_hold(true);
    for (int i = 0; i < 6; i++) {
        clients[i] = asks_and_does_not_read(&fixture, "127.0.0.1", costly, 1);
    }
    WAIT_UNTIL(fixture_held() + fixture_refused() == 6);
    assert_int_equal(fixture_held(), 4);
    fixture_hold(false);
    for (int i = 0; i < 6; i++) {
        served += client_code(clients[i]) == 200;
        client_close(clients[i]);
    }
    assert_int_equal(served, 4);
    WAIT_UNTIL(http_server_bytes(fixture.server) == 0);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_stay_with_the_system_while_an_answer_waits),
        cmocka_unit_test(of_those_who_do_not_read_whoever_owes_most_is_reset),
        cmocka_unit_test(who_owes_little_is_not_reset),
        cmocka_unit_test(a_body_that_never_ends_gives_way_to_others),
        cmocka_unit_test(a_crowd_leaves_places_for_others),
        cmocka_unit_test(for_a_newcomer_the_greatest_crowd_gives_up_an_idle_connection),
        cmocka_unit_test(while_there_is_room_nobody_is_counted),
        cmocka_unit_test(a_peer_that_has_its_share_of_requests_is_refused_and_others_are_not),
        cmocka_unit_test(behind_a_trusted_proxy_requests_are_counted_by_client),
        cmocka_unit_test(what_is_reserved_counts_until_the_answer_is_taken),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
