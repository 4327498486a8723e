/* digest.c - libcrypto. When it fails the program ends: a journal with a wrong hash, or an id that
 * is not random, would be worse. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

/* Fetched once: a fetch for each hash costs more than a short hash does. */
static EVP_MD *sha256;

static void sha256_fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* The stream is libcrypto's context. */
static EVP_MD_CTX *context_of(struct digest_stream *stream)
{
    return (EVP_MD_CTX *)stream;
}

struct digest_stream *digest_stream_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, sha256_fetch);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (sha256 == NULL || context == NULL || EVP_DigestInit_ex2(context, sha256, NULL) != 1) {
        abort();
    }
    return (struct digest_stream *)context;
}

void digest_stream_add(struct digest_stream *stream, struct slice data)
{
    if (data.length > 0 && EVP_DigestUpdate(context_of(stream), data.data, data.length) != 1) {
        abort();
    }
}

void digest_stream_end(struct digest_stream *stream, uint8_t hash[DIGEST_BYTES])
{
    if (EVP_DigestFinal_ex(context_of(stream), hash, NULL) != 1) {
        abort();
    }
    EVP_MD_CTX_free(context_of(stream));
}

void digest_many(const struct slice *parts, size_t count, uint8_t hash[DIGEST_BYTES])
{
    struct digest_stream *stream = digest_stream_new();

    for (size_t i = 0; i < count; i++) {
        digest_stream_add(stream, parts[i]);
    }
    digest_stream_end(stream, hash);
}

void digest(struct slice data, uint8_t hash[DIGEST_BYTES])
{
    digest_many(&data, 1, hash);
}

void hex_encode(const uint8_t *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0f];
    }
    text[2 * length] = '\0';
}

void random_bytes(uint8_t *bytes, size_t length)
{
    enum { AT_ONCE_BYTES = 1 << 20 };

    while (length > 0) {
        const size_t part = length < AT_ONCE_BYTES ? length : AT_ONCE_BYTES;
        if (RAND_bytes(bytes, (int)part) != 1) {
            abort();
        }
        bytes += part;
        length -= part;
    }
}
