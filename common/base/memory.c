/* memory.c - settings of glibc's malloc. */
#include "base/memory.h"

#include <malloc.h>

enum {
    /* Each of the many threads would otherwise keep a heap of what it once needed. */
    HEAPS = 2,
    /* glibc would raise it with every block that is freed, and then keep those too. */
    MAPPED_MIN_BYTES = 128 << 10,
};

void memory_configure(void)
{
    (void)mallopt(M_ARENA_MAX, HEAPS);
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_MIN_BYTES);
}
