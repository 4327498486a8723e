/* cache_entry_fuzz.c - what a shared store gives back is an entry as it was put, or none. */
#include "fuzz.h"

#include "base/digest.h"
#include "cache_entry.h"

#include <string.h>

enum { ENTRY_MAX_BYTES = 1 << 20, NAME_MAX_BYTES = 40, CHECKSUM_BYTES = 8 };

static bool is_inside(struct slice part, struct slice whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

/* Whole lines, none of them empty, so that they neither end a head nor hide a second answer. */
static bool are_lines(struct slice fields)
{
    size_t length = 0;

    for (size_t i = 0; i < fields.length; i++) {
        const unsigned char c = (unsigned char)fields.data[i];

        if (c == '\r') {
            if (length == 0 || ++i == fields.length || fields.data[i] != '\n') {
                return false;
            }
            length = 0;
        } else if (c < ' ' || c == 0x7f) {
            return false;
        } else {
            length++;
        }
    }
    return length == 0;
}

/* Whatever is taken for an entry encodes to the very bytes that it was read from. */
static void check_bytes(struct slice bytes, struct slice name)
{
    struct cache_parts parts = {0};
    struct buffer again;

    if (!cache_entry_decode(bytes, name, &parts)) {
        return;
    }
    promise(parts.media < MEDIA_COUNT);
    promise(is_inside(parts.entity_tag, bytes) && is_inside(parts.fields, bytes) &&
            is_inside(parts.body, bytes));
    promise(are_lines(parts.fields));
    buffer_init(&again, ENTRY_MAX_BYTES);
    cache_entry_encode(&again, name, &parts);
    promise(!buffer_failed(&again) && slice_equals(buffer_slice(&again), bytes));
    buffer_done(&again);
}

/* The input becomes an entry; then one byte of it is changed, or its end is cut off. */
static void check_entry(struct slice bytes, struct slice name)
{
    const size_t half = bytes.length / 2;
    const struct cache_parts parts = {
        .media = (enum media)(bytes.length % MEDIA_COUNT),
        .entity_tag = {bytes.data, half},
        .fields = slice_from("Vary: Accept\r\n"),
        .body = {bytes.data + half, bytes.length - half},
    };
    struct cache_parts found = {0};
    struct buffer out;

    buffer_init(&out, ENTRY_MAX_BYTES);
    cache_entry_encode(&out, name, &parts);
    promise(!buffer_failed(&out));
    promise(cache_entry_decode(buffer_slice(&out), name, &found));
    promise(found.media == parts.media && slice_equals(found.body, parts.body) &&
            slice_equals(found.fields, parts.fields) &&
            slice_equals(found.entity_tag, parts.entity_tag));
    promise(!cache_entry_decode(buffer_slice(&out), slice_from("another name"), &found));
    promise(!cache_entry_decode((struct slice){out.data, out.length - 1}, name, &found));
    const size_t at = bytes.length > 0 ? (unsigned char)bytes.data[0] * 7919U % out.length : 0;
    out.data[at] = (char)(out.data[at] ^ 0x10);
    promise(!cache_entry_decode(buffer_slice(&out), name, &found));
    buffer_done(&out);
}

/* The checksum lets nothing through that we did not make: here it is right. */
static void check_sealed(struct slice bytes, struct slice name)
{
    const struct cache_parts parts = {.entity_tag = slice_from("\"x\""), .fields = bytes};
    uint8_t hash[DIGEST_BYTES];
    struct buffer out;

    buffer_init(&out, ENTRY_MAX_BYTES);
    digest(bytes, hash);
    buffer_append(&out, bytes.data, bytes.length);
    buffer_append(&out, hash, CHECKSUM_BYTES);
    promise(!buffer_failed(&out));
    check_bytes(buffer_slice(&out), name);
    buffer_clear(&out);
    cache_entry_encode(&out, name, &parts);
    promise(!buffer_failed(&out));
    check_bytes(buffer_slice(&out), name);
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};
    const size_t name_length = size < NAME_MAX_BYTES ? size : NAME_MAX_BYTES;

    check_bytes(bytes, slice_from("dongkhoi:name"));
    check_bytes(bytes, (struct slice){bytes.data, name_length});
    check_sealed(bytes, slice_from("dongkhoi:name"));
    check_entry(bytes, slice_from("dongkhoi:name"));
    return 0;
}
