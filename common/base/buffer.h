/*
 * buffer.h - bytes that grow, for what is rendered.
 *
 * A buffer owns heap memory up to a limit; where the system has none the process ends. Once an
 * append fails the buffer stays failed: append at will and ask once, at the end, with
 * buffer_failed().
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit_bytes;
    bool failed;
};

void buffer_init(struct buffer *buffer, size_t limit_bytes);

/* Frees the memory; the buffer may be inited again. A buffer of zeros may be done. */
void buffer_done(struct buffer *buffer);

/* Empty again, memory kept, failure forgotten. */
void buffer_clear(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
__attribute__((format(printf, 2, 3))) void buffer_printf(struct buffer *buffer, const char *format,
                                                         ...);

/* Room for length bytes behind the end, to be filled by the caller and then counted with
 * buffer_grow(); NULL when it failed. */
char *buffer_reserve(struct buffer *buffer, size_t length);
void buffer_grow(struct buffer *buffer, size_t length);

/* Makes the buffer fail as if it were full: what should be appended has no text. */
static inline void buffer_fail(struct buffer *buffer)
{
    buffer->failed = true;
}

/* True when the limit was passed, or it was made to fail. */
static inline bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

/* Valid until the buffer changes. */
static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){.data = buffer->data, .length = buffer->length};
}

#endif
