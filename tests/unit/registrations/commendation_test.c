/* commendation_test.c - tests commendations and exemplars as a client. */
#include "unit.h"

#include "running.h"

#define BAD STATUS_INVALID_ARGUMENT
#define NOT_NOW STATUS_FAILED_PRECONDITION

#define DECISION "'decision':{'number':'10/QĐ','date':'2023-01-20','authority':'UBND tỉnh Bến Tre'}"

/* A department with two divisions, and what one of them achieved. */
struct stage {
    const char *department;
    const char *division; /* the recipient */
    const char *other;
    const char *movement;
    const char *recipient;
    const char *achievement;
};

static struct stage stage_new(void)
{
    struct stage stage = {.department = made_organization("DEPARTMENT", "")};

    stage.division = made_organization("DIVISION", stage.department);
    stage.other = made_organization("DIVISION", stage.department);
    stage.movement = made_movement();
    stage.recipient = json("'organization':'%s'", stage.division);
    stage.achievement = made_achievement(stage.movement, stage.recipient, "EXCELLENT");
    return stage;
}

static const char *proposed(const struct stage *stage)
{
    return made_commendation(stage->movement, stage->recipient, "EXCELLENT_COLLECTIVE",
                             stage->achievement, stage->division);
}

static const char *review_of(const char *name, const char *full_name, const char *organization)
{
    return json("{'name':'%s','reviewer':{'fullName':'%s','organization':'%s'},"
                "'minutes':{'number':'3/BB-HĐ','date':'2023-01-10'},'votesFor':7,"
                "'votesAgainst':1,'votesAbstain':1}",
                name, full_name, organization);
}

static const char *reviewed(const struct stage *stage)
{
    const char *name = proposed(stage);

    (void)ask("ReviewCommendation", "%s", review_of(name, "Bà Chủ tịch", stage->department));
    return name;
}

static const char *awarded(const struct stage *stage)
{
    const char *name = reviewed(stage);

    (void)ask("AwardCommendation", "{'name':'%s'," DECISION "}", name);
    return name;
}

static void a_commendation_goes_to_its_award_and_is_annulled(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *name = proposed(&stage);

    assert_has(refused("AwardCommendation", NOT_NOW, "STEP_NOT_POSSIBLE",
                       "{'name':'%s'," DECISION "}", name),
               "'possibleSteps':'review'");
    const char *answer =
        ask("ReviewCommendation", "%s", review_of(name, "Bà Chủ tịch", stage.department));
    assert_has(answer, "'votesFor':7,'votesAgainst':1,'votesAbstain':1");
    assert_has(answer, "'state':'REVIEWED'");
    answer = ask("AwardCommendation", "{'name':'%s'," DECISION ",'form':'EMULATION_FLAG'}", name);
    assert_has(answer, "'state':'AWARDED'");
    assert_has(answer, "'form':'EMULATION_FLAG'");
    assert_has(answer, "'authority':'UBND tỉnh Bến Tre'");
    assert_has(ask("GetRegistration", "{'name':'%s'}", stage.achievement),
               json("'award':'%s'", name));
    answer = ask("RevokeCommendation",
                 "{'name':'%s','ground':'FORGED_DOSSIER','document':{'number':'11/QĐ',"
                 "'date':'2023-06-01'},'note':'x'}",
                 name);
    assert_has(answer, "'state':'REVOKED'");
    assert_has(answer, "'ground':'FORGED_DOSSIER'");
    assert_has(ask("GetRegistration", "{'name':'%s'}", stage.achievement), "'award':''");
}

static void every_step_is_possible_only_from_its_states(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    static const struct {
        const char *method;
        const char *fields;
        const char *possible; /* when PROPOSED, REVIEWED, FORWARDED, NOT_AWARDED */
    } steps[] = {
        {"RejectCommendation", ",'reason':'chưa đủ'", "0110"},
        {"ForwardCommendation", ",'level':'PROVINCE'", "0100"},
        {"RevokeCommendation",
         ",'ground':'FALSE_DECLARATION','document':{'number':'1','date':'2023-05-05'}", "0000"},
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (size_t k = 0; k < 4; k++) {
            const char *name = k == 0 ? proposed(&stage) : reviewed(&stage);

            if (k == 2) {
                (void)ask("ForwardCommendation", "{'name':'%s','level':'MINISTRY'}", name);
            } else if (k == 3) {
                (void)ask("RejectCommendation", "{'name':'%s','reason':'x'}", name);
            }
            if (steps[i].possible[k] == '1') {
                (void)ask(steps[i].method, "{'name':'%s'%s}", name, steps[i].fields);
            } else {
                (void)refused(steps[i].method, NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'%s}",
                              name, steps[i].fields);
            }
        }
    }
}

static void one_achievement_has_one_award(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *second = reviewed(&stage);
    const char *first = awarded(&stage);

    assert_has(refused("AwardCommendation", NOT_NOW, "ACHIEVEMENT_ALREADY_AWARDED",
                       "{'name':'%s'," DECISION "}", second),
               json("'award':'%s'", first));
    /* Nor in another movement, for a person of the unit. */
    struct stage elsewhere = stage;
    elsewhere.movement = made_movement();
    const char *third =
        made_commendation(elsewhere.movement,
                          json("'person':{'fullName':'Lê C','organization':'%s'}", stage.division),
                          "ADVANCED_WORKER", stage.achievement, stage.department);
    (void)ask("ReviewCommendation", "%s", review_of(third, "Bà Chủ tịch", stage.department));
    (void)refused("AwardCommendation", NOT_NOW, "ACHIEVEMENT_ALREADY_AWARDED",
                  "{'name':'%s'," DECISION "}", third);
    /* An annulled award frees the achievement, once. */
    (void)ask("RevokeCommendation",
              "{'name':'%s','ground':'UNLAWFUL_APPRAISAL','document':{'number':'2',"
              "'date':'2023-02-02'}}",
              first);
    (void)ask("AwardCommendation", "{'name':'%s'," DECISION "}", third);
    (void)refused("AwardCommendation", NOT_NOW, "ACHIEVEMENT_ALREADY_AWARDED",
                  "{'name':'%s'," DECISION "}", second);
}

static void the_reviewer_is_independent(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *below = made_organization("TEAM", stage.division);
    const char *name = made_commendation(stage.movement, stage.recipient, "EMULATION_FLAG",
                                         stage.achievement, stage.department);

    (void)refused("ReviewCommendation", NOT_NOW, "REVIEWER_NOT_INDEPENDENT", "%s",
                  review_of(name, "Người đề nghị", stage.department));
    /* The same person, however the name is written. */
    (void)refused("ReviewCommendation", NOT_NOW, "REVIEWER_NOT_INDEPENDENT", "%s",
                  review_of(name, " NGƯỜI  ĐỀ nghị ", stage.department));
    (void)refused("ReviewCommendation", NOT_NOW, "REVIEWER_NOT_INDEPENDENT", "%s",
                  review_of(name, "Ông D", stage.division));
    (void)refused("ReviewCommendation", NOT_NOW, "REVIEWER_NOT_INDEPENDENT", "%s",
                  review_of(name, "Ông D", below));
    (void)refused("ReviewCommendation", NOT_NOW, "REFERENCE_NOT_FOUND", "%s",
                  review_of(name, "Ông D", "organizations/none"));
    (void)refused("ReviewCommendation", BAD, "FIELD_REQUIRED", "{'name':'%s'}", name);
    (void)ask("ReviewCommendation", "%s", review_of(name, "Ông D", stage.other));
}

static void a_review_has_minutes_and_votes(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *name = proposed(&stage);
    const char *reviewer =
        json("'reviewer':{'fullName':'E','organization':'%s'}", stage.department);

    (void)refused("ReviewCommendation", BAD, "DOCUMENT_REQUIRED", "{'name':'%s',%s,'votesFor':1}",
                  name, reviewer);
    (void)refused("ReviewCommendation", BAD, "DATE_REQUIRED",
                  "{'name':'%s',%s,'minutes':{'number':'1'},'votesFor':1}", name, reviewer);
    assert_has(refused("ReviewCommendation", NOT_NOW, "DATE_OUT_OF_ORDER",
                       "{'name':'%s',%s,'minutes':{'number':'1','date':'2021-12-31'},'votesFor':1}",
                       name, reviewer),
               "minutes.date 2021-12-31 is before the movement");
    (void)refused("ReviewCommendation", BAD, "FIELD_REQUIRED",
                  "{'name':'%s',%s,'minutes':{'number':'1','date':'2022-01-01'}}", name, reviewer);
    (void)refused("ReviewCommendation", BAD, "OUT_OF_RANGE",
                  "{'name':'%s',%s,'minutes':{'number':'1','date':'2022-12-20'},'votesFor':3,'"
                  "votesAgainst':-1}",
                  name, reviewer);
    (void)refused(
        "ReviewCommendation", BAD, "OUT_OF_RANGE",
        "{'name':'%s',%s,'minutes':{'number':'1','date':'2022-12-20'},'votesFor':2147483647,"
        "'votesAgainst':2147483647}",
        name, reviewer);
}

static void an_award_names_number_date_and_authority(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *name = reviewed(&stage);
    static const struct {
        const char *decision;
        const char *reason;
    } rows[] = {
        {"", "DOCUMENT_REQUIRED"},
        {",'decision':{}", "FIELD_REQUIRED"},
        {",'decision':{'number':'1'}", "DATE_REQUIRED"},
        {",'decision':{'number':'1','date':'2023-01-20'}", "AUTHORITY_REQUIRED"},
        {",'decision':{'number':'1','date':'2999-01-20','authority':'x'}", "DATE_IN_FUTURE"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)refused("AwardCommendation", BAD, rows[i].reason, "{'name':'%s'%s}", name,
                      rows[i].decision);
    }
    (void)refused("AwardCommendation", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "{'name':'%s','decision':{'number':'1','date':'2023-01-09','authority':'x'}}",
                  name);
    (void)refused("AwardCommendation", NOT_NOW, "FORM_NOT_FOR_RECIPIENT",
                  "{'name':'%s'," DECISION ",'form':'ADVANCED_WORKER'}", name);
    assert_has(ask("GetRegistration", "{'name':'%s'}", stage.achievement), "'award':''");
}

static void what_follows_the_vote_is_not_from_before_it(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *name = reviewed(&stage);
    static const char early[] = "'document':{'number':'1','date':'2023-01-09'}";

    (void)refused("ForwardCommendation", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "{'name':'%s','level':'PROVINCE',%s}", name, early);
    (void)refused("RejectCommendation", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "{'name':'%s','reason':'x',%s}", name, early);
}

static void an_award_is_annulled_only_with_a_ground_and_document(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *name = awarded(&stage);

    (void)refused("RevokeCommendation", BAD, "FIELD_REQUIRED",
                  "{'name':'%s','document':{'number':'1','date':'2023-05-05'}}", name);
    (void)refused("RevokeCommendation", BAD, "DOCUMENT_REQUIRED",
                  "{'name':'%s','ground':'FALSE_DECLARATION'}", name);
    (void)refused("RevokeCommendation", BAD, "DATE_REQUIRED",
                  "{'name':'%s','ground':'FALSE_DECLARATION','document':{'number':'1'}}", name);
    (void)refused("RevokeCommendation", NOT_NOW, "DATE_OUT_OF_ORDER",
                  "{'name':'%s','ground':'FALSE_DECLARATION','document':{'number':'1',"
                  "'date':'2023-01-19'}}",
                  name);
    (void)refused("DeleteCommendation", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", name);
    (void)refused("UpdateCommendation", NOT_NOW, "STEP_NOT_POSSIBLE",
                  "{'commendation':{'name':'%s','note':'x'}}", name);
}

static void only_what_was_achieved_is_rewarded(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *running = made_registration_in(stage.movement, stage.recipient, "SELF_ASSESSED");
    const char *missed = made_achievement(stage.movement, stage.recipient, "NOT_COMPLETED");
    const char *other =
        made_achievement(stage.movement, json("'organization':'%s'", stage.other), "GOOD");
    const char *personal = made_achievement(
        stage.movement, json("'person':{'fullName':'Lê C','organization':'%s'}", stage.division),
        "GOOD");
    const struct {
        const char *achievement;
        const char *reason;
    } rows[] = {
        {running, "ACHIEVEMENT_NOT_EVALUATED"},
        {missed, "ACHIEVEMENT_NOT_COMPLETED"},
        {other, "ACHIEVEMENT_OF_ANOTHER"},
        {personal, "ACHIEVEMENT_OF_ANOTHER"},
        {json("%s/registrations/none", stage.movement), "REFERENCE_NOT_FOUND"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)refused("CreateCommendation", NOT_NOW, rows[i].reason,
                      "{'parent':'%s','commendation':{%s,'form':'EMULATION_FLAG',"
                      "'achievement':'%s','proposer':{'fullName':'P','organization':'%s'}}}",
                      stage.movement, stage.recipient, rows[i].achievement, stage.department);
    }
    (void)made_commendation(
        stage.movement, json("'person':{'fullName':'lê c','organization':'%s'}", stage.division),
        "ADVANCED_WORKER", personal, stage.department);
    /* What the department achieved may be rewarded in a person of its division. */
    const char *common = made_achievement(
        stage.movement, json("'organization':'%s'", stage.department), "COMPLETED");
    (void)made_commendation(
        stage.movement, json("'person':{'fullName':'Lê C','organization':'%s'}", stage.division),
        "CERTIFICATE_OF_COMMENDATION", common, stage.department);
}

static void a_proposal_says_who_and_what(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *achievement = json("'achievement':'%s'", stage.achievement);
    const char *proposer =
        json("'proposer':{'fullName':'P','organization':'%s'}", stage.department);
    const char *form = "'form':'EMULATION_FLAG'";
    const struct {
        const char *fields;
        const char *reason;
    } rows[] = {
        {json("%s,%s,%s", achievement, proposer, form), "EXACTLY_ONE_REQUIRED"},
        {json("%s,%s,%s", stage.recipient, achievement, proposer), "FIELD_REQUIRED"},
        {json("%s,%s,%s", stage.recipient, proposer, form), "FIELD_REQUIRED"},
        {json("%s,%s,%s", stage.recipient, achievement, form), "FIELD_REQUIRED"},
        {json("%s,%s,%s,'proposer':{'fullName':'P'}", stage.recipient, achievement, form),
         "FIELD_REQUIRED"},
        {json("%s,%s,%s,'state':'AWARDED'", stage.recipient, achievement, proposer),
         "OUTPUT_ONLY_FIELD"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)refused("CreateCommendation", BAD, rows[i].reason,
                      "{'parent':'%s','commendation':{%s}}", stage.movement, rows[i].fields);
    }
    (void)refused("CreateCommendation", NOT_NOW, "FORM_NOT_FOR_RECIPIENT",
                  "{'parent':'%s','commendation':{%s,%s,%s,'form':'ADVANCED_WORKER'}}",
                  stage.movement, stage.recipient, achievement, proposer);
}

static void awards_are_summed_by_unit_form_and_direct_work(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *second = made_achievement(stage.movement, stage.recipient, "GOOD");
    const char *worker = json("'person':{'fullName':'Lê C','organization':'%s'},"
                              "'directWorker':true",
                              stage.division);

    (void)awarded(&stage);
    const char *name =
        made_commendation(stage.movement, worker, "ADVANCED_WORKER", second, stage.department);
    (void)ask("ReviewCommendation", "%s", review_of(name, "Ông D", stage.other));
    const char *before = ask("SummarizeCommendations", "{'parent':'%s'}", stage.movement);
    assert_has(before, "'filter':'state = AWARDED','total':1,'directWorkers':0");
    (void)ask("AwardCommendation", "{'name':'%s'," DECISION "}", name);

    const char *all = ask("SummarizeCommendations", "{'parent':'%s'}", stage.movement);
    assert_has(all, "'total':2,'directWorkers':1");
    assert_has(all,
               json("'movements':[{'movement':'%s','count':2,'directWorkers':1}]", stage.movement));
    assert_has(all, json("'unit':'%s','displayName':{'vi':'Đơn vị", stage.division));
    assert_has(all, "'forms':[{'form':'ADVANCED_WORKER','count':1,'directWorkers':1},"
                    "{'form':'EXCELLENT_COLLECTIVE','count':1,'directWorkers':0}]");
    assert_has(all, "'states':[{'state':'AWARDED','count':2,'directWorkers':1}]");
    const char *workers =
        ask("SummarizeCommendations",
            "{'parent':'movements/-','filter':'unit = \\'%s\\' AND directWorker = true'}",
            stage.division);
    assert_has(workers, "'total':1,'directWorkers':1");
    const char *list = ask("ListCommendations",
                           "{'parent':'movements/-','filter':'state = AWARDED AND "
                           "form = ADVANCED_WORKER AND direct_worker = true AND unit = \\'%s\\''}",
                           stage.division);
    assert_has(list, name);
    (void)refused("SummarizeCommendations", BAD, "INVALID_FILTER",
                  "{'parent':'movements/-','filter':'nothing = 1'}");
    (void)refused("SummarizeCommendations", BAD, "INVALID_PARENT", "{'parent':'organizations/x'}");
    (void)refused("SummarizeCommendations", BAD, "FIELD_REQUIRED", "{}");
    (void)refused("SummarizeCommendations", STATUS_NOT_FOUND, "PARENT_NOT_FOUND",
                  "{'parent':'movements/none'}");
}

static void totals_go_over_all_pages(void **state)
{
    (void)state;
    enum { COUNT = 1100 };
    const char *unit = made_organization("ENTERPRISE", "");
    const char *movement = made_movement();

    for (int i = 0; i < COUNT; i++) {
        (void)ask("CreateExemplar",
                  "{'parent':'%s','exemplarId':'e%d','exemplar':{'displayName':{'vi':'Gương'},"
                  "'organization':'%s','directWorker':%s,'story':'Chuyện'}}",
                  movement, i, unit, i % 4 == 0 ? "true" : "false");
    }
    assert_has(ask("SummarizeExemplars", "{'parent':'%s'}", movement), "'total':0");
    const char *all =
        ask("SummarizeExemplars", "{'parent':'%s','filter':'state = DRAFT'}", movement);
    assert_has(all, json("'total':%d,'directWorkers':%d", COUNT, COUNT / 4));
    assert_has(all, json("'unit':'%s'", unit));
    assert_has(
        all, json("'states':[{'state':'DRAFT','count':%d,'directWorkers':%d}]", COUNT, COUNT / 4));
}

static void an_exemplar_is_published_once_and_then_stays(void **state)
{
    (void)state;
    const struct stage stage = stage_new();
    const char *common = json("{'parent':'%s','exemplarId':'e','exemplar':{'displayName':"
                              "{'vi':'Gương điển hình'},'registration':'%s'",
                              stage.movement, stage.achievement);
    const char *name = json("%s/exemplars/e", stage.movement);

    (void)refused("CreateExemplar", BAD, "FIELD_REQUIRED", "%s,%s}}", common, stage.recipient);
    (void)refused("CreateExemplar", BAD, "EXACTLY_ONE_REQUIRED", "%s,'story':'x'}}", common);
    (void)ask("CreateExemplar", "%s,%s,'story':'Làm hay'}}", common, stage.recipient);
    (void)refused("UpdateExemplar", NOT_NOW, "REFERENCE_NOT_FOUND",
                  "{'exemplar':{'name':'%s','registration':'%s/registrations/none'}}", name,
                  stage.movement);
    (void)ask("UpdateExemplar", "{'exemplar':{'name':'%s','story':'Làm hay hơn'}}", name);
    const char *answer = ask("PublishExemplar", "{'name':'%s','date':'2022-11-20'}", name);
    assert_has(answer, "'state':'PUBLISHED'");
    assert_has(answer, "'publishDate':'2022-11-20'");
    assert_has(refused("PublishExemplar", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", name),
               "'possibleSteps':''");
    (void)refused("UpdateExemplar", NOT_NOW, "STEP_NOT_POSSIBLE",
                  "{'exemplar':{'name':'%s','story':'khác'}}", name);
    (void)refused("DeleteExemplar", NOT_NOW, "STEP_NOT_POSSIBLE", "{'name':'%s'}", name);
    assert_has(ask("SummarizeExemplars", "{'parent':'%s'}", stage.movement), "'total':1");
    assert_has(ask("ListExemplars", "{'parent':'movements/-','filter':'state = PUBLISHED'}"), name);
}

static void what_is_stored_is_read_and_listed(void **state)
{
    const struct stage stage = stage_new();
    const char *commendation = proposed(&stage);
    const char *movement = stage.movement;

    (void)state;
    (void)ask("CreateExemplar",
              "{'parent':'%s','exemplarId':'x','exemplar':{'displayName':{'vi':'Gương'},"
              "'organization':'%s','story':'Chuyện'}}",
              movement, stage.division);
    assert_has(ask("GetOrganization", "{'name':'%s'}", stage.department), "'kind':'DEPARTMENT'");
    assert_has(ask("ListOrganizations", "{'pageSize':1000}"), stage.department);
    assert_has(ask("ListMovements", "{'pageSize':1000}"), movement);
    assert_has(ask("ListReports", "{'parent':'%s'}", stage.achievement), "'reports':[]");
    assert_has(ask("GetCommendation", "{'name':'%s'}", commendation), stage.achievement);
    assert_has(ask("GetExemplar", "{'name':'%s/exemplars/x'}", movement), "Chuyện");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_read_and_listed),
        cmocka_unit_test(a_commendation_goes_to_its_award_and_is_annulled),
        cmocka_unit_test(every_step_is_possible_only_from_its_states),
        cmocka_unit_test(one_achievement_has_one_award),
        cmocka_unit_test(the_reviewer_is_independent),
        cmocka_unit_test(a_review_has_minutes_and_votes),
        cmocka_unit_test(an_award_names_number_date_and_authority),
        cmocka_unit_test(what_follows_the_vote_is_not_from_before_it),
        cmocka_unit_test(an_award_is_annulled_only_with_a_ground_and_document),
        cmocka_unit_test(only_what_was_achieved_is_rewarded),
        cmocka_unit_test(a_proposal_says_who_and_what),
        cmocka_unit_test(awards_are_summed_by_unit_form_and_direct_work),
        cmocka_unit_test(totals_go_over_all_pages),
        cmocka_unit_test(an_exemplar_is_published_once_and_then_stays),
    };

    return cmocka_run_group_tests(tests, running_setup, running_teardown);
}
