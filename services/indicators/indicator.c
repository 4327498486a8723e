/* indicator.c - what may be written of an indicator, and what may not change any more once it has
 * observations. */
#include "indicators.h"
#include "messages.h"
#include "reasons.h"

#include <string.h>

static struct status stop_at_first(void *arg, const struct resource_revision *row)
{
    (void)row;
    *(bool *)arg = true;
    return (struct status){.code = STATUS_CANCELLED};
}

static struct status has_any(struct call *call, const struct resource_kind *kind,
                             const char *parent, bool *ret_any)
{
    const struct resource_scan scan = {.parent = parent};
    const struct status status = resource_each(call->tx, kind, &scan, stop_at_first, ret_any);

    return *ret_any ? STATUS_NONE : status;
}

/* The field that observations rely on and that would change; NULL when there is none. */
static const char *changed_field(const indicator_message *before,
                                 const indicator_message *indicator)
{
    if (before->kind != indicator->kind) {
        return "kind";
    }
    if (before->decimals != indicator->decimals) {
        return "decimals";
    }
    if (strcmp(before->unit, indicator->unit) != 0) {
        return "unit";
    }
    if (before->price_basis[0] != '\0' &&
        strcmp(before->price_basis, indicator->price_basis) != 0) {
        return "priceBasis";
    }
    return NULL;
}

static struct status indicator_prepare(struct call *call, const void *before, void *resource)
{
    const indicator_message *indicator = resource;
    bool observed = false;
    bool targeted = false;

    if (indicator->decimals < 0 || indicator->decimals > DECIMALS_MAX) {
        return REFUSE(call, REASON_INVALID_VALUE, "decimals", "decimals must be 0 to %d, not %d",
                      DECIMALS_MAX, indicator->decimals);
    }
    if (before == NULL) {
        return STATUS_NONE;
    }
    const indicator_message *old = before;
    const char *field = changed_field(old, indicator);
    if (field != NULL) {
        TRY(has_any(call, &observation_kind, indicator->name, &observed));
    }
    if (observed) {
        return REFUSE(call, REASON_INDICATOR_IN_USE, field,
                      "%s cannot change while %s has observations", field, indicator->name);
    }
    if (indicator->decimals < old->decimals) {
        TRY(has_any(call, &target_kind, indicator->name, &targeted));
    }
    if (targeted) {
        return REFUSE(call, REASON_INDICATOR_IN_USE, "decimals",
                      "decimals cannot be fewer while %s has targets", indicator->name);
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "kind", .type = COLUMN_TEXT, .path = "kind"},
    {.name = "unit", .type = COLUMN_TEXT, .path = "unit"},
    {.name = "title_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind indicator_kind = {
    .singular = "indicator",
    .plural = "indicators",
    .pattern = "indicators/{indicator}",
    .type = &dongkhoi__indicators__v1__indicator__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 2,
    .prepare = indicator_prepare,
};
