/* resource_test.c - one resource through its life, now and as of earlier times. */
#include "library.h"

#include "base/clock.h"
#include "pb/message.h"

OWN_REASON(ENOUGH, ABORTED);

#define NAME "shelves/a/books/one"

static void standard_fields_are_filled_in_and_read_back(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;
    const int64_t before = clock_now_us();
    struct job job = job_make(library, act_create, NAME);

    job.title = "Kiều";
    assert_ok(job_run(library, &job));
    assert_ok(book_get(library, NAME, 0, &book));
    assert_string_equal(book->title, "Kiều");
    assert_int_equal(strlen(book->uid), 36);
    assert_int_equal(book->revision, 1);
    assert_int_equal(strspn(book->etag, "0123456789abcdef"), 16);
    assert_int_equal(strlen(book->etag), 16);
    assert_true(timestamp_us(book->create_time) >= before);
    assert_int_equal(timestamp_us(book->create_time), timestamp_us(book->update_time));
    assert_true(message_equals(&book->base, &job.book->base));
}

static void update_keeps_identity_and_moves_etag(void **state)
{
    struct library *library = *state;
    Library__Book *first = NULL;
    Library__Book *second = NULL;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &first));
    assert_ok(book_update(library, NAME, "B", 2));
    assert_ok(book_get(library, NAME, 0, &second));
    assert_string_equal(first->uid, second->uid);
    assert_string_not_equal(first->etag, second->etag);
    assert_int_equal(second->revision, 2);
    assert_int_equal(timestamp_us(first->create_time), timestamp_us(second->create_time));
    assert_true(timestamp_us(second->update_time) > timestamp_us(first->update_time));
}

static void a_name_can_be_made_again_with_another_uid(void **state)
{
    struct library *library = *state;
    Library__Book *first = NULL;
    Library__Book *second = NULL;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &first));
    assert_status(book_create(library, NAME, "B", 1), STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
    assert_ok(book_delete(library, NAME));
    assert_status(book_get(library, NAME, 0, &second), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_status(book_update(library, NAME, "B", 1), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_status(book_delete(library, NAME), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_ok(book_create(library, NAME, "B", 1));
    assert_ok(book_get(library, NAME, 0, &second));
    assert_string_not_equal(first->uid, second->uid);
    assert_string_not_equal(first->etag, second->etag);
    assert_int_equal(second->revision, 2);
    assert_true(timestamp_us(second->create_time) > timestamp_us(first->create_time));
}

/* Times at which: nothing, "A", "B", deleted, "C". */
static void write_a_life(struct library *library, int64_t times[5])
{
    Library__Book *book = NULL;

    times[0] = clock_now_us();
    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &book));
    times[1] = timestamp_us(book->update_time);
    assert_ok(book_update(library, NAME, "B", 2));
    assert_ok(book_get(library, NAME, 0, &book));
    times[2] = timestamp_us(book->update_time);
    assert_ok(book_delete(library, NAME));
    times[3] = clock_now_us();
    assert_ok(book_create(library, NAME, "C", 3));
    assert_ok(book_get(library, NAME, 0, &book));
    times[4] = timestamp_us(book->update_time);
}

static void get_as_of_shows_what_was_then(void **state)
{
    struct library *library = *state;
    static const char *const titles[] = {NULL, "A", "B", NULL, "C"};
    Library__Book *book = NULL;
    int64_t times[5];

    write_a_life(library, times);
    for (size_t i = 0; i < 5; i++) {
        if (titles[i] == NULL) {
            assert_status(book_get(library, NAME, times[i], &book), STATUS_NOT_FOUND,
                          "RESOURCE_NOT_FOUND");
        } else {
            assert_ok(book_get(library, NAME, times[i], &book));
            assert_string_equal(book->title, titles[i]);
        }
    }
    /* One microsecond before a change is the state before it. */
    assert_ok(book_get(library, NAME, times[2] - 1, &book));
    assert_string_equal(book->title, "A");
    assert_status(book_get(library, NAME, times[1] - 1, &book), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    assert_status(book_get(library, NAME, 1, &book), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_status(book_get(library, NAME, -1, &book), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
}

static void as_of_in_the_future_is_refused(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;

    assert_ok(book_create(library, NAME, "A", 1));
    const struct status status = book_get(library, NAME, clock_now_us() + 60000000, &book);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "asOf");
}

static void list_as_of_shows_what_was_then(void **state)
{
    struct library *library = *state;
    static const char *const titles[] = {"", "A", "B", "", "C"};
    int64_t times[5];

    write_a_life(library, times);
    for (size_t i = 0; i < 5; i++) {
        const struct list_request request = {.page = {.parent = "shelves/a"}, .as_of_us = times[i]};
        const char *found = NULL;
        const char *token = NULL;
        assert_ok(list_titles(library, &request, &found, &token));
        assert_string_equal(found, titles[i]);
        assert_string_equal(token, "");
    }
}

static struct status read_history(struct library *library, int64_t as_of_us, int32_t page_size,
                                  const char *token, struct resource_revision **ret_rows,
                                  size_t *ret_count, const char **ret_token)
{
    struct tx tx;

    TRY(store_read_begin(library->store, library->arena, &tx));
    struct status status = as_of_us != 0 ? tx_set_as_of(&tx, as_of_us) : STATUS_NONE;
    if (status.code == STATUS_OK) {
        status = resource_history(&tx, &book_kind, NAME, page_size, token, ret_rows, ret_count,
                                  ret_token);
    }
    store_read_end(&tx);
    return status;
}

static void history_has_every_revision_newest_first(void **state)
{
    struct library *library = *state;
    struct resource_revision *rows = NULL;
    size_t count = 0;
    const char *token = NULL;
    int64_t times[5];

    assert_status(read_history(library, 0, 0, "", &rows, &count, &token), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    write_a_life(library, times);
    assert_ok(read_history(library, 0, 0, "", &rows, &count, &token));
    assert_int_equal(count, 3);
    assert_string_equal(token, "");
    assert_string_equal(((Library__Book *)rows[0].message)->title, "C");
    assert_int_equal(rows[0].to_seq, 0);
    assert_int_equal(rows[0].from_time_us, times[4]);
    assert_false(rows[0].deleted);
    assert_true(rows[1].deleted);
    assert_int_equal(rows[1].to_seq, 3);
    assert_true(rows[1].to_time_us <= times[3]);
    assert_false(rows[2].deleted);
    assert_int_equal(rows[2].to_seq, rows[1].from_seq);
    assert_int_equal(rows[2].to_time_us, rows[1].from_time_us);
    assert_string_equal(rows[2].actor, "an");
    assert_string_equal(rows[2].method, "Test");
}

static void history_as_of_knows_nothing_later(void **state)
{
    struct library *library = *state;
    struct resource_revision *rows = NULL;
    size_t count = 0;
    const char *token = NULL;
    int64_t times[5];

    write_a_life(library, times);
    assert_ok(read_history(library, times[2], 0, "", &rows, &count, &token));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].to_seq, 0);
    assert_int_equal(rows[0].to_time_us, 0);
    assert_false(rows[0].deleted);
    assert_status(read_history(library, times[0], 0, "", &rows, &count, &token), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
}

static void history_comes_in_pages(void **state)
{
    struct library *library = *state;
    struct resource_revision *rows = NULL;
    size_t count = 0;
    const char *token = "";
    int32_t expected = 5;

    assert_ok(book_create(library, NAME, "A", 0));
    for (int32_t i = 1; i < 5; i++) {
        assert_ok(book_update(library, NAME, "A", i));
    }
    do {
        assert_ok(read_history(library, 0, 2, token, &rows, &count, &token));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(rows[i].revision, expected--);
        }
    } while (token[0] != '\0');
    assert_int_equal(expected, 0);
    assert_status(read_history(library, 0, -1, "", &rows, &count, &token), STATUS_INVALID_ARGUMENT,
                  "INVALID_PAGE_SIZE");
    assert_status(read_history(library, 0, 2, "AAAA", &rows, &count, &token),
                  STATUS_INVALID_ARGUMENT, "INVALID_PAGE_TOKEN");
}

static void a_child_is_found_at_any_depth_until_it_is_deleted(void **state)
{
    struct library *library = *state;
    struct tx tx;
    const char *child = "x";

    /* "a-" sorts between "a" and "a/". */
    assert_ok(book_create(library, "shelves/a-/books/one", "A", 1));
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(resource_any_child(&tx, "shelves/a", &child));
    store_read_end(&tx);
    assert_null(child);
    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(resource_any_child(&tx, "shelves/a", &child));
    store_read_end(&tx);
    assert_string_equal(child, NAME);
    assert_ok(book_delete(library, NAME));
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(resource_any_child(&tx, "shelves/a", &child));
    store_read_end(&tx);
    assert_null(child);
}

struct count {
    size_t rows;
    struct status status;
};

static struct status count_row(void *arg, const struct resource_revision *row)
{
    struct count *count = arg;

    assert_non_null(row->message);
    count->rows++;
    return count->status;
}

static size_t scan(struct library *library, struct resource_scan scan, int64_t as_of_us)
{
    struct count count = {0};
    struct tx tx;

    assert_ok(store_read_begin(library->store, library->arena, &tx));
    if (as_of_us != 0) {
        assert_ok(tx_set_as_of(&tx, as_of_us));
    }
    assert_ok(resource_each(&tx, &book_kind, &scan, count_row, &count));
    store_read_end(&tx);
    return count.rows;
}

static void scans_choose_by_parent_column_time_and_revision(void **state)
{
    struct library *library = *state;
    int64_t times[5];

    write_a_life(library, times);
    assert_ok(book_create(library, "shelves/b/books/two", "D", 3));
    assert_int_equal(scan(library, (struct resource_scan){.parent = "shelves/a"}, 0), 1);
    assert_int_equal(scan(library, (struct resource_scan){.parent = "-"}, 0), 2);
    assert_int_equal(scan(library, (struct resource_scan){.parent = "shelves/-"}, 0), 2);
    assert_int_equal(scan(library, (struct resource_scan){.parent = ""}, 0), 0);
    assert_int_equal(scan(library, (struct resource_scan){.parent = "shelves/a/books/-"}, 0), 0);
    assert_int_equal(scan(library, (struct resource_scan){.name = NAME, .all_revisions = true}, 0),
                     3);
    assert_int_equal(
        scan(library, (struct resource_scan){.name = NAME, .all_revisions = true}, times[2]), 2);
    assert_int_equal(
        scan(library, (struct resource_scan){.parent = "-", .column = "pages", .int64 = 3}, 0), 2);
    assert_int_equal(
        scan(library, (struct resource_scan){.parent = "shelves/b", .column = "title", .text = "D"},
             0),
        1);
    assert_int_equal(scan(library,
                          (struct resource_scan){.parent = "-", .column = "title", .text = "A"},
                          times[1]),
                     1);
    assert_int_equal(
        scan(library, (struct resource_scan){.parent = "-", .column = "title_length", .int64 = 1},
             0),
        2);
}

static void a_walk_ends_with_the_failure_of_its_callback(void **state)
{
    struct library *library = *state;
    struct count count = {.status = {.code = STATUS_ABORTED, .reason = REASON_ENOUGH}};
    const struct resource_scan all = {.parent = "-"};
    struct tx tx;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_create(library, "shelves/b/books/two", "D", 3));
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_status(resource_each(&tx, &book_kind, &all, count_row, &count), STATUS_ABORTED,
                  "ENOUGH");
    store_read_end(&tx);
    assert_int_equal(count.rows, 1);
}

static void one_time_is_one_entry_even_within_a_transaction(void **state)
{
    struct library *library = *state;
    struct tx tx;
    int64_t last = 0;
    const struct resource_scan all = {.parent = "-", .all_revisions = true};
    struct resource_revision *rows = NULL;
    size_t count = 0;

    for (int i = 0; i < 20; i++) {
        const char *name = arena_printf(library->arena, "shelves/a/books/b%02d", i);
        assert_ok(book_create(library, name, "A", 1));
    }
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(resource_all(&tx, &book_kind, &all, &rows, &count));
    store_read_end(&tx);
    assert_int_equal(count, 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].from_time_us > last);
        last = rows[i].from_time_us;
        assert_int_equal(rows[i].from_seq, i + 1);
    }
}

static void parents_and_ids_are_read_off_names(void **state)
{
    struct library *library = *state;

    assert_string_equal(resource_parent(library->arena, "shelves/a"), "");
    assert_string_equal(resource_parent(library->arena, NAME), "shelves/a");
    assert_string_equal(resource_parent(library->arena, ""), "");
    assert_string_equal(resource_parent(library->arena, "one"), "");
    assert_string_equal(resource_id(NAME), "one");
    assert_string_equal(resource_id("one"), "one");
    assert_true(resource_name_matches("shelves/{shelf}", "shelves/a"));
    assert_false(resource_name_matches("shelves/{shelf}", "shelves/"));
    assert_false(resource_name_matches("shelves/{shelf}", "shelves/A"));
    assert_false(resource_name_matches("shelves/{shelf}", "shelves"));
    assert_false(resource_name_matches("shelves/{shelf}", "shelves/a/"));
    assert_false(resource_name_matches("shelves/{shelf}", "/shelves/a"));
    assert_false(resource_name_matches("shelves/{shelf}", ""));
    assert_false(resource_name_matches("shelves/{shelf}", NAME));
    assert_true(resource_name_matches(book_kind.pattern, NAME));
}

static struct status act_misname(struct job *job, struct tx *tx)
{
    Library__Book *book = message_new(tx->arena, &library__book__descriptor);

    book->name = (char *)job->name;
    return resource_create(tx, &book_kind, book);
}

static void a_name_that_does_not_fit_the_pattern_is_never_stored(void **state)
{
    struct library *library = *state;
    struct job job = job_make(library, act_misname, "shelves/a");

    assert_status(job_run(library, &job), STATUS_INTERNAL, "STORE_KIND");
    assert_int_equal(store_version(library->store).seq, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(standard_fields_are_filled_in_and_read_back),
        T(update_keeps_identity_and_moves_etag),
        T(a_name_can_be_made_again_with_another_uid),
        T(get_as_of_shows_what_was_then),
        T(as_of_in_the_future_is_refused),
        T(list_as_of_shows_what_was_then),
        T(history_has_every_revision_newest_first),
        T(history_as_of_knows_nothing_later),
        T(history_comes_in_pages),
        T(a_child_is_found_at_any_depth_until_it_is_deleted),
        T(scans_choose_by_parent_column_time_and_revision),
        T(a_walk_ends_with_the_failure_of_its_callback),
        T(one_time_is_one_entry_even_within_a_transaction),
        T(parents_and_ids_are_read_off_names),
        T(a_name_that_does_not_fit_the_pattern_is_never_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
