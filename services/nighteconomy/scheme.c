/*
 * scheme.c - a scheme and its states:
 *
 *     DRAFT > ACTIVE > COMPLETED;   DRAFT, ACTIVE > CANCELLED;   COMPLETED, CANCELLED > ACTIVE
 */
#include "messages.h"
#include "nighteconomy.h"
#include "reasons.h"

#include <string.h>

#define STATE_BIT(state) (1U << (state))

/* Bits of the states that may follow; of SCHEME_NONE those of a new scheme. */
static const unsigned next_states[] = {
    [SCHEME_NONE] = STATE_BIT(SCHEME_DRAFT) | STATE_BIT(SCHEME_ACTIVE),
    [SCHEME_DRAFT] = STATE_BIT(SCHEME_ACTIVE) | STATE_BIT(SCHEME_CANCELLED),
    [SCHEME_ACTIVE] = STATE_BIT(SCHEME_COMPLETED) | STATE_BIT(SCHEME_CANCELLED),
    [SCHEME_COMPLETED] = STATE_BIT(SCHEME_ACTIVE),
    [SCHEME_CANCELLED] = STATE_BIT(SCHEME_ACTIVE),
};

static struct status state_refuse(struct call *call, int from, int to)
{
    const char *names[SCHEME_CANCELLED];
    size_t count = 0;

    for (int state = SCHEME_DRAFT; state <= SCHEME_CANCELLED; state++) {
        if ((next_states[from] & STATE_BIT(state)) != 0) {
            names[count++] = scheme_state_name(state);
        }
    }
    const char *possible = names_join(call->arena, names, count, ", ");
    call_metadata(call, "possibleStates", possible);
    return REFUSE(call, REASON_STATE_NOT_POSSIBLE, "state", "%s%s cannot become %s; possible: %s",
                  from == SCHEME_NONE ? "a new" : "a ",
                  from == SCHEME_NONE ? " scheme" : scheme_state_name(from), scheme_state_name(to),
                  possible);
}

/* Refuses the first milestone that is not done. */
static struct status open_refuse(void *arg, const struct resource_revision *row)
{
    const milestone_message *milestone = row->message;
    struct call *call = arg;

    if (milestone->state == MILESTONE_COMPLETED || milestone->state == MILESTONE_CANCELLED) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_MILESTONES_OPEN, "state",
                  "a scheme is COMPLETED when its milestones are COMPLETED or CANCELLED; %s "
                  "is %s",
                  milestone->name, milestone_state_name((int)milestone->state));
}

static struct status state_check(struct call *call, const scheme_message *before,
                                 scheme_message *scheme)
{
    const int from = before != NULL ? (int)before->state : SCHEME_NONE;

    if ((int)scheme->state == SCHEME_NONE) {
        scheme->state = before != NULL ? before->state : SCHEME_DRAFT;
    }
    if (scheme_state_name((int)scheme->state) == NULL) {
        return REFUSE(call, REASON_INVALID_VALUE, "state", "state is none of the known ones");
    }
    if ((int)scheme->state == from) {
        return STATUS_NONE;
    }
    if ((next_states[from] & STATE_BIT(scheme->state)) == 0) {
        return state_refuse(call, from, (int)scheme->state);
    }
    if (scheme->state == SCHEME_COMPLETED) {
        const struct resource_scan scan = {.parent = scheme->name};
        return resource_each(call->tx, &milestone_kind, &scan, open_refuse, call);
    }
    return STATUS_NONE;
}

static struct status scheme_prepare(struct call *call, const void *before, void *resource)
{
    scheme_message *scheme = resource;

    if (scheme->lead_organization[0] != '\0' &&
        !resource_name_matches("organizations/{organization}", scheme->lead_organization)) {
        return REFUSE(call, REASON_INVALID_NAME, "leadOrganization",
                      "leadOrganization must be of the form organizations/{organization}: \"%s\"",
                      scheme->lead_organization);
    }
    if (scheme->imposed_finish_date[0] != '\0' &&
        strcmp(scheme->imposed_finish_date, scheme->start_date) < 0) {
        return status_as(STATUS_INVALID_ARGUMENT,
                         REFUSE(call, REASON_DATE_OUT_OF_ORDER, "imposedFinishDate",
                                "imposedFinishDate %s is before startDate %s",
                                scheme->imposed_finish_date, scheme->start_date));
    }
    return state_check(call, before, scheme);
}

struct status scheme_open_check(struct call *call, const char *scheme_name)
{
    void *found = NULL;

    TRY(resource_get(call->tx, &scheme_kind, scheme_name, &found));
    const scheme_message *scheme = found;
    if (scheme->state != SCHEME_COMPLETED && scheme->state != SCHEME_CANCELLED) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_SCHEME_CLOSED, NULL,
                  "%s is %s and takes no more work; set its state to ACTIVE first", scheme_name,
                  scheme_state_name((int)scheme->state));
}

static const struct resource_column scheme_columns[] = {
    {.name = "state", .type = COLUMN_TEXT, .path = "state"},
    {.name = "start_date", .type = COLUMN_TEXT, .path = "start_date"},
    {.name = "lead_organization", .type = COLUMN_TEXT, .path = "lead_organization"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind scheme_kind = {
    .singular = "scheme",
    .plural = "schemes",
    .pattern = "schemes/{scheme}",
    .type = &dongkhoi__nighteconomy__v1__scheme__descriptor,
    .columns = scheme_columns,
    .column_count = sizeof(scheme_columns) / sizeof(scheme_columns[0]),
    .layout = 1,
    .prepare = scheme_prepare,
};
