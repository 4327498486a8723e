/*
 * arena.h - memory that belongs to one call and ends with it.
 *
 * One thread at a time uses an arena. Nothing is freed alone: reset or free the arena.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* NULL when the system has no memory. limit_bytes bounds what all allocations may take. */
struct arena *arena_new(size_t limit_bytes);

/* arena may be NULL. */
void arena_free(struct arena *arena);

/* Forget every allocation; keeps one small chunk, so that the next call need not ask the system. */
void arena_reset(struct arena *arena);

/* Zeroed and aligned for any type; NULL past the limit. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc() for an array; NULL also when count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/* A NUL-terminated copy; NULL past the limit. */
char *arena_copy(struct arena *arena, struct slice slice);
char *arena_strdup(struct arena *arena, const char *text);

__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
                                                         ...);
__attribute__((format(printf, 2, 0))) char *arena_vprintf(struct arena *arena, const char *format,
                                                          va_list args);

/* Bytes handed out since the last reset. */
size_t arena_used_bytes(const struct arena *arena);

#endif
