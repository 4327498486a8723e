/* milestone.c - the milestone as a resource: what may be written, and what only its steps change.
 */
#include "base/decimal.h"
#include "dependencies.h"
#include "earned_value.h"
#include "nighteconomy.h"
#include "pb/message.h"
#include "reasons.h"

#include <string.h>

#define WEIGHT_MAX_SCALED INT64_C(10000000000) /* 1,000,000 */
#define PROGRESS_MAX_SCALED INT64_C(10000)

struct status milestone_refresh(struct call *call, milestone_message *milestone)
{
    milestone->notes = NULL;
    milestone->n_notes = 0;
    if (milestone->state == MILESTONE_COMPLETED && milestone->actual_finish_date[0] == '\0') {
        TRY(note_append(call, milestone, "actualFinishDate", REASON_DATE_UNKNOWN,
                        "it is complete, but the day is not known: %s",
                        milestone->completion_note));
    }
    if (milestone->state == MILESTONE_IN_PROGRESS && milestone->actual_start_date[0] == '\0') {
        TRY(note_append(call, milestone, "actualStartDate", REASON_DATE_UNKNOWN,
                        "it has begun, but the day is not known: %s", milestone->start_note));
    }
    return STATUS_NONE;
}

static struct status fields_check(struct call *call, const milestone_message *milestone)
{
    int64_t scaled = 0;

    TRY(scaled_check(call, "weight", milestone->weight, WEIGHT_DECIMALS, 0, WEIGHT_MAX_SCALED,
                     &scaled));
    return scaled_check(call, "progress", milestone->progress, PROGRESS_DECIMALS, 0,
                        PROGRESS_MAX_SCALED, &scaled);
}

static struct status project_check(struct call *call, const char *scheme,
                                   milestone_message *milestone)
{
    void *found = NULL;

    if (milestone->project[0] == '\0') {
        return STATUS_NONE;
    }
    milestone->project = reference_complete(call, scheme, "projects", milestone->project);
    const char *parent = resource_name_matches(project_kind.pattern, milestone->project)
                             ? resource_parent(call->arena, milestone->project)
                             : "";
    if (strcmp(parent, scheme) != 0) {
        return REFUSE(call, REASON_INVALID_NAME, "project",
                      "project must be a project of %s, by name or id: \"%s\"", scheme,
                      milestone->project);
    }
    TRY(resource_find(call->tx, &project_kind, milestone->project, &found));
    if (found == NULL) {
        return REFUSE(call, REASON_PROJECT_NOT_FOUND, "project",
                      "%s does not exist; create it first", milestone->project);
    }
    return STATUS_NONE;
}

/* The first due date is the baseline; it stays, and later ones come by :reschedule. */
static struct status due_dates_check(struct call *call, const milestone_message *before,
                                     milestone_message *milestone)
{
    const char *baseline = before != NULL ? before->baseline_due_date : "";
    const char *due = before != NULL ? before->due_date : "";

    if (baseline[0] != '\0' && strcmp(baseline, milestone->baseline_due_date) != 0) {
        return REFUSE(call, REASON_BASELINE_FIXED, "baselineDueDate",
                      "baselineDueDate is %s and stays so; a new dueDate is set by "
                      ":reschedule",
                      baseline);
    }
    if (due[0] != '\0') {
        return strcmp(due, milestone->due_date) == 0
                   ? STATUS_NONE
                   : REFUSE(call, REASON_CHANGED_BY_METHOD, "dueDate",
                            "dueDate is %s and changes by :reschedule only, with reason and "
                            "document",
                            due);
    }
    if (milestone->due_date[0] == '\0') {
        milestone->due_date = milestone->baseline_due_date;
    } else if (milestone->baseline_due_date[0] == '\0') {
        milestone->baseline_due_date = milestone->due_date;
    } else if (strcmp(milestone->due_date, milestone->baseline_due_date) != 0) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "dueDate",
                      "the first dueDate is baselineDueDate %s; a later one is set by "
                      ":reschedule, with reason and document",
                      milestone->baseline_due_date);
    }
    return STATUS_NONE;
}

static struct status state_check(struct call *call, const milestone_message *before,
                                 milestone_message *milestone)
{
    const int now = before != NULL ? (int)before->state : MILESTONE_PLANNED;

    if ((int)milestone->state != MILESTONE_NONE && (int)milestone->state != now) {
        return REFUSE(call, REASON_CHANGED_BY_METHOD, "state",
                      "state is %s and changes by :start, :complete and :cancel only",
                      milestone_state_name(now));
    }
    milestone->state = (Dongkhoi__Nighteconomy__V1__Milestone__State)now;
    if (now == MILESTONE_COMPLETED &&
        (milestone->progress == NULL ||
         scaled_stored(milestone->progress, PROGRESS_DECIMALS) != PROGRESS_MAX_SCALED)) {
        return call_refuse(call, REASON_PROGRESS_FIXED, "progress");
    }
    return STATUS_NONE;
}

static struct status count_one(void *arg, const struct resource_revision *row)
{
    size_t *count = arg;

    (void)row;
    (*count)++;
    return STATUS_NONE;
}

/* A new milestone needs a scheme that takes it. */
static struct status place_check(struct call *call, const char *scheme)
{
    const struct resource_scan scan = {.parent = scheme};
    size_t count = 0;

    TRY(scheme_open_check(call, scheme));
    TRY(resource_each(call->tx, &milestone_kind, &scan, count_one, &count));
    if (count >= MILESTONES_MAX) {
        return REFUSE(call, REASON_TOO_MANY_MILESTONES, NULL, "a scheme has at most %d milestones",
                      MILESTONES_MAX);
    }
    return STATUS_NONE;
}

static bool links_changed(const milestone_message *before, const milestone_message *milestone)
{
    const ProtobufCFieldDescriptor *field =
        message_field(milestone_kind.type, slice_from("depends_on"));

    return before == NULL || !message_field_equals(&before->base, &milestone->base, field);
}

static struct status milestone_prepare(struct call *call, const void *before, void *resource)
{
    milestone_message *milestone = resource;
    const char *scheme = resource_parent(call->arena, milestone->name);

    TRY(fields_check(call, milestone));
    TRY(state_check(call, before, milestone));
    TRY(due_dates_check(call, before, milestone));
    if (before == NULL) {
        TRY(place_check(call, scheme));
    }
    TRY(project_check(call, scheme, milestone));
    if (links_changed(before, milestone)) {
        TRY(dependencies_check(call, scheme, milestone));
    }
    return milestone_refresh(call, milestone);
}

/* A milestone that is to be deleted, and the call that does it. */
struct deletion {
    struct call *call;
    const char *name;
};

static struct status dependent_refuse(void *arg, const struct resource_revision *row)
{
    const struct deletion *deletion = arg;
    const milestone_message *milestone = row->message;

    for (size_t i = 0; i < milestone->n_depends_on; i++) {
        if (strcmp(milestone->depends_on[i]->milestone, deletion->name) == 0) {
            return REFUSE(deletion->call, REASON_MILESTONE_IN_USE, NULL,
                          "%s cannot be deleted while %s depends on it", deletion->name,
                          milestone->name);
        }
    }
    return STATUS_NONE;
}

static struct status milestone_prepare_delete(struct call *call, const void *resource)
{
    const milestone_message *milestone = resource;
    struct deletion deletion = {.call = call, .name = milestone->name};
    const struct resource_scan scan = {.parent = resource_parent(call->arena, milestone->name)};

    return resource_each(call->tx, &milestone_kind, &scan, dependent_refuse, &deletion);
}

static const struct resource_column milestone_columns[] = {
    {.name = "state", .type = COLUMN_TEXT, .path = "state"},
    {.name = "due_date", .type = COLUMN_TEXT, .path = "due_date", .indexed_across = true},
    {.name = "project", .type = COLUMN_TEXT, .path = "project"},
    {.name = "owner", .type = COLUMN_TEXT, .path = "owner"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind milestone_kind = {
    .singular = "milestone",
    .plural = "milestones",
    .pattern = "schemes/{scheme}/milestones/{milestone}",
    .type = &dongkhoi__nighteconomy__v1__milestone__descriptor,
    .columns = milestone_columns,
    .column_count = sizeof(milestone_columns) / sizeof(milestone_columns[0]),
    .layout = 1,
    .prepare = milestone_prepare,
    .prepare_delete = milestone_prepare_delete,
};
