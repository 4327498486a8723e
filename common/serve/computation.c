/* computation.c - a hash of the build and the configuration, put into the hash of each version that
 * leaves the service by XOR, so that the same operation takes it out again. */
#include "serve/computation.h"

#include "base/build_id.h"
#include "base/digest.h"

uint64_t computation_hash(const struct service *service)
{
    const struct slice parts[] = {
        build_id(),
        service->configured != NULL ? service->configured() : (struct slice){0},
    };
    uint8_t hash[DIGEST_BYTES];
    uint64_t first = 0;

    digest_many(parts, sizeof(parts) / sizeof(parts[0]), hash);
    for (size_t i = 0; i < sizeof(first); i++) {
        first = first << 8 | hash[i];
    }
    return first;
}

struct version version_shown(struct version version, uint64_t computation)
{
    if (version.seq != 0 || version.hash != 0) {
        version.hash ^= computation;
    }
    return version;
}

struct version version_meant(struct version version, uint64_t computation)
{
    return version_shown(version, computation);
}
