/* envelope_fuzz.c - what comes over nng: batches, requests and replies. */
#include "fuzz.h"

#include "dongkhoi/rpc/v1/envelope.pb-c.h"
#include "pb/message.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_envelope.h"
#include "rpc/rpc_parcel.h"

#include <string.h>

enum { MEMORY_BYTES = 1 << 22 };

static bool is_inside(struct slice part, struct slice whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

static void check_envelope(struct slice bytes)
{
    const ProtobufCMessageDescriptor *const types[] = {&dongkhoi__rpc__v1__request__descriptor,
                                                       &dongkhoi__rpc__v1__reply__descriptor};

    (void)envelope_is_draining(bytes);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct arena *arena = arena_new(MEMORY_BYTES);
        struct slice payload = {0};
        void *header = NULL;

        promise(arena != NULL);
        const struct status status = envelope_unpack(arena, types[i], bytes, &header, &payload);
        promise(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT ||
                status.code == STATUS_RESOURCE_EXHAUSTED);
        promise(status.code != STATUS_OK || (header != NULL && is_inside(payload, bytes)));
        arena_free(arena);
    }
}

/* A batch is split as often as there are envelopes, and never past its end. */
static unsigned split(struct slice bytes)
{
    struct slice rest = bytes;
    struct slice envelope;
    unsigned count = 0;

    while (count < PARCEL_CALLS_MAX && envelope_next(&rest, &envelope)) {
        promise(is_inside(envelope, bytes) && is_inside(rest, bytes));
        check_envelope(envelope);
        count++;
    }
    return count;
}

static void check_replies(struct slice bytes, unsigned count)
{
    struct rpc_reply *replies[PARCEL_CALLS_MAX] = {0};
    nng_msg *msg = NULL;

    if (nng_msg_alloc(&msg, 0) != 0 || nng_msg_append(msg, bytes.data, bytes.length) != 0) {
        abort();
    }
    replies_split(msg, count, replies);
    for (unsigned i = 0; i < count; i++) {
        struct arena *arena = arena_new(MEMORY_BYTES);
        struct rpc_answer answer;

        promise(arena != NULL);
        if (replies[i] != NULL && reply_envelope(replies[i]).data != NULL) {
            (void)rpc_reply_parse(replies[i], arena, &answer).code;
        }
        rpc_reply_free(replies[i]);
        arena_free(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};

    check_envelope(bytes);
    const unsigned count = split(bytes);
    if (size > 0) {
        check_replies(bytes, count > 0 ? count : 1);
    }
    return 0;
}
