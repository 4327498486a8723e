/* schema_options.c - annotations are extensions of the options messages. protobuf-c does not know
 * them and keeps them as unknown fields, where they are found by their numbers. */
#include "pb/schema_options.h"

#include "dongkhoi/type/v1/rules.pb-c.h"
#include "google/api/http.pb-c.h"
#include "google/api/resource.pb-c.h"
#include "pb/decode.h"
#include "pb/wire.h"

#include <assert.h>
#include <regex.h>

enum extension {
    EXTENSION_FIELD_BEHAVIOR = 1052,
    EXTENSION_RESOURCE = 1053,
    EXTENSION_RESOURCE_REFERENCE = 1055,
    EXTENSION_RULES = 50483,
    EXTENSION_BATCHING = 50484,
    EXTENSION_HTTP = 72295728,
};

struct status schema_invalid(struct arena *arena, const char *problem, const char *name)
{
    return status_make(arena, REASON_INVALID_SCHEMA, NULL, "the schema %s: %s", problem, name);
}

static struct slice unknown_bytes(const ProtobufCMessageUnknownField *unknown)
{
    return (struct slice){.data = (const char *)unknown->data, .length = unknown->len};
}

/* google.api.FieldBehavior has more values; they are none of ours. */
static unsigned behavior_bit(uint64_t value)
{
    static const unsigned bits[] = {
        0, FIELD_OPTIONAL, FIELD_REQUIRED, FIELD_OUTPUT_ONLY, FIELD_INPUT_ONLY, FIELD_IMMUTABLE,
    };

    return value < sizeof(bits) / sizeof(bits[0]) ? bits[value] : 0;
}

unsigned options_behavior(const ProtobufCMessage *options)
{
    unsigned behavior = 0;

    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *unknown = &options->unknown_fields[i];
        struct slice rest = unknown_bytes(unknown);
        uint64_t value = 0;
        if (unknown->tag != EXTENSION_FIELD_BEHAVIOR) {
            continue;
        }
        /* Packed values come behind their length. */
        if (unknown->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            (void)wire_take_varint(&rest, &value);
        }
        while (wire_take_varint(&rest, &value)) {
            behavior |= behavior_bit(value);
        }
    }
    return behavior;
}

/* An extension may come in several parts; their bytes one after the other are the whole message.
 * NULL when there is none. */
static struct status extension_unpack(struct arena *arena, struct arena *scratch,
                                      const ProtobufCMessage *options, enum extension extension,
                                      const ProtobufCMessageDescriptor *type, void **ret_message)
{
    ProtobufCAllocator allocator = arena_allocator(scratch);
    size_t length = 0;
    bool found = false;

    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        length += options->unknown_fields[i].len;
    }
    char *bytes = arena_alloc(scratch, length);
    length = 0;
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        struct slice rest = unknown_bytes(&options->unknown_fields[i]);
        uint64_t size = 0;
        if (options->unknown_fields[i].tag != extension || !wire_take_varint(&rest, &size)) {
            continue;
        }
        found = true;
        if (rest.length > 0) {
            memcpy(bytes + length, rest.data, rest.length);
        }
        length += rest.length;
    }
    if (!found) {
        return STATUS_NONE;
    }
    void *message = protobuf_c_message_unpack(type, &allocator, length, (const uint8_t *)bytes);
    if (message == NULL) {
        return schema_invalid(arena, "has a broken option", type->name);
    }
    *ret_message = message;
    return STATUS_NONE;
}

/* A copy; NULL for "" as for NULL. */
static struct status copy_text(struct arena *arena, const char *text, const char **ret_copy)
{
    const char *copy = NULL;

    if (text != NULL && text[0] != '\0') {
        copy = arena_strdup(arena, text);
    }
    *ret_copy = copy;
    return STATUS_NONE;
}

struct status options_resource(struct arena *arena, struct arena *scratch,
                               const ProtobufCMessage *options, const char **ret_type,
                               const char **ret_pattern)
{
    void *message = NULL;

    TRY(extension_unpack(arena, scratch, options, EXTENSION_RESOURCE,
                         &google__api__resource_descriptor__descriptor, &message));
    const Google__Api__ResourceDescriptor *resource = message;
    if (resource == NULL) {
        return STATUS_NONE;
    }
    TRY(copy_text(arena, resource->type, ret_type));
    return copy_text(arena, resource->n_pattern > 0 ? resource->pattern[0] : NULL, ret_pattern);
}

struct status options_reference(struct arena *arena, struct arena *scratch,
                                const ProtobufCMessage *options, const char **ret_type)
{
    void *message = NULL;

    TRY(extension_unpack(arena, scratch, options, EXTENSION_RESOURCE_REFERENCE,
                         &google__api__resource_reference__descriptor, &message));
    const Google__Api__ResourceReference *reference = message;
    if (reference == NULL) {
        return STATUS_NONE;
    }
    const bool has_type = reference->type != NULL && reference->type[0] != '\0';
    return copy_text(arena, has_type ? reference->type : reference->child_type, ret_type);
}

static_assert((int)BATCHING_WITH_READS == DONGKHOI__TYPE__V1__BATCHING__WITH_READS, "numbers");
static_assert((int)BATCHING_WITH_WRITES == DONGKHOI__TYPE__V1__BATCHING__WITH_WRITES, "numbers");
static_assert((int)FORMAT_DATE == DONGKHOI__TYPE__V1__FIELD_RULES__FORMAT__DATE, "numbers");
static_assert((int)FORMAT_MONTH == DONGKHOI__TYPE__V1__FIELD_RULES__FORMAT__MONTH, "numbers");
static_assert((int)FORMAT_URI == DONGKHOI__TYPE__V1__FIELD_RULES__FORMAT__URI, "numbers");

/* As the whole of a text: "^(pattern)$". */
static struct status pattern_fill(struct arena *arena, const Dongkhoi__Type__V1__FieldRules *from,
                                  struct schema_rules *rules)
{
    regex_t regex;

    if (from->pattern[0] == '\0') {
        return STATUS_NONE;
    }
    rules->pattern = arena_printf(arena, "^(%s)$", from->pattern);
    if (regcomp(&regex, rules->pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        return schema_invalid(arena, "has a pattern that is none", from->pattern);
    }
    regfree(&regex);
    return STATUS_NONE;
}

static struct status reason_copy(struct arena *arena, const char *reason, const char *fallback,
                                 const char **ret_reason)
{
    return copy_text(arena, reason[0] != '\0' ? reason : fallback, ret_reason);
}

struct status options_rules(struct arena *arena, struct arena *scratch,
                            const ProtobufCMessage *options, const struct schema_rules **ret_rules)
{
    void *message = NULL;

    TRY(extension_unpack(arena, scratch, options, EXTENSION_RULES,
                         &dongkhoi__type__v1__field_rules__descriptor, &message));
    const Dongkhoi__Type__V1__FieldRules *from = message;
    if (from == NULL) {
        return STATUS_NONE;
    }
    struct schema_rules *rules = ARENA_NEW(arena, struct schema_rules);
    rules->max_length = from->max_length;
    rules->format = (enum schema_format)from->format;
    rules->past = from->past;
    if (from->range != NULL) {
        rules->has_range = true;
        rules->minimum = from->range->minimum;
        rules->maximum = from->range->maximum;
    }
    TRY(reason_copy(arena, from->required_reason, "FIELD_REQUIRED", &rules->required_reason));
    TRY(reason_copy(arena, from->pattern_reason, "INVALID_VALUE", &rules->pattern_reason));
    TRY(pattern_fill(arena, from, rules));
    *ret_rules = rules;
    return STATUS_NONE;
}

enum schema_batching options_batching(const ProtobufCMessage *options)
{
    uint64_t value = BATCHING_ALONE;

    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        struct slice rest = unknown_bytes(&options->unknown_fields[i]);
        if (options->unknown_fields[i].tag == EXTENSION_BATCHING) {
            (void)wire_take_varint(&rest, &value);
        }
    }
    return value <= BATCHING_WITH_WRITES ? (enum schema_batching)value : BATCHING_ALONE;
}

static struct status route_fill(struct arena *arena, const Google__Api__HttpRule *rule,
                                struct schema_route *route)
{
    const char *path = NULL;

    switch ((int)rule->pattern_case) {
    case GOOGLE__API__HTTP_RULE__PATTERN_GET:
        route->verb = "GET";
        path = rule->get;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PUT:
        route->verb = "PUT";
        path = rule->put;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_POST:
        route->verb = "POST";
        path = rule->post;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_DELETE:
        route->verb = "DELETE";
        path = rule->delete_;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PATCH:
        route->verb = "PATCH";
        path = rule->patch;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_CUSTOM:
        TRY(copy_text(arena, rule->custom->kind, &route->verb));
        path = rule->custom->path;
        break;
    default:
        break;
    }
    TRY(copy_text(arena, path, &route->path));
    TRY(copy_text(arena, rule->body, &route->body));
    route->body = route->body != NULL ? route->body : "";
    if (route->verb == NULL || route->path == NULL) {
        return schema_invalid(arena, "has a route without verb or path", rule->selector);
    }
    return STATUS_NONE;
}

struct status options_routes(struct arena *arena, struct arena *scratch,
                             const ProtobufCMessage *options,
                             const struct schema_route **ret_routes, size_t *ret_count)
{
    void *message = NULL;

    TRY(extension_unpack(arena, scratch, options, EXTENSION_HTTP,
                         &google__api__http_rule__descriptor, &message));
    const Google__Api__HttpRule *rule = message;
    if (rule == NULL) {
        return STATUS_NONE;
    }
    const size_t count = 1 + rule->n_additional_bindings;
    struct schema_route *routes = arena_array(arena, count, sizeof(*routes));
    TRY(route_fill(arena, rule, &routes[0]));
    for (size_t i = 1; i < count; i++) {
        TRY(route_fill(arena, rule->additional_bindings[i - 1], &routes[i]));
    }
    *ret_routes = routes;
    *ret_count = count;
    return STATUS_NONE;
}
