/* redis_fuzz.c - whatever a Redis says, its reader ends and a value lies inside of its reply. */
#include "fuzz.h"

#include "cache_entry.h"
#include "redis_reply.h"

#include <string.h>

enum { REPLIES_MAX = 64 };

struct told {
    size_t replies;
    size_t value_bytes;
    bool is_broken;
};

static void look_at(const redisReply *reply, struct told *told)
{
    const struct slice value = redis_reply_value(reply);
    struct cache_parts parts;

    told->replies++;
    told->value_bytes += value.length;
    promise(value.length == 0 || (value.data == reply->str && value.length == reply->len));
    promise(!(redis_reply_is(reply, "OK") && redis_reply_is(reply, "PONG")));
    promise(value.data == NULL || !redis_reply_is(reply, "OK"));
    if (value.data != NULL) {
        (void)cache_entry_decode(value, slice_from("dongkhoi:name"), &parts);
    }
}

static struct told read_all(const uint8_t *data, size_t size, size_t step)
{
    redisReader *reader = redisReaderCreate();
    struct told told = {0};

    promise(reader != NULL);
    for (size_t at = 0; at < size && !told.is_broken; at += step) {
        void *reply = NULL;

        told.is_broken = redisReaderFeed(reader, (const char *)data + at,
                                         size - at < step ? size - at : step) != REDIS_OK;
        while (!told.is_broken && told.replies < REPLIES_MAX) {
            told.is_broken = redisReaderGetReply(reader, &reply) != REDIS_OK;
            if (told.is_broken || reply == NULL) {
                break;
            }
            look_at(reply, &told);
            freeReplyObject(reply);
        }
    }
    redisReaderFree(reader);
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct told whole = read_all(data, size, size > 0 ? size : 1);
    const struct told cut = read_all(data, size, 7);

    promise(whole.is_broken || cut.is_broken || whole.replies >= REPLIES_MAX ||
            (whole.replies == cut.replies && whole.value_bytes == cut.value_bytes));
    return 0;
}
