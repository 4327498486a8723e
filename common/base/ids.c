/* ids.c - UUIDs in order of time, and what an id of a resource may be. */
#include "base/ids.h"

#include "base/digest.h"

enum { UUID_BYTES = 16 };

/* RFC 9562, 5.7: 48 bits of milliseconds, version 7, variant 10, the rest random. */
void uuid_make(int64_t time_us, char text[UUID_TEXT_BYTES])
{
    uint8_t bytes[UUID_BYTES];
    char hex[2 * UUID_BYTES + 1];
    const uint64_t time_ms = (uint64_t)(time_us / 1000);
    size_t length = 0;

    random_bytes(bytes, sizeof(bytes));
    for (int i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)(time_ms >> (40 - 8 * i));
    }
    bytes[6] = (uint8_t)(0x70 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    hex_encode(bytes, sizeof(bytes), hex);
    for (size_t i = 0; i < 2 * UUID_BYTES; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            text[length++] = '-';
        }
        text[length++] = hex[i];
    }
    text[length] = '\0';
}

bool id_is_valid(struct slice id)
{
    if (id.length < 1 || id.length > ID_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < id.length; i++) {
        const char c = id.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}
