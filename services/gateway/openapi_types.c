/* openapi_types.c - JSON schemas of messages, fields and enums, as the proto3 mapping has them. */
#include "openapi_writer.h"

#include "pb/json.h"
#include "pb/message.h"

#include <string.h>

/* Messages that JSON has a form of its own for; the schema's members without braces. */
static const struct {
    const char *name;
    const char *members;
} well_known[] = {
    {"google.protobuf.Timestamp", "\"type\":\"string\",\"format\":\"date-time\""},
    {"google.protobuf.Duration", "\"type\":\"string\",\"pattern\":\"^-?[0-9]+([.][0-9]{1,9})?s$\""},
    {"google.protobuf.FieldMask", "\"type\":\"string\""},
    {"google.protobuf.Empty", "\"type\":\"object\""},
    /* Beside it stand the fields of the message that it holds. */
    {"google.protobuf.Any", "\"type\":\"object\",\"properties\":{\"@type\":{\"type\":\"string\"}},"
                            "\"required\":[\"@type\"],\"additionalProperties\":true"},
    {"google.protobuf.DoubleValue", "\"type\":[\"number\",\"null\"],\"format\":\"double\""},
    {"google.protobuf.FloatValue", "\"type\":[\"number\",\"null\"],\"format\":\"float\""},
    {"google.protobuf.Int64Value", "\"type\":[\"string\",\"null\"],\"format\":\"int64\""},
    {"google.protobuf.UInt64Value", "\"type\":[\"string\",\"null\"],\"format\":\"uint64\""},
    {"google.protobuf.Int32Value", "\"type\":[\"integer\",\"null\"],\"format\":\"int32\""},
    {"google.protobuf.UInt32Value", "\"type\":[\"integer\",\"null\"],\"format\":\"uint32\""},
    {"google.protobuf.BoolValue", "\"type\":[\"boolean\",\"null\"]"},
    {"google.protobuf.StringValue", "\"type\":[\"string\",\"null\"]"},
    {"google.protobuf.BytesValue", "\"type\":[\"string\",\"null\"],\"format\":\"byte\""},
};

static void separate(struct openapi_writer *writer)
{
    const struct buffer *text = &writer->text;
    const char last = text->length > 0 ? text->data[text->length - 1] : '{';

    if (strchr("{[:,", last) == NULL) {
        buffer_append_char(&writer->text, ',');
    }
}

void write_open(struct openapi_writer *writer, char bracket)
{
    separate(writer);
    buffer_append_char(&writer->text, bracket);
}

void write_close(struct openapi_writer *writer, char bracket)
{
    buffer_append_char(&writer->text, bracket);
}

void write_string(struct openapi_writer *writer, const char *text)
{
    separate(writer);
    json_append_string(&writer->text, slice_from(text));
}

void write_key(struct openapi_writer *writer, const char *key)
{
    write_string(writer, key);
    buffer_append_char(&writer->text, ':');
}

void write_pair(struct openapi_writer *writer, const char *key, const char *text)
{
    write_key(writer, key);
    write_string(writer, text);
}

void write_json(struct openapi_writer *writer, const char *json)
{
    separate(writer);
    buffer_append_text(&writer->text, json);
}

static const char *well_known_members(const char *name)
{
    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        if (strcmp(well_known[i].name, name) == 0) {
            return well_known[i].members;
        }
    }
    return NULL;
}

static void remember_message(struct openapi_writer *writer, const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < writer->message_count; i++) {
        if (writer->messages[i] == type) {
            return;
        }
    }
    if (writer->message_count == OPENAPI_TYPES_MAX) {
        writer->text.failed = true;
        return;
    }
    writer->messages[writer->message_count++] = type;
}

static void remember_enum(struct openapi_writer *writer, const ProtobufCEnumDescriptor *type)
{
    for (size_t i = 0; i < writer->enum_count; i++) {
        if (writer->enums[i] == type) {
            return;
        }
    }
    if (writer->enum_count == OPENAPI_TYPES_MAX) {
        writer->text.failed = true;
        return;
    }
    writer->enums[writer->enum_count++] = type;
}

static void write_reference(struct openapi_writer *writer, const char *name)
{
    const char *target = arena_printf(writer->arena, "#/components/schemas/%s", name);

    write_pair(writer, "$ref", target != NULL ? target : "");
}

/* The members of a schema of one value, without braces. */
static void write_value_members(struct openapi_writer *writer,
                                const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        write_json(writer, "\"type\":\"integer\",\"format\":\"int32\"");
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        write_json(writer, "\"type\":\"integer\",\"format\":\"uint32\",\"minimum\":0");
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_json(writer, "\"type\":\"string\",\"format\":\"int64\"");
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_json(writer, "\"type\":\"string\",\"format\":\"uint64\"");
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_json(writer, "\"type\":\"number\",\"format\":\"float\"");
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_json(writer, "\"type\":\"number\",\"format\":\"double\"");
        break;
    case PROTOBUF_C_TYPE_BOOL:
        write_json(writer, "\"type\":\"boolean\"");
        break;
    case PROTOBUF_C_TYPE_STRING:
        write_json(writer, "\"type\":\"string\"");
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_json(writer, "\"type\":\"string\",\"format\":\"byte\"");
        break;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *type = field->descriptor;

        remember_enum(writer, type);
        write_reference(writer, type->name);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessageDescriptor *type = field->descriptor;
        const char *members = well_known_members(type->name);

        if (members != NULL) {
            write_json(writer, members);
        } else {
            remember_message(writer, type);
            write_reference(writer, type->name);
        }
        break;
    }
    }
}

static void write_about(struct openapi_writer *writer, const struct schema_field *about)
{
    if (about == NULL) {
        return;
    }
    if (about->comment[0] != '\0') {
        write_pair(writer, "description", about->comment);
    }
    if ((about->behavior & FIELD_OUTPUT_ONLY) != 0) {
        write_json(writer, "\"readOnly\":true");
    }
    if ((about->behavior & FIELD_INPUT_ONLY) != 0) {
        write_json(writer, "\"writeOnly\":true");
    }
}

void write_parameter_schema(struct openapi_writer *writer, const ProtobufCFieldDescriptor *field)
{
    static const struct {
        const char *name;
        const char *members;
    } bounds[] = {
        {"page_size", "\"minimum\":0"},
        {"year", "\"minimum\":1900,\"maximum\":2200"},
    };

    if (field->label == PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_INT32) {
        write_field_schema(writer, field, NULL);
        return;
    }
    write_open(writer, '{');
    write_value_members(writer, field);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        if (strcmp(field->name, bounds[i].name) == 0) {
            write_json(writer, bounds[i].members);
        }
    }
    write_close(writer, '}');
}

void write_field_schema(struct openapi_writer *writer, const ProtobufCFieldDescriptor *field,
                        const struct schema_field *about)
{
    write_open(writer, '{');
    if (about != NULL && about->is_map) {
        const ProtobufCMessageDescriptor *entry = field->descriptor;

        write_json(writer, "\"type\":\"object\"");
        write_key(writer, "additionalProperties");
        write_field_schema(writer, message_field(entry, slice_from("value")), NULL);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_json(writer, "\"type\":\"array\"");
        write_key(writer, "items");
        write_open(writer, '{');
        write_value_members(writer, field);
        write_close(writer, '}');
    } else {
        write_value_members(writer, field);
    }
    write_about(writer, about);
    write_close(writer, '}');
}

static bool is_skipped(const char *const *skip, const char *name)
{
    for (; skip != NULL && *skip != NULL; skip++) {
        if (strcmp(*skip, name) == 0) {
            return true;
        }
    }
    return false;
}

static void write_required(struct openapi_writer *writer, const struct schema_message *about,
                           const char *const *skip)
{
    bool is_first = true;

    for (size_t i = 0; i < about->field_count; i++) {
        const struct schema_field *field = &about->fields[i];

        if ((field->behavior & FIELD_REQUIRED) == 0 || is_skipped(skip, field->name)) {
            continue;
        }
        if (is_first) {
            write_key(writer, "required");
            write_open(writer, '[');
            is_first = false;
        }
        write_string(writer, field->json_name);
    }
    if (!is_first) {
        write_close(writer, ']');
    }
}

void write_message_schema(struct openapi_writer *writer, const ProtobufCMessageDescriptor *type,
                          const char *const *skip, bool with_required)
{
    const struct schema_message *about = schema_message(writer->schema, type->name);

    write_open(writer, '{');
    write_json(writer, "\"type\":\"object\"");
    if (about != NULL) {
        if (about->comment[0] != '\0') {
            write_pair(writer, "description", about->comment);
        }
        if (with_required) {
            write_required(writer, about, skip);
        }
        write_key(writer, "properties");
        write_open(writer, '{');
        for (size_t i = 0; i < about->field_count; i++) {
            const struct schema_field *field = &about->fields[i];
            const ProtobufCFieldDescriptor *descriptor =
                message_field(type, slice_from(field->name));

            if (descriptor != NULL && !is_skipped(skip, field->name)) {
                write_key(writer, field->json_name);
                write_field_schema(writer, descriptor, field);
            }
        }
        write_close(writer, '}');
    }
    write_close(writer, '}');
}

void write_message_reference(struct openapi_writer *writer, const ProtobufCMessageDescriptor *type)
{
    const char *members = well_known_members(type->name);

    write_open(writer, '{');
    if (members != NULL) {
        write_json(writer, members);
    } else {
        remember_message(writer, type);
        write_reference(writer, type->name);
    }
    write_close(writer, '}');
}

static void write_enum(struct openapi_writer *writer, const ProtobufCEnumDescriptor *type)
{
    const struct schema_enum *about = schema_enum(writer->schema, type->name);
    struct buffer description;

    buffer_init(&description, 64 << 10);
    if (about != NULL) {
        buffer_append_text(&description, about->comment);
        for (size_t i = 0; i < about->value_count; i++) {
            if (about->value_comments[i][0] != '\0') {
                buffer_printf(&description, "%s- %s: %s", description.length > 0 ? "\n" : "",
                              about->value_names[i], about->value_comments[i]);
            }
        }
    }
    buffer_append_char(&description, '\0');
    write_open(writer, '{');
    write_json(writer, "\"type\":\"string\"");
    if (!buffer_failed(&description) && description.length > 1) {
        write_pair(writer, "description", description.data);
    }
    write_key(writer, "enum");
    write_open(writer, '[');
    for (unsigned i = 0; i < type->n_values; i++) {
        write_string(writer, type->values[i].name);
    }
    write_close(writer, ']');
    write_close(writer, '}');
    buffer_done(&description);
}

void write_types(struct openapi_writer *writer)
{
    for (size_t i = 0; i < writer->message_count; i++) {
        write_key(writer, writer->messages[i]->name);
        write_message_schema(writer, writer->messages[i], NULL, true);
    }
    for (size_t i = 0; i < writer->enum_count; i++) {
        write_key(writer, writer->enums[i]->name);
        write_enum(writer, writer->enums[i]);
    }
}

bool field_fits_query(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;

    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           (field->label != PROTOBUF_C_LABEL_REPEATED && well_known_members(type->name) != NULL);
}
