/* retention_test.c - keys live as long as was promised, and leave by few at a time. */
#include "library.h"

#include "base/clock.h"
#include "store/db.h"

#include <stdatomic.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

enum { KEYS = 60, OLD_KEYS = 2000 };

static _Atomic int64_t ahead_us; /* of the clock that the store's retention goes by */
static atomic_uint asked;        /* how often the writer has looked at that clock */

static int64_t shifted_now(void)
{
    (void)atomic_fetch_add(&asked, 1);
    return clock_now_us() + atomic_load(&ahead_us);
}

static void open_with_retention(struct library *library, int64_t days)
{
    struct store_options options = library_options(library);

    options.retention = (struct store_retention){.keep_us = days * DAY_US, .now_us = shifted_now};
    assert_ok(store_open(&options, library->arena, &library->store));
}

static void reopen_with_retention(struct library *library, int64_t days)
{
    library_close(library);
    open_with_retention(library, days);
}

static struct status write_with_key(struct library *library, const char *name, const char *key,
                                    bool *ret_replayed)
{
    struct job job = job_make(library, act_create, name);

    job.write.idempotency_key = key;
    const struct status status = job_run(library, &job);
    *ret_replayed = job.write.replayed;
    return status;
}

static int64_t count(struct library *library, const char *query)
{
    struct db_statement *statement = NULL;
    struct db *db = NULL;
    bool row = false;

    assert_ok(db_open(library_file(library), DB_READ_ONLY, &db));
    assert_ok(db_prepare(db, query, &statement));
    assert_ok(db_step(statement, &row));
    assert_true(row);
    const int64_t found = db_int64(statement, 0);
    db_reset(statement);
    db_close(db);
    return found;
}

static void wait_for_keys(struct library *library, int64_t left)
{
    for (int i = 0; i < 1500 && count(library, "SELECT count(*) FROM idempotency") != left; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(count(library, "SELECT count(*) FROM idempotency"), left);
}

/* Until a writer without writes has looked for old keys twice. */
static void wait_for_upkeep(void)
{
    const unsigned before = atomic_load(&asked);

    while (atomic_load(&asked) - before < 3) { /* the first may be of the last write */
        (void)usleep(10000);
    }
}

static void a_key_is_kept_as_long_as_was_promised_and_not_much_longer(void **state)
{
    struct library *library = *state;
    bool replayed = false;

    atomic_store(&ahead_us, 0);
    reopen_with_retention(library, 7);
    assert_ok(write_with_key(library, "shelves/a/books/a", "key", &replayed));
    assert_false(replayed);
    atomic_store(&ahead_us, 7 * DAY_US - 60 * INT64_C(1000000));
    for (int i = 0; i < 3; i++) {
        bool other = false;
        assert_ok(write_with_key(library, "shelves/a/books/a", "key", &replayed));
        assert_true(replayed);
        assert_ok(write_with_key(library,
                                 arena_printf(library->arena, "shelves/a/books/other-%d", i),
                                 arena_printf(library->arena, "other-%d", i), &other));
    }
    wait_for_upkeep();
    assert_int_equal(count(library, "SELECT count(*) FROM idempotency"), 4);
    atomic_store(&ahead_us, 7 * DAY_US + 60 * INT64_C(1000000));
    wait_for_keys(library, 0); /* without a write */
    assert_status(write_with_key(library, "shelves/a/books/a", "key", &replayed),
                  STATUS_ALREADY_EXISTS, "RESOURCE_EXISTS");
}

static void without_retention_keys_stay(void **state)
{
    struct library *library = *state;
    bool replayed = false;

    atomic_store(&ahead_us, 10000 * DAY_US);
    reopen_with_retention(library, 0);
    assert_ok(write_with_key(library, "shelves/a/books/a", "key", &replayed));
    (void)usleep(2500000);
    assert_ok(write_with_key(library, "shelves/a/books/a", "key", &replayed));
    assert_true(replayed);
}

/* So many keys of long ago, as an older program left them. */
static void add_old_keys(struct library *library)
{
    library_close(library);
    library_execute(
        library,
        arena_printf(library->arena,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                     "INSERT INTO idempotency (caller, key, request_hash, code, reason, answer, "
                     "time) SELECT '', 'old-' || i, x'', 0, '', x'', i FROM n",
                     OLD_KEYS));
}

static void many_old_keys_leave_by_few_at_a_time(void **state)
{
    struct library *library = *state;
    bool replayed = false;
    int64_t before = OLD_KEYS;

    atomic_store(&ahead_us, 0);
    add_old_keys(library);
    open_with_retention(library, 7);
    for (int i = 0; i < KEYS && before > 0; i++) {
        assert_ok(write_with_key(library, arena_printf(library->arena, "shelves/a/books/b%d", i),
                                 arena_printf(library->arena, "new-%d", i), &replayed));
        const int64_t left = count(library, "SELECT count(*) FROM idempotency WHERE time < 100000");
        /* A group's few, and at most some batches of an idle moment. */
        assert_in_range(before - left, 0, 4 * 256 + 10);
        before = left;
    }
    for (int i = 0; i < 1500 && before > 0; i++) {
        (void)usleep(10000);
        before = count(library, "SELECT count(*) FROM idempotency WHERE time < 100000");
    }
    assert_int_equal(before, 0);
    const int64_t kept = count(library, "SELECT count(*) FROM idempotency");
    assert_ok(write_with_key(library, "shelves/a/books/b0", "new-0", &replayed));
    assert_true(replayed);
    assert_true(kept > 0);
}

static void deleting_is_no_scan(void **state)
{
    struct library *library = *state;
    struct db_statement *statement = NULL;
    struct db *db = NULL;
    bool row = false;
    bool by_time = false;

    assert_ok(db_open(library_file(library), DB_READ_ONLY, &db));
    assert_ok(db_prepare(db,
                         "EXPLAIN QUERY PLAN DELETE FROM idempotency WHERE (caller, key) IN "
                         "(SELECT caller, key FROM idempotency WHERE time < $1 "
                         "ORDER BY time LIMIT $2)",
                         &statement));
    assert_ok(db_step(statement, &row));
    while (row) {
        const char *step = arena_copy(library->arena, db_bytes(statement, 3));
        assert_null(strstr(step, "SCAN"));
        assert_null(strstr(step, "TEMP B-TREE"));
        by_time = by_time || strstr(step, "idempotency_time") != NULL;
        assert_ok(db_step(statement, &row));
    }
    assert_true(by_time);
    db_reset(statement);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(a_key_is_kept_as_long_as_was_promised_and_not_much_longer),
        T(without_retention_keys_stay),
        T(many_old_keys_leave_by_few_at_a_time),
        T(deleting_is_no_scan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
