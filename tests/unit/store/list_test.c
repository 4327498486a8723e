/* list_test.c - pages: nothing twice, nothing missing, in the order that was asked for. */
#include "library.h"

#include "base/buffer.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

static void put(struct library *library, const char *shelf, const char *title, int32_t pages,
                const char *publisher)
{
    struct job job = job_make(library, act_create,
                              arena_printf(library->arena, "shelves/%s/books/%s", shelf, title));

    job.title = title;
    job.pages = pages;
    job.publisher = publisher;
    assert_ok(job_run(library, &job));
}

/* All titles, read in pages of this size. */
static const char *read_all(struct library *library, struct list_request request, int32_t page_size)
{
    struct buffer all;
    const char *titles = NULL;
    const char *token = "";
    int pages = 0;

    request.page.page_size = page_size;
    buffer_init(&all, 1 << 20);
    do {
        request.page.page_token = token;
        assert_ok(list_titles(library, &request, &titles, &token));
        buffer_printf(&all, "%s%s", all.length > 0 && titles[0] != '\0' ? "," : "", titles);
        assert_true(++pages < 100);
    } while (token[0] != '\0');
    const char *text = arena_copy(library->arena, buffer_slice(&all));
    buffer_done(&all);
    return text;
}

static void assert_order(struct library *library, const char *order_by, const char *expected)
{
    const struct list_request request = {.page = {.parent = "shelves/a", .order_by = order_by}};

    for (int32_t page_size = 1; page_size <= 9; page_size++) {
        assert_string_equal(read_all(library, request, page_size), expected);
    }
}

static void equal_keys_nulls_and_directions_page_without_loss(void **state)
{
    struct library *library = *state;

    put(library, "a", "p", 2, "x");
    put(library, "a", "q", 1, NULL);
    put(library, "a", "r", 2, "y");
    put(library, "a", "s", 1, "x");
    put(library, "a", "t", 2, NULL);
    put(library, "a", "u", 3, "x");
    put(library, "a", "v", 1, NULL);
    put(library, "b", "other", 1, "x");
    assert_order(library, "", "p,q,r,s,t,u,v");
    assert_order(library, "name desc", "v,u,t,s,r,q,p");
    assert_order(library, "pages", "q,s,v,p,r,t,u");
    assert_order(library, "pages desc", "u,t,r,p,v,s,q");
    assert_order(library, "pages desc, name", "u,p,r,t,q,s,v");
    assert_order(library, "imprint.publisher", "q,t,v,p,s,u,r");
    assert_order(library, "imprint.publisher desc", "r,u,s,p,v,t,q");
    assert_order(library, "imprint.publisher, pages desc", "t,v,q,u,p,s,r");
    assert_order(library, "imprint.publisher desc, pages", "r,s,p,u,q,v,t");
    assert_order(library, "pages, imprint.publisher desc", "s,v,q,r,p,t,u");
    assert_order(library, "imprint.year, pages", "q,v,t,s,p,r,u");
    assert_order(library, "pages, name, title", "q,s,v,p,r,t,u");
}

static void any_kind_is_ordered_by_when_it_was_made_and_changed(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a", .order_by = "update_time"}};
    Library__Book *book = NULL;

    put(library, "a", "r", 1, NULL);
    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 2, NULL);
    assert_ok(book_get(library, "shelves/a/books/q", 0, &book));
    assert_ok(book_delete(library, "shelves/a/books/r"));
    put(library, "a", "r", 2, NULL);
    assert_ok(book_update(library, "shelves/a/books/p", "p2", 1));
    assert_order(library, "create_time", "p2,q,r");
    assert_order(library, "create_time desc", "r,q,p2");
    assert_order(library, "update_time", "q,r,p2");
    assert_order(library, "updateTime desc", "p2,r,q");
    assert_order(library, "pages desc, update_time", "q,r,p2");
    request.as_of_us = timestamp_us(book->update_time);
    assert_string_equal(read_all(library, request, 2), "r,p,q");
    request.page.filter = "pages = 1";
    assert_string_equal(read_all(library, request, 1), "r,p");
}

static void filters_choose_within_pages(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a"}};

    put(library, "a", "p", 2, "x");
    put(library, "a", "q", 1, NULL);
    put(library, "a", "r", 2, "y");
    put(library, "a", "s", 1, "x");
    for (int32_t page_size = 1; page_size < 5; page_size++) {
        request.page.filter = "imprint.publisher = \"x\"";
        assert_string_equal(read_all(library, request, page_size), "p,s");
        request.page.filter = "pages >= 2 AND title != \"p\"";
        assert_string_equal(read_all(library, request, page_size), "r");
        request.page.filter = "genre = POETRY";
        assert_string_equal(read_all(library, request, page_size), "p,q,r,s");
        request.page.filter = "genre = LAW";
        assert_string_equal(read_all(library, request, page_size), "");
    }
}

static void a_page_that_ends_with_the_last_match_has_no_token(void **state)
{
    struct library *library = *state;
    const struct list_request request = {
        .page = {.parent = "shelves/a", .page_size = 2, .filter = "pages = 1"}};
    const char *titles = NULL;
    const char *token = NULL;

    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 1, NULL);
    put(library, "a", "r", 2, NULL);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "p,q");
    assert_string_equal(token, "");
}

static void a_dash_in_the_parent_is_any_shelf(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/-", .order_by = "title"}};

    put(library, "a", "p", 1, NULL);
    put(library, "b", "o", 1, NULL);
    put(library, "ab", "q", 1, NULL);
    for (int32_t page_size = 1; page_size < 5; page_size++) {
        assert_string_equal(read_all(library, request, page_size), "o,p,q");
    }
    request.page.parent = "-";
    assert_string_equal(read_all(library, request, 1), "o,p,q");
    request.page.parent = "shelves/a";
    assert_string_equal(read_all(library, request, 1), "p");
    request.page.parent = "books/-";
    assert_string_equal(read_all(library, request, 1), "");
    request.page.parent = "shelves/a%";
    assert_string_equal(read_all(library, request, 1), "");
}

static void rows_that_come_and_go_between_pages_disturb_no_other(void **state)
{
    struct library *library = *state;
    struct list_request request = {
        .page = {.parent = "shelves/a", .page_size = 2, .order_by = "pages"}};
    const char *titles = NULL;
    const char *token = NULL;

    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 2, NULL);
    put(library, "a", "r", 3, NULL);
    put(library, "a", "s", 4, NULL);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "p,q");
    put(library, "a", "before", 0, NULL);
    put(library, "a", "between", 3, NULL);
    assert_ok(book_delete(library, "shelves/a/books/q")); /* the row that the token names */
    request.page.page_token = token;
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "between,r");
    request.page.page_token = token;
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "s");
    assert_string_equal(token, "");
}

static void pages_as_of_a_time_show_one_state(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;
    struct list_request request = {
        .page = {.parent = "shelves/a", .page_size = 2, .order_by = "pages desc"}};
    const char *titles = NULL;
    const char *token = NULL;

    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 2, NULL);
    put(library, "a", "r", 3, NULL);
    assert_ok(book_get(library, "shelves/a/books/r", 0, &book));
    request.as_of_us = timestamp_us(book->update_time);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "r,q");
    assert_ok(book_update(library, "shelves/a/books/p", "changed", 9));
    assert_ok(book_delete(library, "shelves/a/books/q"));
    put(library, "a", "s", 0, NULL);
    request.page.page_token = token;
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "p");
    assert_string_equal(token, "");
    for (int32_t page_size = 1; page_size < 5; page_size++) {
        assert_string_equal(read_all(library, request, page_size), "r,q,p");
    }
}

static void a_token_is_of_use_for_its_own_request_only(void **state)
{
    struct library *library = *state;
    const struct list_request request = {
        .page = {.parent = "shelves/a", .page_size = 1, .order_by = "pages"}};
    const char *titles = NULL;
    const char *token = NULL;

    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 2, NULL);
    assert_ok(list_titles(library, &request, &titles, &token));
    for (int i = 0; i < 4; i++) {
        struct list_request other = request;
        const char *next = NULL;
        other.page.page_token = token;
        other.page.page_size = 7; /* may change */
        other.page.parent = i == 0 ? "shelves/b" : request.page.parent;
        other.page.filter = i == 1 ? "pages = 2" : NULL;
        other.page.order_by = i == 2 ? "pages desc" : request.page.order_by;
        other.as_of_us = i == 3 ? 1 : 0;
        assert_status(list_titles(library, &other, &titles, &next), STATUS_INVALID_ARGUMENT,
                      "INVALID_PAGE_TOKEN");
    }
}

static void a_changed_token_is_refused(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a", .page_size = 1}};
    const char *titles = NULL;
    const char *token = NULL;
    const char *next = NULL;

    put(library, "a", "p", 1, NULL);
    put(library, "a", "q", 2, NULL);
    assert_ok(list_titles(library, &request, &titles, &token));
    char *changed = arena_strdup(library->arena, token);
    request.page.page_token = changed;
    for (size_t i = 0; changed[i] != '\0'; i++) {
        const char before = changed[i];
        changed[i] = before == 'A' ? 'B' : 'A';
        const struct status status = list_titles(library, &request, &titles, &next);
        /* The last digit has bits that stand for nothing. */
        assert_true(status.code == STATUS_INVALID_ARGUMENT || changed[i + 1] == '\0');
        changed[i] = before;
    }
    static const char *const bad[] = {"=",   "A",    " ",
                                      "%41", "\xff", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.page.page_token = bad[i];
        assert_status(list_titles(library, &request, &titles, &next), STATUS_INVALID_ARGUMENT,
                      "INVALID_PAGE_TOKEN");
    }
}

static void what_cannot_be_ordered_or_filtered_is_refused(void **state)
{
    struct library *library = *state;
    const char *titles = NULL;
    const char *token = NULL;
    struct list_request request = {.page = {.parent = "shelves/a", .page_size = -1}};

    assert_status(list_titles(library, &request, &titles, &token), STATUS_INVALID_ARGUMENT,
                  "INVALID_PAGE_SIZE");
    request.page.page_size = 0;
    request.page.order_by = "etag";
    assert_status(list_titles(library, &request, &titles, &token), STATUS_INVALID_ARGUMENT,
                  "INVALID_ORDER_BY");
    request.page.order_by = "nothing";
    const struct status status = list_titles(library, &request, &titles, &token);
    assert_status(status, STATUS_INVALID_ARGUMENT, "INVALID_ORDER_BY");
    assert_non_null(strstr(status.message,
                           "books can be ordered by name, createTime, updateTime, title, genre, "
                           "pages, imprint.publisher, imprint.year, room, box, lent"));
    assert_null(strstr(status.message, "itleLength"));
    request.page.order_by = "";
    request.page.filter = "nothing = 1";
    assert_status(list_titles(library, &request, &titles, &token), STATUS_INVALID_ARGUMENT,
                  "INVALID_FILTER");
}

static void page_size_has_a_default_and_a_maximum(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a"}};
    const char *titles = NULL;
    const char *token = NULL;
    struct job jobs[60];

    for (int i = 0; i < 60; i++) {
        jobs[i] =
            job_make(library, act_create, arena_printf(library->arena, "shelves/a/books/b%02d", i));
    }
    for (int i = 0; i < 60; i++) {
        assert_ok(job_start(library, &jobs[i]));
    }
    for (int i = 0; i < 60; i++) {
        assert_ok(job_wait(&jobs[i]));
    }
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_int_equal(strlen(titles), 2 * 50 - 1);
    assert_true(token[0] != '\0');
    request.page.page_size = INT32_MAX;
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_int_equal(strlen(titles), 2 * 60 - 1);
}

static void a_page_ends_at_four_megabytes(void **state)
{
    struct library *library = *state;
    const struct list_request request = {.page = {.parent = "shelves/a"}};
    const char *titles = NULL;
    const char *token = NULL;

    for (int i = 0; i < 6; i++) {
        struct job job =
            job_make(library, act_create, arena_printf(library->arena, "shelves/a/books/b%d", i));
        job.scan_bytes = 1000000;
        assert_ok(job_run(library, &job));
    }
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "T,T,T,T");
    assert_true(token[0] != '\0');
    assert_string_equal(read_all(library, request, 50), "T,T,T,T,T,T");
}

/* Puts count books on one shelf in a transaction. */
static struct status act_many(struct job *job, struct tx *tx)
{
    for (int32_t i = 0; i < job->pages; i++) {
        Library__Book book = LIBRARY__BOOK__INIT;
        book.name = arena_printf(tx->arena, "shelves/a/books/b%05d", i);
        book.title = (char *)job->title;
        book.pages = i;
        TRY(resource_create(tx, &book_kind, &book));
    }
    return STATUS_NONE;
}

static void a_page_ends_after_ten_thousand_rows_looked_at(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_many, "");
    struct list_request request = {
        .page = {.parent = "shelves/a", .filter = "pages > 10499 AND pages < 10501"}};
    const char *titles = NULL;
    const char *token = NULL;

    job.pages = 10600;
    assert_ok(job_run(library, &job));
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "");
    assert_true(token[0] != '\0');
    request.page.page_token = token;
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_string_equal(titles, "T");
    assert_string_equal(token, "");
}

/* The plan of a query, as SQLite tells it. */
static const char *plan(struct library *library, struct db *db, const char *sql)
{
    struct db_statement *statement = NULL;
    bool row = false;
    struct buffer text;

    buffer_init(&text, 1 << 16);
    assert_ok(
        db_prepare(db, arena_printf(library->arena, "EXPLAIN QUERY PLAN %s", sql), &statement));
    assert_ok(db_step(statement, &row));
    while (row) {
        buffer_printf(&text, "%.*s;", SLICE_ARGS(db_bytes(statement, 3)));
        assert_ok(db_step(statement, &row));
    }
    db_reset(statement);
    const char *copy = arena_copy(library->arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}

static void every_segment_is_a_range_of_an_index(void **state)
{
    struct library *library = *state;
    static const char *const conditions[] = {
        "parent = $1 AND to_seq IS NULL ORDER BY name ASC NULLS FIRST",
        "parent = $1 AND to_seq IS NULL AND name > $2 ORDER BY name ASC NULLS FIRST",
        "parent = $1 AND to_seq IS NULL AND pages = $2 AND name > $3 ORDER BY name ASC NULLS FIRST",
        "parent = $1 AND to_seq IS NULL AND pages > $2 ORDER BY pages ASC NULLS FIRST, name ASC "
        "NULLS FIRST",
        "parent = $1 AND to_seq IS NULL AND pages < $2 ORDER BY pages DESC NULLS LAST, name DESC "
        "NULLS LAST",
        "parent = $1 AND to_seq IS NULL AND publisher IS NULL AND name > $2 ORDER BY name ASC "
        "NULLS FIRST",
        "parent = $1 AND from_seq <= $2 AND (to_seq IS NULL OR to_seq > $3) AND pages > $4 ORDER "
        "BY pages ASC NULLS FIRST, name ASC NULLS FIRST",
        "name >= $1 AND name < $2 AND to_seq IS NULL AND name > $3 ORDER BY name ASC NULLS FIRST",
    };
    struct tx tx;

    assert_ok(store_read_begin(library->store, library->arena, &tx));
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        const char *text =
            plan(library, tx.db,
                 arena_printf(library->arena, "SELECT body FROM books WHERE %s", conditions[i]));
        if (strstr(text, "SEARCH") == NULL || strstr(text, "TEMP") != NULL ||
            (i < 6 && strstr(text, "current") == NULL)) {
            fail_msg("%s: %s", conditions[i], text);
        }
    }
    store_read_end(&tx);
}

static void lists_and_scans_of_a_column_use_its_index(void **state)
{
    struct library *library = *state;
    static const struct {
        const char *condition;
        const char *index;
    } rows[] = {
        {"r.to_seq IS NULL AND r.genre = $1 ORDER BY r.name ASC NULLS FIRST",
         "books_current_across_by_genre (genre=? AND to_seq=?)"},
        {"r.to_seq IS NULL AND r.genre = $1 AND r.name > $2 ORDER BY r.name ASC NULLS FIRST",
         "books_current_across_by_genre (genre=? AND to_seq=? AND name>?)"},
        {"r.to_seq IS NULL ORDER BY r.genre DESC NULLS LAST, r.name DESC NULLS LAST",
         "SCAN r USING INDEX books_across_by_genre;"},
        {"r.from_seq <= $1 AND (r.to_seq IS NULL OR r.to_seq > $2) AND r.genre = $3 ORDER BY "
         "r.name ASC NULLS FIRST",
         "books_across_by_genre (genre=?)"},
        {"r.parent = $1 AND r.genre = $2 AND r.to_seq IS NULL ORDER BY r.name || '', r.revision",
         "books_current_by_genre (parent=? AND to_seq=? AND genre=?)"},
        {"r.parent = $1 AND r.genre = $2 ORDER BY r.name || '', r.revision",
         "books_by_genre (parent=? AND genre=?)"},
    };
    struct tx tx;

    assert_ok(store_read_begin(library->store, library->arena, &tx));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text =
            plan(library, tx.db,
                 arena_printf(library->arena, "SELECT r.body FROM books AS r WHERE %s",
                              rows[i].condition));
        if (strstr(text, rows[i].index) == NULL) {
            fail_msg("%s: %s", rows[i].condition, text);
        }
    }
    store_read_end(&tx);
}

/* More rows than one page looks at, so that only an index finds the last of them. */
static void an_equal_number_or_text_is_found_by_its_index(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_many, "");
    const char *titles = NULL;
    const char *token = NULL;

    job.pages = 10600;
    assert_ok(job_run(library, &job));
    struct list_request of_one = {.page = {.parent = "shelves/a", .filter = "pages = 10500"}};
    assert_ok(list_titles(library, &of_one, &titles, &token));
    assert_string_equal(titles, "T");
    assert_string_equal(token, "");
    /* Of all shelves there is no index over pages: the walk is bounded. */
    struct list_request of_all = {.page = {.parent = "shelves/-", .filter = "pages = 10500"}};
    assert_ok(list_titles(library, &of_all, &titles, &token));
    assert_string_equal(titles, "");
    assert_true(token[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(equal_keys_nulls_and_directions_page_without_loss),
        T(any_kind_is_ordered_by_when_it_was_made_and_changed),
        T(filters_choose_within_pages),
        T(a_page_that_ends_with_the_last_match_has_no_token),
        T(a_dash_in_the_parent_is_any_shelf),
        T(rows_that_come_and_go_between_pages_disturb_no_other),
        T(pages_as_of_a_time_show_one_state),
        T(a_token_is_of_use_for_its_own_request_only),
        T(a_changed_token_is_refused),
        T(what_cannot_be_ordered_or_filtered_is_refused),
        T(page_size_has_a_default_and_a_maximum),
        T(a_page_ends_at_four_megabytes),
        T(a_page_ends_after_ten_thousand_rows_looked_at),
        T(every_segment_is_a_range_of_an_index),
        T(lists_and_scans_of_a_column_use_its_index),
        T(an_equal_number_or_text_is_found_by_its_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
