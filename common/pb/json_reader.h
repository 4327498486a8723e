/*
 * json_reader.h - JSON text taken apart from the front, value by value; private to pb.
 *
 * Every position is a pointer into the text. Errors are those of json.h, with the path of the
 * value being read and the line and column.
 */
#ifndef PB_JSON_READER_H
#define PB_JSON_READER_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A step on the way to the value being read; lives on the stack of who reads it. */
struct json_step {
    const struct json_step *up;
    const char *proto_name; /* of a field; NULL for what follows */
    struct slice name;      /* a key as it stands in the text; data NULL: an element */
    size_t index;           /* of the element */
};

struct json_reader {
    struct arena *arena;
    const char *start;
    const char *end;
    const char *at;
    size_t depth;
    const struct json_step *step;
};

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_BOOL, JSON_NULL };

void json_reader_init(struct json_reader *reader, struct arena *arena, struct slice text);

/* What the next value is, by its first byte, without taking it. MALFORMED_JSON when no value
 * starts here. */
struct status json_reader_kind(struct json_reader *reader, enum json_kind *ret_kind);

/* Takes the "{" or "[" in front of which the reader stands. */
struct status json_reader_enter(struct json_reader *reader);

/* Before each element: takes the comma, or the close ("}" or "]") and then says no more. */
struct status json_reader_next(struct json_reader *reader, char close, bool is_first,
                               bool *ret_more);

/* Takes a member's name and colon. ret_at is where the name starts. */
struct status json_reader_name(struct json_reader *reader, struct slice *ret_name,
                               const char **ret_at);

/* Takes a string. The result is in the text itself when nothing was escaped, else a copy in the
 * arena with a NUL behind it. */
struct status json_reader_string(struct json_reader *reader, struct slice *ret_string);

/* A NUL-terminated string in the arena. */
struct status json_reader_string_copy(struct json_reader *reader, char **ret_string);

/* Takes a number as it is written (RFC 8259, 6). */
struct status json_reader_number(struct json_reader *reader, struct slice *ret_number);

struct status json_reader_bool(struct json_reader *reader, bool *ret_value);
struct status json_reader_null(struct json_reader *reader);

/* Takes any value and keeps nothing. */
struct status json_reader_skip(struct json_reader *reader);

/* MALFORMED_JSON unless only white space is left. */
struct status json_reader_end(struct json_reader *reader);

/* INVALID_ARGUMENT at a position, about the value being read. */
__attribute__((format(printf, 4, 5))) struct status json_reader_fail(struct json_reader *reader,
                                                                     const char *at,
                                                                     const struct reason *reason,
                                                                     const char *format, ...);

/* The status with path, line and column put to it; OK and RESOURCE_EXHAUSTED stay as they are. */
struct status json_reader_locate(struct json_reader *reader, const char *at, struct status status);

#endif
