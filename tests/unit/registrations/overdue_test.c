/* overdue_test.c - tests overdue.c, over peers that answer as they are told. */
#include "unit.h"

#include "fake_peers.h"
#include "running.h"

static const char *registrant(void)
{
    static const char *unit;

    if (unit == NULL) {
        unit = made_organization("DEPARTMENT", "");
    }
    return json("'organization':'%s','dueDate':'2022-06-30'", unit);
}

static const char *overdue(const char *movement, const char *date)
{
    return ask("ListOverdue", "{'name':'%s','date':'%s'}", movement, date);
}

static void a_registration_without_a_report_is_late_after_its_day(void **state)
{
    const char *movement = made_movement();
    const char *name = made_registration_in(movement, registrant(), "APPROVED");

    (void)state;
    fake_reset();
    assert_has(overdue(movement, "2022-06-30"), "'registrations':[]");
    const char *answer = overdue(movement, "2022-07-02");
    assert_has(answer, json("'registrations':[{'registration':'%s'", name));
    assert_has(answer, "'state':'APPROVED','dueDate':'2022-06-30','daysLate':2");
    assert_has(answer, "'complete':true");
    ask("CreateReport", "{'parent':'%s','report':{'progress':'xong','date':'2022-07-01'}}", name);
    assert_has(overdue(movement, "2022-07-02"), "'registrations':[]");
    ask("SelfAssessRegistration", "{'name':'%s','text':'xong','proposedResult':'GOOD'}", name);
    assert_has(overdue(movement, "2023-01-01"), "'registrations':[]");
}

static void without_a_due_date_the_end_of_the_year_counts(void **state)
{
    const char *movement = made_movement();
    const char *unit = made_organization("DEPARTMENT", "");

    (void)state;
    fake_reset();
    (void)made_registration_in(movement, json("'organization':'%s'", unit), "SUBMITTED");
    (void)made_registration(movement, json("'organization':'%s'", unit));
    assert_has(overdue(movement, "2022-12-31"), "'registrations':[]");
    assert_has(overdue(movement, "2023-01-01"), "'dueDate':'2022-12-31','daysLate':1}]");
}

static void a_target_without_any_value_is_late_once_a_month_is_over(void **state)
{
    const char *movement = made_movement();

    (void)state;
    fake_reset();
    fake_answer("ListTargets", "{'targets':[{'name':'indicators/a/targets/2022'},"
                               "{'name':'indicators/b/targets/2022'}]}");
    fake_answer("BatchGetProgress",
                "{'progresses':[{'name':'indicators/a','target':'indicators/a/targets/2022',"
                "'unit':'MW','targetValue':5,'missingPeriods':['2022-01','2022-02','2022-03']},"
                "{'name':'indicators/b','yearToDate':0,'missingPeriods':['2022-01']}]}");
    const char *answer = overdue(movement, "2022-03-31");
    assert_has(answer, "'targets':[{'target':'indicators/a/targets/2022','unit':'MW','value':5,"
                       "'missingPeriods':['2022-01','2022-02']}]");
    assert_has(fake_request("BatchGetProgress"), "'publishedBy':'2022-03-31'");
    assert_has(overdue(movement, "2022-01-31"), "'targets':[]");
}

static void milestones_past_due_name_what_they_decide(void **state)
{
    const char *movement = made_movement();
    const char *unit = made_organization("DEPARTMENT", "");

    (void)state;
    fake_reset();
    ask("CreateRegistration",
        "{'parent':'%s','registrationId':'night','registration':{'displayName':{'vi':'Việc'},"
        "'organization':'%s','commitment':{'milestone':{'scheme':'night','milestone':'late'}}}}",
        movement, unit);
    fake_answer(
        "ListMilestones",
        "{'milestones':["
        "{'name':'schemes/night/milestones/late','dueDate':'2022-05-01','state':'PLANNED'},"
        "{'name':'schemes/night/milestones/done','dueDate':'2022-05-01','state':'COMPLETED',"
        "'actualFinishDate':'2022-06-01'},"
        "{'name':'schemes/night/milestones/done-once','dueDate':'2022-05-01','state':'COMPLETED'},"
        "{'name':'schemes/night/milestones/done-late','dueDate':'2022-05-01','state':'COMPLETED',"
        "'actualFinishDate':'2022-06-02'},"
        "{'name':'schemes/night/milestones/cancelled','dueDate':'2022-05-01','state':'CANCELLED'}"
        "]}");
    const char *answer = overdue(movement, "2022-06-01");
    assert_has(answer, "'milestones':[{'milestone':'schemes/night/milestones/late'");
    assert_has(answer, json("'daysLate':31,'registrations':['%s/registrations/night']", movement));
    assert_has(answer, "schemes/night/milestones/done-late");
    assert_lacks(answer, "schemes/night/milestones/done'");
    assert_lacks(answer, "done-once");
    assert_lacks(answer, "cancelled");
    assert_has(fake_request("ListMilestones"), "due_date < \\\"2022-06-01\\\"");
}

static void a_service_that_does_not_answer_is_named(void **state)
{
    const char *movement = made_movement();

    (void)state;
    fake_reset();
    fake_refuse("ListMilestones", REASON_SHUTTING_DOWN);
    const char *answer = overdue(movement, "2022-06-01");
    assert_has(answer, "'complete':false");
    assert_has(answer, "'message':'nighteconomy did not answer");
    (void)refused("ListOverdue", STATUS_INVALID_ARGUMENT, "INVALID_DATE",
                  "{'name':'%s','date':'x'}", movement);
    (void)refused("ListOverdue", STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND",
                  "{'name':'movements/nobody'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_without_a_report_is_late_after_its_day),
        cmocka_unit_test(without_a_due_date_the_end_of_the_year_counts),
        cmocka_unit_test(a_target_without_any_value_is_late_once_a_month_is_over),
        cmocka_unit_test(milestones_past_due_name_what_they_decide),
        cmocka_unit_test(a_service_that_does_not_answer_is_named),
    };

    return cmocka_run_group_tests(tests, fake_peers_setup, fake_peers_teardown);
}
