/* transcode.c - body first, then path, then query: each may only add to those before it. */
#include "transcode.h"

#include "base/text.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "http/http_head.h"
#include "pb/json.h"
#include "pb/message.h"

#include <string.h>
#include <strings.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return (c | 0x20) - 'a' + 10;
}

bool percent_decode(struct arena *arena, struct slice text, bool plus_is_space,
                    struct slice *ret_text)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;

    *ret_text = (struct slice){0};
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (c == '%' && i + 2 < text.length) {
            c = (char)(hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[length++] = c;
    }
    out[length] = '\0';
    *ret_text = (struct slice){out, length};
    return utf8_is_valid(*ret_text) && memchr(out, '\0', length) == NULL;
}

/* The text of the segments of a variable, decoded. A slash that comes out of an escape would name
 * another resource than the path does. */
static struct status variable_text(struct arena *arena, const struct router_match *match,
                                   const struct route_variable *variable, struct slice *ret_text)
{
    const struct slice first = match->segments[variable->first];
    const struct slice last = match->segments[variable->first + variable->count - 1];
    const struct slice raw = {first.data, (size_t)(last.data + last.length - first.data)};

    if (memchr(raw.data, '%', raw.length) == NULL) {
        const char *copy = arena_copy(arena, raw);

        *ret_text = (struct slice){copy, raw.length};
        return STATUS_NONE;
    }
    bool valid = percent_decode(arena, raw, false, ret_text);
    unsigned slashes = 0;
    for (size_t i = 0; i < ret_text->length; i++) {
        slashes += ret_text->data[i] == '/';
        valid = valid && (unsigned char)ret_text->data[i] >= ' ' && ret_text->data[i] != 0x7f;
    }
    if (!valid || slashes + 1 != variable->count) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_PATH", NULL,
                           "a segment of the path is no text, or has a slash in it");
    }
    return STATUS_NONE;
}

/* What the body says of a path-bound string; "" when nothing. */
static const char *text_in_body(const ProtobufCMessage *message, const char *path)
{
    char name[64];
    const char *dot = strchr(path, '.');

    while (dot != NULL && message != NULL) {
        const size_t length = (size_t)(dot - path);

        if (length >= sizeof(name)) {
            return "";
        }
        memcpy(name, path, length);
        name[length] = '\0';
        message = message_child(message, name);
        path = dot + 1;
        dot = strchr(path, '.');
    }
    return message != NULL ? message_string(message, path) : "";
}

static struct status apply_path(struct arena *arena, const struct transcode_source *source,
                                ProtobufCMessage *message)
{
    const struct route *route = source->match->route;

    for (unsigned i = 0; i < route->variable_count; i++) {
        const struct route_variable *variable = &route->variables[i];
        struct slice text = {0};

        TRY(variable_text(arena, source->match, variable, &text));
        const char *said = text_in_body(message, variable->field);
        if (said[0] != '\0' && !slice_is(text, said)) {
            const char *field = strrchr(variable->field, '.');

            return status_make(arena, STATUS_INVALID_ARGUMENT, "PATH_CONFLICT",
                               field != NULL ? field + 1 : variable->field,
                               "%s in the body is not that of the path, %s",
                               field != NULL ? field + 1 : variable->field, text.data);
        }
        TRY(json_set_from_text(arena, message, slice_from(variable->field), text));
    }
    return STATUS_NONE;
}

/* JSON is UTF-8 (RFC 8259, 8.1); a charset may say so, and no other. */
static bool is_utf8(struct slice content_type)
{
    const char *end = content_type.data + content_type.length;
    const char *at = memchr(content_type.data, ';', content_type.length);

    while (at != NULL) {
        const char *start = at + 1;

        at = memchr(start, ';', (size_t)(end - start));
        const struct slice parameter =
            http_trim((struct slice){start, (size_t)((at != NULL ? at : end) - start)});
        static const char name[] = "charset=";
        if (parameter.length < strlen(name) ||
            strncasecmp(parameter.data, name, strlen(name)) != 0) {
            continue;
        }
        struct slice value = {parameter.data + strlen(name), parameter.length - strlen(name)};
        if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"') {
            value = (struct slice){value.data + 1, value.length - 2};
        }
        if (!http_equals_ignoring_case(value, "utf-8") &&
            !http_equals_ignoring_case(value, "utf8")) {
            return false;
        }
    }
    return true;
}

static bool is_json(struct slice content_type)
{
    const char *semicolon = memchr(content_type.data, ';', content_type.length);
    const size_t length =
        semicolon != NULL ? (size_t)(semicolon - content_type.data) : content_type.length;

    return http_equals_ignoring_case(http_trim((struct slice){content_type.data, length}),
                                     "application/json");
}

static struct status apply_body(struct arena *arena, const struct transcode_source *source,
                                ProtobufCMessage **message)
{
    const struct route *route = source->match->route;
    const char *bound = route->binding->body;
    const ProtobufCMessageDescriptor *type = (*message)->descriptor;
    void *decoded = NULL;

    if (source->body.length == 0) {
        return STATUS_NONE;
    }
    if (bound[0] == '\0') {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "UNEXPECTED_BODY", NULL,
                           "%s %s takes no body", route->binding->verb, route->binding->path);
    }
    /* Without a type it is any: a page of another site can send such a body, and one of text/plain,
     * without asking, but not one of JSON. */
    if (!source->has_content_type || !is_json(source->content_type)) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "UNSUPPORTED_MEDIA_TYPE", NULL,
                           "the body is read as JSON only: send Content-Type: application/json");
    }
    if (!is_utf8(source->content_type)) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "UNSUPPORTED_MEDIA_TYPE", NULL,
                           "the body is read as UTF-8 only: leave out the charset, or send utf-8");
    }
    if (strcmp(bound, "*") != 0) {
        type = message_field(type, slice_from(bound))->descriptor;
    }
    TRY(json_decode(arena, type, source->body, &decoded));
    if (strcmp(bound, "*") == 0) {
        *message = decoded;
    } else {
        (void)message_set_child(*message, bound, decoded);
    }
    return STATUS_NONE;
}

/* The field that a path of either spelling leads to; NULL when there is none. */
static const ProtobufCFieldDescriptor *field_at(const ProtobufCMessageDescriptor *type,
                                                struct slice path)
{
    const ProtobufCFieldDescriptor *field = NULL;
    const char *end = path.data + path.length;

    for (const char *at = path.data; at <= end && type != NULL;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const char *stop = dot != NULL ? dot : end;
        const struct slice name = {at, (size_t)(stop - at)};
        char json[128];

        field = NULL;
        for (unsigned i = 0; i < type->n_fields && field == NULL; i++) {
            const char *proto = type->fields[i].name;

            if (slice_is(name, proto) ||
                (strlen(proto) < sizeof(json) && json_name(proto, json) == name.length &&
                 memcmp(json, name.data, name.length) == 0)) {
                field = &type->fields[i];
            }
        }
        if (field == NULL || (dot != NULL && field->type != PROTOBUF_C_TYPE_MESSAGE)) {
            return NULL;
        }
        type = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        at = stop + 1;
        if (type == NULL && dot != NULL) {
            return NULL;
        }
    }
    return field;
}

/* Both spellings of a path in one. */
static const char *path_in_json(struct arena *arena, struct slice path)
{
    const char *copy = arena_copy(arena, path);
    char *json = arena_alloc(arena, path.length + 1);

    (void)json_name(copy, json);
    return json;
}

/* Where the whole request is the body, a parameter may still say what the body does not: one
 * plain value of the request itself, such as validateOnly. */
static bool is_plain(const ProtobufCFieldDescriptor *field, const char *path)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED &&
           strchr(path, '.') == NULL;
}

/* A parameter for a field whose place is the body or the path. */
static struct status check_place(struct arena *arena, const struct route *route,
                                 const ProtobufCFieldDescriptor *field, const char *path)
{
    const char *bound = route->binding->body;
    const char *place = NULL;

    if (strcmp(bound, "*") == 0) {
        place = is_plain(field, path) ? NULL : "body";
    } else if (bound[0] != '\0') {
        const char *json = path_in_json(arena, slice_from(bound));
        const size_t length = json != NULL ? strlen(json) : 0;

        if (strncmp(path, json, length) == 0 && (path[length] == '\0' || path[length] == '.')) {
            place = "body";
        }
    }
    for (unsigned i = 0; i < route->variable_count && place == NULL; i++) {
        const char *json = path_in_json(arena, slice_from(route->variables[i].field));

        if (strcmp(path, json) == 0) {
            place = "path";
        }
    }
    if (place == NULL) {
        return STATUS_NONE;
    }
    return status_make(arena, STATUS_INVALID_ARGUMENT, "MISPLACED_FIELD", path,
                       "%s belongs into the %s, not into the query", path, place);
}

/* A parameter for a field that the body has. */
static struct status check_body(struct arena *arena, const struct transcode_source *source,
                                const ProtobufCFieldDescriptor *field, const char *path)
{
    const struct route *route = source->match->route;
    bool found = false;

    if (strcmp(route->binding->body, "*") == 0 && source->body.length > 0) {
        TRY(json_has_member(arena, route->method->input->type, source->body, field, &found));
    }
    return found ? status_make(arena, STATUS_INVALID_ARGUMENT, "DUPLICATE_FIELD", path,
                               "%s is given in the body and in the query", path)
                 : STATUS_NONE;
}

struct seen {
    const char *paths[QUERY_PARAMETERS_MAX];
    size_t count;
};

static struct status check_first(struct arena *arena, struct seen *seen, const char *path,
                                 bool is_repeated)
{
    for (size_t i = 0; i < seen->count && !is_repeated; i++) {
        if (strcmp(seen->paths[i], path) == 0) {
            return status_make(arena, STATUS_INVALID_ARGUMENT, "DUPLICATE_FIELD", path,
                               "%s is given twice in the query", path);
        }
    }
    if (seen->count == QUERY_PARAMETERS_MAX) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "TOO_MANY_PARAMETERS", NULL,
                           "there are over %d parameters in the query", QUERY_PARAMETERS_MAX);
    }
    seen->paths[seen->count++] = path;
    return STATUS_NONE;
}

static struct status apply_parameter(struct arena *arena, const struct transcode_source *source,
                                     struct slice piece, struct seen *seen,
                                     ProtobufCMessage *message)
{
    const char *equals = memchr(piece.data, '=', piece.length);
    const size_t name_length = equals != NULL ? (size_t)(equals - piece.data) : piece.length;
    const size_t value_start = equals != NULL ? name_length + 1 : name_length;
    struct slice name = {0};
    struct slice value = {0};
    const bool name_valid =
        percent_decode(arena, (struct slice){piece.data, name_length}, true, &name);
    const bool value_valid = percent_decode(
        arena, (struct slice){piece.data + value_start, piece.length - value_start}, true, &value);

    if (!name_valid) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "UNKNOWN_FIELD", NULL,
                           "the name of a parameter is no text");
    }
    const char *path = path_in_json(arena, name);
    const ProtobufCFieldDescriptor *field = field_at(message->descriptor, name);
    if (field == NULL) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "UNKNOWN_FIELD", name.data,
                           "there is no parameter %s", name.data);
    }
    TRY(check_place(arena, source->match->route, field, path));
    if (!value_valid) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_VALUE", path,
                           "the value of %s is no text", path);
    }
    TRY(check_first(arena, seen, path, field->label == PROTOBUF_C_LABEL_REPEATED));
    TRY(check_body(arena, source, field, path));
    return json_set_from_text(arena, message, name, value);
}

static struct status apply_query(struct arena *arena, const struct transcode_source *source,
                                 ProtobufCMessage *message)
{
    const char *end = source->query.data + source->query.length;
    struct seen seen = {.count = 0};

    for (const char *at = source->query.data; at < end;) {
        const char *ampersand = memchr(at, '&', (size_t)(end - at));
        const char *stop = ampersand != NULL ? ampersand : end;

        if (stop > at) {
            TRY(apply_parameter(arena, source, (struct slice){at, (size_t)(stop - at)}, &seen,
                                message));
        }
        at = stop + 1;
    }
    return STATUS_NONE;
}

static struct status apply(struct arena *arena, const struct transcode_source *source,
                           ProtobufCMessage **message)
{
    TRY(apply_body(arena, source, message));
    TRY(apply_path(arena, source, *message));
    return apply_query(arena, source, *message);
}

struct status transcode_request(struct arena *arena, const struct transcode_source *source,
                                ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = message_new(arena, source->match->route->method->input->type);

    TRY(status_within(arena, apply(arena, source, &message)));
    *ret_message = message;
    return STATUS_NONE;
}

struct status transcode_mask(struct arena *arena, const struct transcode_source *source,
                             ProtobufCMessage *message, bool *ret_implied)
{
    const char *bound = source->match->route->binding->body;
    const ProtobufCFieldDescriptor *field =
        message_field(message->descriptor, slice_from("update_mask"));
    const Google__Protobuf__FieldMask *given = message_child(message, "update_mask");

    *ret_implied = false;
    if (field == NULL || field->descriptor != &google__protobuf__field_mask__descriptor ||
        source->body.length == 0 || strcmp(bound, "*") == 0 ||
        (given != NULL && given->n_paths > 0)) {
        return STATUS_NONE;
    }
    Google__Protobuf__FieldMask *mask =
        message_new(arena, &google__protobuf__field_mask__descriptor);
    const ProtobufCMessageDescriptor *type =
        message_field(message->descriptor, slice_from(bound))->descriptor;
    TRY(status_within(arena,
                      json_present_paths(arena, type, source->body, &mask->paths, &mask->n_paths)));
    size_t kept = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], "name") != 0) {
            mask->paths[kept++] = mask->paths[i];
        }
    }
    mask->n_paths = kept;
    (void)message_set_child(message, "update_mask", mask);
    *ret_implied = true;
    return STATUS_NONE;
}
