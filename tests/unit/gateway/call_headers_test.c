/* call_headers_test.c - tests call_headers.c. */
#include "unit.h"

#include "call_headers.h"

#include <string.h>

static struct http_head head_with(const char *name, const char *value)
{
    struct http_head head = {.field_count = 1};

    head.fields[0] = (struct http_field){slice_from(name), slice_from(value)};
    return head;
}

static void a_deadline_is_read_from_either_header(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        uint32_t ms; /* 0: refused */
    } cases[] = {
        {"Request-Timeout", "1", 1000},
        {"request-timeout", "0.25", 250},
        {"Request-Timeout", "0.0001", 1},
        {"Request-Timeout", "59.9999999999", 59999},
        {"Request-Timeout", "61", 60000},
        {"Request-Timeout", "99999999999999999999999999", 60000},
        {"Request-Timeout", "0", 0},
        {"Request-Timeout", "", 0},
        {"Request-Timeout", "-1", 0},
        {"Request-Timeout", "1.", 0},
        {"Request-Timeout", ".5", 0},
        {"Request-Timeout", "1s", 0},
        {"Request-Timeout", "1e3", 0},
        {"Request-Timeout", "1,5", 0},
        {"grpc-timeout", "1S", 1000},
        {"grpc-timeout", "250m", 250},
        {"grpc-timeout", "2500u", 2},
        {"grpc-timeout", "1n", 1},
        {"grpc-timeout", "99999999H", 60000},
        {"grpc-timeout", "1M", 60000},
        {"grpc-timeout", "0S", 0},
        {"grpc-timeout", "1", 0},
        {"grpc-timeout", "S", 0},
        {"grpc-timeout", "123456789S", 0},
        {"grpc-timeout", "1s", 0},
        {"grpc-timeout", "1.5S", 0},
        {"X-Other", "1", TIMEOUT_DEFAULT_MS},
    };
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with(cases[i].name, cases[i].value);
        struct call_headers headers = {.timeout_ms = 0};
        const struct status status = call_headers_read(arena, &head, false, &headers);

        if (headers.timeout_ms != cases[i].ms || (status.code == STATUS_OK) != (cases[i].ms > 0)) {
            fail_msg("%s: %s gives %u", cases[i].name, cases[i].value, headers.timeout_ms);
        }
    }
    arena_free(arena);
}

static void an_idempotency_key_is_visible_and_of_bounded_length(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct call_headers headers;
    struct http_head head;
    char key[300];

    (void)state;
    memset(key, 'k', sizeof(key));
    key[255] = '\0';
    head = head_with("Idempotency-Key", key);
    assert_ok(call_headers_read(arena, &head, true, &headers));
    assert_string_equal(headers.idempotency_key, key);
    head.fields[0].value.length = 256;
    assert_status(call_headers_read(arena, &head, true, &headers), STATUS_INVALID_ARGUMENT,
                  "INVALID_HEADER");
    assert_ok(call_headers_read(arena, &head, false, &headers));
    assert_string_equal(headers.idempotency_key, "");
    static const char *const bad[] = {"", "a b", "\xc3\xa9", "a\tb"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        head = head_with("Idempotency-Key", bad[i]);
        assert_status(call_headers_read(arena, &head, true, &headers), STATUS_INVALID_ARGUMENT,
                      "INVALID_HEADER");
    }
    head = head_with("Idempotency-Key", "a");
    head.fields[head.field_count++] = head.fields[0];
    assert_status(call_headers_read(arena, &head, true, &headers), STATUS_INVALID_ARGUMENT,
                  "INVALID_HEADER");
    arena_free(arena);
}

static void if_match_is_the_etag_of_the_resource(void **state)
{
    static const struct {
        const char *value;
        const char *etag; /* NULL: refused */
    } cases[] = {{"\"abc\"", "abc"},
                 {"\"abc.0123456789abcdef\"", "abc"},
                 {"abc", "abc"},
                 {"*", "*"},
                 {"\"*\"", "\"*\""},
                 {"W/\"abc\"", "W/\"abc\""},
                 {"\"a\", \"b\"", NULL},
                 {"\"\"", NULL},
                 {"", NULL}};
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with("If-Match", cases[i].value);
        struct call_headers headers;
        const struct status status = call_headers_read(arena, &head, true, &headers);

        assert_int_equal(status.code == STATUS_OK, cases[i].etag != NULL);
        if (cases[i].etag != NULL) {
            assert_string_equal(headers.if_match, cases[i].etag);
            assert_true(headers.has_if_match);
        }
    }
    arena_free(arena);
}

static void if_none_match_compares_weakly(void **state)
{
    static const struct {
        const char *value;
        bool matches;
    } cases[] = {
        {"\"t\"", true}, {"W/\"t\"", true},    {"\"a\", \"t\"", true}, {"\"a\",W/\"t\",", true},
        {"*", true},     {"\"a\"", false},     {"t", false},           {"\"t", false},
        {"", false},     {"\"a,\"t\"", false}, {"W/", false},          {"\"", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with("if-none-match", cases[i].value);

        if (if_none_match(&head, slice_from("\"t\"")) != cases[i].matches) {
            fail_msg("%s", cases[i].value);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_is_read_from_either_header),
        cmocka_unit_test(an_idempotency_key_is_visible_and_of_bounded_length),
        cmocka_unit_test(if_match_is_the_etag_of_the_resource),
        cmocka_unit_test(if_none_match_compares_weakly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
