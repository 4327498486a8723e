/* redis_reply.c - takes a value out of a reply, by the type that the reply says it has. */
#include "redis_reply.h"

#include <string.h>

struct slice redis_reply_value(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? (struct slice){reply->str, reply->len}
                                             : (struct slice){0};
}

bool redis_reply_is(const redisReply *reply, const char *word)
{
    return reply->type == REDIS_REPLY_STATUS && reply->len == strlen(word) &&
           memcmp(reply->str, word, reply->len) == 0;
}
