/* http_limits_test.c - what the server bounds: sizes, times, numbers, and its own end. */
#include "http_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void requests_under_way_per_connection_are_bounded(void **state)
{
    const struct http_limits limits = {.pipeline_max = 4};
    struct fixture fixture = fixture_start(&limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (int i = 0; i < 20; i++) {
        expect_body(client, "GET /later? ");
    }
    assert_in_range(fixture_running_most(), 2, 4);
    client_close(client);
    fixture_stop(&fixture);
}

static void a_body_that_is_too_large_is_refused_while_the_client_sends(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    char *chunk = calloc(1, 1 << 20);

    (void)state;
    for (int round = 0; round < 10; round++) {
        const int client = client_open(fixture.port, WAIT_MS);
        struct client_answer answer;

        assert_true(client_send_text(
            client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n"));
        for (int i = 0; i < 4; i++) {
            assert_true(client_send(client, chunk, 1 << 20));
        }
        assert_true(client_read(client, false, &answer));
        assert_int_equal(answer.code, 413);
        assert_true(answer.closes);
        client_answer_done(&answer);
        client_close(client);
    }
    free(chunk);
    fixture_stop(&fixture);
}

static void a_chunked_body_may_be_as_large_as_allowed_and_no_larger(void **state)
{
    const struct http_limits limits = {.body_max_bytes = 10};
    struct fixture fixture = fixture_start(&limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

    (void)state;
    assert_true(client_send_text(client, head));
    assert_true(client_send_text(client, "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"));
    expect_body(client, "POST /? 0123456789");
    assert_true(client_send_text(client, head));
    assert_true(client_send_text(client, "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"));
    assert_int_equal(client_code(client), 413);
    client_close(client);
    fixture_stop(&fixture);
}

static void a_head_that_is_too_large_is_431(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    char *field = malloc(20000);

    (void)state;
    memset(field, 'a', 20000);
    for (int round = 0; round < 10; round++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send_text(client, "GET / HTTP/1.1\r\nHost: x\r\nX: "));
        assert_true(client_send(client, field, 20000));
        assert_true(client_send_text(client, "\r\n\r\n"));
        assert_int_equal(client_code(client), 431);
        assert_true(client_at_end(client));
        client_close(client);
    }
    const int client = client_open(fixture.port, WAIT_MS);
    assert_true(client_send_text(client, "GET / HTTP/1.1\r\nHost: x\r\nX: "));
    assert_true(client_send(client, field, 16000));
    assert_true(client_send_text(client, "\r\n\r\n"));
    assert_int_equal(client_code(client), 200);
    client_close(client);
    free(field);
    fixture_stop(&fixture);
}

static void a_request_that_never_ends_is_408(void **state)
{
    static const char *const cases[] = {
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    struct fixture fixture = fixture_start(&hasty, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send_text(client, cases[i]));
        assert_int_equal(client_code(client), 408);
        assert_true(client_at_end(client));
        client_close(client);
    }
    fixture_stop(&fixture);
}

static void a_byte_now_and_then_does_not_keep_a_request_alive(void **state)
{
    struct fixture fixture = fixture_start(&hasty, 1);
    const int64_t started_ms = now_ms();

    (void)state;
    for (int is_body = 0; is_body < 2; is_body++) {
        const int client = client_open(fixture.port, 50);
        int code = 0;

        assert_true(client_send_text(
            client, is_body ? "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
                            : "GET / HTTP/1.1\r\nHost: x\r\nX:"));
        for (int i = 0; i < 60 && code == 0; i++) {
            (void)client_send_text(client, "a");
            code = client_code(client);
        }
        assert_int_equal(code, 408);
        client_close(client);
    }
    assert_true(now_ms() - started_ms >= 400); /* no sooner than it says */
    fixture_stop(&fixture);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct fixture fixture = fixture_start(&hasty, 1);
    const int fresh = client_open(fixture.port, WAIT_MS);
    const int used = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(used, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(client_code(used), 200);
    assert_true(client_at_end(fresh));
    assert_true(client_at_end(used));
    client_close(fresh);
    client_close(used);
    fixture_stop(&fixture);
}

static void a_client_that_does_not_read_is_let_go(void **state)
{
    struct fixture fixture = fixture_start(&hasty, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    const int64_t started_ms = now_ms();
    bool open = true;

    (void)state;
    while (open && now_ms() - started_ms < 5000) {
        open = client_send_text(client, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
        (void)usleep(1000);
    }
    assert_false(open);
    client_close(client);
    fixture_stop(&fixture);
}

static void connections_past_the_limit_are_told_so(void **state)
{
    struct http_limits limits = hasty;
    int clients[4];

    (void)state;
    limits.connections_max = 3;
    limits.idle_timeout_ms = 60000;
    struct fixture fixture = fixture_start(&limits, 2);
    for (int i = 0; i < 3; i++) {
        clients[i] = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(clients[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(client_code(clients[i]), 200);
    }
    for (int i = 0; i < 5; i++) {
        clients[3] = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(clients[3], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(client_code(clients[3]), 429);
        client_close(clients[3]);
    }
    int code = 0;
    for (int i = 0; i < 1000 && code != 200; i++) { /* the server hears of the end a little later */
        client_close(clients[0]);
        clients[0] = client_open(fixture.port, WAIT_MS);
        assert_true(client_send_text(clients[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        code = client_code(clients[0]);
    }
    assert_int_equal(code, 200);
    for (int i = 0; i < 3; i++) {
        client_close(clients[i]);
    }
    fixture_stop(&fixture);
}

static atomic_uint load_done;

static void *load(void *arg)
{
    const uint16_t port = *(const uint16_t *)arg;
    uintptr_t failed = 0;
    int client = client_open(port, WAIT_MS);

    while (client >= 0) {
        struct client_answer answer;

        if (!client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n") ||
            !client_read(client, false, &answer)) {
            failed++;
            break;
        }
        atomic_fetch_add(&load_done, 1);
        client_answer_done(&answer);
        if (answer.closes) {
            client_close(client);
            client = client_open(port, WAIT_MS);
        }
    }
    if (client >= 0) {
        client_close(client);
    }
    return (void *)failed;
}

static void draining_under_load_fails_no_request(void **state)
{
    enum { CLIENTS = 16 };
    pthread_t threads[CLIENTS];
    struct fixture fixture = fixture_start(&no_limits, 2);

    (void)state;
    atomic_store(&load_done, 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load, &fixture.port), 0);
    }
    while (atomic_load(&load_done) <= CLIENTS) {
        (void)usleep(1000);
    }
    assert_true(http_server_close(fixture.server, 10000));
    for (int i = 0; i < CLIENTS; i++) {
        void *failed = NULL;

        (void)pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    arena_free(fixture.arena);
}

static void *close_server(void *server)
{
    return http_server_close(server, 10000) ? server : NULL;
}

static void a_request_that_is_half_read_when_draining_starts_is_answered(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    pthread_t thread;
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Le"));
    (void)usleep(20000);
    assert_int_equal(pthread_create(&thread, NULL, close_server, fixture.server), 0);
    (void)usleep(700000);
    assert_true(client_send_text(client, "ngth: 2\r\n\r\nhi"));
    assert_true(client_read(client, false, &answer));
    assert_string_equal(answer.body, "POST /a? hi");
    assert_true(answer.closes);
    client_answer_done(&answer);
    client_close(client);
    void *closed = NULL;
    (void)pthread_join(thread, &closed);
    assert_non_null(closed);
    arena_free(fixture.arena);
}

static void a_bound_that_is_not_enough_is_reported(void **state)
{
    struct fixture fixture = fixture_start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET / HT"));
    (void)usleep(20000);
    assert_false(http_server_close(fixture.server, 200));
    client_close(client);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_under_way_per_connection_are_bounded),
        cmocka_unit_test(a_body_that_is_too_large_is_refused_while_the_client_sends),
        cmocka_unit_test(a_chunked_body_may_be_as_large_as_allowed_and_no_larger),
        cmocka_unit_test(a_head_that_is_too_large_is_431),
        cmocka_unit_test(a_request_that_never_ends_is_408),
        cmocka_unit_test(a_byte_now_and_then_does_not_keep_a_request_alive),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(a_client_that_does_not_read_is_let_go),
        cmocka_unit_test(connections_past_the_limit_are_told_so),
        cmocka_unit_test(draining_under_load_fails_no_request),
        cmocka_unit_test(a_request_that_is_half_read_when_draining_starts_is_answered),
        cmocka_unit_test(a_bound_that_is_not_enough_is_reported),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
