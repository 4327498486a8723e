/* standard_write.c - Create, Update and Delete of any kind, inside the writer's savepoint. */
#include "base/ids.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "pb/fieldmask.h"
#include "pb/message.h"
#include "serve/reasons.h"
#include "serve/standard.h"

/* Where one resource stands in a request, for errors. */
struct place {
    const char *field;    /* "cluster", "requests[3].observation" */
    const char *id_field; /* "clusterId", or the field of the name that the id came from */
};

static struct status below(struct call *call, struct status status, const char *field)
{
    return status_below(call->arena, status, field);
}

/* Chooses the id of a new resource. A kind with a rule (make_id) takes no other id; else it is the
 * given one, or a new UUID. */
static struct status id_choose(struct call *call, const struct resource_kind *kind,
                               const void *resource, const char *given, const struct place *place,
                               const char **ret_id)
{
    const char *made = NULL;

    if (given[0] != '\0' && (!id_is_valid(slice_from(given)) || strcmp(given, "-") == 0)) {
        return REFUSE(call, REASON_INVALID_ID, place->id_field,
                      "an id is 1 to 63 of a-z, 0-9 and \"-\", and not \"-\" alone: \"%s\"", given);
    }
    if (kind->make_id != NULL) {
        TRY(below(call, kind->make_id(call, resource, &made), place->field));
        if (given[0] != '\0' && strcmp(given, made) != 0) {
            return REFUSE(call, REASON_INVALID_ID, place->id_field,
                          "the id of this resource is made from its fields: \"%s\", not \"%s\"",
                          made, given);
        }
    } else if (given[0] != '\0') {
        made = given;
    } else {
        char *uuid = arena_alloc(call->arena, UUID_TEXT_BYTES);
        uuid_make(call->now_us, uuid);
        made = uuid;
    }
    *ret_id = made;
    return STATUS_NONE;
}

/* parent/collection/id, with the collection as the pattern spells it. */
static const char *name_make(struct call *call, const struct resource_kind *kind,
                             const char *parent, const char *id)
{
    const char *end = strrchr(kind->pattern, '/');
    const char *start = end;

    while (start > kind->pattern && start[-1] != '/') {
        start--;
    }
    return arena_printf(call->arena, "%s%s%.*s/%s", parent, parent[0] != '\0' ? "/" : "",
                        (int)(end - start), start, id);
}

static struct status name_is_free(struct call *call, const struct resource_kind *kind,
                                  const char *name)
{
    void *found = NULL;

    TRY(resource_find(call->tx, kind, name, &found));
    if (found != NULL) {
        return status_make(call->arena, REASON_RESOURCE_EXISTS, NULL, "%s exists already", name);
    }
    return STATUS_NONE;
}

/* Creates one resource. The message is changed: it gets its name, what the kind's prepare() adds,
 * and its standard fields. */
static struct status create_core(struct call *call, const struct resource_kind *kind,
                                 const char *parent, const char *given_id, void *resource,
                                 const struct place *place)
{
    const char *given_name = message_string(resource, "name");
    const char *etag_field = field_path(call, place->field, "etag");
    const char *id = NULL;

    TRY(parent_check(call, kind, parent, false));
    TRY(output_only_check(call, resource, NULL, NULL, place->field));
    TRY(annotations_check(call, resource, place->field));
    TRY(id_choose(call, kind, resource, given_id, place, &id));
    const char *name = name_make(call, kind, parent, id);
    if (given_name[0] != '\0' && strcmp(given_name, name) != 0) {
        return REFUSE(call, REASON_OUTPUT_ONLY_FIELD, field_path(call, place->field, "name"),
                      "the name of this resource will be %s, not %s", name, given_name);
    }
    TRY(name_is_free(call, kind, name));
    TRY(etag_check(call, "", message_string(resource, "etag"), etag_field));
    if (call->if_match[0] != '\0') {
        return status_make(call->arena, REASON_ETAG_MISMATCH, NULL, "%s does not exist yet", name);
    }
    output_only_restore(call, resource, NULL);
    (void)message_set_string(resource, "name", name);
    if (kind->prepare != NULL) {
        TRY(below(call, kind->prepare(call, NULL, resource), place->field));
    }
    return resource_create(call->tx, kind, resource);
}

/* A client may send back what it has read, with fields that only the server sets; those must be as
 * they are. Fields that are computed when a resource is read (complete) are computed here to be
 * compared. */
static struct status output_only_judge(struct call *call, const struct resource_kind *kind,
                                       const void *given, const void *current,
                                       const struct field_mask *mask, const char *field)
{
    const struct status status = output_only_check(call, given, current, mask, field);

    if (status.code == STATUS_OK || kind->complete == NULL) {
        return status;
    }
    void *completed = message_clone(call->arena, current);
    TRY(kind->complete(call, completed));
    return output_only_check(call, given, completed, mask, field);
}

static struct status is_unchanged(struct call *call, const struct resource_kind *kind,
                                  const void *before, const void *after, bool *ret_unchanged)
{
    *ret_unchanged = message_equals(before, after);
    if (*ret_unchanged || kind->is_unchanged == NULL) {
        return STATUS_NONE;
    }
    return kind->is_unchanged(call, before, after, ret_unchanged);
}

/* Updates one resource: merges what the mask names, judges the result, stores it. ret_stored is
 * current when nothing changes: an equal resource makes no new revision. */
static struct status update_core(struct call *call, const struct resource_kind *kind,
                                 const void *current, const void *given,
                                 const struct field_mask *mask, const struct place *place,
                                 const void **ret_stored)
{
    const char *etag_field = field_path(call, place->field, "etag");
    bool unchanged = false;

    TRY(etag_check(call, message_string(current, "etag"), message_string(given, "etag"),
                   etag_field));
    TRY(output_only_judge(call, kind, given, current, mask, place->field));
    void *merged = message_clone(call->arena, current);
    TRY(fieldmask_merge(call->arena, merged, given, mask->paths, mask->count));
    output_only_restore(call, merged, current);
    TRY(immutable_check(call, current, merged, place->field));
    TRY(annotations_check(call, merged, place->field));
    TRY(below(call, is_unchanged(call, kind, current, merged, &unchanged), place->field));
    if (!unchanged && kind->prepare != NULL) {
        TRY(below(call, kind->prepare(call, current, merged), place->field));
        TRY(below(call, is_unchanged(call, kind, current, merged, &unchanged), place->field));
    }
    *ret_stored = current;
    if (!unchanged) {
        TRY(resource_update(call->tx, kind, merged));
        *ret_stored = merged;
    }
    return STATUS_NONE;
}

/* A path of a mask with proto names: "display_name.vi" of "displayName.vi". */
static char *path_to_proto(struct arena *arena, const char *path)
{
    char *proto = arena_array(arena, strlen(path) + 1, 2);
    char *end = proto;

    for (; *path != '\0'; path++) {
        const bool upper = *path >= 'A' && *path <= 'Z';
        if (upper) {
            *end++ = '_';
        }
        *end++ = upper ? (char)(*path - 'A' + 'a') : *path;
    }
    return proto;
}

static struct status mask_read(struct call *call, const struct resource_kind *kind,
                               const void *request, const void *resource,
                               struct field_mask *ret_mask)
{
    const Google__Protobuf__FieldMask *given = message_child(request, "update_mask");
    struct field_mask mask = {0};

    if (given == NULL || (given->n_paths == 0 && !call->mask_is_implied)) {
        return fieldmask_from_present(call->arena, resource, &ret_mask->paths, &ret_mask->count);
    }
    struct status status = fieldmask_check(call->arena, kind->type, given->paths, given->n_paths);
    if (status.code != STATUS_OK) {
        status.field = "updateMask";
        return status;
    }
    mask.paths = arena_array(call->arena, given->n_paths, sizeof(*mask.paths));
    for (; mask.count < given->n_paths; mask.count++) {
        mask.paths[mask.count] = path_to_proto(call->arena, given->paths[mask.count]);
    }
    *ret_mask = mask;
    return STATUS_NONE;
}

/* The resource in the request; INVALID_ARGUMENT FIELD_REQUIRED when there is none. */
static struct status resource_of(struct call *call, const void *request, const char *field,
                                 void **ret_resource)
{
    void *resource = message_child(request, call->method->kind->singular);

    if (resource == NULL) {
        return call_refuse(call, REASON_FIELD_REQUIRED, field);
    }
    *ret_resource = resource;
    return STATUS_NONE;
}

struct status standard_create(struct call *call, const void *request, void *response)
{
    const struct resource_kind *kind = call->method->kind;
    const char *id_name = arena_printf(call->arena, "%s_id", kind->singular);
    void *resource = NULL;

    const struct place place = {.field = field_path(call, NULL, kind->singular),
                                .id_field = field_path(call, NULL, id_name)};
    TRY(resource_of(call, request, place.field, &resource));
    TRY(create_core(call, kind, message_string(request, "parent"), message_string(request, id_name),
                    resource, &place));
    return resource_answer(call, kind, resource, response);
}

/* Creates what an update with allowMissing, or an upsert, did not find. Parent and id are taken
 * from the name. */
static struct status create_named(struct call *call, const struct resource_kind *kind,
                                  const char *name, void *resource, const struct place *place)
{
    const char *parent = resource_parent(call->arena, name);

    return create_core(call, kind, parent, resource_id(name), resource, place);
}

struct status standard_update(struct call *call, const void *request, void *response)
{
    const struct resource_kind *kind = call->method->kind;
    struct place place = {.field = field_path(call, NULL, kind->singular)};
    struct field_mask mask = {0};
    void *given = NULL;
    void *current = NULL;
    const void *stored = NULL;

    place.id_field = field_path(call, place.field, "name");
    TRY(resource_of(call, request, place.field, &given));
    const char *name = message_string(given, "name");
    TRY(name_check(call, kind, place.id_field, name));
    TRY(mask_read(call, kind, request, given, &mask));
    TRY(resource_find(call->tx, kind, name, &current));
    if (current != NULL) {
        TRY(update_core(call, kind, current, given, &mask, &place, &stored));
        return resource_answer(call, kind, stored, response);
    }
    if (message_int(request, "allow_missing", 0) == 0) {
        return resource_get(call->tx, kind, name, &current); /* NOT_FOUND, in its words */
    }
    TRY(create_named(call, kind, name, given, &place));
    return resource_answer(call, kind, given, response);
}

struct status standard_upsert(struct call *call, const struct resource_kind *kind,
                              const char *parent, const void *resource, const char *field,
                              void **ret_stored)
{
    const struct place place = {.field = field, .id_field = field_path(call, field, "name")};
    void *given = message_clone(call->arena, resource);
    struct field_mask mask = {0};
    void *current = NULL;
    const void *stored = given;
    const char *id = NULL;

    const char *name = message_string(given, "name");
    if (name[0] != '\0') {
        TRY(name_check(call, kind, place.id_field, name));
        const char *own_parent = resource_parent(call->arena, name);
        if (strcmp(own_parent, parent) != 0) {
            return REFUSE(call, REASON_INVALID_NAME, place.id_field, "%s is not in %s", name,
                          parent);
        }
    } else {
        TRY(parent_check(call, kind, parent, false));
        TRY(annotations_check(call, given, field));
        TRY(id_choose(call, kind, given, "", &place, &id));
        name = name_make(call, kind, parent, id);
    }
    TRY(resource_find(call->tx, kind, name, &current));
    if (current == NULL) {
        TRY(create_named(call, kind, name, given, &place));
    } else {
        TRY(fieldmask_from_present(call->arena, given, &mask.paths, &mask.count));
        TRY(update_core(call, kind, current, given, &mask, &place, &stored));
    }
    *ret_stored = (void *)stored;
    return STATUS_NONE;
}

struct status standard_store(struct call *call, const struct resource_kind *kind, void *resource,
                             void *response)
{
    void *current = NULL;

    TRY(resource_get(call->tx, kind, message_string(resource, "name"), &current));
    if (message_equals(current, resource)) {
        return resource_answer(call, kind, current, response);
    }
    TRY(resource_update(call->tx, kind, resource));
    return resource_answer(call, kind, resource, response);
}

struct status standard_delete(struct call *call, const void *request, void *response)
{
    const struct resource_kind *kind = call->method->kind;
    const char *name = message_string(request, "name");
    const char *child = NULL;
    void *current = NULL;

    (void)response;
    TRY(name_check(call, kind, "name", name));
    TRY(resource_find(call->tx, kind, name, &current));
    if (current == NULL && message_int(request, "allow_missing", 0) != 0) {
        return etag_check(call, "", message_string(request, "etag"), "etag");
    }
    if (current == NULL) {
        return resource_get(call->tx, kind, name, &current); /* NOT_FOUND, in its words */
    }
    TRY(etag_check(call, message_string(current, "etag"), message_string(request, "etag"), "etag"));
    TRY(resource_any_child(call->tx, name, &child));
    if (child != NULL) {
        return REFUSE(call, REASON_HAS_CHILDREN, NULL,
                      "%s cannot be deleted while there are resources below it, such as %s", name,
                      child);
    }
    if (kind->prepare_delete != NULL) {
        TRY(kind->prepare_delete(call, current));
    }
    return resource_delete(call->tx, kind, name);
}
