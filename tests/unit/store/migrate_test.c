/*
 * migrate_test.c - a database of yesterday is brought forward, one of tomorrow is refused.
 *
 * data/library_layout_1.sql is the dump of a store that was written when books had the columns
 * title and sheets: layout 1, where today's is 2.
 */
#include "library.h"

#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>

/* Replaces the store by the kept one; it is closed then. */
static void load_kept(struct library *library)
{
    enum { FILE_MAX_BYTES = 1 << 16 };
    char *sql = arena_alloc(library->arena, FILE_MAX_BYTES);
    FILE *file = fopen(STORE_DATA "/library_layout_1.sql", "re");

    library_close(library);
    (void)remove(library_file(library));
    assert_non_null(file);
    assert_true(fread(sql, 1, FILE_MAX_BYTES - 1, file) > 0);
    (void)fclose(file);
    library_execute(library, sql);
}

static void a_lower_layout_is_made_anew_from_the_bodies(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a", .order_by = "pages desc"}};
    const char *titles = NULL;
    const char *token = NULL;
    uint64_t entries = 0;

    load_kept(library);
    library_open(library);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "Truyện Kiều,Luật mới");
    request.page.order_by = "imprint.publisher";
    request.page.filter = "imprint.publisher = \"Trẻ\"";
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "Truyện Kiều");
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 6);
    assert_int_equal(store_version(library->store).seq, 6);
}

static void history_and_identity_survive_a_new_layout(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;
    Library__Book *after = NULL;
    struct resource_revision *rows = NULL;
    const struct resource_scan all = {.parent = "-", .all_revisions = true};
    size_t count = 0;
    struct tx tx;

    load_kept(library);
    library_open(library);
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(resource_all(&tx, &book_kind, &all, &rows, &count));
    store_read_end(&tx);
    assert_int_equal(count, 4);
    assert_true(rows[2].deleted);
    assert_int_equal(rows[2].to_seq, 5);
    assert_int_equal(rows[0].to_time_us, rows[1].from_time_us);
    assert_ok(book_get(library, "shelves/a/books/luat", rows[2].from_time_us, &book));
    assert_string_equal(book->title, "Luật");
    assert_ok(book_get(library, "shelves/a/books/kieu", 0, &book));
    assert_ok(book_update(library, "shelves/a/books/kieu", "Kiều", 1));
    assert_ok(book_get(library, "shelves/a/books/kieu", 0, &after));
    assert_string_equal(after->uid, book->uid);
    assert_int_equal(after->revision, 3);
    assert_int_equal(timestamp_us(after->create_time), timestamp_us(book->create_time));
}

static void keys_of_before_are_still_known(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_update, "shelves/a/books/kieu");

    load_kept(library);
    library_open(library);
    job.write.idempotency_key = "key-1";
    job.write.request_hash[0] = 1;
    assert_ok(job_run(library, &job));
    assert_true(job.write.replayed);
}

static void a_migrated_store_opens_again_as_it_is(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;

    load_kept(library);
    library_open(library);
    library_reopen(library);
    assert_ok(book_get(library, "shelves/a/books/kieu", 0, &book));
    assert_string_equal(book->title, "Truyện Kiều");
}

static void a_body_that_cannot_be_read_stops_the_migration_and_changes_nothing(void **state)
{
    struct library *library = *state;
    const struct store_options options = library_options(library);

    load_kept(library);
    library_execute(library,
                    "UPDATE books SET body = X'ff' WHERE revision = 2 AND title = 'Luật mới'");
    assert_status(store_open(&options, library->arena, &library->store), STATUS_DATA_LOSS,
                  "STORE_CORRUPT");
    /* The old layout is still there. */
    library_execute(library, "UPDATE books SET sheets = 1");
}

static void assert_too_new(struct library *library, const char *change)
{
    const struct store_options options = library_options(library);

    library_close(library);
    library_execute(library, change);
    const struct status status = store_open(&options, library->arena, &library->store);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    assert_string_equal(status.reason->name, "STORE_TOO_NEW");
    assert_non_null(strstr(status.message, "newer program"));
}

static void a_higher_format_is_refused(void **state)
{
    struct library *library = *state;

    assert_too_new(library, "UPDATE meta SET number = 1000 WHERE key = 'format'");
    library_execute(library, arena_printf(library->arena,
                                          "UPDATE meta SET number = %zu WHERE key = 'format'",
                                          migrate_step_count));
    library_open(library); /* nothing else was touched */
}

static void an_index_that_is_new_is_made_in_an_old_store(void **state)
{
    struct library *library = *state;
    struct db_statement *statement = NULL;
    struct db *db = NULL;
    bool row = false;

    library_close(library);
    library_execute(library, "DROP INDEX books_across_by_genre");
    library_open(library);
    library_close(library);
    assert_ok(db_open(library_file(library), DB_READ_ONLY, &db));
    assert_ok(db_prepare(db, "SELECT 1 FROM sqlite_schema WHERE name = 'books_across_by_genre'",
                         &statement));
    assert_ok(db_step(statement, &row));
    assert_true(row);
    db_reset(statement);
    db_close(db);
    library_open(library);
}

static void a_higher_layout_is_refused(void **state)
{
    struct library *library = *state;

    assert_too_new(library, "UPDATE meta SET number = 3 WHERE key = 'layout:books'");
    library_execute(library, "UPDATE meta SET number = 2 WHERE key = 'layout:books'");
    library_open(library);
}

static void a_kind_that_is_not_known_is_refused(void **state)
{
    struct library *library = *state;

    assert_too_new(library, "INSERT INTO meta (key, number) VALUES ('layout:loans', 1)");
    library_execute(library, "DELETE FROM meta WHERE key = 'layout:loans'");
    library_open(library);
}

static void a_lower_format_goes_through_the_steps_that_it_lacks(void **state)
{
    struct library *library = *state;
    const char *const steps[] = {
        "CREATE TABLE never (x {int64}) {strict}",
        "CREATE TABLE loans (book {text} NOT NULL) {strict}",
        "INSERT INTO loans VALUES ('kieu')",
    };
    struct db *db = NULL;

    load_kept(library); /* of format 1 */
    assert_ok(db_open(library_file(library), DB_READ_WRITE, &db));
    assert_ok(db_begin(db));
    assert_ok(migrate_base(db, library->arena, steps, 3));
    assert_ok(db_commit(db));
    assert_ok(db_execute(db, "DELETE FROM loans WHERE book = 'kieu'"));
    assert_int_not_equal(db_execute(db, "DELETE FROM never").code, STATUS_OK);
    /* The second time there is nothing to do; with fewer steps it is too new. */
    assert_ok(db_begin(db));
    assert_ok(migrate_base(db, library->arena, steps, 3));
    assert_status(migrate_base(db, library->arena, steps, 2), STATUS_FAILED_PRECONDITION,
                  "STORE_TOO_NEW");
    db_rollback(db);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(a_lower_layout_is_made_anew_from_the_bodies),
        T(history_and_identity_survive_a_new_layout),
        T(keys_of_before_are_still_known),
        T(a_migrated_store_opens_again_as_it_is),
        T(a_body_that_cannot_be_read_stops_the_migration_and_changes_nothing),
        T(a_higher_format_is_refused),
        T(an_index_that_is_new_is_made_in_an_old_store),
        T(a_higher_layout_is_refused),
        T(a_kind_that_is_not_known_is_refused),
        T(a_lower_format_goes_through_the_steps_that_it_lacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
