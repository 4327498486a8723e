/* trace_test.c - tests trace.c with the cases of the W3C's own test suite. */
#include "unit.h"

#include "base/trace.h"

#define TRACE "12345678901234567890123456789012"
#define SPAN "1234567890123456"

static bool parses(const char *text)
{
    struct trace trace = {.trace_id = "untouched"};
    const bool is_read = trace_parse(slice_from(text), &trace);

    if (!is_read) {
        assert_string_equal(trace.trace_id, "untouched");
    }
    return is_read;
}

static void a_good_one_is_read(void **state)
{
    struct trace trace;

    (void)state;
    assert_true(trace_parse(slice_from("00-" TRACE "-" SPAN "-01"), &trace));
    assert_string_equal(trace.trace_id, TRACE);
    assert_string_equal(trace.parent_id, SPAN);
    assert_string_equal(trace.span_id, "");
    assert_int_equal(trace.flags, 1);
    assert_true(parses("00-" TRACE "-" SPAN "-00"));
    assert_true(parses("00-" TRACE "-abcdef0123456789-ff"));
}

static void what_breaks_a_rule_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "00",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-",
        "00-" TRACE "-" SPAN,
        "0-" TRACE "-" SPAN "-01",
        "000-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-001",
        "00-" TRACE "-" SPAN "-01-",
        "00-" TRACE "-" SPAN "-01-more",
        "00-" TRACE "-" SPAN "-01 ",
        " 00-" TRACE "-" SPAN "-01",
        "ff-" TRACE "-" SPAN "-01",
        "FF-" TRACE "-" SPAN "-01",
        ".0-" TRACE "-" SPAN "-01",
        "0.-" TRACE "-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-1234567890123456789012345678901.-" SPAN "-01",
        "00-.2345678901234567890123456789012-" SPAN "-01",
        "00-1234567890123456789012345678901-" SPAN "-01",
        "00-123456789012345678901234567890123-" SPAN "-01",
        "00-1234567890123456789012345678901A-" SPAN "-01",
        "00-" TRACE "-123456789012345.-01",
        "00-" TRACE "-123456789012345-01",
        "00-" TRACE "-12345678901234567-01",
        "00-" TRACE "-123456789012345F-01",
        "00-" TRACE "-" SPAN "-.0",
        "00-" TRACE "-" SPAN "-0.",
        "00-" TRACE "-" SPAN "-0F",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (parses(wrong[i])) {
            fail_msg("taken: \"%s\"", wrong[i]);
        }
    }
}

static void one_with_a_nul_inside_is_none(void **state)
{
    char text[] = "00-" TRACE "-" SPAN "-01";
    struct trace trace;

    (void)state;
    text[10] = '\0';
    assert_false(trace_parse((struct slice){text, sizeof(text) - 1}, &trace));
}

static void a_later_version_may_have_more_behind_a_dash(void **state)
{
    (void)state;
    assert_true(parses("cc-" TRACE "-" SPAN "-01"));
    assert_true(parses("cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like"));
    assert_true(parses("fe-" TRACE "-" SPAN "-01-"));
    assert_false(parses("cc-" TRACE "-" SPAN "-01.what-the-future-will-be-like"));
    assert_false(parses("cc-" TRACE "-" SPAN "-011"));
}

static void only_known_flags_go_on(void **state)
{
    static const struct {
        const char *text;
        const char *flags;
    } cases[] = {{"00-" TRACE "-" SPAN "-00", "00"}, {"00-" TRACE "-" SPAN "-01", "01"},
                 {"00-" TRACE "-" SPAN "-02", "02"}, {"00-" TRACE "-" SPAN "-ff", "03"},
                 {"00-" TRACE "-" SPAN "-fc", "00"}, {"cc-" TRACE "-" SPAN "-09-x", "01"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace trace;
        char text[TRACEPARENT_BYTES];

        assert_true(trace_parse(slice_from(cases[i].text), &trace));
        trace_continue(&trace);
        trace_format(&trace, text);
        assert_string_equal(text + 53, cases[i].flags);
    }
}

static void a_span_of_ones_own_goes_on_in_the_same_trace(void **state)
{
    struct trace trace;
    struct trace next;
    char text[TRACEPARENT_BYTES];

    (void)state;
    assert_true(trace_parse(slice_from("00-" TRACE "-" SPAN "-01"), &trace));
    trace_continue(&trace);
    trace_format(&trace, text);
    assert_memory_equal(text, "00-" TRACE "-", 36);
    assert_memory_not_equal(text + 36, SPAN, 16);
    assert_true(trace_parse(slice_from(text), &next));
    assert_string_equal(next.trace_id, trace.trace_id);
    assert_string_equal(next.parent_id, trace.span_id);
}

static void new_traces_are_valid_and_different(void **state)
{
    enum { COUNT = 200 };
    struct trace traces[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char text[TRACEPARENT_BYTES];

        trace_begin(&traces[i]);
        assert_string_equal(traces[i].parent_id, "");
        trace_format(&traces[i], text);
        assert_true(parses(text));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(traces[k].trace_id, traces[i].trace_id);
            assert_string_not_equal(traces[k].span_id, traces[i].span_id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_is_read),
        cmocka_unit_test(what_breaks_a_rule_is_none),
        cmocka_unit_test(one_with_a_nul_inside_is_none),
        cmocka_unit_test(a_later_version_may_have_more_behind_a_dash),
        cmocka_unit_test(only_known_flags_go_on),
        cmocka_unit_test(a_span_of_ones_own_goes_on_in_the_same_trace),
        cmocka_unit_test(new_traces_are_valid_and_different),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
