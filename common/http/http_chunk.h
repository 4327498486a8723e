/*
 * http_chunk.h - the chunked transfer coding (RFC 9112, 7.1), read strictly: llhttp 8.1 and 9.2
 * differ in what they let pass here.
 */
#ifndef HTTP_HTTP_CHUNK_H
#define HTTP_HTTP_CHUNK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_CHUNK_EXTRA_MAX_BYTES = 16 << 10 }; /* extensions and trailers of one body */

enum http_chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION_SPACE, /* before a ";" that has to come */
    CHUNK_EXTENSION_START, /* behind ";", before the name */
    CHUNK_EXTENSION_NAME,
    CHUNK_EXTENSION_NAMED,  /* white space behind the name: "=" or ";" has to come */
    CHUNK_EXTENSION_EQUALS, /* behind "=", before the value */
    CHUNK_EXTENSION_VALUE,
    CHUNK_EXTENSION_QUOTED,
    CHUNK_EXTENSION_ESCAPED, /* behind a backslash in quotes */
    CHUNK_EXTENSION_END,     /* behind the quotes */
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER_START,
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER, /* behind the colon */
    CHUNK_TRAILER_LF,
    CHUNK_LAST_LF,
    CHUNK_DONE,
};

/* Zeros at the start of a body. */
struct http_chunk {
    enum http_chunk_state state;
    unsigned digits;
    uint64_t left; /* size of the chunk, then its bytes still to come */
    size_t extra;
};

/*
 * Reads on in *data, which moves past what was read; stops after a piece of the body (ret_piece,
 * pointing into data), at the end of the input (empty piece) or at the end of the body (state is
 * CHUNK_DONE). False: malformed.
 */
bool http_chunk_read(struct http_chunk *chunk, struct slice *data, struct slice *ret_piece);

#endif
