/* schedule_test.c - tests of the schedule through the service: V3, V3b, V4, the real milestones. */
#include "running.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define M "schemes/s/milestones/"

static const char *schedule(struct running *running, const char *status_date)
{
    return ok(running, "GetSchedule",
              arena_printf(running->arena, "{\"name\":\"schemes/s\",\"statusDate\":\"%s\"}",
                           status_date));
}

/* The entry of one milestone in a schedule. */
static const char *entry(struct running *running, const char *json, const char *id)
{
    return part_of(running, json, arena_printf(running->arena, "{\"milestone\":\"" M "%s\"", id),
                   "{\"milestone\":");
}

static void assert_offsets(struct running *running, const char *json, const char *id,
                           const int values[5])
{
    const char *part = entry(running, json, id);

    assert_has(part, arena_printf(running->arena,
                                  "\"earlyStart\":%d,\"earlyFinish\":%d,\"lateStart\":%d,"
                                  "\"lateFinish\":%d,\"slack\":%d,\"critical\":%s",
                                  values[0], values[1], values[2], values[3], values[4],
                                  values[4] <= 0 ? "true" : "false"));
}

static void create_v3(struct running *running)
{
    create_milestone(running, "a", ",\"durationDays\":10");
    create_milestone(running, "b",
                     ",\"durationDays\":15,\"dependsOn\":[{\"milestone\":\"" M "a\"}]");
    create_milestone(running, "c",
                     ",\"durationDays\":5,\"dependsOn\":[{\"milestone\":\"a\",\"type\":\"FS\","
                     "\"lagDays\":3}]");
    create_milestone(running, "d",
                     ",\"durationDays\":20,\"dependsOn\":[{\"milestone\":\"b\"},{\"milestone\":"
                     "\"c\"}]");
    create_milestone(running, "e", ",\"durationDays\":0,\"dependsOn\":[{\"milestone\":\"d\"}]");
}

static void v3_is_scheduled_with_dates(void **state)
{
    struct running *running = *state;

    create_scheme(running, ",\"startDate\":\"2022-08-06\""); /* a Saturday */
    create_v3(running);
    const char *json = schedule(running, "2022-09-01");
    assert_offsets(running, json, "a", (const int[]){0, 10, 0, 10, 0});
    assert_offsets(running, json, "b", (const int[]){10, 25, 10, 25, 0});
    assert_offsets(running, json, "c", (const int[]){13, 18, 20, 25, 7});
    assert_offsets(running, json, "d", (const int[]){25, 45, 25, 45, 0});
    assert_offsets(running, json, "e", (const int[]){45, 45, 45, 45, 0});
    assert_has(json, "\"startDate\":\"2022-08-08\"");
    assert_has(json, "\"complete\":true");
    assert_has(json, "\"earlyFinish\":45,\"earlyFinishDate\":\"2022-10-07\"");
    assert_has(json, "\"reason\":\"NO_HOLIDAYS\"");
    assert_has(entry(running, json, "a"),
               "\"earlyStartDate\":\"2022-08-08\",\"earlyFinishDate\":\"2022-08-19\"");
    assert_has(entry(running, json, "b"), "\"earlyStartDate\":\"2022-08-22\"");
    assert_has(entry(running, json, "e"),
               "\"earlyStartDate\":\"2022-10-07\",\"earlyFinishDate\":\"2022-10-07\"");
}

static void holidays_of_the_configuration_move_the_dates(void **state)
{
    struct running *running = *state;
    struct workdays workdays = {0};
    unsigned line = 0;

    assert_true(
        workdays_parse(running->arena, slice_from("2022-08-10\n2022-08-11"), &workdays, &line));
    nighteconomy_set_workdays(&workdays);
    create_scheme(running, ",\"startDate\":\"2022-08-08\"");
    create_v3(running);
    const char *json = schedule(running, "2022-09-01");
    assert_has(entry(running, json, "a"), "\"earlyFinishDate\":\"2022-08-23\"");
    assert_lacks(json, "NO_HOLIDAYS");
}

static void an_imposed_finish_is_the_nth_working_day(void **state)
{
    struct running *running = *state;

    /* Day 0 is Monday 2022-08-08, so the 40th working day is Friday 2022-09-30. */
    create_scheme(running, ",\"startDate\":\"2022-08-08\",\"imposedFinishDate\":\"2022-09-30\"");
    create_v3(running);
    const char *json = schedule(running, "2022-09-01");
    assert_has(json, "\"imposedFinish\":40");
    assert_offsets(running, json, "a", (const int[]){0, 10, -5, 5, -5});
    assert_offsets(running, json, "b", (const int[]){10, 25, 5, 20, -5});
    assert_offsets(running, json, "c", (const int[]){13, 18, 15, 20, 2});
    assert_offsets(running, json, "d", (const int[]){25, 45, 20, 40, -5});
    assert_offsets(running, json, "e", (const int[]){45, 45, 40, 40, -5});
    assert_has(entry(running, json, "a"), "\"lateStartDate\":\"2022-08-01\"");
    assert_has(entry(running, json, "d"), "\"lateFinishDate\":\"2022-09-30\"");
}

static void v3b_is_scheduled_without_a_start_date(void **state)
{
    struct running *running = *state;

    create_scheme(running, ",\"imposedFinishDate\":\"2022-09-30\"");
    create_milestone(running, "a", ",\"durationDays\":4");
    create_milestone(running, "b",
                     ",\"durationDays\":6,\"dependsOn\":[{\"milestone\":\"a\",\"type\":\"SS\","
                     "\"lagDays\":2}]");
    create_milestone(running, "c",
                     ",\"durationDays\":3,\"dependsOn\":[{\"milestone\":\"b\",\"type\":\"FF\","
                     "\"lagDays\":1}]");
    const char *json = schedule(running, "2022-09-01");
    assert_offsets(running, json, "a", (const int[]){0, 4, 0, 4, 0});
    assert_offsets(running, json, "b", (const int[]){2, 8, 2, 8, 0});
    assert_offsets(running, json, "c", (const int[]){6, 9, 6, 9, 0});
    assert_has(json, "\"imposedFinish\":null");
    assert_has(json, "{\"field\":\"imposedFinish\",\"reason\":\"START_DATE_UNKNOWN\"");
    assert_has(json, "{\"field\":\"startDate\",\"reason\":\"START_DATE_UNKNOWN\"");
    assert_has(entry(running, json, "a"), "\"earlyStartDate\":\"\"");
}

static void create_v4(struct running *running)
{
    create_milestone(running, "a", ",\"weight\":20,\"progress\":1,\"dueDate\":\"2022-08-01\"");
    create_milestone(running, "b", ",\"weight\":30,\"progress\":1,\"dueDate\":\"2022-08-15\"");
    create_milestone(running, "c", ",\"weight\":30,\"progress\":0.5,\"dueDate\":\"2022-09-01\"");
    create_milestone(running, "d", ",\"weight\":20,\"progress\":0,\"dueDate\":\"2022-12-30\"");
}

static void v4_earns_65_of_80(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_v4(running);
    const char *json = schedule(running, "2022-09-01");
    assert_has(json, "\"earnedValue\":{\"ev\":0,\"pv\":80,\"sv\":-80,\"spi\":0,"
                     "\"totalWeight\":100}");
    assert_has(entry(running, json, "a"), "\"reason\":\"NO_ACCEPTED_EVIDENCE\"");
    accept_evidence_of(running, "a");
    accept_evidence_of(running, "b");
    accept_evidence_of(running, "c");
    json = schedule(running, "2022-09-01");
    assert_has(json, "\"earnedValue\":{\"ev\":65,\"pv\":80,\"sv\":-15,\"spi\":0.8125,"
                     "\"totalWeight\":100}");
    assert_has(json, "{\"name\":\"" M "a/evidence/e\",\"revision\":2,\"value\":\"ACCEPTED\"}");
    ok(running, "RejectEvidence",
       "{\"name\":\"" M "c/evidence/e\",\"judgedBy\":\"sct\",\"note\":\"a wrong file\"}");
    assert_has(schedule(running, "2022-09-01"), "\"ev\":50,\"pv\":80");
    assert_has(schedule(running, "2022-07-31"), "\"pv\":0,\"sv\":50,\"spi\":null");
    assert_has(schedule(running, "2022-07-31"), "\"reason\":\"NOTHING_PLANNED\"");
}

static void a_completion_after_the_status_date_leaves_earned_value_unknown(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_v4(running);
    accept_evidence_of(running, "a");
    ok(running, "CompleteMilestone", "{\"name\":\"" M "a\",\"actualFinishDate\":\"2022-09-20\"}");
    assert_has(schedule(running, "2022-09-20"), "\"ev\":20,\"pv\":80");
    const char *json = schedule(running, "2022-09-19");
    assert_has(json, "\"ev\":null,\"pv\":80,\"sv\":null,\"spi\":null");
    assert_has(json, "{\"field\":\"earnedValue.ev\",\"reason\":\"PROGRESS_UNKNOWN\"");
    assert_has(entry(running, json, "a"), "\"reason\":\"COMPLETED_LATER\"");
}

static void a_cancelled_milestone_takes_no_time_and_no_weight(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_v3(running);
    ok(running, "CancelMilestone", "{\"name\":\"" M "b\",\"reason\":\"not needed\"}");
    const char *json = schedule(running, "2022-09-01");
    assert_offsets(running, json, "b", (const int[]){10, 10, 18, 18, 8});
    assert_offsets(running, json, "d", (const int[]){18, 38, 18, 38, 0});
    assert_has(entry(running, json, "b"), "\"reason\":\"CANCELLED\"");
}

static void late_and_slipped_milestones_are_listed(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_v4(running);
    ok(running, "RescheduleMilestone",
       "{\"name\":\"" M "d\",\"dueDate\":\"2023-01-09\",\"reason\":\"more opinions\","
       "\"document\":{\"number\":\"9/TB-SCT\",\"date\":\"2022-11-01\"}}");
    ok(running, "CompleteMilestone", "{\"name\":\"" M "a\",\"actualFinishDate\":\"2022-08-03\"}");
    ok(running, "CompleteMilestone", "{\"name\":\"" M "b\",\"note\":\"in August\"}");
    const char *json = schedule(running, "2022-08-02");
    assert_has(json, "\"overdue\":[{\"milestone\":\"" M "a\"");
    json = schedule(running, "2022-09-11");
    assert_has(json, "\"overdue\":[{\"milestone\":\"" M "c\"");
    assert_has(json, "\"dueDate\":\"2022-09-01\",\"daysLate\":10}]");
    assert_has(json, "\"reason\":\"FINISH_DATE_UNKNOWN\"");
    assert_has(json, "\"slipped\":[{\"milestone\":\"" M "a\"");
    assert_has(json, "\"baselineDueDate\":\"2022-08-01\",\"dueDate\":\"2022-08-01\","
                     "\"actualFinishDate\":\"2022-08-03\",\"daysSlipped\":2,\"rescheduleCount\":0");
    assert_has(json, "\"baselineDueDate\":\"2022-12-30\",\"dueDate\":\"2023-01-09\","
                     "\"actualFinishDate\":\"\",\"daysSlipped\":10,\"rescheduleCount\":1");
    assert_has(json, "\"reason\":\"more opinions\"");
    assert_has(schedule(running, "2022-09-01"), "\"overdue\":[]");
}

/* data/night_economy_milestones.csv */
static void create_real_milestones(struct running *running)
{
    static const struct {
        const char *id;
        const char *finish;
        const char *number;
        const char *note;
    } real[] = {
        {"policy", "", "", "before August 2022"},
        {"outline", "", "", "before August 2022"},
        {"outline-approval", "2022-08-08", "1730/QĐ-UBND", "budget 895 million VND"},
        {"draft", "", "", "August to December 2022"},
        {"advisory-council", "", "", "2022"},
        {"critique", "", "", "2022"},
        {"appraisal", "", "", "December 2022"},
        {"approval", "2022-12-30", "3051/QĐ-UBND", ""},
        {"rollout", "", "", "about March 2023"},
        {"annual-report", "2024-01-25", "", ""},
    };

    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        const char *document =
            real[i].number[0] == '\0'
                ? ""
                : arena_printf(running->arena, ",\"document\":{\"number\":\"%s\",\"date\":\"%s\"}",
                               real[i].number, real[i].finish);
        create_milestone(running, real[i].id, "");
        ok(running, "CompleteMilestone",
           arena_printf(running->arena,
                        "{\"name\":\"" M "%s\",\"actualFinishDate\":\"%s\",\"note\":\"%s\"%s}",
                        real[i].id, real[i].finish, real[i].note, document));
    }
}

static void the_real_milestones_are_complete_and_their_schedule_says_what_it_cannot(void **state)
{
    struct running *running = *state;

    create_scheme(running, "");
    create_real_milestones(running);
    const char *json = schedule(running, "2022-12-31");
    assert_has(json, "\"earlyFinish\":null");
    assert_has(json, "\"complete\":false");
    assert_has(json, "the durations of 10 of 10 milestones are not known");
    assert_has(json, "\"reason\":\"NO_LINKS\"");
    assert_has(json, "\"earnedValue\":{\"ev\":null,\"pv\":null,\"sv\":null,\"spi\":null,"
                     "\"totalWeight\":null}");
    assert_has(json, "the weights of 10 of 10 milestones are not known");
    assert_has(json, "10 of 10 milestones have no due date");
    assert_has(json, "\"overdue\":[],\"slipped\":[]");
    const char *approval = entry(running, json, "approval");
    assert_has(approval, "\"durationDays\":null,\"earlyStart\":null,\"earlyFinish\":null,"
                         "\"lateStart\":null,\"lateFinish\":null,\"slack\":null,"
                         "\"critical\":null");
    assert_has(approval, "\"reason\":\"MISSING_DURATION\"");
    assert_has(approval, "\"actualFinishDate\":\"2022-12-30\"");
    assert_has(entry(running, json, "rollout"), "\"reason\":\"DATE_UNKNOWN\"");
}

static void an_end_after_the_year_9999_has_an_offset_but_no_date(void **state)
{
    struct running *running = *state;

    create_scheme(running, ",\"startDate\":\"9999-12-01\"");
    create_milestone(running, "a", ",\"durationDays\":100");
    const char *json = schedule(running, "2022-09-01");
    assert_has(json, "\"earlyFinish\":100,\"earlyFinishDate\":\"\"");
    assert_has(json, "{\"field\":\"earlyFinishDate\",\"reason\":\"DATE_OUT_OF_RANGE\"");
    assert_has(entry(running, json, "a"), "\"earlyStartDate\":\"9999-12-01\"");
}

static void a_scheme_without_milestones_has_a_schedule_that_says_so(void **state)
{
    struct running *running = *state;

    create_scheme(running, ",\"startDate\":\"2022-08-08\"");
    const char *json = schedule(running, "");
    assert_has(json, "\"milestones\":[]");
    assert_has(json, "\"complete\":false");
    assert_has(json, "\"reason\":\"NO_MILESTONES\"");
    assert_has(json, "\"inputs\":[{\"name\":\"schemes/s\",\"revision\":1,\"value\":\"DRAFT\"}]");
}

static void the_schedule_is_read_as_it_was(void **state)
{
    struct running *running = *state;
    char time[64] = "";

    create_scheme(running, "");
    create_v4(running);
    const char *milestone = ok(running, "GetMilestone", "{\"name\":\"" M "d\"}");
    assert_int_equal(
        sscanf(strstr(milestone, "\"updateTime\":\""), "\"updateTime\":\"%63[^\"]", time), 1);
    accept_evidence_of(running, "a");
    assert_has(schedule(running, "2022-09-01"), "\"ev\":20");
    const char *json =
        ok(running, "GetSchedule",
           arena_printf(running->arena,
                        "{\"name\":\"schemes/s\",\"statusDate\":\"2022-09-01\",\"asOf\":\"%s\"}",
                        time));
    assert_has(json, "\"ev\":0,\"pv\":80");
    assert_lacks(json, "/evidence/");
    refused(running, "GetSchedule", "{\"name\":\"schemes/s\",\"asOf\":\"9000-01-01T00:00:00Z\"}",
            STATUS_INVALID_ARGUMENT, "INVALID_AS_OF");
}

static void a_schedule_that_cannot_be_asked_for_is_refused(void **state)
{
    struct running *running = *state;

    refused(running, "GetSchedule", "{\"name\":\"schemes/nobody\"}", STATUS_NOT_FOUND,
            "RESOURCE_NOT_FOUND");
    refused(running, "GetSchedule", "{\"name\":\"scheme\"}", STATUS_INVALID_ARGUMENT,
            "INVALID_NAME");
    refused(running, "GetSchedule", "{}", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    create_scheme(running, "");
    refused(running, "GetSchedule", "{\"name\":\"schemes/s\",\"statusDate\":\"2022-02-30\"}",
            STATUS_INVALID_ARGUMENT, "INVALID_DATE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        running_test(v3_is_scheduled_with_dates),
        running_test(holidays_of_the_configuration_move_the_dates),
        running_test(an_imposed_finish_is_the_nth_working_day),
        running_test(v3b_is_scheduled_without_a_start_date),
        running_test(v4_earns_65_of_80),
        running_test(a_completion_after_the_status_date_leaves_earned_value_unknown),
        running_test(a_cancelled_milestone_takes_no_time_and_no_weight),
        running_test(late_and_slipped_milestones_are_listed),
        running_test(the_real_milestones_are_complete_and_their_schedule_says_what_it_cannot),
        running_test(an_end_after_the_year_9999_has_an_offset_but_no_date),
        running_test(a_scheme_without_milestones_has_a_schedule_that_says_so),
        running_test(the_schedule_is_read_as_it_was),
        running_test(a_schedule_that_cannot_be_asked_for_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
