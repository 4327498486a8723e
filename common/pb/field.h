/*
 * field.h - where protobuf-c keeps a field of a message: for the files of pb/ only.
 */
#ifndef PB_FIELD_H
#define PB_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool field_is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool field_is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The value, or the pointer to the array of a repeated field. */
static inline void *field_member(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

/* Of a repeated field only. */
static inline size_t *field_count(const ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

/* Of a oneof only: the number of the member that is set, an enum in the generated code. */
static inline uint32_t *field_case(const ProtobufCMessage *message,
                                   const ProtobufCFieldDescriptor *field)
{
    return (uint32_t *)(void *)((char *)message + field->quantifier_offset);
}

/* The has_ flag of a proto2 field; NULL where there is none. */
static inline protobuf_c_boolean *field_flag(const ProtobufCMessage *message,
                                             const ProtobufCFieldDescriptor *field)
{
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL || field_is_oneof(field) ||
        field->quantifier_offset == 0) {
        return NULL;
    }
    return (protobuf_c_boolean *)(void *)((char *)message + field->quantifier_offset);
}

/* What one value takes in the message or in the array. */
size_t field_value_bytes(const ProtobufCFieldDescriptor *field);

/* The values that the field holds, as an array: of a repeated field all, of a oneof that has
 * another member set none, else one. */
size_t field_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    char **ret_values);

#endif
