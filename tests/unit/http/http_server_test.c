/* http_server_test.c - a server in this process, over real sockets. */
#include "unit.h"

#include "http/http_server.h"
#include "http_client.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 5000, BIG_BYTES = 8 << 20 };

static char big[BIG_BYTES];
static atomic_uint running_most;
static atomic_uint running;

struct fixture {
    struct arena *arena;
    struct http_server *server;
    uint16_t port;
};

static void answer_now(struct http_request *request)
{
    struct buffer *body = http_output(request);

    buffer_printf(body, "%.*s %.*s?%.*s ", SLICE_ARGS(request->head.method),
                  SLICE_ARGS(request->head.path), SLICE_ARGS(request->head.query));
    buffer_append(body, request->body.data, request->body.length);
    http_add_header(request, "X-Test", slice_from("a\r\nb"));
    http_respond(request, 200, "text/plain", buffer_slice(body));
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_timer(uv_timer_t *timer)
{
    atomic_fetch_sub(&running, 1);
    answer_now(timer->data);
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

/* "/later" is answered after 50 ms, "/big" with 8 MiB, "/none" with 204, the rest at once. */
static void on_request(void *arg, struct http_request *request)
{
    (void)arg;
    if (slice_is(request->head.path, "/later")) {
        uv_timer_t *timer = malloc(sizeof(*timer));
        const unsigned now = atomic_fetch_add(&running, 1) + 1;

        if (now > atomic_load(&running_most)) {
            atomic_store(&running_most, now);
        }
        (void)uv_timer_init(request->loop_data, timer);
        timer->data = request;
        (void)uv_timer_start(timer, on_timer, 50, 0);
    } else if (slice_is(request->head.path, "/big")) {
        http_respond(request, 200, "text/plain", (struct slice){big, BIG_BYTES});
    } else if (slice_is(request->head.path, "/none")) {
        http_respond(request, 204, NULL, (struct slice){0});
    } else {
        answer_now(request);
    }
}

static struct status on_loop(void *arg, uv_loop_t *loop, void **ret_loop_data)
{
    (void)arg;
    *ret_loop_data = loop;
    return STATUS_NONE;
}

static struct fixture start(const struct http_limits *limits, unsigned loops)
{
    struct fixture fixture = {.arena = arena_new(1 << 20)};
    const struct http_server_options options = {
        .address = "127.0.0.1:0",
        .loops = loops,
        .limits = *limits,
        .on_request = on_request,
        .on_loop = on_loop,
    };

    atomic_store(&running_most, 0);
    assert_ok(http_server_open(&options, fixture.arena, &fixture.server));
    fixture.port = http_server_port(fixture.server);
    return fixture;
}

static void stop(struct fixture *fixture)
{
    assert_true(http_server_close(fixture->server, 10000));
    arena_free(fixture->arena);
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct http_limits no_limits;
/* Fits a test's patience. */
static const struct http_limits hasty = {.head_timeout_ms = 200,
                                         .body_idle_ms = 200,
                                         .body_whole_ms = 600,
                                         .idle_timeout_ms = 300,
                                         .write_idle_ms = 300,
                                         .linger_ms = 300,
                                         .drain_idle_ms = 100};

static void expect_body(int client, const char *expected)
{
    struct client_answer answer;

    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 200);
    assert_string_equal(answer.body, expected);
    client_answer_done(&answer);
}

static void a_request_gets_its_answer_with_all_headers(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                                         "\r\nabc"));
    assert_true(client_read(client, false, &answer));
    assert_string_equal(answer.body, "POST /a?b abc");
    assert_non_null(strstr(answer.head, "\r\nDate: "));
    assert_non_null(strstr(answer.head, " GMT\r\n"));
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(answer.head, "\r\nX-Test: ab\r\n"));
    assert_null(strstr(answer.head, "Connection"));
    client_answer_done(&answer);
    client_close(client);
    stop(&fixture);
}

static void head_is_get_without_its_body(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_read(client, true, &answer));
    assert_non_null(strstr(answer.head, "\r\nContent-Length: 9\r\n"));
    client_answer_done(&answer);
    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 204);
    assert_null(strstr(answer.head, "Content-Length"));
    client_answer_done(&answer);
    expect_body(client, "GET /b? ");
    client_close(client);
    stop(&fixture);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    for (int i = 0; i < 30; i++) {
        char text[200];

        (void)snprintf(text, sizeof(text),
                       "POST /%s?%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\n%02d\r\n0\r\n\r\n",
                       i % 3 == 0 ? "later" : "now", i, i);
        assert_true(client_send_text(client, text));
    }
    for (int i = 0; i < 30; i++) {
        char text[100];

        (void)snprintf(text, sizeof(text), "POST /%s?%d %02d", i % 3 == 0 ? "later" : "now", i, i);
        expect_body(client, text);
    }
    client_close(client);
    stop(&fixture);
}

static void a_long_pipeline_is_read_to_its_end(void **state)
{
    enum { COUNT = 400, REQUEST_BYTES = 1000 };
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    static char text[COUNT * REQUEST_BYTES];

    (void)state;
    memset(text, 'p', sizeof(text));
    for (size_t i = 0; i < COUNT; i++) {
        char *request = text + i * REQUEST_BYTES;

        memcpy(request, "GET /a HTTP/1.1\r\nHost: x\r\nX: ", 29);
        memcpy(request + REQUEST_BYTES - 4, "\r\n\r\n", 4);
    }
    assert_true(client_send(client, text, sizeof(text)));
    for (int i = 0; i < COUNT; i++) {
        expect_body(client, "GET /a? ");
    }
    client_close(client);
    stop(&fixture);
}

static void requests_under_way_per_connection_are_bounded(void **state)
{
    const struct http_limits limits = {.pipeline_max = 4};
    struct fixture fixture = start(&limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (int i = 0; i < 20; i++) {
        expect_body(client, "GET /later? ");
    }
    assert_in_range(atomic_load(&running_most), 2, 4);
    client_close(client);
    stop(&fixture);
}

static void a_request_may_be_cut_at_every_byte(void **state)
{
    static const char text[] = "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                               "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "2\r\nho\r\n0\r\n\r\n";
    struct fixture fixture = start(&no_limits, 1);

    (void)state;
    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send(client, text, cut));
        (void)usleep(200);
        assert_true(client_send(client, text + cut, sizeof(text) - 1 - cut));
        expect_body(client, "POST /a? hi");
        expect_body(client, "POST /b? ho");
        client_close(client);
    }
    const int client = client_open(fixture.port, WAIT_MS);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        assert_true(client_send(client, text + i, 1));
    }
    expect_body(client, "POST /a? hi");
    expect_body(client, "POST /b? ho");
    client_close(client);
    stop(&fixture);
}

static void smuggled_requests_are_refused_and_never_run(void **state)
{
    static const char *const cases[] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"
        "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: \rGET /b HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    struct fixture fixture = start(&hasty, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int client = client_open(fixture.port, WAIT_MS);
        struct client_answer answer;

        assert_true(client_send_text(client, cases[i]));
        assert_true(client_read(client, false, &answer));
        assert_int_equal(answer.code, 400);
        assert_true(answer.closes);
        client_answer_done(&answer);
        assert_true(client_at_end(client));
        client_close(client);
    }
    stop(&fixture);
}

static void good_requests_before_a_bad_one_are_answered_first(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n"));
    expect_body(client, "GET /later? ");
    assert_int_equal(client_code(client), 400);
    assert_true(client_at_end(client));
    client_close(client);
    stop(&fixture);
}

static void a_body_that_is_too_large_is_refused_while_the_client_sends(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
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
    stop(&fixture);
}

static void a_chunked_body_may_be_as_large_as_allowed_and_no_larger(void **state)
{
    const struct http_limits limits = {.body_max_bytes = 10};
    struct fixture fixture = start(&limits, 1);
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
    stop(&fixture);
}

static void a_head_that_is_too_large_is_431(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
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
    stop(&fixture);
}

static void a_request_that_never_ends_is_408(void **state)
{
    static const char *const cases[] = {
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    struct fixture fixture = start(&hasty, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send_text(client, cases[i]));
        assert_int_equal(client_code(client), 408);
        assert_true(client_at_end(client));
        client_close(client);
    }
    stop(&fixture);
}

static void a_byte_now_and_then_does_not_keep_a_request_alive(void **state)
{
    struct fixture fixture = start(&hasty, 1);
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
    assert_in_range(now_ms() - started_ms, 400, 3000);
    stop(&fixture);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct fixture fixture = start(&hasty, 1);
    const int fresh = client_open(fixture.port, WAIT_MS);
    const int used = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(used, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(client_code(used), 200);
    assert_true(client_at_end(fresh));
    assert_true(client_at_end(used));
    client_close(fresh);
    client_close(used);
    stop(&fixture);
}

static void one_hundred_continue_comes_when_it_is_waited_for(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);
    static const char head[] =
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_send_text(client, head));
    expect_body(client, "GET /later? ");
    assert_int_equal(client_code(client), 100);
    assert_true(client_send_text(client, "hi"));
    expect_body(client, "POST /a? hi");
    assert_true(client_send_text(client, head));
    assert_int_equal(client_code(client), 100);
    assert_true(client_send_text(client, "ho"));
    expect_body(client, "POST /a? ho");
    assert_true(client_send_text(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999"
                                         "\r\nExpect: 100-continue\r\n\r\n"));
    assert_int_equal(client_code(client), 413);
    client_close(client);
    stop(&fixture);
}

static void http_1_0_is_answered_and_closed_unless_it_asks(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    int client = client_open(fixture.port, WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    assert_true(client_read(client, false, &answer));
    assert_non_null(strstr(answer.head, "\r\nConnection: keep-alive\r\n"));
    client_answer_done(&answer);
    assert_true(client_send_text(client, "GET /a HTTP/1.0\r\n\r\n"));
    assert_true(client_read(client, false, &answer));
    assert_true(answer.closes);
    client_answer_done(&answer);
    assert_true(client_at_end(client));
    client_close(client);
    stop(&fixture);
}

static void a_client_that_shut_down_writing_gets_its_answers(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /half"));
    (void)shutdown(client, SHUT_WR);
    expect_body(client, "GET /later? ");
    expect_body(client, "GET /a? ");
    assert_true(client_at_end(client));
    client_close(client);
    stop(&fixture);
}

static void a_client_that_leaves_harms_nobody(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        const int client = client_open(fixture.port, WAIT_MS);

        assert_true(client_send_text(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                             "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
        if (i % 2 == 0) {
            (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        }
        if (i % 4 < 2) {
            (void)usleep(60000);
        }
        client_close(client);
    }
    const int client = client_open(fixture.port, WAIT_MS);
    assert_true(client_send_text(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect_body(client, "GET /a? ");
    client_close(client);
    stop(&fixture);
}

static void large_answers_arrive_whole(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    memset(big, 'b', sizeof(big));
    for (int i = 0; i < 3; i++) {
        assert_true(client_send_text(client, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (int i = 0; i < 3; i++) {
        struct client_answer answer;

        assert_true(client_read(client, false, &answer));
        assert_int_equal(answer.length, BIG_BYTES);
        assert_int_equal(answer.body[BIG_BYTES - 1], 'b');
        client_answer_done(&answer);
    }
    client_close(client);
    stop(&fixture);
}

static void a_client_that_does_not_read_is_let_go(void **state)
{
    struct fixture fixture = start(&hasty, 1);
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
    stop(&fixture);
}

static void connections_past_the_limit_are_told_so(void **state)
{
    struct http_limits limits = hasty;
    int clients[4];

    (void)state;
    limits.connections_max = 3;
    limits.idle_timeout_ms = 60000;
    struct fixture fixture = start(&limits, 2);
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
    client_close(clients[0]);
    (void)usleep(50000);
    clients[0] = client_open(fixture.port, WAIT_MS);
    assert_true(client_send_text(clients[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(client_code(clients[0]), 200);
    for (int i = 0; i < 3; i++) {
        client_close(clients[i]);
    }
    stop(&fixture);
}

static atomic_uint load_done;

/* Requests one after the other; returns how many were begun and not answered. */
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
    struct fixture fixture = start(&no_limits, 2);

    (void)state;
    atomic_store(&load_done, 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load, &fixture.port), 0);
    }
    (void)usleep(300000);
    const int64_t started_ms = now_ms();
    assert_true(http_server_close(fixture.server, 10000));
    assert_in_range(now_ms() - started_ms, 0, 3000);
    for (int i = 0; i < CLIENTS; i++) {
        void *failed = NULL;

        (void)pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(atomic_load(&load_done) > CLIENTS);
    arena_free(fixture.arena);
}

static void *close_server(void *server)
{
    return http_server_close(server, 10000) ? server : NULL;
}

static void a_request_that_is_half_read_when_draining_starts_is_answered(void **state)
{
    struct fixture fixture = start(&no_limits, 1);
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
    struct fixture fixture = start(&no_limits, 1);
    const int client = client_open(fixture.port, WAIT_MS);

    (void)state;
    assert_true(client_send_text(client, "GET / HT"));
    (void)usleep(20000);
    assert_false(http_server_close(fixture.server, 200));
    client_close(client);
    stop(&fixture);
}

static void an_address_that_is_taken_is_named(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_server *server = NULL;
    struct http_server_options options = {.address = "127.0.0.1", .on_request = on_request};

    (void)state;
    assert_status(http_server_open(&options, arena, &server), STATUS_INVALID_ARGUMENT,
                  "INVALID_ADDRESS");
    struct fixture fixture = start(&no_limits, 2);
    options.address = http_server_address(fixture.server);
    assert_status(http_server_open(&options, arena, &server), STATUS_UNAVAILABLE, "ADDRESS_IN_USE");
    stop(&fixture);
    options.address = "203.0.113.1:80";
    assert_status(http_server_open(&options, arena, &server), STATUS_UNAVAILABLE, "CANNOT_LISTEN");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_its_answer_with_all_headers),
        cmocka_unit_test(head_is_get_without_its_body),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_long_pipeline_is_read_to_its_end),
        cmocka_unit_test(requests_under_way_per_connection_are_bounded),
        cmocka_unit_test(a_request_may_be_cut_at_every_byte),
        cmocka_unit_test(smuggled_requests_are_refused_and_never_run),
        cmocka_unit_test(good_requests_before_a_bad_one_are_answered_first),
        cmocka_unit_test(a_body_that_is_too_large_is_refused_while_the_client_sends),
        cmocka_unit_test(a_chunked_body_may_be_as_large_as_allowed_and_no_larger),
        cmocka_unit_test(a_head_that_is_too_large_is_431),
        cmocka_unit_test(a_request_that_never_ends_is_408),
        cmocka_unit_test(a_byte_now_and_then_does_not_keep_a_request_alive),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(one_hundred_continue_comes_when_it_is_waited_for),
        cmocka_unit_test(http_1_0_is_answered_and_closed_unless_it_asks),
        cmocka_unit_test(a_client_that_shut_down_writing_gets_its_answers),
        cmocka_unit_test(a_client_that_leaves_harms_nobody),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(a_client_that_does_not_read_is_let_go),
        cmocka_unit_test(connections_past_the_limit_are_told_so),
        cmocka_unit_test(draining_under_load_fails_no_request),
        cmocka_unit_test(a_request_that_is_half_read_when_draining_starts_is_answered),
        cmocka_unit_test(a_bound_that_is_not_enough_is_reported),
        cmocka_unit_test(an_address_that_is_taken_is_named),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
