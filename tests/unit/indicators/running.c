/* running.c - the service that a group of tests asks, and what it is asked for. */
#include "unit.h"

#include "running.h"

#include "indicators.h"

#include <string.h>

static struct running *running;

int running_setup(void **state)
{
    (void)state;
    running = running_open(&indicators_service, NULL);
    return 0;
}

int running_teardown(void **state)
{
    (void)state;
    running_close(running);
    return 0;
}

const char *ask(const char *method, const char *request)
{
    return running_ok(running, method, request);
}

struct status ask_refused(const char *method, const char *request)
{
    const char *answer = NULL;
    const struct status status = running_call(running, method, request, &answer);

    if (status.code == STATUS_OK) {
        fail_msg("%s %s was answered %s", method, request, answer);
    }
    return status;
}

struct status ask_message_refused(const char *method, const void *request)
{
    const char *answer = NULL;
    const struct status status = running_send(running, method, request, &answer);

    if (status.code == STATUS_OK) {
        fail_msg("%s was answered %s", method, answer);
    }
    return status;
}

const char *json(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = arena_vprintf(running->arena, format, args);
    va_end(args);
    return quoted(text);
}

const char *made_indicator(const char *kind, int decimals)
{
    static int count;
    const char *id = json("i-%d", ++count);

    (void)ask("CreateIndicator",
              json("{'indicatorId':'%s','indicator':{'displayName':{'vi':'Chỉ tiêu'},'unit':'MW',"
                   "'kind':'%s','direction':'HIGHER_IS_BETTER','decimals':%d}}",
                   id, kind, decimals));
    return json("indicators/%s", id);
}

const char *made_target(const char *name, int year, const char *fields)
{
    return ask("CreateTarget",
               json("{'parent':'%s','targetId':'%d','target':{%s}}", name, year, fields));
}

const char *value_fields(const char *period, const char *basis, const char *value,
                         const char *status)
{
    return json("'period':'%s','basis':'%s','value':%s,'status':'%s'", period, basis, value,
                status);
}

const char *create_request(const char *name, const char *fields)
{
    return json("{'parent':'%s','observation':{%s}}", name, fields);
}

const char *upsert_request(const char *name, const char *fields)
{
    return json("{'allowMissing':true,'observation':{'name':'%s',%s}}", name, fields);
}

const char *progress_answer(const char *name, const char *period)
{
    return ask("GetProgress", json("{'name':'%s','period':'%s'}", name, period));
}

const char *field_text(const char *answer, const char *name)
{
    const char *start = strstr(answer, json("'%s':'", name));

    assert_non_null(start);
    start += strlen(name) + strlen("'':'");
    return arena_printf(running->arena, "%.*s", (int)strcspn(start, "\""), start);
}
