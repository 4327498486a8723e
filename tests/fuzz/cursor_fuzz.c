/* cursor_fuzz.c - cursors of the feed and places in lists: what is read is what was written. */
#include "fuzz.h"

#include "base/base64url.h"
#include "base/digest.h"
#include "feed_cursor.h"
#include "store/page_token.h"

#include <string.h>

enum { MEMORY_BYTES = 1 << 20, SERVICES = 3, CHECK_BYTES = 8 };

static const char *const services[SERVICES] = {"clusters", "indicators", "registrations"};

static void positions_init(struct feed_position positions[SERVICES])
{
    memset(positions, 0, SERVICES * sizeof(positions[0]));
    for (size_t i = 0; i < SERVICES; i++) {
        positions[i].service = services[i];
    }
}

static void check_text(struct arena *arena, const char *since)
{
    struct feed_position positions[SERVICES];
    struct feed_position again[SERVICES];

    positions_init(positions);
    positions_init(again);
    const struct status status = feed_cursor_read(arena, since, positions, SERVICES);
    promise(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
    if (status.code != STATUS_OK) {
        return;
    }
    const char *made = feed_cursor_make(arena, positions, SERVICES);
    promise(made != NULL && feed_cursor_read(arena, made, again, SERVICES).code == STATUS_OK);
    for (size_t i = 0; i < SERVICES; i++) {
        promise(positions[i].seq == again[i].seq && positions[i].hash == again[i].hash);
    }
}

/* The check before the positions lets nothing through that we did not make: here it is right. */
static const char *with_check(struct arena *arena, struct slice bytes)
{
    static const char label[] = "dongkhoi feed cursor 1";
    const struct slice parts[] = {{label, sizeof(label)}, bytes};
    uint8_t check[DIGEST_BYTES];
    char *all = arena_alloc(arena, CHECK_BYTES + bytes.length);

    promise(all != NULL);
    digest_many(parts, sizeof(parts) / sizeof(parts[0]), check);
    memcpy(all, check, CHECK_BYTES);
    if (bytes.length > 0) {
        memcpy(all + CHECK_BYTES, bytes.data, bytes.length);
    }
    return base64url_encode(arena, (struct slice){all, CHECK_BYTES + bytes.length});
}

static bool keys_are_equal(const struct column_value *one, const struct column_value *other)
{
    if (one->is_null || other->is_null || one->text == NULL || other->text == NULL) {
        return one->is_null == other->is_null && (one->text == NULL) == (other->text == NULL) &&
               one->int64 == other->int64;
    }
    return strcmp(one->text, other->text) == 0;
}

/* What was read is written, in no more bytes, and read as the same. */
static void check_position(struct arena *arena, struct slice bytes)
{
    struct page_position position;
    struct page_position again;
    struct buffer written;

    buffer_init(&written, MEMORY_BYTES);
    for (size_t keys = 0; keys <= PAGE_KEYS_MAX; keys++) {
        if (page_position_read(arena, bytes, keys, &position)) {
            buffer_clear(&written);
            page_position_write(&written, &position);
            /* A text ends at its first NUL, and is written so. */
            promise(!buffer_failed(&written) && written.length <= bytes.length);
            promise(page_position_read(arena, buffer_slice(&written), keys, &again));
            promise(again.as_of_seq == position.as_of_seq && again.key_count == keys);
            for (size_t i = 0; i < keys; i++) {
                promise(keys_are_equal(&position.keys[i], &again.keys[i]));
            }
        }
    }
    buffer_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};
    struct arena *arena = arena_new(MEMORY_BYTES);

    promise(arena != NULL);
    const char *text = size < MEMORY_BYTES / 16 ? arena_copy(arena, bytes) : "";
    promise(text != NULL);
    check_text(arena, text);
    if (size < MEMORY_BYTES / 16) {
        const char *checked = with_check(arena, bytes);

        promise(checked != NULL);
        check_text(arena, checked);
    }
    check_position(arena, bytes);
    arena_free(arena);
    return 0;
}
