/* standard.c - Get, List and history of any kind, and what the standard writes share with them. */
#include "serve/standard.h"

#include "pb/message.h"
#include "pb/timestamp.h"

/* Seconds of the years 0001 to 9999, as a Timestamp may hold. */
static const int64_t TIME_MIN_SECONDS = -62135596800;
static const int64_t TIME_MAX_SECONDS = 253402300799;

struct status name_check(struct call *call, const struct resource_kind *kind, const char *field,
                         const char *name)
{
    if (name[0] == '\0') {
        return INVALID(call, "FIELD_REQUIRED", field, "%s is required", field);
    }
    if (!resource_name_matches(kind->pattern, name)) {
        return INVALID(call, "INVALID_NAME", field, "%s must be of the form %s: \"%s\"", field,
                       kind->pattern, name);
    }
    return STATUS_NONE;
}

const struct resource_kind *kind_of_name(const struct service *service, const char *name)
{
    for (size_t i = 0; i < service->kind_count; i++) {
        if (resource_name_matches(service->kinds[i]->pattern, name)) {
            return service->kinds[i];
        }
    }
    return NULL;
}

/* What comes before the first collection of which any member is asked for; all without one. */
static struct status fixed_part(struct call *call, const char *parent, const char **ret_fixed)
{
    struct slice rest = slice_from(parent);
    size_t collection = 0; /* where the collection of the current id starts */
    size_t start = 0;

    for (unsigned segment = 0; start <= rest.length; segment++) {
        const char *slash = memchr(rest.data + start, '/', rest.length - start);
        const size_t end = slash != NULL ? (size_t)(slash - rest.data) : rest.length;
        if (segment % 2 == 0) {
            collection = start;
        } else if (end - start == 1 && rest.data[start] == '-') {
            rest.length = collection > 0 ? collection - 1 : 0;
            break;
        }
        start = end + 1;
    }
    *ret_fixed = arena_copy(call->arena, rest);
    return STATUS_NONE;
}

static struct status parent_exists(struct call *call, const char *parent)
{
    const struct resource_kind *kind = kind_of_name(call->service, parent);
    void *found = NULL;

    if (kind == NULL) { /* of another service, or no resource at all */
        return STATUS_NONE;
    }
    TRY(resource_find(call->tx, kind, parent, &found));
    if (found == NULL) {
        return status_make(call->arena, STATUS_NOT_FOUND, "PARENT_NOT_FOUND", "parent",
                           "%s does not exist", parent);
    }
    return STATUS_NONE;
}

struct status parent_check(struct call *call, const struct resource_kind *kind, const char *parent,
                           bool wildcards)
{
    const char *pattern = resource_parent(call->arena, kind->pattern);
    const char *fixed = parent;

    if (pattern[0] == '\0' && parent[0] == '\0') {
        return STATUS_NONE;
    }
    if (pattern[0] == '\0' || (parent[0] != '\0' && !resource_name_matches(pattern, parent))) {
        return INVALID(call, "INVALID_PARENT", "parent", "parent must be %s%s: \"%s\"",
                       pattern[0] == '\0' ? "empty" : "of the form ", pattern, parent);
    }
    if (parent[0] == '\0') {
        return INVALID(call, "FIELD_REQUIRED", "parent", "parent is required");
    }
    if (wildcards) {
        TRY(fixed_part(call, parent, &fixed));
    }
    return fixed[0] != '\0' ? parent_exists(call, fixed) : STATUS_NONE;
}

struct status etag_check(struct call *call, const char *current, const char *etag,
                         const char *field)
{
    static const char text[] = "the resource has changed: its etag is not \"%s\"";

    if (etag != NULL && etag[0] != '\0' && strcmp(etag, current) != 0) {
        return status_make(call->arena, STATUS_ABORTED, "ETAG_MISMATCH", field, text, etag);
    }
    /* "*" is any etag, but not none (RFC 9110, 13.1.1). */
    if (strcmp(call->if_match, "*") == 0 && current[0] == '\0') {
        return status_make(call->arena, STATUS_ABORTED, "ETAG_MISMATCH", NULL,
                           "the resource does not exist");
    }
    if (call->if_match[0] != '\0' && strcmp(call->if_match, "*") != 0 &&
        strcmp(call->if_match, current) != 0) {
        return status_make(call->arena, STATUS_ABORTED, "ETAG_MISMATCH", NULL, text,
                           call->if_match);
    }
    return STATUS_NONE;
}

struct status resource_answer(struct call *call, const struct resource_kind *kind,
                              const void *resource, void *response)
{
    ProtobufCMessage *message = response;
    const bool is_field = message->descriptor != kind->type;

    if (is_field) {
        message = message_new(call->arena, kind->type);
        if (!message_set_child(response, kind->singular, message)) {
            return status_make(call->arena, STATUS_INTERNAL, "RESPONSE_TYPE", NULL,
                               "%s answers without %s", call->method->name, kind->singular);
        }
    }
    memcpy(message, resource, kind->type->sizeof_message);
    return kind->complete != NULL ? kind->complete(call, message) : STATUS_NONE;
}

bool is_time(const Google__Protobuf__Timestamp *time)
{
    return time->seconds >= TIME_MIN_SECONDS && time->seconds <= TIME_MAX_SECONDS &&
           time->nanos >= 0 && time->nanos <= 999999999;
}

struct status standard_as_of(struct call *call, const void *request)
{
    const Google__Protobuf__Timestamp *time = message_child(request, "as_of");

    if (time == NULL) {
        return STATUS_NONE;
    }
    if (!is_time(time)) {
        return INVALID(call, "INVALID_TIME", "asOf", "asOf is no time of the years 0001 to 9999");
    }
    return tx_set_as_of(call->tx, time_unwrap(time));
}

struct status standard_get(struct call *call, const void *request, void *response)
{
    const struct resource_kind *kind = call->method->kind;
    const char *name = message_string(request, "name");
    void *resource = NULL;

    TRY(name_check(call, kind, "name", name));
    TRY(standard_as_of(call, request));
    if (kind->complete == NULL) {
        return resource_get_packed(call->tx, kind, name, &call->packed_response);
    }
    TRY(resource_get(call->tx, kind, name, &resource));
    return resource_answer(call, kind, resource, response);
}

struct status standard_list(struct call *call, const void *request, void *response)
{
    const struct resource_kind *kind = call->method->kind;
    const struct resource_page page = {
        .parent = message_string(request, "parent"),
        .page_size = (int32_t)message_int(request, "page_size", 0),
        .page_token = message_string(request, "page_token"),
        .filter = message_string(request, "filter"),
        .order_by = message_string(request, "order_by"),
    };
    ProtobufCMessage **messages = NULL;
    size_t count = 0;
    const char *next = "";

    TRY(standard_as_of(call, request));
    TRY(parent_check(call, kind, page.parent, true));
    TRY(resource_list(call->tx, kind, &page, &messages, &count, &next));
    for (size_t i = 0; kind->complete != NULL && i < count; i++) {
        TRY(kind->complete(call, messages[i]));
    }
    if (!message_set_list(response, kind->plural, messages, count) ||
        !message_set_string(response, "next_page_token", next)) {
        return status_make(call->arena, STATUS_INTERNAL, "RESPONSE_TYPE", NULL,
                           "%s answers without %s or next_page_token", call->method->name,
                           kind->plural);
    }
    return STATUS_NONE;
}

static bool set_time(struct call *call, ProtobufCMessage *message, const char *field,
                     int64_t time_us)
{
    return message_set_child(message, field, time_wrap(call->arena, time_us));
}

/* The Revision message of one row; NULL when a field of it is missing. */
static ProtobufCMessage *revision_message(struct call *call, const struct resource_kind *kind,
                                          const ProtobufCMessageDescriptor *type,
                                          const struct resource_revision *row)
{
    ProtobufCMessage *message = message_new(call->arena, type);

    if (!message_set_int(message, "revision", row->revision) ||
        !set_time(call, message, "record_time", row->from_time_us) ||
        (row->to_seq != 0 && !set_time(call, message, "end_time", row->to_time_us)) ||
        !message_set_int(message, "deleted", row->deleted) ||
        !message_set_string(message, "actor", row->actor) ||
        !message_set_string(message, "method", row->method) ||
        !message_set_child(message, kind->singular, row->message)) {
        return NULL;
    }
    return message;
}

struct status standard_history(struct call *call, const void *request, void *response)
{
    const ProtobufCMessage *answer = response;
    const ProtobufCFieldDescriptor *field =
        message_field(answer->descriptor, slice_from("revisions"));
    const char *name = message_string(request, "name");
    const struct resource_kind *kind = kind_of_name(call->service, name);
    struct resource_revision *rows = NULL;
    size_t count = 0;
    const char *next = "";

    if (kind == NULL) {
        return INVALID(call, "INVALID_NAME", "name",
                       "name is of no resource of this service: \"%s\"", name);
    }
    TRY(resource_history(call->tx, kind, name, (int32_t)message_int(request, "page_size", 0),
                         message_string(request, "page_token"), &rows, &count, &next));
    ProtobufCMessage **messages = arena_array(call->arena, count, sizeof(ProtobufCMessage *));
    for (size_t i = 0; i < count; i++) {
        messages[i] =
            field != NULL ? revision_message(call, kind, field->descriptor, &rows[i]) : NULL;
        if (messages[i] == NULL) {
            return status_make(call->arena, STATUS_INTERNAL, "RESPONSE_TYPE", NULL,
                               "%s answers without revisions of %s", call->method->name,
                               kind->plural);
        }
    }
    (void)message_set_list(response, "revisions", messages, count);
    (void)message_set_string(response, "next_page_token", next);
    return STATUS_NONE;
}

struct status standard_load(struct call *call, const struct resource_kind *kind, const char *name,
                            const char *etag, void **ret_resource)
{
    void *resource = NULL;

    TRY(name_check(call, kind, "name", name));
    TRY(resource_get(call->tx, kind, name, &resource));
    TRY(etag_check(call, message_string(resource, "etag"), etag, "etag"));
    *ret_resource = resource;
    return STATUS_NONE;
}
