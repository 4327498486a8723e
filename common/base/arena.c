/* arena.c - a list of chunks; allocation is a pointer bump in the newest one. */
#include "base/arena.h"

#include "base/memory.h"

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
    SHORT_TEXT_BYTES = 256,
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
    bool exhausted;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = memory_zeroed(sizeof(*arena));

    arena->limit_bytes = limit_bytes;
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
    arena->exhausted = false;
}

static void chunk_add(struct arena *arena, size_t size)
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
    if (chunk == NULL) {
        memory_end(sizeof(*chunk) + capacity);
    }
    chunk->capacity = capacity;
    chunk->used = 0;
    chunk->older = arena->newest;
    arena->newest = chunk;
    POISON(chunk->bytes, chunk->capacity);
}

bool arena_has_room(struct arena *arena, size_t size)
{
    if (arena->used_bytes > arena->limit_bytes || size > arena->limit_bytes - arena->used_bytes) {
        arena->exhausted = true;
    }
    return !arena->exhausted;
}

bool arena_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

/* The content is whatever was there. */
static void *take(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > PTRDIFF_MAX / 2) {
        memory_end(size);
    }
    const size_t taken = (size + align - 1) / align * align;
    (void)arena_has_room(arena, taken);
    struct chunk *chunk = arena->newest;
    if (chunk == NULL || taken + RED_ZONE_BYTES > chunk->capacity - chunk->used) {
        chunk_add(arena, taken + RED_ZONE_BYTES);
        chunk = arena->newest;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += taken + RED_ZONE_BYTES;
    arena->used_bytes += taken;
    UNPOISON(memory, size);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;

    if (__builtin_mul_overflow(count, size, &total)) {
        memory_end(SIZE_MAX);
    }
    return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, struct slice slice)
{
    char *copy = take(arena, slice.length + 1);

    if (slice.length > 0) {
        memcpy(copy, slice.data, slice.length);
    }
    copy[slice.length] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, slice_from(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char short_text[SHORT_TEXT_BYTES] = "";
    va_list again;

    va_copy(again, args);
    /* Most fit, and are formatted once. */
    const int length = vsnprintf(short_text, sizeof(short_text), format, args);
    const size_t size = length > 0 ? (size_t)length + 1 : 1;
    char *text = NULL;
    if (size <= sizeof(short_text) || !arena_has_room(arena, size)) {
        text = arena_strdup(arena, short_text);
    } else {
        text = take(arena, size);
        (void)vsnprintf(text, size, format, again);
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
