/* report.c - reports are written while the registration is APPROVED, and stay afterwards. */
#include "report.h"

#include "registration.h"

static struct status approved_check(struct call *call, const char *name)
{
    const char *parent = resource_parent(call->arena, name);
    void *found = NULL;

    TRY(resource_get(call->tx, &registration_kind, parent, &found));
    const registration_message *registration = found;
    if (registration->state != REGISTRATION_STATE(APPROVED)) {
        return machine_refuse(call, &registration_machine, (int)registration->state, "a report");
    }
    return STATUS_NONE;
}

static struct status report_prepare(struct call *call, const void *before, void *resource)
{
    const report_message *report = resource;

    (void)before;
    TRY(approved_check(call, report->name));
    TRY(value_check(call, "value", report->value));
    return documents_check(call, "evidence", report->n_evidence);
}

static struct status report_prepare_delete(struct call *call, const void *resource)
{
    return approved_check(call, ((const report_message *)resource)->name);
}

static const struct resource_column columns[] = {
    {.name = "period", .type = COLUMN_TEXT, .path = "period", .indexed = true},
    {.name = "date", .type = COLUMN_TEXT, .path = "date", .indexed = true, .indexed_across = true},
};

const struct resource_kind report_kind = {
    .singular = "report",
    .plural = "reports",
    .pattern = "movements/{movement}/registrations/{registration}/reports/{report}",
    .type = &dongkhoi__registrations__v1__report__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = report_prepare,
    .prepare_delete = report_prepare_delete,
};
