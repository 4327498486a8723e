/* random_test.c - the published numbers of splitmix64, and what is made of them. */
#include "random.h"
#include "unit.h"

static void numbers_are_those_of_the_published_algorithm(void **state)
{
    struct random random = {1234567};

    (void)state;
    assert_true(random_next(&random) == UINT64_C(6457827717110365317));
    assert_true(random_next(&random) == UINT64_C(3203168211198807973));
    assert_true(random_next(&random) == UINT64_C(9817491932198370423));
    assert_true(random_next(&random) == UINT64_C(4593380528125082431));
    assert_true(random_next(&random) == UINT64_C(16408922859458223821));
}

static void numbers_stay_within_their_bounds_and_reach_them(void **state)
{
    struct random random = random_of(1, 2, 3);
    unsigned seen[6] = {0};
    unsigned ends[2] = {0};

    (void)state;
    for (int i = 0; i < 6000; i++) {
        const unsigned number = random_below(&random, 6);
        assert_in_range(number, 0, 5);
        seen[number]++;
        const int64_t between = random_between(&random, -20, 20);
        assert_true(between >= -20 && between <= 20);
        ends[0] += between == -20;
        ends[1] += between == 20;
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_in_range(seen[i], 850, 1150);
    }
    assert_true(ends[0] > 0 && ends[1] > 0);
}

static void streams_of_other_topics_are_other_numbers(void **state)
{
    struct random one = random_of(1, 2, 3);
    struct random same = random_of(1, 2, 3);
    struct random others[] = {random_of(2, 2, 3), random_of(1, 3, 3), random_of(1, 2, 4)};
    const uint64_t number = random_next(&one);

    (void)state;
    assert_true(random_next(&same) == number);
    for (int i = 0; i < 3; i++) {
        assert_true(random_next(&others[i]) != number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_published_algorithm),
        cmocka_unit_test(numbers_stay_within_their_bounds_and_reach_them),
        cmocka_unit_test(streams_of_other_topics_are_other_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
