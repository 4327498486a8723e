/* arena.c - a list of chunks; allocation is a pointer bump in the newest one. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define UNPOISON(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
/* Between two allocations, so that writing past one is seen. */
enum { RED_ZONE_BYTES = 16 };
#else
#define POISON(address, size) ((void)(address), (void)(size))
#define UNPOISON(address, size) ((void)(address), (void)(size))
enum { RED_ZONE_BYTES = 0 };
#endif

enum { CHUNK_MIN_BYTES = 8 << 10, CHUNK_MAX_BYTES = 256 << 10 };

struct chunk {
    struct chunk *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *newest;
    size_t limit_bytes;
    size_t used_bytes;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena != NULL) {
        arena->limit_bytes = limit_bytes;
    }
    return arena;
}

static void chunk_free(struct chunk *chunk)
{
    UNPOISON(chunk->bytes, chunk->capacity);
    free(chunk);
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->newest != NULL) {
        struct chunk *older = arena->newest->older;
        chunk_free(arena->newest);
        arena->newest = older;
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    struct chunk *newest = arena->newest;

    /* The oldest is the smallest: a server keeps one for each of its many calls. */
    while (newest != NULL && (newest->older != NULL || newest->capacity > CHUNK_MIN_BYTES)) {
        struct chunk *older = newest->older;
        chunk_free(newest);
        newest = older;
    }
    if (newest != NULL) {
        newest->used = 0;
        POISON(newest->bytes, newest->capacity);
    }
    arena->newest = newest;
    arena->used_bytes = 0;
}

static struct chunk *chunk_new(struct arena *arena, size_t size)
{
    size_t capacity = CHUNK_MIN_BYTES;

    if (arena->newest != NULL) {
        capacity = arena->newest->capacity * 2;
    }
    if (capacity > CHUNK_MAX_BYTES) {
        capacity = CHUNK_MAX_BYTES;
    }
    if (capacity < size) {
        capacity = size;
    }
    struct chunk *chunk = malloc(sizeof(*chunk) + capacity);
    if (chunk != NULL) {
        chunk->capacity = capacity;
        chunk->used = 0;
        chunk->older = arena->newest;
        arena->newest = chunk;
        POISON(chunk->bytes, chunk->capacity);
    }
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    const size_t taken = (size + align - 1) / align * align;
    if (taken > arena->limit_bytes - arena->used_bytes) {
        return NULL;
    }
    struct chunk *chunk = arena->newest;
    if (chunk == NULL || taken + RED_ZONE_BYTES > chunk->capacity - chunk->used) {
        chunk = chunk_new(arena, taken + RED_ZONE_BYTES);
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += taken + RED_ZONE_BYTES;
    arena->used_bytes += taken;
    UNPOISON(memory, size);
    memset(memory, 0, size);
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;

    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, struct slice slice)
{
    char *copy = slice.length < SIZE_MAX ? arena_alloc(arena, slice.length + 1) : NULL;

    if (copy != NULL && slice.length > 0) {
        memcpy(copy, slice.data, slice.length);
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, slice_from(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char *text = length >= 0 ? arena_alloc(arena, (size_t)length + 1) : NULL;
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
