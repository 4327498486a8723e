/*
 * json.h - the proto3 JSON mapping, straight from and into protobuf-c messages.
 *
 * Reading is strict: unknown and duplicate members, wrong types, numbers out of range, invalid
 * UTF-8, U+0000, lone surrogates, nesting past JSON_DEPTH_MAX and text after the value are
 * refused. Both lowerCamelCase and proto names are read; lowerCamelCase is written. Fields
 * without presence are always written; unset wrappers, messages and oneofs are written as null
 * for wrappers and left out for others.
 *
 * Errors: INVALID_ARGUMENT with reason
 *   MALFORMED_JSON      no JSON; the message says line, column and what was expected
 *   UNKNOWN_FIELD       field is its path
 *   DUPLICATE_FIELD
 *   INVALID_VALUE       wrong type, out of range, no such enum value, no such date
 * A lone surrogate is MALFORMED_JSON and an escaped U+0000 INVALID_VALUE. field is the path of
 * the value at fault in lowerCamelCase: observations[3].breakdown.plant, labels["a b"].
 * RESOURCE_EXHAUSTED REQUEST_TOO_COSTLY when the arena is exhausted.
 * Every message of an error ends with "(line L, column C)", counted from 1, columns in bytes.
 */
#ifndef PB_JSON_H
#define PB_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

enum { JSON_DEPTH_MAX = 64 };

struct status json_decode(struct arena *arena, const ProtobufCMessageDescriptor *type,
                          struct slice text, void **ret_message);

/*
 * One value as it stands in a URL: "42", "2022-12", "true", "2022-03-25T00:00:00Z", "a,b" for a
 * FieldMask. Sets the field at path ("page_size" or "pageSize", "target.value") of message,
 * making the messages on the way; repeated scalars append. UNKNOWN_FIELD, INVALID_VALUE,
 * DUPLICATE_FIELD (another member of the oneof is set; a singular field that was set by an
 * earlier call is set again is seen by the caller, not here). Messages have no line and column.
 */
struct status json_set_from_text(struct arena *arena, ProtobufCMessage *message, struct slice path,
                                 struct slice text);

/* Whether an object that json_decode() took has a member for this field of its type, whatever its
 * value: a message does not tell a default from nothing. */
struct status json_has_member(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              struct slice text, const ProtobufCFieldDescriptor *field,
                              bool *ret_found);

/* The proto paths of all members of an object that json_decode() took, whatever their values:
 * those of a singular message lead on to its own members, unless it is null or well-known. */
struct status json_present_paths(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                 struct slice text, char ***ret_paths, size_t *ret_count);

/*
 * Appends the JSON text. Numbers in their shortest form that reads back the same; NaN and
 * infinities as strings. Any is written for the types of the registry, else with its bytes as
 * "value".
 *
 * False when something of the message has no JSON form: a time or duration out of its range, a path
 * of a field mask that would not read back the same. The buffer has failed then, too, so that those
 * who ask only that never show a part.
 */
bool json_encode(struct buffer *buffer, const ProtobufCMessage *message);

/* Appends the value of one field of message that is set, without its name; false as above. */
bool json_encode_field(struct buffer *buffer, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field);

/* As json_encode() with two spaces of indentation a level, for people. */
bool json_encode_pretty(struct buffer *buffer, const ProtobufCMessage *message);

/* Appends a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void json_append_string(struct buffer *buffer, struct slice text);

/* The shortest decimal text of a finite double that reads back the same ("0.1", "1e+22"); returns
 * its length. */
enum { JSON_NUMBER_BYTES = 32 };
size_t json_number_text(double value, char text[JSON_NUMBER_BYTES]);

/* "display_name" becomes "displayName". Returns the length; text must hold the name and a NUL. */
size_t json_name(const char *proto_name, char *text);

/* Types that may stand in an Any, by full name; call once per type at start. */
void json_register_any(const ProtobufCMessageDescriptor *type);

#endif
