/* memory.c - settings of glibc's malloc. */
#include "base/memory.h"

#include <malloc.h>

enum {
    /* glibc would give each of many threads a heap of its own, which keeps what it once needed. */
    HEAPS = 2,
    /* Blocks from this size on are given back to the system when they are freed. Set, because glibc
     * would otherwise raise the limit with every such block that is freed, and keep those. */
    MAPPED_MIN_BYTES = 128 << 10,
};

void memory_configure(void)
{
    (void)mallopt(M_ARENA_MAX, HEAPS);
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_MIN_BYTES);
}
