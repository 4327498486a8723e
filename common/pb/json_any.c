/* json_any.c - the types that an Any may hold; filled at the start, before there are threads, then
 * only read. */
#include "pb/json_any.h"

#include "pb/json.h"

#include <assert.h>
#include <stdatomic.h>

enum { ANY_TYPES_MAX = 64 };

static const ProtobufCMessageDescriptor *types[ANY_TYPES_MAX];
static atomic_size_t type_count;

static const ProtobufCMessageDescriptor *find_type(struct slice name)
{
    const size_t count = atomic_load_explicit(&type_count, memory_order_acquire);

    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, types[i]->name)) {
            return types[i];
        }
    }
    return NULL;
}

void json_register_any(const ProtobufCMessageDescriptor *type)
{
    const size_t count = atomic_load_explicit(&type_count, memory_order_relaxed);

    if (find_type(slice_from(type->name)) != NULL) {
        return;
    }
    assert(count < ANY_TYPES_MAX);
    types[count] = type;
    atomic_store_explicit(&type_count, count + 1, memory_order_release);
}

const ProtobufCMessageDescriptor *any_type(struct slice url)
{
    const char *slash = url.length > 0 ? memrchr(url.data, '/', url.length) : NULL;

    if (slash == NULL) {
        return NULL;
    }
    const struct slice name = {.data = slash + 1,
                               .length = url.length - (size_t)(slash + 1 - url.data)};
    return find_type(name);
}
