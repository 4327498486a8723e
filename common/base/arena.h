/*
 * arena.h - memory that belongs to one call and ends with it.
 *
 * One thread at a time uses an arena. Nothing is freed alone: reset or free the arena.
 *
 * No function here returns NULL. Past its limit an arena goes on serving, so that code which is
 * under way can end safely, and remembers that it is exhausted. Whoever gave the arena to the code
 * asks once, at the end (arena_exhausted(), or status_within() of status.h), and throws away what
 * was made. What is served past the limit must stay small: a loop over rows or over input asks in
 * each round, and a size that nothing else bounds is asked for with arena_has_room() before. Where
 * the system has no memory the process ends (base/memory.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* limit_bytes bounds what all allocations may take before the arena is exhausted. */
struct arena *arena_new(size_t limit_bytes);

/* arena may be NULL. */
void arena_free(struct arena *arena);

/* Forget every allocation, and that it was exhausted; keeps one small chunk, so that the next call
 * need not ask the system. */
void arena_reset(struct arena *arena);

/* Zeroed and aligned for any type. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc() for an array. A count * size that overflows is no size that memory can have: the
 * process ends. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/* A NUL-terminated copy. */
char *arena_copy(struct arena *arena, struct slice slice);
char *arena_strdup(struct arena *arena, const char *text);

/* Past the limit a text is cut to 255 bytes: one that is made longer in every round of a loop would
 * otherwise grow with its square. */
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
                                                         ...);
__attribute__((format(printf, 2, 0))) char *arena_vprintf(struct arena *arena, const char *format,
                                                          va_list args);

/* True once more was asked for than the limit; until the next reset. Any result that was made since
 * may be wrong. */
bool arena_exhausted(const struct arena *arena);

/* True when size bytes fit below the limit; else the arena is exhausted. For a size that comes from
 * outside, before it is allocated. */
bool arena_has_room(struct arena *arena, size_t size);

/* Bytes handed out since the last reset, also those past the limit. */
size_t arena_used_bytes(const struct arena *arena);

#endif
