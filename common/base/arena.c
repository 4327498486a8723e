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

enum {
    CHUNK_MIN_BYTES = 8 << 10,
    CHUNK_MAX_BYTES = 256 << 10,
    CHUNK_KEPT_MAX_BYTES = 32 << 10, /* by arena_reset() */
};

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
    struct chunk *kept = NULL;

    /* Of those that are small enough the newest, which is the largest: the next use of the arena,
     * which is like this one, takes no other. A server keeps one for each of its many calls. */
    while (arena->newest != NULL) {
        struct chunk *older = arena->newest->older;
        if (kept == NULL && arena->newest->capacity <= CHUNK_KEPT_MAX_BYTES) {
            kept = arena->newest;
        } else {
            chunk_free(arena->newest);
        }
        arena->newest = older;
    }
    if (kept != NULL) {
        kept->older = NULL;
        kept->used = 0;
        POISON(kept->bytes, kept->capacity);
    }
    arena->newest = kept;
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

/* The content is whatever was there. */
static void *take(struct arena *arena, size_t size)
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
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);

    return memory != NULL ? memset(memory, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;

    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, struct slice slice)
{
    char *copy = slice.length < SIZE_MAX ? take(arena, slice.length + 1) : NULL;

    if (copy != NULL) {
        if (slice.length > 0) {
            memcpy(copy, slice.data, slice.length);
        }
        copy[slice.length] = '\0';
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, slice_from(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char short_text[256];
    va_list again;

    va_copy(again, args);
    /* Most fit, and are formatted once. */
    const int length = vsnprintf(short_text, sizeof(short_text), format, args);
    char *text = length >= 0 ? take(arena, (size_t)length + 1) : NULL;
    if (text != NULL && (size_t)length < sizeof(short_text)) {
        memcpy(text, short_text, (size_t)length + 1);
    } else if (text != NULL) {
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
