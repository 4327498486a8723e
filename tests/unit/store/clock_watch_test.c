/* clock_watch_test.c - clocks that stand still until they are moved, and a store that is dated by
 * one. */
#include "library.h"

#include "store/clock_watch.h"

static const int64_t SECOND_US = 1000000;
static const int64_t DAY_US = INT64_C(86400000000);

static int64_t boot_ms;
static enum clock_event last_event;
static int64_t last_by_us;
static int events;

static int64_t read_boot(void)
{
    return boot_ms;
}

static void on_event(void *arg, enum clock_event event, int64_t by_us)
{
    (void)arg;
    last_event = event;
    last_by_us = by_us;
    events++;
}

static struct clock_watch watch_new(void)
{
    const struct clock_watch_options options = {.boot_ms = read_boot, .on_event = on_event};
    struct clock_watch watch;

    boot_ms = 1000;
    events = 0;
    clock_watch_init(&watch, &options);
    return watch;
}

static void a_clock_may_be_behind_by_a_minute(void **state)
{
    struct clock_watch watch = watch_new();

    (void)state;
    assert_false(clock_watch_look(&watch, DAY_US, CLOCK_BEHIND_US));
    assert_int_equal(events, 0);
    assert_true(clock_watch_look(&watch, DAY_US, CLOCK_BEHIND_US + 1));
    assert_true(clock_watch_look(&watch, DAY_US, CLOCK_BEHIND_US + 1));
    assert_int_equal(events, 1);
    assert_int_equal(last_event, CLOCK_IS_BEHIND);
    assert_int_equal(last_by_us, CLOCK_BEHIND_US + 1);
    assert_false(clock_watch_look(&watch, DAY_US, CLOCK_BEHIND_US));
    assert_int_equal(events, 2);
    assert_int_equal(last_event, CLOCK_IS_NOT_BEHIND);
}

static void a_step_is_what_the_time_of_day_went_on_more_than_time(void **state)
{
    struct clock_watch watch = watch_new();

    (void)state;
    (void)clock_watch_look(&watch, DAY_US, 0);
    boot_ms += 5000;
    (void)clock_watch_look(&watch, DAY_US + 5 * SECOND_US, 0);
    boot_ms += 1000;
    (void)clock_watch_look(&watch, DAY_US + 7 * SECOND_US - 1, 0); /* less than a second more */
    assert_int_equal(events, 0);
    boot_ms += 1000;
    (void)clock_watch_look(&watch, DAY_US + 18 * SECOND_US, 0);
    assert_int_equal(events, 1);
    assert_int_equal(last_event, CLOCK_WAS_SET);
    assert_int_equal(last_by_us, 10 * SECOND_US + 1);
    (void)clock_watch_look(&watch, DAY_US, 0);
    assert_int_equal(last_by_us, -18 * SECOND_US);
    assert_int_equal(events, 2);
}

static void a_clock_that_is_behind_the_journal_dates_nothing(void **state)
{
    struct library *library = *state;
    struct job kept = job_make(library, act_create, "shelves/a/books/kept");
    struct job undated = job_make(library, act_create_then_fail, "shelves/a/books/x");

    library_set_clock(3 * DAY_US);
    kept.write.idempotency_key = "key";
    assert_ok(job_run(library, &kept));
    library_set_clock(2 * DAY_US);
    assert_int_equal(store_clock_behind_us(library->store), DAY_US);
    assert_status(book_create(library, "shelves/a/books/b", "T", 1), STATUS_UNAVAILABLE,
                  "CLOCK_BEHIND_JOURNAL");
    struct job fresh = job_make(library, act_create, "shelves/a/books/c");
    fresh.write.idempotency_key = "other";
    assert_status(job_run(library, &fresh), STATUS_UNAVAILABLE, "CLOCK_BEHIND_JOURNAL");
    assert_int_equal(fresh.runs, 0);
    /* What was done before is said again; what has no date is done. */
    struct job again = job_make(library, act_create, "shelves/a/books/kept");
    again.write.idempotency_key = "key";
    assert_ok(job_run(library, &again));
    assert_true(again.write.replayed);
    undated.write.is_undated = true; /* it fails, so that nothing is dated */
    (void)job_run(library, &undated);
    assert_int_equal(undated.runs, 1);
    assert_int_equal(store_version(library->store).seq, 1);
    /* Also after a restart; and until the clock is right. */
    library_reopen(library);
    assert_status(book_create(library, "shelves/a/books/b", "T", 1), STATUS_UNAVAILABLE,
                  "CLOCK_BEHIND_JOURNAL");
    library_set_clock(3 * DAY_US - CLOCK_BEHIND_US / 2);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_ok(job_run(library, &fresh));
    assert_int_equal(store_version(library->store).seq, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_may_be_behind_by_a_minute),
        cmocka_unit_test(a_step_is_what_the_time_of_day_went_on_more_than_time),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_the_journal_dates_nothing,
                                        library_setup, library_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
