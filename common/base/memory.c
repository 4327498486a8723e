/* memory.c - settings of glibc's malloc, and the end of a process that gets nothing from it. */
#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

void *memory_zeroed(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        memory_end(size);
    }
    return memory;
}

void *memory_resized(void *memory, size_t size)
{
    void *resized = realloc(memory, size);

    if (resized == NULL) {
        memory_end(size);
    }
    return resized;
}

void memory_end(size_t wanted_bytes)
{
    char line[128];

    /* By hand: the log's own thread would not come to write it any more. */
    const int length = snprintf(line, sizeof(line),
                                "{\"level\":\"error\",\"event\":\"out_of_memory\","
                                "\"bytes\":\"%zu\"}\n",
                                wanted_bytes);
    const ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written;
    abort();
}
