/* critical_path_test.c - tests of the critical path against the check vectors V3 and V3b. */
#include "unit.h"

#include "critical_path.h"

#define KNOWN(days_)                                                                               \
    (struct offset)                                                                                \
    {                                                                                              \
        .known = true, .days = (days_)                                                             \
    }

enum { A, B, C, D, E, V3_COUNT };

static const struct link v3_b[] = {{.from = A}};
static const struct link v3_c[] = {{.from = A, .lag = 3}};
static const struct link v3_d[] = {{.from = B}, {.from = C}};
static const struct link v3_e[] = {{.from = D}};

/* Out of order on purpose: the order is to be found. */
static void v3_fill(struct activity activities[V3_COUNT])
{
    const struct activity made[V3_COUNT] = {
        [A] = {.duration = KNOWN(10)},
        [B] = {.duration = KNOWN(15), .links = v3_b, .link_count = 1},
        [C] = {.duration = KNOWN(5), .links = v3_c, .link_count = 1},
        [D] = {.duration = KNOWN(20), .links = v3_d, .link_count = 2},
        [E] = {.duration = KNOWN(0), .links = v3_e, .link_count = 1},
    };

    for (size_t i = 0; i < V3_COUNT; i++) {
        activities[i] = made[i];
    }
}

static struct offset computed(struct activity *activities, size_t count, struct offset imposed)
{
    struct arena *arena = arena_new(1 << 20);
    struct offset finish = {0};

    assert_int_equal(critical_path_compute(arena, activities, count, imposed, &finish),
                     CRITICAL_PATH_OK);
    arena_free(arena);
    return finish;
}

static void assert_early(const struct activity *activity, int64_t start, int64_t finish)
{
    assert_true(activity->early_start.known && activity->early_finish.known);
    assert_int_equal(activity->early_start.days, start);
    assert_int_equal(activity->early_finish.days, finish);
}

static void v3_gives_early_times_and_slack(void **state)
{
    static const int64_t slack[] = {0, 0, 7, 0, 0};
    struct activity activities[V3_COUNT];

    (void)state;
    v3_fill(activities);
    assert_int_equal(computed(activities, V3_COUNT, (struct offset){0}).days, 45);
    assert_early(&activities[A], 0, 10);
    assert_early(&activities[B], 10, 25);
    assert_early(&activities[C], 13, 18);
    assert_early(&activities[D], 25, 45);
    assert_early(&activities[E], 45, 45);
    for (size_t i = 0; i < V3_COUNT; i++) {
        assert_true(activities[i].slack.known);
        assert_int_equal(activities[i].slack.days, slack[i]);
        assert_int_equal(activities[i].late_start.days, activities[i].early_start.days + slack[i]);
        assert_int_equal(activities[i].late_finish.days,
                         activities[i].late_start.days + activities[i].duration.days);
    }
}

static void v3_under_an_imposed_end_of_40_has_negative_slack(void **state)
{
    static const int64_t slack[] = {-5, -5, 2, -5, -5};
    struct activity activities[V3_COUNT];

    (void)state;
    v3_fill(activities);
    assert_int_equal(computed(activities, V3_COUNT, KNOWN(40)).days, 45);
    for (size_t i = 0; i < V3_COUNT; i++) {
        assert_int_equal(activities[i].slack.days, slack[i]);
    }
    assert_int_equal(activities[A].late_start.days, -5);
}

static void v3b_ties_starts_and_finishes(void **state)
{
    static const struct link b[] = {{.from = 0, .type = LINK_SS, .lag = 2}};
    static const struct link c[] = {{.from = 1, .type = LINK_FF, .lag = 1}};
    struct activity activities[] = {
        {.duration = KNOWN(4)},
        {.duration = KNOWN(6), .links = b, .link_count = 1},
        {.duration = KNOWN(3), .links = c, .link_count = 1},
    };

    (void)state;
    assert_int_equal(computed(activities, 3, (struct offset){0}).days, 9);
    assert_early(&activities[0], 0, 4);
    assert_early(&activities[1], 2, 8);
    assert_early(&activities[2], 6, 9);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(activities[i].slack.days, 0);
    }
}

static void a_lag_cannot_bring_a_start_before_day_0(void **state)
{
    static const struct link second[] = {{.from = 0, .lag = -30}};
    static const struct link third[] = {{.from = 0, .type = LINK_FF, .lag = 0}};
    struct activity activities[] = {
        {.duration = KNOWN(4)},
        {.duration = KNOWN(6), .links = second, .link_count = 1},
        {.duration = KNOWN(9), .links = third, .link_count = 1},
    };

    (void)state;
    (void)computed(activities, 3, (struct offset){0});
    assert_early(&activities[1], 0, 6);
    assert_early(&activities[2], 0, 9);
}

static void an_unknown_duration_makes_unknown_what_depends_on_it(void **state)
{
    struct activity activities[V3_COUNT];

    (void)state;
    v3_fill(activities);
    activities[C].duration = (struct offset){0};
    assert_false(computed(activities, V3_COUNT, (struct offset){0}).known);
    assert_early(&activities[A], 0, 10);
    assert_early(&activities[B], 10, 25);
    assert_false(activities[C].early_start.known);
    assert_false(activities[D].early_start.known);
    assert_false(activities[E].early_finish.known);
    for (size_t i = 0; i < V3_COUNT; i++) {
        assert_false(activities[i].slack.known);
        assert_false(activities[i].late_finish.known);
    }
}

static void an_imposed_end_gives_late_times_where_the_end_is_unknown(void **state)
{
    struct activity activities[V3_COUNT];

    (void)state;
    v3_fill(activities);
    activities[C].duration = (struct offset){0};
    assert_false(computed(activities, V3_COUNT, KNOWN(40)).known);
    assert_true(activities[D].late_start.known);
    assert_int_equal(activities[D].late_start.days, 20);
    assert_int_equal(activities[B].slack.days, -5);
    assert_false(activities[D].slack.known);
    assert_false(activities[C].late_start.known);
    assert_false(activities[A].late_start.known);
}

static void a_cycle_is_found_and_its_members_alone_are_named(void **state)
{
    static const struct link b[] = {{.from = A}, {.from = D}};
    struct activity activities[V3_COUNT];
    struct arena *arena = arena_new(1 << 20);
    size_t *members = NULL;
    size_t count = 0;
    bool seen[V3_COUNT] = {0};

    (void)state;
    v3_fill(activities);
    activities[B].links = b;
    activities[B].link_count = 2;
    assert_int_equal(critical_path_order(arena, activities, V3_COUNT, &members, &count),
                     CRITICAL_PATH_CYCLE);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        seen[members[i]] = true;
    }
    assert_true(seen[B] && seen[D]);
    arena_free(arena);
}

static void what_waits_for_itself_is_a_cycle_of_one(void **state)
{
    static const struct link self[] = {{.from = 0, .type = LINK_SS}};
    const struct activity activities[] = {{.duration = KNOWN(1), .links = self, .link_count = 1}};
    struct arena *arena = arena_new(1 << 20);
    size_t *members = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(critical_path_order(arena, activities, 1, &members, &count),
                     CRITICAL_PATH_CYCLE);
    assert_int_equal(count, 1);
    arena_free(arena);
}

static void a_chain_of_a_thousand_needs_no_recursion(void **state)
{
    enum { COUNT = 1000 };
    static struct link links[COUNT];
    static struct activity activities[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) { /* each waits for the next */
        links[i] = (struct link){.from = i + 1};
        activities[i] = (struct activity){
            .duration = KNOWN(3650), .links = &links[i], .link_count = i + 1 < COUNT};
    }
    assert_int_equal(computed(activities, COUNT, (struct offset){0}).days, 3650000);
    assert_int_equal(activities[0].early_start.days, 3650000 - 3650);
    assert_int_equal(activities[COUNT - 1].slack.days, 0);
}

static void no_activities_have_no_end(void **state)
{
    (void)state;
    assert_false(computed(NULL, 0, (struct offset){0}).known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v3_gives_early_times_and_slack),
        cmocka_unit_test(v3_under_an_imposed_end_of_40_has_negative_slack),
        cmocka_unit_test(v3b_ties_starts_and_finishes),
        cmocka_unit_test(a_lag_cannot_bring_a_start_before_day_0),
        cmocka_unit_test(an_unknown_duration_makes_unknown_what_depends_on_it),
        cmocka_unit_test(an_imposed_end_gives_late_times_where_the_end_is_unknown),
        cmocka_unit_test(a_cycle_is_found_and_its_members_alone_are_named),
        cmocka_unit_test(what_waits_for_itself_is_a_cycle_of_one),
        cmocka_unit_test(a_chain_of_a_thousand_needs_no_recursion),
        cmocka_unit_test(no_activities_have_no_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
