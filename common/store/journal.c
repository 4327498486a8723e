/* journal.c - entries are hashed from the bytes that are bound, so what is read back must match. */
#include "store/journal.h"

#include "store/store_internal.h"

enum { COLUMNS = 8, COLUMN_PARTS = 1 + 2 * COLUMNS };

struct entry {
    uint64_t seq;
    int64_t time_us;
    struct slice actor;
    struct slice method;
    struct slice kind;
    struct slice name;
    int64_t revision;
    struct slice body;
};

static void be64(uint64_t value, uint8_t bytes[8])
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)value;
        value >>= 8;
    }
}

static void entry_hash(const struct entry *entry, const uint8_t previous[DIGEST_BYTES],
                       uint8_t hash[DIGEST_BYTES])
{
    uint8_t numbers[3][8];
    uint8_t lengths[COLUMNS][8];
    struct slice parts[COLUMN_PARTS];
    be64(entry->seq, numbers[0]);
    be64((uint64_t)entry->time_us, numbers[1]);
    be64((uint64_t)entry->revision, numbers[2]);
    const struct slice columns[COLUMNS] = {
        {(const char *)numbers[0], 8},
        {(const char *)numbers[1], 8},
        entry->actor,
        entry->method,
        entry->kind,
        entry->name,
        {(const char *)numbers[2], 8},
        entry->body,
    };

    parts[0] = (struct slice){(const char *)previous, DIGEST_BYTES};
    for (size_t i = 0; i < COLUMNS; i++) {
        be64(columns[i].length, lengths[i]);
        parts[1 + 2 * i] = (struct slice){(const char *)lengths[i], 8};
        parts[2 + 2 * i] = columns[i];
    }
    digest_many(parts, COLUMN_PARTS, hash);
}

struct version journal_version(const struct journal_head *head)
{
    struct version version = {.seq = head->seq};

    for (size_t i = 0; i < 8; i++) {
        version.hash = version.hash << 8 | head->hash[i];
    }
    return version;
}

static struct status corrupt(void)
{
    return (struct status){.code = STATUS_DATA_LOSS,
                           .reason = "STORE_CORRUPT",
                           .message = "the store's journal is damaged"};
}

/* Steps once and says that there must be a row. */
static struct status step_one(struct db_statement *statement)
{
    bool row = false;

    TRY(db_step(statement, &row));
    return row ? STATUS_NONE : corrupt();
}

static struct status head_from_row(struct db_statement *statement, struct journal_head *ret_head)
{
    struct journal_head head = {0};

    TRY(step_one(statement));
    const struct slice hash = db_bytes(statement, 1);
    if (hash.length != DIGEST_BYTES) {
        return corrupt();
    }
    head.seq = (uint64_t)db_int64(statement, 0);
    memcpy(head.hash, hash.data, DIGEST_BYTES);
    head.time_us = db_is_null(statement, 2) ? 0 : db_int64(statement, 2);
    *ret_head = head;
    return STATUS_NONE;
}

struct status journal_head_read(struct db *db, struct journal_head *ret_head)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db,
                   "SELECT m.number, m.bytes, j.time FROM meta AS m "
                   "LEFT JOIN journal AS j ON j.seq = m.number WHERE m.key = 'version'",
                   &statement));
    const struct status status = head_from_row(statement, ret_head);
    db_reset(statement);
    return status;
}

struct status journal_head_write(struct db *db, const struct journal_head *head)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "UPDATE meta SET number = $1, bytes = $2 WHERE key = 'version'",
                   &statement));
    db_bind_int64(statement, 1, (int64_t)head->seq);
    db_bind_blob(statement, 2, (struct slice){(const char *)head->hash, DIGEST_BYTES});
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static struct status head_check_row(struct db_statement *statement, const struct journal_head *head,
                                    const uint8_t store_id[DIGEST_BYTES])
{
    bool row = false;

    TRY(db_step(statement, &row));
    const struct slice found =
        row ? db_bytes(statement, 1) : (struct slice){(const char *)store_id, DIGEST_BYTES};
    const uint64_t seq = row ? (uint64_t)db_int64(statement, 0) : 0;
    const struct slice expected = {(const char *)head->hash, DIGEST_BYTES};
    return seq == head->seq && slice_equals(found, expected) ? STATUS_NONE : corrupt();
}

struct status journal_head_check(struct db *db, const struct journal_head *head,
                                 const uint8_t store_id[DIGEST_BYTES])
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", &statement));
    const struct status status = head_check_row(statement, head, store_id);
    db_reset(statement);
    return status;
}

int64_t journal_next_time(const struct journal_head *head, int64_t now_us)
{
    return now_us > head->time_us ? now_us : head->time_us + 1;
}

static void bind_entry(struct db_statement *statement, const struct entry *entry,
                       const struct journal_head *before, const struct journal_head *after)
{
    db_bind_int64(statement, 1, (int64_t)entry->seq);
    db_bind_int64(statement, 2, entry->time_us);
    db_bind_text(statement, 3, entry->actor);
    db_bind_text(statement, 4, entry->method);
    db_bind_text(statement, 5, entry->kind);
    db_bind_text(statement, 6, entry->name);
    db_bind_int64(statement, 7, entry->revision);
    db_bind_blob(statement, 8, entry->body);
    db_bind_blob(statement, 9, (struct slice){(const char *)before->hash, DIGEST_BYTES});
    db_bind_blob(statement, 10, (struct slice){(const char *)after->hash, DIGEST_BYTES});
}

struct status journal_append(struct tx *tx, const struct journal_change *change, int64_t time_us)
{
    const struct journal_head before = tx->store->head;
    const struct entry entry = {
        .seq = before.seq + 1,
        .time_us = time_us,
        .actor = slice_from(tx->actor != NULL ? tx->actor : ""),
        .method = slice_from(tx->method != NULL ? tx->method : ""),
        .kind = slice_from(change->kind),
        .name = slice_from(change->name),
        .revision = change->revision,
        .body = change->body,
    };
    struct journal_head after = {.seq = entry.seq, .time_us = entry.time_us};
    struct db_statement *statement = NULL;
    bool row = false;

    entry_hash(&entry, before.hash, after.hash);
    TRY(db_prepare(tx->db,
                   "INSERT INTO journal (seq, time, actor, method, kind, name, revision, body, "
                   "previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                   &statement));
    bind_entry(statement, &entry, &before, &after);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    TRY(status);
    tx->store->head = after;
    tx->version = journal_version(&after);
    return STATUS_NONE;
}

static struct status head_at_row(struct db_statement *statement, struct journal_head *ret_head)
{
    struct journal_head head = {0};
    bool row = false;

    TRY(db_step(statement, &row));
    const struct slice hash = row ? db_bytes(statement, 2) : (struct slice){0};
    if (row && hash.length != DIGEST_BYTES) {
        return corrupt();
    }
    if (row) {
        head.seq = (uint64_t)db_int64(statement, 0);
        head.time_us = db_int64(statement, 1);
        memcpy(head.hash, hash.data, DIGEST_BYTES);
    }
    *ret_head = head;
    return STATUS_NONE;
}

static struct status head_query(struct db *db, const char *text, int64_t key,
                                struct journal_head *ret_head)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, text, &statement));
    db_bind_int64(statement, 1, key);
    const struct status status = head_at_row(statement, ret_head);
    db_reset(statement);
    return status;
}

/* Recorded times are in no order where they were corrected; corrected ones are in that of seq. */
static struct status head_search(struct tx *tx, int64_t time_us, struct journal_head *ret_head)
{
    struct journal_head found = {0};
    uint64_t low = 1;
    uint64_t high = tx->version.seq;

    while (low <= high) {
        const uint64_t middle = low + (high - low) / 2;
        struct journal_head head;
        TRY(head_query(tx->db, "SELECT seq, time, hash FROM journal WHERE seq = $1",
                       (int64_t)middle, &head));
        head.time_us += corrections_shift_us(&tx->store->corrections, middle, 0);
        if (head.time_us <= time_us) {
            found = head;
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    *ret_head = found;
    return STATUS_NONE;
}

struct status journal_head_at(struct tx *tx, int64_t time_us, struct journal_head *ret_head)
{
    return tx->store->corrections.count > 0
               ? head_search(tx, time_us, ret_head)
               : head_query(tx->db,
                            "SELECT seq, time, hash FROM journal WHERE time <= $1 "
                            "ORDER BY time DESC LIMIT 1",
                            time_us, ret_head);
}

static struct status broken(struct arena *arena, uint64_t seq, const char *why)
{
    return status_make(arena, STATUS_DATA_LOSS, "JOURNAL_BROKEN", NULL,
                       "journal entry %llu is not what was written: %s", (unsigned long long)seq,
                       why);
}

/* A correction that cannot be read corrects nothing, and so changes what the entries mean. */
static bool is_sound_correction(const struct entry *entry)
{
    struct correction correction;

    return !slice_is(entry->kind, CORRECTION_KIND) ||
           correction_parse(entry->body, entry->seq, &correction);
}

static struct status verify_row(struct db_statement *row, struct arena *arena,
                                const struct corrections *corrections, struct journal_head *head)
{
    const struct entry entry = {
        .seq = (uint64_t)db_int64(row, 0),
        .time_us = db_int64(row, 1),
        .actor = db_bytes(row, 2),
        .method = db_bytes(row, 3),
        .kind = db_bytes(row, 4),
        .name = db_bytes(row, 5),
        .revision = db_int64(row, 6),
        .body = db_bytes(row, 7),
    };
    const struct slice previous = {(const char *)head->hash, DIGEST_BYTES};
    struct journal_head next = {.seq = entry.seq,
                                .time_us = entry.time_us +
                                           corrections_shift_us(corrections, entry.seq, 0)};
    const struct slice hash = {(const char *)next.hash, DIGEST_BYTES};

    if (entry.seq != head->seq + 1) {
        return broken(arena, head->seq + 1, "it is missing");
    }
    if (!slice_equals(db_bytes(row, 8), previous)) {
        return broken(arena, entry.seq, "it does not follow the one before");
    }
    entry_hash(&entry, head->hash, next.hash);
    if (!slice_equals(db_bytes(row, 9), hash)) {
        return broken(arena, entry.seq, "its hash differs");
    }
    if (next.time_us <= head->time_us) {
        return broken(arena, entry.seq, "its time goes back");
    }
    if (!is_sound_correction(&entry)) {
        return broken(arena, entry.seq, "it is no correction");
    }
    *head = next;
    return STATUS_NONE;
}

static struct status verify_rows(struct db_statement *statement, struct arena *arena,
                                 const struct corrections *corrections, struct journal_head *head,
                                 unsigned *ret_rows)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        TRY(verify_row(statement, arena, corrections, head));
        (*ret_rows)++;
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

struct status journal_verify(struct db *db, struct arena *arena,
                             const struct corrections *corrections, struct journal_head *head,
                             unsigned max, bool *ret_end)
{
    struct db_statement *statement = NULL;
    unsigned rows = 0;

    TRY(db_prepare(db,
                   "SELECT seq, time, actor, method, kind, name, revision, body, previous_hash, "
                   "hash FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2",
                   &statement));
    db_bind_int64(statement, 1, (int64_t)head->seq);
    db_bind_int64(statement, 2, max);
    const struct status status = verify_rows(statement, arena, corrections, head, &rows);
    db_reset(statement);
    TRY(status);
    *ret_end = rows < max;
    return STATUS_NONE;
}

static struct status outdated(struct arena *arena, uint64_t seq)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION, "CURSOR_OUTDATED", NULL,
                       "entry %llu of the journal is not the one that the cursor is from",
                       (unsigned long long)seq);
}

static struct status entry_copy(struct tx *tx, struct db_statement *row,
                                struct journal_entry *ret_entry)
{
    struct arena *arena = tx->arena;
    const struct slice body = db_bytes(row, 7);
    const struct slice hash = db_bytes(row, 8);
    struct journal_entry entry = {
        .seq = (uint64_t)db_int64(row, 0),
        .time_us = db_int64(row, 1) +
                   corrections_shift_us(&tx->store->corrections, (uint64_t)db_int64(row, 0), 0),
        .actor = arena_copy(arena, db_bytes(row, 2)),
        .method = arena_copy(arena, db_bytes(row, 3)),
        .kind = arena_copy(arena, db_bytes(row, 4)),
        .name = arena_copy(arena, db_bytes(row, 5)),
        .revision = (int32_t)db_int64(row, 6),
        .body = {arena_copy(arena, body), body.length},
    };

    if (hash.length != DIGEST_BYTES) {
        return corrupt();
    }
    memcpy(entry.hash, hash.data, DIGEST_BYTES);
    *ret_entry = entry;
    return STATUS_NONE;
}

/* The first row is the entry that is known already. */
static struct status page_check_start(struct tx *tx, const struct journal_page *page,
                                      struct db_statement *statement)
{
    bool row = false;

    TRY(db_step(statement, &row));
    const struct slice hash = row ? db_bytes(statement, 8) : (struct slice){0};
    struct journal_head head = {.seq = page->after_seq};
    if (hash.length != DIGEST_BYTES || (uint64_t)db_int64(statement, 0) != page->after_seq) {
        return outdated(tx->arena, page->after_seq);
    }
    memcpy(head.hash, hash.data, DIGEST_BYTES);
    return journal_version(&head).hash == page->after_hash ? STATUS_NONE
                                                           : outdated(tx->arena, page->after_seq);
}

static struct status page_fill(struct tx *tx, struct journal_page *page,
                               struct db_statement *statement)
{
    size_t bytes = 0;
    bool row = false;

    if (page->after_seq > 0) {
        TRY(page_check_start(tx, page, statement));
    }
    TRY(db_step(statement, &row));
    while (row && (uint64_t)db_int64(statement, 0) <= page->to_seq) {
        bytes += db_bytes(statement, 7).length;
        if (page->count == page->limit || (page->count > 0 && bytes > JOURNAL_PAGE_MAX_BYTES)) {
            page->has_more = true;
            return STATUS_NONE;
        }
        TRY(entry_copy(tx, statement, &page->entries[page->count]));
        page->count++;
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

struct status journal_read(struct tx *tx, struct journal_page *page)
{
    struct db_statement *statement = NULL;

    page->count = 0;
    page->has_more = false;
    page->entries = arena_array(tx->arena, page->limit, sizeof(page->entries[0]));
    if (page->after_seq > INT64_MAX) {
        return outdated(tx->arena, page->after_seq);
    }
    /* One more tells whether there is more. */
    TRY(db_prepare(tx->db,
                   "SELECT seq, time, actor, method, kind, name, revision, body, hash "
                   "FROM journal WHERE seq >= $1 ORDER BY seq LIMIT $2",
                   &statement));
    db_bind_int64(statement, 1, (int64_t)page->after_seq);
    db_bind_int64(statement, 2, (int64_t)page->limit + (page->after_seq > 0 ? 2 : 1));
    const struct status status = page_fill(tx, page, statement);
    db_reset(statement);
    return status;
}
