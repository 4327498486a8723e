/* observation.c - what may be said of a period, and what may be said after it. */
#include "observation.h"

#include "base/decimal.h"
#include "indicators.h"
#include "observation_time.h"
#include "reasons.h"
#include "target.h"

#include <string.h>

/* Every value of every month has them: shorter than those of other resources. */

bool observation_same_value(const observation_message *a, const observation_message *b)
{
    return a->value != NULL && b->value != NULL && a->value->value == b->value->value &&
           a->status == b->status && strcmp(a->published_date, b->published_date) == 0 &&
           strcmp(a->source, b->source) == 0;
}

static struct status observation_make_id(struct call *call, const void *resource,
                                         const char **ret_id)
{
    struct observation_key key;

    TRY(observation_key_read(call, resource, &key));
    *ret_id = key.id;
    return STATUS_NONE;
}

static struct status refuse_lower_status(struct call *call, const observation_message *before,
                                         const char *what)
{
    call_metadata(call, "possibleSteps", "reopen");
    return REFUSE(call, REASON_OFFICIAL_NEEDS_REOPEN, NULL,
                  "%s is OFFICIAL: %s needs %s:reopen with a reason and a document first",
                  before->name, what, before->name);
}

static struct status check_step(struct call *call, const observation_message *before,
                                const observation_message *observation)
{
    if ((enum figure_status)before->status == FIGURE_OFFICIAL &&
        (enum figure_status)observation->status < FIGURE_OFFICIAL && before->reopening == NULL) {
        return refuse_lower_status(call, before, "a lower status");
    }
    return STATUS_NONE;
}

static struct status observation_prepare(struct call *call, const void *before, void *resource)
{
    observation_message *observation = resource;
    const char *parent = resource_parent(call->arena, observation->name);
    struct observation_key key;
    void *found = NULL;
    int64_t scaled = 0;

    TRY(observation_key_read(call, observation, &key));
    TRY(resource_get(call->tx, &indicator_kind, parent, &found));
    const indicator_message *indicator = found;
    const bool stock = (int)indicator->kind == KIND_STOCK;
    if (stock && (int)observation->basis == BASIS_YEAR_TO_DATE) {
        return call_refuse(call, REASON_BASIS_NOT_FOR_STOCK, "basis");
    }
    TRY(value_read(call, "value", observation->value, indicator->decimals, &scaled));
    TRY(observation_check_time(call, observation, &key));
    TRY(year_check_open(call, parent, key.period.year));
    if (before != NULL) {
        TRY(check_step(call, before, observation));
    }
    observation->window = (Dongkhoi__Indicators__V1__Observation__Window)key.window;
    observation->decimals = indicator->decimals;
    if (before != NULL && observation_same_value(before, observation)) {
        return STATUS_NONE;
    }
    observation->unit = indicator->unit;
    observation->reopening = NULL;
    observation->notes = NULL;
    observation->n_notes = 0;
    if (!stock && key.cumulative) {
        TRY(observation_check_cumulative(call, observation, &key, scaled));
    }
    return before != NULL ? observation_note_order(call, before, observation) : STATUS_NONE;
}

static struct status observation_prepare_delete(struct call *call, const void *resource)
{
    const observation_message *observation = resource;
    const char *parent = resource_parent(call->arena, observation->name);
    struct observation_key key;

    TRY(observation_key_read(call, observation, &key));
    TRY(year_check_open(call, parent, key.period.year));
    if ((enum figure_status)observation->status == FIGURE_OFFICIAL &&
        observation->reopening == NULL) {
        return refuse_lower_status(call, observation, "its withdrawal");
    }
    return STATUS_NONE;
}

struct status observation_was_said(struct call *call, const observation_message *before,
                                   const observation_message *observation, bool *ret_said)
{
    struct resource_scan scan = {
        .name = before->name, .column = "value_scaled", .all_revisions = true};
    struct resource_revision *rows = NULL;
    size_t count = 0;
    bool said = false;

    if (observation->value == NULL ||
        decimal_from_double(observation->value->value, before->decimals, &scan.int64) !=
            DECIMAL_OK) {
        *ret_said = false;
        return STATUS_NONE;
    }
    TRY(resource_all(call->tx, &observation_kind, &scan, &rows, &count));
    for (size_t i = 0; i < count && !said; i++) {
        const observation_message *row = rows[i].message;
        said = strcmp(row->uid, before->uid) == 0 && observation_same_value(row, observation);
    }
    *ret_said = said;
    return STATUS_NONE;
}

static struct status observation_is_unchanged(struct call *call, const void *before,
                                              const void *resource, bool *ret_unchanged)
{
    if (call->context == NULL) {
        *ret_unchanged = false;
        return STATUS_NONE;
    }
    return observation_was_said(call, before, resource, ret_unchanged);
}

static bool mask_names(const Google__Protobuf__FieldMask *mask, const char *path)
{
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

struct status observation_upsert(struct call *call, observation_message *observation, bool whole,
                                 const Google__Protobuf__FieldMask *written, void *response)
{
    const struct {
        const char *path;
        bool is_taken;
    } fields[] = {
        {"period", observation->period[0] != '\0'},
        {"basis", observation->basis != 0},
        {"window", observation->window != 0},
        {"breakdown", observation->n_breakdown > 0},
        {"value", whole || observation->value != NULL},
        {"status", whole || observation->status != 0},
        {"published_date", true},
        {"source", true},
        {"note", true},
        {"uid", observation->uid[0] != '\0'},
        {"revision", observation->revision != 0},
        {"create_time", observation->create_time != NULL},
        {"update_time", observation->update_time != NULL},
        {"notes", observation->n_notes > 0},
        {"decimals", observation->decimals != 0},
        {"unit", observation->unit[0] != '\0'},
        {"reopening", observation->reopening != NULL},
    };
    char *paths[sizeof(fields) / sizeof(fields[0])];
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Dongkhoi__Indicators__V1__UpdateObservationRequest update =
        DONGKHOI__INDICATORS__V1__UPDATE_OBSERVATION_REQUEST__INIT;

    mask.paths = paths;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].is_taken || mask_names(written, fields[i].path)) {
            paths[mask.n_paths++] = (char *)fields[i].path;
        }
    }
    update.observation = observation;
    update.update_mask = &mask;
    update.allow_missing = true;
    return standard_update(call, &update, response);
}

struct status observation_update(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__UpdateObservationRequest *update = request;
    struct upsert upsert = {0};

    if (!update->allow_missing || update->observation == NULL) {
        return standard_update(call, update, response);
    }
    const Google__Protobuf__FieldMask *mask = update->update_mask;
    const bool is_masked = mask != NULL && mask->n_paths > 0 && !call->mask_is_implied;

    call->context = &upsert;
    const struct status status =
        is_masked ? standard_update(call, update, response)
                  : observation_upsert(call, update->observation, false, mask, response);
    call->context = NULL;
    return status;
}

struct status observation_reopen(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__ReopenObservationRequest *reopen = request;
    Dongkhoi__Indicators__V1__Observation__Reopening *reopening =
        ARENA_NEW(call->arena, Dongkhoi__Indicators__V1__Observation__Reopening);
    struct observation_key key;
    void *found = NULL;

    TRY(standard_load(call, &observation_kind, reopen->name, reopen->etag, &found));
    observation_message *observation = found;
    const char *parent = resource_parent(call->arena, observation->name);
    TRY(observation_key_read(call, observation, &key));
    TRY(year_check_open(call, parent, key.period.year));
    if ((enum figure_status)observation->status != FIGURE_OFFICIAL) {
        call_metadata(call, "possibleSteps", "update");
        return REFUSE(call, REASON_NOT_OFFICIAL, NULL,
                      "%s is %s: only what is OFFICIAL is reopened, any value may follow",
                      observation->name,
                      figure_status_name((enum figure_status)observation->status));
    }
    if (observation->reopening != NULL) {
        call_metadata(call, "possibleSteps", "update");
        return REFUSE(call, REASON_ALREADY_REOPENED, NULL,
                      "%s is reopened already: any value may follow", observation->name);
    }
    dongkhoi__indicators__v1__observation__reopening__init(reopening);
    reopening->reason = reopen->reason;
    reopening->document = reopen->document;
    observation->reopening = reopening;
    return standard_store(call, &observation_kind, observation, response);
}

static bool column_value(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                         const char **ret_text)
{
    const observation_message *observation = (const observation_message *)message;

    (void)arena;
    (void)ret_text;
    *ret_int64 = scaled_stored(observation->value, observation->decimals);
    return observation->value != NULL;
}

static bool column_series(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                          const char **ret_text)
{
    struct observation_key key;

    (void)ret_int64;
    if (!observation_key_stored(arena, (const observation_message *)message, &key)) {
        return false;
    }
    *ret_text = key.series;
    return true;
}

static bool column_series_year(struct arena *arena, const ProtobufCMessage *message,
                               int64_t *ret_int64, const char **ret_text)
{
    struct observation_key key;

    (void)ret_int64;
    if (!observation_key_stored(arena, (const observation_message *)message, &key)) {
        return false;
    }
    *ret_text = key.series_year;
    return true;
}

static bool column_cumulative(struct arena *arena, const ProtobufCMessage *message,
                              int64_t *ret_int64, const char **ret_text)
{
    struct observation_key key;

    (void)ret_int64;
    if (!observation_key_stored(arena, (const observation_message *)message, &key) ||
        !key.cumulative) {
        return false;
    }
    *ret_text = key.part_year;
    return true;
}

static const struct resource_column columns[] = {
    {.name = "period",
     .type = COLUMN_TEXT,
     .path = "period",
     .indexed = true,
     .indexed_across = true},
    {.name = "status", .type = COLUMN_TEXT, .path = "status"},
    {.name = "value_scaled", .type = COLUMN_INT64, .extract = column_value, .indexed = true},
    {.name = "series", .type = COLUMN_TEXT, .extract = column_series, .indexed = true},
    {.name = "series_year", .type = COLUMN_TEXT, .extract = column_series_year, .indexed = true},
    {.name = "cumulative", .type = COLUMN_TEXT, .extract = column_cumulative, .indexed = true},
};

const struct resource_kind observation_kind = {
    .singular = "observation",
    .plural = "observations",
    .pattern = "indicators/{indicator}/observations/{observation}",
    .type = &dongkhoi__indicators__v1__observation__descriptor,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .layout = 2,
    .make_id = observation_make_id,
    .prepare = observation_prepare,
    .prepare_delete = observation_prepare_delete,
    .is_unchanged = observation_is_unchanged,
};
