/*
 * cache_entry.c - entries in memory, and as bytes for a shared store:
 *
 *     "dkc1" media(1) lengths of name, tag, fields, body (4 each, lowest byte first)
 *     name tag fields body checksum(8: the first of the SHA-256 of all before)
 */
#include "cache_entry.h"

#include "base/memory.h"

#include "base/digest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAGIC_BYTES = 4,
    LENGTHS = 4,
    HEAD_BYTES = MAGIC_BYTES + 1 + 4 * LENGTHS,
    CHECKSUM_BYTES = 8,
};

static const char magic[] = "dkc1";

size_t cache_entry_size(const struct cache_parts *parts)
{
    return sizeof(struct cache_entry) + parts->version_count * sizeof(struct cache_version) +
           parts->key.length + parts->entity_tag.length + parts->fields.length + parts->body.length;
}

static struct slice place(char **at, struct slice from)
{
    const struct slice copy = {*at, from.length};

    if (from.length > 0) {
        memcpy(*at, from.data, from.length);
    }
    *at += from.length;
    return copy;
}

struct cache_entry *cache_entry_new(const struct cache_parts *parts)
{
    const size_t size = cache_entry_size(parts);
    struct cache_entry *entry = memory_resized(NULL, size);

    memset((void *)entry, 0, sizeof(*entry));
    struct cache_version *versions = (struct cache_version *)(entry + 1);
    char *at = (char *)(versions + parts->version_count);
    entry->parts = *parts;
    entry->size = size;
    atomic_init(&entry->users, 1);
    if (parts->version_count > 0) {
        memcpy(versions, parts->versions, parts->version_count * sizeof(*versions));
    }
    entry->parts.versions = versions;
    entry->parts.key = place(&at, parts->key);
    entry->parts.entity_tag = place(&at, parts->entity_tag);
    entry->parts.fields = place(&at, parts->fields);
    entry->parts.body = place(&at, parts->body);
    assert(at == (char *)entry + size);
    return entry;
}

void cache_entry_hold(struct cache_entry *entry)
{
    (void)atomic_fetch_add_explicit(&entry->users, 1, memory_order_relaxed);
}

void cache_entry_release(struct cache_entry *entry)
{
    if (entry != NULL && atomic_fetch_sub(&entry->users, 1) == 1) {
        assert(!entry->is_kept);
        free(entry);
    }
}

static void append_length(struct buffer *out, size_t length)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        buffer_append_char(out, (char)(length >> shift & 0xff));
    }
}

void cache_entry_encode(struct buffer *out, struct slice name, const struct cache_parts *parts)
{
    const size_t start = out->length;
    uint8_t hash[DIGEST_BYTES];

    buffer_append(out, magic, MAGIC_BYTES);
    buffer_append_char(out, (char)parts->media);
    append_length(out, name.length);
    append_length(out, parts->entity_tag.length);
    append_length(out, parts->fields.length);
    append_length(out, parts->body.length);
    buffer_append(out, name.data, name.length);
    buffer_append(out, parts->entity_tag.data, parts->entity_tag.length);
    buffer_append(out, parts->fields.data, parts->fields.length);
    buffer_append(out, parts->body.data, parts->body.length);
    if (buffer_failed(out)) {
        return;
    }
    digest((struct slice){out->data + start, out->length - start}, hash);
    buffer_append(out, hash, CHECKSUM_BYTES);
}

static size_t read_length(const char *bytes)
{
    size_t length = 0;

    for (unsigned i = 0; i < 4; i++) {
        length |= (size_t)(unsigned char)bytes[i] << (8 * i);
    }
    return length;
}

/* Whether these are header lines as we write them. What Redis says is not trusted: no other header
 * may get into an answer. */
static bool fields_are_ours(struct slice fields)
{
    static const char *const names[] = {"Vary: ", "ETag: ", "Link: ", "Next-Page-Token: "};
    size_t at = 0;

    while (at < fields.length) {
        const char *line = fields.data + at;
        const char *end = memchr(line, '\r', fields.length - at);
        bool is_known = false;

        if (end == NULL || end + 1 == fields.data + fields.length || end[1] != '\n') {
            return false;
        }
        const size_t length = (size_t)(end - line);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            const size_t name = strlen(names[i]);
            is_known = is_known || (length >= name && memcmp(line, names[i], name) == 0);
        }
        for (size_t i = 0; i < length; i++) {
            is_known = is_known && (unsigned char)line[i] >= ' ' && line[i] != 0x7f;
        }
        if (!is_known) {
            return false;
        }
        at += length + 2;
    }
    return true;
}

static struct slice take(struct slice *rest, size_t length)
{
    const struct slice taken = {rest->data, length};

    rest->data += length;
    rest->length -= length;
    return taken;
}

bool cache_entry_decode(struct slice bytes, struct slice name, struct cache_parts *ret_parts)
{
    size_t lengths[LENGTHS];
    size_t sum = HEAD_BYTES + CHECKSUM_BYTES;
    uint8_t hash[DIGEST_BYTES];

    if (bytes.length < sum || memcmp(bytes.data, magic, MAGIC_BYTES) != 0 ||
        (unsigned char)bytes.data[MAGIC_BYTES] >= MEDIA_COUNT) {
        return false;
    }
    for (unsigned i = 0; i < LENGTHS; i++) {
        lengths[i] = read_length(bytes.data + MAGIC_BYTES + 1 + (size_t)4 * i);
        sum += lengths[i];
    }
    if (sum != bytes.length) {
        return false;
    }
    digest((struct slice){bytes.data, bytes.length - CHECKSUM_BYTES}, hash);
    if (memcmp(hash, bytes.data + bytes.length - CHECKSUM_BYTES, CHECKSUM_BYTES) != 0) {
        return false;
    }
    struct slice rest = {bytes.data + HEAD_BYTES, bytes.length - HEAD_BYTES};
    const struct slice own_name = take(&rest, lengths[0]);
    const struct slice entity_tag = take(&rest, lengths[1]);
    const struct slice fields = take(&rest, lengths[2]);
    if (!slice_equals(own_name, name) || !fields_are_ours(fields)) {
        return false;
    }
    ret_parts->media = (enum media)bytes.data[MAGIC_BYTES];
    ret_parts->entity_tag = entity_tag;
    ret_parts->fields = fields;
    ret_parts->body = take(&rest, lengths[3]);
    return true;
}
