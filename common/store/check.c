/*
 * check.c - a check from its first entry to its last row, on a connection of its own that reads.
 *
 *     file -> kinds -> journal with the rows of its entries -> rows of each kind
 *
 * Each part takes one snapshot after the other. That is sound beside a writer: entries are only
 * ever added, and what is compared with each other is read in one snapshot.
 */
#include "store/check.h"

#include "store/check_internal.h"
#include "store/migrate.h"

struct checker {
    struct db *db;
    struct arena *arena;
    const struct store_check_options *options;
    struct journal_head head;
    uint64_t rows;
    struct corrections corrections;
    enum migrate_table *tables; /* of each kind */
    struct check_span *spans;
    struct check_rows walk;
    bool end;
};

/* One part, in a snapshot. */
static struct status in_snapshot(struct checker *checker,
                                 struct status (*part)(struct checker *checker))
{
    TRY(db_begin(checker->db));
    const struct status status = part(checker);
    db_rollback(checker->db);
    return status;
}

static struct status batch_check(struct checker *checker)
{
    struct arena *arena = checker->arena;
    struct journal_head *head = &checker->head;
    const uint64_t before = head->seq;
    struct journal_head last;

    TRY(journal_head_read(checker->db, &last));
    TRY(journal_verify(checker->db, arena, &checker->corrections, head, CHECK_BATCH,
                       &checker->end));
    if (checker->end &&
        (last.seq != head->seq || memcmp(last.hash, head->hash, DIGEST_BYTES) != 0)) {
        return status_make(arena, STATUS_DATA_LOSS, "JOURNAL_BROKEN", NULL,
                           "the journal ends with entry %llu, and the store says that entry %llu "
                           "with another hash is its last one",
                           (unsigned long long)head->seq, (unsigned long long)last.seq);
    }
    for (size_t i = 0; i < checker->options->kind_count; i++) {
        struct check_span *span = &checker->spans[i];
        span->after_seq = before;
        span->to_seq = head->seq;
        if (checker->tables[i] != MIGRATE_NO_TABLE) {
            TRY(check_entries(checker->db, arena, span));
        }
    }
    return STATUS_NONE;
}

static struct status rows_batch_check(struct checker *checker)
{
    return check_rows_next(checker->db, checker->arena, &checker->walk, &checker->end);
}

/* Where the reading stopped, for a file that is damaged below what can be compared. */
static struct status located(struct checker *checker, struct status status, const char *kind)
{
    if (status.reason == NULL || strcmp(status.reason, "STORE_CORRUPT") != 0) {
        return status;
    }
    return kind == NULL
               ? status_make(checker->arena, status.code, status.reason, NULL,
                             "%s, behind journal entry %llu", status.message,
                             (unsigned long long)checker->head.seq)
               : status_make(checker->arena, status.code, status.reason, NULL,
                             "%s, in %s behind %s", status.message, kind, checker->walk.name);
}

static struct status journal_check(struct checker *checker)
{
    TRY(migrate_read_id(checker->db, checker->head.hash));
    for (checker->end = false; !checker->end;) {
        TRY(located(checker, in_snapshot(checker, batch_check), NULL));
    }
    return STATUS_NONE;
}

static struct status kind_walk(struct checker *checker)
{
    for (checker->end = false; !checker->end;) {
        TRY(located(checker, in_snapshot(checker, rows_batch_check), checker->walk.kind->plural));
    }
    return STATUS_NONE;
}

static struct status kind_check(struct checker *checker, const struct resource_kind *kind,
                                bool with_columns)
{
    struct status status =
        check_rows_start(checker->arena, kind, &checker->corrections, with_columns, &checker->walk);
    if (status.code == STATUS_OK) {
        status = kind_walk(checker);
    }
    checker->rows += checker->walk.rows;
    check_rows_done(&checker->walk);
    return status;
}

static struct status file_check(struct checker *checker)
{
    char complaint[256];

    TRY(db_integrity(checker->db, complaint, sizeof(complaint)));
    return complaint[0] == '\0' ? STATUS_NONE
                                : status_make(checker->arena, STATUS_DATA_LOSS, "STORE_CORRUPT",
                                              NULL, "the store's file is damaged: %s", complaint);
}

static struct status prepare(struct checker *checker)
{
    const struct store_check_options *options = checker->options;
    const size_t count = options->kind_count;

    checker->tables = arena_array(checker->arena, count, sizeof(*checker->tables));
    checker->spans = arena_array(checker->arena, count, sizeof(*checker->spans));
    const struct status status =
        migrate_check(checker->db, checker->arena, options->kinds, count, checker->tables);
    /* A database without the tables of a store. */
    if (status.code == STATUS_INTERNAL) {
        return status_make(checker->arena, STATUS_FAILED_PRECONDITION, "STORE_OTHER_SERVICE", NULL,
                           "the file is no store of this service");
    }
    TRY(status);
    TRY(corrections_read(checker->db, checker->arena, &checker->corrections));
    for (size_t i = 0; i < count; i++) {
        checker->spans[i].kind = options->kinds[i];
        checker->spans[i].text =
            check_entries_text(checker->arena, options->kinds[i], &checker->corrections);
        if (checker->spans[i].text == NULL) {
            return status_out_of_memory();
        }
    }
    return STATUS_NONE;
}

static struct status check_all(struct checker *checker)
{
    const struct store_check_options *options = checker->options;

    TRY(prepare(checker));
    TRY(journal_check(checker));
    for (size_t i = 0; i < options->kind_count; i++) {
        if (checker->tables[i] != MIGRATE_NO_TABLE) {
            TRY(kind_check(checker, options->kinds[i], checker->tables[i] == MIGRATE_TABLE));
        }
    }
    return file_check(checker);
}

struct status store_check(const struct store_check_options *options, struct arena *arena,
                          struct store_check *ret_check)
{
    struct checker checker = {.arena = arena, .options = options};

    TRY(db_open(options->location, DB_READ_ONLY, &checker.db));
    const struct status status = check_all(&checker);
    db_close(checker.db);
    TRY(status);
    *ret_check = (struct store_check){.head = checker.head, .rows = checker.rows};
    return STATUS_NONE;
}
