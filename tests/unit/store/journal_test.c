/* journal_test.c - the chain: whatever is changed, removed or added behind the store's back shows.
 */
#include "library.h"

#include "base/clock.h"

#include <inttypes.h>

static void write_five(struct library *library)
{
    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    assert_ok(book_create(library, "shelves/a/books/two", "B", 2));
    assert_ok(book_update(library, "shelves/a/books/one", "C", 3));
    assert_ok(book_delete(library, "shelves/a/books/two"));
    assert_ok(book_create(library, "shelves/a/books/two", "D", 4));
}

static void an_untouched_journal_verifies(void **state)
{
    struct library *library = *state;
    uint64_t entries = 99;

    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 0);
    write_five(library);
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 5);
    library_reopen(library);
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 5);
}

static void every_change_in_the_journal_is_found(void **state)
{
    struct library *library = *state;
    static const char *const changes[] = {
        "UPDATE journal SET time = time + 1 WHERE seq = 3",
        "UPDATE journal SET actor = 'binh' WHERE seq = 3",
        "UPDATE journal SET method = 'Tes' WHERE seq = 3",
        "UPDATE journal SET kind = 'book' WHERE seq = 3",
        "UPDATE journal SET name = 'shelves/a/books/onf' WHERE seq = 3",
        "UPDATE journal SET revision = 3 WHERE seq = 3",
        "UPDATE journal SET body = CAST('x' || substr(body, 2) AS BLOB) WHERE seq = 3",
        "UPDATE journal SET body = CAST(body || 'x' AS BLOB) WHERE seq = 3",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE journal SET previous_hash = zeroblob(32) WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 3",
        /* What one column loses the next one gains. */
        "UPDATE journal SET actor = 'anT', method = 'est' WHERE seq = 3",
    };

    write_five(library);
    library_close(library);
    library_execute(library, "CREATE TABLE kept AS SELECT * FROM journal");
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint64_t entries = 99;
        library_execute(library, changes[i]);
        library_open(library);
        const struct status status = store_verify(library->store, library->arena, &entries);
        if (status.code != STATUS_DATA_LOSS) {
            fail_msg("not found: %s", changes[i]);
        }
        assert_string_equal(status.reason->name, "JOURNAL_BROKEN");
        assert_non_null(strstr(status.message, "entry 3 "));
        assert_int_equal(entries, 99);
        library_close(library);
        library_execute(library, "DELETE FROM journal; INSERT INTO journal SELECT * FROM kept");
    }
    library_open(library);
    uint64_t entries = 0;
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 5);
}

static void a_journal_without_its_end_is_not_opened(void **state)
{
    struct library *library = *state;
    const struct store_options options = library_options(library);

    write_five(library);
    library_close(library);
    library_execute(library, "DELETE FROM journal WHERE seq = 5");
    assert_status(store_open(&options, library->arena, &library->store), STATUS_DATA_LOSS,
                  "STORE_CORRUPT");
    assert_null(library->store);
}

static void two_stores_never_share_a_version(void **state)
{
    struct library *library = *state;
    struct library other = {.arena = library->arena};

    directory_make(other.directory);
    library_open(&other);
    const struct version empty = store_version(library->store);
    assert_int_equal(empty.seq, 0);
    assert_int_not_equal(empty.hash, store_version(other.store).hash);
    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    assert_ok(book_create(&other, "shelves/a/books/one", "A", 1));
    assert_int_equal(store_version(library->store).seq, store_version(other.store).seq);
    assert_int_not_equal(store_version(library->store).hash, store_version(other.store).hash);
    const struct version before = store_version(library->store);
    library_reopen(library);
    assert_int_equal(store_version(library->store).hash, before.hash);
    library_close(&other);
    directory_remove(other.directory);
}

static void times_go_on_when_the_clock_went_back(void **state)
{
    struct library *library = *state;
    Library__Book *book = NULL;
    const int64_t future = clock_now_us() + CLOCK_BEHIND_US / 2;

    assert_ok(book_create(library, "shelves/a/books/one", "A", 1));
    library_close(library);
    library_execute(library,
                    arena_printf(library->arena,
                                 "UPDATE journal SET time = %" PRId64 " WHERE seq = 1", future));
    library_open(library);
    assert_ok(book_update(library, "shelves/a/books/one", "B", 1));
    assert_ok(book_get(library, "shelves/a/books/one", 0, &book));
    assert_int_equal(timestamp_us(book->update_time), future + 1);
    /* One's own write is never in the future. */
    assert_ok(book_get(library, "shelves/a/books/one", future + 1, &book));
    assert_string_equal(book->title, "B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(an_untouched_journal_verifies),           T(every_change_in_the_journal_is_found),
        T(a_journal_without_its_end_is_not_opened), T(two_stores_never_share_a_version),
        T(times_go_on_when_the_clock_went_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
