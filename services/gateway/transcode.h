/*
 * transcode.h - from an HTTP request to the request message of a method.
 *
 * Errors, all INVALID_ARGUMENT: those of json.h for the body and for parameters; INVALID_PATH for
 * a path segment that is no text; PATH_CONFLICT when the body says otherwise than the path;
 * MISPLACED_FIELD for a parameter that belongs into the body or the path; DUPLICATE_FIELD for one
 * that stands in the body too; UNEXPECTED_BODY; UNSUPPORTED_MEDIA_TYPE.
 */
#ifndef GATEWAY_TRANSCODE_H
#define GATEWAY_TRANSCODE_H

#include "base/arena.h"
#include "base/status.h"
#include "router.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { QUERY_PARAMETERS_MAX = 100 };

struct transcode_source {
    const struct router_match *match;
    struct slice query; /* as sent, without "?" */
    struct slice body;
    struct slice content_type;
    bool has_content_type;
};

/* The message lives in the arena; texts in it may point into the source. */
struct status transcode_request(struct arena *arena, const struct transcode_source *source,
                                ProtobufCMessage **ret_message);

/* Of a message that transcode_request() made: an update without update_mask gets one of the members
 * that its body has, also those of a zero or null, which the message alone does not tell from what
 * is left out. The name of the resource is none of them. */
struct status transcode_mask(struct arena *arena, const struct transcode_source *source,
                             ProtobufCMessage *message, bool *ret_implied);

/* Decodes %XX, and "+" to a space when plus_is_space; a NUL-terminated copy. Escapes are valid.
 * False when the text is no UTF-8 or has U+0000. */
bool percent_decode(struct arena *arena, struct slice text, bool plus_is_space,
                    struct slice *ret_text);

#endif
