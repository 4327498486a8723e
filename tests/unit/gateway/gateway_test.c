/* gateway_test.c - a gateway before a fake service, over real sockets. */
#include "unit.h"

#include "api.h"
#include "base/clock.h"
#include "fake_backend.h"
#include "gateway.h"
#include "http_client.h"

#include "dongkhoi/changes/v1/changes.pb-c.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "dongkhoi/registrations/v1/registrations.pb-c.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20, WAIT_MS = 5000, CLOSE_MS = 10000 };

static struct arena *arena;
static struct fake_backend *service;
static struct gateway *gateway;

/* The services that the fake one plays, and the gateway's own. */
static const ProtobufCServiceDescriptor *const played[] = {
    &dongkhoi__changes__v1__change_service__descriptor,
    &dongkhoi__clusters__v1__cluster_service__descriptor,
    &dongkhoi__indicators__v1__indicator_service__descriptor,
    &dongkhoi__registrations__v1__registration_service__descriptor,
};

static struct gateway *gateway_start(const char *address)
{
    const struct backend backends[] = {
        {.name = "indicators", .package = "dongkhoi.indicators.v1", .addresses = address},
        {.name = "clusters", .package = "dongkhoi.clusters.v1", .addresses = address},
        {.name = "nighteconomy", .package = "dongkhoi.nighteconomy.v1", .addresses = address},
        {.name = "registrations", .package = "dongkhoi.registrations.v1", .addresses = address},
    };
    struct gateway_options options = {.listen = "127.0.0.1:0",
                                      .loops = 2,
                                      .backends = backends,
                                      .backend_count = sizeof(backends) / sizeof(backends[0])};
    struct gateway *started = NULL;

    assert_ok(schema_load(arena, api_descriptor_set(), played, sizeof(played) / sizeof(played[0]),
                          &options.schema));
    assert_ok(gateway_open(&options, arena, &started));
    return started;
}

static void wait_connected(struct gateway *started)
{
    for (size_t i = 0; i < started->backend_count; i++) {
        for (int k = 0; k < 500 && !rpc_client_connected(started->backends[i].client); k++) {
            (void)usleep(10000);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    service = fake_backend_open();
    gateway = gateway_start(fake_backend_address(service));
    wait_connected(gateway);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(gateway_close(gateway, CLOSE_MS));
    fake_backend_close(service);
    arena_free(arena);
    return 0;
}

/* One request on a connection of its own. line: "GET /v1/x"; headers end each in CR LF. */
static struct client_answer ask_with(const char *line, const char *headers, const char *body)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    struct client_answer answer;
    static char text[8192];

    (void)snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
                   line, headers, strlen(body), body);
    assert_true(client_send_text(client, text));
    assert_true(client_read(client, strncmp(line, "HEAD", 4) == 0, &answer));
    client_close(client);
    return answer;
}

static struct client_answer ask(const char *line, const char *body)
{
    return ask_with(line, "", body);
}

static void expect(const struct client_answer *answer, int code, const char *text)
{
    if (answer->code != code || strstr(answer->body, text) == NULL) {
        fail_msg("%d %s instead of %d %s", answer->code, answer->body, code, text);
    }
}

static void expect_ask(const char *line, const char *headers, const char *body, int code,
                       const char *text)
{
    struct client_answer answer = ask_with(line, headers, body);

    if (answer.code != code || strstr(answer.body, text) == NULL) {
        fail_msg("%s %s: %d %s instead of %d %s", line, body, answer.code, answer.body, code, text);
    }
    client_answer_done(&answer);
}

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
}

static void an_entity_tag_gives_304_until_the_answer_changes(void **state)
{
    struct client_answer answer = ask("GET /v1/clusters/a", "");
    char header[100];

    (void)state;
    const char *tag = strstr(answer.head, "ETag: ") + 6;
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

static void a_form_that_is_not_there_is_406_before_anything_is_done(void **state)
{
    const unsigned before = fake_backend_last(service).count;

    (void)state;
    expect_ask("GET /v1/clusters/a", "Accept: text/csv\r\n", "", 406, "NOT_ACCEPTABLE");
    expect_ask("POST /v1/clusters/a:advance", "Accept: text/html\r\n", "{}", 406,
               "\"metadata\":{\"possibleTypes\":\"application/json\"}");
    assert_int_equal(fake_backend_last(service).count, before);
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
    struct gateway *alone = gateway_start("tcp://127.0.0.1:1");
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
    const char *tag = strstr(answer.head, "ETag: ") + 6;
    (void)snprintf(header, sizeof(header), "If-None-Match: W/%.*s\r\n", (int)strcspn(tag, "\r"),
                   tag);
    client_answer_done(&answer);
    expect_ask("GET /openapi.json", header, "", 304, "");
}

static void refusals_of_the_server_are_errors_like_all_others(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    struct client_answer answer;

    (void)state;
    assert_true(client_send_text(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999"
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

        assert_true(client_send_text(client, "POST / HTTP/1.1\r\nHost: x\r\n"));
        assert_true(client_send_text(client, cases[i].text));
        assert_true(client_read(client, false, &answer));
        expect(&answer, 400, cases[i].message);
        client_answer_done(&answer);
        client_close(client);
    }
    expect_ask("GET /v1/clusters/a", "Request-Timeout: 1e9\r\n", "", 400, "such as 10 or 0.25");
}

static void pipelined_calls_are_answered_in_order(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    for (int i = 0; i < 200; i++) {
        char text[100];

        (void)snprintf(text, sizeof(text), "GET /v1/clusters/c%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
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
    struct gateway *other = gateway_start(fake_backend_address(service));
    pthread_t thread;
    void *clean = NULL;
    struct client_answer answer;

    (void)state;
    wait_connected(other);
    const int client = client_open(http_server_port(other->server), WAIT_MS);
    const unsigned before = fake_backend_last(service).count;
    assert_true(client_send_text(client, "GET /v1/clusters/held HTTP/1.1\r\nHost: x\r\n\r\n"));
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
        cmocka_unit_test(path_query_and_body_meet_in_one_message),
        cmocka_unit_test(a_request_that_is_wrong_is_refused_before_the_call),
        cmocka_unit_test(a_json_content_type_may_have_parameters),
        cmocka_unit_test(a_known_path_lists_its_verbs),
        cmocka_unit_test(a_refusal_of_the_service_keeps_its_details),
        cmocka_unit_test(a_mismatch_is_412_for_the_header_and_409_for_the_field),
        cmocka_unit_test(a_patch_without_a_mask_changes_what_its_body_has),
        cmocka_unit_test(a_tag_that_get_gave_is_one_for_if_match),
        cmocka_unit_test(keys_and_traces_reach_the_service),
        cmocka_unit_test(every_answer_has_its_own_trace_and_times),
        cmocka_unit_test(what_is_no_trace_begins_a_new_one),
        cmocka_unit_test(a_full_queue_is_429_with_retry_after),
        cmocka_unit_test(what_never_succeeds_has_no_retry_after),
        cmocka_unit_test(internal_texts_do_not_leak),
        cmocka_unit_test(an_entity_tag_gives_304_until_the_answer_changes),
        cmocka_unit_test(an_expired_deadline_is_504),
        cmocka_unit_test(readiness_names_who_is_not_ready),
        cmocka_unit_test(a_list_is_a_table_where_accept_says_so),
        cmocka_unit_test(a_form_that_is_not_there_is_406_before_anything_is_done),
        cmocka_unit_test(a_failure_speaks_vietnamese_to_those_who_ask),
        cmocka_unit_test(the_page_is_there_for_people),
        cmocka_unit_test(a_service_that_is_down_is_503_at_once),
        cmocka_unit_test(the_document_has_a_tag),
        cmocka_unit_test(refusals_of_the_server_are_errors_like_all_others),
        cmocka_unit_test(lengths_that_are_given_twice_are_named),
        cmocka_unit_test(pipelined_calls_are_answered_in_order),
        cmocka_unit_test(draining_answers_what_is_under_way),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
