/* scorecard_test.c - tests scorecard.c and what it uses, over peers that answer as they are told.
 */
#include "unit.h"

#include "fake_peers.h"
#include "running.h"

#include <string.h>

#define PROGRESS                                                                                   \
    "'name':'indicators/wind','unit':'MW','period':'2022-12','target':'indicators/wind/targets/"   \
    "2022','targetState':'OPEN','yearToDate':93.05,'yearToDatePeriod':'2021-11',"                  \
    "'linearForecast':93.05,'inputs':[{'name':'indicators/wind/targets/2022','revision':1,"        \
    "'value':140},{'name':'indicators/wind/observations/2021-11','revision':3,'value':93.05}]"
#define COUNT                                                                                      \
    "{'year':2022,'clusterTarget':'clusterTargets/2022','countingRule':'ESTABLISHED_IN_YEAR',"     \
    "'rule':'new by its decision','count':1,'minNewClusters':2,'clusters':[{'cluster':"            \
    "'clusters/a','counted':true},{'cluster':'clusters/b'}],'inputs':[{'name':"                    \
    "'clusterTargets/2022','revision':4},{'name':'clusters/a','revision':5},{'name':"              \
    "'clusters/b','revision':6}]}"

/* A SUBMITTED registration with this commitment. */
static const char *made_commitment(const char *movement, const char *commitment)
{
    static const char *unit;
    static int count;

    if (unit == NULL) {
        unit = made_organization("DEPARTMENT", "");
    }
    const char *id = json("c%d", ++count);
    ask("CreateRegistration",
        "{'parent':'%s','registrationId':'%s','registration':{'displayName':{'vi':'Việc'},"
        "'organization':'%s','commitment':%s}}",
        movement, id, unit, json("%s", commitment));
    return json("%s/registrations/%s", movement, id);
}

static const char *scorecard(const char *movement)
{
    return ask("GetScorecard", "{'name':'%s'}", movement);
}

static const char wind[] = "{'indicator':{'indicator':'wind','year':2022,"
                           "'comparator':'APPROXIMATELY','value':140,'tolerancePercent':5}}";
static const char clusters[] = "{'newClusters':{'year':2022,'comparator':'AT_LEAST','value':2}}";
static const char milestone[] = "{'milestone':{'scheme':'night','milestone':'approval'}}";

static void an_indicator_is_held_against_the_commitment_not_the_target(void **state)
{
    const char *movement = made_movement();
    const char *name = made_commitment(movement, wind);

    (void)state;
    fake_reset();
    fake_answer("BatchGetProgress", json("{'progresses':[{%s}]}", json(PROGRESS)));
    const char *answer = scorecard(movement);
    assert_has(answer, json("'registration':'%s'", name));
    assert_has(answer, "'value':93.05,'unit':'MW','period':'2021-11','target':140");
    assert_has(answer, "'comparator':'APPROXIMATELY','tolerancePercent':5,'percent':66.46,"
                       "'status':'OFF_TRACK'");
    assert_has(answer, "about 140 MW: within 5 % of it");
    assert_has(answer, "khoảng 140 MW");
    assert_has(answer, json("{'name':'%s','revision':1,'value':140,'text':''}", name));
    assert_has(answer, "'name':'indicators/wind/observations/2021-11','revision':3,'value':93.05");
    assert_has(answer, "'complete':true");
    assert_has(answer, "NOT_ONE_SNAPSHOT");
    assert_has(answer, "{'service':'indicators','answered':true,'seq':'100'}");
    assert_lacks(answer, "{'service':'clusters'");
    assert_has(fake_request("BatchGetProgress"),
               "'names':['indicators/wind'],'period':'2022','latest':true");
}

static void only_a_closed_year_is_missed(void **state)
{
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, wind);
    (void)made_commitment(movement, clusters);
    (void)made_commitment(movement, milestone);
    fake_reset();
    fake_answer("BatchGetProgress", json("{'progresses':[{%s}]}", json(PROGRESS)));
    fake_answer("CountNewClusters", COUNT);
    fake_answer("GetMilestoneVerdict", "{'reason':'NOT_COMPLETED','sentence':'not yet',"
                                       "'dueDate':'2999-01-01'}");
    assert_lacks(scorecard(movement), "MISSED");
    fake_answer("BatchGetProgress", "{'progresses':[{'name':'indicators/wind','yearToDate':93.05,"
                                    "'targetState':'CLOSED'}]}");
    assert_has(scorecard(movement), "'percent':66.46,'status':'MISSED'");
    ask("CloseMovement", "{'name':'%s','date':'2023-01-15'}", movement);
    const char *answer = scorecard(movement);
    assert_has(answer, "'percent':50,'status':'MISSED'");
    assert_has(answer, "'comparator':'DONE','tolerancePercent':null,'percent':0,'status':'MISSED'");
    answer = ask("GetScorecard", "{'name':'%s','publishedBy':'2023-01-14'}", movement);
    assert_lacks(answer, "'percent':50,'status':'MISSED'");
    answer = ask("GetScorecard", "{'name':'%s','publishedBy':'2023-01-15'}", movement);
    assert_has(answer, "'percent':50,'status':'MISSED'");
}

static void clusters_are_counted_under_the_rule_of_the_year(void **state)
{
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, clusters);
    fake_reset();
    fake_answer("CountNewClusters", COUNT);
    const char *answer = scorecard(movement);
    assert_has(answer, "'value':1,'unit':'clusters','period':'','target':2");
    assert_has(answer, "'percent':50,'status':'OFF_TRACK'");
    assert_has(answer, "new by its decision");
    assert_has(answer, "{'name':'clusterTargets/2022','revision':4,'value':2,'text':''}");
    assert_has(answer, "{'name':'clusters/a','revision':5,'value':1,'text':''}");
    assert_lacks(answer, "clusters/b");
    assert_has(answer, "'field':'inputs','reason':'ONLY_COUNTED_LISTED','message':'clusters that "
                       "count and are listed: 1;");
    answer = ask("GetScorecard", "{'name':'%s','publishedBy':'2022-06-30'}", movement);
    assert_has(answer, "'status':'IN_PROGRESS'");
    assert_has(answer, "LINEAR_FORECAST");
    fake_refuse("CountNewClusters", STATUS_NOT_FOUND, "TARGET_NOT_FOUND");
    answer = scorecard(movement);
    assert_has(answer, "'value':null");
    assert_has(answer, "'status':'UNKNOWN'");
    assert_has(answer, "TARGET_NOT_FOUND");
    assert_has(answer, "'complete':true");
}

/* A count over many clusters, of which the second counts. */
static const char *count_of_many(int many)
{
    const char *verdicts = "";
    const char *inputs = "{'name':'clusterTargets/2022','revision':4}";

    for (int i = 0; i < many; i++) {
        verdicts = json("%s%s{'cluster':'clusters/c%d','counted':%s}", verdicts, i > 0 ? "," : "",
                        i, i == 1 ? "true" : "false");
        inputs = json("%s,{'name':'clusters/c%d','revision':1}", inputs, i);
    }
    return json("{'year':2022,'clusterTarget':'clusterTargets/2022','count':1,'clusters':[%s],"
                "'inputs':[%s]}",
                verdicts, inputs);
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void lines_do_not_grow_with_the_clusters_that_do_not_count(void **state)
{
    enum { LINES = 5, CLUSTERS = 200 };
    const char *movement = made_movement();

    (void)state;
    NOT_STARVED();
    for (int i = 0; i < LINES; i++) {
        (void)made_commitment(movement, clusters);
    }
    fake_reset();
    fake_answer("CountNewClusters", count_of_many(CLUSTERS));
    const char *answer = scorecard(movement);
    assert_int_equal(fake_requests("CountNewClusters"), 1);
    assert_int_equal(occurrences(answer, json("'name':'clusters/")), LINES);
    assert_int_equal(occurrences(answer, json("'name':'clusters/c1','revision':1,'value':1")),
                     LINES);
    assert_int_equal(occurrences(answer, "clusters that count and are listed: 1;"), LINES);
}

static void the_rule_names_things_by_their_titles(void **state)
{
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, wind);
    (void)made_commitment(movement, milestone);
    (void)made_commitment(movement,
                          "{'newClusters':{'year':2022,'comparator':'AT_LEAST','value':1}}");
    fake_reset();
    fake_answer("BatchGetProgress",
                json("{'progresses':[{'displayName':{'vi':'Điện gió','en':'Wind power'},%s}]}",
                     json(PROGRESS)));
    fake_answer("GetMilestoneVerdict",
                "{'reason':'NOT_COMPLETED','sentence':'not yet','displayName':{'vi':'Phê duyệt'}}");
    fake_answer("CountNewClusters", COUNT);
    const char *answer = scorecard(movement);
    assert_has(answer, "the year to date of Wind power in December 2022");
    assert_has(answer, "giá trị lũy kế của chỉ tiêu Điện gió đến tháng 12");
    assert_has(answer, "the milestone Phê duyệt is complete");
    assert_has(answer, "mốc Phê duyệt đã hoàn thành");
    assert_has(answer, "at least 1 cluster is new in 2022 under the counting rule of that year");
    assert_lacks(answer, "of indicators/wind");
    /* Without an answer there is only the name. */
    fake_refuse("GetMilestoneVerdict", STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_has(scorecard(movement), "the milestone schemes/night/milestones/approval is complete");
}

static void a_milestone_is_late_also_by_the_due_date_of_the_registration(void **state)
{
    const char *movement = made_movement();
    const char *name = made_commitment(movement, milestone);

    (void)state;
    ask("UpdateRegistration", "{'registration':{'name':'%s','dueDate':'2022-11-30'}}", name);
    fake_reset();
    fake_answer("GetMilestoneVerdict", "{'reason':'NOT_COMPLETED','sentence':'not yet'}");
    assert_has(ask("GetScorecard", "{'name':'%s','publishedBy':'2022-11-30'}", movement),
               "'status':'IN_PROGRESS'");
    assert_has(ask("GetScorecard", "{'name':'%s','publishedBy':'2022-12-01'}", movement),
               "'status':'OFF_TRACK'");
    fake_answer("GetMilestoneVerdict", "{'done':true,'reason':'DONE','sentence':'done'}");
    assert_has(scorecard(movement), "'status':'ACHIEVED'");
}

static void a_milestone_shows_the_document_that_decides(void **state)
{
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, milestone);
    fake_reset();
    fake_answer("GetMilestoneVerdict",
                "{'done':true,'reason':'DONE','sentence':'done','document':{'number':'3051/QĐ-UBND'"
                ",'date':'2022-12-30'},'date':'2022-12-30','inputs':[{'name':"
                "'schemes/night/milestones/approval','revision':2,'value':'COMPLETED'}]}");
    const char *answer = scorecard(movement);
    assert_has(answer, "'status':'ACHIEVED'");
    assert_has(answer, "'value':1,");
    assert_has(answer, "'evidence':{'number':'3051/QĐ-UBND','date':'2022-12-30'");
    assert_has(answer, "'revision':2,'value':null,'text':'COMPLETED'");
    assert_has(fake_request("GetMilestoneVerdict"), "'name':'schemes/night/milestones/approval'");
    fake_answer("GetMilestoneVerdict", "{'reason':'NOT_COMPLETED','sentence':'not yet',"
                                       "'dueDate':'2022-12-30','document':{'number':'1'}}");
    answer = scorecard(movement);
    assert_has(answer, "'status':'OFF_TRACK'");
    assert_lacks(answer, "'evidence':{");
    answer = ask("GetScorecard", "{'name':'%s','publishedBy':'2022-12-30'}", movement);
    assert_has(answer, "'status':'IN_PROGRESS'");
    fake_refuse("GetMilestoneVerdict", STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_has(scorecard(movement), "'status':'UNKNOWN'");
}

static void a_manual_criterion_is_what_people_judged(void **state)
{
    const char *movement = made_movement();
    const char *unit = made_organization("DEPARTMENT", "");
    const char *registrant = json("'organization':'%s'", unit);

    (void)state;
    fake_reset();
    (void)made_registration(movement, registrant);
    assert_has(scorecard(movement), "NOT_EVALUATED");
    assert_has(scorecard(movement), "'status':'UNKNOWN'");

    movement = made_movement();
    (void)made_achievement(movement, registrant, "COMPLETED");
    const char *answer = scorecard(movement);
    assert_has(answer, "'status':'ACHIEVED'");
    assert_has(answer, "'value':1,'text':'COMPLETED'");
    answer = ask("GetScorecard", "{'name':'%s','publishedBy':'2020-01-01'}", movement);
    assert_has(answer, "EVALUATED_LATER");

    movement = made_movement();
    (void)made_achievement(movement, registrant, "NOT_COMPLETED");
    assert_has(scorecard(movement), "'status':'OFF_TRACK'");
    ask("CloseMovement", "{'name':'%s'}", movement);
    assert_has(scorecard(movement), "'status':'MISSED'");
}

static void a_service_that_does_not_answer_spoils_only_its_lines(void **state)
{
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, wind);
    (void)made_commitment(movement, clusters);
    (void)made_commitment(movement, milestone);
    fake_reset();
    fake_answer("BatchGetProgress", json("{'progresses':[{%s}]}", json(PROGRESS)));
    fake_answer("GetMilestoneVerdict", "{'done':true,'reason':'DONE','sentence':'done'}");
    fake_hang("clusters");
    const char *answer = scorecard(movement);
    assert_has(answer, "'percent':66.46,'status':'OFF_TRACK'");
    assert_has(answer, "'status':'ACHIEVED'");
    assert_has(answer, "'status':'UNKNOWN'");
    assert_has(answer, "'reason':'SERVICE_DOWN','message':'clusters did not answer");
    assert_has(answer, "'complete':false");
    assert_has(answer, "{'service':'clusters','answered':false,'seq':'0'}");
    assert_has(answer, "at least 2 clusters are new in 2022");
    fake_reset();
    fake_refuse("ListTargets", STATUS_UNAVAILABLE, "SHUTTING_DOWN");
    answer = scorecard(movement);
    assert_has(answer, "'reason':'SERVICE_DOWN','message':'indicators did not answer");
    assert_int_equal(fake_requests("BatchGetProgress"), 0);
    fake_reset();
    fake_refuse("BatchGetProgress", STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL");
    answer = scorecard(movement);
    assert_has(answer, "'reason':'SERVICE_DOWN','message':'indicators did not answer");
    assert_has(answer, "'complete':false");
}

static void the_targets_of_the_year_are_shown_and_each_is_asked_once(void **state)
{
    const char *movement = made_movement();

    (void)state;
    NOT_STARVED();
    (void)made_commitment(movement, wind);
    (void)made_commitment(movement, wind);
    fake_reset();
    fake_answer_next("ListTargets", "{'targets':[{'name':'indicators/wind/targets/2022'}],"
                                    "'nextPageToken':'more'}");
    fake_answer("ListTargets", "{'targets':[{'name':'indicators/a/targets/2022'}]}");
    fake_answer("BatchGetProgress",
                json("{'progresses':[{%s},{'name':'indicators/a'}]}", json(PROGRESS)));
    const char *answer = scorecard(movement);
    assert_has(fake_request("ListTargets"), "'pageToken':'more','filter':'year = 2022'");
    assert_int_equal(fake_requests("ListTargets"), 2);
    assert_int_equal(fake_requests("BatchGetProgress"), 1);
    assert_has(fake_request("BatchGetProgress"), "'names':['indicators/wind','indicators/a']");
    assert_has(answer, "'indicators':[{'name':'indicators/a'");
    assert_has(answer, "'unit':'MW','period':'2022-12','target':'indicators/wind/targets/2022'");
}

static void as_of_and_published_by_go_to_every_service(void **state)
{
    static const char *const methods[] = {"ListTargets", "BatchGetProgress", "CountNewClusters",
                                          "GetMilestoneVerdict"};
    const char *movement = made_movement();

    (void)state;
    (void)made_commitment(movement, wind);
    (void)made_commitment(movement, clusters);
    (void)made_commitment(movement, milestone);
    fake_reset();
    ask("GetScorecard", "{'name':'%s','publishedBy':'2022-12-31'}", movement);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_lacks(fake_request(methods[i]), "'asOf'");
        if (i > 0) {
            assert_has(fake_request(methods[i]), "'publishedBy':'2022-12-31'");
        }
    }
    (void)refused("GetScorecard", STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND",
                  "{'name':'%s','asOf':'2020-01-01T00:00:00Z'}", movement);
}

static void unknown_indicators_and_withdrawn_registrations(void **state)
{
    const char *movement = made_movement();
    const char *name = made_commitment(movement, wind);

    (void)state;
    fake_reset();
    fake_answer("BatchGetProgress", "{'notFound':['indicators/wind']}");
    assert_has(scorecard(movement), "INDICATOR_NOT_FOUND");
    fake_answer("BatchGetProgress", "{'progresses':[{'name':'indicators/wind','direction':'NEUTRAL'"
                                    ",'yearToDate':1}]}");
    assert_has(scorecard(movement), "'status':'NOT_JUDGED'");
    ask("WithdrawRegistration", "{'name':'%s'}", name);
    assert_has(scorecard(movement), "'lines':[]");
}

static void bad_questions_are_refused(void **state)
{
    (void)state;
    fake_reset();
    (void)refused("GetScorecard", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", "{}");
    (void)refused("GetScorecard", STATUS_INVALID_ARGUMENT, "INVALID_NAME",
                  "{'name':'movements/-/x'}");
    (void)refused("GetScorecard", STATUS_INVALID_ARGUMENT, "INVALID_DATE",
                  "{'name':'movements/m','publishedBy':'2022-02-30'}");
    (void)refused("GetScorecard", STATUS_INVALID_ARGUMENT, "INVALID_AS_OF",
                  "{'name':'movements/m','asOf':'2199-01-01T00:00:00Z'}");
    (void)refused("GetScorecard", STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND",
                  "{'name':'movements/nobody'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_indicator_is_held_against_the_commitment_not_the_target),
        cmocka_unit_test(only_a_closed_year_is_missed),
        cmocka_unit_test(clusters_are_counted_under_the_rule_of_the_year),
        cmocka_unit_test(lines_do_not_grow_with_the_clusters_that_do_not_count),
        cmocka_unit_test(the_rule_names_things_by_their_titles),
        cmocka_unit_test(a_milestone_is_late_also_by_the_due_date_of_the_registration),
        cmocka_unit_test(a_milestone_shows_the_document_that_decides),
        cmocka_unit_test(a_manual_criterion_is_what_people_judged),
        cmocka_unit_test(a_service_that_does_not_answer_spoils_only_its_lines),
        cmocka_unit_test(the_targets_of_the_year_are_shown_and_each_is_asked_once),
        cmocka_unit_test(as_of_and_published_by_go_to_every_service),
        cmocka_unit_test(unknown_indicators_and_withdrawn_registrations),
        cmocka_unit_test(bad_questions_are_refused),
    };

    return cmocka_run_group_tests(tests, fake_peers_setup, fake_peers_teardown);
}
