/* base64url.c - six bits a character. */
#include "base/base64url.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(struct arena *arena, struct slice bytes)
{
    char *text = arena_alloc(arena, bytes.length / 3 * 4 + 5);
    size_t out = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    for (size_t i = 0; i < bytes.length; i++) {
        bits = bits << 8 | (uint8_t)bytes.data[i];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            text[out++] = alphabet[bits >> bit_count & 63];
        }
    }
    if (bit_count > 0) {
        text[out++] = alphabet[bits << (6 - bit_count) & 63];
    }
    return text;
}

bool base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes)
{
    char *bytes = arena_alloc(arena, text.length);
    size_t length = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    for (size_t i = 0; i < text.length; i++) {
        const char *at = text.data[i] != '\0' ? strchr(alphabet, text.data[i]) : NULL;
        if (at == NULL) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[length++] = (char)(uint8_t)(bits >> bit_count);
        }
    }
    /* A whole character too many, or bits that no encoder sets. */
    if (bit_count >= 6 || (bits & ((1U << bit_count) - 1)) != 0) {
        return false;
    }
    *ret_bytes = (struct slice){bytes, length};
    return true;
}
