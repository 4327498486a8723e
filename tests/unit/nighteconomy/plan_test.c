/* plan_test.c - tests of plans and of what refusals say, without a store. */
#include "unit.h"

#include "pb/message.h"
#include "plan.h"
#include "steps.h"

#include <string.h>

enum { COUNT = 3 };

/* A scheme in memory: a chain of milestones, one of them late, one moved, one without anything. */
struct world {
    struct arena *arena;
    scheme_message *scheme;
    milestone_message *milestones[COUNT];
};

static milestone_message *milestone(struct arena *arena, const char *name, const char *due_date)
{
    milestone_message *made =
        message_new(arena, &dongkhoi__nighteconomy__v1__milestone__descriptor);

    made->name = (char *)name;
    made->due_date = (char *)due_date;
    made->baseline_due_date = (char *)due_date;
    made->state = MILESTONE_PLANNED;
    return made;
}

static void depend(struct arena *arena, milestone_message *on, const char *name)
{
    dependency_message *link =
        message_new(arena, &dongkhoi__nighteconomy__v1__dependency__descriptor);

    link->milestone = (char *)name;
    link->type = TYPE_FS;
    on->depends_on = arena_alloc(arena, sizeof(*on->depends_on));
    on->depends_on[0] = link;
    on->n_depends_on = 1;
}

static int setup(void **state)
{
    struct world *world = test_calloc(1, sizeof(*world));
    struct arena *arena = arena_new(1 << 20);

    world->arena = arena;
    world->scheme = message_new(arena, &dongkhoi__nighteconomy__v1__scheme__descriptor);
    world->scheme->name = (char *)"schemes/s";
    world->milestones[0] = milestone(arena, "schemes/s/milestones/a", "2022-08-01");
    world->milestones[1] = milestone(arena, "schemes/s/milestones/b", "2022-08-15");
    world->milestones[2] = milestone(arena, "schemes/s/milestones/c", "");
    for (size_t i = 0; i + 1 < COUNT; i++) {
        world->milestones[i]->duration_days = int32_wrap(arena, 5);
        world->milestones[i]->weight = double_wrap(arena, 50);
        world->milestones[i]->progress = double_wrap(arena, 0.5);
    }
    world->milestones[1]->baseline_due_date = (char *)"2022-08-10";
    depend(arena, world->milestones[1], world->milestones[0]->name);
    depend(arena, world->milestones[2], world->milestones[1]->name);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    arena_free(world->arena);
    test_free(world);
    return 0;
}

static struct plan plan_of(struct world *world)
{
    return (struct plan){.milestones = world->milestones, .count = COUNT};
}

static void the_members_of_a_cycle_are_in_the_metadata(void **state)
{
    struct world *world = *state;
    struct call call = {.arena = world->arena};

    depend(world->arena, world->milestones[0], world->milestones[2]->name);
    const struct plan plan = plan_of(world);
    assert_status(plan_check_cycle(&call, &plan), STATUS_FAILED_PRECONDITION, "DEPENDENCY_CYCLE");
    assert_string_equal(call.metadata[0], "members");
    assert_string_equal(call.metadata[1], "a, c, b");
}

static void the_possible_steps_are_in_the_metadata(void **state)
{
    struct world *world = *state;
    struct call call = {.arena = world->arena};

    assert_status(step_refuse(&call, "x", "PLANNED", "start", "complete, cancel"),
                  STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE");
    assert_string_equal(call.metadata[0], "possibleSteps");
    assert_string_equal(call.metadata[1], "complete, cancel");
}

static void a_milestone_is_put_in_its_place(void **state)
{
    struct world *world = *state;
    struct call call = {.arena = world->arena};
    struct plan plan = plan_of(world);
    milestone_message *between = milestone(world->arena, "schemes/s/milestones/b-2", "");
    size_t index = 0;

    assert_ok(plan_put(&call, &plan, between));
    assert_int_equal(plan.count, COUNT + 1);
    assert_true(plan_find(&plan, between->name, &index));
    assert_int_equal(index, 2);
    assert_ok(plan_put(&call, &plan, between));
    assert_int_equal(plan.count, COUNT + 1);
    assert_false(plan_find(&plan, "schemes/s/milestones/d", &index));
}

#define world_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(the_members_of_a_cycle_are_in_the_metadata),
        world_test(the_possible_steps_are_in_the_metadata),
        world_test(a_milestone_is_put_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
