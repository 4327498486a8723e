/* http_head_test.c - tests http_head.c. */
#include "unit.h"

#include "base/status.h"
#include "http/http_head.h"

#include <stdio.h>
#include <string.h>

/* The code of the refusal; 200 when the head is taken, 0 when it is not complete. */
static int judge(const char *data, size_t length, struct http_head *head)
{
    struct http_scan scan = {0};
    struct http_refusal refusal = {0};

    switch (http_head_scan(&scan, data, length, &refusal)) {
    case HTTP_SCAN_MORE:
        return 0;
    case HTTP_SCAN_REFUSED:
        return status_http_code(status_of(refusal.reason, NULL));
    case HTTP_SCAN_DONE:
        break;
    }
    return http_head_parse((struct slice){data, scan.offset}, head, &refusal)
               ? 200
               : status_http_code(status_of(refusal.reason, NULL));
}

static int judge_text(const char *text)
{
    struct http_head head;

    return judge(text, strlen(text), &head);
}

#define HOST "Host: a\r\n"

static void what_two_readers_could_understand_differently_is_refused(void **state)
{
    static const struct {
        int code;
        const char *text;
    } cases[] = {
        {200, "GET / HTTP/1.1\r\n" HOST "\r\n"},
        {200, "GET / HTTP/1.0\r\n\r\n"},
        {200, "GET /a?b=c%20d HTTP/1.1\r\nhOsT:a:80\r\n\r\n"},
        {200, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"},
        {200, "GET / HTTP/1.1\r\n" HOST "X:\t padded \t\r\nY:\r\n\r\n"},
        {200, "GET http://b.example:80/x?y HTTP/1.1\r\nHost: b.example:80\r\n\r\n"},
        {200, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"},
        {200, "GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n"},
        {200, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"},
        {200, "POST / HTTP/1.1\r\n" HOST "Content-Length: 007\r\n\r\n"},
        /* Lines. */
        {400, "GET / HTTP/1.1\n" HOST "\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X: a\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "\rX: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n"},
        {400, "\r\n\r\n"},
        {400, "\nGET / HTTP/1.1\r\n"},
        /* The request line. */
        {400, "GET /\r\n"},
        {400, "GET\r\n"},
        {400, "GET  / HTTP/1.1\r\n"},
        {400, "GET / HTTP/1.1 \r\n"},
        {400, "GET / HTTP/1.1 x\r\n"},
        {400, "GET /a b HTTP/1.1\r\n"},
        {400, "GET /\tHTTP/1.1\r\n"},
        {400, " GET / HTTP/1.1\r\n"},
        {400, "G(T / HTTP/1.1\r\n"},
        {400, "GET / http/1.1\r\n"},
        {400, "GET / HTTP/1.10\r\n"},
        {400, "GET / HTTP/11\r\n"},
        {400, "GET /% HTTP/1.1\r\n"},
        {400, "GET /%2 HTTP/1.1\r\n"},
        {400, "GET /%zz HTTP/1.1\r\n"},
        {400, "GET /?a=%g0 HTTP/1.1\r\n"},
        {400, "GET /#a HTTP/1.1\r\n"},
        {400, "GET /\xc3\xa9 HTTP/1.1\r\n"},
        {400, "GET a HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET * HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET https://a/ HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET http:///x HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET http://u@b/ HTTP/1.1\r\n" HOST "\r\n"},
        {501, "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n"},
        {501, "BREW / HTTP/1.1\r\n" HOST "\r\n"},
        {505, "GET / HTTP/2.0\r\n"},
        {505, "GET / HTTP/1.2\r\n"},
        {505, "PRI * HTTP/2.0\r\n\r\n"},
        /* Fields. */
        {400, "GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X\xc3: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n"},
        /* Hosts. */
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
        {400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n"},
        {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
        {421, "GET http://b/ HTTP/1.1\r\n" HOST "\r\n"},
        {421, "GET http://b/ HTTP/1.0\r\n" HOST "\r\n"},
        {421, "GET http://a:8080/ HTTP/1.1\r\n" HOST "\r\n"},
        {421, "GET http://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n"},
        {421, "GET http://a./ HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET http://a/ HTTP/1.1\r\n\r\n"},
        {400, "GET http://a/ HTTP/1.1\r\n" HOST HOST "\r\n"},
        /* Lengths. */
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" HOST
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {417, "POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int code = judge_text(cases[i].text);

        if (code != cases[i].code) {
            fail_msg("%d instead of %d for:\n%s", code, cases[i].code, cases[i].text);
        }
    }
}

static void a_nul_is_refused_in_names_and_values(void **state)
{
    static const char name[] = "GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n";
    static const char value[] = "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n";
    struct http_head head;

    (void)state;
    assert_int_equal(judge(name, sizeof(name) - 1, &head), 400);
    assert_int_equal(judge(value, sizeof(value) - 1, &head), 400);
}

static void every_part_of_a_head_is_found(void **state)
{
    static const char text[] = "PATCH /v1/x%20y?a=1?2 HTTP/1.1\r\nHost: a\r\nIf-Match: \"t\" \r\n"
                               "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\nrest";
    struct http_head head;
    struct slice value = {0};

    (void)state;
    assert_int_equal(judge(text, sizeof(text) - 1, &head), 200);
    assert_true(slice_is(head.method, "PATCH"));
    assert_true(slice_is(head.path, "/v1/x%20y"));
    assert_true(slice_is(head.query, "a=1?2"));
    assert_int_equal(head.field_count, 4);
    assert_true(http_head_find(&head, "if-match", &value));
    assert_true(slice_is(value, "\"t\""));
    assert_false(http_head_find(&head, "if-matc", &value));
    assert_int_equal(head.content_length, 12);
    assert_true(head.expects_continue);
    assert_true(head.keep_alive);
    assert_false(head.is_chunked);
}

static void absolute_form_gives_path_and_query(void **state)
{
    static const struct {
        const char *target;
        const char *path;
        const char *query;
        const char *host;
    } cases[] = {{"http://h", "/", "", "h"},
                 {"http://h?q", "/", "q", "h"},
                 {"HTTP://h:1/p", "/p", "", "h:1"},
                 {"http://h/p?q", "/p", "q", "h"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_head head;
        char text[100];

        (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].target,
                       cases[i].host);
        assert_int_equal(judge(text, strlen(text), &head), 200);
        assert_true(slice_is(head.path, cases[i].path));
        assert_true(slice_is(head.query, cases[i].query));
        assert_true(slice_is(head.host, cases[i].host));
    }
}

static void the_host_is_that_of_the_target_or_of_the_field(void **state)
{
    static const struct {
        const char *text;
        const char *host;
    } cases[] = {{"GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", "a:8080"},
                 {"GET / HTTP/1.1\r\nHost:  [::1]:80\t\r\n\r\n", "[::1]:80"},
                 {"GET / HTTP/1.0\r\n\r\n", ""},
                 {"GET http://b:1/ HTTP/1.0\r\n\r\n", "b:1"},
                 {"GET http://A:80/ HTTP/1.1\r\nHost: a\r\n\r\n", "a"},
                 {"GET http://a/ HTTP/1.1\r\nHost: a:\r\n\r\n", "a:"},
                 {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_head head;

        assert_int_equal(judge(cases[i].text, strlen(cases[i].text), &head), 200);
        if (!slice_is(head.host, cases[i].host)) {
            fail_msg("%.*s instead of %s", SLICE_ARGS(head.host), cases[i].host);
        }
    }
}

static void hosts_are_the_same_by_name_and_port(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        const char *port;
        bool is_same;
    } cases[] = {
        {"a", "A", "80", true},          {"a:80", "a", "80", true},
        {"a", "a:443", "443", true},     {"a:", "a", "80", true},
        {"a:80", "a", "443", false},     {"a:80", "a:443", "80", false},
        {"a:8080", "a", "80", false},    {"a80", "a", "80", false},
        {"a:180", "a:1", "80", false},   {"[::1]:80", "[::1]", "80", true},
        {"[::80]", "[::]", "80", false}, {"b", "a", "80", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct slice a = slice_from(cases[i].a);
        const struct slice b = slice_from(cases[i].b);

        if (http_same_host(a, b, cases[i].port) != cases[i].is_same ||
            http_same_host(b, a, cases[i].port) != cases[i].is_same) {
            fail_msg("%s and %s at %s", cases[i].a, cases[i].b, cases[i].port);
        }
    }
}

static void a_connection_is_kept_as_its_version_and_header_say(void **state)
{
    static const struct {
        bool keep_alive;
        const char *text;
    } cases[] = {
        {true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {false, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
        {false, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"},
        {false, "GET / HTTP/1.0\r\n\r\n"},
        {true, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_head head;

        assert_int_equal(judge(cases[i].text, strlen(cases[i].text), &head), 200);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
    }
}

static void a_head_is_judged_alike_however_it_is_cut(void **state)
{
    static const char *const texts[] = {
        "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: y\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
    };

    (void)state;
    for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
        struct http_scan whole = {0};
        struct http_refusal refusal;
        const enum http_scan_result expected =
            http_head_scan(&whole, texts[t], strlen(texts[t]), &refusal);
        struct http_scan scan = {0};
        enum http_scan_result result = HTTP_SCAN_MORE;

        for (size_t i = 1; i <= strlen(texts[t]) && result == HTTP_SCAN_MORE; i++) {
            result = http_head_scan(&scan, texts[t], i, &refusal);
        }
        assert_int_equal(result, expected);
        assert_int_equal(scan.offset, whole.offset);
    }
}

static void more_than_a_hundred_fields_are_too_many(void **state)
{
    char text[4096] = "GET / HTTP/1.1\r\nHost: a\r\n";
    struct http_head head;

    (void)state;
    for (int i = 1; i < HTTP_FIELDS_MAX; i++) {
        strcat(text, "X: y\r\n");
    }
    const size_t length = strlen(text);
    strcat(text, "\r\n");
    assert_int_equal(judge(text, strlen(text), &head), 200);
    assert_int_equal(head.field_count, HTTP_FIELDS_MAX);
    strcpy(text + length, "X: y\r\n\r\n");
    assert_int_equal(judge(text, strlen(text), &head), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_two_readers_could_understand_differently_is_refused),
        cmocka_unit_test(a_nul_is_refused_in_names_and_values),
        cmocka_unit_test(every_part_of_a_head_is_found),
        cmocka_unit_test(absolute_form_gives_path_and_query),
        cmocka_unit_test(the_host_is_that_of_the_target_or_of_the_field),
        cmocka_unit_test(hosts_are_the_same_by_name_and_port),
        cmocka_unit_test(a_connection_is_kept_as_its_version_and_header_say),
        cmocka_unit_test(a_head_is_judged_alike_however_it_is_cut),
        cmocka_unit_test(more_than_a_hundred_fields_are_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
