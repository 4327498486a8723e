/* decode_fuzz.c - bytes that are read can be written again, as bytes and as JSON. */
#include "fuzz.h"

#include "pb/decode.h"
#include "pb/json.h"
#include "pb/message.h"

#include "everything.pb-c.h"

enum { MEMORY_BYTES = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *type = &dongkhoi__test__everything__descriptor;
    const struct slice bytes = {.data = (const char *)data, .length = size};
    struct arena *arena = arena_new(MEMORY_BYTES);
    struct buffer json;
    struct slice packed;
    void *message = NULL;
    void *again = NULL;

    promise(arena != NULL);
    json_register_any(&dongkhoi__test__leaf__descriptor);
    json_register_any(&google__protobuf__any__descriptor);
    buffer_init(&json, 4 * MEMORY_BYTES);
    const struct status status = message_decode(arena, type, bytes, &message);
    promise(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT ||
            status.code == STATUS_RESOURCE_EXHAUSTED);
    if (status.code == STATUS_OK) {
        json_encode(&json, message);
        if (message_pack(arena, message, &packed).code == STATUS_OK &&
            message_decode(arena, type, packed, &again).code == STATUS_OK) {
            promise(message_equals(message, again));
        }
    }
    buffer_done(&json);
    arena_free(arena);
    return 0;
}
