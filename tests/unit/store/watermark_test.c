/* watermark_test.c - the rule by itself, and a store that is asked while it writes. */
#include "library.h"

#include "base/clock.h"
#include "store/journal.h"
#include "store/store_internal.h"
#include "store/watermark.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static struct watermark mark_at(int64_t last_us, int64_t reserved_us)
{
    struct watermark mark;

    watermark_init(&mark, last_us, reserved_us);
    return mark;
}

static void an_idle_mark_goes_with_the_clock_up_to_what_is_reserved(void **state)
{
    struct watermark mark = mark_at(100, 1000);

    (void)state;
    assert_int_equal(watermark_give(&mark, 900), 1000); /* reserved before: may have been given */
    mark = mark_at(100, 0);
    assert_int_equal(watermark_give(&mark, 900), 100);
    mark.reserved_us = 1000;
    assert_int_equal(watermark_give(&mark, 900), 900);
    assert_int_equal(watermark_give(&mark, 999), 999);
    assert_int_equal(watermark_give(&mark, 5000), 1000);
    assert_int_equal(watermark_give(&mark, 400), 1000);
}

static void a_group_takes_times_past_every_mark_that_was_given(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 1000;
    assert_int_equal(watermark_give(&mark, 700), 700);
    assert_int_equal(watermark_open(&mark, 700), 701);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_int_equal(watermark_open(&mark, 650), 701);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_int_equal(watermark_open(&mark, 800), 800);
}

static void no_mark_reaches_a_group_that_is_open(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 1000;
    assert_int_equal(watermark_open(&mark, 500), 500);
    assert_int_equal(watermark_give(&mark, 500), 499);
    assert_int_equal(watermark_give(&mark, 900), 499);
    watermark_close(&mark, WATERMARK_COMMITTED, 520);
    assert_int_equal(watermark_give(&mark, 510), 520);
    assert_int_equal(watermark_give(&mark, 900), 900);
}

static void an_open_group_does_not_give_what_is_not_reserved(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 300;
    assert_int_equal(watermark_open(&mark, 500), 500);
    assert_int_equal(watermark_give(&mark, 900), 300);
}

static void a_commit_in_doubt_holds_the_mark_until_a_later_one_succeeded(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 10000;
    assert_int_equal(watermark_open(&mark, 500), 500);
    watermark_close(&mark, WATERMARK_IN_DOUBT, 100);
    assert_int_equal(watermark_give(&mark, 900), 499);
    assert_int_equal(watermark_open(&mark, 1000), 1000);
    assert_int_equal(watermark_give(&mark, 1000), 499);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_int_equal(watermark_give(&mark, 1100), 499);
    assert_int_equal(watermark_open(&mark, 1200), 1200);
    watermark_close(&mark, WATERMARK_IN_DOUBT, 100);
    assert_int_equal(watermark_give(&mark, 1300), 499);
    assert_int_equal(watermark_open(&mark, 1400), 1400);
    watermark_close(&mark, WATERMARK_COMMITTED, 1400);
    assert_int_equal(watermark_give(&mark, 1500), 1500);
}

static void a_start_goes_on_behind_what_was_reserved(void **state)
{
    struct watermark mark = mark_at(100, 1000);

    (void)state;
    assert_int_equal(watermark_open(&mark, 50), 1001);
    mark = mark_at(2000, 1000);
    assert_int_equal(watermark_open(&mark, 50), 2001);
}

static void a_start_waits_for_a_little_and_not_for_a_clock_that_was_set_back(void **state)
{
    const struct watermark mark = mark_at(0, 10000000);

    (void)state;
    assert_int_equal(watermark_wait_us(&mark, 10000000), 0);
    assert_int_equal(watermark_wait_us(&mark, 10000001), 0);
    assert_int_equal(watermark_wait_us(&mark, 9999999), 1);
    assert_int_equal(watermark_wait_us(&mark, 10000000 - WATERMARK_AHEAD_US), WATERMARK_AHEAD_US);
    assert_int_equal(watermark_wait_us(&mark, 10000000 - WATERMARK_AHEAD_US - 1), 0);
}

/* A question that is waited for. */
struct asking {
    struct watermark_question question;
    sem_t answered;
    int answers;
};

static void on_answered(struct watermark_question *question)
{
    struct asking *asking = (struct asking *)question;

    asking->answers++;
    (void)sem_post(&asking->answered);
}

static int64_t ask(struct store *store)
{
    struct arena *arena = arena_new(1 << 16);
    struct asking asking = {.question = {.arena = arena, .done = on_answered}};

    (void)sem_init(&asking.answered, 0, 0);
    store_watermark(store, &asking.question);
    while (sem_wait(&asking.answered) != 0) {
    }
    (void)sem_destroy(&asking.answered);
    arena_free(arena);
    assert_int_equal(asking.answers, 1);
    return asking.question.watermark_us;
}

/* Last seq and time in a snapshot that is begun now. */
static struct journal_head head_now(struct library *library, struct arena *arena)
{
    struct journal_head head = {0};
    struct tx tx;

    assert_ok(store_read_begin(library->store, arena, &tx));
    assert_ok(journal_head_read(tx.db, &head));
    store_read_end(&tx);
    return head;
}

static void a_mark_is_as_late_as_its_question(void **state)
{
    struct library *library = *state;

    for (int i = 0; i < 50; i++) {
        const int64_t before_us = clock_now_us();
        assert_true(ask(library->store) >= before_us);
        if (i == 25) {
            (void)usleep(WATERMARK_AHEAD_US + 50000);
        }
    }
}

static void a_write_that_was_answered_is_below_the_next_mark(void **state)
{
    struct library *library = *state;

    for (int i = 0; i < 20; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "shelves/a/books/b%d", i);
        assert_ok(book_create(library, name, "T", 1));
        const int64_t time_us = head_now(library, library->arena).time_us;
        const int64_t mark_us = ask(library->store);
        assert_true(mark_us >= time_us);
    }
}

static atomic_bool is_over;
static atomic_int book_count;

static void *write_on(void *arg)
{
    struct library own = *(struct library *)arg;
    struct arena *arena = arena_new(1 << 20);

    own.arena = arena;
    for (int i = 0; !atomic_load(&is_over); i++) {
        char name[64];
        arena_reset(arena);
        (void)snprintf(name, sizeof(name), "shelves/a/books/%d", atomic_fetch_add(&book_count, 1));
        struct job job = job_make(&own, i % 5 == 4 ? act_create_then_fail : act_create, name);
        const struct status status = job_run(&own, &job);
        (void)status.code;
    }
    arena_free(arena);
    return NULL;
}

/* The promise itself: what a snapshot shows up to the mark is all there ever is. */
static void nothing_appears_below_a_mark_while_others_write(void **state)
{
    enum { WRITERS = 4, MARKS = 300 };
    struct library *library = *state;
    struct arena *arena = arena_new(1 << 22);
    pthread_t threads[WRITERS];
    static int64_t marks_us[MARKS];
    static uint64_t seqs[MARKS];
    struct tx tx;

    atomic_store(&is_over, false);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, library), 0);
    }
    for (int i = 0; i < MARKS; i++) {
        while (store_version(library->store).seq < (uint64_t)i) {
            (void)usleep(10);
        }
        marks_us[i] = ask(library->store);
        assert_ok(store_read_begin(library->store, arena, &tx));
        assert_ok(journal_seq_at(tx.db, marks_us[i], &seqs[i]));
        store_read_end(&tx);
        assert_true(i == 0 || marks_us[i] >= marks_us[i - 1]);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < WRITERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_ok(store_read_begin(library->store, arena, &tx));
    for (int i = 0; i < MARKS; i++) {
        uint64_t seq = 0;
        assert_ok(journal_seq_at(tx.db, marks_us[i], &seq));
        assert_int_equal(seq, seqs[i]);
    }
    store_read_end(&tx);
    arena_free(arena);
}

static void after_a_restart_times_are_past_what_was_reserved(void **state)
{
    struct library *library = *state;
    const int64_t mark_us = ask(library->store);
    int64_t reserved_us = 0;
    struct tx tx;

    library_reopen(library);
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(watermark_read(tx.db, &reserved_us));
    store_read_end(&tx);
    assert_true(reserved_us >= mark_us);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    const struct journal_head head = head_now(library, library->arena);
    assert_true(head.time_us > reserved_us);
    assert_true(head.time_us <= clock_now_us()); /* it was waited for */
}

/* As if the clock had been set back by an hour between two runs. */
static void a_clock_that_was_set_back_puts_nothing_below_a_mark(void **state)
{
    struct library *library = *state;
    const int64_t ahead_us = clock_now_us() + INT64_C(3600000000);
    char sql[128];

    (void)ask(library->store);
    library_close(library);
    (void)snprintf(sql, sizeof(sql), "UPDATE meta SET number = %lld WHERE key = 'watermark'",
                   (long long)ahead_us);
    library_execute(library, sql);
    library_open(library);
    assert_int_equal(ask(library->store), ahead_us);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_true(head_now(library, library->arena).time_us > ahead_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_mark_goes_with_the_clock_up_to_what_is_reserved),
        cmocka_unit_test(a_group_takes_times_past_every_mark_that_was_given),
        cmocka_unit_test(no_mark_reaches_a_group_that_is_open),
        cmocka_unit_test(an_open_group_does_not_give_what_is_not_reserved),
        cmocka_unit_test(a_commit_in_doubt_holds_the_mark_until_a_later_one_succeeded),
        cmocka_unit_test(a_start_goes_on_behind_what_was_reserved),
        cmocka_unit_test(a_start_waits_for_a_little_and_not_for_a_clock_that_was_set_back),
        cmocka_unit_test_setup_teardown(a_mark_is_as_late_as_its_question, library_setup,
                                        library_teardown),
        cmocka_unit_test_setup_teardown(a_write_that_was_answered_is_below_the_next_mark,
                                        library_setup, library_teardown),
        cmocka_unit_test_setup_teardown(nothing_appears_below_a_mark_while_others_write,
                                        library_setup, library_teardown),
        cmocka_unit_test_setup_teardown(after_a_restart_times_are_past_what_was_reserved,
                                        library_setup, library_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_set_back_puts_nothing_below_a_mark,
                                        library_setup, library_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
