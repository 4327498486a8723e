/* filter_fuzz.c - filters that are accepted run, and never match without what they require. */
#include "fuzz.h"

#include "pb/filter.h"
#include "pb/json.h"

#include "everything.pb-c.h"

enum { MEMORY_BYTES = 1 << 22 };

static const char *const samples[] = {
    "{}",
    "{\"stringValue\":\"x\",\"color\":\"COLOR_RED\",\"int32Value\":1,\"leaf\":{\"count\":3},"
    "\"strings\":[\"a\"],\"labels\":{\"a\":\"b\"},\"createTime\":\"2022-03-25T00:00:00Z\","
    "\"doubleWrapper\":1.5,\"leaves\":[{\"count\":7}],\"chosenText\":\"t\"}",
};

static void run(struct arena *arena, const ProtobufCMessageDescriptor *type,
                const struct filter *filter)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        void *message = NULL;
        const char *required = NULL;
        const struct status status = json_decode(arena, type, slice_from(samples[i]), &message);
        promise(status.code == STATUS_OK);
        const Dongkhoi__Test__Everything *everything = message;
        if (filter_matches(filter, message) && filter_requires(filter, "string_value", &required)) {
            promise(strcmp(required, everything->string_value) == 0);
        }
        if (filter_matches(filter, message) && filter_requires(filter, "color", &required)) {
            promise(strcmp(required, i == 0 ? "COLOR_UNSPECIFIED" : "COLOR_RED") == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *type = &dongkhoi__test__everything__descriptor;
    struct arena *arena = arena_new(MEMORY_BYTES);
    const struct filter *filter = NULL;
    struct order_key keys[ORDER_KEYS_MAX];
    size_t count = 0;

    promise(arena != NULL);
    const char *text =
        arena_copy(arena, (struct slice){.data = (const char *)data, .length = size});
    if (text != NULL) {
        struct status status = filter_parse(arena, type, text, &filter);
        promise(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
        if (status.code == STATUS_OK) {
            run(arena, type, filter);
        }
        status = order_parse(arena, type, text, keys, &count);
        promise(status.code != STATUS_OK || count <= ORDER_KEYS_MAX);
    }
    arena_free(arena);
    return 0;
}
