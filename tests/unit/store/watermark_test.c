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

static const int64_t HOUR_US = INT64_C(3600000000);

static struct watermark mark_at(int64_t last_us, int64_t reserved_us)
{
    struct watermark mark;

    watermark_init(&mark, last_us, reserved_us);
    return mark;
}

static void what_is_asked_for_is_settled_up_to_what_is_reserved(void **state)
{
    struct watermark mark = mark_at(100, 1000);

    (void)state;
    assert_true(watermark_settle(&mark, 1000)); /* reserved before: it may have been settled */
    mark = mark_at(100, 0);
    assert_true(watermark_settle(&mark, 100));
    assert_false(watermark_settle(&mark, 101));
    mark.reserved_us = 1000;
    assert_true(watermark_settle(&mark, 900));
    assert_true(watermark_settle(&mark, 400));
    assert_true(watermark_settle(&mark, 1000));
    assert_false(watermark_settle(&mark, 1001));
    assert_int_equal(mark.floor_us, 1000);
}

static void a_group_takes_times_past_every_settled_one(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 1000;
    assert_true(watermark_settle(&mark, 700));
    assert_int_equal(watermark_open(&mark, 700), 701);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_int_equal(watermark_open(&mark, 650), 701);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_int_equal(watermark_open(&mark, 800), 800);
}

static void nothing_that_an_open_group_may_have_is_settled(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 1000;
    assert_int_equal(watermark_open(&mark, 500), 500);
    assert_true(watermark_settle(&mark, 499));
    assert_false(watermark_settle(&mark, 500));
    assert_false(watermark_settle(&mark, 900));
    assert_true(watermark_is_clear(&mark, 499));
    assert_false(watermark_is_clear(&mark, 500));
    watermark_close(&mark, WATERMARK_COMMITTED, 520);
    assert_true(watermark_is_clear(&mark, 5000));
    assert_true(watermark_settle(&mark, 520));
    assert_true(watermark_settle(&mark, 900));
}

static void a_commit_in_doubt_holds_until_a_later_one_succeeded(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    mark.reserved_us = 10000;
    assert_int_equal(watermark_open(&mark, 500), 500);
    watermark_close(&mark, WATERMARK_IN_DOUBT, 100);
    assert_false(watermark_settle(&mark, 500));
    assert_int_equal(watermark_open(&mark, 1000), 1000);
    assert_false(watermark_settle(&mark, 500));
    assert_int_equal(watermark_tell(&mark, 1000), 499);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    assert_false(watermark_settle(&mark, 500));
    assert_int_equal(watermark_open(&mark, 1200), 1200);
    watermark_close(&mark, WATERMARK_IN_DOUBT, 100);
    assert_true(watermark_settle(&mark, 499));
    assert_false(watermark_settle(&mark, 1300));
    assert_int_equal(watermark_open(&mark, 1400), 1400);
    watermark_close(&mark, WATERMARK_COMMITTED, 1400);
    assert_true(watermark_settle(&mark, 1500));
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

static void what_is_told_goes_with_the_clock_and_stays_before_what_comes(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    assert_int_equal(watermark_tell(&mark, 900), 900);
    assert_int_equal(watermark_tell(&mark, 800), 900);
    assert_int_equal(watermark_open(&mark, 850), 901);
    assert_int_equal(watermark_tell(&mark, 950), 900);
    watermark_close(&mark, WATERMARK_COMMITTED, 905);
    assert_int_equal(watermark_tell(&mark, 850), 905);
    assert_int_equal(watermark_tell(&mark, 950), 950);
}

/* Nothing was written and nothing read as of then: the next entry has the right time. */
static void a_clock_that_was_ahead_for_a_moment_leaves_nothing_behind(void **state)
{
    struct watermark mark = mark_at(100, 0);

    (void)state;
    assert_int_equal(watermark_tell(&mark, HOUR_US), HOUR_US);
    assert_int_equal(watermark_open(&mark, 1000), 1000);
    assert_int_equal(watermark_tell(&mark, 1100), 999);
    watermark_close(&mark, WATERMARK_ROLLED_BACK, 100);
    /* A small step keeps the order of what was told. */
    assert_int_equal(watermark_tell(&mark, CLOCK_BEHIND_US), CLOCK_BEHIND_US);
    assert_int_equal(watermark_open(&mark, 1000), CLOCK_BEHIND_US + 1);
}

static void questions_are_answered_in_their_order_once_they_can_be(void **state)
{
    struct watermark mark = mark_at(100, 0);
    struct settle_question questions[4] = {
        {.time_us = 300}, {.time_us = 50}, {.time_us = 500, .only_clear = true}, {.time_us = 400}};
    struct settling settling;

    (void)state;
    settling_init(&settling);
    mark.reserved_us = 350;
    assert_int_equal(watermark_open(&mark, 200), 200);
    assert_true(settling_try(&mark, &questions[1]));
    for (int i = 0; i < 4; i++) {
        if (i != 1) {
            assert_false(settling_try(&mark, &questions[i]));
            settling_keep(&settling, &questions[i]);
        }
    }
    assert_null(settling_take(&settling, &mark));
    assert_int_equal(settling_wants_us(&settling, &mark), 400 + WATERMARK_AHEAD_US);
    watermark_close(&mark, WATERMARK_COMMITTED, 210);
    assert_ptr_equal(settling_take(&settling, &mark), &questions[0]);
    assert_ptr_equal(questions[0].next, &questions[2]);
    assert_null(questions[2].next);
    assert_ptr_equal(settling.first, &questions[3]);
    mark.reserved_us = 400;
    assert_int_equal(settling_wants_us(&settling, &mark), 0);
    assert_ptr_equal(settling_take(&settling, &mark), &questions[3]);
    assert_null(settling_take_all(&settling));
}

/* A question that is waited for. */
struct asking {
    struct settle_question question;
    sem_t answered;
    int answers;
};

static void on_answered(struct settle_question *question)
{
    struct asking *asking = (struct asking *)question;

    asking->answers++;
    (void)sem_post(&asking->answered);
}

static struct status settle(struct store *store, int64_t time_us)
{
    struct asking asking = {.question = {.time_us = time_us, .done = on_answered}};

    (void)sem_init(&asking.answered, 0, 0);
    if (!store_settle(store, &asking.question)) {
        while (sem_wait(&asking.answered) != 0) {
        }
        assert_int_equal(asking.answers, 1);
    }
    (void)sem_destroy(&asking.answered);
    return asking.question.status;
}

/* The last entry of the state at that time; 0 is the current one. */
static uint64_t seq_at(struct library *library, struct arena *arena, int64_t time_us)
{
    struct tx tx;

    assert_ok(store_read_begin(library->store, arena, &tx));
    if (time_us != 0) {
        assert_ok(tx_set_as_of(&tx, time_us));
    }
    const uint64_t seq = time_us != 0 ? tx.as_of_seq : tx.version.seq;
    store_read_end(&tx);
    return seq;
}

static int64_t last_time_us(struct library *library)
{
    struct tx tx;

    assert_ok(store_read_begin(library->store, library->arena, &tx));
    store_read_end(&tx);
    return tx.version_time_us;
}

static int64_t reserved_us(struct library *library)
{
    int64_t number = -1;

    assert_ok(store_number_read(library->store, library->arena, "watermark", &number));
    return number;
}

static void a_time_is_not_read_before_it_is_settled(void **state)
{
    struct library *library = *state;
    struct tx tx;

    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    const int64_t time_us = clock_now_us();
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_status(tx_set_as_of(&tx, time_us), STATUS_INVALID_ARGUMENT, "INVALID_AS_OF");
    store_read_end(&tx);
    assert_ok(settle(library->store, time_us));
    assert_int_equal(seq_at(library, library->arena, time_us), 1);
}

static sem_t is_running;
static sem_t may_end;

static struct status act_create_when_told(struct job *job, struct tx *tx)
{
    (void)sem_post(&is_running);
    while (sem_wait(&may_end) != 0) {
    }
    return act_create(job, tx);
}

static void a_time_waits_for_the_group_that_may_have_it(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_create_when_told, "shelves/a/books/b");
    struct asking asking = {.question = {.done = on_answered}};
    struct settle_question clear = {.only_clear = true};

    assert_ok(book_create(library, "shelves/a/books/a", "T", 1));
    (void)sem_init(&is_running, 0, 0);
    (void)sem_init(&may_end, 0, 0);
    (void)sem_init(&asking.answered, 0, 0);
    assert_ok(job_start(library, &job));
    while (sem_wait(&is_running) != 0) {
    }
    /* What is before the group is known, and what it may have is not. */
    clear.time_us = last_time_us(library);
    assert_true(store_settle(library->store, &clear));
    assert_ok(settle(library->store, last_time_us(library)));
    asking.question.time_us = clock_now_us();
    assert_false(store_settle(library->store, &asking.question));
    assert_true(store_feed_mark(library->store).watermark_us < asking.question.time_us);
    (void)sem_post(&may_end);
    assert_ok(job_wait(&job));
    while (sem_wait(&asking.answered) != 0) {
    }
    assert_ok(asking.question.status);
    assert_int_equal(seq_at(library, library->arena, asking.question.time_us), 2);
    (void)sem_destroy(&asking.answered);
    (void)sem_destroy(&is_running);
    (void)sem_destroy(&may_end);
}

static void an_old_time_costs_nothing(void **state)
{
    struct library *library = *state;

    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_ok(settle(library->store, last_time_us(library)));
    assert_ok(settle(library->store, 1));
    assert_int_equal(seq_at(library, library->arena, 1), 0);
    assert_int_equal(reserved_us(library), 0);
}

static void one_reservation_is_good_for_many_times(void **state)
{
    struct library *library = *state;
    const int64_t time_us = clock_now_us() - HOUR_US;

    assert_ok(settle(library->store, time_us));
    const int64_t first_us = reserved_us(library);
    assert_int_equal(first_us, time_us + WATERMARK_AHEAD_US);
    for (int64_t at_us = time_us; at_us <= first_us; at_us += WATERMARK_AHEAD_US / 10) {
        assert_ok(settle(library->store, at_us));
    }
    assert_int_equal(reserved_us(library), first_us);
    assert_ok(settle(library->store, first_us + 1));
    assert_true(reserved_us(library) > first_us);
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

/* What a state as of just now shows is all that it ever shows. */
static void nothing_appears_in_what_was_answered_while_others_write(void **state)
{
    enum { WRITERS = 4, MARKS = 300 };
    struct library *library = *state;
    struct arena *arena = arena_new(1 << 22);
    pthread_t threads[WRITERS];
    static int64_t times_us[MARKS];
    static uint64_t seqs[MARKS];

    atomic_store(&is_over, false);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, library), 0);
    }
    for (int i = 0; i < MARKS; i++) {
        while (store_version(library->store).seq < (uint64_t)i) {
            (void)usleep(10);
        }
        times_us[i] = clock_now_us();
        assert_ok(settle(library->store, times_us[i]));
        seqs[i] = seq_at(library, arena, times_us[i]);
        assert_true(i == 0 || seqs[i] >= seqs[i - 1]);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < WRITERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < MARKS; i++) {
        assert_int_equal(seq_at(library, arena, times_us[i]), seqs[i]);
    }
    arena_free(arena);
}

/* As after a crash and with a clock five seconds back. */
static void after_a_restart_times_are_past_what_was_settled(void **state)
{
    struct library *library = *state;
    const int64_t time_us = clock_now_us();

    library_set_clock(time_us);
    assert_ok(book_create(library, "shelves/a/books/a", "T", 1));
    assert_ok(settle(library->store, time_us + 1));
    assert_int_equal(seq_at(library, library->arena, time_us + 1), 1);
    library_set_clock(time_us - 5000000);
    library_reopen(library);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_true(last_time_us(library) > time_us + 1);
    assert_int_equal(seq_at(library, library->arena, time_us + 1), 1);
}

static void a_start_does_not_date_ahead_of_its_clock(void **state)
{
    struct library *library = *state;

    assert_ok(settle(library->store, clock_now_us()));
    const int64_t reserved = reserved_us(library);
    library_reopen(library);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_true(last_time_us(library) > reserved);
    assert_true(last_time_us(library) <= clock_now_us()); /* it was waited for */
}

static void what_was_asked_of_a_feed_while_the_clock_was_ahead_dates_nothing(void **state)
{
    struct library *library = *state;
    const int64_t now_us = clock_now_us();

    library_set_clock(now_us + 24 * HOUR_US);
    assert_true(store_feed_mark(library->store).watermark_us >= now_us + 24 * HOUR_US);
    library_set_clock(now_us);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_int_equal(last_time_us(library), now_us);
    assert_int_equal(store_feed_mark(library->store).version.seq, 1);
}

static void a_small_step_back_keeps_the_order_of_entries(void **state)
{
    struct library *library = *state;
    const int64_t now_us = clock_now_us();

    library_set_clock(now_us);
    assert_ok(book_create(library, "shelves/a/books/a", "T", 1));
    library_set_clock(now_us - CLOCK_BEHIND_US);
    assert_ok(book_create(library, "shelves/a/books/b", "T", 1));
    assert_int_equal(last_time_us(library), now_us + 1);
}

static int look_at_full_disk(const char *path, struct statvfs *ret_disk)
{
    (void)path;
    *ret_disk = (struct statvfs){.f_bavail = 1, .f_blocks = 1000, .f_frsize = 4096};
    return 0;
}

/* What may still come after a restart is not known: neither an answer nor a wait without an end. */
static void a_store_that_takes_no_writes_says_what_it_cannot_settle(void **state)
{
    struct library *library = *state;
    struct store_options options = library_options(library);

    assert_ok(book_create(library, "shelves/a/books/a", "T", 1));
    library_close(library);
    options.disk = (struct disk_options){.reserve = {.bytes = 1 << 20}, .look = look_at_full_disk};
    assert_ok(store_open(&options, library->arena, &library->store));
    const int64_t last_us = last_time_us(library);
    assert_ok(settle(library->store, last_us));
    assert_status(settle(library->store, last_us + 1), STATUS_UNAVAILABLE, "AS_OF_NOT_SETTLED");
    struct settle_question clear = {.time_us = last_us + 1, .only_clear = true};
    assert_true(store_settle(library->store, &clear));
    assert_ok(clear.status);
}

#define PURE(name) cmocka_unit_test(name)
#define STORE(name) cmocka_unit_test_setup_teardown(name, library_setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PURE(what_is_asked_for_is_settled_up_to_what_is_reserved),
        PURE(a_group_takes_times_past_every_settled_one),
        PURE(nothing_that_an_open_group_may_have_is_settled),
        PURE(a_commit_in_doubt_holds_until_a_later_one_succeeded),
        PURE(a_start_goes_on_behind_what_was_reserved),
        PURE(a_start_waits_for_a_little_and_not_for_a_clock_that_was_set_back),
        PURE(what_is_told_goes_with_the_clock_and_stays_before_what_comes),
        PURE(a_clock_that_was_ahead_for_a_moment_leaves_nothing_behind),
        PURE(questions_are_answered_in_their_order_once_they_can_be),
        STORE(a_time_is_not_read_before_it_is_settled),
        STORE(a_time_waits_for_the_group_that_may_have_it),
        STORE(an_old_time_costs_nothing),
        STORE(one_reservation_is_good_for_many_times),
        STORE(nothing_appears_in_what_was_answered_while_others_write),
        STORE(after_a_restart_times_are_past_what_was_settled),
        STORE(a_start_does_not_date_ahead_of_its_clock),
        STORE(what_was_asked_of_a_feed_while_the_clock_was_ahead_dates_nothing),
        STORE(a_small_step_back_keeps_the_order_of_entries),
        STORE(a_store_that_takes_no_writes_says_what_it_cannot_settle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
