/* openapi.c - one path per binding, one operation per verb. */
#include "openapi.h"

#include "media.h"
#include "openapi_writer.h"
#include "pb/csv.h"
#include "pb/message.h"
#include "router.h"

#include <ctype.h>
#include <string.h>

enum { DOCUMENT_MAX_BYTES = 16 << 20, OPERATIONS_MAX = 1024, PATH_BYTES = 256 };

struct operation {
    const struct schema_method *method;
    const struct schema_route *route;
    size_t binding; /* 0: the first of its method */
    char path[PATH_BYTES];
    char parameters[ROUTE_SEGMENTS_MAX][64]; /* of the path */
    size_t parameter_count;
    const char *bound[ROUTE_VARIABLES_MAX + 2]; /* fields taken from path or body; NULL-ended */
    bool is_written;
};

static const char error_components[] =
    "\"responses\":{\"Error\":{\"description\":\"The request failed; error.details has the "
    "reason\",\"headers\":{\"Server-Timing\":{\"$ref\":\"#/components/headers/ServerTiming\"},"
    "\"traceparent\":{\"$ref\":\"#/components/headers/Traceparent\"}},"
    "\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
    "\"#/components/schemas/Error\"}}}}},"
    "\"parameters\":{"
    "\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"description\":\"The same "
    "key and request get the same answer, and take effect once. A key is kept for seven days, or "
    "as long as the operator says\",\"schema\":{\"type\":\"string\","
    "\"minLength\":1,\"maxLength\":255}},"
    "\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"description\":\"The ETag that the "
    "resource must have; else 412\",\"schema\":{\"type\":\"string\"}},"
    "\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\",\"description\":\"ETags that "
    "the client has; 304 when one is current\",\"schema\":{\"type\":\"string\"}},"
    "\"AcceptLanguage\":{\"name\":\"Accept-Language\",\"in\":\"header\",\"description\":\"vi: a "
    "failure says in a LocalizedMessage in Vietnamese what is wrong\",\"schema\":{\"type\":"
    "\"string\"}},"
    "\"RequestTimeout\":{\"name\":\"Request-Timeout\",\"in\":\"header\",\"description\":\"Seconds "
    "that the client waits, in plain decimals: 10 unless given, over 60 is as 60\",\"schema\":{"
    "\"type\":\"number\",\"minimum\":0.001,\"maximum\":60,\"default\":10}},"
    "\"Traceparent\":{\"name\":\"traceparent\",\"in\":\"header\",\"description\":\"W3C Trace "
    "Context: the trace that the request belongs to; what is none begins a new one\",\"schema\":{"
    "\"type\":\"string\"}}},"
    "\"headers\":{"
    "\"ServerTiming\":{\"description\":\"Where the time went, in milliseconds: gateway, queue, "
    "service, store, which do not overlap; cache says where the answer is from, traceparent the "
    "trace\",\"schema\":{\"type\":\"string\"}},"
    "\"Traceparent\":{\"description\":\"The trace of the request, and the gateway's span in "
    "it\",\"schema\":{\"type\":\"string\"}}}";

#define TRACE_HEADERS                                                                              \
    "\"Server-Timing\":{\"$ref\":\"#/components/headers/ServerTiming\"},"                          \
    "\"traceparent\":{\"$ref\":\"#/components/headers/Traceparent\"}"

static const char page_headers[] =
    "{\"ETag\":{\"schema\":{\"type\":\"string\"}},"
    "\"Link\":{\"description\":\"The next page, of an answer that is no JSON: rel=\\\"next\\\"\","
    "\"schema\":{\"type\":\"string\"}},"
    "\"Next-Page-Token\":{\"description\":\"The token of the next page, of an answer that is no "
    "JSON\",\"schema\":{\"type\":\"string\"}}," TRACE_HEADERS "}";

static const char error_schema[] =
    "\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":"
    "\"object\",\"required\":[\"code\",\"status\",\"message\",\"details\"],\"properties\":{"
    "\"code\":{\"type\":\"integer\",\"description\":\"The HTTP status\"},"
    "\"status\":{\"type\":\"string\",\"description\":\"A name of google.rpc.Code\"},"
    "\"message\":{\"type\":\"string\"},"
    "\"details\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"@type\"],"
    "\"properties\":{\"@type\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},"
    "\"domain\":{\"type\":\"string\"},\"locale\":{\"type\":\"string\"},\"message\":{\"type\":"
    "\"string\"},\"metadata\":{\"type\":\"object\",\"additionalProperties\":{"
    "\"type\":\"string\"}},\"fieldViolations\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"object\",\"properties\":{\"field\":{\"type\":\"string\"},\"description\":{\"type\":"
    "\"string\"}}}}}}}}}}}";

static const char local_paths[] =
    "\"/\":{\"get\":{\"operationId\":\"page\",\"summary\":\"The scorecard of a movement for "
    "people, to read and to print\",\"parameters\":["
    "{\"name\":\"movement\",\"in\":\"query\",\"description\":\"Its id; the newest that was "
    "launched "
    "unless given\",\"schema\":{\"type\":\"string\"}},"
    "{\"name\":\"publishedBy\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
    "{\"name\":\"asOf\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
    "{\"name\":\"lang\",\"in\":\"query\",\"description\":\"Before Accept-Language\",\"schema\":{"
    "\"type\":\"string\",\"enum\":[\"vi\",\"en\"]}}],"
    "\"responses\":{\"200\":{\"description\":\"The page\",\"content\":{\"text/html\":{\"schema\":{"
    "\"type\":\"string\"}}}},\"default\":{\"description\":\"A page that says what failed\","
    "\"content\":{\"text/html\":{\"schema\":{\"type\":\"string\"}}}}}}},"
    "\"/healthz\":{\"get\":{\"operationId\":\"healthz\",\"summary\":\"The gateway is alive\","
    "\"responses\":{\"200\":{\"description\":\"It is\"}}}},"
    "\"/readyz\":{\"get\":{\"operationId\":\"readyz\",\"summary\":\"Every service answers and "
    "takes writes\",\"responses\":{\"200\":{\"description\":\"They do\"},\"default\":{\"$ref\":"
    "\"#/components/responses/Error\"}}}},"
    "\"/openapi.json\":{\"get\":{\"operationId\":\"openapi\",\"summary\":\"This document\","
    "\"responses\":{\"200\":{\"description\":\"This document\"}}}}";

/* The last variable of a resource's pattern, when literals (with "*" for ids) is the same name. */
static bool name_from_pattern(const char *pattern, const char *literals, char name[64])
{
    const char *at = pattern;

    for (; *literals != '\0'; literals++) {
        if (*literals == '*' && *at == '{') {
            const char *end = strchr(at, '}');

            if (end == NULL || end - at > 63) {
                return false;
            }
            memcpy(name, at + 1, (size_t)(end - at - 1));
            name[end - at - 1] = '\0';
            at = end + 1;
        } else if (*literals == *at) {
            at++;
        } else {
            return false;
        }
    }
    return *at == '\0';
}

/* Looks through all resources that methods answer with or take. */
static void name_of_segment(const struct schema *schema, const char *literals, char name[64])
{
    size_t count = 0;
    const struct schema_service *services = schema_services(schema, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            const char *pattern = services[i].methods[k].output->resource_pattern;

            if (pattern != NULL && name_from_pattern(pattern, literals, name)) {
                return;
            }
        }
    }
    strcpy(name, "id");
}

/* One "*" of the template: a parameter of its own. literals is the resource name so far. */
static char *add_parameter(const struct schema *schema, struct operation *operation,
                           const char *literals, char *out)
{
    char *name = operation->parameters[operation->parameter_count];

    name_of_segment(schema, literals, name);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (strcmp(operation->parameters[i], name) == 0) {
            strcat(name, "2");
        }
    }
    operation->parameter_count++;
    *out++ = '{';
    out = stpcpy(out, name);
    *out++ = '}';
    return out;
}

/* Each "*" of a template becomes a parameter named after the resource: "clusters/{cluster}". */
static void read_path(const struct schema *schema, struct arena *arena, struct operation *operation)
{
    const char *template = operation->route->path;
    char literals[PATH_BYTES] = "";
    size_t bound = 0;
    char *out = operation->path;

    while (*template != '\0' && out < operation->path + PATH_BYTES - 80) {
        if (*template == '{') {
            const size_t length = strcspn(template, "=}") - 1;
            const char *field = arena_copy(arena, (struct slice){template + 1, length});

            operation->bound[bound++] = field;
            literals[0] = '\0';
            template += length + 1;
            if (*template == '}') {
                out = add_parameter(schema, operation, "*", out);
            }
            template ++;
        } else if (*template == '}') {
            template ++;
        } else if (*template == '*') {
            strcat(literals, "*");
            out = add_parameter(schema, operation, literals, out);
            template ++;
        } else {
            const size_t end = strlen(literals);

            literals[end] = *template;
            literals[end + 1] = '\0';
            *out++ = *template ++;
        }
    }
    *out = '\0';
    if (operation->route->body[0] != '\0') {
        operation->bound[bound++] = operation->route->body;
    }
    operation->bound[bound] = NULL;
}

static bool is_bound(const struct operation *operation, const char *name)
{
    for (size_t i = 0; operation->bound[i] != NULL; i++) {
        if (strcmp(operation->bound[i], name) == 0) {
            return true;
        }
    }
    return strcmp(operation->route->body, "*") == 0;
}

/* What says how a call is made rather than what it does stands in the query of every write, and
 * there only, also where the rest of the request is the body. */
static const char *const call_options[] = {"validate_only", "request_id"};
enum { CALL_OPTIONS = sizeof(call_options) / sizeof(call_options[0]) };

static bool is_call_option(const char *name)
{
    for (size_t i = 0; i < CALL_OPTIONS; i++) {
        if (strcmp(name, call_options[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void write_parameter_reference(struct openapi_writer *writer, const char *name)
{
    const char *target = arena_printf(writer->arena, "#/components/parameters/%s", name);

    write_open(writer, '{');
    write_pair(writer, "$ref", target != NULL ? target : "");
    write_close(writer, '}');
}

static void write_query_parameter(struct openapi_writer *writer, const struct schema_field *about,
                                  const ProtobufCFieldDescriptor *field)
{
    const bool is_required = (about->behavior & FIELD_REQUIRED) != 0;

    write_open(writer, '{');
    write_pair(writer, "name", about->json_name);
    write_pair(writer, "in", "query");
    if (about->comment[0] != '\0') {
        write_pair(writer, "description", about->comment);
    }
    if (is_required) {
        write_json(writer, "\"required\":true");
    }
    write_key(writer, "schema");
    write_parameter_schema(writer, field);
    write_close(writer, '}');
}

static void write_parameters(struct openapi_writer *writer, const struct operation *operation)
{
    const struct schema_message *input = operation->method->input;
    const bool is_read = strcmp(operation->route->verb, "GET") == 0;

    write_key(writer, "parameters");
    write_open(writer, '[');
    for (size_t i = 0; i < operation->parameter_count; i++) {
        write_open(writer, '{');
        write_pair(writer, "name", operation->parameters[i]);
        write_json(writer, "\"in\":\"path\",\"required\":true,"
                           "\"schema\":{\"type\":\"string\",\"pattern\":\"^[a-z0-9-]{1,63}$\"}");
        write_close(writer, '}');
    }
    for (size_t i = 0; i < input->field_count; i++) {
        const ProtobufCFieldDescriptor *field =
            message_field(input->type, slice_from(input->fields[i].name));

        if (field != NULL && field_fits_query(field) &&
            (!is_bound(operation, field->name) || is_call_option(field->name))) {
            write_query_parameter(writer, &input->fields[i], field);
        }
    }
    if (is_read) {
        write_parameter_reference(writer, "IfNoneMatch");
    } else {
        write_parameter_reference(writer, "IdempotencyKey");
        write_parameter_reference(writer, "IfMatch");
    }
    write_parameter_reference(writer, "RequestTimeout");
    write_parameter_reference(writer, "Traceparent");
    write_parameter_reference(writer, "AcceptLanguage");
    write_close(writer, ']');
}

static void write_body(struct openapi_writer *writer, const struct operation *operation)
{
    const ProtobufCMessageDescriptor *type = operation->method->input->type;
    const char *body = operation->route->body;

    if (body[0] == '\0') {
        return;
    }
    write_key(writer, "requestBody");
    write_open(writer, '{');
    write_json(writer, "\"required\":true");
    write_key(writer, "content");
    write_open(writer, '{');
    write_key(writer, "application/json");
    write_open(writer, '{');
    write_key(writer, "schema");
    if (strcmp(body, "*") == 0) {
        const char *skip[ROUTE_VARIABLES_MAX + CALL_OPTIONS + 2];
        size_t count = 0;

        while (operation->bound[count] != NULL) {
            skip[count] = operation->bound[count];
            count++;
        }
        memcpy(skip + count, call_options, sizeof(call_options));
        skip[count + CALL_OPTIONS] = NULL;
        write_message_schema(writer, type, skip, true);
    } else {
        const ProtobufCFieldDescriptor *field = message_field(type, slice_from(body));

        if (strcmp(operation->route->verb, "PATCH") == 0) {
            /* An update may leave out what it does not change. */
            write_message_schema(writer, field->descriptor, NULL, false);
        } else {
            write_message_reference(writer, field->descriptor);
        }
    }
    write_close(writer, '}');
    write_close(writer, '}');
    write_close(writer, '}');
}

/* Every form that the answer may have. */
static void write_content(struct openapi_writer *writer, const ProtobufCMessageDescriptor *output)
{
    const unsigned offered = media_of(output);

    write_key(writer, "content");
    write_open(writer, '{');
    for (unsigned media = 0; media < MEDIA_COUNT; media++) {
        if ((offered & 1U << media) == 0) {
            continue;
        }
        write_key(writer, media_name((enum media)media));
        write_open(writer, '{');
        write_key(writer, "schema");
        if (media == MEDIA_JSON) {
            write_message_reference(writer, output);
        } else {
            write_json(writer, "{\"type\":\"string\"}");
        }
        write_close(writer, '}');
    }
    write_close(writer, '}');
}

static void write_responses(struct openapi_writer *writer, const struct operation *operation)
{
    const bool is_read = strcmp(operation->route->verb, "GET") == 0;

    write_key(writer, "responses");
    write_open(writer, '{');
    write_key(writer, "200");
    write_open(writer, '{');
    write_pair(writer, "description", "The answer");
    write_key(writer, "headers");
    write_json(writer,
               csv_items(operation->method->output->type) != NULL ? page_headers
               : is_read ? "{\"ETag\":{\"schema\":{\"type\":\"string\"}}," TRACE_HEADERS "}"
                         : "{\"Idempotency-Replayed\":{\"description\":\"The answer was "
                           "given before\",\"schema\":{\"type\":\"boolean\"}}," TRACE_HEADERS "}");
    write_content(writer, operation->method->output->type);
    write_close(writer, '}');
    if (is_read) {
        write_json(writer, "\"304\":{\"description\":\"The client's ETag is current\"}");
    }
    write_json(writer, "\"default\":{\"$ref\":\"#/components/responses/Error\"}");
    write_close(writer, '}');
}

static void write_operation(struct openapi_writer *writer, const struct operation *operation)
{
    const struct schema_method *method = operation->method;
    const char *service = strrchr(method->service->name, '.');
    char verb[8] = "";

    service = service != NULL ? service + 1 : method->service->name;
    for (size_t i = 0; i < sizeof(verb) - 1 && operation->route->verb[i] != '\0'; i++) {
        verb[i] = (char)tolower((unsigned char)operation->route->verb[i]);
    }
    const char *id = operation->binding == 0
                         ? arena_printf(writer->arena, "%s_%s", service, method->name)
                         : arena_printf(writer->arena, "%s_%s_%zu", service, method->name,
                                        operation->binding + 1);
    write_key(writer, verb);
    write_open(writer, '{');
    write_pair(writer, "operationId", id != NULL ? id : "");
    if (method->comment[0] != '\0') {
        write_pair(writer, "description", method->comment);
    }
    write_key(writer, "tags");
    write_open(writer, '[');
    write_string(writer, service);
    write_close(writer, ']');
    write_parameters(writer, operation);
    write_body(writer, operation);
    write_responses(writer, operation);
    write_close(writer, '}');
}

static size_t collect(const struct schema *schema, struct arena *arena,
                      struct operation *operations)
{
    size_t service_count = 0;
    const struct schema_service *services = schema_services(schema, &service_count);
    size_t count = 0;

    for (size_t i = 0; i < service_count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            const struct schema_method *method = &services[i].methods[k];

            for (size_t r = 0; r < method->route_count && count < OPERATIONS_MAX; r++) {
                struct operation *operation = &operations[count++];

                operation->method = method;
                operation->route = &method->routes[r];
                operation->binding = r;
                read_path(schema, arena, operation);
            }
        }
    }
    return count;
}

static void write_paths(struct openapi_writer *writer, struct operation *operations, size_t count)
{
    write_key(writer, "paths");
    write_open(writer, '{');
    for (size_t i = 0; i < count; i++) {
        if (operations[i].is_written) {
            continue;
        }
        write_key(writer, operations[i].path);
        write_open(writer, '{');
        for (size_t k = i; k < count; k++) {
            if (strcmp(operations[k].path, operations[i].path) == 0) {
                operations[k].is_written = true;
                write_operation(writer, &operations[k]);
            }
        }
        write_close(writer, '}');
    }
    write_json(writer, local_paths);
    write_close(writer, '}');
}

static void write_tags(struct openapi_writer *writer)
{
    size_t count = 0;
    const struct schema_service *services = schema_services(writer->schema, &count);

    write_key(writer, "tags");
    write_open(writer, '[');
    for (size_t i = 0; i < count; i++) {
        const char *name = strrchr(services[i].name, '.');

        write_open(writer, '{');
        write_pair(writer, "name", name != NULL ? name + 1 : services[i].name);
        if (services[i].comment[0] != '\0') {
            write_pair(writer, "description", services[i].comment);
        }
        write_close(writer, '}');
    }
    write_close(writer, ']');
}

struct status openapi_build(const struct schema *schema, struct arena *arena,
                            struct slice *ret_document)
{
    struct openapi_writer *writer = ARENA_NEW(arena, struct openapi_writer);
    struct operation *operations = arena_array(arena, OPERATIONS_MAX, sizeof(*operations));

    const size_t count = collect(schema, arena, operations);

    writer->schema = schema;
    writer->arena = arena;
    buffer_init(&writer->text, DOCUMENT_MAX_BYTES);
    write_open(writer, '{');
    write_pair(writer, "openapi", "3.1.0");
    write_json(writer, "\"info\":{\"title\":\"dongkhoi\",\"version\":\"v1\",\"license\":{\"name\":"
                       "\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}}");
    write_tags(writer);
    write_paths(writer, operations, count);
    write_key(writer, "components");
    write_open(writer, '{');
    write_json(writer, error_components);
    write_key(writer, "schemas");
    write_open(writer, '{');
    write_json(writer, error_schema);
    write_types(writer);
    write_close(writer, '}');
    write_close(writer, '}');
    write_close(writer, '}');
    const char *copy =
        buffer_failed(&writer->text) ? NULL : arena_copy(arena, buffer_slice(&writer->text));
    *ret_document = (struct slice){copy, writer->text.length};
    buffer_done(&writer->text);
    return copy != NULL ? STATUS_NONE : status_out_of_memory();
}
