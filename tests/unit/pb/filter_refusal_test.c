/* filter_refusal_test.c - filters that are refused, at which byte and why. */
#include "unit.h"

#include "everything.h"
#include "pb/filter.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 22 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct {
    const char *text;
    int byte;
    const char *says;
} refusals[] = {
    /* Grammar. */
    {"string_value", 1, "words without a field"},
    {"\"string value\"", 1, "name of a field"},
    {"a b", 1, "words without a field"},
    {"= 1", 1, "name of a field"},
    {"int32_value =", 14, "expected a value"},
    {"int32_value = ", 15, "expected a value"},
    {"int32_value == 1", 14, "expected a value"},
    {"int32_value = = 1", 15, "expected a value"},
    {"int32_value ! 1", 1, "expected one of"},
    {"int32_value <> 1", 14, "expected a value"},
    {"int32_value = AND", 15, "expected a value"},
    {"int32_value = 1 AND", 20, "name of a field"},
    {"int32_value = 1 OR", 19, "name of a field"},
    {"int32_value = 1 AND AND int32_value = 1", 21, "expected one of"},
    {"AND int32_value = 1", 1, "expected one of"},
    {"OR", 1, "expected one of"},
    {"NOT", 4, "name of a field"},
    {"-", 2, "name of a field"},
    {"NOT NOT int32_value = 1", 5, "expected one of"},
    {"int32_value = 1 and int32_value = 1", 17, "expected one of"},
    {"(int32_value = 1", 17, "expected ')' for the '(' at byte 1"},
    {"int32_value = 1)", 16, "a ')' without a '('"},
    {"()", 2, "name of a field"},
    {"int32_value = (1 OR 2)", 15, "for several write"},
    {"int32_value = 1 (", 18, "name of a field"},
    {"int32_value(1)", 1, "expected one of"},
    {"string_value = \"abc", 20, "not closed"},
    {"string_value = 'abc\"", 21, "not closed"},
    {"string_value = \"a\\", 19, "after a backslash"},
    {"string_value = \"a\\n\"", 19, "after a backslash"},
    {"string_value = \"a\"b", 19, "end of the value"},
    {"string_value = a\"b\"", 17, "end of the value"},
    {"string_value = a=b", 17, "end of the value"},
    {".string_value = a", 1, "name of a field"},
    {"leaf. = a", 6, "name of a field"},
    {"leaf..count = 1", 6, "name of a field"},
    {"leaf .count = 1", 1, "expected one of"},
    {"int32_value = 1, color = COLOR_RED", 15, "must be an integer"},
    /* Fields. */
    {"nope = 1", 1, "no field \"nope\""},
    {"leaf.nope = 1", 6, "no field \"nope\""},
    {"int32_value.x = 1", 13, "no field \"x\""},
    {"create_time.seconds = 1", 13, "no field"},
    {"double_wrapper.value = 1", 16, "no field"},
    {"color = COLOR_RED AND nope = 1", 23, "no field \"nope\""},
    {"labels.a.b = c", 10, "no field \"b\""},
    {"by_int32.x = c", 10, "must be an integer"},
    {"a.b.c.d.e.f.g.h.i = 1", 17, "more than 8"},
    /* Values. */
    {"int32_value = x", 15, "must be an integer"},
    {"int32_value = 1.5", 15, "must be an integer"},
    {"int32_value = 2147483648", 15, "must be an integer"},
    {"int32_value = \"1\"", 15, "without quotes"},
    {"uint64_value = -1", 16, "must be an integer"},
    {"double_value = 1e999", 16, "must be a number"},
    {"double_wrapper > \"5\"", 18, "without quotes"},
    {"bool_value = 1", 14, "must be true or false"},
    {"bool_value = \"true\"", 14, "true or false, without quotes"},
    {"bool_value < true", 14, "no order"},
    {"color = RED", 9, "must be one of COLOR_NEGATIVE, COLOR_UNSPECIFIED, COLOR_RED"},
    {"color = 1", 9, "must be one of"},
    {"color > COLOR_RED", 9, "no order"},
    {"color = \"*\"", 9, "must be one of"},
    {"create_time > 2022-03-25", 15, "must be a time"},
    {"create_time = \"2022-13-01T00:00:00Z\"", 15, "must be a time"},
    {"timeout > 5", 11, "must be seconds"},
    {"bytes_value = AA", 15, "takes only \":*\""},
    {"leaf = x", 8, "takes only \":*\""},
    {"leaf:count", 6, "takes only \":*\""},
    {"detail = x", 10, "takes only \":*\""},
    {"strings = a", 1, "takes only \":\""},
    {"strings != a", 1, "takes only \":\""},
    {"leaves.count > 1", 1, "takes only \":\""},
    {"labels = a", 1, "takes only \":\""},
    {"by_int32:x", 10, "must be an integer"},
    {"string_value = \"\xff\"", 1, "UTF-8"},
};

static void filters_that_are_none_are_refused_at_their_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct filter *filter = NULL;
        char place[32];
        const struct status status = filter_parse(arena, EVERYTHING, refusals[i].text, &filter);
        (void)snprintf(place, sizeof(place), "(byte %d)", refusals[i].byte);
        if (status.code != STATUS_INVALID_ARGUMENT || strstr(status.message, place) == NULL ||
            strstr(status.message, refusals[i].says) == NULL) {
            fail_msg("%s: %s", refusals[i].text, status.message != NULL ? status.message : "OK");
        }
        assert_string_equal(status.reason, "INVALID_FILTER");
        assert_string_equal(status.field, "filter");
        assert_null(filter);
    }
}

static struct status parse_repeated(const char *head, const char *part, int times, const char *tail)
{
    static char text[1 << 16];
    const struct filter *filter = NULL;
    size_t length = (size_t)snprintf(text, sizeof(text), "%s", head);

    for (int i = 0; i < times; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", part);
    }
    (void)snprintf(text + length, sizeof(text) - length, "%s", tail);
    arena_reset(arena);
    return filter_parse(arena, EVERYTHING, text, &filter);
}

static void length_terms_and_depth_are_bounded(void **state)
{
    (void)state;
    assert_ok(parse_repeated("", "int32_value=1 ", FILTER_TERMS_MAX, ""));
    assert_status(parse_repeated("", "int32_value=1 ", FILTER_TERMS_MAX + 1, ""),
                  STATUS_INVALID_ARGUMENT, "INVALID_FILTER");
    assert_ok(parse_repeated("", "(", FILTER_DEPTH_MAX, "int32_value=1))))))))))))))))"));
    assert_status(parse_repeated("", "(", FILTER_DEPTH_MAX + 1, "int32_value=1)))))))))))))))))"),
                  STATUS_INVALID_ARGUMENT, "INVALID_FILTER");
    assert_status(parse_repeated("", "-(", 2000, ""), STATUS_INVALID_ARGUMENT, "INVALID_FILTER");
    assert_ok(parse_repeated("string_value=\"", "x", FILTER_TEXT_MAX_BYTES - 15, "\""));
    assert_status(parse_repeated("string_value=\"", "x", FILTER_TEXT_MAX_BYTES - 14, "\""),
                  STATUS_INVALID_ARGUMENT, "INVALID_FILTER");
    assert_status(parse_repeated("", " ", 60000, ""), STATUS_INVALID_ARGUMENT, "INVALID_FILTER");
}

static void whatever_allocation_fails_the_call_ends_with_a_status(void **state)
{
    static const char text[] = "(int32_value = 1 OR labels.\"a b\" = \"Be\u0302\u0301n*\") AND "
                               "NOT leaf.display_name : x color = COLOR_RED";

    (void)state;
    for (size_t limit = 0;; limit += 16) {
        struct arena *small = arena_new(limit);
        const struct filter *filter = NULL;
        const struct status status =
            status_within(small, filter_parse(small, EVERYTHING, text, &filter));
        arena_free(small);
        if (status.code == STATUS_OK) {
            return;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    }
}

static void a_filter_cut_anywhere_crashes_nothing(void **state)
{
    static const char text[] = "(int32_value = 1 OR labels.\"a \\\"b\" = \"Be\u0302\u0301n*\") AND "
                               "NOT leaf.display_name : 'x' -color = COLOR_RED leaves.count:7";

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        const struct filter *filter = NULL;
        char cut[sizeof(text)];
        memcpy(cut, text, length);
        cut[length] = '\0';
        const struct status status = filter_parse(arena, EVERYTHING, cut, &filter);
        assert_true(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_that_are_none_are_refused_at_their_byte),
        cmocka_unit_test(length_terms_and_depth_are_bounded),
        cmocka_unit_test(whatever_allocation_fails_the_call_ends_with_a_status),
        cmocka_unit_test(a_filter_cut_anywhere_crashes_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
