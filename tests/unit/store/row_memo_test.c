/* row_memo_test.c - tests row_memo.c, by the reads that share rows, and the snapshots that last. */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>

#define SHELF "shelves/a"
#define NAME "shelves/a/books/one"

static const struct resource_scan all_books = {.parent = SHELF};

static void begin(struct library *library, struct tx *ret_tx)
{
    assert_ok(store_read_begin(library->store, library->arena, ret_tx));
}

static const struct resource_revision *shared(struct tx *tx, const struct resource_scan *scan,
                                              size_t expected)
{
    const struct resource_revision *rows = NULL;
    size_t count = 0;

    assert_ok(resource_all_shared(tx, &book_kind, scan, &rows, &count));
    assert_int_equal(count, expected);
    return rows;
}

static const char *title_of(const struct resource_revision *row)
{
    return ((const Library__Book *)row->message)->title;
}

static void reads_of_one_version_share_their_rows(void **state)
{
    struct library *library = *state;
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    begin(library, &tx);
    assert_false(tx.shares);
    const struct resource_revision *first = shared(&tx, &all_books, 1);
    assert_true(tx.shares);
    store_read_end(&tx);
    begin(library, &tx);
    assert_false(tx.shares);
    assert_ptr_equal(shared(&tx, &all_books, 1), first);
    assert_true(tx.shares);
    assert_string_equal(title_of(first), "A");
    store_read_end(&tx);
}

static void a_write_ends_the_sharing(void **state)
{
    struct library *library = *state;
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    for (int i = 0; i < 20; i++) {
        const char *title = arena_printf(library->arena, "title %d", i);
        const void *found = NULL;

        assert_ok(book_update(library, NAME, title, 1));
        for (int again = 0; again < 2; again++) {
            begin(library, &tx);
            assert_string_equal(title_of(shared(&tx, &all_books, 1)), title);
            assert_ok(resource_get_shared(&tx, &book_kind, NAME, &found));
            assert_string_equal(((const Library__Book *)found)->title, title);
            store_read_end(&tx);
        }
    }
    assert_ok(book_delete(library, NAME));
    begin(library, &tx);
    (void)shared(&tx, &all_books, 0);
    const void *found = NULL;
    assert_ok(resource_find_shared(&tx, &book_kind, NAME, &found));
    assert_null(found);
    assert_status(resource_get_shared(&tx, &book_kind, NAME, &found), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    store_read_end(&tx);
}

static void scans_that_differ_in_anything_are_told_apart(void **state)
{
    struct library *library = *state;
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_create(library, "shelves/a/books/two", "B", 2));
    assert_ok(book_create(library, "shelves/b/books/one", "C", 2));
    assert_ok(book_update(library, NAME, "D", 1));
    const struct resource_scan pages = {.parent = SHELF, .column = "pages", .int64 = 2};
    const struct resource_scan other_pages = {.parent = SHELF, .column = "pages", .int64 = 1};
    const struct resource_scan title = {.parent = SHELF, .column = "title", .text = "B"};
    const struct resource_scan other_title = {.parent = SHELF, .column = "title", .text = "D"};
    const struct resource_scan everywhere = {.parent = "-"};
    const struct resource_scan history = {.parent = SHELF, .all_revisions = true};
    begin(library, &tx);
    for (int again = 0; again < 2; again++) {
        (void)shared(&tx, &all_books, 2);
        (void)shared(&tx, &everywhere, 3);
        (void)shared(&tx, &history, 3);
        assert_string_equal(title_of(shared(&tx, &pages, 1)), "B");
        assert_string_equal(title_of(shared(&tx, &other_pages, 1)), "D");
        assert_string_equal(title_of(shared(&tx, &title, 1)), "B");
        assert_string_equal(title_of(shared(&tx, &other_title, 1)), "D");
        const void *shelf = NULL;
        assert_ok(resource_find_shared(&tx, &shelf_kind, NAME, &shelf));
        assert_null(shelf);
    }
    store_read_end(&tx);
}

static void a_read_as_of_a_time_shares_nothing(void **state)
{
    struct library *library = *state;
    Library__Book *first = NULL;
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &first));
    assert_ok(book_update(library, NAME, "B", 1));
    for (int again = 0; again < 2; again++) {
        begin(library, &tx);
        assert_string_equal(title_of(shared(&tx, &all_books, 1)), "B");
        store_read_end(&tx);
        begin(library, &tx);
        assert_ok(tx_set_as_of(&tx, timestamp_us(first->update_time)));
        assert_string_equal(title_of(shared(&tx, &all_books, 1)), "A");
        assert_false(tx.shares);
        store_read_end(&tx);
    }
}

static void more_rows_than_fit_are_read_all_the_same(void **state)
{
    enum { BOOKS = 40 };
    struct library *library = *state;
    struct tx tx;

    for (int i = 0; i < BOOKS; i++) {
        const char *name = arena_printf(library->arena, "shelves/a/books/b%02d", i);
        struct job job = job_make(library, act_create, name);
        job.title = "T";
        job.scan_bytes = 20000;
        assert_ok(job_run(library, &job));
    }
    for (int again = 0; again < 3; again++) {
        const void *found = NULL;

        begin(library, &tx);
        const struct resource_revision *rows = shared(&tx, &all_books, BOOKS);
        assert_false(tx.shares);
        for (int i = 0; i < BOOKS; i++) {
            assert_int_equal(((const Library__Book *)rows[i].message)->scan.len, 20000);
        }
        store_read_end(&tx);
        /* It has room again with the next snapshot. */
        begin(library, &tx);
        for (int i = 0; i < BOOKS; i++) {
            const char *name = arena_printf(library->arena, "shelves/a/books/b%02d", i);
            assert_ok(resource_get_shared(&tx, &book_kind, name, &found));
            assert_string_equal(((const Library__Book *)found)->name, name);
        }
        assert_true(tx.shares);
        store_read_end(&tx);
    }
}

static void a_kept_snapshot_is_that_of_the_next_read_until_it_is_let_go(void **state)
{
    struct library *library = *state;
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    begin(library, &tx);
    const struct version version = tx.version;
    const int64_t time_us = tx.time_us;
    store_read_keep(&tx);
    assert_null(tx.db);
    assert_ok(book_update(library, NAME, "B", 1));
    for (int i = 0; i < 2; i++) {
        begin(library, &tx);
        assert_int_equal(tx.version.seq, version.seq);
        assert_int_equal(tx.time_us, time_us);
        assert_string_equal(title_of(shared(&tx, &all_books, 1)), "A");
        store_read_keep(&tx);
    }
    store_read_let_go(library->store);
    store_read_let_go(library->store);
    begin(library, &tx);
    assert_int_equal(tx.version.seq, version.seq + 1);
    assert_string_equal(title_of(shared(&tx, &all_books, 1)), "B");
    store_read_end(&tx);
    /* Nothing is kept that was ended. */
    assert_ok(book_update(library, NAME, "C", 1));
    begin(library, &tx);
    assert_string_equal(title_of(shared(&tx, &all_books, 1)), "C");
    store_read_end(&tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_of_one_version_share_their_rows, library_setup,
                                        library_teardown),
        cmocka_unit_test_setup_teardown(a_write_ends_the_sharing, library_setup, library_teardown),
        cmocka_unit_test_setup_teardown(scans_that_differ_in_anything_are_told_apart, library_setup,
                                        library_teardown),
        cmocka_unit_test_setup_teardown(a_read_as_of_a_time_shares_nothing, library_setup,
                                        library_teardown),
        cmocka_unit_test_setup_teardown(more_rows_than_fit_are_read_all_the_same, library_setup,
                                        library_teardown),
        cmocka_unit_test_setup_teardown(a_kept_snapshot_is_that_of_the_next_read_until_it_is_let_go,
                                        library_setup, library_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
