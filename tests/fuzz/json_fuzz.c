/* json_fuzz.c - text that is read is written, and what was written is read as the same. */
#include "fuzz.h"

#include "pb/json.h"

#include "everything.pb-c.h"

enum { MEMORY_BYTES = 1 << 22 };

static void register_types(void)
{
    json_register_any(&dongkhoi__test__leaf__descriptor);
    json_register_any(&google__protobuf__duration__descriptor);
    json_register_any(&google__protobuf__any__descriptor);
}

static void check_error(struct status status)
{
    promise(status.code == STATUS_RESOURCE_EXHAUSTED ||
            (status.code == STATUS_INVALID_ARGUMENT && status.message != NULL &&
             status.message[strlen(status.message) - 1] == ')'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *type = &dongkhoi__test__everything__descriptor;
    const struct slice text = {.data = (const char *)data, .length = size};
    struct arena *arena = arena_new(MEMORY_BYTES);
    struct buffer first;
    struct buffer second;
    void *message = NULL;

    promise(arena != NULL);
    register_types();
    buffer_init(&first, MEMORY_BYTES);
    buffer_init(&second, MEMORY_BYTES);
    struct status status = json_decode(arena, type, text, &message);
    if (status.code == STATUS_OK) {
        json_encode(&first, message);
        promise(!buffer_failed(&first));
        arena_reset(arena);
        status = json_decode(arena, type, buffer_slice(&first), &message);
        promise(status.code == STATUS_OK);
        json_encode(&second, message);
        promise(slice_equals(buffer_slice(&first), buffer_slice(&second)));
    } else {
        check_error(status);
    }
    buffer_done(&first);
    buffer_done(&second);
    arena_free(arena);
    return 0;
}
