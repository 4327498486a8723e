/*
 * message.h - protobuf-c messages by reflection: fields by name, copies, comparison.
 *
 * Names are proto names (display_name). Messages live in an arena; strings in them are never
 * NULL where protobuf-c says so, and "" may be the shared empty string. No message is cyclic.
 */
#ifndef PB_MESSAGE_H
#define PB_MESSAGE_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* An initialised message of the type. */
void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *type);

/* NULL when the type has no such field. */
const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              struct slice name);

/* True when the field holds something: a message or oneof member that is set, a repeated field
 * with elements, a scalar without presence that is not its zero. */
bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Back to unset, or zero. */
void message_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* to's field becomes from's: the same type of message, shallow (shares what from points to). */
void message_copy_field(ProtobufCMessage *to, const ProtobufCMessage *from,
                        const ProtobufCFieldDescriptor *field);

/* Deep and by value; NaN equals itself, map entries in any order. */
bool message_field_equals(const ProtobufCMessage *a, const ProtobufCMessage *b,
                          const ProtobufCFieldDescriptor *field);
bool message_equals(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* A deep copy. */
void *message_clone(struct arena *arena, const ProtobufCMessage *message);

/* Singular string field: its text, "" when the type has no such field. */
const char *message_string(const ProtobufCMessage *message, const char *name);
/* False when the type has no such singular string field. text must outlive the message. */
bool message_set_string(ProtobufCMessage *message, const char *name, const char *text);

/* Singular message field: the message, NULL when unset or when there is no such field. */
void *message_child(const ProtobufCMessage *message, const char *name);
bool message_set_child(ProtobufCMessage *message, const char *name, void *child);

/* Singular int32, int64, bool or enum field; fallback when there is no such field. */
int64_t message_int(const ProtobufCMessage *message, const char *name, int64_t fallback);
bool message_set_int(ProtobufCMessage *message, const char *name, int64_t value);

/* The repeated field of messages as an array; NULL and 0 when there is no such field. */
ProtobufCMessage **message_list(const ProtobufCMessage *message, const char *name,
                                size_t *ret_count);
bool message_set_list(ProtobufCMessage *message, const char *name, ProtobufCMessage **items,
                      size_t count);

/* The wire bytes in the arena; RESOURCE_EXHAUSTED when it is full. */
struct status message_pack(struct arena *arena, const ProtobufCMessage *message,
                           struct slice *ret_bytes);

/* A repeated field of a nested type NameEntry {key = 1, value = 2} is a map (protobuf-c keeps no
 * other mark of it; protoc refuses other messages of such a name beside the field). */
bool message_field_is_map(const ProtobufCMessageDescriptor *type,
                          const ProtobufCFieldDescriptor *field);

/* Every string in the message, deeply, becomes NFC. INVALID_ARGUMENT INVALID_VALUE, with the path
 * as in JSON, for one with a control character (below U+0020) other than tab and line ends. */
struct status message_to_nfc(struct arena *arena, ProtobufCMessage *message);

#endif
