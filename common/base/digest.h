/*
 * digest.h - hashes, random bytes and their texts, from libcrypto.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX_BYTES = 65 };

/* SHA-256 of one slice, or of several one after the other. Any thread. */
void digest(struct slice data, uint8_t hash[DIGEST_BYTES]);
void digest_many(const struct slice *parts, size_t count, uint8_t hash[DIGEST_BYTES]);

/* SHA-256 of bytes that come one after the other; one thread at a time. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *stream, struct slice data);
/* Frees the stream. */
void digest_stream_end(struct digest_stream *stream, uint8_t hash[DIGEST_BYTES]);

/* Lower-case hexadecimal and a NUL: 2 * length + 1 bytes. */
void hex_encode(const uint8_t *bytes, size_t length, char *text);

/* Cryptographically strong. Ends the program when the system has none to give. */
void random_bytes(uint8_t *bytes, size_t length);

#endif
