/*
 * openapi_writer.h - JSON text piece by piece, and the schemas of messages and fields.
 *
 * A comma is set before a key or value where the text so far ends in a value.
 */
#ifndef GATEWAY_OPENAPI_WRITER_H
#define GATEWAY_OPENAPI_WRITER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "pb/schema.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { OPENAPI_TYPES_MAX = 512 };

struct openapi_writer {
    const struct schema *schema;
    struct arena *arena;
    struct buffer text;
    /* Types that were referred to; they are written in this order. */
    const ProtobufCMessageDescriptor *messages[OPENAPI_TYPES_MAX];
    size_t message_count;
    const ProtobufCEnumDescriptor *enums[OPENAPI_TYPES_MAX];
    size_t enum_count;
};

void write_open(struct openapi_writer *writer, char bracket); /* '{' or '[' */
void write_close(struct openapi_writer *writer, char bracket);
void write_key(struct openapi_writer *writer, const char *key);
void write_string(struct openapi_writer *writer, const char *text);
void write_pair(struct openapi_writer *writer, const char *key, const char *text);
/* A value that is JSON text already. */
void write_json(struct openapi_writer *writer, const char *json);

/* The schema of a field as a parameter: with the bounds that services hold it to. */
void write_parameter_schema(struct openapi_writer *writer, const ProtobufCFieldDescriptor *field);

/* The schema of a field, as JSON has it. description may be NULL. */
void write_field_schema(struct openapi_writer *writer, const ProtobufCFieldDescriptor *field,
                        const struct schema_field *about);

/* An object schema with the message's fields but those of skip (proto paths, NULL-ended or NULL).
 */
void write_message_schema(struct openapi_writer *writer, const ProtobufCMessageDescriptor *type,
                          const char *const *skip, bool with_required);

/* {"$ref": ...} to a message, or its schema where JSON has another form for it. */
void write_message_reference(struct openapi_writer *writer, const ProtobufCMessageDescriptor *type);

/* The members of components.schemas: every type that was referred to, and what those refer to. */
void write_types(struct openapi_writer *writer);

/* True when values of this field fit into a URL. */
bool field_fits_query(const ProtobufCFieldDescriptor *field);

#endif
