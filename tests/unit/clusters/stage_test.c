/* stage_test.c - tests stage.c. */
#include "fixture.h"

static struct call *call_of(void **state)
{
    return &((struct fixture *)*state)->call;
}

static void every_pair_of_stages_is_judged_by_the_table(void **state)
{
    (void)state;
    for (int from = STAGE_PLANNED; from <= STAGE_REVOKED; from++) {
        for (int to = STAGE_PLANNED; to <= STAGE_REVOKED; to++) {
            enum stage_step expected = STEP_SKIP;

            if (to <= from) {
                expected = STEP_COMPLETE;
            } else if (to == STAGE_REVOKED) {
                expected = from >= STAGE_ESTABLISHED ? STEP_NEXT : STEP_REFUSED;
            } else if (to == from + 1) {
                expected = STEP_NEXT;
            }
            assert_int_equal(stage_step(from, to, BASIS_DOCUMENTED, false), expected);
            assert_int_equal(stage_step(from, to, BASIS_DOCUMENTED, true), STEP_REFUSED);
            assert_int_equal(stage_step(from, to, BASIS_RECORDED, false), STEP_RECORD);
            assert_int_equal(stage_step(from, to, BASIS_RECORDED, true), STEP_REFUSED);
        }
    }
}

static void every_stage_has_a_name_and_a_document(void **state)
{
    (void)state;
    for (int stage = STAGE_PLANNED; stage <= STAGE_REVOKED; stage++) {
        assert_non_null(stage_name(stage));
        assert_non_null(stage_entered_by(stage));
    }
    assert_null(stage_name(STAGE_NONE));
    assert_null(stage_name(STAGE_REVOKED + 1));
    assert_null(stage_name(-1));
}

static void the_legal_order_is_walked_to_the_end(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    cluster->tenant_count = 1;
    cluster->leasable_hectares = double_wrap(call->arena, 12.5);
    cluster->leased_hectares = 12.5;
    cluster->occupancy_percent = double_wrap(call->arena, 100);
    for (int stage = STAGE_PLANNED + 1; stage <= STAGE_REVOKED; stage++) {
        assert_ok(enter(call, cluster, stage, BASIS_DOCUMENTED, "2020-01-01", NULL));
        assert_int_equal(cluster->stage, stage);
    }
    assert_int_equal(cluster->n_stage_changes, STAGE_REVOKED);
}

static void a_skipped_stage_names_what_is_possible(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    const struct status status =
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2020-01-01", NULL);

    assert_status(status, STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE");
    assert_non_null(strstr(status.message, "INVESTOR_CALL"));
    assert_non_null(strstr(status.message, "waiver"));
    assert_string_equal(call->metadata[2], "possibleStages");
    assert_string_equal(call->metadata[3], "INVESTOR_CALL");
    assert_int_equal(cluster->stage, STAGE_PLANNED);
    assert_int_equal(cluster->n_stage_changes, 1);
}

static void a_waiver_skips_stages_and_may_not_stand_elsewhere(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_status(enter(call, cluster, 2, BASIS_DOCUMENTED, "2020-01-01", waiver(call)),
                  STATUS_INVALID_ARGUMENT, "WAIVER_NOT_NEEDED");
    assert_ok(
        enter(call, cluster, STAGE_CONSTRUCTION, BASIS_DOCUMENTED, "2020-01-01", waiver(call)));
    assert_int_equal(cluster->stage, STAGE_CONSTRUCTION);
    assert_true(stage_was_waived(cluster, STAGE_ESTABLISHED));
    assert_false(stage_was_waived(cluster, STAGE_PLANNED));
    assert_false(stage_was_waived(cluster, STAGE_CONSTRUCTION));
}

static void a_waiver_needs_a_dated_document(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__Waiver *leave = waiver(call);

    leave->document->date = (char *)"";
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2020-01-01", leave),
                  STATUS_INVALID_ARGUMENT, "DATE_REQUIRED");
    leave->document = NULL;
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2020-01-01", leave),
                  STATUS_INVALID_ARGUMENT, "DOCUMENT_REQUIRED");
    assert_int_equal(cluster->stage, STAGE_PLANNED);
}

static void a_stage_waived_may_be_entered_later_than_those_after_it(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(
        enter(call, cluster, STAGE_CONSTRUCTION, BASIS_DOCUMENTED, "2020-01-01", waiver(call)));
    assert_ok(enter(call, cluster, 5, BASIS_DOCUMENTED, "2021-01-01", NULL));
    assert_int_equal(cluster->stage, STAGE_CONSTRUCTION);
    cluster->tenant_count = 1;
    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_DOCUMENTED, "2020-06-01", NULL));
}

static void only_an_established_cluster_can_be_revoked(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_status(enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2020-01-01", waiver(call)),
                  STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE");
    assert_ok(
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2020-01-01", waiver(call)));
    assert_ok(enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2020-02-01", NULL));
    assert_string_equal(cluster_revoked_on(cluster), "2020-02-01");
    const struct status status =
        enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2020-03-01", NULL);
    assert_status(status, STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE");
    assert_non_null(strstr(status.message, "possible next: none"));
}

static void a_stage_found_as_it_is_gets_its_documents_later(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "", NULL));
    assert_int_equal(cluster->stage, STAGE_OPERATING);
    assert_ok(enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2011-05-16", NULL));
    assert_ok(enter(call, cluster, 6, BASIS_DOCUMENTED, "2016-09-16", NULL));
    assert_int_equal(cluster->stage, STAGE_OPERATING);
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2012-05-16", NULL),
                  STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE");
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, "", NULL),
                  STATUS_FAILED_PRECONDITION, "STAGE_NOT_POSSIBLE");
}

static void the_same_record_twice_changes_nothing(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "", NULL));
    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "", NULL));
    assert_int_equal(cluster->n_stage_changes, 2);
    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "2020-01", NULL));
    assert_int_equal(cluster->n_stage_changes, 3);
}

static void dates_follow_the_order_of_the_stages(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(enter(call, cluster, 2, BASIS_DOCUMENTED, "2020-05-10", NULL));
    assert_status(enter(call, cluster, 3, BASIS_DOCUMENTED, "2020-05-09", NULL),
                  STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
    assert_ok(enter(call, cluster, 3, BASIS_DOCUMENTED, "2020-05-10", NULL));
    assert_status(enter(call, cluster, STAGE_PLANNED, BASIS_DOCUMENTED, "2020-05-11", NULL),
                  STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
    assert_ok(enter(call, cluster, STAGE_PLANNED, BASIS_DOCUMENTED, "2019-01-01", NULL));
    assert_ok(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, "2020-05", NULL));
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, "2020-04", NULL),
                  STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
}

static void operation_needs_a_tenant_and_full_needs_all_land_leased(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(
        enter(call, cluster, STAGE_CONSTRUCTION, BASIS_DOCUMENTED, "2020-01-01", waiver(call)));
    assert_status(enter(call, cluster, STAGE_OPERATING, BASIS_DOCUMENTED, "2020-01-02", NULL),
                  STATUS_FAILED_PRECONDITION, "NO_TENANT");
    cluster->tenant_count = 1;
    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_DOCUMENTED, "2020-01-02", NULL));
    assert_status(enter(call, cluster, STAGE_FULL, BASIS_DOCUMENTED, "2020-01-03", NULL),
                  STATUS_FAILED_PRECONDITION, "NOT_FULL");
    cluster->leasable_hectares = double_wrap(call->arena, 30);
    cluster->leased_hectares = 29.9999;
    assert_ok(cluster_refresh(call, cluster, "stage"));
    /* It rounds to 100.00 %, but it is not full. */
    assert_true(cluster->occupancy_percent->value == 100);
    assert_status(enter(call, cluster, STAGE_FULL, BASIS_DOCUMENTED, "2020-01-03", NULL),
                  STATUS_FAILED_PRECONDITION, "NOT_FULL");
    cluster->leased_hectares = 30;
    assert_ok(enter(call, cluster, STAGE_FULL, BASIS_DOCUMENTED, "2020-01-03", NULL));
}

static void stage_changes_are_bounded(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    for (int i = 0; i < STAGE_CHANGES_MAX - 1; i++) {
        const char *date = arena_printf(call->arena, "%d-%02d", 1990 + i / 12, 1 + i % 12);
        assert_ok(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, date, NULL));
    }
    assert_status(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, "2020-01", NULL),
                  STATUS_FAILED_PRECONDITION, "TOO_MANY_CHANGES");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_stages_is_judged_by_the_table),
        cmocka_unit_test(every_stage_has_a_name_and_a_document),
        fixture_test(the_legal_order_is_walked_to_the_end),
        fixture_test(a_skipped_stage_names_what_is_possible),
        fixture_test(a_waiver_skips_stages_and_may_not_stand_elsewhere),
        fixture_test(a_waiver_needs_a_dated_document),
        fixture_test(a_stage_waived_may_be_entered_later_than_those_after_it),
        fixture_test(only_an_established_cluster_can_be_revoked),
        fixture_test(a_stage_found_as_it_is_gets_its_documents_later),
        fixture_test(the_same_record_twice_changes_nothing),
        fixture_test(dates_follow_the_order_of_the_stages),
        fixture_test(operation_needs_a_tenant_and_full_needs_all_land_leased),
        fixture_test(stage_changes_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
