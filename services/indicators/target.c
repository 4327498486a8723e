/* target.c - what was promised for a year, and the closing of the year. */
#include "target.h"

#include "indicators.h"
#include "reasons.h"

#include <string.h>

enum { PERCENT_MAX = 100 };

struct status target_find(struct call *call, const char *indicator, int year,
                          const target_message **ret_target)
{
    const char *name = arena_printf(call->arena, "%s/targets/%04d", indicator, year);
    const void *target = NULL;

    TRY(resource_find_shared(call->tx, &target_kind, name, &target));
    *ret_target = target;
    return STATUS_NONE;
}

struct status year_check_open(struct call *call, const char *indicator, int year)
{
    const target_message *target = NULL;

    TRY(target_find(call, indicator, year, &target));
    if (target == NULL || (int)target->state != STATE_CLOSED) {
        return STATUS_NONE;
    }
    call_metadata(call, "target", target->name);
    call_metadata(call, "possibleSteps", "");
    return REFUSE(call, REASON_YEAR_CLOSED, NULL,
                  "the year %d is closed by %s of %s: its observations are final, no step "
                  "is possible",
                  year, target->closing->document->number, target->closing->date);
}

struct plan plan_of(const target_message *target, int decimals, const char *closed_by)
{
    struct plan plan = {
        .comparator = (enum comparator)target->comparator,
        .value = scaled_stored(target->value, decimals),
        .tolerance_percent = scaled_stored(target->tolerance_percent, PERCENT_DECIMALS),
        .has_growth = target->growth_percent != NULL,
        .growth_percent = scaled_stored(target->growth_percent, PERCENT_DECIMALS),
        .has_baseline = target->baseline != NULL,
        .closed = (int)target->state == STATE_CLOSED,
    };

    if (plan.has_baseline) {
        plan.baseline = scaled_stored(target->baseline->value, decimals);
    }
    if (plan.closed && closed_by[0] != '\0') {
        plan.closed = strcmp(target->closing->date, closed_by) <= 0;
    }
    return plan;
}

static struct status check_year(struct call *call, target_message *target)
{
    int year = 0;

    if (!year_parse(resource_id(target->name), &year)) {
        return REFUSE(call, REASON_INVALID_ID, "name", "the id of a target is its year, %d to %d",
                      YEAR_MIN, YEAR_MAX);
    }
    if (target->year != 0 && target->year != year) {
        return REFUSE(call, REASON_INVALID_VALUE, "year", "year must be that of the id, %d, not %d",
                      year, target->year);
    }
    target->year = year;
    return STATUS_NONE;
}

static struct status check_tolerance(struct call *call, const target_message *target)
{
    const char *field = "tolerancePercent";
    int64_t tolerance = 0;

    if (target->tolerance_percent == NULL) {
        if ((int)target->comparator != COMPARATOR_APPROXIMATELY) {
            return STATUS_NONE;
        }
        return REFUSE(call, REASON_FIELD_REQUIRED, field, "%s is required with APPROXIMATELY",
                      field);
    }
    if ((int)target->comparator != COMPARATOR_APPROXIMATELY) {
        return call_refuse(call, REASON_TOLERANCE_NOT_USED, field);
    }
    TRY(value_read(call, field, target->tolerance_percent, PERCENT_DECIMALS, &tolerance));
    if (tolerance < 0 || tolerance > PERCENT_MAX * decimal_power(PERCENT_DECIMALS)) {
        return REFUSE(call, REASON_INVALID_VALUE, field, "%s must be 0 to 100", field);
    }
    return STATUS_NONE;
}

static struct status check_values(struct call *call, const target_message *target, int decimals)
{
    int64_t scaled = 0;

    TRY(value_read(call, "value", target->value, decimals, &scaled));
    TRY(check_tolerance(call, target));
    if (target->growth_percent != NULL) {
        TRY(value_read(call, "growthPercent", target->growth_percent, PERCENT_DECIMALS, &scaled));
    }
    if (target->baseline != NULL) {
        TRY(value_read(call, "baseline.value", target->baseline->value, decimals, &scaled));
    }
    return STATUS_NONE;
}

static struct status refuse_closed(struct call *call, const target_message *target)
{
    if ((int)target->state != STATE_CLOSED) {
        return STATUS_NONE;
    }
    call_metadata(call, "possibleSteps", "");
    return REFUSE(call, REASON_TARGET_CLOSED, NULL, "%s is CLOSED since %s: no step is possible",
                  target->name, target->closing->date);
}

static struct status target_prepare(struct call *call, const void *before, void *resource)
{
    target_message *target = resource;
    const char *parent = resource_parent(call->arena, target->name);
    void *found = NULL;

    if (before != NULL) {
        TRY(refuse_closed(call, before));
    }
    TRY(check_year(call, target));
    TRY(resource_get(call->tx, &indicator_kind, parent, &found));
    const indicator_message *indicator = found;
    TRY(check_values(call, target, indicator->decimals));
    target->state = DONGKHOI__INDICATORS__V1__TARGET__STATE__OPEN;
    return STATUS_NONE;
}

static struct status target_prepare_delete(struct call *call, const void *resource)
{
    return refuse_closed(call, resource);
}

struct status target_create(struct call *call, const void *request, void *response)
{
    Dongkhoi__Indicators__V1__CreateTargetRequest create =
        *(const Dongkhoi__Indicators__V1__CreateTargetRequest *)request;

    if (create.target_id[0] == '\0' && create.target != NULL) {
        if (create.target->year == 0) {
            return REFUSE(call, REASON_FIELD_REQUIRED, "targetId",
                          "targetId is required: the year, unless target.year is given");
        }
        create.target_id = arena_printf(call->arena, "%d", create.target->year);
    }
    return standard_create(call, &create, response);
}

/* On or after the year's first day, and not in the future. */
static struct status check_closing_date(struct call *call, const char *date, int year)
{
    const char *first = arena_printf(call->arena, "%04d-01-01", year);

    if (strcmp(date, first) < 0) {
        return REFUSE(call, REASON_INVALID_DATE, "date", "date must not be before %s", first);
    }
    return STATUS_NONE;
}

struct status target_close(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__CloseTargetRequest *close = request;
    Dongkhoi__Indicators__V1__Target__Closing *closing =
        ARENA_NEW(call->arena, Dongkhoi__Indicators__V1__Target__Closing);
    void *found = NULL;

    TRY(standard_load(call, &target_kind, close->name, close->etag, &found));
    target_message *target = found;
    TRY(refuse_closed(call, target));
    TRY(check_closing_date(call, close->date, target->year));
    dongkhoi__indicators__v1__target__closing__init(closing);
    closing->document = close->document;
    closing->date = close->date;
    target->closing = closing;
    target->state = DONGKHOI__INDICATORS__V1__TARGET__STATE__CLOSED;
    return standard_store(call, &target_kind, target, response);
}

static const struct resource_column columns[] = {
    {.name = "year", .type = COLUMN_INT64, .path = "year", .indexed = true, .indexed_across = true},
    {.name = "state", .type = COLUMN_TEXT, .path = "state"},
    {.name = "comparator", .type = COLUMN_TEXT, .path = "comparator"},
};

const struct resource_kind target_kind = {
    .singular = "target",
    .plural = "targets",
    .pattern = "indicators/{indicator}/targets/{target}",
    .type = &dongkhoi__indicators__v1__target__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 2,
    .prepare = target_prepare,
    .prepare_delete = target_prepare_delete,
};
