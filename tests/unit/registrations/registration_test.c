/* registration_test.c - tests organizations, movements, registrations and reports as a client. */
#include "unit.h"

#include "running.h"

#include "dongkhoi/registrations/v1/registrations.pb-c.h"

#include <string.h>

#define BAD STATUS_INVALID_ARGUMENT
#define NOT_NOW STATUS_FAILED_PRECONDITION

static const char *unit_text(const char *organization)
{
    return json("'organization':'%s'", organization);
}

static void every_step_is_possible_only_from_its_states(void **state)
{
    (void)state;
    static const char *const states[] = {"DRAFT",         "SUBMITTED", "RETURNED", "APPROVED",
                                         "SELF_ASSESSED", "EVALUATED", "WITHDRAWN"};
    static const struct {
        const char *method;
        const char *fields;
        const char *from;
    } steps[] = {
        {"SubmitRegistration", "", "DRAFT RETURNED"},
        {"ReturnRegistration", ",'reason':'thiếu'", "SUBMITTED"},
        {"ApproveRegistration", "", "SUBMITTED"},
        {"SelfAssessRegistration", ",'text':'xong','proposedResult':'GOOD'", "APPROVED"},
        {"EvaluateRegistration", ",'result':'EXCELLENT'", "SELF_ASSESSED"},
        {"WithdrawRegistration", "", "DRAFT SUBMITTED RETURNED APPROVED SELF_ASSESSED"},
    };
    static const char *const possible[] = {
        "submit, withdraw",
        "return, approve, withdraw",
        "submit, withdraw",
        "selfAssess, withdraw",
        "evaluate, withdraw",
        "",
        "",
    };
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *movement = made_movement();

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            const char *name = made_registration_in(movement, unit, states[i]);
            const char *from = strstr(steps[k].from, states[i]);

            if (from != NULL) {
                (void)ask(steps[k].method, "{'name':'%s'%s}", name, steps[k].fields);
                continue;
            }
            const char *error = refused(steps[k].method, NOT_NOW, "STEP_NOT_POSSIBLE",
                                        "{'name':'%s'%s}", name, steps[k].fields);
            assert_has(error, json("'possibleSteps':'%s'", possible[i]));
            assert_has(error, json("'currentState':'%s'", states[i]));
            assert_has(error, json("possible: %s", possible[i][0] != '\0' ? possible[i] : "none"));
        }
    }
}

static void content_changes_only_in_draft_or_returned(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        bool possible;
    } rows[] = {
        {"DRAFT", true},     {"RETURNED", true},   {"SUBMITTED", false},
        {"APPROVED", false}, {"EVALUATED", false}, {"WITHDRAWN", false},
    };
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *movement = made_movement();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = made_registration_in(movement, unit, rows[i].state);
        const char *change = json("{'registration':{'name':'%s','note':'khác'}}", name);

        if (rows[i].possible) {
            assert_has(ask("UpdateRegistration", "%s", change), "'note':'khác'");
        } else {
            (void)refused("UpdateRegistration", NOT_NOW, "STEP_NOT_POSSIBLE", "%s", change);
        }
        /* The same again changes nothing, and is no change. */
        (void)ask("UpdateRegistration", "{'registration':{'name':'%s','directWorker':false}}",
                  name);
    }
}

static void a_registration_goes_its_whole_way(void **state)
{
    (void)state;
    const char *organization = made_organization("DEPARTMENT", "");
    const char *movement = made_movement();
    const char *name = made_registration_in(movement, unit_text(organization), "RETURNED");

    assert_has(ask("GetRegistration", "{'name':'%s'}", name), "'returnReason':'thiếu'");
    (void)ask("SubmitRegistration", "{'name':'%s'}", name);
    assert_has(ask("ApproveRegistration",
                   "{'name':'%s','document':{'number':'5/QĐ','date':'2022-03-01'}}", name),
               "'date':'2022-03-01','note':''");
    assert_has(ask("SelfAssessRegistration",
                   "{'name':'%s','text':'đã xong','proposedResult':'EXCELLENT'}", name),
               "'proposedResult':'EXCELLENT'");
    const char *answer = ask("EvaluateRegistration",
                             "{'name':'%s','result':'GOOD','organization':'%s','evaluator':'Ông B',"
                             "'date':'2022-12-30','note':'tốt'}",
                             name, organization);
    assert_has(answer, "'state':'EVALUATED','result':'GOOD'");
    assert_has(answer, json("'unit':'%s'", organization));
    assert_has(ask("ListRevisions", "{'name':'%s'}", name), "'revision':7");
}

static void registrations_are_submitted_only_to_a_launched_movement(void **state)
{
    (void)state;
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));

    (void)ask("CreateMovement",
              "{'movementId':'draft','movement':{'displayName':{'vi':'x'},'year':2022}}");
    const char *name = made_registration("movements/draft", unit);
    assert_has(
        refused("SubmitRegistration", NOT_NOW, "MOVEMENT_NOT_LAUNCHED", "{'name':'%s'}", name),
        "'movementState':'DRAFT'");
    (void)ask("LaunchMovement", "{'name':'movements/draft','date':'2022-03-25'}");
    (void)ask("SubmitRegistration", "{'name':'%s'}", name);
    const char *approved = made_registration_in("movements/draft", unit, "APPROVED");
    (void)ask("CloseMovement", "{'name':'movements/draft'}");
    (void)refused("ApproveRegistration", NOT_NOW, "MOVEMENT_NOT_LAUNCHED", "{'name':'%s'}", name);
    (void)refused("CreateRegistration", NOT_NOW, "MOVEMENT_CLOSED",
                  "{'parent':'movements/draft','registration':{'displayName':{'vi':'x'},"
                  "'commitment':{'manual':{'criterion':'x'}},%s}}",
                  unit);
    /* What was approved is still judged. */
    (void)ask("SelfAssessRegistration", "{'name':'%s','text':'x','proposedResult':'GOOD'}",
              approved);
    (void)ask("EvaluateRegistration", "{'name':'%s','result':'NOT_COMPLETED'}", approved);
}

static void a_movement_is_launched_and_closed_once(void **state)
{
    (void)state;
    const char *movement = made_movement();

    assert_has(refused("LaunchMovement", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", movement),
               "'possibleSteps':'close'");
    (void)refused("DeleteMovement", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", movement);
    (void)refused("CloseMovement", BAD, "DATE_IN_FUTURE", "{'name':'%s','date':'2999-01-01'}",
                  movement);
    (void)ask("CloseMovement", "{'name':'%s','document':{'number':'1/BC','date':'2022-12-31'}}",
              movement);
    assert_has(ask("GetMovement", "{'name':'%s'}", movement), "'date':'2022-12-31'}");
    (void)refused("CloseMovement", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", movement);
    (void)refused("UpdateMovement", NOT_NOW, "STEP_NOT_POSSIBLE",
                  "{'movement':{'name':'%s','note':'x'}}", movement);
    (void)refused("UpdateMovement", BAD, "OUTPUT_ONLY_FIELD",
                  "{'movement':{'name':'%s','state':'DRAFT'}}", movement);
}

static void the_year_of_a_launched_movement_stays(void **state)
{
    (void)state;
    const char *movement = made_movement();

    assert_has(refused("UpdateMovement", NOT_NOW, "MOVEMENT_LAUNCHED",
                       "{'movement':{'name':'%s','year':2023}}", movement),
               "its year 2022 cannot be changed");
    (void)ask("UpdateMovement", "{'movement':{'name':'%s','year':2022,'note':'x'}}", movement);
    (void)ask("CreateMovement",
              "{'movementId':'year','movement':{'displayName':{'vi':'x'},'year':2022}}");
    (void)ask("UpdateMovement", "{'movement':{'name':'movements/year','year':2023}}");
}

static void the_days_of_steps_are_in_order(void **state)
{
    (void)state;
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *name = made_registration_in(made_movement(), unit, "SUBMITTED");
    const char *assess = json("{'name':'%s','text':'x','proposedResult':'GOOD'", name);
    const char *evaluate = json("{'name':'%s','result':'GOOD'", name);

    (void)ask("ApproveRegistration", "{'name':'%s','date':'2022-03-01'}", name);
    assert_has(refused("SelfAssessRegistration", NOT_NOW, "DATE_OUT_OF_ORDER",
                       "%s,'date':'2022-02-28'}", assess),
               "date 2022-02-28 is before the approval, 2022-03-01");
    (void)refused("SelfAssessRegistration", BAD, "DATE_IN_FUTURE", "%s,'date':'2999-01-01'}",
                  assess);
    (void)ask("SelfAssessRegistration", "%s,'date':'2022-12-01'}", assess);
    (void)refused("EvaluateRegistration", NOT_NOW, "DATE_OUT_OF_ORDER", "%s,'date':'2022-11-30'}",
                  evaluate);
    (void)refused("EvaluateRegistration", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "%s,'document':{'number':'1','date':'2022-02-01'}}", evaluate);
    (void)refused("EvaluateRegistration", BAD, "DATE_IN_FUTURE", "%s,'date':'2999-01-01'}",
                  evaluate);
    (void)ask("EvaluateRegistration", "%s,'date':'2022-12-01'}", evaluate);
    /* Without a day of the self-assessment that of the approval holds. */
    name = made_registration_in(made_movement(), unit, "SUBMITTED");
    (void)ask("ApproveRegistration", "{'name':'%s','date':'2022-03-01'}", name);
    (void)ask("SelfAssessRegistration", "{'name':'%s','text':'x','proposedResult':'GOOD'}", name);
    (void)refused("EvaluateRegistration", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "{'name':'%s','result':'GOOD','date':'2022-02-28'}", name);
}

static void a_theme_with_registrations_stays(void **state)
{
    (void)state;
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *movement = made_movement();

    (void)made_registration(movement, json("'theme':'t2',%s", unit));
    (void)refused("CreateRegistration", NOT_NOW, "REFERENCE_NOT_FOUND",
                  "{'parent':'%s','registration':{'displayName':{'vi':'x'},'theme':'t3',"
                  "'commitment':{'manual':{'criterion':'x'}},%s}}",
                  movement, unit);
    (void)refused("UpdateMovement", NOT_NOW, "THEME_IN_USE",
                  "{'movement':{'name':'%s','themes':[{'id':'t1','displayName':{'vi':'x'}}]}}",
                  movement);
    (void)ask("UpdateMovement",
              "{'movement':{'name':'%s','themes':[{'id':'t2','displayName':{'vi':'x'}}]}}",
              movement);
    (void)refused("UpdateMovement", BAD, "DUPLICATE_ID",
                  "{'movement':{'name':'%s','themes':[{'id':'t2','displayName':{'vi':'x'}},"
                  "{'id':'t2','displayName':{'vi':'y'}}]}}",
                  movement);
}

static void who_registers_is_a_unit_or_a_person(void **state)
{
    (void)state;
    const char *unit = made_organization("DEPARTMENT", "");
    const char *movement = made_movement();
    const char *common = json("{'parent':'%s','registration':{'displayName':{'vi':'x'},"
                              "'commitment':{'manual':{'criterion':'x'}}",
                              movement);

    (void)refused("CreateRegistration", BAD, "EXACTLY_ONE_REQUIRED", "%s}}", common);
    (void)refused("CreateRegistration", BAD, "EXACTLY_ONE_REQUIRED",
                  "%s,'organization':'%s','person':{'fullName':'A','organization':'%s'}}}", common,
                  unit, unit);
    (void)refused("CreateRegistration", BAD, "INVALID_NAME", "%s,'organization':'sct'}}", common);
    (void)refused("CreateRegistration", NOT_NOW, "REFERENCE_NOT_FOUND",
                  "%s,'organization':'organizations/none'}}", common);
    (void)refused("CreateRegistration", BAD, "FIELD_REQUIRED",
                  "%s,'person':{'organization':'%s'}}}", common, unit);
    assert_has(
        ask("CreateRegistration",
            "%s,'directWorker':true,'person':{'fullName':'Trần Thị B','organization':'%s'}}}",
            common, unit),
        json("'unit':'%s'", unit));
}

static void a_unit_that_was_abolished_before_the_year_does_not_register(void **state)
{
    (void)state;
    const char *unit = made_organization("DEPARTMENT", "");
    const char *movement = made_movement();

    (void)ask("UpdateOrganization", "{'organization':{'name':'%s','validTo':'2021-12-31'}}", unit);
    assert_has(refused("CreateRegistration", NOT_NOW, "ORGANIZATION_NOT_VALID",
                       "{'parent':'%s','registration':{'displayName':{'vi':'x'},"
                       "'organization':'%s','commitment':{'manual':{'criterion':'x'}}}}",
                       movement, unit),
               "does not exist in 2022: it is valid to 2021-12-31");
    (void)ask("UpdateOrganization", "{'organization':{'name':'%s','validTo':'2022-01-01'}}", unit);
    (void)made_registration(movement, unit_text(unit));
}

static void organizations_do_not_lie_in_a_circle(void **state)
{
    (void)state;
    const char *a = made_organization("DEPARTMENT", "");
    const char *b = made_organization("DIVISION", a);
    const char *c = made_organization("TEAM", b);

    assert_has(refused("UpdateOrganization", NOT_NOW, "ORGANIZATION_CYCLE",
                       "{'organization':{'name':'%s','parent':'%s'}}", a, c),
               json("'members':'%s, %s, %s, %s'", a, c, b, a));
    (void)refused("UpdateOrganization", NOT_NOW, "ORGANIZATION_CYCLE",
                  "{'organization':{'name':'%s','parent':'%s'}}", a, a);
    (void)refused("CreateOrganization", NOT_NOW, "REFERENCE_NOT_FOUND",
                  "{'organization':{'displayName':{'vi':'x'},'kind':'OTHER',"
                  "'parent':'organizations/none'}}");
    const char *deepest = c;
    for (int i = 3; i <= 32; i++) {
        deepest = made_organization("TEAM", deepest);
    }
    (void)refused("CreateOrganization", NOT_NOW, "ORGANIZATION_TOO_DEEP",
                  "{'organization':{'displayName':{'vi':'x'},'kind':'TEAM','parent':'%s'}}",
                  deepest);
}

static void an_organization_in_use_is_not_deleted(void **state)
{
    (void)state;
    const char *above = made_organization("DEPARTMENT", "");
    const char *unit = made_organization("DIVISION", above);
    const char *movement = made_movement();
    const char *name = made_registration(movement, unit_text(unit));

    assert_has(
        refused("DeleteOrganization", NOT_NOW, "ORGANIZATION_IN_USE", "{'name':'%s'}", above),
        json("'usedBy':'%s'", unit));
    assert_has(refused("DeleteOrganization", NOT_NOW, "ORGANIZATION_IN_USE", "{'name':'%s'}", unit),
               json("'usedBy':'%s'", name));
    (void)ask("DeleteRegistration", "{'name':'%s'}", name);
    (void)ask("DeleteOrganization", "{'name':'%s'}", unit);
    (void)ask("DeleteOrganization", "{'name':'%s'}", above);
}

static void wrong_organizations_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *reason;
    } rows[] = {
        {"'kind':'OTHER'", "FIELD_REQUIRED"},
        {"'displayName':{'vi':' '},'kind':'OTHER'", "FIELD_REQUIRED"},
        {"'displayName':{'vi':'x'}", "FIELD_REQUIRED"},
        {"'displayName':{'vi':'x'},'kind':'OTHER','validFrom':'2022-02-30'", "INVALID_DATE"},
        {"'displayName':{'vi':'x'},'kind':'OTHER','validFrom':'2022-02-03',"
         "'validTo':'2022-02-02'",
         "DATE_OUT_OF_ORDER"},
        {"'displayName':{'vi':'x'},'kind':'OTHER','parent':'x'", "INVALID_NAME"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)refused("CreateOrganization", BAD, rows[i].reason, "{'organization':{%s}}",
                      rows[i].fields);
    }
}

static void reports_are_taken_while_approved(void **state)
{
    (void)state;
    static const char *const others[] = {"DRAFT", "SUBMITTED", "SELF_ASSESSED", "EVALUATED"};
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *movement = made_movement();
    const char *name = made_registration_in(movement, unit, "APPROVED");

    const char *report =
        ask("CreateReport",
            "{'parent':'%s','reportId':'p1','report':{'progress':'đã đạt 93,05 MW',"
            "'period':'2022-09','date':'2022-09-20','value':93.05,"
            "'evidence':[{'number':'12/BC-SCT'},{'number':'13/BC-SCT','date':'2022-09-01'}]}}",
            name);
    assert_has(report, "'value':93.05");
    assert_has(report, "'number':'13/BC-SCT'");
    (void)refused("CreateReport", BAD, "FIELD_REQUIRED", "{'parent':'%s','report':{'value':1}}",
                  name);
    (void)refused("CreateReport", BAD, "INVALID_MONTH",
                  "{'parent':'%s','report':{'progress':'x','period':'2022-13'}}", name);
    (void)refused("CreateReport", BAD, "DATE_IN_FUTURE",
                  "{'parent':'%s','report':{'progress':'x','date':'2999-01-01'}}", name);
    (void)refused("CreateReport", BAD, "DATE_IN_FUTURE",
                  "{'parent':'%s','report':{'progress':'x','period':'2199-01'}}", name);
    (void)ask("CreateReport", "{'parent':'%s','report':{'progress':'x','value':999999999999999}}",
              name);
    (void)refused("CreateReport", BAD, "TOO_MANY_DECIMALS",
                  "{'parent':'%s','report':{'progress':'x','value':0.1234567}}", name);
    (void)refused("DeleteRegistration", NOT_NOW, "HAS_CHILDREN", "{'name':'%s'}", name);
    (void)ask("SelfAssessRegistration", "{'name':'%s','text':'x','proposedResult':'GOOD'}", name);
    (void)refused("UpdateReport", NOT_NOW, "STEP_NOT_POSSIBLE",
                  "{'report':{'name':'%s/reports/p1','note':'x'}}", name);
    (void)refused("DeleteReport", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s/reports/p1'}", name);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *other = made_registration_in(movement, unit, others[i]);

        assert_has(refused("CreateReport", NOT_NOW, "STEP_NOT_POSSIBLE",
                           "{'parent':'%s','report':{'progress':'x'}}", other),
                   json("'currentState':'%s'", others[i]));
    }
}

static void a_trial_of_a_step_changes_nothing(void **state)
{
    (void)state;
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *name = made_registration(made_movement(), unit);

    assert_has(ask("SubmitRegistration", "{'name':'%s','validateOnly':true}", name),
               "'state':'SUBMITTED'");
    assert_has(ask("GetRegistration", "{'name':'%s'}", name), "'state':'DRAFT'");
    (void)refused("SubmitRegistration", STATUS_ABORTED, "ETAG_MISMATCH",
                  "{'name':'%s','etag':'other'}", name);
    (void)ask("SubmitRegistration", "{'name':'%s','requestId':'k1'}", name);
    /* The same request with its key is answered again, although the step was taken. */
    assert_has(ask("SubmitRegistration", "{'name':'%s','requestId':'k1'}", name),
               "'state':'SUBMITTED'");
}

static void states_and_results_are_not_written(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "'state':'APPROVED'",        "'result':'EXCELLENT'",
        "'unit':'organizations/x'",  "'award':'movements/m/commendations/c'",
        "'evaluation':{'note':'x'}", "'selfAssessment':{'text':'x'}",
    };
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *movement = made_movement();
    const char *name = made_registration(movement, unit);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        (void)refused("UpdateRegistration", BAD, "OUTPUT_ONLY_FIELD",
                      "{'registration':{'name':'%s',%s}}", name, fields[i]);
        (void)refused("CreateRegistration", BAD, "OUTPUT_ONLY_FIELD",
                      "{'parent':'%s','registration':{'displayName':{'vi':'x'},"
                      "'commitment':{'manual':{'criterion':'x'}},%s,%s}}",
                      movement, unit, fields[i]);
    }
}

static void numbers_without_a_name_are_refused(void **state)
{
    (void)state;
    const char *unit = unit_text(made_organization("DEPARTMENT", ""));
    const char *name = made_registration_in(made_movement(), unit, "SELF_ASSESSED");
    Dongkhoi__Registrations__V1__EvaluateRegistrationRequest request;

    dongkhoi__registrations__v1__evaluate_registration_request__init(&request);
    request.name = (char *)name;
    request.result = (Dongkhoi__Registrations__V1__Registration__Result)77;
    (void)refused_message("EvaluateRegistration", BAD, "INVALID_VALUE", &request);
    request.result = (Dongkhoi__Registrations__V1__Registration__Result)0;
    (void)refused_message("EvaluateRegistration", BAD, "FIELD_REQUIRED", &request);
}

static void registrations_are_listed_by_unit_state_and_theme(void **state)
{
    (void)state;
    const char *unit = made_organization("DEPARTMENT", "");
    const char *movement = made_movement();
    const char *first = made_registration(movement, unit_text(unit));
    const char *second =
        made_registration_in(made_movement(), json("'theme':'t1',%s", unit_text(unit)), "APPROVED");

    const char *list = ask("ListRegistrations",
                           "{'parent':'movements/-','filter':'unit = \\'%s\\'',"
                           "'orderBy':'display_name.vi'}",
                           unit);
    assert_has(list, first);
    assert_has(list, second);
    list = ask("ListRegistrations",
               "{'parent':'movements/-','filter':'unit = \\'%s\\' AND state = APPROVED "
               "AND theme = \\'t1\\''}",
               unit);
    assert_lacks(list, first);
    assert_has(list, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_possible_only_from_its_states),
        cmocka_unit_test(content_changes_only_in_draft_or_returned),
        cmocka_unit_test(a_registration_goes_its_whole_way),
        cmocka_unit_test(registrations_are_submitted_only_to_a_launched_movement),
        cmocka_unit_test(a_movement_is_launched_and_closed_once),
        cmocka_unit_test(the_year_of_a_launched_movement_stays),
        cmocka_unit_test(the_days_of_steps_are_in_order),
        cmocka_unit_test(a_theme_with_registrations_stays),
        cmocka_unit_test(who_registers_is_a_unit_or_a_person),
        cmocka_unit_test(a_unit_that_was_abolished_before_the_year_does_not_register),
        cmocka_unit_test(organizations_do_not_lie_in_a_circle),
        cmocka_unit_test(an_organization_in_use_is_not_deleted),
        cmocka_unit_test(wrong_organizations_are_refused),
        cmocka_unit_test(reports_are_taken_while_approved),
        cmocka_unit_test(a_trial_of_a_step_changes_nothing),
        cmocka_unit_test(states_and_results_are_not_written),
        cmocka_unit_test(numbers_without_a_name_are_refused),
        cmocka_unit_test(registrations_are_listed_by_unit_state_and_theme),
    };

    return cmocka_run_group_tests(tests, running_setup, running_teardown);
}
