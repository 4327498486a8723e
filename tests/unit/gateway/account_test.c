/* account_test.c - tests account.c: the parts of the time, and what is told of a request. */
#include "unit.h"

#include "account.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void parts_are_never_more_than_the_whole(void **state)
{
    static const struct {
        uint64_t total;
        struct rpc_timing timing;
        struct account_parts parts;
    } cases[] = {
        {0, {0, 0, 0}, {0, 0, 0, 0}},
        {100, {0, 0, 0}, {100, 0, 0, 0}},
        {100, {10, 20, 30}, {40, 10, 20, 30}},
        {60, {10, 20, 30}, {0, 10, 20, 30}},
        {59, {10, 20, 30}, {0, 9, 20, 30}},
        {40, {10, 20, 30}, {0, 0, 10, 30}},
        {20, {10, 20, 30}, {0, 0, 0, 20}},
        {0, {10, 20, 30}, {0, 0, 0, 0}},
        {7, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, {0, 0, 0, 7}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct account_parts parts = account_divide(cases[i].total, cases[i].timing);

        assert_memory_equal(&parts, &cases[i].parts, sizeof(parts));
        assert_int_equal(parts.gateway_us + parts.queue_us + parts.service_us + parts.store_us,
                         cases[i].total);
    }
}

/* A request as the server makes it. */
static struct http_request *request_make(const char *trace)
{
    struct http_request *request = calloc(1, sizeof(*request));

    assert_non_null(request);
    request->arena = arena_new(1 << 20);
    buffer_init(&request->fields, 4096);
    request->received_ns = uv_hrtime();
    request->code = 200;
    request->head.method = slice_from("GET");
    request->head.path = slice_from("/v1/clusters/a");
    request->head.query = slice_from("filter=SECRET");
    if (trace != NULL) {
        request->head.fields[request->head.field_count++] =
            (struct http_field){slice_from("TraceParent"), slice_from(trace)};
    }
    return request;
}

static void request_drop(struct http_request *request)
{
    arena_free(request->arena);
    buffer_done(&request->fields);
    free(request);
}

static const char *fields_of(struct http_request *request)
{
    account_on_answer(NULL, request);
    buffer_append_char(&request->fields, '\0');
    return request->fields.data;
}

/* Sets a time that cannot be waited for. */
static void set_past(struct http_request *request, uint64_t us)
{
    request->received_ns = uv_hrtime() - us * 1000;
}

static void server_timing_says_where_the_time_went(void **state)
{
    struct http_request *request =
        request_make("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    double gateway = 0;
    char trace[64];
    char trace_again[64];

    (void)state;
    account_open(request);
    account_call(request, (struct rpc_timing){.queue_us = 5, .service_us = 1000, .store_us = 250});
    account_call(request, (struct rpc_timing){.queue_us = 0, .service_us = 34567, .store_us = 0});
    set_past(request, 5000000);
    const char *fields = fields_of(request);
    assert_int_equal(
        sscanf(fields,
               "Server-Timing: gateway;dur=%lf, queue;dur=0.005, service;dur=35.567, "
               "store;dur=0.250, cache;desc=service, traceparent;desc=\"%55[0-9a-f-]\"\r\n"
               "traceparent: %55[0-9a-f-]\r\n",
               &gateway, trace, trace_again),
        3);
    assert_true(gateway >= 5000 - 35.822 && gateway < 60000);
    assert_string_equal(trace, trace_again);
    assert_memory_equal(trace, "00-0af7651916cd43dd8448eb211c80319c-", 36);
    assert_string_equal(trace, account_traceparent(request));
    request_drop(request);
}

static void numbers_are_milliseconds(void **state)
{
    static const struct {
        uint32_t us;
        const char *text;
    } cases[] = {
        {0, "service;dur=0,"},
        {1, "service;dur=0.001,"},
        {10, "service;dur=0.010,"},
        {999, "service;dur=0.999,"},
        {1000, "service;dur=1.000,"},
        {1001, "service;dur=1.001,"},
        {10000, "service;dur=10.000,"},
        {123456789, "service;dur=123456.789,"},
        {UINT32_MAX, "service;dur=4294967.295,"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_request *request = request_make(NULL);

        account_open(request);
        account_call(request, (struct rpc_timing){.service_us = cases[i].us});
        request->received_ns = 0; /* since the machine started */
        const uint64_t up_us = uv_hrtime() / 1000;
        const char *fields = fields_of(request);
        if (up_us > cases[i].us) {
            assert_non_null(strstr(fields, cases[i].text));
        }
        request_drop(request);
    }
}

static void without_an_account_all_goes_on(void **state)
{
    struct http_request *request = request_make(NULL);

    (void)state;
    account_method(request, "x");
    account_tier(request, ACCOUNT_MEMORY);
    account_call(request, (struct rpc_timing){0});
    account_reason(request, "X");
    account_joined(request, request);
    assert_string_equal(account_traceparent(request), "");
    assert_string_equal(fields_of(request), "");
    request_drop(request);
}

/* What account_log() writes to standard error. */
static const char *logged(const struct http_request *request, bool is_sent)
{
    static char text[8192];
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    const int kept = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    account_log(request, is_sent);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    (void)close(ends[1]);
    const ssize_t got = read(ends[0], text, sizeof(text) - 1);
    (void)close(ends[0]);
    assert_true(got >= 0);
    text[got] = '\0';
    return text;
}

static void a_line_has_what_is_known_and_nothing_of_the_query(void **state)
{
    struct http_request *request =
        request_make("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    (void)state;
    log_init("test", LOG_INFO);
    account_open(request);
    account_method(request, "dongkhoi.clusters.v1.ClusterService/GetCluster");
    account_call(request, (struct rpc_timing){.queue_us = 1, .service_us = 2, .store_us = 3});
    account_reason(request, "NOT_THERE");
    request->code = 404;
    request->sent_bytes = 77;
    const char *line = logged(request, true);
    assert_non_null(strstr(line, "\"level\":\"info\",\"program\":\"test\",\"event\":\"request\","
                                 "\"method\":\"GET\",\"path\":\"/v1/clusters/a\",\"status\":404,"
                                 "\"duration_ms\":"));
    assert_non_null(strstr(line,
                           ",\"bytes\":77,\"rpc\":\"dongkhoi.clusters.v1.ClusterService/"
                           "GetCluster\",\"caller\":\"anonymous\",\"cache\":\"service\","
                           "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\""));
    assert_non_null(strstr(line, "\",\"parent_id\":\"b7ad6b7169203331\",\"reason\":\"NOT_THERE\","
                                 "\"queue_ms\":0.001,\"service_ms\":0.002,\"store_ms\":0.003}\n"));
    assert_null(strstr(line, "SECRET"));
    request->code = 503;
    assert_non_null(strstr(logged(request, true), "\"level\":\"warning\""));
    log_init("test", LOG_WARNING);
    request->code = 499;
    assert_string_equal(logged(request, true), "");
    log_init("test", LOG_INFO);
    request_drop(request);
}

static void one_that_never_came_whole_is_499_and_aborted(void **state)
{
    struct http_request *request = request_make(NULL);

    (void)state;
    request->code = 0;
    request->received_ns = 0;
    const char *line = logged(request, false);
    assert_non_null(strstr(line, "\"status\":499,\"duration_ms\":0.000,\"bytes\":0,"
                                 "\"aborted\":true}\n"));
    request_drop(request);
}

static void a_path_of_any_length_leaves_room_for_the_rest(void **state)
{
    struct http_request *request = request_make(NULL);
    char *path = malloc(16 << 10);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        memset(path, "\x01\""[i], 16 << 10);
        request->head.path = request->head.method = (struct slice){path, 16 << 10};
        account_open(request);
        const char *line = logged(request, true);
        assert_non_null(strstr(line, ",\"cache\":\"none\",\"trace_id\":\""));
        assert_string_equal(line + strlen(line) - 3, "\"}\n");
    }
    free(path);
    request_drop(request);
}

static void who_joined_names_the_trace_of_the_call(void **state)
{
    struct http_request *leader =
        request_make("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    struct http_request *request = request_make(NULL);

    (void)state;
    account_open(leader);
    account_call(leader, (struct rpc_timing){.service_us = 50});
    account_open(request);
    account_joined(request, leader);
    assert_non_null(strstr(fields_of(request), ", service;dur=0, store;dur=0, cache;desc=service"));
    const char *line = logged(request, true);
    assert_non_null(strstr(line, "\"joined_trace_id\":\"0af7651916cd43dd8448eb211c80319c\""));
    assert_null(strstr(line, "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""));
    request_drop(request);
    request_drop(leader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_never_more_than_the_whole),
        cmocka_unit_test(server_timing_says_where_the_time_went),
        cmocka_unit_test(numbers_are_milliseconds),
        cmocka_unit_test(without_an_account_all_goes_on),
        cmocka_unit_test(a_line_has_what_is_known_and_nothing_of_the_query),
        cmocka_unit_test(one_that_never_came_whole_is_499_and_aborted),
        cmocka_unit_test(a_path_of_any_length_leaves_room_for_the_rest),
        cmocka_unit_test(who_joined_names_the_trace_of_the_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
