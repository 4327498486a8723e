/* gateway_request_test.c - what of a request reaches a service, and what is refused before it. */
#include "gateway_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void path_query_and_body_meet_in_one_message(void **state)
{
    static const struct {
        const char *line;
        const char *body;
        const char *payload; /* part of it */
    } cases[] = {
        {"GET /v1/clusters?pageSize=7&filter=stage%20%3D%20FULL&order_by=a+b", "",
         "\"pageSize\":7,\"pageToken\":\"\",\"filter\":\"stage = FULL\",\"orderBy\":\"a b\""},
        {"GET /v1/clusters?asOf=2022-03-25T00:00:00%2B07:00", "", "\"2022-03-24T17:00:00Z\""},
        {"GET /v1/clusters?", "", "\"pageSize\":0"},
        {"GET /v1/clusters?&&pageSize=1&", "", "\"pageSize\":1"},
        {"GET /v1/clusters/-/investments", "", "\"parent\":\"clusters/-\""},
        {"GET /v1/clusters/%61%62", "", "\"name\":\"clusters/ab\""},
        {"POST /v1/clusters?clusterId=x&validateOnly=true", "{\"source\":\"s\"}",
         "\"clusterId\":\"x\",\"validateOnly\":true"},
        {"POST /v1/clusters", "{\"source\":\"s\"}", "\"source\":\"s\""},
        {"PATCH /v1/clusters/a?updateMask=source,displayName.vi", "{\"source\":\"s\"}",
         "\"updateMask\":\"source,displayName.vi\""},
        {"PATCH /v1/clusters/a", "{\"source\":\"s\"}", "\"name\":\"clusters/a\""},
        {"PATCH /v1/clusters/a", "{\"name\":\"clusters/a\"}", "\"name\":\"clusters/a\""},
        {"PATCH /v1/clusters/a", "", "\"name\":\"clusters/a\""},
        {"POST /v1/clusters/a:advance", "{\"stage\":\"APPRAISAL\"}",
         "\"name\":\"clusters/a\",\"etag\":\"\",\"stage\":\"APPRAISAL\""},
        {"POST /v1/clusters/a:advance", "", "\"name\":\"clusters/a\""},
        {"POST /v1/clusters/a:advance?validateOnly=true&request_id=r", "{\"stage\":\"APPRAISAL\"}",
         "\"validateOnly\":true,\"requestId\":\"r\""},
        {"POST /v1/clusters/a:advance?stage=APPRAISAL", "", "\"stage\":\"APPRAISAL\""},
        {"DELETE /v1/clusters/a?etag=x", "", "\"etag\":\"x\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_ask(cases[i].line, "", cases[i].body, 200, "");
        const struct fake_call call = fake_backend_last(service);
        if (strstr(call.payload, cases[i].payload) == NULL) {
            fail_msg("%s: %s", cases[i].line, call.payload);
        }
    }
}

static void a_request_that_is_wrong_is_refused_before_the_call(void **state)
{
    static const struct {
        const char *line;
        const char *headers;
        const char *body;
        int code;
        const char *text;
    } cases[] = {
        {"GET /v1/clusters?nothing=1", "", "", 400, "\"reason\":\"UNKNOWN_FIELD\""},
        {"GET /v1/clusters?nothing=1", "", "", 400, "\"fieldViolations\":[{\"field\":\"nothing\""},
        {"GET /v1/clusters?=1", "", "", 400, "UNKNOWN_FIELD"},
        {"GET /v1/clusters?page.size=1", "", "", 400, "UNKNOWN_FIELD"},
        {"GET /v1/clusters?pageSize.x=1", "", "", 400, "UNKNOWN_FIELD"},
        {"GET /v1/clusters?pageSize=x", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?pageSize=", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?pageSize", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?pageSize=3000000000", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?filter=%ff", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?filter=%00", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?%ff=1", "", "", 400, "UNKNOWN_FIELD"},
        {"GET /v1/clusters?asOf=yesterday", "", "", 400, "INVALID_VALUE"},
        {"GET /v1/clusters?pageSize=1&pageSize=1", "", "", 400, "DUPLICATE_FIELD"},
        {"GET /v1/clusters?pageSize=1&page_size=2", "", "", 400, "DUPLICATE_FIELD"},
        {"GET /v1/clusters/a?name=clusters/b", "", "", 400, "MISPLACED_FIELD"},
        {"POST /v1/clusters?cluster.source=x", "", "{}", 400, "MISPLACED_FIELD"},
        {"PATCH /v1/clusters/a?cluster.name=x", "", "{}", 400, "MISPLACED_FIELD"},
        {"POST /v1/clusters/a:advance?name=clusters/b", "", "{}", 400, "MISPLACED_FIELD"},
        {"POST /v1/clusters/a:advance?document.number=1", "", "{}", 400, "MISPLACED_FIELD"},
        {"POST /v1/clusters/a:advance?document=1", "", "{}", 400, "MISPLACED_FIELD"},
        {"POST /v1/clusters/a:advance?validateOnly=1", "", "{}", 400, "INVALID_VALUE"},
        {"POST /v1/clusters/a:advance?validateOnly=true&validate_only=true", "", "{}", 400,
         "DUPLICATE_FIELD"},
        {"POST /v1/clusters/a:advance?validateOnly=true", "", "{\"validateOnly\":true}", 400,
         "DUPLICATE_FIELD"},
        {"POST /v1/clusters/a:advance?validateOnly=true", "",
         "{\"date\":\"\",\"validate_only\":false}", 400, "DUPLICATE_FIELD"},
        {"POST /v1/clusters/a:advance?validateOnly=true", "", "{\"validateOnly\":null}", 400,
         "DUPLICATE_FIELD"},
        {"POST /v1/clusters/a:advance?nothing=true", "", "{}", 400, "UNKNOWN_FIELD"},
        {"GET /v1/clusters/a", "", "{}", 400, "UNEXPECTED_BODY"},
        {"DELETE /v1/clusters/a", "", "x", 400, "UNEXPECTED_BODY"},
        {"PATCH /v1/clusters/a", "", "{\"name\":\"clusters/b\"}", 400, "PATH_CONFLICT"},
        {"POST /v1/clusters/a:advance", "", "{\"name\":\"clusters/b\"}", 400, "PATH_CONFLICT"},
        {"GET /v1/clusters/a%2Fb", "", "", 400, "INVALID_PATH"},
        {"GET /v1/clusters/a%00", "", "", 400, "INVALID_PATH"},
        {"GET /v1/clusters/%ff", "", "", 400, "INVALID_PATH"},
        {"GET /v1/clusters/a%0A", "", "", 400, "INVALID_PATH"},
        {"POST /v1/clusters", "", "{", 400, "MALFORMED_JSON"},
        {"POST /v1/clusters", "", "{\"a\":1}", 400, "UNKNOWN_FIELD"},
        {"POST /v1/clusters", "", "{\"note\":\"\",\"note\":\"\"}", 400, "DUPLICATE_FIELD"},
        {"POST /v1/clusters", "", "{\"note\":1}", 400, "(line 1, column "},
        {"POST /v1/clusters", "", "[]", 400, "INVALID_VALUE"},
        {"POST /v1/clusters", "Content-Type: text/plain\r\n", "{}", 415, "UNSUPPORTED_MEDIA_TYPE"},
        {"POST /v1/clusters", "Content-Type: application/jsonx\r\n", "{}", 415, "INVALID_ARGUMENT"},
        {"POST /v1/clusters", "Content-Type:\r\n", "{}", 415, "UNSUPPORTED_MEDIA_TYPE"},
        {"POST /v1/clusters", "Content-Type: text/plain\r\n", "{}", 415,
         "\"possibleTypes\":\"application/json\""},
        {"POST /v1/clusters", "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
         "{}", 400, "INVALID_HEADER"},
        {"POST /v1/clusters", "Sec-Fetch-Site: cross-site\r\n", "{}", 403, "CROSS_SITE_WRITE"},
        {"POST /v1/clusters/a:advance", "Origin: http://x\r\n", "", 403, "PERMISSION_DENIED"},
        {"DELETE /v1/clusters/a", "Origin: null\r\n", "", 403, "CROSS_SITE_WRITE"},
        {"POST /healthz", "Origin: http://x\r\n", "", 403, "CROSS_SITE_WRITE"},
        {"POST /v1/clusters", "Idempotency-Key: a b\r\n", "{}", 400, "INVALID_HEADER"},
        {"POST /v1/clusters", "Request-Timeout: x\r\n", "{}", 400, "INVALID_HEADER"},
        {"GET /v1/nothing", "", "", 404, "\"reason\":\"ROUTE_NOT_FOUND\""},
        {"GET /x", "", "", 404, "ROUTE_NOT_FOUND"},
        {"PUT /v1/clusters/a", "", "", 405, "\"status\":\"UNIMPLEMENTED\""},
        {"POST /healthz", "", "", 405, "UNIMPLEMENTED"},
    };
    const unsigned before = fake_backend_last(service).count;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_ask(cases[i].line, cases[i].headers, cases[i].body, cases[i].code, cases[i].text);
    }
    assert_int_equal(fake_backend_last(service).count, before);
}

static void a_json_content_type_may_have_parameters(void **state)
{
    (void)state;
    expect_ask("POST /v1/clusters", "Content-Type: Application/JSON ; charset=utf-8\r\n", "{}", 200,
               "");
    expect_ask("POST /v1/clusters", "Content-Type: application/json;v=1; Charset=\"UTF-8\" ;\r\n",
               "{}", 200, "");
    expect_ask("POST /v1/clusters", "Content-Type: application/json; charset=utf-16\r\n", "{}", 415,
               "read as UTF-8 only");
    expect_ask("POST /v1/clusters", "Content-Type: application/json;a=b;charset=windows-1258\r\n",
               "{}", 415, "UNSUPPORTED_MEDIA_TYPE");
}

static void a_known_path_lists_its_verbs(void **state)
{
    struct client_answer answer = ask("PUT /v1/clusters/a", "");

    (void)state;
    assert_non_null(strstr(answer.head, "\r\nAllow: GET, HEAD, PATCH, DELETE\r\n"));
    client_answer_done(&answer);
}

static void a_patch_without_a_mask_changes_what_its_body_has(void **state)
{
    static const struct {
        const char *line;
        const char *body;
        const char *mask;
    } cases[] = {
        {"PATCH /v1/clusters/a",
         "{\"district\":\"\",\"mountainOrCraftVillage\":false,\"leasableHectares\":null,\"name\":"
         "\"clusters/"
         "a\"}",
         "\"updateMask\":\"district,mountainOrCraftVillage,leasableHectares\""},
        {"PATCH /v1/clusters/a", "{\"displayName\":{\"vi\":\"x\"},\"display_name\":null}", NULL},
        {"PATCH /v1/clusters/a", "{\"displayName\":{\"vi\":\"x\"}}",
         "\"updateMask\":\"displayName.vi\""},
        {"PATCH /v1/clusters/a", "{\"displayName\":null}", "\"updateMask\":\"displayName\""},
        {"PATCH /v1/clusters/a", "{\"displayName\":{}}", "\"updateMask\":\"\""},
        {"PATCH /v1/clusters/a?updateMask=district", "{\"leasableHectares\":null}",
         "\"updateMask\":\"district\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_ask(cases[i].line, "", cases[i].body, cases[i].mask != NULL ? 200 : 400, "");
        if (cases[i].mask != NULL &&
            strstr(fake_backend_last(service).payload, cases[i].mask) == NULL) {
            fail_msg("%s is not in %s", cases[i].mask, fake_backend_last(service).payload);
        }
    }
}

static void a_tag_that_get_gave_is_one_for_if_match(void **state)
{
    struct client_answer answer = ask("GET /v1/clusters/a", "");
    char header[100];

    (void)state;
    const char *tag = strstr(answer.head, "ETag: ") + 6;
    (void)snprintf(header, sizeof(header), "If-Match: %.*s\r\n", (int)strcspn(tag, "\r"), tag);
    expect_ask("PATCH /v1/clusters/a", header, "{}", 200, "");
    assert_string_equal(fake_backend_last(service).if_match, "e1");
    client_answer_done(&answer);
}

static void keys_and_traces_reach_the_service(void **state)
{
    static const char headers[] =
        "Idempotency-Key: k-1\r\nRequest-Timeout: 2.5\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    struct client_answer answer = ask_with("POST /v1/clusters/replayed:advance", headers, "{}");

    (void)state;
    assert_int_equal(answer.code, 200);
    assert_non_null(strstr(answer.head, "\r\nIdempotency-Replayed: true\r\n"));
    assert_null(strstr(answer.head, "ETag"));
    client_answer_done(&answer);
    const struct fake_call call = fake_backend_last(service);
    assert_string_equal(call.idempotency_key, "k-1");
    /* The same trace, with the gateway's span for its parent. */
    assert_memory_equal(call.traceparent, "00-0af7651916cd43dd8448eb211c80319c-", 36);
    assert_memory_not_equal(call.traceparent + 36, "b7ad6b7169203331", 16);
    assert_string_equal(call.traceparent + 52, "-01");
    assert_in_range(call.left_ms, 1000, 2500);
    expect_ask("POST /v1/clusters/reused:advance", "Idempotency-Key: k\r\n", "{}", 422,
               "IDEMPOTENCY_KEY_REUSED");
}

static void what_is_no_trace_begins_a_new_one(void **state)
{
    static const char *const headers[] = {
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
        "traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01\r\n",
        "traceparent:\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        expect_ask("POST /v1/clusters/a:advance", headers[i], "{}", 200, "");
        const struct fake_call call = fake_backend_last(service);
        assert_int_equal(strlen(call.traceparent), 55);
        assert_null(strcasestr(call.traceparent, "0af7651916cd43dd8448eb211c80319c"));
    }
    expect_ask("POST /v1/clusters/a:advance",
               "TraceParent: \t cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more \r\n",
               "{}", 200, "");
    assert_memory_equal(fake_backend_last(service).traceparent,
                        "00-0af7651916cd43dd8448eb211c80319c-", 36);
}

static void a_form_that_is_not_there_is_406_before_anything_is_done(void **state)
{
    const unsigned before = fake_backend_last(service).count;

    (void)state;
    expect_ask("GET /v1/clusters/a", "Accept: text/csv\r\n", "", 406, "NOT_ACCEPTABLE");
    expect_ask("POST /v1/clusters/a:advance", "Accept: text/html\r\n", "{}", 406,
               "\"metadata\":{\"possibleTypes\":\"application/json\"}");
    assert_int_equal(fake_backend_last(service).count, before);
}

static void refusals_of_the_server_are_errors_like_all_others(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client,
                                 "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999"
                                 "\r\n\r\n"));
    assert_true(client_read(client, false, &answer));
    expect(&answer, 413, "{\"error\":{\"code\":413,\"status\":\"INVALID_ARGUMENT\",");
    expect(&answer, 413, "\"reason\":\"BODY_TOO_LARGE\"");
    expect(&answer, 413, "the limit of 1 MiB");
    client_answer_done(&answer);
    client_close(client);
}

static void lengths_that_are_given_twice_are_named(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"Content-Length: 0\r\nContent-Length: 1\r\n\r\n", "the Content-Length is given twice"},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         "the Transfer-Encoding is given twice"},
        {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
         "a Content-Length and a Transfer-Encoding"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int client = client_open(http_server_port(gateway->server), WAIT_MS);
        struct client_answer answer;

        assert_true(client_send_text(client, "POST / HTTP/1.1\r\nHost: localhost\r\n"));
        assert_true(client_send_text(client, cases[i].text));
        assert_true(client_read(client, false, &answer));
        expect(&answer, 400, cases[i].message);
        client_answer_done(&answer);
        client_close(client);
    }
    expect_ask("GET /v1/clusters/a", "Request-Timeout: 1e9\r\n", "", 400, "such as 10 or 0.25");
}

/* Of three bytes each, and a hundred times as large when it is read. */
static void a_body_that_needs_too_much_memory_is_refused_and_the_next_is_read(void **state)
{
    static const char start[] = "{\"observations\":[{}";
    static const char end[] = "]}";
    static char body[1 << 20];
    const size_t last = sizeof(body) - sizeof(end);
    size_t length = strlen(start);
    struct client_answer answer;
    char head[256];

    (void)state;
    memcpy(body, start, length);
    for (; length + 3 <= last; length += 3) {
        memcpy(body + length, ",{}", 3);
    }
    memcpy(body + length, end, sizeof(end));
    length += strlen(end);
    (void)snprintf(head, sizeof(head),
                   "POST /v1/indicators/a/observations:batchUpsert HTTP/1.1\r\nHost: localhost\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   length);
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    assert_true(client_send_text(client, head));
    assert_true(client_send_text(client, body));
    assert_true(client_read(client, false, &answer));
    expect(&answer, 429, "REQUEST_TOO_COSTLY");
    client_answer_done(&answer);
    client_close(client);
    expect_ask("POST /v1/clusters/a:advance", "", "{}", 200, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_query_and_body_meet_in_one_message),
        cmocka_unit_test(a_request_that_is_wrong_is_refused_before_the_call),
        cmocka_unit_test(a_json_content_type_may_have_parameters),
        cmocka_unit_test(a_known_path_lists_its_verbs),
        cmocka_unit_test(a_patch_without_a_mask_changes_what_its_body_has),
        cmocka_unit_test(a_tag_that_get_gave_is_one_for_if_match),
        cmocka_unit_test(keys_and_traces_reach_the_service),
        cmocka_unit_test(what_is_no_trace_begins_a_new_one),
        cmocka_unit_test(a_form_that_is_not_there_is_406_before_anything_is_done),
        cmocka_unit_test(refusals_of_the_server_are_errors_like_all_others),
        cmocka_unit_test(lengths_that_are_given_twice_are_named),
        cmocka_unit_test(a_body_that_needs_too_much_memory_is_refused_and_the_next_is_read),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
