/* counting_test.c - tests counting.c. */
#include "fixture.h"

#include "counting.h"

static struct call *call_of(void **state)
{
    return &((struct fixture *)*state)->call;
}

static void assert_verdict(struct call *call, const Dongkhoi__Clusters__V1__Cluster *cluster,
                           int rule, int year, bool counted, const char *reason)
{
    Dongkhoi__Clusters__V1__NewClusterVerdict *verdict =
        message_new(call->arena, &dongkhoi__clusters__v1__new_cluster_verdict__descriptor);

    assert_ok(counting_judge(call, cluster, rule, year, verdict));
    assert_string_equal(verdict->reason, reason);
    assert_int_equal(verdict->counted, counted);
    assert_string_equal(verdict->cluster, cluster->name);
    assert_true(strlen(verdict->sentence) > 0);
    /* What is counted always has its date. */
    assert_true(!counted || verdict->date[0] != '\0');
}

static void a_documented_establishment_counts_in_its_year_only(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_verdict(call, cluster, RULE_ESTABLISHED, 2022, false, "NOT_REACHED");
    assert_ok(
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2022-12-31", waiver(call)));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2022, true, "IN_YEAR");
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2023, false, "BEFORE_YEAR");
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2021, false, "AFTER_YEAR");
}

static void a_document_counts_from_its_own_day(void **state)
{
    static const struct {
        const char *published_by;
        bool counted;
        const char *reason;
    } cases[] = {
        {"2022-06-29", false, "PUBLISHED_LATER"}, {"2022-06-30", true, "IN_YEAR"},
        {"2022-09-30", true, "IN_YEAR"},          {"2022-10-01", false, "REVOKED_IN_YEAR"},
        {"", false, "REVOKED_IN_YEAR"},
    };
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2022-06-30", waiver(call)));
    assert_ok(enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2022-10-01", NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Dongkhoi__Clusters__V1__NewClusterVerdict *verdict =
            message_new(call->arena, &dongkhoi__clusters__v1__new_cluster_verdict__descriptor);
        assert_ok(counting_judge_by(call, cluster, RULE_ESTABLISHED, 2022, cases[i].published_by,
                                    verdict));
        assert_string_equal(verdict->reason, cases[i].reason);
        assert_int_equal(verdict->counted, cases[i].counted);
    }
}

static void a_recorded_stage_never_counts(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(enter(call, cluster, STAGE_ESTABLISHED, BASIS_RECORDED, "2022-05-05", NULL));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2022, false, "ONLY_RECORDED");
    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "2022-06-05", NULL));
    assert_verdict(call, cluster, RULE_CONSTRUCTION_STARTED, 2022, false, "ONLY_RECORDED");
}

static void a_document_added_later_makes_a_recorded_stage_count(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(enter(call, cluster, STAGE_OPERATING, BASIS_RECORDED, "", NULL));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2011, false, "ONLY_RECORDED");
    assert_ok(enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2011-05-16", NULL));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2011, true, "IN_YEAR");
}

static void a_stage_skipped_by_waiver_does_not_count(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(
        enter(call, cluster, STAGE_CONSTRUCTION, BASIS_DOCUMENTED, "2022-05-05", waiver(call)));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2022, false, "SKIPPED_BY_WAIVER");
    assert_verdict(call, cluster, RULE_CONSTRUCTION_STARTED, 2022, true, "IN_YEAR");
}

static void what_is_revoked_in_its_year_does_not_count(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);

    assert_ok(
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2021-05-05", waiver(call)));
    assert_ok(enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2021-11-05", NULL));
    assert_verdict(call, cluster, RULE_ESTABLISHED, 2021, false, "REVOKED_IN_YEAR");

    Dongkhoi__Clusters__V1__Cluster *later = planned(call);
    assert_ok(enter(call, later, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2021-05-05", waiver(call)));
    assert_ok(enter(call, later, STAGE_REVOKED, BASIS_DOCUMENTED, "2022-01-01", NULL));
    assert_verdict(call, later, RULE_ESTABLISHED, 2021, true, "IN_YEAR");
}

static void what_was_revoked_before_it_got_there_is_not_said_to_be_found(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__NewClusterVerdict *verdict =
        message_new(call->arena, &dongkhoi__clusters__v1__new_cluster_verdict__descriptor);

    assert_ok(
        enter(call, cluster, STAGE_ESTABLISHED, BASIS_DOCUMENTED, "2021-05-05", waiver(call)));
    assert_ok(enter(call, cluster, STAGE_REVOKED, BASIS_DOCUMENTED, "2022-11-05", NULL));
    assert_ok(counting_judge(call, cluster, RULE_CONSTRUCTION_STARTED, 2022, verdict));
    assert_string_equal(verdict->reason, "NOT_REACHED");
    assert_non_null(strstr(verdict->sentence, "it was revoked on 2022-11-05 ("));
    assert_non_null(strstr(verdict->sentence, "when it was ESTABLISHED"));
    assert_null(strstr(verdict->sentence, "found"));

    Dongkhoi__Clusters__V1__Cluster *found = planned(call);
    assert_ok(enter(call, found, STAGE_REVOKED, BASIS_RECORDED, "", NULL));
    assert_ok(counting_judge(call, found, RULE_CONSTRUCTION_STARTED, 2022, verdict));
    assert_string_equal(verdict->reason, "ONLY_RECORDED");
    assert_non_null(strstr(verdict->sentence, "found as REVOKED"));
}

static void the_first_appointment_of_an_owner_counts(void **state)
{
    struct call *call = call_of(state);
    Dongkhoi__Clusters__V1__Cluster *cluster = planned(call);
    Dongkhoi__Clusters__V1__OwnerAppointment *appointment =
        message_new(call->arena, &dongkhoi__clusters__v1__owner_appointment__descriptor);

    assert_verdict(call, cluster, RULE_OWNER_APPOINTED, 2022, false, "NOT_REACHED");
    cluster->infrastructure_owner = (char *)"as found";
    assert_verdict(call, cluster, RULE_OWNER_APPOINTED, 2022, false, "ONLY_RECORDED");
    appointment->date = (char *)"2022-07-01";
    appointment->document = document(call, "3/QĐ-UBND", "2022-07-01");
    assert_ok(message_insert(call, &cluster->base, "owner_appointments", 0, appointment));
    assert_verdict(call, cluster, RULE_OWNER_APPOINTED, 2022, true, "IN_YEAR");
    assert_verdict(call, cluster, RULE_OWNER_APPOINTED, 2023, false, "BEFORE_YEAR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_documented_establishment_counts_in_its_year_only),
        fixture_test(a_document_counts_from_its_own_day),
        fixture_test(a_recorded_stage_never_counts),
        fixture_test(a_document_added_later_makes_a_recorded_stage_count),
        fixture_test(a_stage_skipped_by_waiver_does_not_count),
        fixture_test(what_is_revoked_in_its_year_does_not_count),
        fixture_test(what_was_revoked_before_it_got_there_is_not_said_to_be_found),
        fixture_test(the_first_appointment_of_an_owner_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
