/* clock_test.c - tests clock.c. */
#include "unit.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (INT64_C(86400) * SECOND_US)

static void assert_date(const char *text, int32_t wanted)
{
    int32_t day = 0;
    char again[DATE_TEXT_BYTES];

    if (!date_parse(slice_from(text), &day)) {
        fail_msg("%s is a date", text);
    }
    assert_int_equal(day, wanted);
    date_format(day, again);
    assert_string_equal(again, text);
}

static void assert_no_date(const char *text)
{
    int32_t day = 12345;

    if (date_parse(slice_from(text), &day)) {
        fail_msg("%s is no date", text);
    }
    assert_int_equal(day, 12345);
}

static void dates_are_days_since_1970(void **state)
{
    (void)state;
    assert_date("1970-01-01", 0);
    assert_date("1969-12-31", -1);
    assert_date("2000-02-29", 11016);
    assert_date("2000-03-01", 11017);
    assert_date("2022-12-31", 19357);
    assert_date("2024-02-29", 19782);
    assert_date("0001-01-01", -719162);
    assert_date("9999-12-31", 2932896);
}

static void days_that_do_not_exist_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2022",
        "2022-02",
        "2022-02-29",
        "1900-02-29",
        "2100-02-29",
        "2022-13-01",
        "2022-00-10",
        "2022-01-00",
        "2022-01-32",
        "2022-04-31",
        "0000-01-01",
        "2022-1-01",
        "2022-01-1",
        "2022-01-011",
        "22-01-01",
        "2022/01/01",
        "2022-01-01 ",
        " 2022-01-0",
        "+022-01-01",
        "2022-01-0x",
        "-022-01-01",
        "2022-01-01T00:00:00Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_no_date(texts[i]);
    }
    assert_false(date_parse((struct slice){.data = "2022-01-\0001", .length = 11}, &(int32_t){0}));
}

static void every_day_of_the_calendar_is_read_back(void **state)
{
    int32_t day = 0;
    char text[DATE_TEXT_BYTES];

    (void)state;
    for (int32_t wanted = -719162; wanted <= 2932896; wanted += 7 + (wanted & 3)) {
        date_format(wanted, text);
        assert_true(date_parse(slice_from(text), &day));
        assert_int_equal(day, wanted);
    }
}

static void days_outside_of_the_calendar_are_written_as_its_ends(void **state)
{
    char text[DATE_TEXT_BYTES];
    char time[TIME_TEXT_BYTES];

    (void)state;
    date_format(INT32_MIN, text);
    assert_string_equal(text, "0001-01-01");
    date_format(INT32_MAX, text);
    assert_string_equal(text, "9999-12-31");
    time_format(INT64_MIN, time);
    assert_memory_equal(time, "0001-01-01T", 11);
    time_format(INT64_MAX, time);
    assert_memory_equal(time, "9999-12-31T", 11);
}

static void assert_time(const char *text, const char *wanted)
{
    int64_t time_us = 0;
    char again[TIME_TEXT_BYTES];

    if (!time_parse(slice_from(text), &time_us)) {
        fail_msg("%s is a time", text);
    }
    time_format(time_us, again);
    assert_string_equal(again, wanted);
}

static void times_are_read_with_any_offset(void **state)
{
    (void)state;
    assert_time("2022-03-25T00:00:00Z", "2022-03-25T00:00:00Z");
    assert_time("2022-03-25t00:00:00z", "2022-03-25T00:00:00Z");
    assert_time("2022-03-25T06:59:59+07:00", "2022-03-24T23:59:59Z");
    assert_time("2022-01-01T00:00:00+14:00", "2021-12-31T10:00:00Z");
    assert_time("2021-12-31T23:30:00-00:30", "2022-01-01T00:00:00Z");
    assert_time("2024-02-28T23:00:00-01:00", "2024-02-29T00:00:00Z");
    assert_time("2022-03-25T00:00:00-00:00", "2022-03-25T00:00:00Z");
    assert_time("2022-03-25T23:59:00+23:59", "2022-03-25T00:00:00Z");
    assert_time("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    assert_time("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
    assert_time("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z");
}

static void fractions_have_0_3_or_6_decimals_and_are_cut(void **state)
{
    (void)state;
    assert_time("2022-03-25T00:00:00.1Z", "2022-03-25T00:00:00.100Z");
    assert_time("2022-03-25T00:00:00.000Z", "2022-03-25T00:00:00Z");
    assert_time("2022-03-25T00:00:00.0001Z", "2022-03-25T00:00:00.000100Z");
    assert_time("2022-03-25T00:00:00.123456789Z", "2022-03-25T00:00:00.123456Z");
    assert_time("1960-03-25T00:00:00.123456999Z", "1960-03-25T00:00:00.123456Z");
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2022-03-25",
        "2022-03-25T00:00:00",
        "2022-03-25 00:00:00Z",
        "2022-03-25T00:00Z",
        "2022-03-25T24:00:00Z",
        "2022-03-25T00:60:00Z",
        "2022-03-25T00:00:60Z",
        "2022-03-25T00:00:00.Z",
        "2022-03-25T00:00:00,5Z",
        "2022-03-25T00:00:00.1234567890Z",
        "2022-03-25T00:00:00.123456789012345678901234567890Z",
        "2022-03-25T00:00:00+07",
        "2022-03-25T00:00:00+0700",
        "2022-03-25T00:00:00+24:00",
        "2022-03-25T00:00:00+07:60",
        "2022-03-25T00:00:00 +07:00",
        "2022-03-25T00:00:00ZZ",
        "2022-03-25T00:00:00Z ",
        "2022-02-29T00:00:00Z",
        "2022-13-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
    };
    int64_t time_us = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (time_parse(slice_from(texts[i]), &time_us)) {
            fail_msg("%s is no time", texts[i]);
        }
    }
    assert_int_equal(time_us, 77);
}

static void the_day_begins_at_17_hours_utc(void **state)
{
    (void)state;
    assert_int_equal(date_of_time(0), 0);
    assert_int_equal(date_of_time(17 * 3600 * SECOND_US - 1), 0);
    assert_int_equal(date_of_time(17 * 3600 * SECOND_US), 1);
    assert_int_equal(date_of_time(-7 * 3600 * SECOND_US), 0);
    assert_int_equal(date_of_time(-7 * 3600 * SECOND_US - 1), -1);
    assert_int_equal(date_of_time(-DAY_US), -1);
    assert_int_equal(date_of_time(INT64_MAX), 106751991);
    assert_int_equal(date_of_time(INT64_MIN), -106751991);
}

static void months_are_read_and_nothing_else(void **state)
{
    static const char *const texts[] = {
        "",         "2022",     "2022-13", "2022-00",    "2022-1",   "1899-12", "2201-01",
        "2022-012", "2022-01 ", "2022/01", "2022-01-01", "２022-01", "-022-01", "2022-+1",
    };
    int year = -1;
    int month = -1;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (month_parse(slice_from(texts[i]), &year, &month)) {
            fail_msg("%s is no month", texts[i]);
        }
    }
    assert_int_equal(year, -1);
    assert_int_equal(month, -1);
    assert_true(month_parse(slice_from("2022-12"), &year, &month));
    assert_int_equal(year, 2022);
    assert_int_equal(month, 12);
    assert_true(month_parse(slice_from("1900-01"), &year, &month));
    assert_true(month_parse(slice_from("2200-12"), &year, &month));
}

static void clocks_show_the_time_of_day_and_what_passed(void **state)
{
    (void)state;
    assert_true(clock_now_us() > 1600000000 * SECOND_US);
    const int64_t boot_ms = clock_boot_ms();
    assert_true(boot_ms > 0);
    assert_true(clock_boot_ms() >= boot_ms);
    const int64_t elapsed_ns = clock_elapsed_ns();
    assert_true(clock_elapsed_ns() >= elapsed_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_days_since_1970),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(every_day_of_the_calendar_is_read_back),
        cmocka_unit_test(days_outside_of_the_calendar_are_written_as_its_ends),
        cmocka_unit_test(times_are_read_with_any_offset),
        cmocka_unit_test(fractions_have_0_3_or_6_decimals_and_are_cut),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_day_begins_at_17_hours_utc),
        cmocka_unit_test(months_are_read_and_nothing_else),
        cmocka_unit_test(clocks_show_the_time_of_day_and_what_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
