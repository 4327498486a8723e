/* batch_test.c - tests many requests as one: all of them or none. */
#include "unit.h"

#include "running.h"

#include <stdio.h>
#include <string.h>

#define BAD STATUS_INVALID_ARGUMENT

static const char *unit_name;
static const char *movement_name;

static int batch_setup(void **state)
{
    const int result = running_setup(state);

    if (result == 0) {
        unit_name = made_organization("DEPARTMENT", "");
        movement_name = made_movement();
    }
    return result;
}

/* "{'registration':{...},'registrationId':'id'}" with more fields in the registration. */
static const char *item(const char *id, const char *fields)
{
    return json("{'registrationId':'%s','registration':{'displayName':{'vi':'Cam kết'},"
                "'organization':'%s','commitment':{'manual':{'criterion':'xong'}}%s}}",
                id, unit_name, fields);
}

static const char *listed(void)
{
    return ask("ListRegistrations", "{'parent':'%s','pageSize':1000}", movement_name);
}

static void registrations_are_created_in_the_order_given(void **state)
{
    (void)state;
    const char *answer = ask("BatchCreateRegistrations", "{'parent':'%s','requests':[%s,%s]}",
                             movement_name, item("order-b", ",'theme':'t1'"), item("order-a", ""));
    const char *first = strstr(answer, "registrations/order-b");
    const char *second = strstr(answer, "registrations/order-a");

    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_has(answer, "'state':'DRAFT'");
    assert_has(ask("GetRegistration", "{'name':'%s/registrations/order-b'}", movement_name),
               "'theme':'t1'");
    assert_has(ask("ListRevisions", "{'name':'%s/registrations/order-a'}", movement_name),
               "RegistrationService/BatchCreateRegistrations");
}

static void one_bad_request_refuses_all_and_is_named(void **state)
{
    (void)state;
    const char *before = listed();

    const char *error = refused("BatchCreateRegistrations", STATUS_FAILED_PRECONDITION,
                                "REFERENCE_NOT_FOUND", "{'parent':'%s','requests':[%s,%s]}",
                                movement_name, item("good", ""), item("bad", ",'theme':'none'"));
    assert_has(error, "requests[1]");
    error = refused("BatchCreateRegistrations", BAD, "OUT_OF_RANGE",
                    "{'parent':'%s','requests':[%s,{'registration':{'displayName':{'vi':'x'},"
                    "'organization':'%s','commitment':{'newClusters':{'year':2022,"
                    "'comparator':'AT_LEAST','value':5000}}}}]}",
                    movement_name, item("good", ""), unit_name);
    assert_has(error, "requests[1]: commitment.newClusters.value");
    (void)refused("BatchCreateRegistrations", STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS",
                  "{'parent':'%s','requests':[%s,%s]}", movement_name, item("twice", ""),
                  item("twice", ""));
    assert_string_equal(listed(), before);
}

static void what_a_batch_may_hold_is_bounded(void **state)
{
    enum { OVER = 1001 };
    static char many[OVER * 3 + 1];
    (void)state;

    for (size_t i = 0; i < OVER; i++) {
        memcpy(many + 3 * i, i + 1 < OVER ? "{}," : "{}", i + 1 < OVER ? 3 : 2);
    }
    (void)refused("BatchCreateRegistrations", BAD, "TOO_MANY_ITEMS",
                  "{'parent':'%s','requests':[%s]}", movement_name, many);
    (void)refused("BatchCreateRegistrations", BAD, "FIELD_REQUIRED", "{'parent':'%s'}",
                  movement_name);
    (void)refused("BatchSubmitRegistrations", BAD, "FIELD_REQUIRED", "{'requests':[{}]}");
}

static void a_request_lies_within_the_parent_of_the_batch(void **state)
{
    (void)state;
    const char *other = made_movement();
    const char *inside = made_registration(movement_name, json("'organization':'%s'", unit_name));
    const char *outside = made_registration(other, json("'organization':'%s'", unit_name));

    (void)refused("BatchSubmitRegistrations", BAD, "INVALID_NAME",
                  "{'parent':'%s','requests':[{'name':'%s'},{'name':'%s'}]}", movement_name, inside,
                  outside);
    (void)refused("BatchCreateRegistrations", BAD, "INVALID_PARENT",
                  "{'parent':'%s','requests':[{'parent':'%s','registration':{}}]}", movement_name,
                  other);
    (void)refused("BatchCreateRegistrations", BAD, "FIELD_REQUIRED",
                  "{'parent':'movements/-','requests':[%s]}", item("nowhere", ""));
    (void)refused("BatchCreateRegistrations", STATUS_NOT_FOUND, "PARENT_NOT_FOUND",
                  "{'parent':'movements/none','requests':[%s]}", item("nowhere", ""));
    (void)refused("BatchCreateRegistrations", BAD, "INVALID_PARENT",
                  "{'parent':'organizations/x','requests':[%s]}", item("nowhere", ""));
    const char *answer =
        ask("BatchSubmitRegistrations",
            "{'parent':'movements/-','requests':[{'name':'%s'},{'name':'%s'}]}", inside, outside);
    assert_lacks(answer, "'state':'DRAFT'");
}

static void only_the_batch_has_a_key_and_a_trial(void **state)
{
    (void)state;
    const char *name = made_registration(movement_name, json("'organization':'%s'", unit_name));

    assert_has(refused("BatchSubmitRegistrations", BAD, "ONLY_FOR_WHOLE_BATCH",
                       "{'parent':'%s','requests':[{'name':'%s','requestId':'k'}]}", movement_name,
                       name),
               "requests[0]: requestId");
    (void)refused("BatchSubmitRegistrations", BAD, "ONLY_FOR_WHOLE_BATCH",
                  "{'parent':'%s','requests':[{'name':'%s','validateOnly':true}]}", movement_name,
                  name);
    assert_has(ask("BatchSubmitRegistrations",
                   "{'parent':'%s','requests':[{'name':'%s'}],'validateOnly':true}", movement_name,
                   name),
               "'state':'SUBMITTED'");
    assert_has(ask("GetRegistration", "{'name':'%s'}", name), "'state':'DRAFT'");
}

static void steps_of_many_are_taken_by_all_or_none(void **state)
{
    (void)state;
    const char *registrant = json("'organization':'%s'", unit_name);
    const char *draft = made_registration(movement_name, registrant);
    const char *submitted = made_registration_in(movement_name, registrant, "SUBMITTED");

    assert_has(refused("BatchApproveRegistrations", STATUS_FAILED_PRECONDITION, "STEP_NOT_POSSIBLE",
                       "{'parent':'%s','requests':[{'name':'%s'},{'name':'%s'}]}", movement_name,
                       submitted, draft),
               "requests[1]");
    assert_has(ask("GetRegistration", "{'name':'%s'}", submitted), "'state':'SUBMITTED'");
    (void)ask("BatchSubmitRegistrations", "{'parent':'%s','requests':[{'name':'%s'}]}",
              movement_name, draft);
    const char *answer = ask("BatchApproveRegistrations",
                             "{'parent':'%s','requests':[{'name':'%s','date':'2022-03-01'},"
                             "{'name':'%s'}]}",
                             movement_name, submitted, draft);
    assert_has(answer, "'date':'2022-03-01'");
    assert_lacks(answer, "'state':'SUBMITTED'");
    assert_has(ask("BatchCreateReports",
                   "{'parent':'%s/registrations/-','requests':["
                   "{'parent':'%s','report':{'progress':'một'},'reportId':'r1'},"
                   "{'parent':'%s','report':{'progress':'hai'},'reportId':'r1'}]}",
                   movement_name, submitted, draft),
               json("%s/reports/r1", draft));
    assert_has(ask("GetReport", "{'name':'%s/reports/r1'}", submitted), "'progress':'một'");
}

static void an_organization_of_the_batch_may_be_the_parent_of_a_later_one(void **state)
{
    (void)state;
    const char *answer =
        ask("BatchCreateOrganizations",
            "{'requests':[{'organizationId':'above','organization':{'displayName':{'vi':'Sở'},"
            "'kind':'DEPARTMENT'}},{'organizationId':'below','organization':{'displayName':"
            "{'vi':'Phòng'},'kind':'DIVISION','parent':'organizations/above'}}]}");

    assert_has(answer, "'parent':'organizations/above'");
    (void)refused("BatchCreateOrganizations", BAD, "INVALID_PARENT",
                  "{'parent':'movements/x','requests':[{'organization':{}}]}");
    assert_has(refused("BatchCreateOrganizations", STATUS_FAILED_PRECONDITION,
                       "REFERENCE_NOT_FOUND",
                       "{'requests':[{'organizationId':'alone','organization':{'displayName':"
                       "{'vi':'Phòng'},'kind':'DIVISION','parent':'organizations/later'}}]}"),
               "requests[0]: organizations/later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registrations_are_created_in_the_order_given),
        cmocka_unit_test(one_bad_request_refuses_all_and_is_named),
        cmocka_unit_test(what_a_batch_may_hold_is_bounded),
        cmocka_unit_test(a_request_lies_within_the_parent_of_the_batch),
        cmocka_unit_test(only_the_batch_has_a_key_and_a_trial),
        cmocka_unit_test(steps_of_many_are_taken_by_all_or_none),
        cmocka_unit_test(an_organization_of_the_batch_may_be_the_parent_of_a_later_one),
    };

    return cmocka_run_group_tests(tests, batch_setup, running_teardown);
}
