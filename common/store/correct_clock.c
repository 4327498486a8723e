/* correct_clock.c - appends a correction to the journal and sets the times in the tables by it, in
 * one transaction. */
#include "store/correct_clock.h"

#include "store/store_internal.h"

#include <semaphore.h>
#include <stddef.h>

struct correcting {
    struct write write;
    const struct clock_correction *what;
    int64_t offset_us;
    sem_t done;
};

static struct status read_int64(struct db *db, const char *text, int64_t key, bool *ret_found,
                                int64_t *ret_value)
{
    struct db_statement *statement = NULL;

    TRY(db_prepare(db, text, &statement));
    db_bind_int64(statement, 1, key);
    const struct status status = db_step(statement, ret_found);
    if (status.code == STATUS_OK && *ret_found) {
        *ret_value = db_int64(statement, 0);
    }
    db_reset(statement);
    return status;
}

/* The time of an entry, with the corrections that were made before. */
static struct status time_of(struct tx *tx, uint64_t seq, int64_t *ret_time_us)
{
    int64_t time_us = 0;
    bool found = false;

    TRY(read_int64(tx->db, "SELECT time FROM journal WHERE seq = $1", (int64_t)seq, &found,
                   &time_us));
    *ret_time_us = time_us + corrections_shift_us(&tx->store->corrections, seq, 0);
    return STATUS_NONE;
}

/* The first entry that is ahead of the clock. Corrected times rise with seq, so it follows the last
 * one that is not. */
static struct status first_ahead(struct tx *tx, int64_t now_us, uint64_t *ret_seq)
{
    struct journal_head head;

    TRY(journal_head_at(tx, now_us, &head));
    *ret_seq = head.seq + 1;
    return STATUS_NONE;
}

static struct status look(struct tx *tx, struct clock_correction *correction)
{
    const int64_t now_us = store_now_us(tx->store);
    int64_t before_us = 0;
    int64_t after_us = now_us;

    if (correction->from_seq == 0) {
        TRY(first_ahead(tx, now_us, &correction->from_seq));
    }
    if (correction->to_seq == 0) {
        correction->to_seq = tx->version.seq;
    }
    if (correction->from_seq > correction->to_seq || correction->to_seq > tx->version.seq) {
        return status_make(tx->arena, REASON_NOTHING_TO_CORRECT, NULL,
                           "the journal has %llu entries, and none from %llu to %llu",
                           (unsigned long long)tx->version.seq,
                           (unsigned long long)correction->from_seq,
                           (unsigned long long)correction->to_seq);
    }
    TRY(time_of(tx, correction->from_seq, &correction->from_us));
    TRY(time_of(tx, correction->to_seq, &correction->to_us));
    if (correction->from_seq > 1) {
        TRY(time_of(tx, correction->from_seq - 1, &before_us));
    }
    if (correction->to_seq < tx->version.seq) {
        TRY(time_of(tx, correction->to_seq + 1, &after_us));
    }
    correction->least_us = before_us + 1 - correction->from_us;
    correction->most_us = after_us - 1 - correction->to_us;
    return STATUS_NONE;
}

struct status clock_correction_look(struct store *store, struct arena *arena,
                                    struct clock_correction *correction)
{
    struct tx tx;

    TRY(store_read_begin(store, arena, &tx));
    const struct status status = look(&tx, correction);
    store_read_end(&tx);
    return status;
}

static struct status run_text(struct tx *tx, const char *text, const struct correcting *correcting,
                              bool has_offset)
{
    struct db_statement *statement = NULL;
    bool row = false;
    int at = 1;

    if (text == NULL) {
        return status_out_of_memory();
    }
    TRY(db_prepare(tx->db, text, &statement));
    if (has_offset) {
        db_bind_int64(statement, at++, correcting->offset_us);
    }
    db_bind_int64(statement, at++, (int64_t)correcting->what->from_seq);
    db_bind_int64(statement, at, (int64_t)correcting->what->to_seq);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

/* Sets the times of all rows that entries in the range began or ended. A create time is that of the
 * first revision, so it is set in the later ones, too. */
static struct status correct_table(struct tx *tx, const char *plural,
                                   const struct correcting *correcting)
{
    struct arena *arena = tx->arena;

    TRY(run_text(tx,
                 arena_printf(arena,
                              "UPDATE \"%s\" SET from_time = from_time + $1 "
                              "WHERE from_seq BETWEEN $2 AND $3",
                              plural),
                 correcting, true));
    TRY(run_text(tx,
                 arena_printf(arena,
                              "UPDATE \"%s\" SET to_time = to_time + $1 "
                              "WHERE to_seq BETWEEN $2 AND $3",
                              plural),
                 correcting, true));
    return run_text(
        tx,
        arena_printf(arena,
                     "UPDATE \"%s\" AS r SET created = (SELECT f.from_time FROM \"%s\" AS f "
                     "WHERE f.name = r.name AND f.uid = r.uid ORDER BY f.revision LIMIT 1) "
                     "WHERE EXISTS (SELECT 1 FROM \"%s\" AS g WHERE g.name = r.name AND "
                     "g.uid = r.uid AND g.from_seq BETWEEN $1 AND $2)",
                     plural, plural, plural),
        correcting, false);
}

/* Checks that the clock is right now: the correction is an entry itself, dated by it, and must be
 * later than every entry before it as corrected. */
static struct status check_now(struct tx *tx, const struct correcting *correcting, int64_t now_us)
{
    const struct clock_correction *what = correcting->what;
    const bool is_to_end = what->to_seq == tx->version.seq;
    const int64_t last_us =
        is_to_end ? what->to_us + correcting->offset_us : tx->store->head.time_us;

    return now_us > last_us
               ? STATUS_NONE
               : status_as(
                     STATUS_FAILED_PRECONDITION,
                     status_make(
                         tx->arena, REASON_CLOCK_BEHIND_JOURNAL, NULL,
                         "the last entry would still be ahead of the clock: correct up to it"));
}

static struct status append(struct tx *tx, const struct correcting *correcting)
{
    const int64_t now_us = store_now_us(tx->store);
    const struct correction correction = {
        .from_seq = correcting->what->from_seq,
        .to_seq = correcting->what->to_seq,
        .offset_us = correcting->offset_us,
    };
    const char *body = correction_write(tx->arena, &correction);
    const struct journal_change change = {
        .kind = CORRECTION_KIND, .name = "", .body = slice_from(body != NULL ? body : "")};

    TRY(check_now(tx, correcting, now_us));
    return body != NULL ? journal_append(tx, &change, now_us) : status_out_of_memory();
}

static struct status on_run(struct write *write, struct tx *tx)
{
    const struct correcting *correcting = (const struct correcting *)write;

    for (size_t i = 0; i < tx->store->table_count; i++) {
        TRY(correct_table(tx, tx->store->tables[i].kind->plural, correcting));
    }
    TRY(append(tx, correcting));
    /* What was reserved under the wrong clock lies in the future, and new entries would have to
     * come after it. */
    return watermark_reserve(tx->db, 0);
}

static void on_done(struct write *write)
{
    (void)sem_post(&((struct correcting *)write)->done);
}

static struct status check(const struct store *store, struct arena *arena,
                           const struct clock_correction *correction, int64_t offset_us)
{
    if (store->corrections.count == CORRECTIONS_MAX) {
        return status_make(arena, REASON_TOO_MANY_CORRECTIONS, NULL,
                           "a journal takes %d corrections at most", CORRECTIONS_MAX);
    }
    if (offset_us < correction->least_us || offset_us > correction->most_us || offset_us == 0) {
        return status_make(arena, REASON_OFFSET_OUT_OF_RANGE, NULL,
                           "the offset must be between %.6f and %.6f seconds, so that entries "
                           "%llu to %llu stay in their order and do not lie in the future",
                           (double)correction->least_us / 1e6, (double)correction->most_us / 1e6,
                           (unsigned long long)correction->from_seq,
                           (unsigned long long)correction->to_seq);
    }
    return STATUS_NONE;
}

struct status clock_correction_write(struct store *store, struct arena *arena,
                                     const struct clock_correction *correction, int64_t offset_us)
{
    struct correcting correcting = {
        .write = {.caller = "operator",
                  .method = "correct-clock",
                  .arena = arena,
                  .is_undated =
                      true, /* run although the clock is behind the journal: it mends that */
                  .run = on_run,
                  .done = on_done},
        .what = correction,
        .offset_us = offset_us,
    };

    TRY(check(store, arena, correction, offset_us));
    (void)sem_init(&correcting.done, 0, 0);
    struct status status = store_write(store, &correcting.write);
    if (status.code == STATUS_OK) {
        while (sem_wait(&correcting.done) != 0) {
        }
        status = correcting.write.status;
    }
    (void)sem_destroy(&correcting.done);
    return status;
}
