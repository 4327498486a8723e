/* standard_fields.c - what google.api.field_behavior says of fields (REQUIRED, OUTPUT_ONLY,
 * IMMUTABLE) is checked for any message, by walking schema and message together. */
#include "pb/json.h"
#include "pb/message.h"
#include "pb/rules.h"
#include "serve/reasons.h"
#include "serve/standard.h"

const char *field_path(struct call *call, const char *base, const char *proto_name)
{
    char *name = arena_alloc(call->arena, strlen(proto_name) + 1);
    char *path = name;

    (void)json_name(proto_name, name);
    if (base != NULL) {
        path = arena_printf(call->arena, "%s.%s", base, name);
    }
    return path;
}

/* One field of a message, from both kinds of descriptors. */
struct member {
    const struct schema_field *schema;
    const ProtobufCFieldDescriptor *field;
};

/* Iterates over the fields; false at the end. Start with index 0. */
static bool member_next(const struct call *call, const ProtobufCMessageDescriptor *type,
                        size_t *index, struct member *ret_member)
{
    const struct schema_message *message = schema_message(call->schema, type->name);

    while (message != NULL && *index < message->field_count) {
        const struct schema_field *schema = &message->fields[(*index)++];
        const ProtobufCFieldDescriptor *field = message_field(type, slice_from(schema->name));
        if (field != NULL) {
            *ret_member = (struct member){.schema = schema, .field = field};
            return true;
        }
    }
    return false;
}

static bool member_is_message(const struct member *member)
{
    return member->field->type == PROTOBUF_C_TYPE_MESSAGE && !member->schema->is_map;
}

static bool member_is_child(const struct member *member)
{
    return member_is_message(member) && member->field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* The fields that the store itself keeps on every resource: clients never set them, also where the
 * proto does not say so. */
static bool is_standard(const char *name)
{
    static const char *const names[] = {"name",        "uid",         "revision",
                                        "create_time", "update_time", "etag"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_resource(const struct call *call, const ProtobufCMessageDescriptor *type)
{
    const struct schema_message *message = schema_message(call->schema, type->name);

    return message != NULL && message->resource_pattern != NULL;
}

/* A name selects the resource and an etag is a condition: both have checks of their own, so they
 * are not compared like other output-only fields. */
static bool is_compared_apart(const char *name)
{
    return strcmp(name, "name") == 0 || strcmp(name, "etag") == 0;
}

struct status annotations_check(struct call *call, const ProtobufCMessage *message,
                                const char *field)
{
    return rules_check(call->arena, schema_message(call->schema, message->descriptor->name),
                       message, field, call->now_us);
}

/* True when one of the paths is this one, above it or below it. */
static bool mask_touches(const struct field_mask *mask, const char *path)
{
    const size_t length = strlen(path);

    for (size_t i = 0; mask != NULL && i < mask->count; i++) {
        const char *other = mask->paths[i];
        const size_t other_length = strlen(other);
        const size_t shared = length < other_length ? length : other_length;
        if (strcmp(other, "*") == 0) {
            return true;
        }
        if (strncmp(path, other, shared) == 0 &&
            (length == other_length || (length > shared && path[shared] == '.') ||
             (other_length > shared && other[shared] == '.'))) {
            return true;
        }
    }
    return mask == NULL;
}

/* proto_base is the path of given in proto names; NULL at the top. */
static struct status output_only_walk(struct call *call, const ProtobufCMessage *given,
                                      const ProtobufCMessage *current,
                                      const struct field_mask *mask, const char *proto_base,
                                      const char *base)
{
    const bool resource = is_resource(call, given->descriptor);
    struct member member = {0};

    for (size_t i = 0; member_next(call, given->descriptor, &i, &member);) {
        const char *name = member.schema->name;
        const char *proto_path =
            proto_base == NULL ? name : arena_printf(call->arena, "%s.%s", proto_base, name);
        if (!message_has(given, member.field) || (resource && is_compared_apart(name)) ||
            !mask_touches(mask, proto_path)) {
            continue;
        }
        const bool output_only = (member.schema->behavior & FIELD_OUTPUT_ONLY) != 0;
        const char *path = field_path(call, base, name);
        if (output_only || (resource && is_standard(name))) {
            if (current == NULL || !message_field_equals(given, current, member.field)) {
                return call_refuse(call, REASON_OUTPUT_ONLY_FIELD, path);
            }
        } else if (member_is_child(&member)) {
            TRY(output_only_walk(call, message_child(given, name),
                                 current != NULL ? message_child(current, name) : NULL, mask,
                                 proto_path, path));
        }
    }
    return STATUS_NONE;
}

struct status output_only_check(struct call *call, const ProtobufCMessage *given,
                                const ProtobufCMessage *current, const struct field_mask *mask,
                                const char *field)
{
    return output_only_walk(call, given, current, mask, NULL, field);
}

void output_only_restore(struct call *call, ProtobufCMessage *message,
                         const ProtobufCMessage *current)
{
    const bool resource = is_resource(call, message->descriptor);
    struct member member = {0};

    for (size_t i = 0; member_next(call, message->descriptor, &i, &member);) {
        const char *name = member.schema->name;
        const bool kept =
            (member.schema->behavior & FIELD_OUTPUT_ONLY) != 0 || (resource && is_standard(name));
        const bool has = message_has(message, member.field);
        if (!kept) {
            if (has && member_is_child(&member)) {
                output_only_restore(call, message_child(message, name),
                                    current != NULL ? message_child(current, name) : NULL);
            }
        } else if (current != NULL && message_has(current, member.field)) {
            message_copy_field(message, current, member.field);
        } else if (has) {
            message_clear(message, member.field);
        }
    }
}

struct status immutable_check(struct call *call, const ProtobufCMessage *before,
                              const ProtobufCMessage *after, const char *field)
{
    struct member member = {0};

    for (size_t i = 0; member_next(call, before->descriptor, &i, &member);) {
        const char *name = member.schema->name;
        if (message_field_equals(before, after, member.field)) {
            continue;
        }
        const char *path = field_path(call, field, name);
        if ((member.schema->behavior & FIELD_IMMUTABLE) != 0) {
            return call_refuse(call, REASON_IMMUTABLE_FIELD, path);
        }
        if (member_is_child(&member) && message_has(before, member.field) &&
            message_has(after, member.field)) {
            TRY(immutable_check(call, message_child(before, name), message_child(after, name),
                                path));
        }
    }
    return STATUS_NONE;
}
