/* cache_day_test.c - the day that answers with a date of their own are kept for. */
#include "unit.h"

#include "cache.h"

/* 2022-08-10 00:00 in Asia/Ho_Chi_Minh is 17:00 of the day before in UTC. */
enum { MIDNIGHT = 1660064400, DAY = 19214 };

static void the_day_begins_at_midnight_in_asia_ho_chi_minh(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t day;
        bool is_turning;
    } cases[] = {
        {MIDNIGHT - 3600, DAY - 1, false},
        {MIDNIGHT - 31, DAY - 1, false},
        {MIDNIGHT - 30, DAY - 1, true},
        {MIDNIGHT - 1, DAY - 1, true},
        {MIDNIGHT, DAY, true},
        {MIDNIGHT + 29, DAY, true},
        {MIDNIGHT + 30, DAY, false},
        {MIDNIGHT + 12 * 3600, DAY, false},
        {MIDNIGHT + 86400, DAY + 1, true},
        {MIDNIGHT + 7 * 3600, DAY, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_turning = !cases[i].is_turning;

        assert_int_equal(cache_day_at(cases[i].seconds, &is_turning), cases[i].day);
        assert_int_equal(is_turning, cases[i].is_turning);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_day_begins_at_midnight_in_asia_ho_chi_minh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
