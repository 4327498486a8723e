/* check.c - reads a store through a connection of its own, in short snapshots. */
#include "store/check.h"

#include "store/db.h"

enum { CHECK_BATCH = 1000 };

static struct status store_id_read(struct db *db, uint8_t ret_id[DIGEST_BYTES])
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "SELECT bytes FROM meta WHERE key = 'store_id'", &statement));
    struct status status = db_step(statement, &row);
    const struct slice id =
        status.code == STATUS_OK && row ? db_bytes(statement, 0) : (struct slice){0};
    if (id.length == DIGEST_BYTES) {
        memcpy(ret_id, id.data, DIGEST_BYTES);
    } else if (status.code == STATUS_OK) {
        status = (struct status){
            .code = STATUS_DATA_LOSS, .reason = "STORE_CORRUPT", .message = "the store has no id"};
    }
    db_reset(statement);
    return status;
}

static struct status batch_check(struct db *db, struct arena *arena, struct journal_head *head,
                                 bool *ret_end)
{
    struct journal_head last;

    TRY(journal_head_read(db, &last));
    TRY(journal_verify(db, arena, head, CHECK_BATCH, ret_end));
    if (*ret_end && (last.seq != head->seq || memcmp(last.hash, head->hash, DIGEST_BYTES) != 0)) {
        return status_make(arena, STATUS_DATA_LOSS, "JOURNAL_BROKEN", NULL,
                           "the journal ends with entry %llu, and the store says that entry %llu "
                           "is the last one",
                           (unsigned long long)head->seq, (unsigned long long)last.seq);
    }
    return STATUS_NONE;
}

static struct status journal_check(struct db *db, struct arena *arena, struct journal_head *head)
{
    bool end = false;

    TRY(store_id_read(db, head->hash));
    while (!end) {
        TRY(db_begin(db));
        const struct status status = batch_check(db, arena, head, &end);
        db_rollback(db);
        TRY(status);
    }
    return STATUS_NONE;
}

struct status store_check(const char *location, struct arena *arena, struct store_check *ret_check)
{
    struct store_check check = {0};
    struct db *db = NULL;

    TRY(db_open(location, DB_READ_ONLY, &db));
    const struct status status = journal_check(db, arena, &check.head);
    db_close(db);
    TRY(status);
    check.entries = check.head.seq;
    *ret_check = check;
    return STATUS_NONE;
}
