/*
 * memory.h - how the allocator of the process behaves.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

/* Few heaps for many threads, and large blocks given back when they are freed. For main(), before
 * there are threads. */
void memory_configure(void);

#endif
