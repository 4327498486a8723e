/* correction_test.c - a journal that was written under a wrong clock, read as it should have been.
 */
#include "library.h"

#include "store/check.h"
#include "store/correct_clock.h"
#include "store/journal.h"
#include "store/store_internal.h"

#include <inttypes.h>

static const int64_t SECOND_US = 1000000;
static const int64_t DAY_US = INT64_C(86400000000);
/* A noon; each entry of a test is a minute after the one before. */
static const int64_t START_US = INT64_C(1796040000000000);

static void set_minute(int minute, int64_t wrong_us)
{
    library_set_clock(START_US + minute * 60 * SECOND_US + wrong_us);
}

/* Entries 1 and 2 under the right clock, 3 to 5 a day ahead; then the right clock, a minute on. */
static void write_poisoned(struct library *library)
{
    set_minute(1, 0);
    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    set_minute(2, 0);
    assert_ok(book_create(library, "shelves/a/books/two", "B", 2));
    set_minute(3, DAY_US);
    assert_ok(book_create(library, "shelves/a/books/three", "C", 3));
    set_minute(4, DAY_US);
    assert_ok(book_update(library, "shelves/a/books/one", "A2", 1));
    set_minute(5, DAY_US);
    assert_ok(book_delete(library, "shelves/a/books/two"));
    set_minute(6, 0);
    library_reopen(library);
}

static struct status correct(struct library *library, uint64_t from, uint64_t to, int64_t offset_us)
{
    struct clock_correction correction = {.from_seq = from, .to_seq = to};

    TRY(clock_correction_look(library->store, library->arena, &correction));
    TRY(clock_correction_write(library->store, library->arena, &correction, offset_us));
    library_reopen(library);
    return STATUS_NONE;
}

static void assert_sound(struct library *library, uint64_t expected)
{
    const struct store_check_options options = {
        .location = library_file(library), .kinds = library_kinds, .kind_count = 2};
    struct store_check check;
    uint64_t entries = 0;

    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, expected);
    assert_ok(store_check(&options, library->arena, &check));
    assert_int_equal(check.head.seq, expected);
}

static int64_t minute_us(int minute)
{
    return START_US + minute * 60 * SECOND_US;
}

static void what_was_written_ahead_is_read_as_it_was(void **state)
{
    struct library *library = *state;
    struct list_request request = {.page = {.parent = "shelves/a", .order_by = "update_time desc"}};
    struct resource_revision *rows = NULL;
    Library__Book *book = NULL;
    const char *text = NULL;
    const char *token = NULL;
    size_t count = 0;
    struct tx tx;

    write_poisoned(library);
    assert_status(book_create(library, "shelves/a/books/four", "D", 4), STATUS_UNAVAILABLE,
                  "CLOCK_BEHIND_JOURNAL");
    assert_ok(correct(library, 0, 0, -DAY_US));
    assert_sound(library, 6);
    /* Writes go on, with the right time. */
    set_minute(7, 0);
    assert_ok(book_create(library, "shelves/a/books/four", "D", 4));
    assert_ok(book_get(library, "shelves/a/books/four", 0, &book));
    assert_int_equal(timestamp_us(book->create_time), minute_us(7));
    /* Get, list, history, order and states as of a time are by the corrected times. */
    assert_ok(book_get(library, "shelves/a/books/three", 0, &book));
    assert_int_equal(timestamp_us(book->create_time), minute_us(3));
    assert_int_equal(timestamp_us(book->update_time), minute_us(3));
    assert_ok(book_get(library, "shelves/a/books/one", 0, &book));
    assert_int_equal(timestamp_us(book->create_time), minute_us(1));
    assert_int_equal(timestamp_us(book->update_time), minute_us(4));
    assert_ok(list_titles(library, &request, &text, &token));
    assert_string_equal(text, "D,A2,C");
    request.page.order_by = "create_time";
    assert_ok(list_titles(library, &request, &text, &token));
    assert_string_equal(text, "A2,C,D");
    request.as_of_us = minute_us(3);
    assert_ok(list_titles(library, &request, &text, &token));
    assert_string_equal(text, "A,B,C");
    request.as_of_us = minute_us(3) - 1;
    assert_ok(list_titles(library, &request, &text, &token));
    assert_string_equal(text, "A,B");
    request.as_of_us = minute_us(7);
    assert_ok(list_titles(library, &request, &text, &token));
    assert_string_equal(text, "A2,C,D");
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(
        resource_history(&tx, &book_kind, "shelves/a/books/two", 0, "", &rows, &count, &token));
    store_read_end(&tx);
    assert_true(rows[0].deleted);
    assert_int_equal(rows[0].to_time_us, minute_us(5));
    /* What is written on a corrected resource keeps its creation. */
    set_minute(8, 0);
    assert_ok(book_update(library, "shelves/a/books/three", "C2", 3));
    assert_ok(book_get(library, "shelves/a/books/three", 0, &book));
    assert_int_equal(timestamp_us(book->create_time), minute_us(3));
    assert_int_equal(timestamp_us(book->update_time), minute_us(8));
    assert_sound(library, 8);
    library_reopen(library);
    assert_sound(library, 8);
}

static void a_journal_is_read_with_corrected_times_and_its_own_hashes(void **state)
{
    struct library *library = *state;
    struct journal_page page = {.to_seq = 6, .limit = 10};
    struct journal_page before = {.to_seq = 5, .limit = 10};
    struct tx tx;

    write_poisoned(library);
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(journal_read(&tx, &before));
    store_read_end(&tx);
    assert_ok(correct(library, 3, 5, -DAY_US));
    assert_ok(store_read_begin(library->store, library->arena, &tx));
    assert_ok(journal_read(&tx, &page));
    assert_int_equal(page.count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(page.entries[i].time_us, minute_us(i + 1));
    }
    for (int i = 0; i < 5; i++) {
        assert_memory_equal(page.entries[i].hash, before.entries[i].hash, DIGEST_BYTES);
        assert_true(slice_equals(page.entries[i].body, before.entries[i].body));
    }
    assert_string_equal(page.entries[5].kind, "CLOCK_CORRECTED");
    assert_true(slice_is(page.entries[5].body, "from=3 to=5 offset_us=-86400000000"));
    struct slice body = page.entries[2].body;
    void *message = NULL;
    assert_ok(resource_entry_body(&tx, &book_kind, "shelves/a/books/three", 1, &body));
    assert_ok(resource_decode(library->arena, &book_kind, body, &message));
    assert_int_equal(timestamp_us(((Library__Book *)message)->create_time), minute_us(3));
    store_read_end(&tx);
}

/* A clock that was behind in the middle, found later; and a correction of a correction. */
static void corrections_add_up(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;

    set_minute(1, 0);
    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    set_minute(2, 0);
    assert_ok(book_create(library, "shelves/a/books/two", "B", 2));
    set_minute(9, 0);
    assert_ok(book_create(library, "shelves/a/books/three", "C", 3));
    set_minute(10, 0);
    assert_ok(correct(library, 2, 2, 120 * SECOND_US));
    set_minute(11, 0);
    assert_ok(book_update(library, "shelves/a/books/two", "B2", 2));
    set_minute(12, 0);
    assert_ok(correct(library, 2, 2, 60 * SECOND_US));
    assert_ok(book_get(library, "shelves/a/books/two", 0, &book));
    assert_int_equal(timestamp_us(book->create_time), minute_us(5));
    assert_int_equal(timestamp_us(book->update_time), minute_us(11));
    assert_ok(book_get(library, "shelves/a/books/two", minute_us(5), &book));
    assert_string_equal(book->title, "B");
    assert_int_equal(timestamp_us(book->update_time), minute_us(5));
    assert_status(book_get(library, "shelves/a/books/two", minute_us(5) - 1, &book),
                  STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    assert_sound(library, 6);
}

static void an_offset_that_breaks_the_order_is_refused(void **state)
{
    struct library *library = *state;
    struct clock_correction what = {0};

    write_poisoned(library);
    assert_ok(clock_correction_look(library->store, library->arena, &what));
    assert_int_equal(what.from_seq, 3);
    assert_int_equal(what.to_seq, 5);
    assert_int_equal(what.least_us, minute_us(2) + 1 - minute_us(3) - DAY_US);
    assert_int_equal(what.most_us, minute_us(6) - 1 - minute_us(5) - DAY_US);
    const int64_t wrong[] = {what.least_us - 1, what.most_us + 1, 0, DAY_US};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_status(clock_correction_write(library->store, library->arena, &what, wrong[i]),
                      STATUS_INVALID_ARGUMENT, "OFFSET_OUT_OF_RANGE");
    }
    /* A part of them leaves the last one ahead. */
    struct clock_correction part = {.from_seq = 3, .to_seq = 4};
    assert_ok(clock_correction_look(library->store, library->arena, &part));
    assert_status(clock_correction_write(library->store, library->arena, &part, -DAY_US),
                  STATUS_FAILED_PRECONDITION, "CLOCK_BEHIND_JOURNAL");
    struct clock_correction none = {.from_seq = 6};
    assert_status(clock_correction_look(library->store, library->arena, &none),
                  STATUS_FAILED_PRECONDITION, "NOTHING_TO_CORRECT");
    assert_int_equal(store_version(library->store).seq, 5);
    assert_ok(correct(library, 0, 0, what.least_us));
    struct clock_correction done = {0};
    assert_status(clock_correction_look(library->store, library->arena, &done),
                  STATUS_FAILED_PRECONDITION, "NOTHING_TO_CORRECT");
    assert_sound(library, 6);
}

/* What was promised under the wrong clock does not keep later entries behind it. */
static void what_was_settled_ahead_is_given_up(void **state)
{
    struct library *library = *state;
    struct settle_question question = {.time_us = 0};
    Library__Book *book = NULL;

    set_minute(1, 0);
    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    library_close(library);
    library_execute(library, arena_printf(library->arena,
                                          "INSERT INTO meta (key, number) VALUES ('watermark', "
                                          "%" PRId64 ")",
                                          minute_us(2) + DAY_US));
    library_open(library);
    set_minute(2, DAY_US);
    question.time_us = minute_us(2) + DAY_US;
    assert_true(store_settle(library->store, &question));
    assert_ok(book_create(library, "shelves/a/books/two", "B", 1));
    set_minute(3, 0);
    library_reopen(library);
    assert_ok(correct(library, 0, 0, -DAY_US));
    assert_ok(book_create(library, "shelves/a/books/three", "C", 1));
    assert_ok(book_get(library, "shelves/a/books/three", 0, &book));
    assert_true(timestamp_us(book->create_time) < minute_us(4));
}

/* The times of rows come from the chain, so that a change of either is found. */
static void a_changed_correction_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE books SET from_time = from_time + 1 WHERE from_seq = 3",
        "UPDATE books SET created = created + 1 WHERE from_seq = 4",
        "UPDATE books SET to_time = to_time + 1 WHERE to_seq = 5",
        "UPDATE journal SET body = CAST('from=3 to=4 offset_us=-86400000000' AS BLOB) "
        "WHERE seq = 6",
        "UPDATE journal SET body = CAST('from=3 to=6 offset_us=-86400000000' AS BLOB) "
        "WHERE seq = 6",
        "UPDATE journal SET kind = 'books' WHERE seq = 6",
    };
    struct library *library = *state;
    const struct store_check_options options = {
        .location = library_file(library), .kinds = library_kinds, .kind_count = 2};
    struct store_check check;

    write_poisoned(library);
    assert_ok(correct(library, 3, 5, -DAY_US));
    library_close(library);
    library_execute(library, "CREATE TABLE kept_books AS SELECT * FROM books;"
                             "CREATE TABLE kept AS SELECT * FROM journal WHERE seq = 6");
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        library_execute(library, changes[i]);
        const struct status status = store_check(&options, library->arena, &check);
        if (status.code != STATUS_DATA_LOSS) {
            fail_msg("not found: %s", changes[i]);
        }
        library_execute(library, "DELETE FROM journal WHERE seq = 6; INSERT INTO journal SELECT * "
                                 "FROM kept; DELETE FROM books; INSERT INTO books SELECT * FROM "
                                 "kept_books");
    }
    assert_ok(store_check(&options, library->arena, &check));
    library_open(library);
}

static void a_body_of_a_correction_is_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "",
        "from=1 to=2",
        "from=0 to=2 offset_us=1",
        "from=3 to=2 offset_us=1",
        "from=1",
        "from=1 to=9 offset_us=1",
        "from=1 to=2 offset_us=1 ",
        "x",
    };
    struct correction correction = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(correction_parse(slice_from(wrong[i]), 9, &correction));
    }
    assert_true(correction_parse(slice_from("from=1 to=8 offset_us=-5"), 9, &correction));
    assert_int_equal(correction.seq, 9);
    assert_int_equal(correction.from_seq, 1);
    assert_int_equal(correction.to_seq, 8);
    assert_int_equal(correction.offset_us, -5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(what_was_written_ahead_is_read_as_it_was),
        T(a_journal_is_read_with_corrected_times_and_its_own_hashes),
        T(corrections_add_up),
        T(an_offset_that_breaks_the_order_is_refused),
        T(what_was_settled_ahead_is_given_up),
        T(a_changed_correction_is_found),
        cmocka_unit_test(a_body_of_a_correction_is_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
