/* movement.c - what a movement calls for, and DRAFT > LAUNCHED > CLOSED. */
#include "movement.h"

#include "base/ids.h"
#include "party.h"
#include "pb/message.h"
#include "reasons.h"
#include "registration.h"
#include "serve/service.h"

#include <string.h>

enum {
    THEMES_MAX = 20,
    ITEMS_MAX = 50,
};

static const struct step steps[] = {
    {"launch", STATE_BIT(MOVEMENT_STATE(DRAFT)), MOVEMENT_STATE(LAUNCHED)},
    {"close", STATE_BIT(MOVEMENT_STATE(LAUNCHED)), MOVEMENT_STATE(CLOSED)},
};

const struct machine movement_machine = {
    .noun = "movement",
    .states = &dongkhoi__registrations__v1__movement__state__descriptor,
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
};

struct status movement_of(struct call *call, const char *name, movement_message **ret_movement)
{
    const char *at = strchr(name, '/');
    const size_t length = at != NULL ? strcspn(at + 1, "/") + (size_t)(at + 1 - name) : 0;
    const char *movement = arena_copy(call->arena, (struct slice){name, length});
    void *found = NULL;

    TRY(resource_get(call->tx, &movement_kind, movement, &found));
    *ret_movement = found;
    return STATUS_NONE;
}

struct status movement_must_be_launched(struct call *call, const movement_message *movement)
{
    const char *state = enum_name(movement_machine.states, (int)movement->state);

    if (movement->state == MOVEMENT_STATE(LAUNCHED)) {
        return STATUS_NONE;
    }
    call_metadata(call, "movement", movement->name);
    call_metadata(call, "movementState", state);
    return REFUSE(call, REASON_MOVEMENT_NOT_LAUNCHED, NULL, "%s is %s, not LAUNCHED",
                  movement->name, state);
}

const theme_message *movement_theme(const movement_message *movement, const char *id)
{
    for (size_t i = 0; i < movement->n_themes; i++) {
        if (strcmp(movement->themes[i]->id, id) == 0) {
            return movement->themes[i];
        }
    }
    return NULL;
}

static struct status theme_check(struct call *call, const char *field, const theme_message *theme)
{
    const char *items = path_below(call, field, "items");

    if (theme->n_items > ITEMS_MAX) {
        return REFUSE(call, REASON_TOO_MANY_ITEMS, items, "%s are %zu; at most %d are kept", items,
                      theme->n_items, ITEMS_MAX);
    }
    return STATUS_NONE;
}

static struct status themes_check(struct call *call, const movement_message *movement)
{
    if (movement->n_themes > THEMES_MAX) {
        return REFUSE(call, REASON_TOO_MANY_ITEMS, "themes", "themes are %zu; at most %d are kept",
                      movement->n_themes, THEMES_MAX);
    }
    for (size_t i = 0; i < movement->n_themes; i++) {
        const char *field = arena_printf(call->arena, "themes[%zu]", i);

        TRY(theme_check(call, field != NULL ? field : "themes", movement->themes[i]));
        if (movement_theme(movement, movement->themes[i]->id) != movement->themes[i]) {
            return REFUSE(call, REASON_DUPLICATE_ID, "themes", "two themes have the id \"%s\"",
                          movement->themes[i]->id);
        }
    }
    return STATUS_NONE;
}

/* Refuses to remove a theme that a registration names. */
static struct status themes_keep(struct call *call, const movement_message *before,
                                 const movement_message *movement)
{
    for (size_t i = 0; i < before->n_themes; i++) {
        const char *id = before->themes[i]->id;
        const struct resource_scan scan = {.parent = movement->name, .column = "theme", .text = id};
        const char *user = NULL;

        if (movement_theme(movement, id) != NULL) {
            continue;
        }
        TRY(first_of(call, &registration_kind, &scan, &user));
        if (user != NULL) {
            call_metadata(call, "usedBy", user);
            return REFUSE(call, REASON_THEME_IN_USE, "themes",
                          "the theme \"%s\" cannot go: %s belongs to it", id, user);
        }
    }
    return STATUS_NONE;
}

/* Refuses to change after the launch whether a movement is made up: people have seen it as the one
 * or the other. */
static struct status synthetic_keep(struct call *call, const movement_message *before,
                                    const movement_message *movement)
{
    if (before->state == MOVEMENT_STATE(DRAFT) || before->synthetic == movement->synthetic) {
        return STATUS_NONE;
    }
    return REFUSE(call, REASON_MOVEMENT_LAUNCHED, "synthetic",
                  "%s is launched: whether it is synthetic cannot be changed", movement->name);
}

/* Refuses to change the year after the launch: registrations were made for it. */
static struct status year_keep(struct call *call, const movement_message *before,
                               const movement_message *movement)
{
    if (before->state == MOVEMENT_STATE(DRAFT) || before->year == movement->year) {
        return STATUS_NONE;
    }
    call_metadata(call, "movement", movement->name);
    return REFUSE(call, REASON_MOVEMENT_LAUNCHED, "year",
                  "%s is LAUNCHED: its year %d cannot be changed", movement->name, before->year);
}

static struct status movement_prepare(struct call *call, const void *before, void *resource)
{
    movement_message *movement = resource;
    organization_message *organization = NULL;

    if (before != NULL && movement->state == MOVEMENT_STATE(CLOSED)) {
        return machine_refuse(call, &movement_machine, (int)movement->state, "a change of content");
    }
    TRY(documents_check(call, "legalBasis", movement->n_legal_basis));
    TRY(themes_check(call, movement));
    if (movement->organization[0] != '\0') {
        TRY(organization_find(call, "organization", movement->organization, &organization));
    }
    if (before == NULL) {
        movement->state = MOVEMENT_STATE(DRAFT);
        return STATUS_NONE;
    }
    TRY(year_keep(call, before, movement));
    TRY(synthetic_keep(call, before, movement));
    return themes_keep(call, before, movement);
}

static struct status movement_prepare_delete(struct call *call, const void *resource)
{
    const movement_message *movement = resource;

    if (movement->state != MOVEMENT_STATE(DRAFT)) {
        return machine_refuse(call, &movement_machine, (int)movement->state, "delete");
    }
    return STATUS_NONE;
}

static const struct resource_column columns[] = {
    {.name = "year", .type = COLUMN_INT64, .path = "year", .indexed = true},
    {.name = "state", .type = COLUMN_TEXT, .path = "state", .indexed = true},
    {.name = "organization", .type = COLUMN_TEXT, .path = "organization"},
    {.name = "plan_number", .type = COLUMN_TEXT, .path = "plan_number"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind movement_kind = {
    .singular = "movement",
    .plural = "movements",
    .pattern = "movements/{movement}",
    .type = &dongkhoi__registrations__v1__movement__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 1,
    .prepare = movement_prepare,
    .prepare_delete = movement_prepare_delete,
};

/* Takes the step and answers; ret_step is where the document and date go. */
static struct status movement_step(struct call *call, movement_message *movement, const char *name,
                                   document_message *document, const char *date,
                                   Dongkhoi__Registrations__V1__Movement__Step **ret_step)
{
    Dongkhoi__Registrations__V1__Movement__Step *step =
        message_new(call->arena, &dongkhoi__registrations__v1__movement__step__descriptor);
    const char *day = "";
    int state = 0;

    TRY(machine_step(call, &movement_machine, (int)movement->state, name, &state));
    day = step_date(date, document);
    step->document = document;
    step->date = (char *)day;
    movement->state = (Dongkhoi__Registrations__V1__Movement__State)state;
    *ret_step = step;
    return STATUS_NONE;
}

struct status launch_movement(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__LaunchMovementRequest *req = request;
    void *found = NULL;

    TRY(standard_load(call, &movement_kind, req->name, req->etag, &found));
    movement_message *movement = found;
    TRY(movement_step(call, movement, "launch", req->document, req->date, &movement->launching));
    return standard_store(call, &movement_kind, movement, response);
}

struct status close_movement(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__CloseMovementRequest *req = request;
    void *found = NULL;

    TRY(standard_load(call, &movement_kind, req->name, req->etag, &found));
    movement_message *movement = found;
    TRY(movement_step(call, movement, "close", req->document, req->date, &movement->closing));
    const char *launched = movement->launching != NULL ? movement->launching->date : "";
    TRY(date_not_before(call, "date", movement->closing->date, launched, "the launch"));
    return standard_store(call, &movement_kind, movement, response);
}
