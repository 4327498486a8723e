/* service_test.c - tests of resources and steps through the service. */
#include "running.h"

#include <stdio.h>
#include <string.h>

#define M "schemes/s/milestones/"
#define NAME(id) "{\"name\":\"" M id "\""
#define UPDATE(id, fields) "{\"milestone\":{\"name\":\"" M id "\"," fields "}}"
#define DOCUMENT "\"document\":{\"number\":\"9/TB-SCT\",\"date\":\"2022-11-01\"}"

static void create_chain(struct running *running)
{
    create_scheme(running, "");
    create_milestone(running, "a", "");
    create_milestone(running, "b", ",\"dependsOn\":[{\"milestone\":\"a\"}]");
    create_milestone(running, "c",
                     ",\"dependsOn\":[{\"milestone\":\"" M "b\",\"type\":\"SS\",\"lagDays\":-2}]");
}

static void a_scheme_goes_through_its_states(void **state)
{
    struct running *running = *state;

    create_scheme(running, ",\"leadOrganization\":\"organizations/sct\"");
    assert_has(ok(running, "GetScheme", "{\"name\":\"schemes/s\"}"), "\"state\":\"DRAFT\"");
    const char *message = refused(running, "UpdateScheme",
                                  "{\"scheme\":{\"name\":\"schemes/s\",\"state\":\"COMPLETED\"}}",
                                  STATUS_FAILED_PRECONDITION, "STATE_NOT_POSSIBLE");
    assert_has(message, "possible: ACTIVE, CANCELLED");
    ok(running, "UpdateScheme", "{\"scheme\":{\"name\":\"schemes/s\",\"state\":\"ACTIVE\"}}");
    create_milestone(running, "a", "");
    assert_has(refused(running, "UpdateScheme",
                       "{\"scheme\":{\"name\":\"schemes/s\",\"state\":\"COMPLETED\"}}",
                       STATUS_FAILED_PRECONDITION, "MILESTONES_OPEN"),
               M "a is PLANNED");
    ok(running, "CompleteMilestone", NAME("a") ",\"note\":\"long ago\"}");
    ok(running, "UpdateScheme", "{\"scheme\":{\"name\":\"schemes/s\",\"state\":\"COMPLETED\"}}");
    refused(running, "CreateMilestone",
            "{\"parent\":\"schemes/s\",\"milestone\":{\"displayName\":{\"vi\":\"x\"}}}",
            STATUS_FAILED_PRECONDITION, "SCHEME_CLOSED");
    refused(running, "CreateScheme",
            "{\"scheme\":{\"displayName\":{\"vi\":\"x\"},\"state\":\"COMPLETED\"}}",
            STATUS_FAILED_PRECONDITION, "STATE_NOT_POSSIBLE");
}

static void a_scheme_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *fields;
        const char *reason;
    } cases[] = {
        {"\"note\":\"x\"", "FIELD_REQUIRED"},
        {"\"displayName\":{\"en\":\"x\"}", "FIELD_REQUIRED"},
        {"\"displayName\":{\"vi\":\"x\"},\"leadOrganization\":\"sct\"", "INVALID_NAME"},
        {"\"displayName\":{\"vi\":\"x\"},\"startDate\":\"2022-02-29\"", "INVALID_DATE"},
        {"\"displayName\":{\"vi\":\"x\"},\"startDate\":\"2022-03-02\",\"imposedFinishDate\":"
         "\"2022-03-01\"",
         "DATE_OUT_OF_ORDER"},
    };
    struct running *running = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refused(running, "CreateScheme",
                arena_printf(running->arena, "{\"scheme\":{%s}}", cases[i].fields),
                STATUS_INVALID_ARGUMENT, cases[i].reason);
    }
}

static void a_project_in_use_is_not_deleted(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    refused(running, "CreateMilestone",
            "{\"parent\":\"schemes/s\",\"milestone\":{\"displayName\":{\"vi\":\"x\"},"
            "\"project\":\"cho-dem\"}}",
            STATUS_FAILED_PRECONDITION, "PROJECT_NOT_FOUND");
    ok(running, "CreateProject",
       "{\"parent\":\"schemes/s\",\"projectId\":\"cho-dem\",\"project\":{\"displayName\":{\"vi\":"
       "\"Chợ đêm\"},\"place\":\"thành phố Bến Tre\"}}");
    create_milestone(running, "a", ",\"project\":\"cho-dem\"");
    assert_has(ok(running, "ListMilestones",
                  "{\"parent\":\"schemes/s\",\"filter\":\"project = "
                  "\\\"schemes/s/projects/cho-dem\\\"\"}"),
               "\"name\":\"" M "a\"");
    refused(running, "DeleteProject", "{\"name\":\"schemes/s/projects/cho-dem\"}",
            STATUS_FAILED_PRECONDITION, "PROJECT_IN_USE");
    refused(running, "UpdateMilestone", UPDATE("a", "\"project\":\"schemes/t/projects/cho-dem\""),
            STATUS_INVALID_ARGUMENT, "INVALID_NAME");
    refused(running, "DeleteScheme", "{\"name\":\"schemes/s\"}", STATUS_FAILED_PRECONDITION,
            "HAS_CHILDREN");
    ok(running, "DeleteMilestone", NAME("a") "}");
    ok(running, "DeleteProject", "{\"name\":\"schemes/s/projects/cho-dem\"}");
    ok(running, "DeleteScheme", "{\"name\":\"schemes/s\"}");
}

static void links_are_kept_by_name_with_their_type(void **state)
{
    struct running *running = *state;

    create_chain(running);
    assert_has(ok(running, "GetMilestone", NAME("b") "}"),
               "\"dependsOn\":[{\"milestone\":\"" M "a\",\"type\":\"FS\",\"lagDays\":0}]");
    assert_has(ok(running, "GetMilestone", NAME("c") "}"),
               "\"dependsOn\":[{\"milestone\":\"" M "b\",\"type\":\"SS\",\"lagDays\":-2}]");
    /* The same links, said shorter, are no change. */
    assert_has(ok(running, "UpdateMilestone", UPDATE("b", "\"dependsOn\":[{\"milestone\":\"a\"}]")),
               "\"revision\":1");
}

static void a_cycle_is_refused_and_named(void **state)
{
    struct running *running = *state;

    create_chain(running);
    assert_has(refused(running, "UpdateMilestone",
                       UPDATE("a", "\"dependsOn\":[{\"milestone\":\"c\"}]"),
                       STATUS_FAILED_PRECONDITION, "DEPENDENCY_CYCLE"),
               "a > c > b > a");
    assert_has(refused(running, "UpdateMilestone",
                       UPDATE("a", "\"dependsOn\":[{\"milestone\":\"a\",\"type\":\"FF\"}]"),
                       STATUS_FAILED_PRECONDITION, "DEPENDENCY_CYCLE"),
               "a > a");
    refused(running, "CreateMilestone",
            "{\"parent\":\"schemes/s\",\"milestoneId\":\"z\",\"milestone\":{\"displayName\":{"
            "\"vi\":\"x\"},\"dependsOn\":[{\"milestone\":\"z\"}]}}",
            STATUS_FAILED_PRECONDITION, "DEPENDENCY_CYCLE");
    assert_has(ok(running, "GetMilestone", NAME("a") "}"), "\"dependsOn\":[]");
}

static void a_link_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *links;
        enum status_code code;
        const char *reason;
    } cases[] = {
        {"{\"milestone\":\"nobody\"}", STATUS_FAILED_PRECONDITION, "MILESTONE_NOT_FOUND"},
        {"{\"milestone\":\"schemes/t/milestones/b\"}", STATUS_INVALID_ARGUMENT, "INVALID_NAME"},
        {"{\"milestone\":\"B b\"}", STATUS_INVALID_ARGUMENT, "INVALID_NAME"},
        {"{\"lagDays\":1}", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED"},
        {"{\"milestone\":\"b\",\"lagDays\":3651}", STATUS_INVALID_ARGUMENT, "OUT_OF_RANGE"},
        {"{\"milestone\":\"b\",\"lagDays\":-2147483648}", STATUS_INVALID_ARGUMENT, "OUT_OF_RANGE"},
        {"{\"milestone\":\"b\"},{\"milestone\":\"b\",\"type\":\"FS\",\"lagDays\":1}",
         STATUS_INVALID_ARGUMENT, "DUPLICATE_LINK"},
    };
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    create_milestone(running, "b", "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refused(running, "UpdateMilestone",
                arena_printf(running->arena, UPDATE("a", "\"dependsOn\":[%s]"), cases[i].links),
                cases[i].code, cases[i].reason);
    }
    const char *links = "{\"milestone\":\"b\"}";
    for (int i = 0; i < 50; i++) {
        links = arena_printf(running->arena, "%s,{\"milestone\":\"b\"}", links);
    }
    refused(running, "UpdateMilestone",
            arena_printf(running->arena, UPDATE("a", "\"dependsOn\":[%s]"), links),
            STATUS_INVALID_ARGUMENT, "TOO_MANY_LINKS");
}

static void a_milestone_that_others_wait_for_is_not_deleted(void **state)
{
    struct running *running = *state;

    create_chain(running);
    assert_has(refused(running, "DeleteMilestone", NAME("b") "}", STATUS_FAILED_PRECONDITION,
                       "MILESTONE_IN_USE"),
               M "c depends on it");
    ok(running, "UpdateMilestone",
       "{\"milestone\":{\"name\":\"" M "c\"},\"updateMask\":\"dependsOn\"}");
    ok(running, "DeleteMilestone", NAME("b") "}");
    ok(running, "DeleteMilestone", NAME("a") "}");
}

static void the_baseline_stays_and_the_due_date_moves_by_reschedule(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", ",\"dueDate\":\"2022-10-31\"");
    create_milestone(running, "b", ",\"baselineDueDate\":\"2022-10-31\"");
    assert_has(ok(running, "GetMilestone", NAME("b") "}"), "\"dueDate\":\"2022-10-31\"");
    refused(running, "UpdateMilestone", UPDATE("a", "\"dueDate\":\"2022-11-30\""),
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    refused(running, "UpdateMilestone", UPDATE("a", "\"baselineDueDate\":\"2022-11-30\""),
            STATUS_FAILED_PRECONDITION, "BASELINE_FIXED");
    refused(running, "CreateMilestone",
            "{\"parent\":\"schemes/s\",\"milestone\":{\"displayName\":{\"vi\":\"x\"},"
            "\"baselineDueDate\":\"2022-10-31\",\"dueDate\":\"2022-11-30\"}}",
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    refused(running, "RescheduleMilestone", NAME("a") ",\"dueDate\":\"2022-11-30\"," DOCUMENT "}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    refused(running, "RescheduleMilestone",
            NAME("a") ",\"dueDate\":\"2022-11-30\",\"reason\":\"opinions\"}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    refused(running, "RescheduleMilestone",
            NAME("a") ",\"dueDate\":\"2022-10-31\",\"reason\":\"none\"," DOCUMENT "}",
            STATUS_FAILED_PRECONDITION, "ALREADY_DUE");
    const char *move =
        NAME("a") ",\"dueDate\":\"2022-11-30\",\"reason\":\"opinions\"," DOCUMENT "}";
    ok(running, "RescheduleMilestone", move);
    const char *json = ok(running, "RescheduleMilestone", move);
    assert_has(json, "\"revision\":2,\"createTime\"");
    assert_has(json, "\"baselineDueDate\":\"2022-10-31\",\"dueDate\":\"2022-11-30\"");
    json = ok(running, "RescheduleMilestone",
              NAME("a") ",\"dueDate\":\"2022-12-30\",\"reason\":\"again\"," DOCUMENT "}");
    assert_has(json, "\"reschedules\":[{\"previousDueDate\":\"2022-10-31\",\"dueDate\":"
                     "\"2022-11-30\",\"reason\":\"opinions\"");
    assert_has(json, "{\"previousDueDate\":\"2022-11-30\",\"dueDate\":\"2022-12-30\",\"reason\":"
                     "\"again\"");
}

static void the_first_due_date_is_the_baseline_also_by_reschedule(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    ok(running, "RescheduleMilestone",
       NAME("a") ",\"dueDate\":\"2022-11-30\",\"reason\":\"opinions\"," DOCUMENT "}");
    const char *json =
        ok(running, "RescheduleMilestone",
           NAME("a") ",\"dueDate\":\"2022-12-30\",\"reason\":\"again\"," DOCUMENT "}");
    assert_has(json, "\"baselineDueDate\":\"2022-11-30\",\"dueDate\":\"2022-12-30\"");
    assert_has(ok(running, "GetSchedule", "{\"name\":\"schemes/s\"}"),
               "\"baselineDueDate\":\"2022-11-30\",\"dueDate\":\"2022-12-30\","
               "\"actualFinishDate\":\"\",\"daysSlipped\":30,");
    refused(running, "UpdateMilestone", UPDATE("a", "\"baselineDueDate\":\"2022-10-31\""),
            STATUS_FAILED_PRECONDITION, "BASELINE_FIXED");
    refused(running, "UpdateMilestone",
            "{\"milestone\":{\"name\":\"" M "a\"},\"updateMask\":\"baselineDueDate\"}",
            STATUS_FAILED_PRECONDITION, "BASELINE_FIXED");
}

static void steps_follow_the_states(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    ok(running, "StartMilestone", NAME("a") ",\"actualStartDate\":\"2022-08-08\"}");
    assert_has(refused(running, "StartMilestone", NAME("a") ",\"actualStartDate\":\"2022-08-09\"}",
                       STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE"),
               "possible steps: complete, cancel, reschedule");
    refused(running, "CompleteMilestone", NAME("a") ",\"actualFinishDate\":\"2022-08-07\"}",
            STATUS_FAILED_PRECONDITION, "DATE_OUT_OF_ORDER");
    const char *json =
        ok(running, "CompleteMilestone", NAME("a") ",\"actualFinishDate\":\"2022-08-08\"}");
    assert_has(json, "\"state\":\"COMPLETED\"");
    assert_has(json, "\"progress\":1,");
    assert_has(refused(running, "CancelMilestone", NAME("a") ",\"reason\":\"no\"}",
                       STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE"),
               "possible steps: none");
    refused(running, "RescheduleMilestone",
            NAME("a") ",\"dueDate\":\"2022-11-30\",\"reason\":\"x\"," DOCUMENT "}",
            STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE");
    create_milestone(running, "b", "");
    refused(running, "CancelMilestone", NAME("b") "}", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    json = ok(running, "CancelMilestone", NAME("b") ",\"reason\":\"no money\"," DOCUMENT "}");
    assert_has(json, "\"cancellation\":{\"date\":\"2022-11-01\",\"reason\":\"no money\"");
    refused(running, "CompleteMilestone", NAME("b") ",\"note\":\"x\"}", STATUS_FAILED_PRECONDITION,
            "STEP_NOT_POSSIBLE");
    refused(running, "UpdateMilestone", UPDATE("b", "\"state\":\"PLANNED\""),
            STATUS_FAILED_PRECONDITION, "CHANGED_BY_METHOD");
    refused(running, "UpdateMilestone", UPDATE("a", "\"progress\":0.5"), STATUS_FAILED_PRECONDITION,
            "PROGRESS_FIXED");
    refused(running, "UpdateMilestone", UPDATE("a", "\"actualFinishDate\":\"2022-08-09\""),
            STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
}

static void a_day_that_is_not_known_needs_a_note(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    refused(running, "StartMilestone", NAME("a") "}", STATUS_INVALID_ARGUMENT, "NOTE_REQUIRED");
    assert_has(ok(running, "StartMilestone", NAME("a") ",\"note\":\"in spring\"}"),
               "\"notes\":[{\"field\":\"actualStartDate\",\"reason\":\"DATE_UNKNOWN\"");
    refused(running, "CompleteMilestone", NAME("a") "}", STATUS_INVALID_ARGUMENT, "NOTE_REQUIRED");
    refused(running, "CompleteMilestone", NAME("a") ",\"actualFinishDate\":\"2999-01-01\"}",
            STATUS_INVALID_ARGUMENT, "DATE_IN_FUTURE");
    refused(running, "CompleteMilestone", NAME("a") ",\"actualFinishDate\":\"2022-08\"}",
            STATUS_INVALID_ARGUMENT, "INVALID_DATE");
    refused(running, "CompleteMilestone", NAME("a") ",\"document\":{\"date\":\"2022-01-01\"}}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_has(ok(running, "CompleteMilestone", NAME("a") ",\"note\":\"in autumn\"}"),
               "\"notes\":[{\"field\":\"actualFinishDate\",\"reason\":\"DATE_UNKNOWN\"");
}

static void a_second_completion_adds_what_was_unknown_and_contradicts_nothing(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    ok(running, "CompleteMilestone", NAME("a") ",\"note\":\"in autumn\"}");
    const char *json = ok(running, "CompleteMilestone", NAME("a") "," DOCUMENT "}");
    assert_has(json, "\"actualFinishDate\":\"2022-11-01\"");
    assert_has(json, "\"completionNote\":\"in autumn\"");
    assert_has(json, "\"notes\":[]");
    assert_has(ok(running, "CompleteMilestone", NAME("a") "," DOCUMENT "}"), "\"revision\":3,");
    refused(running, "CompleteMilestone", NAME("a") ",\"actualFinishDate\":\"2022-11-02\"}",
            STATUS_FAILED_PRECONDITION, "ALREADY_COMPLETED");
    refused(running, "CompleteMilestone", NAME("a") ",\"document\":{\"number\":\"10/TB\"}}",
            STATUS_FAILED_PRECONDITION, "ALREADY_COMPLETED");
}

static void a_milestone_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *fields;
        const char *reason;
    } cases[] = {
        {"\"durationDays\":-1", "OUT_OF_RANGE"},       {"\"durationDays\":3651", "OUT_OF_RANGE"},
        {"\"weight\":-0.1", "OUT_OF_RANGE"},           {"\"weight\":1000000.1", "OUT_OF_RANGE"},
        {"\"weight\":0.00001", "TOO_MANY_DECIMALS"},   {"\"weight\":\"NaN\"", "OUT_OF_RANGE"},
        {"\"progress\":1.01", "OUT_OF_RANGE"},         {"\"progress\":-1", "OUT_OF_RANGE"},
        {"\"progress\":\"Infinity\"", "OUT_OF_RANGE"}, {"\"dueDate\":\"soon\"", "INVALID_DATE"},
    };
    struct running *running = *state;

    create_scheme(running, "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refused(running, "CreateMilestone",
                arena_printf(running->arena,
                             "{\"parent\":\"schemes/s\",\"milestone\":{\"displayName\":{\"vi\":"
                             "\"x\"},%s}}",
                             cases[i].fields),
                STATUS_INVALID_ARGUMENT, cases[i].reason);
    }
    refused(running, "CreateMilestone",
            "{\"parent\":\"schemes/t\",\"milestone\":{\"displayName\":{\"vi\":\"x\"}}}",
            STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
}

#define E M "a/evidence/e"

static void evidence_is_judged_by_somebody_and_then_stays(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    refused(running, "CreateEvidence", "{\"parent\":\"" M "a\",\"evidence\":{}}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_has(ok(running, "CreateEvidence",
                  "{\"parent\":\"" M "a\",\"evidenceId\":\"e\",\"evidence\":{" DOCUMENT "}}"),
               "\"accepted\":null");
    refused(running, "AcceptEvidence", "{\"name\":\"" E "\"}", STATUS_INVALID_ARGUMENT,
            "FIELD_REQUIRED");
    refused(running, "RejectEvidence", "{\"name\":\"" E "\",\"judgedBy\":\"sct\"}",
            STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_has(ok(running, "RejectEvidence",
                  "{\"name\":\"" E "\",\"judgedBy\":\"sct\",\"note\":\"unreadable\"}"),
               "\"accepted\":false,\"judgedBy\":\"sct\",\"judgementNote\":\"unreadable\"");
    assert_has(ok(running, "AcceptEvidence", "{\"name\":\"" E "\",\"judgedBy\":\"sct\"}"),
               "\"accepted\":true");
    assert_has(refused(running, "AcceptEvidence", "{\"name\":\"" E "\",\"judgedBy\":\"sct\"}",
                       STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE"),
               "possible steps: reject");
    refused(running, "UpdateEvidence", "{\"evidence\":{\"name\":\"" E "\",\"note\":\"another\"}}",
            STATUS_FAILED_PRECONDITION, "EVIDENCE_JUDGED");
    refused(running, "UpdateEvidence", "{\"evidence\":{\"name\":\"" E "\",\"accepted\":false}}",
            STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
    refused(running, "DeleteEvidence", "{\"name\":\"" E "\"}", STATUS_FAILED_PRECONDITION,
            "EVIDENCE_ACCEPTED");
    refused(running, "DeleteMilestone", NAME("a") "}", STATUS_FAILED_PRECONDITION, "HAS_CHILDREN");
}

static void evidence_is_listed_by_judgement_over_all_milestones(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    create_milestone(running, "b", "");
    accept_evidence_of(running, "a");
    ok(running, "CreateEvidence",
       "{\"parent\":\"" M "b\",\"evidenceId\":\"open\",\"evidence\":{\"note\":\"x\"}}");
    const char *json =
        ok(running, "ListEvidence", "{\"parent\":\"" M "-\",\"filter\":\"accepted = true\"}");
    assert_has(json, "\"evidence\":[{\"name\":\"" E "\"");
    assert_lacks(json, "open");
    json = ok(running, "ListEvidence", "{\"parent\":\"" M "-\"}");
    assert_has(json, "open");
}

static const char *verdict(struct running *running, const char *rest)
{
    return ok(running, "GetMilestoneVerdict",
              arena_printf(running->arena, NAME("approval") "%s}", rest));
}

static void the_approval_is_done_by_decision_3051_with_accepted_evidence(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "approval", "");
    assert_has(verdict(running, ""), "\"done\":false,\"reason\":\"NOT_COMPLETED\"");
    ok(running, "CompleteMilestone",
       NAME("approval") ",\"actualFinishDate\":\"2022-12-30\",\"document\":{\"number\":"
                        "\"3051/QĐ-UBND\",\"date\":\"2022-12-30\"}}");
    assert_has(verdict(running, ""), "\"done\":false,\"reason\":\"NO_EVIDENCE\"");
    ok(running, "CreateEvidence",
       "{\"parent\":\"" M "approval\",\"evidenceId\":\"decision\",\"evidence\":{\"document\":{"
       "\"number\":\"3051/QĐ-UBND\",\"date\":\"2022-12-30\",\"authority\":\"UBND tỉnh\"}}}");
    assert_has(verdict(running, ""), "\"done\":false,\"reason\":\"NO_ACCEPTED_EVIDENCE\"");
    ok(running, "AcceptEvidence",
       "{\"name\":\"" M "approval/evidence/decision\",\"judgedBy\":\"organizations/sct\"}");
    const char *json = verdict(running, "");
    assert_has(json, "\"done\":true,\"reason\":\"DONE\"");
    assert_has(json, "completed on 2022-12-30, with accepted evidence, 3051/QĐ-UBND");
    assert_has(json, "\"authority\":\"UBND tỉnh\"");
    assert_has(json, "\"inputs\":[{\"name\":\"" M "approval\",\"revision\":2,\"value\":"
                     "\"COMPLETED\"},{\"name\":\"" M "approval/evidence/decision\",\"revision\":2,"
                     "\"value\":\"ACCEPTED\"}]");
    assert_has(verdict(running, ",\"publishedBy\":\"2022-12-30\""), "\"done\":true");
    json = verdict(running, ",\"publishedBy\":\"2022-12-29\"");
    assert_has(json, "\"done\":false,\"reason\":\"COMPLETED_LATER\"");
    assert_has(json, "\"date\":\"\"");
    refused(running, "GetMilestoneVerdict", NAME("approval") ",\"publishedBy\":\"2022\"}",
            STATUS_INVALID_ARGUMENT, "INVALID_DATE");
    refused(running, "GetMilestoneVerdict", NAME("nobody") "}", STATUS_NOT_FOUND,
            "RESOURCE_NOT_FOUND");
}

static void what_has_no_date_counts_from_the_day_it_was_recorded(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "approval", "");
    ok(running, "CompleteMilestone", NAME("approval") ",\"note\":\"in 2022\"}");
    accept_evidence_of(running, "approval");
    assert_has(verdict(running, ""), "\"done\":true");
    assert_has(verdict(running, ",\"publishedBy\":\"2022-12-31\""),
               "\"reason\":\"COMPLETED_LATER\"");
    ok(running, "CompleteMilestone", NAME("approval") ",\"actualFinishDate\":\"2022-12-30\"}");
    assert_has(verdict(running, ",\"publishedBy\":\"2022-12-31\""),
               "\"reason\":\"EVIDENCE_LATER\"");
    assert_has(verdict(running, ",\"publishedBy\":\"2999-12-31\""), "\"reason\":\"DONE\"");
}

static void a_cancelled_milestone_is_not_done(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "approval", "");
    ok(running, "CancelMilestone", NAME("approval") ",\"reason\":\"no\"}");
    assert_has(verdict(running, ""), "\"done\":false,\"reason\":\"CANCELLED\"");
}

static void a_step_respects_the_etag_and_only_validates_when_asked_to(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    refused(running, "StartMilestone",
            NAME("a") ",\"etag\":\"old\",\"actualStartDate\":\"2022-08-08\"}", STATUS_ABORTED,
            "ETAG_MISMATCH");
    assert_has(ok(running, "StartMilestone",
                  NAME("a") ",\"actualStartDate\":\"2022-08-08\",\"validateOnly\":true}"),
               "\"state\":\"IN_PROGRESS\"");
    assert_has(ok(running, "GetMilestone", NAME("a") "}"), "\"state\":\"PLANNED\"");
}

static void every_resource_has_a_history(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    accept_evidence_of(running, "a");
    ok(running, "CompleteMilestone", NAME("a") ",\"note\":\"x\"}");
    assert_has(ok(running, "ListRevisions", NAME("a") "}"),
               "\"method\":\"dongkhoi.nighteconomy.v1.NightEconomyService/CompleteMilestone\"");
    assert_has(ok(running, "ListRevisions", "{\"name\":\"" E "\"}"), "AcceptEvidence");
    assert_has(ok(running, "ListRevisions", "{\"name\":\"schemes/s\"}"), "CreateScheme");
}

static void what_is_stored_is_read_and_listed(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_milestone(running, "a", "");
    accept_evidence_of(running, "a");
    ok(running, "CreateProject",
       "{\"parent\":\"schemes/"
       "s\",\"projectId\":\"p\",\"project\":{\"displayName\":{\"vi\":\"Chợ\"}}}");
    ok(running, "UpdateProject",
       "{\"project\":{\"name\":\"schemes/s/projects/p\",\"displayName\":{\"vi\":\"Chợ đêm\"}}}");
    assert_has(ok(running, "GetProject", "{\"name\":\"schemes/s/projects/p\"}"), "Chợ đêm");
    assert_has(ok(running, "ListProjects", "{\"parent\":\"schemes/s\"}"),
               "\"schemes/s/projects/p\"");
    assert_has(ok(running, "ListSchemes", "{}"), "\"name\":\"schemes/s\"");
    assert_has(ok(running, "GetEvidence", NAME("a/evidence/e") "}"), "\"note\":\"seen\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        running_test(what_is_stored_is_read_and_listed),
        running_test(a_scheme_goes_through_its_states),
        running_test(a_scheme_that_cannot_be_is_refused),
        running_test(a_project_in_use_is_not_deleted),
        running_test(links_are_kept_by_name_with_their_type),
        running_test(a_cycle_is_refused_and_named),
        running_test(a_link_that_cannot_be_is_refused),
        running_test(a_milestone_that_others_wait_for_is_not_deleted),
        running_test(the_baseline_stays_and_the_due_date_moves_by_reschedule),
        running_test(the_first_due_date_is_the_baseline_also_by_reschedule),
        running_test(steps_follow_the_states),
        running_test(a_day_that_is_not_known_needs_a_note),
        running_test(a_second_completion_adds_what_was_unknown_and_contradicts_nothing),
        running_test(a_milestone_that_cannot_be_is_refused),
        running_test(evidence_is_judged_by_somebody_and_then_stays),
        running_test(evidence_is_listed_by_judgement_over_all_milestones),
        running_test(the_approval_is_done_by_decision_3051_with_accepted_evidence),
        running_test(what_has_no_date_counts_from_the_day_it_was_recorded),
        running_test(a_cancelled_milestone_is_not_done),
        running_test(a_step_respects_the_etag_and_only_validates_when_asked_to),
        running_test(every_resource_has_a_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
