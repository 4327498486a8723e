/*
 * memory.h - how the allocator of the process behaves, and what happens when it has nothing left.
 *
 * Where the system has no memory, the process ends at once: what is promised holds also when a
 * process is killed, and no code has to go on without what it asked for. Limits on what one call
 * may use are no matter of this file (arena.h, buffer.h).
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* Few heaps for many threads, and large blocks given back when they are freed. For main(), before
 * there are threads. */
void memory_configure(void);

/* size zeroed bytes for free(); never NULL. Any thread. */
void *memory_zeroed(size_t size);

/* As realloc(), never NULL; size is more than 0. Any thread. */
void *memory_resized(void *memory, size_t size);

/* Writes the event out_of_memory to the log, with the bytes that were asked for, and aborts. */
_Noreturn void memory_end(size_t wanted_bytes);

#endif
