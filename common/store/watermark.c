/* watermark.c - the rule, and asking for a watermark: at once, or by way of the writer. */
#include "store/watermark.h"

#include "base/clock.h"
#include "store/store_internal.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void watermark_init(struct watermark *mark, int64_t last_us, int64_t reserved_us)
{
    *mark = (struct watermark){
        .given_us = greatest(last_us, reserved_us),
        .reserved_us = reserved_us,
    };
}

int64_t watermark_open(struct watermark *mark, int64_t now_us)
{
    const int64_t first_us = greatest(now_us, mark->given_us + 1);

    /* One that is in doubt has earlier times, which count on. */
    if (mark->open_us == 0) {
        mark->open_us = first_us;
    }
    return first_us;
}

void watermark_close(struct watermark *mark, enum watermark_outcome outcome, int64_t last_us)
{
    if (outcome == WATERMARK_IN_DOUBT) {
        mark->in_doubt = true;
    } else if (outcome == WATERMARK_COMMITTED) {
        /* What a failed commit left in the log is overwritten from here on. */
        mark->open_us = 0;
        mark->in_doubt = false;
        mark->given_us = greatest(mark->given_us, last_us);
    } else if (!mark->in_doubt) {
        mark->open_us = 0;
    }
}

int64_t watermark_best(const struct watermark *mark, int64_t now_us)
{
    const int64_t end_us = mark->open_us != 0 ? least(now_us, mark->open_us - 1) : now_us;

    return greatest(mark->given_us, least(end_us, mark->reserved_us));
}

int64_t watermark_give(struct watermark *mark, int64_t now_us)
{
    mark->given_us = watermark_best(mark, now_us);
    return mark->given_us;
}

int64_t watermark_wait_us(const struct watermark *mark, int64_t now_us)
{
    const int64_t lead_us = mark->given_us - now_us;

    return lead_us > 0 && lead_us <= WATERMARK_AHEAD_US ? lead_us : 0;
}

struct status watermark_read(struct db *db, int64_t *ret_reserved_us)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, "SELECT number FROM meta WHERE key = 'watermark'", &statement));
    const struct status status = db_step(statement, &row);
    if (status.code == STATUS_OK) {
        *ret_reserved_us = row ? db_int64(statement, 0) : 0;
    }
    db_reset(statement);
    return status;
}

static struct status reserve(struct db *db, int64_t reserved_us)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db,
                   "INSERT INTO meta (key, number) VALUES ('watermark', $1) "
                   "ON CONFLICT (key) DO UPDATE SET number = excluded.number",
                   &statement));
    db_bind_int64(statement, 1, reserved_us);
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static struct watermark_question *question_of(struct write *write)
{
    return (struct watermark_question *)((char *)write -
                                         offsetof(struct watermark_question, write));
}

/* On the writer's thread, in a group that is open. */
static struct status on_run(struct write *write, struct tx *tx)
{
    struct watermark_question *question = question_of(write);
    struct writer *writer = &tx->store->writer;
    const int64_t now_us = clock_now_us();

    (void)pthread_mutex_lock(&writer->lock);
    const int64_t reserved_us = writer->watermark.reserved_us;
    (void)pthread_mutex_unlock(&writer->lock);
    if (reserved_us - now_us >= WATERMARK_AHEAD_US / 2) {
        return STATUS_NONE;
    }
    question->reserved_us = now_us + WATERMARK_AHEAD_US;
    return reserve(tx->db, question->reserved_us);
}

static void give(struct watermark_question *question, int64_t reserved_us)
{
    struct writer *writer = &question->store->writer;

    (void)pthread_mutex_lock(&writer->lock);
    writer->watermark.reserved_us = greatest(writer->watermark.reserved_us, reserved_us);
    question->watermark_us = watermark_give(&writer->watermark, clock_now_us());
    (void)pthread_mutex_unlock(&writer->lock);
    question->done(question);
}

/* The group is closed and the next one is not open yet. */
static void on_done(struct write *write)
{
    struct watermark_question *question = question_of(write);

    give(question, write->status.code == STATUS_OK ? question->reserved_us : 0);
}

void store_watermark(struct store *store, struct watermark_question *question)
{
    struct writer *writer = &store->writer;
    const int64_t now_us = clock_now_us();

    question->store = store;
    question->reserved_us = 0;
    question->write = (struct write){
        .caller = "", .method = "", .arena = question->arena, .run = on_run, .done = on_done};
    (void)pthread_mutex_lock(&writer->lock);
    const bool is_fresh = watermark_best(&writer->watermark, now_us) >= now_us;
    (void)pthread_mutex_unlock(&writer->lock);
    /* A store that takes no writes still has what it promised before. */
    if (is_fresh || store_write(store, &question->write).code != STATUS_OK) {
        give(question, 0);
    }
}
