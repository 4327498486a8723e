/*
 * media.h - the forms that an answer may have, and which one a client asks for.
 */
#ifndef GATEWAY_MEDIA_H
#define GATEWAY_MEDIA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "http/http_head.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* MEDIA_MESSAGE, a packed message, is for the gateway itself and never offered. */
enum media {
    MEDIA_JSON,
    MEDIA_CSV,
    MEDIA_SDMX_CSV_2,
    MEDIA_SDMX_CSV_1,
    MEDIA_MESSAGE,
    MEDIA_COUNT,
};

/* What Content-Type says of it. */
const char *media_content_type(enum media media);

/* The name without charset: "text/csv". */
const char *media_name(enum media media);

/* The forms that a message of this type can have, as bits (1 << MEDIA_CSV): a page of a list is a
 * table, and one of observations also an SDMX message. */
unsigned media_of(const ProtobufCMessageDescriptor *output);

/*
 * Of the forms offered the one that Accept gives the most weight; among equals the one that it
 * names most exactly, then first. Without Accept it is JSON. False: Accept takes none of them.
 */
bool media_choose(const struct http_head *head, unsigned offered, enum media *ret_media);

/* Appends the message in this form. The arena is for what is at hand meanwhile. INTERNAL
 * MALFORMED_REPLY when a value of it cannot be shown, such as a time of the year 10000. */
struct status media_render(struct arena *arena, struct buffer *body,
                           const ProtobufCMessage *message, enum media media);

/* The names of the forms offered, with commas. */
const char *media_names(struct arena *arena, unsigned offered);

#endif
