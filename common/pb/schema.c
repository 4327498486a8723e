/*
 * schema.c - the FileDescriptorSet that protoc wrote, copied into tables that are sorted by name.
 *
 * It is unpacked into a scratch arena, and what is needed is copied out; then protobuf-c's
 * descriptors are linked to it by name (link_type), beginning with the types of the methods.
 */
#include "pb/schema.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "pb/decode.h"
#include "pb/schema_options.h"

#include <stdlib.h>
#include <string.h>

/* What the unpacked FileDescriptorSet may take; it is thrown away after loading. */
enum { SCRATCH_BYTES = 64 << 20 };

enum { PATH_PARTS_MAX = 64 };

struct schema {
    struct schema_message *messages; /* by name */
    size_t message_count;
    struct schema_enum *enums; /* by name */
    size_t enum_count;
    struct schema_service *services; /* as given */
    size_t service_count;
};

struct loader {
    struct arena *arena;
    struct arena *scratch;
    struct schema *schema;
    const Google__Protobuf__FileDescriptorSet *set;
    const Google__Protobuf__SourceCodeInfo *source; /* of the file at hand; may be NULL */
};

/* Where a declaration stands in its file: field numbers and indexes of the descriptor, as in
 * SourceCodeInfo.Location.path. */
struct path {
    int32_t parts[PATH_PARTS_MAX];
    size_t length;
};

enum path_number {
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2,
};

/* The path of a declaration inside of this one. Past PATH_PARTS_MAX it stays as it is, and no
 * comment is found for it. */
static struct path path_down(struct path path, enum path_number number, size_t index)
{
    if (path.length + 2 <= PATH_PARTS_MAX) {
        path.parts[path.length] = (int32_t)number;
        path.parts[path.length + 1] = (int32_t)index;
    }
    path.length += 2;
    return path;
}

/* Without the space that begins each line and the newline at the end. */
static struct status comment_copy(struct arena *arena, const char *raw, const char **ret_comment)
{
    char *comment = arena_strdup(arena, raw);
    size_t length = 0;
    bool line_starts = true;

    for (const char *c = raw; *c != '\0'; c++) {
        if (!line_starts || *c != ' ') {
            comment[length++] = *c;
        }
        line_starts = *c == '\n';
    }
    while (length > 0 && (comment[length - 1] == '\n' || comment[length - 1] == ' ')) {
        length--;
    }
    comment[length] = '\0';
    *ret_comment = comment;
    return STATUS_NONE;
}

static struct status comment_of(const struct loader *loader, const struct path *path,
                                const char **ret_comment)
{
    const size_t size = path->length * sizeof(path->parts[0]);

    *ret_comment = "";
    for (size_t i = 0; loader->source != NULL && i < loader->source->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *location = loader->source->location[i];
        if (location->leading_comments != NULL && location->n_path == path->length &&
            path->length <= PATH_PARTS_MAX && memcmp(location->path, path->parts, size) == 0) {
            return comment_copy(loader->arena, location->leading_comments, ret_comment);
        }
    }
    return STATUS_NONE;
}

static const char *copy(const struct loader *loader, const char *text)
{
    return arena_strdup(loader->arena, text != NULL ? text : "");
}

/* "package.Outer.Inner"; scope may be "" or NULL. */
static struct status full_name(const struct loader *loader, const char *scope, const char *name,
                               const char **ret_name)
{
    const bool scoped = scope != NULL && scope[0] != '\0';

    if (name == NULL || name[0] == '\0') {
        return schema_invalid(loader->arena, "has a declaration without name in",
                              scoped ? scope : "");
    }
    *ret_name = arena_printf(loader->arena, "%s%s%s", scoped ? scope : "", scoped ? "." : "", name);
    return STATUS_NONE;
}

/* Options may be absent; NULL stays NULL. */
#define BASE_OF(options) ((options) != NULL ? &(options)->base : NULL)

static struct status load_enum(struct loader *loader,
                               const Google__Protobuf__EnumDescriptorProto *from, const char *scope,
                               struct path path)
{
    struct schema_enum *to = &loader->schema->enums[loader->schema->enum_count++];

    TRY(full_name(loader, scope, from->name, &to->name));
    TRY(comment_of(loader, &path, &to->comment));
    to->value_count = from->n_value;
    to->value_names = arena_array(loader->arena, from->n_value, sizeof(*to->value_names));
    to->value_comments = arena_array(loader->arena, from->n_value, sizeof(*to->value_comments));
    int32_t *numbers = arena_array(loader->arena, from->n_value, sizeof(*numbers));
    for (size_t i = 0; i < from->n_value; i++) {
        const struct path below = path_down(path, ENUM_VALUE, i);
        numbers[i] = from->value[i]->number;
        to->value_names[i] = copy(loader, from->value[i]->name);
        TRY(comment_of(loader, &below, &to->value_comments[i]));
    }
    to->value_numbers = numbers;
    return STATUS_NONE;
}

/* True when the field's type is a message nested in from that protoc made for a map. */
static bool is_map(const Google__Protobuf__DescriptorProto *from, const char *name,
                   const Google__Protobuf__FieldDescriptorProto *field)
{
    const size_t length = strlen(name);
    const char *type = field->type_name;

    if (type == NULL || type[0] != '.' || strncmp(type + 1, name, length) != 0 ||
        type[1 + length] != '.') {
        return false;
    }
    for (size_t i = 0; i < from->n_nested_type; i++) {
        const Google__Protobuf__DescriptorProto *nested = from->nested_type[i];
        if (nested->options != NULL && nested->options->map_entry && nested->name != NULL &&
            strcmp(nested->name, type + 1 + length + 1) == 0) {
            return true;
        }
    }
    return false;
}

static struct status load_field(struct loader *loader,
                                const Google__Protobuf__FieldDescriptorProto *from,
                                const struct path *path, struct schema_field *to)
{
    const ProtobufCMessage *options = BASE_OF(from->options);

    if (from->name == NULL || from->json_name == NULL) {
        return schema_invalid(loader->arena, "has a field without name or JSON name",
                              from->name != NULL ? from->name : "");
    }
    to->name = copy(loader, from->name);
    to->json_name = copy(loader, from->json_name);
    TRY(comment_of(loader, path, &to->comment));
    to->number = (uint32_t)from->number;
    to->behavior = options_behavior(options);
    to->in_oneof = from->has_oneof_index && !from->proto3_optional;
    TRY(options_reference(loader->arena, loader->scratch, options, &to->reference_type));
    return options_rules(loader->arena, loader->scratch, options, &to->rules);
}

static struct status load_message(struct loader *loader,
                                  const Google__Protobuf__DescriptorProto *from, const char *scope,
                                  struct path path)
{
    struct schema_message *to = &loader->schema->messages[loader->schema->message_count++];
    struct schema_field *fields = arena_array(loader->arena, from->n_field, sizeof(*fields));

    TRY(full_name(loader, scope, from->name, &to->name));
    TRY(comment_of(loader, &path, &to->comment));
    TRY(options_resource(loader->arena, loader->scratch, BASE_OF(from->options), &to->resource_type,
                         &to->resource_pattern));
    for (size_t i = 0; i < from->n_field; i++) {
        const struct path below = path_down(path, MESSAGE_FIELD, i);
        TRY(load_field(loader, from->field[i], &below, &fields[i]));
        fields[i].is_map = is_map(from, to->name, from->field[i]);
    }
    to->fields = fields;
    to->field_count = from->n_field;
    for (size_t i = 0; i < from->n_enum_type; i++) {
        TRY(load_enum(loader, from->enum_type[i], to->name, path_down(path, MESSAGE_ENUM, i)));
    }
    for (size_t i = 0; i < from->n_nested_type; i++) {
        TRY(load_message(loader, from->nested_type[i], to->name,
                         path_down(path, MESSAGE_NESTED, i)));
    }
    return STATUS_NONE;
}

static void count_message(struct schema *schema, const Google__Protobuf__DescriptorProto *message)
{
    schema->message_count++;
    schema->enum_count += message->n_enum_type;
    for (size_t i = 0; i < message->n_nested_type; i++) {
        count_message(schema, message->nested_type[i]);
    }
}

/* Tables of the right size, empty. */
static void make_tables(struct loader *loader)
{
    struct schema *schema = loader->schema;

    for (size_t i = 0; i < loader->set->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = loader->set->file[i];
        schema->enum_count += file->n_enum_type;
        for (size_t m = 0; m < file->n_message_type; m++) {
            count_message(schema, file->message_type[m]);
        }
    }
    schema->messages = arena_array(loader->arena, schema->message_count, sizeof(*schema->messages));
    schema->enums = arena_array(loader->arena, schema->enum_count, sizeof(*schema->enums));
    schema->message_count = 0;
    schema->enum_count = 0;
}

/* Each element of a table begins with its name. */
static int name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct status load_types(struct loader *loader)
{
    const struct path top = {.length = 0};
    struct schema *schema = loader->schema;

    make_tables(loader);
    for (size_t i = 0; i < loader->set->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = loader->set->file[i];
        loader->source = file->source_code_info;
        for (size_t e = 0; e < file->n_enum_type; e++) {
            TRY(load_enum(loader, file->enum_type[e], file->package, path_down(top, FILE_ENUM, e)));
        }
        for (size_t m = 0; m < file->n_message_type; m++) {
            TRY(load_message(loader, file->message_type[m], file->package,
                             path_down(top, FILE_MESSAGE, m)));
        }
    }
    qsort(schema->messages, schema->message_count, sizeof(*schema->messages), name_compare);
    qsort(schema->enums, schema->enum_count, sizeof(*schema->enums), name_compare);
    return STATUS_NONE;
}

static struct schema_message *find_message(const struct schema *schema, const char *name)
{
    return bsearch(&name, schema->messages, schema->message_count, sizeof(*schema->messages),
                   name_compare);
}

/* Links a message of the schema to its protobuf-c descriptor, and so on for all messages in its
 * fields. */
static struct status link_type(struct loader *loader, const ProtobufCMessageDescriptor *type)
{
    struct schema_message *message = find_message(loader->schema, type->name);

    if (message == NULL) {
        return schema_invalid(loader->arena, "lacks a message", type->name);
    }
    if (message->type != NULL) {
        return STATUS_NONE;
    }
    message->type = type;
    for (size_t i = 0; i < message->field_count; i++) {
        struct schema_field *field = &message->fields[i];
        field->descriptor = protobuf_c_message_descriptor_get_field(type, field->number);
        if (field->descriptor != NULL && field->descriptor->type == PROTOBUF_C_TYPE_MESSAGE) {
            const ProtobufCMessageDescriptor *child = field->descriptor->descriptor;
            TRY(link_type(loader, child));
            field->message = find_message(loader->schema, child->name);
        }
    }
    return STATUS_NONE;
}

/* Names of types begin with a dot. */
static struct status type_of_method(struct loader *loader, const char *type_name,
                                    struct schema_message **ret_message)
{
    const char *name = type_name != NULL && type_name[0] == '.' ? type_name + 1 : "";

    *ret_message = find_message(loader->schema, name);
    return *ret_message != NULL ? STATUS_NONE
                                : schema_invalid(loader->arena, "lacks a method's message", name);
}

static struct status load_method(struct loader *loader,
                                 const Google__Protobuf__MethodDescriptorProto *from,
                                 const struct schema_service *service, const struct path *path,
                                 struct schema_method *to)
{
    to->name = copy(loader, from->name);
    to->full_name = arena_printf(loader->arena, "%s/%s", service->name, to->name);
    to->service = service;
    TRY(comment_of(loader, path, &to->comment));
    struct schema_message *input = NULL;
    struct schema_message *output = NULL;

    TRY(type_of_method(loader, from->input_type, &input));
    TRY(type_of_method(loader, from->output_type, &output));
    input->is_input = true;
    to->batching = options_batching(BASE_OF(from->options));
    to->input = input;
    to->output = output;
    return options_routes(loader->arena, loader->scratch, BASE_OF(from->options), &to->routes,
                          &to->route_count);
}

static struct status load_service(struct loader *loader,
                                  const Google__Protobuf__ServiceDescriptorProto *from,
                                  struct path path, struct schema_service *to)
{
    struct schema_method *methods = arena_array(loader->arena, from->n_method, sizeof(*methods));

    TRY(comment_of(loader, &path, &to->comment));
    for (size_t i = 0; i < from->n_method; i++) {
        const struct path below = path_down(path, SERVICE_METHOD, i);
        TRY(load_method(loader, from->method[i], to, &below, &methods[i]));
    }
    to->methods = methods;
    to->method_count = from->n_method;
    return STATUS_NONE;
}

static bool is_named(const char *full, const char *package, const char *name)
{
    const size_t length = package != NULL ? strlen(package) : 0;

    if (length == 0) {
        return name != NULL && strcmp(full, name) == 0;
    }
    return name != NULL && strncmp(full, package, length) == 0 && full[length] == '.' &&
           strcmp(full + length + 1, name) == 0;
}

static struct status find_and_load_service(struct loader *loader,
                                           const ProtobufCServiceDescriptor *service,
                                           struct schema_service *to)
{
    const struct path top = {.length = 0};

    to->name = copy(loader, service->name);
    for (size_t i = 0; i < loader->set->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = loader->set->file[i];
        for (size_t s = 0; s < file->n_service; s++) {
            if (is_named(service->name, file->package, file->service[s]->name)) {
                loader->source = file->source_code_info;
                return load_service(loader, file->service[s], path_down(top, FILE_SERVICE, s), to);
            }
        }
    }
    return schema_invalid(loader->arena, "lacks a service", service->name);
}

static struct status load_services(struct loader *loader,
                                   const ProtobufCServiceDescriptor *const *services, size_t count)
{
    struct schema *schema = loader->schema;

    schema->services = arena_array(loader->arena, count, sizeof(*schema->services));
    for (size_t i = 0; i < count; i++) {
        for (unsigned m = 0; m < services[i]->n_methods; m++) {
            TRY(link_type(loader, services[i]->methods[m].input));
            TRY(link_type(loader, services[i]->methods[m].output));
        }
        TRY(find_and_load_service(loader, services[i], &schema->services[i]));
    }
    schema->service_count = count;
    return STATUS_NONE;
}

static struct status load(struct loader *loader, struct slice bytes,
                          const ProtobufCServiceDescriptor *const *services, size_t service_count)
{
    ProtobufCAllocator allocator = arena_allocator(loader->scratch);

    loader->schema = ARENA_NEW(loader->arena, struct schema);
    loader->set = google__protobuf__file_descriptor_set__unpack(&allocator, bytes.length,
                                                                (const uint8_t *)bytes.data);
    if (loader->set == NULL) {
        return schema_invalid(loader->arena, "cannot be read", "no FileDescriptorSet");
    }
    TRY(load_types(loader));
    return load_services(loader, services, service_count);
}

struct status schema_load(struct arena *arena, struct slice descriptor_set,
                          const ProtobufCServiceDescriptor *const *services, size_t service_count,
                          const struct schema **ret_schema)
{
    struct loader loader = {.arena = arena, .scratch = arena_new(SCRATCH_BYTES)};

    const struct status status =
        status_within(loader.scratch,
                      status_within(arena, load(&loader, descriptor_set, services, service_count)));
    arena_free(loader.scratch);
    TRY(status);
    *ret_schema = loader.schema;
    return STATUS_NONE;
}

const struct schema_message *schema_message(const struct schema *schema, const char *full_name)
{
    return find_message(schema, full_name);
}

const struct schema_enum *schema_enum(const struct schema *schema, const char *full_name)
{
    return bsearch(&full_name, schema->enums, schema->enum_count, sizeof(*schema->enums),
                   name_compare);
}

const struct schema_service *schema_service(const struct schema *schema, const char *full_name)
{
    for (size_t i = 0; i < schema->service_count; i++) {
        if (strcmp(schema->services[i].name, full_name) == 0) {
            return &schema->services[i];
        }
    }
    return NULL;
}

const struct schema_field *schema_field(const struct schema_message *message, const char *name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (strcmp(message->fields[i].name, name) == 0) {
            return &message->fields[i];
        }
    }
    return NULL;
}

const struct schema_service *schema_services(const struct schema *schema, size_t *ret_count)
{
    *ret_count = schema->service_count;
    return schema->services;
}
