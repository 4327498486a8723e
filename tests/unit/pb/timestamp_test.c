/* timestamp_test.c - tests timestamp.c. */
#include "unit.h"

#include "pb/timestamp.h"

static void a_time_comes_back_as_it_was_and_nanos_are_never_negative(void **state)
{
    static const struct {
        int64_t time_us;
        int64_t seconds;
        int32_t nanos;
    } cases[] = {
        {0, 0, 0},           {1, 0, 1000},      {1648166415123456, 1648166415, 123456000},
        {-1, -1, 999999000}, {-1000000, -1, 0}, {-1500000, -2, 500000000},
    };
    struct arena *arena = arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Google__Protobuf__Timestamp *time = time_wrap(arena, cases[i].time_us);

        assert_non_null(time);
        assert_true(time->seconds == cases[i].seconds);
        assert_int_equal(time->nanos, cases[i].nanos);
        assert_true(time_unwrap(time) == cases[i].time_us);
    }
    arena_free(arena);
}

static void a_time_that_is_not_there_is_the_first_one(void **state)
{
    (void)state;
    assert_true(time_unwrap(NULL) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_comes_back_as_it_was_and_nanos_are_never_negative),
        cmocka_unit_test(a_time_that_is_not_there_is_the_first_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
