/* earned_value_test.c - tests of earned value against the check vector V4. */
#include "unit.h"

#include "earned_value.h"

enum { STATUS_DAY = 100, ONE = 10000 };

#define EARNER(weight_, progress_, due_)                                                           \
    {                                                                                              \
        .weight_known = true, .weight = (weight_)*ONE, .progress_known = true,                     \
        .progress = (progress_), .due_known = true, .due_day = STATUS_DAY + ((due_) ? 0 : 1)       \
    }

static const struct earner v4[] = {
    EARNER(20, ONE, true),
    EARNER(30, ONE, true),
    EARNER(30, ONE / 2, true),
    EARNER(20, 0, false),
};

enum { V4_COUNT = sizeof(v4) / sizeof(v4[0]) };

static void assert_earned(struct earned earned, double value)
{
    assert_true(earned.known);
    assert_true(earned.value == value);
}

static void v4_gives_65_80_minus_15_and_0_8125(void **state)
{
    const struct earned_value value = earned_value_compute(v4, V4_COUNT, STATUS_DAY);

    (void)state;
    assert_earned(value.ev, 65);
    assert_earned(value.pv, 80);
    assert_earned(value.sv, -15);
    assert_earned(value.spi, 0.8125);
    assert_earned(value.total, 100);
}

static void before_anything_is_due_the_index_is_unknown(void **state)
{
    const struct earned_value value = earned_value_compute(v4, V4_COUNT, STATUS_DAY - 1);

    (void)state;
    assert_earned(value.pv, 0);
    assert_earned(value.sv, 65);
    assert_false(value.spi.known);
}

static void one_unknown_weight_makes_all_unknown(void **state)
{
    struct earner earners[V4_COUNT];

    (void)state;
    for (size_t i = 0; i < V4_COUNT; i++) {
        earners[i] = v4[i];
    }
    earners[2].weight_known = false;
    const struct earned_value value = earned_value_compute(earners, V4_COUNT, STATUS_DAY);
    assert_false(value.total.known || value.ev.known || value.pv.known || value.sv.known ||
                 value.spi.known);
}

static void an_unknown_progress_leaves_the_planned_value(void **state)
{
    struct earner earners[V4_COUNT];

    (void)state;
    for (size_t i = 0; i < V4_COUNT; i++) {
        earners[i] = v4[i];
    }
    earners[2].progress_known = false;
    const struct earned_value value = earned_value_compute(earners, V4_COUNT, STATUS_DAY);
    assert_earned(value.pv, 80);
    assert_false(value.ev.known || value.sv.known || value.spi.known);
}

static void an_unknown_due_date_leaves_the_earned_value(void **state)
{
    struct earner earners[V4_COUNT];

    (void)state;
    for (size_t i = 0; i < V4_COUNT; i++) {
        earners[i] = v4[i];
    }
    earners[0].due_known = false;
    const struct earned_value value = earned_value_compute(earners, V4_COUNT, STATUS_DAY);
    assert_earned(value.ev, 65);
    assert_false(value.pv.known || value.sv.known || value.spi.known);
}

static void what_weighs_nothing_may_be_unknown(void **state)
{
    const struct earner earners[] = {EARNER(50, ONE, true), {.weight_known = true}};
    const struct earned_value value = earned_value_compute(earners, 2, STATUS_DAY);

    (void)state;
    assert_earned(value.ev, 50);
    assert_earned(value.spi, 1);
}

static void a_third_is_rounded_once(void **state)
{
    const struct earner earners[] = {EARNER(1, ONE, true), EARNER(2, 0, true)};
    const struct earned_value value = earned_value_compute(earners, 2, STATUS_DAY);

    (void)state;
    assert_earned(value.spi, 0.3333);
}

static void no_milestones_earn_nothing_known(void **state)
{
    const struct earned_value value = earned_value_compute(NULL, 0, STATUS_DAY);

    (void)state;
    assert_false(value.total.known || value.ev.known || value.pv.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_gives_65_80_minus_15_and_0_8125),
        cmocka_unit_test(before_anything_is_due_the_index_is_unknown),
        cmocka_unit_test(one_unknown_weight_makes_all_unknown),
        cmocka_unit_test(an_unknown_progress_leaves_the_planned_value),
        cmocka_unit_test(an_unknown_due_date_leaves_the_earned_value),
        cmocka_unit_test(what_weighs_nothing_may_be_unknown),
        cmocka_unit_test(a_third_is_rounded_once),
        cmocka_unit_test(no_milestones_earn_nothing_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
