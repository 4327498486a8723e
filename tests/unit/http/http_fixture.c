/* http_fixture.c - answers at once, later, or at length. */
#include "http_fixture.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static char big[BIG_BYTES];
static atomic_uint running_most;
static atomic_uint running;
static atomic_uint sent;
static atomic_uint aborted;
static atomic_uint half;
static atomic_size_t sent_bytes;
static atomic_bool is_held_back;
static atomic_uint costly_held;
static atomic_uint costly_refused;

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

static void costly_answer(uv_timer_t *timer)
{
    struct http_request *request = timer->data;

    if (atomic_load(&is_held_back)) {
        return;
    }
    http_respond(request, 200, "text/plain", (struct slice){big, COSTLY_BYTES});
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

static void costly(struct http_request *request)
{
    if (!http_admit(request, COSTLY_BYTES)) {
        atomic_fetch_add(&costly_refused, 1);
        http_respond(request, 429, "text/plain", (struct slice){0});
        return;
    }
    atomic_fetch_add(&costly_held, 1);
    uv_timer_t *timer = malloc(sizeof(*timer));
    (void)uv_timer_init(request->loop_data, timer);
    timer->data = request;
    (void)uv_timer_start(timer, costly_answer, 0, 5);
}

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
    } else if (slice_is(request->head.path, "/costly")) {
        costly(request);
    } else if (slice_is(request->head.path, "/none")) {
        http_respond(request, 204, NULL, (struct slice){0});
    } else {
        answer_now(request);
    }
}

static void on_answer(void *arg, struct http_request *request)
{
    (void)arg;
    http_add_header(request, "X-Answered", slice_from("yes"));
}

static void on_end(void *arg, struct http_request *request, bool is_sent)
{
    (void)arg;
    if (request->code == 0) {
        assert_false(is_sent);
        assert_true(request->received_ns == 0 && request->head.method.length > 0);
        atomic_fetch_add(&half, 1);
        return;
    }
    assert_true(request->received_ns > 0 && request->received_ns <= uv_hrtime());
    atomic_fetch_add(is_sent ? &sent : &aborted, 1);
    atomic_fetch_add(&sent_bytes, is_sent ? request->sent_bytes : 0);
}

struct fixture_ends fixture_ends(void)
{
    return (struct fixture_ends){.sent = atomic_load(&sent),
                                 .aborted = atomic_load(&aborted),
                                 .half = atomic_load(&half),
                                 .sent_bytes = atomic_load(&sent_bytes)};
}

static struct status on_loop(void *arg, uv_loop_t *loop, void **ret_loop_data)
{
    (void)arg;
    *ret_loop_data = loop;
    return STATUS_NONE;
}

void fixture_hold(bool is_held)
{
    atomic_store(&is_held_back, is_held);
}

unsigned fixture_held(void)
{
    return atomic_load(&costly_held);
}

unsigned fixture_refused(void)
{
    return atomic_load(&costly_refused);
}

struct fixture fixture_start(const struct http_limits *limits, unsigned loops)
{
    return fixture_start_behind("", limits, loops);
}

struct fixture fixture_start_behind(const char *proxies, const struct http_limits *limits,
                                    unsigned loops)
{
    struct fixture fixture = {.arena = arena_new(1 << 20)};
    struct http_server_options options = {
        .address = "127.0.0.1:0",
        .loops = loops,
        .limits = *limits,
        .on_request = on_request,
        .on_answer = on_answer,
        .on_end = on_end,
        .on_loop = on_loop,
    };

    atomic_store(&running_most, 0);
    atomic_store(&costly_held, 0);
    atomic_store(&costly_refused, 0);
    fixture_hold(false);
    atomic_store(&sent, 0);
    atomic_store(&aborted, 0);
    atomic_store(&half, 0);
    atomic_store(&sent_bytes, 0);
    memset(big, 'b', sizeof(big));
    assert_ok(http_networks_parse(proxies, fixture.arena, &options.trusted_proxies));
    assert_ok(http_server_open(&options, fixture.arena, &fixture.server));
    fixture.port = http_server_port(fixture.server);
    return fixture;
}

void fixture_stop(struct fixture *fixture)
{
    assert_true(http_server_close(fixture->server, 10000));
    arena_free(fixture->arena);
}

const struct http_limits no_limits;
const struct http_limits hasty = {.head_timeout_ms = 200,
                                  .body_idle_ms = 200,
                                  .body_whole_ms = 600,
                                  .idle_timeout_ms = 300,
                                  .write_idle_ms = 300,
                                  .linger_ms = 300,
                                  .drain_idle_ms = 100};

void expect_body(int client, const char *expected)
{
    struct client_answer answer;

    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 200);
    assert_string_equal(answer.body, expected);
    client_answer_done(&answer);
}

unsigned fixture_running_most(void)
{
    return atomic_load(&running_most);
}
