/* memory_test.c - whatever allocation fails, a rule ends with a status. */
#include "fixture.h"

#include "counting.h"
#include "summary.h"

enum { STEP_BYTES = 16, LIMIT_MAX_BYTES = 1 << 17 };

/* Runs rule with more and more memory until it does not lack any; facts live elsewhere. */
static void grow_until_enough(void **state,
                              struct status (*rule)(struct call *whole, struct call *small),
                              enum status_code expected)
{
    struct fixture *fixture = *state;

    for (size_t limit = STEP_BYTES; limit < LIMIT_MAX_BYTES; limit += STEP_BYTES) {
        struct fixture small = *fixture;

        small.call.arena = arena_new(limit);
        small.call.tx = &small.tx;
        small.tx.arena = small.call.arena;
        const struct status status = rule(&fixture->call, &small.call);
        const enum status_code code = status.code;
        /* A refusal is made in the arena: its message may lack, but is never NULL. */
        assert_true(code == STATUS_OK || (status.reason != NULL && status.message != NULL));
        arena_free(small.call.arena);
        if (code == expected) {
            return;
        }
        assert_int_equal(code, STATUS_RESOURCE_EXHAUSTED);
        arena_reset(fixture->call.arena);
    }
    fail_msg("never enough");
}

static struct status change_the_area(struct call *whole, struct call *small)
{
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(whole);

    cluster->area_hectares = double_wrap(whole->arena, 4);
    for (int i = 0; i < 2; i++) {
        Dongkhoi__Clusters__V1__AreaChange *change =
            message_new(whole->arena, &dongkhoi__clusters__v1__area_change__descriptor);
        bool unchanged = false;

        change->kind = AREA_REDUCE;
        change->basis = BASIS_RECORDED;
        change->date = (char *)(i == 0 ? "2018-01-01" : "2019-01-01");
        change->area_hectares = i == 0 ? double_wrap(whole->arena, 3) : NULL;
        TRY(area_add(small, cluster, change, &unchanged));
    }
    return cluster_refresh(small, cluster, "areaHectares");
}

static struct status enter_by_waiver(struct call *whole, struct call *small)
{
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(whole);
    Dongkhoi__Clusters__V1__StageChange *change =
        message_new(whole->arena, &dongkhoi__clusters__v1__stage_change__descriptor);
    bool unchanged = false;

    change->stage = STAGE_CONSTRUCTION;
    change->basis = BASIS_DOCUMENTED;
    change->document = document(whole, "1/QĐ", "2020-01-01");
    change->date = change->document->date;
    change->waiver = waiver(whole);
    return stage_enter(small, cluster, change, &unchanged);
}

static struct status refuse_a_stage(struct call *whole, struct call *small)
{
    return stage_refuse(small, planned(whole), STAGE_FULL);
}

static struct status judge_new(struct call *whole, struct call *small)
{
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(whole);
    Dongkhoi__Clusters__V1__NewClusterVerdict *verdict =
        message_new(whole->arena, &dongkhoi__clusters__v1__new_cluster_verdict__descriptor);

    TRY(enter(whole, cluster, STAGE_OPERATING, BASIS_RECORDED, "", NULL));
    return counting_judge(small, cluster, RULE_ESTABLISHED, 2022, verdict);
}

static struct status sum_up(struct call *whole, struct call *small)
{
    Dongkhoi__Clusters__V1__SummarizeClustersResponse *answer =
        message_new(whole->arena, &dongkhoi__clusters__v1__summarize_clusters_response__descriptor);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(whole);
    Dongkhoi__Clusters__V1__Investment *investment =
        message_new(whole->arena, &dongkhoi__clusters__v1__investment__descriptor);
    struct summary summary = {.occupancy_known = 0};

    investment->jobs = int32_wrap(whole->arena, 3);
    investment->committed_capital_billion_vnd = double_wrap(whole->arena, 3);
    summary_add_cluster(&summary, cluster);
    summary_add_investment(&summary, investment);
    return summary_answer(small, &summary, answer);
}

static void an_area_change_survives_a_full_arena(void **state)
{
    grow_until_enough(state, change_the_area, STATUS_OK);
}

static void a_stage_survives_a_full_arena(void **state)
{
    grow_until_enough(state, enter_by_waiver, STATUS_OK);
}

static void a_refusal_is_one_also_in_a_full_arena(void **state)
{
    grow_until_enough(state, refuse_a_stage, STATUS_FAILED_PRECONDITION);
}

static void a_verdict_survives_a_full_arena(void **state)
{
    grow_until_enough(state, judge_new, STATUS_OK);
}

static void a_summary_survives_a_full_arena(void **state)
{
    grow_until_enough(state, sum_up, STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_area_change_survives_a_full_arena),
        fixture_test(a_stage_survives_a_full_arena),
        fixture_test(a_refusal_is_one_also_in_a_full_arena),
        fixture_test(a_verdict_survives_a_full_arena),
        fixture_test(a_summary_survives_a_full_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
