/* idempotency.c - the table of keys and their first answers. */
#include "store/idempotency.h"

/* A retry may end otherwise, or the outcome is nothing that a caller did: it is not kept. */
static bool is_kept(enum status_code code)
{
    return !status_is_transient(code) && code != STATUS_INTERNAL && code != STATUS_UNKNOWN &&
           code != STATUS_DATA_LOSS;
}

bool idempotency_applies(const struct write *write)
{
    return !write->validate_only && write->idempotency_key != NULL &&
           write->idempotency_key[0] != '\0';
}

static struct slice request_hash(const struct write *write)
{
    return (struct slice){(const char *)write->request_hash, DIGEST_BYTES};
}

static struct slice caller(const struct write *write)
{
    return slice_from(write->caller != NULL ? write->caller : "");
}

static struct status copy_outcome(struct db_statement *row, struct write *write)
{
    const struct slice answer = db_bytes(row, 3);
    struct status kept = {.code = (enum status_code)db_int64(row, 1)};

    if (!slice_equals(db_bytes(row, 0), request_hash(write))) {
        write->status = (struct status){
            .code = STATUS_INVALID_ARGUMENT,
            .reason = "IDEMPOTENCY_KEY_REUSED",
            .message = "the idempotency key was used before, for another request",
        };
        return STATUS_NONE;
    }
    char *bytes = arena_copy(write->arena, answer);
    if (kept.code != STATUS_OK) {
        kept.reason = arena_copy(write->arena, db_bytes(row, 2));
        kept.message = "the request was refused before";
    }
    write->status = kept;
    write->answer = (struct slice){.data = bytes, .length = answer.length};
    write->replayed = true;
    return STATUS_NONE;
}

static struct status find(struct db_statement *statement, struct write *write, bool *ret_known)
{
    bool row = false;

    TRY(db_step(statement, &row));
    if (row) {
        TRY(copy_outcome(statement, write));
    }
    *ret_known = row;
    return STATUS_NONE;
}

struct status idempotency_find(struct db *db, struct write *write, bool *ret_known)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db,
                   "SELECT request_hash, code, reason, answer FROM idempotency "
                   "WHERE caller = $1 AND key = $2",
                   &statement));
    db_bind_text(statement, 1, caller(write));
    db_bind_text(statement, 2, slice_from(write->idempotency_key));
    const struct status status = find(statement, write, ret_known);
    db_reset(statement);
    return status;
}

struct status idempotency_keep(struct db *db, const struct write *write, int64_t time_us)
{
    struct db_statement *statement = NULL;
    bool row = false;

    if (!is_kept(write->status.code)) {
        return STATUS_NONE;
    }
    TRY(db_prepare(
        db,
        "INSERT INTO idempotency (caller, key, request_hash, code, reason, answer, time) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &statement));
    db_bind_text(statement, 1, caller(write));
    db_bind_text(statement, 2, slice_from(write->idempotency_key));
    db_bind_blob(statement, 3, request_hash(write));
    db_bind_int64(statement, 4, write->status.code);
    db_bind_text(statement, 5,
                 slice_from(write->status.reason != NULL ? write->status.reason : ""));
    db_bind_blob(statement, 6, write->answer);
    db_bind_int64(statement, 7, time_us);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static struct status delete_oldest(struct db *db, int64_t before_us, unsigned max)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db,
                   "DELETE FROM idempotency WHERE (caller, key) IN (SELECT caller, key "
                   "FROM idempotency WHERE time < $1 ORDER BY time LIMIT $2)",
                   &statement));
    db_bind_int64(statement, 1, before_us);
    db_bind_int64(statement, 2, max);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

struct status idempotency_expire(struct db *db, int64_t before_us, unsigned max,
                                 int64_t *ret_oldest_us)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(delete_oldest(db, before_us, max));
    TRY(db_prepare(db, "SELECT time FROM idempotency ORDER BY time LIMIT 1", &statement));
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK) {
        *ret_oldest_us = row ? db_int64(statement, 0) : INT64_MAX;
    }
    db_reset(statement);
    return status;
}
