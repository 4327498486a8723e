/* workdays_test.c - tests of working days against a count day by day. */
#include "unit.h"

#include "base/clock.h"
#include "workdays.h"

static int32_t day_of(const char *date)
{
    int32_t day = 0;

    assert_true(date_parse(slice_from(date), &day));
    return day;
}

static struct workdays parsed(struct arena *arena, const char *text)
{
    struct workdays workdays = {0};
    unsigned line = 0;

    assert_true(workdays_parse(arena, slice_from(text), &workdays, &line));
    return workdays;
}

static void a_list_is_sorted_and_loses_weekends_and_doubles(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const struct workdays workdays = parsed(
        arena, "# days off\r\n2022-09-02 # Friday\n\n  2022-09-01\t\n2022-09-03\n2022-09-02");

    (void)state;
    assert_int_equal(workdays.holiday_count, 2);
    assert_int_equal(workdays.holidays[0], day_of("2022-09-01"));
    assert_int_equal(workdays.holidays[1], day_of("2022-09-02"));
    arena_free(arena);
}

static void a_line_that_is_no_date_is_named(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct workdays workdays = {0};
    unsigned line = 0;

    (void)state;
    assert_false(workdays_parse(arena, slice_from("2022-09-02\n2022-13-01\n"), &workdays, &line));
    assert_int_equal(line, 2);
    assert_false(workdays_parse(arena, slice_from("02/09/2022"), &workdays, &line));
    assert_int_equal(line, 1);
    assert_int_equal(workdays.holiday_count, 0);
    arena_free(arena);
}

static void an_empty_list_and_comments_alone_are_no_holidays(void **state)
{
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    assert_int_equal(parsed(arena, "").holiday_count, 0);
    assert_int_equal(parsed(arena, "# nothing\n\n#").holiday_count, 0);
    arena_free(arena);
}

static void weekends_and_holidays_are_no_working_days(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const struct workdays workdays = parsed(arena, "2022-09-01\n2022-09-02\n");

    (void)state;
    assert_true(workday_is(&workdays, day_of("2022-08-31")));
    assert_false(workday_is(&workdays, day_of("2022-09-01")));
    assert_false(workday_is(&workdays, day_of("2022-09-03")));
    assert_false(workday_is(&workdays, day_of("2022-09-04")));
    assert_true(workday_is(&workdays, day_of("2022-09-05")));
    assert_true(workday_is(&workdays, day_of("1970-01-01")));
    assert_false(workday_is(&workdays, day_of("1969-12-28")));
    assert_true(workday_is(&workdays, day_of("1969-12-29")));
    arena_free(arena);
}

static void counting_agrees_with_a_walk_day_by_day(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const struct workdays workdays = parsed(arena, "1969-12-25\n1970-01-01\n1970-01-05\n");
    const int32_t first = -40;

    (void)state;
    for (int32_t last = first; last < 60; last++) {
        int64_t walked = 0;
        for (int32_t day = first; day <= last; day++) {
            const int weekday = (day + 3 + 700) % 7;
            walked += weekday < 5 && day != day_of("1969-12-25") && day != 0 && day != 4;
        }
        assert_int_equal(workdays_between(&workdays, first, last), walked);
    }
    assert_int_equal(workdays_between(&workdays, 10, 9), 0);
    arena_free(arena);
}

static void day_0_is_the_first_working_day_from_the_start_on(void **state)
{
    const struct workdays workdays = {0};
    int32_t day = 0;

    (void)state;
    assert_true(workday_at(&workdays, day_of("2022-08-06"), 0, &day)); /* a Saturday */
    assert_int_equal(day, day_of("2022-08-08"));
    assert_true(workday_at(&workdays, day_of("2022-08-08"), 4, &day));
    assert_int_equal(day, day_of("2022-08-12"));
    assert_true(workday_at(&workdays, day_of("2022-08-08"), 5, &day));
    assert_int_equal(day, day_of("2022-08-15"));
    assert_true(workday_at(&workdays, day_of("2022-08-08"), -1, &day));
    assert_int_equal(day, day_of("2022-08-05"));
}

static void every_offset_is_a_working_day_and_counts_back(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const struct workdays workdays = parsed(arena, "2022-09-01\n2022-09-02\n2022-12-26\n");
    const int32_t start = day_of("2022-08-08");
    int32_t before = 0;

    (void)state;
    assert_true(workday_at(&workdays, start, -31, &before));
    for (int64_t offset = -30; offset < 300; offset++) {
        int32_t day = 0;
        assert_true(workday_at(&workdays, start, offset, &day));
        assert_true(workday_is(&workdays, day));
        assert_int_equal(workdays_between(&workdays, before, day), 2);
        before = day;
    }
    arena_free(arena);
}

static void days_outside_of_the_calendar_are_refused(void **state)
{
    const struct workdays workdays = {0};
    int32_t day = 7;

    (void)state;
    assert_false(workday_at(&workdays, day_of("9999-12-31"), 10, &day));
    assert_false(workday_at(&workdays, day_of("2022-08-08"), 10000000, &day));
    assert_false(workday_at(&workdays, day_of("0001-01-01"), -10, &day));
    assert_int_equal(day, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_sorted_and_loses_weekends_and_doubles),
        cmocka_unit_test(a_line_that_is_no_date_is_named),
        cmocka_unit_test(an_empty_list_and_comments_alone_are_no_holidays),
        cmocka_unit_test(weekends_and_holidays_are_no_working_days),
        cmocka_unit_test(counting_agrees_with_a_walk_day_by_day),
        cmocka_unit_test(day_0_is_the_first_working_day_from_the_start_on),
        cmocka_unit_test(every_offset_is_a_working_day_and_counts_back),
        cmocka_unit_test(days_outside_of_the_calendar_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
