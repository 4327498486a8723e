/* base64url_test.c - bytes go round, and each text stands for one run of bytes only. */
#include "unit.h"

#include "base/base64url.h"

#include <string.h>

static void known_texts_are_made(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"},
    };
    struct arena *arena = arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice bytes = {0};
        assert_string_equal(base64url_encode(arena, slice_from(cases[i][0])), cases[i][1]);
        assert_true(base64url_decode(arena, slice_from(cases[i][1]), &bytes));
        assert_true(slice_is(bytes, cases[i][0]));
    }
    arena_free(arena);
}

static void what_no_bytes_make_is_refused(void **state)
{
    static const char *const cases[] = {"A",    "AAAAA", "Zh",   "Zm9", "Zg==",     "Zg=",  "Zm9+",
                                        "Zm9/", " Zg",   "Zg\n", "Z g", "\xc3\xa9", "Z\x80"};
    struct arena *arena = arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice bytes = {0};
        if (base64url_decode(arena, slice_from(cases[i]), &bytes)) {
            fail_msg("\"%s\" was taken", cases[i]);
        }
        assert_null(bytes.data);
    }
    struct slice bytes = {0};
    assert_false(base64url_decode(arena, (struct slice){"Z\0", 2}, &bytes));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_are_made),
        cmocka_unit_test(what_no_bytes_make_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
