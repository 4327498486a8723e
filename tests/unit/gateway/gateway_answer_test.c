/* gateway_answer_test.c - what a client gets back from a service, or from the gateway itself. */
#include "gateway_fixture.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void a_get_is_a_call_and_its_answer_is_json(void **state)
{
    struct client_answer answer = ask("GET /v1/clusters/phong-nam", "");

    (void)state;
    expect(&answer, 200, "\"name\":\"clusters/phong-nam\"");
    assert_non_null(strstr(answer.head, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
    assert_non_null(strstr(answer.head, "\r\nETag: \"e1."));
    client_answer_done(&answer);
    const struct fake_call call = fake_backend_last(service);
    assert_string_equal(call.method, "dongkhoi.clusters.v1.ClusterService/GetCluster");
    assert_in_range(call.left_ms, 5000, 10000);
}

static void head_answers_as_get_without_a_body(void **state)
{
    struct client_answer answer = ask("HEAD /v1/clusters/a", "");

    (void)state;
    assert_int_equal(answer.code, 200);
    assert_non_null(strstr(answer.head, "\r\nETag: "));
    assert_null(strstr(answer.head, "Content-Length: 0"));
    client_answer_done(&answer);
}

static void a_refusal_of_the_service_keeps_its_details(void **state)
{
    (void)state;
    expect_ask("GET /v1/clusters/missing", "", "", 404,
               "{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\",\"message\":\"there is no such "
               "cluster\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
               "\"reason\":\"RESOURCE_NOT_FOUND\",\"domain\":\"dongkhoi\",");
    expect_ask("POST /v1/clusters/possible:advance", "", "{}", 400,
               "\"metadata\":{\"possibleStages\":\"APPRAISAL\"}");
    expect_ask("POST /v1/clusters/possible:advance", "", "{}", 400,
               "\"fieldViolations\":[{\"field\":\"stage\"");
}

static void a_mismatch_is_412_for_the_header_and_409_for_the_field(void **state)
{
    (void)state;
    expect_ask("PATCH /v1/clusters/mismatch", "If-Match: \"e0\"\r\n", "{}", 412, "ABORTED");
    assert_string_equal(fake_backend_last(service).if_match, "e0");
    expect_ask("PATCH /v1/clusters/mismatch", "", "{\"etag\":\"e0\"}", 409, "ABORTED");
    assert_string_equal(fake_backend_last(service).if_match, "");
}

/* The value of a header of the answer; each is there once. */
static const char *header_of(const struct client_answer *answer, const char *name)
{
    static char value[512];
    char start[64];

    (void)snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *at = strstr(answer->head, start);
    assert_non_null(at);
    at += strlen(start);
    assert_null(strstr(at, start));
    (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static void every_answer_has_its_own_trace_and_times(void **state)
{
    static const char *const lines[] = {
        "GET /v1/clusters/timed",      "GET /v1/clusters/timed", "HEAD /v1/clusters/timed",
        "GET /v1/clusters/missing",    "GET /v1/nowhere",        "PUT /v1/clusters/timed",
        "POST /v1/clusters/x:advance", "GET /healthz",           "GET /openapi.json",
        "GET /v1/clusters/timed",
    };
    char seen[sizeof(lines) / sizeof(lines[0])][64];

    (void)state;
    fake_backend_set_lease(service, 1000);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct client_answer answer = ask_with(lines[i], "", lines[i][0] == 'P' ? "{}" : "");

        (void)snprintf(seen[i], sizeof(seen[i]), "%s", header_of(&answer, "traceparent"));
        assert_int_equal(strlen(seen[i]), 55);
        const char *timing = header_of(&answer, "Server-Timing");
        assert_non_null(strstr(timing, seen[i]));
        assert_memory_equal(timing, "gateway;dur=", 12);
        assert_non_null(strstr(timing, ", queue;dur="));
        assert_non_null(strstr(timing, ", service;dur="));
        assert_non_null(strstr(timing, ", store;dur="));
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(seen[k], seen[i], 36);
        }
        client_answer_done(&answer);
    }
    fake_backend_set_lease(service, 0);
}

static void a_full_queue_is_429_with_retry_after(void **state)
{
    struct client_answer answer = ask("POST /v1/clusters/full:advance", "{}");

    (void)state;
    expect(&answer, 429, "RESOURCE_EXHAUSTED");
    assert_non_null(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
    client_answer_done(&answer);
}

static void what_never_succeeds_has_no_retry_after(void **state)
{
    static const char *const names[] = {"large", "costly"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char line[64];

        (void)snprintf(line, sizeof(line), "GET /v1/clusters/%s", names[i]);
        struct client_answer answer = ask(line, "");
        expect(&answer, 429, "RESOURCE_EXHAUSTED");
        assert_null(strstr(answer.head, "Retry-After"));
        client_answer_done(&answer);
    }
}

static void internal_texts_do_not_leak(void **state)
{
    struct client_answer answer = ask("GET /v1/clusters/secret", "");

    (void)state;
    expect(&answer, 500, "\"message\":\"the service failed\"");
    assert_null(strstr(answer.body, "secret"));
    client_answer_done(&answer);
    expect_ask("GET /v1/clusters/garbage", "", "", 500, "MALFORMED_REPLY");
    /* A value that JSON has no form for is never shown as another. */
    expect_ask("GET /v1/clusters/late", "", "", 500, "MALFORMED_REPLY");
    expect_ask("POST /v1/clusters/late:advance", "", "{}", 500, "MALFORMED_REPLY");
    answer = ask("GET /v1/clusters/late", "");
    assert_null(strstr(answer.body, "createTime"));
    client_answer_done(&answer);
}

static void an_entity_tag_gives_304_until_the_answer_changes(void **state)
{
    struct client_answer answer = ask("GET /v1/clusters/a", "");
    char header[100];

    (void)state;
    const char *tag = strstr(answer.head, "ETag") + 6;
    (void)snprintf(header, sizeof(header), "If-None-Match: \"x\", %.*s\r\n",
                   (int)strcspn(tag, "\r"), tag);
    client_answer_done(&answer);
    answer = ask_with("GET /v1/clusters/a", header, "");
    assert_int_equal(answer.code, 304);
    assert_int_equal(answer.length, 0);
    assert_non_null(strstr(answer.head, "\r\nETag: \"e1."));
    client_answer_done(&answer);
    expect_ask("GET /v1/clusters/a", "If-None-Match: *\r\n", "", 304, "");
    /* What is computed into the resource changes, its own etag does not. */
    fake_backend_set_leased(service, 1.5);
    expect_ask("GET /v1/clusters/a", header, "", 200, "\"leasedHectares\":1.5");
    fake_backend_set_leased(service, 0);
}

static void an_expired_deadline_is_504(void **state)
{
    (void)state;
    expect_ask("GET /v1/clusters/held", "Request-Timeout: 0.1\r\n", "", 504,
               "\"reason\":\"DEADLINE_EXCEEDED\"");
    expect_ask("GET /v1/clusters/held", "grpc-timeout: 100m\r\n", "", 504, "DEADLINE_EXCEEDED");
    fake_backend_release(service);
}

static void readiness_names_who_is_not_ready(void **state)
{
    (void)state;
    expect_ask("GET /healthz", "", "", 200, "{\"status\":\"ok\"}");
    expect_ask("GET /readyz", "", "", 200, "\"status\":\"ok\",\"services\":[{");
    fake_backend_set_health(service, true, false);
    expect_ask("GET /readyz", "", "", 503,
               "indicators is read-only; clusters is read-only; nighteconomy is read-only; "
               "registrations is read-only");
    fake_backend_set_health(service, false, false);
    expect_ask("GET /readyz", "", "", 503, "\"clusters\":\"does not serve\"");
    fake_backend_set_health(service, true, true);
}

static void a_list_is_a_table_where_accept_says_so(void **state)
{
    struct client_answer answer =
        ask_with("GET /v1/clusters", "Accept: text/csv, application/json;q=0.5\r\n", "");

    (void)state;
    expect(&answer, 200, "name,uid,revision,createTime,");
    assert_non_null(strstr(answer.body, ",displayName.vi,displayName.en,"));
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/csv; charset=utf-8;"));
    assert_non_null(strstr(answer.head, "\r\nVary: Accept\r\n"));
    assert_non_null(strstr(answer.head, "\r\nETag: \""));
    client_answer_done(&answer);
    expect_ask("GET /v1/indicators/a/observations",
               "Accept: application/vnd.sdmx.data+csv;version=2.0.0\r\n", "", 200,
               "STRUCTURE,STRUCTURE_ID,ACTION,INDICATOR,");
    expect_ask("GET /v1/clusters", "Accept: text/html, */*;q=0.1\r\n", "", 200, "{\"clusters\":[]");
}

static void a_failure_speaks_vietnamese_to_those_who_ask(void **state)
{
    struct client_answer answer = ask_with("POST /v1/clusters/possible:advance",
                                           "Accept-Language: vi-VN, en;q=0.5\r\n", "{}");

    (void)state;
    expect(&answer, 400,
           "{\"@type\":\"type.googleapis.com/google.rpc.LocalizedMessage\","
           "\"locale\":\"vi\",\"message\":\"Cụm công nghiệp");
    assert_non_null(strstr(answer.body, "Các bước có thể: APPRAISAL."));
    assert_non_null(strstr(answer.head, "\r\nContent-Language: vi\r\n"));
    assert_non_null(strstr(answer.head, "\r\nVary: Accept, Accept-Language\r\n"));
    client_answer_done(&answer);
    answer = ask_with("GET /v1/nothing", "Accept-Language: en, vi;q=0.5\r\n", "");
    assert_null(strstr(answer.body, "LocalizedMessage"));
    client_answer_done(&answer);
    expect_ask("GET /v1/clusters/secret", "Accept-Language: vi\r\n", "", 500, "Hệ thống gặp sự cố");
}

static void a_failure_of_an_older_service_is_told_in_english(void **state)
{
    struct client_answer answer = ask_with("GET /v1/clusters/old", "Accept-Language: vi\r\n", "");

    (void)state;
    expect(&answer, 400, "\"message\":\"said in English only\"");
    assert_null(strstr(answer.body, "LocalizedMessage"));
    assert_non_null(strstr(answer.head, "\r\nContent-Language: en\r\n"));
    client_answer_done(&answer);
}

static void the_page_is_there_for_people(void **state)
{
    struct client_answer answer = ask("GET /", "");

    (void)state;
    expect(&answer, 200, "Chưa có phong trào thi đua nào được phát động.");
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(answer.head, "\r\nContent-Security-Policy: default-src 'none'; "));
    client_answer_done(&answer);
    expect_ask("GET /?lang=en", "Accept-Language: vi\r\n", "", 200,
               "No movement has been launched yet.");
    expect_ask("GET /?lang=en&movement=m", "", "", 200, "No commitment is registered yet.");
    assert_string_equal(fake_backend_last(service).payload,
                        "{\"name\":\"movements/m\",\"publishedBy\":\"\"}");
    expect_ask("GET /?lang=en&movement=missing", "", "", 404, "<code>RESOURCE_NOT_FOUND</code>");
    expect_ask("GET /?lang=en&movement=secret", "", "", 500, "the service failed");
    expect_ask("GET /?lang=en&movement=m&asOf=x", "", "", 400, "<code>INVALID_VALUE</code>");
    expect_ask("GET /?movement=m&publishedBy=2022-12-31&asOf=2023-01-01T00:00:00Z", "", "", 200,
               "07:00 ngày 01/01/2023");
    expect_ask("POST /", "", "{}", 405, "GET, HEAD");
}

static void a_service_that_is_down_is_503_at_once(void **state)
{
    struct gateway *alone = fixture_gateway("tcp://127.0.0.1:1");
    struct gateway *other = gateway;
    const int64_t started_ms = clock_boot_ms();

    (void)state;
    gateway = alone;
    expect_ask("GET /v1/clusters/a", "", "", 503, "\"reason\":\"SERVICE_DOWN\"");
    expect_ask(
        "GET /readyz", "", "", 503,
        "indicators does not answer; clusters does not answer; nighteconomy does not answer; "
        "registrations does not answer");
    expect_ask("GET /?lang=en", "", "", 503, "<code>SERVICE_DOWN</code>");
    expect_ask("GET /healthz", "", "", 200, "ok");
    assert_in_range(clock_boot_ms() - started_ms, 0, 900);
    gateway = other;
    assert_true(gateway_close(alone, CLOSE_MS));
}

static void the_document_has_a_tag(void **state)
{
    struct client_answer answer = ask("GET /openapi.json", "");
    char header[100];

    (void)state;
    expect(&answer, 200, "\"openapi\":\"3.1.0\"");
    const char *tag = strstr(answer.head, "ETag") + 6;
    (void)snprintf(header, sizeof(header), "If-None-Match: W/%.*s\r\n", (int)strcspn(tag, "\r"),
                   tag);
    client_answer_done(&answer);
    expect_ask("GET /openapi.json", header, "", 304, "");
}

static void the_document_is_compressed_for_those_who_ask(void **state)
{
    struct client_answer plain = ask("GET /openapi.json", "");
    struct client_answer gzip = ask_with("GET /openapi.json", "Accept-Encoding: br, gzip\r\n", "");
    char plain_tag[100];
    char header[200];

    (void)state;
    assert_int_equal(gzip.code, 200);
    assert_string_equal(header_of(&gzip, "Content-Encoding"), "gzip");
    assert_string_equal(header_of(&gzip, "Vary"), "Accept-Encoding");
    assert_string_equal(header_of(&plain, "Vary"), "Accept-Encoding");
    assert_null(strstr(plain.head, "Content-Encoding"));
    assert_memory_equal(gzip.body, "\x1f\x8b", 2);
    assert_true(gzip.length < plain.length / 4);
    /* Each form has its own tag, and a client that has one form is not told that it has the other.
     */
    (void)snprintf(plain_tag, sizeof(plain_tag), "%s", header_of(&plain, "ETag"));
    assert_string_not_equal(plain_tag, header_of(&gzip, "ETag"));
    (void)snprintf(header, sizeof(header), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
                   header_of(&gzip, "ETag"));
    expect_ask("GET /openapi.json", header, "", 304, "");
    (void)snprintf(header, sizeof(header), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
                   plain_tag);
    expect_ask("GET /openapi.json", header, "", 200, "");
    client_answer_done(&plain);
    client_answer_done(&gzip);
}

static void pipelined_calls_are_answered_in_order(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    for (int i = 0; i < 200; i++) {
        char text[100];

        (void)snprintf(text, sizeof(text),
                       "GET /v1/clusters/c%d HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
        assert_true(client_send_text(client, text));
    }
    for (int i = 0; i < 200; i++) {
        struct client_answer answer;
        char text[100];

        assert_true(client_read(client, false, &answer));
        (void)snprintf(text, sizeof(text), "\"name\":\"clusters/c%d\"", i);
        expect(&answer, 200, text);
        client_answer_done(&answer);
    }
    client_close(client);
}

static void *close_gateway(void *arg)
{
    return gateway_close(arg, CLOSE_MS) ? arg : NULL;
}

static void draining_answers_what_is_under_way(void **state)
{
    struct gateway *other = fixture_gateway(fake_backend_address(service));
    pthread_t thread;
    void *clean = NULL;
    struct client_answer answer;

    (void)state;
    fixture_wait_connected(other);
    const int client = client_open(http_server_port(other->server), WAIT_MS);
    const unsigned before = fake_backend_last(service).count;
    assert_true(
        client_send_text(client, "GET /v1/clusters/held HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    while (fake_backend_last(service).count == before) {
        (void)usleep(1000);
    }
    assert_int_equal(pthread_create(&thread, NULL, close_gateway, other), 0);
    (void)usleep(300000);
    fake_backend_release(service);
    assert_true(client_read(client, false, &answer));
    expect(&answer, 200, "clusters/held");
    assert_true(answer.closes);
    client_answer_done(&answer);
    (void)pthread_join(thread, &clean);
    assert_non_null(clean);
    client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_a_call_and_its_answer_is_json),
        cmocka_unit_test(head_answers_as_get_without_a_body),
        cmocka_unit_test(a_refusal_of_the_service_keeps_its_details),
        cmocka_unit_test(a_mismatch_is_412_for_the_header_and_409_for_the_field),
        cmocka_unit_test(every_answer_has_its_own_trace_and_times),
        cmocka_unit_test(a_full_queue_is_429_with_retry_after),
        cmocka_unit_test(what_never_succeeds_has_no_retry_after),
        cmocka_unit_test(internal_texts_do_not_leak),
        cmocka_unit_test(an_entity_tag_gives_304_until_the_answer_changes),
        cmocka_unit_test(an_expired_deadline_is_504),
        cmocka_unit_test(readiness_names_who_is_not_ready),
        cmocka_unit_test(a_list_is_a_table_where_accept_says_so),
        cmocka_unit_test(a_failure_speaks_vietnamese_to_those_who_ask),
        cmocka_unit_test(a_failure_of_an_older_service_is_told_in_english),
        cmocka_unit_test(the_page_is_there_for_people),
        cmocka_unit_test(a_service_that_is_down_is_503_at_once),
        cmocka_unit_test(the_document_has_a_tag),
        cmocka_unit_test(the_document_is_compressed_for_those_who_ask),
        cmocka_unit_test(pipelined_calls_are_answered_in_order),
        cmocka_unit_test(draining_answers_what_is_under_way),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
