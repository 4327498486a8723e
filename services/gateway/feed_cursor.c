/* feed_cursor.c - check, then for each service: length, name, seq, hash. */
#include "feed_cursor.h"

#include "base/base64url.h"
#include "base/digest.h"

enum { CHECK_BYTES = 8, CURSOR_MAX_BYTES = 4096, NUMBER_BYTES = 8 };

/* Another format gets another label, so that old cursors are refused and not misread. */
static const char label[] = "dongkhoi feed cursor 1";

static void make_check(struct slice positions, uint8_t check[DIGEST_BYTES])
{
    const struct slice parts[] = {{label, sizeof(label)}, positions};

    digest_many(parts, sizeof(parts) / sizeof(parts[0]), check);
}

static char *put_number(char *at, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        *at++ = (char)(uint8_t)(value >> shift);
    }
    return at;
}

const char *feed_cursor_make(struct arena *arena, const struct feed_position *positions,
                             size_t count)
{
    uint8_t check[DIGEST_BYTES];
    size_t size = CHECK_BYTES;

    for (size_t i = 0; i < count; i++) {
        size += 1 + strlen(positions[i].service) + 2 * NUMBER_BYTES;
    }
    char *bytes = arena_alloc(arena, size);
    char *at = bytes + CHECK_BYTES;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(positions[i].service);

        *at++ = (char)(uint8_t)length;
        memcpy(at, positions[i].service, length);
        at = put_number(at + length, positions[i].seq);
        at = put_number(at, positions[i].hash);
    }
    make_check((struct slice){bytes + CHECK_BYTES, size - CHECK_BYTES}, check);
    memcpy(bytes, check, CHECK_BYTES);
    return base64url_encode(arena, (struct slice){bytes, size});
}

static bool take(struct slice *rest, size_t length, struct slice *ret_taken)
{
    if (rest->length < length) {
        return false;
    }
    *ret_taken = (struct slice){rest->data, length};
    *rest = (struct slice){rest->data + length, rest->length - length};
    return true;
}

static bool take_number(struct slice *rest, uint64_t *ret_number)
{
    struct slice taken = {0};
    uint64_t number = 0;

    if (!take(rest, NUMBER_BYTES, &taken)) {
        return false;
    }
    for (size_t i = 0; i < NUMBER_BYTES; i++) {
        number = number << 8 | (uint8_t)taken.data[i];
    }
    *ret_number = number;
    return true;
}

static bool take_position(struct slice *rest, struct feed_position *positions, size_t count)
{
    struct slice length = {0};
    struct slice name = {0};
    uint64_t seq = 0;
    uint64_t hash = 0;

    if (!take(rest, 1, &length) || !take(rest, (uint8_t)length.data[0], &name) ||
        !take_number(rest, &seq) || !take_number(rest, &hash)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, positions[i].service)) {
            positions[i].seq = seq;
            positions[i].hash = hash;
            return true;
        }
    }
    return false;
}

static bool is_checked(struct slice bytes, struct slice *ret_rest)
{
    uint8_t check[DIGEST_BYTES];
    struct slice found = {0};

    if (!take(&bytes, CHECK_BYTES, &found)) {
        return false;
    }
    make_check(bytes, check);
    *ret_rest = bytes;
    return memcmp(check, found.data, CHECK_BYTES) == 0;
}

struct status feed_cursor_read(struct arena *arena, const char *since,
                               struct feed_position *positions, size_t count)
{
    const struct slice text = slice_from(since);
    struct slice bytes = {0};
    struct slice rest = {0};

    for (size_t i = 0; i < count; i++) {
        positions[i].seq = 0;
        positions[i].hash = 0;
    }
    if (text.length == 0) {
        return STATUS_NONE;
    }
    bool is_good = text.length <= CURSOR_MAX_BYTES && base64url_decode(arena, text, &bytes) &&
                   is_checked(bytes, &rest);
    while (is_good && rest.length > 0) {
        is_good = take_position(&rest, positions, count);
    }
    return is_good ? STATUS_NONE
                   : status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_CURSOR", "since",
                                 "since is not a nextCursor of this feed");
}
