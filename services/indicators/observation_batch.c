/* observation_batch.c - many observations in one request, judged by what they leave behind: a
 * correction of a month and of its cumulative value contradict each other only while one of them is
 * written. */
#include "indicators.h"
#include "observation.h"
#include "reasons.h"

#include <string.h>

enum { BATCH_MAX_OBSERVATIONS = 1000 };

static const char ANY_PARENT[] = "indicators/-";

/* Rules name fields from the observation or from a request for one: "value", "observation.value".
 */
static struct status at(struct call *call, struct status status, size_t index)
{
    static const char own[] = "observation.";

    if (status.field != NULL && strncmp(status.field, own, strlen(own)) == 0) {
        status.field += strlen(own);
    } else if (status.field != NULL && strcmp(status.field, "observation") == 0) {
        status.field = "";
    }
    return call_below_item(call, status, "observations", index);
}

/* The indicator that the observation is of: from its name, else from the request's parent. */
static struct status indicator_of(struct call *call, const char *parent, const char *name,
                                  const char **ret_indicator)
{
    const bool any = strcmp(parent, ANY_PARENT) == 0;

    if (name[0] == '\0') {
        if (any) {
            return REFUSE(call, REASON_FIELD_REQUIRED, "name",
                          "name is required below %s: indicators/{indicator}/observations/-",
                          ANY_PARENT);
        }
        *ret_indicator = parent;
        return STATUS_NONE;
    }
    if (!resource_name_matches(observation_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, "name", "name must be of the form %s: \"%s\"",
                      observation_kind.pattern, name);
    }
    const char *collection = resource_parent(call->arena, name);
    if (!any && strcmp(collection, parent) != 0) {
        return REFUSE(call, REASON_INVALID_NAME, "name", "%s is not in %s", name, parent);
    }
    *ret_indicator = collection;
    return STATUS_NONE;
}

/* Whether this statement is new, or an earlier one of the batch or any stored revision says the
 * same already: then it has no effect. */
static struct status judge_effect(struct call *call, struct upsert *upsert, size_t index)
{
    struct pending *pending = &upsert->pending[index];
    bool said = false;
    void *stored = NULL;

    for (size_t i = 0; i < index; i++) {
        if (strcmp(upsert->pending[i].name, pending->name) == 0) {
            said = said ||
                   observation_same_value(upsert->pending[i].observation, pending->observation);
        }
    }
    if (!said) {
        TRY(resource_find(call->tx, &observation_kind, pending->name, &stored));
    }
    if (stored != NULL) {
        TRY(observation_was_said(call, stored, pending->observation, &said));
    }
    pending->is_effective = !said;
    if (pending->is_effective) {
        for (size_t i = 0; i < index; i++) {
            if (strcmp(upsert->pending[i].name, pending->name) == 0) {
                upsert->pending[i].is_final = false;
            }
        }
        pending->is_final = true;
    }
    return STATUS_NONE;
}

static struct status pending_read(struct call *call, const char *parent, struct upsert *upsert,
                                  size_t index, const observation_message *given)
{
    struct pending *pending = &upsert->pending[index];
    observation_message *observation = ARENA_NEW(call->arena, observation_message);
    const char *indicator = NULL;

    *observation = *given;
    TRY(indicator_of(call, parent, observation->name, &indicator));
    TRY(observation_key_read(call, observation, &pending->key));
    observation->window = (Dongkhoi__Indicators__V1__Observation__Window)pending->key.window;
    if (observation->name[0] == '\0' || strcmp(resource_id(observation->name), "-") == 0) {
        observation->name =
            arena_printf(call->arena, "%s/observations/%s", indicator, pending->key.id);
    }
    pending->name = observation->name;
    pending->observation = observation;
    return judge_effect(call, upsert, index);
}

static struct status store_all(struct call *call, struct upsert *upsert,
                               observation_message ***ret_stored)
{
    observation_message **stored =
        arena_array(call->arena, upsert->count, sizeof(observation_message *));

    for (size_t i = 0; i < upsert->count; i++) {
        stored[i] = ARENA_NEW(call->arena, observation_message);
        dongkhoi__indicators__v1__observation__init(stored[i]);
        upsert->current = i;
        TRY(at(call,
               observation_upsert(call, upsert->pending[i].observation, true, NULL, stored[i]), i));
    }
    *ret_stored = stored;
    return STATUS_NONE;
}

struct status observation_batch_upsert(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Indicators__V1__BatchUpsertObservationsRequest *batch = request;
    Dongkhoi__Indicators__V1__BatchUpsertObservationsResponse *answer = response;
    struct upsert upsert = {.count = batch->n_observations};
    observation_message **stored = NULL;

    if (!resource_name_matches(indicator_kind.pattern, batch->parent)) {
        return REFUSE(call, REASON_INVALID_PARENT, "parent",
                      "parent must be of the form %s: \"%s\"", indicator_kind.pattern,
                      batch->parent);
    }
    if (upsert.count == 0 || upsert.count > BATCH_MAX_OBSERVATIONS) {
        return REFUSE(call,
                      upsert.count == 0 ? REASON_FIELD_REQUIRED : REASON_TOO_MANY_OBSERVATIONS,
                      "observations", "observations must be 1 to %d, not %zu",
                      BATCH_MAX_OBSERVATIONS, upsert.count);
    }
    upsert.pending = arena_array(call->arena, upsert.count, sizeof(struct pending));
    for (size_t i = 0; i < upsert.count; i++) {
        TRY(at(call, pending_read(call, batch->parent, &upsert, i, batch->observations[i]), i));
    }
    call->context = &upsert;
    const struct status status = store_all(call, &upsert, &stored);
    call->context = NULL;
    TRY(status);
    answer->n_observations = upsert.count;
    answer->observations = stored;
    return STATUS_NONE;
}
