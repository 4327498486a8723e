/* http_chunk_test.c - tests http_chunk.c. */
#include "unit.h"

#include "http/http_chunk.h"

#include <stdio.h>
#include <string.h>

/* Feeds text in pieces of step bytes. True when the body ended at the end of text. */
static bool read_body(const char *text, size_t length, size_t step, char *body)
{
    struct http_chunk chunk = {0};
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        const size_t size = length - at < step ? length - at : step;
        struct slice data = {text + at, size};

        while (data.length > 0 && chunk.state != CHUNK_DONE) {
            struct slice piece;

            if (!http_chunk_read(&chunk, &data, &piece)) {
                return false;
            }
            memcpy(body + used, piece.data, piece.length);
            used += piece.length;
        }
        at += size;
        if (chunk.state == CHUNK_DONE) {
            body[used] = '\0';
            return data.length == 0 && at == length;
        }
    }
    return false;
}

static void a_body_is_joined_however_it_is_cut(void **state)
{
    static const char text[] = "5;name=\"v\"\r\nhello\r\nA\r\n0123456789\r\n0001\r\n!\r\n"
                               "0\r\nTrailer: x\r\n\r\n";
    char body[100];

    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        assert_true(read_body(text, sizeof(text) - 1, step, body));
        assert_string_equal(body, "hello0123456789!");
    }
}

static void extensions_and_trailers_are_read_past(void **state)
{
    static const char *const lines[] = {
        ";a",
        ";a=b",
        ";a;b",
        " ; a = b ; c",
        "\t;a\t=\t\"x y\"",
        ";a=\"\\\"\\\\\"",
        ";a=\"\"",
        ";a=\"b\";c",
        ";!#$%&'*+-.^_`|~=0",
    };
    char text[100];
    char body[100];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const int length = snprintf(text, sizeof(text), "1%s\r\nx\r\n0%s\r\nA-b: \"c\r\nd:\r\n\r\n",
                                    lines[i], lines[i]);

        for (size_t step = 1; step <= (size_t)length; step++) {
            assert_true(read_body(text, (size_t)length, step, body));
            assert_string_equal(body, "x");
        }
    }
}

static void malformed_chunks_are_refused(void **state)
{
    static const char *const cases[] = {
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhellox\r\n0\r\n\r\n",
        "g\r\n",
        "\r\n",
        "-1\r\n",
        "+1\r\na\r\n0\r\n\r\n",
        "0x1\r\na\r\n0\r\n\r\n",
        " 1\r\na\r\n0\r\n\r\n",
        "1 \r\na\r\n0\r\n\r\n",
        "1\r\na\r\n0\r\n\n",
        "1;a\nb\r\na\r\n0\r\n\r\n",
        "1;a\rb\r\na\r\n0\r\n\r\n",
        "1\r\na\r\n0\r\n b\r\n\r\n",
        "1\r\na\r\n0\r\nA: b\n\r\n",
        "1\r\na\r\n0\r\n:\r\n\r\n",
        "1\r\na\r\n0\r\nA: \x01\r\n\r\n",
        "1111111111111111\r\na\r\n0",
        "ffffffffffffffffff1\r\na",
        ";a\r\n0\r\n\r\n",
        "1\r\r\na\r\n0\r\n\r\n",
        "1\r\na\r\r\n0\r\n\r\n",
        "0\r\n\rX",
        "1;\r\na\r\n0\r\n\r\n",
        "1; \r\na\r\n0\r\n\r\n",
        "1;a[b=c\r\na\r\n0\r\n\r\n",
        "1;=c\r\na\r\n0\r\n\r\n",
        "1;a=\r\na\r\n0\r\n\r\n",
        "1;a=b=c\r\na\r\n0\r\n\r\n",
        "1;a b\r\na\r\n0\r\n\r\n",
        "1;a=b c\r\na\r\n0\r\n\r\n",
        "1;a \r\na\r\n0\r\n\r\n",
        "1;a=\"b\r\na\r\n0\r\n\r\n",
        "1;a=\"b\"c\r\na\r\n0\r\n\r\n",
        "1;a=\"b\\\r\na\r\n0\r\n\r\n",
        "1;;a\r\na\r\n0\r\n\r\n",
        "1\r\na\r\n0\r\nA b: c\r\n\r\n",
        "1\r\na\r\n0\r\nA\r\n\r\n",
        "1\r\na\r\n0\r\nA : b\r\n\r\n",
    };
    char body[100];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_chunk chunk = {0};
        struct slice data = slice_from(cases[i]);
        bool valid = true;

        while (valid && data.length > 0 && chunk.state != CHUNK_DONE) {
            struct slice piece;

            valid = http_chunk_read(&chunk, &data, &piece);
        }
        if (valid) {
            fail_msg("taken: %s", cases[i]);
        }
        assert_false(read_body(cases[i], strlen(cases[i]), 1, body));
    }
}

static void extensions_and_trailers_have_a_budget(void **state)
{
    struct http_chunk chunk = {0};
    struct slice data = slice_from("1;");
    struct slice piece;
    unsigned taken = 0;

    (void)state;
    assert_true(http_chunk_read(&chunk, &data, &piece));
    do {
        data = slice_from("x");
    } while (http_chunk_read(&chunk, &data, &piece) && ++taken < 100000);
    assert_int_equal(taken, HTTP_CHUNK_EXTRA_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_joined_however_it_is_cut),
        cmocka_unit_test(extensions_and_trailers_are_read_past),
        cmocka_unit_test(malformed_chunks_are_refused),
        cmocka_unit_test(extensions_and_trailers_have_a_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
