/* fieldmask.c - paths walked step by step, in the type and in two messages at once. */
#include "pb/fieldmask.h"

#include "base/text.h"
#include "pb/field.h"
#include "pb/json_string.h"
#include "pb/message.h"
#include "pb/wellknown.h"

#include <string.h>

enum { PATH_SHOWN_BYTES = 200 };

static struct status refuse(struct arena *arena, struct slice path, const char *why)
{
    const bool is_shown = path.length <= PATH_SHOWN_BYTES && utf8_is_valid(path);

    return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_FIELD_MASK", "updateMask",
                       "the path \"%.*s\" of the field mask %s", is_shown ? (int)path.length : 0,
                       path.data, why);
}

/* Takes the step in front of the path. */
static struct slice take_step(struct slice *path)
{
    const char *dot = path->length > 0 ? memchr(path->data, '.', path->length) : NULL;
    const struct slice step = {.data = path->data,
                               .length = dot != NULL ? (size_t)(dot - path->data) : path->length};
    const size_t taken = dot != NULL ? step.length + 1 : step.length;

    path->data += taken;
    path->length -= taken;
    return step;
}

static bool is_open(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && !field_is_repeated(field) &&
           wellknown_of(field->descriptor) == WELLKNOWN_NONE;
}

static struct status check_path(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                struct slice path)
{
    struct slice rest = path;

    /* A dot at the end leaves an empty last step, which is no field. */
    if (path.length > 0 && path.data[path.length - 1] == '.') {
        return refuse(arena, path, "ends with a dot");
    }
    for (;;) {
        const ProtobufCFieldDescriptor *field = json_field(type, take_step(&rest));
        if (field == NULL) {
            return refuse(arena, path, "leads to no field");
        }
        if (rest.length == 0) {
            return STATUS_NONE;
        }
        if (!is_open(field)) {
            return refuse(arena, path, "goes on below a field that has no fields of its own");
        }
        type = field->descriptor;
    }
}

struct status fieldmask_check(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct slice path = slice_from(paths[i]);
        if (slice_is(path, "*")) {
            if (count > 1) {
                return refuse(arena, path, "stands beside others, but it means all");
            }
            return STATUS_NONE;
        }
        TRY(check_path(arena, type, path));
    }
    return STATUS_NONE;
}

struct status fieldmask_from_present(struct arena *arena, const ProtobufCMessage *message,
                                     char ***ret_paths, size_t *ret_count)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    char **paths = arena_array(arena, type->n_fields, sizeof(paths[0]));
    size_t count = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (message_has(message, &type->fields[i])) {
            paths[count++] = arena_strdup(arena, type->fields[i].name);
        }
    }
    *ret_paths = paths;
    *ret_count = count;
    return STATUS_NONE;
}

/* to's child becomes a copy of its own, since the old one may be shared. */
static struct status own_child(struct arena *arena, ProtobufCMessage *to,
                               const ProtobufCFieldDescriptor *field, ProtobufCMessage **ret_child)
{
    const ProtobufCMessage *old = message_child(to, field->name);
    ProtobufCMessage *child = message_new(arena, field->descriptor);

    if (old != NULL) {
        memcpy(child, old, old->descriptor->sizeof_message);
    }
    (void)message_set_child(to, field->name, child);
    *ret_child = child;
    return STATUS_NONE;
}

/* from may be NULL: a message that is unset has no fields. */
static struct status merge_path(struct arena *arena, ProtobufCMessage *to,
                                const ProtobufCMessage *from, struct slice path)
{
    for (;;) {
        const ProtobufCFieldDescriptor *field = json_field(to->descriptor, take_step(&path));
        if (field == NULL) {
            return STATUS_NONE;
        }
        if (path.length == 0) {
            if (from != NULL) {
                message_copy_field(to, from, field);
            } else {
                message_clear(to, field);
            }
            return STATUS_NONE;
        }
        from = from != NULL ? message_child(from, field->name) : NULL;
        if (from == NULL && message_child(to, field->name) == NULL) {
            return STATUS_NONE;
        }
        TRY(own_child(arena, to, field, &to));
    }
}

struct status fieldmask_merge(struct arena *arena, ProtobufCMessage *to,
                              const ProtobufCMessage *from, char *const *paths, size_t count)
{
    const ProtobufCMessageDescriptor *type = to->descriptor;

    if (count == 1 && strcmp(paths[0], "*") == 0) {
        for (unsigned i = 0; i < type->n_fields; i++) {
            message_copy_field(to, from, &type->fields[i]);
        }
        return STATUS_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(merge_path(arena, to, from, slice_from(paths[i])));
    }
    return STATUS_NONE;
}
