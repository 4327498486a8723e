/* text_test.c - tests text.c. */
#include "unit.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

enum { LIMIT_BYTES = 64 << 20 };

#define BYTES(literal) ((struct slice){.data = (literal), .length = sizeof(literal) - 1})

static void valid_utf8_is_valid(void **state)
{
    (void)state;
    assert_true(utf8_is_valid((struct slice){.data = NULL, .length = 0}));
    assert_true(utf8_is_valid(BYTES("a\0b")));
    assert_true(utf8_is_valid(slice_from("Đồng khởi mới")));
    assert_true(utf8_is_valid(BYTES("\xc2\x80\xdf\xbf")));
    assert_true(utf8_is_valid(BYTES("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")));
    assert_true(utf8_is_valid(BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
}

static void invalid_utf8_is_refused(void **state)
{
    static const struct slice texts[] = {
        BYTES("\x80"),
        BYTES("\xbf"),
        BYTES("\xc0\x80"),
        BYTES("\xc1\xbf"),
        BYTES("\xc2"),
        BYTES("\xc2\x20"),
        BYTES("\xc2\xc2"),
        BYTES("\xe0\x9f\xbf"),
        BYTES("\xe0\x80\x80"),
        BYTES("\xed\xa0\x80"),
        BYTES("\xed\xbf\xbf"),
        BYTES("\xe1\xba"),
        BYTES("\xe1\xba\x20"),
        BYTES("\xe1"),
        BYTES("\xf0\x8f\xbf\xbf"),
        BYTES("\xf4\x90\x80\x80"),
        BYTES("\xf5\x80\x80\x80"),
        BYTES("\xf0\x90\x80"),
        BYTES("\xf0\x90\x80\x20"),
        BYTES("\xf8\x88\x80\x80\x80"),
        BYTES("\xfe"),
        BYTES("\xff"),
        BYTES("a\xc3"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (utf8_is_valid(texts[i])) {
            fail_msg("case %zu is not UTF-8", i);
        }
    }
}

static void validity_agrees_with_the_definition_for_every_code_point(void **state)
{
    (void)state;
    for (utf8proc_int32_t point = 0; point <= 0x10ffff; point++) {
        char bytes[4];
        if (point >= 0xd800 && point <= 0xdfff) {
            continue;
        }
        const size_t length = (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)bytes);
        const struct slice text = {.data = bytes, .length = length};
        assert_int_equal(utf8_code_point_bytes(text), length);
        if (length > 1) {
            assert_int_equal(
                utf8_code_point_bytes((struct slice){.data = bytes, .length = length - 1}), 0);
        }
    }
}

static const char *nfc(struct arena *arena, const char *text)
{
    const char *normal = NULL;

    assert_ok(text_to_nfc(arena, text, &normal));
    return normal;
}

static void vietnamese_becomes_nfc(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);

    (void)state;
    assert_string_equal(nfc(arena, "Be\xcc\x82\xcc\x81n Tre"), "Bến Tre");
    /* The dot below sorts before the circumflex, and both join. */
    assert_string_equal(nfc(arena, "Vie\xcc\xa3\xcc\x82t"), "Việt");
    assert_string_equal(nfc(arena, "Vie\xcc\x82\xcc\xa3t"), "Việt");
    assert_string_equal(nfc(arena, "Vi\xe1\xba\xb9\xcc\x82t"), "Việt");
    assert_string_equal(nfc(arena, "\xc6\xa0\xcc\x89"), "Ở");
    assert_string_equal(nfc(arena, "o\xcc\x9b\xcc\x89"), "ở");
    assert_string_equal(nfc(arena, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "한");
    assert_string_equal(nfc(arena, "\xe2\x84\xa6"), "Ω");
    /* Decomposes and stays so. */
    assert_string_equal(nfc(arena, "\xe0\xa5\x98"), "\xe0\xa4\x95\xe0\xa4\xbc");
    arena_free(arena);
}

static void what_is_nfc_comes_back_as_it_is(void **state)
{
    static const char *const texts[] = {
        "",
        "plain",
        "Sở Công Thương tỉnh Bến Tre – “Đồng khởi mới”…",
        "đ",
        "ở",
        "한국",
        "\xcc\x81",
        "x\xcc\xa3\xcc\x81",
        "𝄞",
    };
    struct arena *arena = arena_new(LIMIT_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_ptr_equal(nfc(arena, texts[i]), texts[i]);
    }
    arena_free(arena);
}

static void compatibility_is_not_folded(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);
    const char *text = "ﬁ①Ａ²";

    (void)state;
    assert_ptr_equal(nfc(arena, text), text);
    arena_free(arena);
}

/* Also checks the short cut for plain text: utf8proc is asked about every code point. */
static void every_code_point_agrees_with_utf8proc(void **state)
{
    struct arena *arena = arena_new(LIMIT_BYTES);

    (void)state;
    for (utf8proc_int32_t point = 1; point <= 0x10ffff; point++) {
        char text[16] = "e\xcc\x81";
        if (point >= 0xd800 && point <= 0xdfff) {
            continue;
        }
        /* Past the last assigned planes there is nothing to decompose. */
        if (point == 0x30000) {
            point = 0xe0000;
        }
        (void)utf8proc_encode_char(point, (utf8proc_uint8_t *)text + 3);
        utf8proc_uint8_t *wanted = utf8proc_NFC((utf8proc_uint8_t *)text + 3);
        assert_string_equal(nfc(arena, text + 3), (char *)wanted);
        free(wanted);
        wanted = utf8proc_NFC((utf8proc_uint8_t *)text);
        assert_string_equal(nfc(arena, text), (char *)wanted);
        free(wanted);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void random_marks_agree_with_utf8proc(void **state)
{
    static const char *const parts[] = {
        "e",
        "o",
        "\xcc\x82",
        "\xcc\x81",
        "\xcc\xa3",
        "\xcc\x9b",
        "\xcd\x85",
        "\xe1\xba\xb9",
        "ơ",
        "\xd6\x91",
        "\xe3\x82\x99",
        "\xcc\xb8",
        "\xe1\x84\x92",
        "\xe1\x85\xa1",
        "\xe1\x86\xab",
    };
    struct arena *arena = arena_new(LIMIT_BYTES);
    uint64_t seed = 1234567;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[128] = "";
        for (int part = 0; part < 12; part++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            strcat(text, parts[(seed >> 33) % (sizeof(parts) / sizeof(parts[0]))]);
        }
        utf8proc_uint8_t *wanted = utf8proc_NFC((utf8proc_uint8_t *)text);
        const char *normal = nfc(arena, text);
        assert_string_equal(normal, (char *)wanted);
        assert_ptr_equal(nfc(arena, normal), normal);
        free(wanted);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void a_megabyte_of_marks_in_the_wrong_order_takes_no_time(void **state)
{
    enum { MARKS = 250000 };
    struct arena *arena = arena_new(LIMIT_BYTES);
    char *text = malloc(4 * MARKS + 2);

    (void)state;
    text[0] = 'x';
    for (size_t i = 0; i < MARKS; i++) {
        memcpy(text + 1 + 2 * i, "\xcc\x82", 2);
        memcpy(text + 1 + 2 * (MARKS + i), "\xcc\xa3", 2);
    }
    text[4 * MARKS + 1] = '\0';
    /* Of the processor, which does not depend on what else the machine does; a sort that compares
     * each mark with each takes minutes. */
    const clock_t start = clock();
    const char *normal = nfc(arena, text);
    assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
    assert_memory_equal(normal, "x\xcc\xa3\xcc\xa3", 5);
    assert_int_equal(strlen(normal), 4 * MARKS + 1);
    free(text);
    arena_free(arena);
}

static void whatever_allocation_fails_nfc_says_so(void **state)
{
    const char *text = "Vie\xcc\x82\xcc\xa3t";
    const char *normal = NULL;
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *arena = arena_new(limit);
        const struct status status = status_within(arena, text_to_nfc(arena, text, &normal));
        if (status.code == STATUS_OK) {
            assert_string_equal(normal, "Việt");
            arena_free(arena);
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        arena_free(arena);
    }
    assert_true(limit > 0);
}

static void names_are_told_apart_without_case_blanks_and_what_is_unseen(void **state)
{
    static const struct {
        const char *text;
        const char *folded;
    } rows[] = {
        {"", ""},
        {" \t\n", ""},
        {"Nguyễn Văn A", "nguyễn văn a"},
        {"  NGUYỄN \t VĂN  A ", "nguyễn văn a"},
        {"ĐẶNG Ư", "đặng ư"},
        {"a\xc2\xa0"
         "b",
         "a b"},
        {"a\xe2\x80\x8b"
         "b",
         "ab"},
        {"Ⱥ", "ⱥ"}, /* three bytes of two */
        {"a b", "a b"},
    };
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *folded = NULL;

        assert_ok(text_fold(arena, rows[i].text, &folded));
        assert_string_equal(folded, rows[i].folded);
    }
    arena_free(arena);
}

static void whatever_allocation_fails_folding_says_so(void **state)
{
    const char *folded = NULL;
    size_t limit = 0;

    (void)state;
    for (;; limit += 16) {
        struct arena *arena = arena_new(limit);
        const struct status status =
            status_within(arena, text_fold(arena, "Nguyễn Văn A", &folded));
        if (status.code == STATUS_OK) {
            assert_string_equal(folded, "nguyễn văn a");
            arena_free(arena);
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        arena_free(arena);
    }
    assert_true(limit > 0);
}

static void a_hash_goes_on_where_the_last_ended(void **state)
{
    (void)state;
    /* The vectors of FNV's authors. */
    assert_int_equal(text_hash(TEXT_HASH_START, ""), UINT64_C(0xcbf29ce484222325));
    assert_int_equal(text_hash(TEXT_HASH_START, "a"), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(text_hash(TEXT_HASH_START, "foobar"), UINT64_C(0x85944171f73967e8));
    assert_int_equal(text_hash(text_hash(TEXT_HASH_START, "foo"), "bar"),
                     UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_utf8_is_valid),
        cmocka_unit_test(invalid_utf8_is_refused),
        cmocka_unit_test(validity_agrees_with_the_definition_for_every_code_point),
        cmocka_unit_test(vietnamese_becomes_nfc),
        cmocka_unit_test(what_is_nfc_comes_back_as_it_is),
        cmocka_unit_test(compatibility_is_not_folded),
        cmocka_unit_test(every_code_point_agrees_with_utf8proc),
        cmocka_unit_test(random_marks_agree_with_utf8proc),
        cmocka_unit_test(a_megabyte_of_marks_in_the_wrong_order_takes_no_time),
        cmocka_unit_test(whatever_allocation_fails_nfc_says_so),
        cmocka_unit_test(names_are_told_apart_without_case_blanks_and_what_is_unseen),
        cmocka_unit_test(whatever_allocation_fails_folding_says_so),
        cmocka_unit_test(a_hash_goes_on_where_the_last_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
