/* service.c - the table of methods and resources, and the configuration of the calendar. */
#include "api.h"
#include "base/config.h"
#include "messages.h"
#include "nighteconomy.h"

#include <stdio.h>

enum { HOLIDAYS_FILE_MAX_BYTES = 256 << 10 };

static const struct method methods[] = {
    {"GetScheme", METHOD_QUICK, standard_get, &scheme_kind},
    {"ListSchemes", METHOD_POOL, standard_list, &scheme_kind},
    {"CreateScheme", METHOD_WRITE, standard_create, &scheme_kind},
    {"UpdateScheme", METHOD_WRITE, standard_update, &scheme_kind},
    {"DeleteScheme", METHOD_WRITE, standard_delete, &scheme_kind},
    {"GetSchedule", METHOD_POOL, get_schedule, NULL},

    {"GetProject", METHOD_QUICK, standard_get, &project_kind},
    {"ListProjects", METHOD_POOL, standard_list, &project_kind},
    {"CreateProject", METHOD_WRITE, standard_create, &project_kind},
    {"UpdateProject", METHOD_WRITE, standard_update, &project_kind},
    {"DeleteProject", METHOD_WRITE, standard_delete, &project_kind},

    {"GetMilestone", METHOD_QUICK, standard_get, &milestone_kind},
    {"ListMilestones", METHOD_POOL, standard_list, &milestone_kind},
    {"CreateMilestone", METHOD_WRITE, standard_create, &milestone_kind},
    {"UpdateMilestone", METHOD_WRITE, standard_update, &milestone_kind},
    {"DeleteMilestone", METHOD_WRITE, standard_delete, &milestone_kind},
    {"StartMilestone", METHOD_WRITE, start_milestone, NULL},
    {"CompleteMilestone", METHOD_WRITE, complete_milestone, NULL},
    {"CancelMilestone", METHOD_WRITE, cancel_milestone, NULL},
    {"RescheduleMilestone", METHOD_WRITE, reschedule_milestone, NULL},
    {"GetMilestoneVerdict", METHOD_POOL, get_milestone_verdict, NULL},

    {"GetEvidence", METHOD_QUICK, standard_get, &evidence_kind},
    {"ListEvidence", METHOD_POOL, standard_list, &evidence_kind},
    {"CreateEvidence", METHOD_WRITE, standard_create, &evidence_kind},
    {"UpdateEvidence", METHOD_WRITE, standard_update, &evidence_kind},
    {"DeleteEvidence", METHOD_WRITE, standard_delete, &evidence_kind},
    {"AcceptEvidence", METHOD_WRITE, accept_evidence, NULL},
    {"RejectEvidence", METHOD_WRITE, reject_evidence, NULL},

    {"ListRevisions", METHOD_POOL, standard_history, NULL},
};

static const struct resource_kind *const kinds[] = {&scheme_kind, &project_kind, &milestone_kind,
                                                    &evidence_kind};

/* Set once, before the first call. */
static struct workdays workdays;

void nighteconomy_set_workdays(const struct workdays *value)
{
    workdays = *value;
}

const struct workdays *nighteconomy_workdays(void)
{
    return &workdays;
}

/* The whole file in the arena; false when it cannot be read or is too long. */
static bool file_read(struct arena *arena, const char *path, struct slice *ret_text)
{
    char *text = arena_alloc(arena, HOLIDAYS_FILE_MAX_BYTES);
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return false;
    }
    const size_t length = fread(text, 1, HOLIDAYS_FILE_MAX_BYTES, file);
    const bool whole = !ferror(file) && length < HOLIDAYS_FILE_MAX_BYTES;
    (void)fclose(file);
    *ret_text = (struct slice){.data = text, .length = length};
    return whole;
}

static struct status holidays_read(struct arena *arena, const char *path, struct workdays *ret_days)
{
    struct slice text = {0};
    unsigned line = 0;

    if (path[0] == '\0') {
        *ret_days = (struct workdays){0};
        return STATUS_NONE;
    }
    if (!file_read(arena, path, &text)) {
        return status_make(arena, REASON_INVALID_CONFIGURATION, "DONGKHOI_HOLIDAYS",
                           "DONGKHOI_HOLIDAYS: %s cannot be read, or has more than %d bytes", path,
                           HOLIDAYS_FILE_MAX_BYTES - 1);
    }
    if (!workdays_parse(arena, text, ret_days, &line)) {
        return status_make(arena, REASON_INVALID_CONFIGURATION, "DONGKHOI_HOLIDAYS",
                           "DONGKHOI_HOLIDAYS: line %u of %s is no date YYYY-MM-DD, or there are "
                           "more than %d",
                           line, path, HOLIDAYS_MAX);
    }
    return STATUS_NONE;
}

static const char *holidays_check(const char *path)
{
    enum { CHECK_ARENA_BYTES = 1 << 20 };
    struct arena *arena = arena_new(CHECK_ARENA_BYTES);
    struct workdays days;
    const bool valid = holidays_read(arena, path, &days).code == STATUS_OK;

    arena_free(arena);
    return valid ? NULL : "a readable file with one date YYYY-MM-DD a line, or empty for none";
}

static const struct config_variable variables[] = {
    {.name = "DONGKHOI_HOLIDAYS",
     .fallback = "",
     .description = "file of the holidays, one YYYY-MM-DD a line, # begins a comment; empty: none",
     .check = holidays_check},
};

static struct status configure(const struct config_variable *values, struct arena *arena)
{
    struct workdays days = {0};

    TRY(holidays_read(arena, values[0].value, &days));
    nighteconomy_set_workdays(&days);
    return STATUS_NONE;
}

static struct slice configured(void)
{
    return (struct slice){(const char *)workdays.holidays,
                          workdays.holiday_count * sizeof(workdays.holidays[0])};
}

const struct service nighteconomy_service = {
    .name = "nighteconomy",
    .purpose = "night-economy schemes: milestones, evidence, schedule, earned value, what is late",
    .default_addresses = "tcp://127.0.0.1:7104",
    .descriptor = &dongkhoi__nighteconomy__v1__night_economy_service__descriptor,
    .descriptor_set = nighteconomy_descriptor_set,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .variables = variables,
    .variable_count = sizeof(variables) / sizeof(variables[0]),
    .configure = configure,
    .configured = configured,
};
