/* page_token.c - positions to text and back. */
#include "store/page_token.h"

#include "base/base64url.h"
#include "store/store_internal.h"

#include <stdio.h>

enum { CHECK_BYTES = 16, TOKEN_MAX_BYTES = 1 << 16 };
enum { KEY_NULL, KEY_INT64, KEY_TEXT };

struct status page_size_check(struct arena *arena, int32_t asked, size_t *ret_size)
{
    if (asked < 0) {
        return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_PAGE_SIZE", "pageSize",
                           "pageSize is %d, and may not be negative", asked);
    }
    *ret_size = asked == 0 ? PAGE_DEFAULT : asked > PAGE_MAX ? PAGE_MAX : (size_t)asked;
    return STATUS_NONE;
}

static void write_be64(struct buffer *out, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        buffer_append_char(out, (char)(uint8_t)(value >> shift));
    }
}

void page_position_write(struct buffer *out, const struct page_position *position)
{
    write_be64(out, position->as_of_seq);
    buffer_append_char(out, (char)position->key_count);
    for (size_t i = 0; i < position->key_count; i++) {
        const struct column_value *key = &position->keys[i];
        if (key->is_null) {
            buffer_append_char(out, KEY_NULL);
        } else if (key->text == NULL) {
            buffer_append_char(out, KEY_INT64);
            write_be64(out, (uint64_t)key->int64);
        } else {
            buffer_append_char(out, KEY_TEXT);
            write_be64(out, strlen(key->text));
            buffer_append_text(out, key->text);
        }
    }
}

static void make_check(const struct tx *tx, const struct page_request *request,
                       struct slice position, uint8_t check[DIGEST_BYTES])
{
    enum { PARTS = sizeof(request->parts) / sizeof(request->parts[0]) };
    char lengths[PARTS][24];
    char as_of[64];
    struct slice slices[3 + 2 * PARTS];
    size_t count = 0;

    /* By the time that was asked for: the seq that it stands for may still move while it is now. */
    (void)snprintf(as_of, sizeof(as_of), "%d %lld %llu", tx->is_as_of,
                   (long long)(tx->is_as_of ? tx->as_of_time_us : 0),
                   (unsigned long long)(tx->is_as_of ? 0 : tx->as_of_seq));
    slices[count++] = (struct slice){(const char *)tx->store->id, DIGEST_BYTES};
    slices[count++] = slice_from(as_of);
    for (size_t i = 0; i < PARTS; i++) {
        const char *part = request->parts[i] != NULL ? request->parts[i] : "";
        (void)snprintf(lengths[i], sizeof(lengths[i]), "/%zu/", strlen(part));
        slices[count++] = slice_from(lengths[i]);
        slices[count++] = slice_from(part);
    }
    slices[count++] = position;
    digest_many(slices, count, check);
}

struct status page_token_make(struct tx *tx, const struct page_request *request,
                              struct slice position, const char **ret_token)
{
    uint8_t check[DIGEST_BYTES];
    uint8_t *bytes = arena_alloc(tx->arena, CHECK_BYTES + position.length);

    make_check(tx, request, position, check);
    memcpy(bytes, check, CHECK_BYTES);
    memcpy(bytes + CHECK_BYTES, position.data, position.length);
    const char *token = base64url_encode(
        tx->arena, (struct slice){(const char *)bytes, CHECK_BYTES + position.length});
    *ret_token = token;
    return STATUS_NONE;
}

static struct status refuse(struct tx *tx)
{
    return status_make(tx->arena, STATUS_INVALID_ARGUMENT, "INVALID_PAGE_TOKEN", "pageToken",
                       "pageToken is none, or one of another request");
}

/* Takes length bytes from the front of rest; false when there are fewer. */
static bool take(struct slice *rest, uint64_t length, struct slice *ret_taken)
{
    if (rest->length < length) {
        return false;
    }
    *ret_taken = (struct slice){rest->data, (size_t)length};
    *rest = (struct slice){rest->data + length, rest->length - (size_t)length};
    return true;
}

static bool take_be64(struct slice *rest, uint64_t *ret_value)
{
    struct slice taken;
    uint64_t value = 0;

    if (!take(rest, 8, &taken)) {
        return false;
    }
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | (uint8_t)taken.data[i];
    }
    *ret_value = value;
    return true;
}

static bool take_key(struct arena *arena, struct slice *rest, struct column_value *ret_key)
{
    struct slice taken;
    uint64_t number = 0;
    struct column_value key = {0};

    if (!take(rest, 1, &taken)) {
        return false;
    }
    switch (taken.data[0]) {
    case KEY_NULL:
        key.is_null = true;
        break;
    case KEY_INT64:
        if (!take_be64(rest, &number)) {
            return false;
        }
        key.int64 = (int64_t)number;
        break;
    case KEY_TEXT:
        if (!take_be64(rest, &number) || !take(rest, number, &taken)) {
            return false;
        }
        key.text = arena_copy(arena, taken);
        break;
    default:
        return false;
    }
    *ret_key = key;
    return true;
}

bool page_position_read(struct arena *arena, struct slice rest, size_t key_count,
                        struct page_position *ret_position)
{
    struct page_position position = {0};
    struct slice taken;

    if (!take_be64(&rest, &position.as_of_seq) || !take(&rest, 1, &taken) ||
        (uint8_t)taken.data[0] != key_count || key_count > PAGE_KEYS_MAX) {
        return false;
    }
    position.key_count = key_count;
    for (size_t i = 0; i < key_count; i++) {
        if (!take_key(arena, &rest, &position.keys[i])) {
            return false;
        }
    }
    *ret_position = position;
    return rest.length == 0;
}

struct status page_token_read(struct tx *tx, const struct page_request *request, const char *token,
                              size_t key_count, struct page_position *ret_position)
{
    uint8_t check[DIGEST_BYTES];
    struct slice bytes = {0};

    if (token == NULL || token[0] == '\0') {
        *ret_position = (struct page_position){0};
        return STATUS_NONE;
    }
    const struct slice text = slice_from(token);
    if (text.length > TOKEN_MAX_BYTES || !base64url_decode(tx->arena, text, &bytes) ||
        bytes.length < CHECK_BYTES) {
        return refuse(tx);
    }
    const struct slice position = {bytes.data + CHECK_BYTES, bytes.length - CHECK_BYTES};
    make_check(tx, request, position, check);
    if (memcmp(check, bytes.data, CHECK_BYTES) != 0 ||
        !page_position_read(tx->arena, position, key_count, ret_position)) {
        return refuse(tx);
    }
    return STATUS_NONE;
}
