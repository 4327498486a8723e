/*
 * redis_reply.h - what a reply of Redis means to a cache: a value, a word, or nothing to rely on.
 * Pure.
 */
#ifndef GATEWAY_REDIS_REPLY_H
#define GATEWAY_REDIS_REPLY_H

#include "base/slice.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* The bytes of a string, in the reply; data is NULL for whatever else it is. */
struct slice redis_reply_value(const redisReply *reply);

/* Whether it is a status of this word: "OK", "PONG". */
bool redis_reply_is(const redisReply *reply, const char *word);

#endif
