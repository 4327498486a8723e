/* correction.c - the text of a correction, the list of a journal, and times as they are corrected.
 */
#include "store/correction.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BODY_MAX_BYTES = 128, SQL_MAX_BYTES = 1 << 14 };

const char *correction_write(struct arena *arena, const struct correction *correction)
{
    return arena_printf(arena, "from=%" PRIu64 " to=%" PRIu64 " offset_us=%" PRId64,
                        correction->from_seq, correction->to_seq, correction->offset_us);
}

bool correction_parse(struct slice body, uint64_t seq, struct correction *ret_correction)
{
    struct correction correction = {.seq = seq};
    char text[BODY_MAX_BYTES];
    int end = 0;

    if (body.length == 0 || body.length >= sizeof(text)) {
        return false;
    }
    memcpy(text, body.data, body.length);
    text[body.length] = '\0';
    if (sscanf(text, "from=%" SCNu64 " to=%" SCNu64 " offset_us=%" SCNd64 "%n",
               &correction.from_seq, &correction.to_seq, &correction.offset_us, &end) != 3 ||
        (size_t)end != body.length || correction.from_seq == 0 ||
        correction.from_seq > correction.to_seq || correction.to_seq >= seq) {
        return false;
    }
    *ret_correction = correction;
    return true;
}

static struct status take_rows(struct db_statement *statement, struct arena *arena,
                               struct corrections *corrections)
{
    bool row = false;

    TRY(db_step(statement, &row));
    while (row) {
        const uint64_t seq = (uint64_t)db_int64(statement, 0);
        if (corrections->count == CORRECTIONS_MAX ||
            !correction_parse(db_bytes(statement, 1), seq,
                              &corrections->items[corrections->count])) {
            return status_make(arena, REASON_JOURNAL_BROKEN, NULL,
                               "journal entry %llu is no correction that can be read",
                               (unsigned long long)seq);
        }
        corrections->count++;
        TRY(db_step(statement, &row));
    }
    return STATUS_NONE;
}

struct status corrections_read(struct db *db, struct arena *arena,
                               struct corrections *ret_corrections)
{
    struct db_statement *statement = NULL;
    struct corrections corrections = {.count = 0};

    /* The kind is a literal and no parameter, or SQLite would not use the partial index of these
     * few entries. */
    TRY(db_prepare(db,
                   "SELECT seq, body FROM journal WHERE kind = '" CORRECTION_KIND "' ORDER BY seq",
                   &statement));
    const struct status status = take_rows(statement, arena, &corrections);
    db_reset(statement);
    TRY(status);
    *ret_corrections = corrections;
    return STATUS_NONE;
}

int64_t corrections_shift_us(const struct corrections *corrections, uint64_t seq,
                             uint64_t after_seq)
{
    int64_t shift_us = 0;

    for (size_t i = 0; i < corrections->count; i++) {
        const struct correction *at = &corrections->items[i];
        if (at->seq > after_seq && at->from_seq <= seq && seq <= at->to_seq) {
            shift_us += at->offset_us;
        }
    }
    return shift_us;
}

const char *corrections_sql(struct arena *arena, const struct corrections *corrections,
                            const char *alias)
{
    struct buffer text;

    buffer_init(&text, SQL_MAX_BYTES);
    buffer_printf(&text, "(%s.time", alias);
    for (size_t i = 0; i < corrections->count; i++) {
        const struct correction *at = &corrections->items[i];
        buffer_printf(&text,
                      " + CASE WHEN %s.seq BETWEEN %" PRIu64 " AND %" PRIu64 " THEN %" PRId64
                      " ELSE 0 END",
                      alias, at->from_seq, at->to_seq, at->offset_us);
    }
    buffer_append_char(&text, ')');
    const char *copy = buffer_failed(&text) ? NULL : arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}
