/* exemplar.c - a story is written, then published; what is published does not change. */
#include "exemplar.h"

#include "party.h"
#include "registration.h"
#include "serve/service.h"

static const struct step steps[] = {
    {"publish", STATE_BIT(EXEMPLAR_STATE(DRAFT)), EXEMPLAR_STATE(PUBLISHED)},
};

const struct machine exemplar_machine = {
    .noun = "exemplar",
    .states = &dongkhoi__registrations__v1__exemplar__state__descriptor,
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
};

static struct status exemplar_prepare(struct call *call, const void *before, void *resource)
{
    exemplar_message *exemplar = resource;
    registration_message *registration = NULL;
    const char *unit = NULL;

    if (before == NULL) {
        exemplar->state = EXEMPLAR_STATE(DRAFT);
    } else if (exemplar->state != EXEMPLAR_STATE(DRAFT)) {
        return machine_refuse(call, &exemplar_machine, (int)exemplar->state, "a change of content");
    }
    TRY(party_check(call, exemplar->organization, exemplar->person, &unit));
    exemplar->unit = (char *)unit;
    if (exemplar->registration[0] == '\0') {
        return STATUS_NONE;
    }
    return registration_find(call, "registration", exemplar->registration, &registration);
}

static struct status exemplar_prepare_delete(struct call *call, const void *resource)
{
    const exemplar_message *exemplar = resource;

    if (exemplar->state != EXEMPLAR_STATE(DRAFT)) {
        return machine_refuse(call, &exemplar_machine, (int)exemplar->state, "delete");
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "unit", .type = COLUMN_TEXT, .path = "unit", .indexed = true},
    {.name = "state", .type = COLUMN_TEXT, .path = "state", .indexed = true},
    {.name = "direct_worker", .type = COLUMN_INT64, .path = "direct_worker", .indexed = true},
    {.name = "registration", .type = COLUMN_TEXT, .path = "registration"},
    {.name = "publish_date", .type = COLUMN_TEXT, .path = "publish_date"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind exemplar_kind = {
    .singular = "exemplar",
    .plural = "exemplars",
    .pattern = "movements/{movement}/exemplars/{exemplar}",
    .type = &dongkhoi__registrations__v1__exemplar__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = exemplar_prepare,
    .prepare_delete = exemplar_prepare_delete,
};

struct status publish_exemplar(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__PublishExemplarRequest *req = request;
    const char *date = "";
    void *found = NULL;
    int state = 0;

    TRY(standard_load(call, &exemplar_kind, req->name, req->etag, &found));
    exemplar_message *exemplar = found;
    TRY(machine_step(call, &exemplar_machine, (int)exemplar->state, "publish", &state));
    date = step_date(req->date, req->document);
    exemplar->state = (Dongkhoi__Registrations__V1__Exemplar__State)state;
    exemplar->document = req->document;
    exemplar->publish_date = (char *)date;
    return standard_store(call, &exemplar_kind, exemplar, response);
}
