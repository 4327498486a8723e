/* running.c - the service that a group of tests asks, and what it is asked for. */
#include "unit.h"

#include "running.h"

#include "registrations.h"

#include <string.h>

static struct running *running;
const char *running_peers[3] = {"tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1"};
static int made; /* counts what was made, for ids */

int running_setup(void **state)
{
    (void)state;
    running = running_open(&registrations_service, running_peers);
    return 0;
}

int running_teardown(void **state)
{
    (void)state;
    running_close(running);
    return 0;
}

static const char *json_of(const char *format, va_list args)
{
    return quoted(arena_vprintf(running->arena, format, args));
}

const char *json(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *text = json_of(format, args);
    va_end(args);
    return text;
}

const char *ask(const char *method, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *request = json_of(format, args);
    va_end(args);
    return running_ok(running, method, request);
}

const char *refused(const char *method, enum status_code code, const char *reason,
                    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *request = json_of(format, args);
    va_end(args);
    return running_refused(running, method, request, code, reason);
}

const char *refused_message(const char *method, enum status_code code, const char *reason,
                            const void *request)
{
    const char *answer = NULL;

    assert_status(running_send(running, method, request, &answer), code, reason);
    return answer;
}

const char *made_organization(const char *kind, const char *parent)
{
    const char *name = arena_printf(running->arena, "organizations/o%d", ++made);

    ask("CreateOrganization",
        "{'organizationId':'o%d','organization':{'displayName':{'vi':'Đơn vị %d'},'kind':'%s',"
        "'parent':'%s'}}",
        made, made, kind, parent);
    return name;
}

const char *made_movement(void)
{
    const char *name = arena_printf(running->arena, "movements/m%d", ++made);

    ask("CreateMovement",
        "{'movementId':'m%d','movement':{'displayName':{'vi':'Phong trào %d'},'year':2022,"
        "'themes':[{'id':'t1','displayName':{'vi':'Một'}},{'id':'t2','displayName':{'vi':'Hai'}}]}"
        "}",
        made, made);
    ask("LaunchMovement", "{'name':'%s'}", name);
    return name;
}

const char *made_registration(const char *movement, const char *registrant)
{
    const char *name = arena_printf(running->arena, "%s/registrations/r%d", movement, ++made);

    ask("CreateRegistration",
        "{'parent':'%s','registrationId':'r%d','registration':{'displayName':{'vi':'Việc %d'},"
        "'commitment':{'manual':{'criterion':'xong'}},%s}}",
        movement, made, made, registrant);
    return name;
}

const char *made_registration_in(const char *movement, const char *registrant, const char *state)
{
    static const struct {
        const char *state;
        const char *method;
        const char *fields;
    } steps[] = {
        {"DRAFT", NULL, NULL},
        {"SUBMITTED", "SubmitRegistration", ""},
        {"APPROVED", "ApproveRegistration", ""},
        {"SELF_ASSESSED", "SelfAssessRegistration", ",'text':'đã xong','proposedResult':'GOOD'"},
        {"EVALUATED", "EvaluateRegistration", ",'result':'GOOD'"},
    };
    const char *name = made_registration(movement, registrant);

    if (strcmp(state, "WITHDRAWN") == 0) {
        ask("WithdrawRegistration", "{'name':'%s'}", name);
        return name;
    }
    if (strcmp(state, "RETURNED") == 0) {
        ask("SubmitRegistration", "{'name':'%s'}", name);
        ask("ReturnRegistration", "{'name':'%s','reason':'thiếu'}", name);
        return name;
    }
    for (size_t i = 0; strcmp(steps[i].state, state) != 0; i++) {
        ask(steps[i + 1].method, "{'name':'%s'%s}", name, steps[i + 1].fields);
    }
    return name;
}

const char *made_achievement(const char *movement, const char *registrant, const char *result)
{
    const char *name = made_registration_in(movement, registrant, "SELF_ASSESSED");

    ask("EvaluateRegistration", "{'name':'%s','result':'%s'}", name, result);
    return name;
}

const char *made_commendation(const char *movement, const char *recipient, const char *form,
                              const char *achievement, const char *proposer)
{
    const char *name = arena_printf(running->arena, "%s/commendations/c%d", movement, ++made);

    ask("CreateCommendation",
        "{'parent':'%s','commendationId':'c%d','commendation':{%s,'form':'%s','achievement':'%s',"
        "'proposer':{'fullName':'Người đề nghị','organization':'%s'}}}",
        movement, made, recipient, form, achievement, proposer);
    return name;
}
