/* cache_entry_test.c - the bytes of an entry: whole, or nothing. */
#include "unit.h"

#include "base/digest.h"
#include "cache_entry.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1 << 20 };

static const char name[] = "dongkhoi:schema:Method:hash:anonymous:clusters=7.0000000000000007";

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

static const struct cache_parts parts = {
    .media = MEDIA_CSV,
    .entity_tag = TEXT("\"e1.0123\""),
    .fields = TEXT("Vary: Accept\r\nETag: \"e1.0123\"\r\nLink: </v1/x?a>; rel=\"next\"\r\n"),
    .body = TEXT("{\"name\":\"clusters/a\"}\n"),
};

static struct slice encode(struct buffer *out, const struct cache_parts *from)
{
    buffer_init(out, BUFFER_BYTES);
    cache_entry_encode(out, slice_from(name), from);
    assert_false(buffer_failed(out));
    return buffer_slice(out);
}

static bool decodes(struct slice bytes, const char *of)
{
    struct cache_parts read = {0};
    /* A block of its own, so that a byte read past the end is seen. */
    char *copy = malloc(bytes.length > 0 ? bytes.length : 1);

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.length);
    const bool is_read =
        cache_entry_decode((struct slice){copy, bytes.length}, slice_from(of), &read);
    if (is_read) {
        assert_true(slice_equals(read.body, parts.body));
    }
    free(copy);
    return is_read;
}

static void an_entry_reads_as_it_was_written(void **state)
{
    struct buffer out;
    struct cache_parts read = {.day = 5};

    (void)state;
    const struct slice bytes = encode(&out, &parts);
    assert_true(cache_entry_decode(bytes, slice_from(name), &read));
    assert_int_equal(read.media, MEDIA_CSV);
    assert_true(slice_equals(read.entity_tag, parts.entity_tag));
    assert_true(slice_equals(read.fields, parts.fields));
    assert_true(slice_equals(read.body, parts.body));
    assert_int_equal(read.day, 5);
    buffer_done(&out);
}

static void an_empty_body_is_one(void **state)
{
    struct buffer out;
    struct cache_parts read = {0};
    const struct cache_parts empty = {.media = MEDIA_JSON};

    (void)state;
    assert_true(cache_entry_decode(encode(&out, &empty), slice_from(name), &read));
    assert_int_equal(read.body.length, 0);
    buffer_done(&out);
}

static void an_entry_of_another_key_is_none(void **state)
{
    struct buffer out;

    (void)state;
    const struct slice bytes = encode(&out, &parts);
    assert_true(decodes(bytes, name));
    assert_false(
        decodes(bytes, "dongkhoi:schema:Method:hash:anonymous:clusters=8.0000000000000008"));
    assert_false(decodes(bytes, ""));
    buffer_done(&out);
}

static void an_entry_that_is_cut_off_anywhere_is_none(void **state)
{
    struct buffer out;

    (void)state;
    const struct slice bytes = encode(&out, &parts);
    for (size_t length = 0; length < bytes.length; length++) {
        assert_false(decodes((struct slice){bytes.data, length}, name));
        assert_false(decodes((struct slice){bytes.data + length, bytes.length - length}, name) &&
                     length > 0);
    }
    buffer_done(&out);
}

static void an_entry_with_any_bit_flipped_is_none(void **state)
{
    struct buffer out;

    (void)state;
    const struct slice bytes = encode(&out, &parts);
    for (size_t i = 0; i < bytes.length * 8; i++) {
        out.data[i / 8] = (char)(out.data[i / 8] ^ 1 << i % 8);
        assert_false(decodes(bytes, name));
        out.data[i / 8] = (char)(out.data[i / 8] ^ 1 << i % 8);
    }
    assert_true(decodes(bytes, name));
    buffer_append_char(&out, 'x');
    assert_false(decodes(buffer_slice(&out), name));
    buffer_done(&out);
}

static void only_our_header_lines_get_into_an_answer(void **state)
{
    static const char *const fields[] = {
        "Set-Cookie: a=b\r\n",
        "Vary: Accept\r\nContent-Length: 7\r\n",
        "Vary: Accept",
        "Vary: Accept\r",
        "Vary: Accept\n",
        "\r\n",
        "Vary: Accept\r\n\r\nbody",
        "Vary: a\nSet-Cookie: b\r\n",
        "ETag: \x01\r\n",
        "vary\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct cache_parts odd = parts;
        struct buffer out;

        odd.fields = slice_from(fields[i]);
        if (decodes(encode(&out, &odd), name)) {
            fail_msg("taken: %s", fields[i]);
        }
        buffer_done(&out);
    }
}

/* cache_entry_test [TEST] - all of them, or one. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_reads_as_it_was_written),
        cmocka_unit_test(an_empty_body_is_one),
        cmocka_unit_test(an_entry_of_another_key_is_none),
        cmocka_unit_test(an_entry_that_is_cut_off_anywhere_is_none),
        cmocka_unit_test(an_entry_with_any_bit_flipped_is_none),
        cmocka_unit_test(only_our_header_lines_get_into_an_answer),
    };

    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
