/* log_pace_test.c - tests log_pace.c. */
#include "unit.h"

#include "base/log_pace.h"

#include <pthread.h>
#include <unistd.h>

enum { LONG_MS = 60 * 1000, SHORT_MS = 20, THREADS = 8, EVENTS = 1000 };

static void the_first_event_is_written_and_the_next_are_counted(void **state)
{
    struct log_pace pace = {0};
    unsigned long left_out = 7;

    (void)state;
    assert_true(log_pace_take(&pace, LONG_MS, &left_out));
    assert_int_equal(left_out, 0);
    for (int i = 0; i < 5; i++) {
        assert_false(log_pace_take(&pace, LONG_MS, &left_out));
    }
    assert_int_equal(atomic_load(&pace.left_out), 5);
}

static void after_a_while_a_line_says_how_many_were_left_out(void **state)
{
    struct log_pace pace = {0};
    unsigned long left_out = 0;
    unsigned long counted = 0;

    (void)state;
    assert_true(log_pace_take(&pace, SHORT_MS, &left_out));
    while (!log_pace_take(&pace, SHORT_MS, &left_out)) {
        counted++;
        (void)usleep(1000);
    }
    assert_int_equal(left_out, counted);
    assert_true(counted > 0);
}

static void *take_many(void *arg)
{
    unsigned long left_out = 0;
    unsigned long written = 0;

    for (int i = 0; i < EVENTS; i++) {
        written += log_pace_take(arg, LONG_MS, &left_out);
    }
    return (void *)written;
}

static void of_many_threads_one_writes(void **state)
{
    struct log_pace pace = {0};
    pthread_t threads[THREADS];
    unsigned long written = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &pace), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        written += (unsigned long)result;
    }
    assert_int_equal(written, 1);
    assert_int_equal(atomic_load(&pace.left_out), THREADS * EVENTS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_event_is_written_and_the_next_are_counted),
        cmocka_unit_test(after_a_while_a_line_says_how_many_were_left_out),
        cmocka_unit_test(of_many_threads_one_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
