/* digest_test.c - tests digest.c and ids.c. */
#include "unit.h"

#include "base/digest.h"
#include "base/ids.h"

#include <stdlib.h>
#include <string.h>

static void assert_digest(struct slice data, const char *wanted)
{
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_HEX_BYTES];

    digest(data, hash);
    hex_encode(hash, sizeof(hash), text);
    assert_string_equal(text, wanted);
}

static void digests_are_sha256(void **state)
{
    static char many[1000000];

    (void)state;
    memset(many, 'a', sizeof(many));
    /* FIPS 180-4's examples. */
    assert_digest((struct slice){.data = NULL, .length = 0},
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(slice_from("abc"),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest((struct slice){.data = many, .length = sizeof(many)},
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void parts_hash_as_the_whole(void **state)
{
    const struct slice parts[] = {slice_from("a"), {NULL, 0}, slice_from("b"), slice_from("c")};
    uint8_t whole[DIGEST_BYTES];
    uint8_t hash[DIGEST_BYTES];

    (void)state;
    digest(slice_from("abc"), whole);
    digest_many(parts, 4, hash);
    assert_memory_equal(hash, whole, sizeof(hash));
    digest_many(parts, 3, hash);
    assert_memory_not_equal(hash, whole, sizeof(hash));
}

static void hex_is_lower_case_and_ends_with_nul(void **state)
{
    const uint8_t bytes[] = {0x00, 0x0f, 0xf0, 0xab};
    char text[9];

    (void)state;
    memset(text, 'x', sizeof(text));
    hex_encode(bytes, sizeof(bytes), text);
    assert_string_equal(text, "000ff0ab");
    hex_encode(bytes, 0, text);
    assert_string_equal(text, "");
}

static void random_bytes_differ(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    random_bytes(b, 0);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void uuids_are_of_version_7_and_in_order_of_time(void **state)
{
    char first[UUID_TEXT_BYTES];
    char second[UUID_TEXT_BYTES];
    char later[UUID_TEXT_BYTES];

    (void)state;
    /* RFC 9562, A.6: 1645557742000 ms is 017f22e2-79b0. */
    uuid_make(INT64_C(1645557742000999), first);
    uuid_make(INT64_C(1645557742000999), second);
    uuid_make(INT64_C(1645557742001000), later);
    assert_int_equal(strlen(first), 36);
    assert_memory_equal(first, "017f22e2-79b0-7", 15);
    assert_memory_equal(later, "017f22e2-79b1-7", 15);
    assert_non_null(strchr("89ab", first[19]));
    for (size_t i = 0; i < 36; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? first[i] == '-' : strchr("0123456789abcdef", first[i]) != NULL);
    }
    assert_string_not_equal(first, second);
    assert_true(strcmp(second, later) < 0);
    assert_true(id_is_valid(slice_from(first)));
}

static void ids_have_1_to_63_of_a_few_characters(void **state)
{
    static const char *const bad[] = {"", "A", "a_b", "a/b", "a b", "ấ", "a.", "a\n"};
    char longest[ID_MAX_BYTES + 1];

    (void)state;
    memset(longest, 'z', sizeof(longest));
    assert_true(id_is_valid((struct slice){.data = longest, .length = ID_MAX_BYTES}));
    assert_false(id_is_valid((struct slice){.data = longest, .length = ID_MAX_BYTES + 1}));
    assert_true(id_is_valid(slice_from("-")));
    assert_true(id_is_valid(slice_from("wind-power-2022")));
    assert_false(id_is_valid((struct slice){.data = "a\0", .length = 2}));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(id_is_valid(slice_from(bad[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_sha256),
        cmocka_unit_test(parts_hash_as_the_whole),
        cmocka_unit_test(hex_is_lower_case_and_ends_with_nul),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(uuids_are_of_version_7_and_in_order_of_time),
        cmocka_unit_test(ids_have_1_to_63_of_a_few_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
