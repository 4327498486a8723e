/* row_memo.c - a hash table of scans, all in one arena. */
#include "store/row_memo.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 64,
    MEMO_MAX_BYTES = 256 << 10,
    /* Rows may be many: with less than this left, none are made here. */
    SPARE_BYTES = 64 << 10,
};

struct memo_entry {
    const struct resource_kind *kind;
    struct resource_scan scan;
    struct resource_revision *rows;
    size_t count;
    struct memo_entry *next;
};

struct row_memo {
    struct arena *arena;
    struct version version;
    bool is_full;
    struct memo_entry *buckets[BUCKETS];
};

struct row_memo *row_memo_new(void)
{
    struct row_memo *memo = memory_zeroed(sizeof(*memo));

    memo->arena = arena_new(MEMO_MAX_BYTES);
    return memo;
}

void row_memo_free(struct row_memo *memo)
{
    if (memo != NULL) {
        arena_free(memo->arena);
        free(memo);
    }
}

void row_memo_begin(struct row_memo *memo, struct version version)
{
    if (!memo->is_full && version.seq == memo->version.seq && version.hash == memo->version.hash) {
        return;
    }
    memset(memo->buckets, 0, sizeof(memo->buckets));
    arena_reset(memo->arena);
    memo->is_full = false;
    memo->version = version;
}

/* Of the texts that tell scans apart most. */
static size_t bucket_of(const struct resource_scan *scan)
{
    const char *const texts[] = {scan->name, scan->parent, scan->text};
    uint64_t hash = TEXT_HASH_START;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        hash = text_hash(hash, texts[i] != NULL ? texts[i] : "");
    }
    return hash % BUCKETS;
}

static bool text_equals(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool scan_equals(const struct resource_scan *a, const struct resource_scan *b)
{
    return a->int64 == b->int64 && a->all_revisions == b->all_revisions &&
           text_equals(a->name, b->name) && text_equals(a->parent, b->parent) &&
           text_equals(a->column, b->column) && text_equals(a->text, b->text);
}

bool row_memo_find(const struct row_memo *memo, const struct resource_kind *kind,
                   const struct resource_scan *scan, struct resource_revision **ret_rows,
                   size_t *ret_count)
{
    const struct memo_entry *entry = memo->buckets[bucket_of(scan)];

    while (entry != NULL && (entry->kind != kind || !scan_equals(&entry->scan, scan))) {
        entry = entry->next;
    }
    if (entry == NULL) {
        return false;
    }
    *ret_rows = entry->rows;
    *ret_count = entry->count;
    return true;
}

struct arena *row_memo_arena(struct row_memo *memo)
{
    const bool has_room = arena_used_bytes(memo->arena) <= MEMO_MAX_BYTES - SPARE_BYTES;

    return has_room && !memo->is_full ? memo->arena : NULL;
}

static void text_copy(struct arena *arena, const char **text)
{
    if (*text != NULL) {
        *text = arena_strdup(arena, *text);
    }
}

bool row_memo_add(struct row_memo *memo, const struct resource_kind *kind,
                  const struct resource_scan *scan, struct resource_revision *rows, size_t count)
{
    struct memo_entry *entry = ARENA_NEW(memo->arena, struct memo_entry);
    struct memo_entry **bucket = &memo->buckets[bucket_of(scan)];

    *entry = (struct memo_entry){
        .kind = kind, .scan = *scan, .rows = rows, .count = count, .next = *bucket};
    text_copy(memo->arena, &entry->scan.name);
    text_copy(memo->arena, &entry->scan.parent);
    text_copy(memo->arena, &entry->scan.column);
    text_copy(memo->arena, &entry->scan.text);
    if (arena_exhausted(memo->arena)) {
        return false;
    }
    *bucket = entry;
    return true;
}

void row_memo_fill(struct row_memo *memo)
{
    memo->is_full = true;
}
