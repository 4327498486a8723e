/* db_test.c - the driver: parameters, the cache of statements, transactions, errors. */
#include "library.h"

#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

struct database {
    char directory[64];
    struct db *db;
};

static int setup(void **state)
{
    char path[128];
    struct database *database = calloc(1, sizeof(*database));

    directory_make(database->directory);
    (void)snprintf(path, sizeof(path), "%s/x.db", database->directory);
    assert_ok(db_open(path, DB_READ_WRITE, &database->db));
    assert_ok(db_execute(database->db,
                         "CREATE TABLE t (k {int64} PRIMARY KEY, a {text}, b {blob}) {strict}"));
    *state = database;
    return 0;
}

static int teardown(void **state)
{
    struct database *database = *state;

    db_close(database->db);
    directory_remove(database->directory);
    free(database);
    return 0;
}

static struct status run(struct db *db, const char *text)
{
    struct db_statement *statement = NULL;
    bool row = false;

    TRY(db_prepare(db, text, &statement));
    const struct status status = db_step(statement, &row);
    db_reset(statement);
    return status;
}

static int64_t count(struct db *db)
{
    struct db_statement *statement = NULL;
    bool row = false;

    assert_ok(db_prepare(db, "SELECT count(*) FROM t", &statement));
    assert_ok(db_step(statement, &row));
    assert_true(row);
    const int64_t found = db_int64(statement, 0);
    db_reset(statement);
    return found;
}

static void parameters_out_of_order_are_refused(void **state)
{
    const struct database *database = *state;
    struct db_statement *statement = NULL;

    assert_ok(
        db_prepare(database->db, "SELECT k FROM t WHERE k = $1 AND a = $2 AND k > $1", &statement));
    db_reset(statement);
    static const char *const bad[] = {"SELECT k FROM t WHERE k = $2 AND a = $1",
                                      "SELECT k FROM t WHERE k = $2", "SELECT k FROM t WHERE k = ?",
                                      "SELECT k FROM t WHERE k = :a"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_status(db_prepare(database->db, bad[i], &statement), STATUS_INTERNAL, "STORE_ERROR");
    }
}

static void values_come_back_as_they_were_bound(void **state)
{
    const struct database *database = *state;
    struct db_statement *statement = NULL;
    bool row = false;

    assert_ok(db_prepare(database->db, "INSERT INTO t VALUES ($1, $2, $3)", &statement));
    db_bind_int64(statement, 1, INT64_MIN);
    db_bind_text(statement, 2, slice_from("Bến Tre"));
    db_bind_blob(statement, 3, (struct slice){"\0\1\xff", 3});
    assert_ok(db_step(statement, &row));
    assert_false(row);
    db_reset(statement);
    assert_ok(db_prepare(database->db, "INSERT INTO t VALUES ($1, $2, $3)", &statement));
    db_bind_int64(statement, 1, 1);
    db_bind_text(statement, 2, (struct slice){0});
    db_bind_null(statement, 3);
    assert_ok(db_step(statement, &row));
    db_reset(statement);
    assert_ok(db_prepare(database->db, "SELECT k, a, b FROM t ORDER BY k", &statement));
    assert_ok(db_step(statement, &row));
    assert_true(row);
    assert_int_equal(db_int64(statement, 0), INT64_MIN);
    assert_true(slice_is(db_bytes(statement, 1), "Bến Tre"));
    assert_true(slice_equals(db_bytes(statement, 2), (struct slice){"\0\1\xff", 3}));
    assert_ok(db_step(statement, &row));
    assert_false(db_is_null(statement, 1));
    assert_int_equal(db_bytes(statement, 1).length, 0);
    assert_true(db_is_null(statement, 2));
    assert_ok(db_step(statement, &row));
    assert_false(row);
    db_reset(statement);
}

static void one_text_can_be_used_within_itself(void **state)
{
    const struct database *database = *state;
    struct db_statement *outer = NULL;
    struct db_statement *inner = NULL;
    struct db_statement *again = NULL;

    assert_ok(db_prepare(database->db, "SELECT k FROM t", &outer));
    assert_ok(db_prepare(database->db, "SELECT k FROM t", &inner));
    assert_ptr_not_equal(outer, inner);
    db_reset(outer);
    assert_ok(db_prepare(database->db, "SELECT k FROM t", &again));
    assert_ptr_equal(again, outer);
    db_reset(again);
    db_reset(inner);
}

static void the_cache_is_bounded_and_lets_go_of_the_oldest(void **state)
{
    const struct database *database = *state;
    struct db_statement *kept = NULL;
    bool row = false;

    assert_ok(db_prepare(database->db, "SELECT 7", &kept));
    for (int i = 0; i < 1000; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "SELECT k FROM t WHERE k = %d", i);
        assert_ok(run(database->db, text));
    }
    assert_ok(db_step(kept, &row)); /* one in use stays */
    assert_int_equal(db_int64(kept, 0), 7);
    db_reset(kept);
}

static void a_violated_rule_is_told_and_loses_no_transaction(void **state)
{
    const struct database *database = *state;

    assert_ok(db_begin(database->db));
    assert_ok(run(database->db, "INSERT INTO t VALUES (1, 'a', NULL)"));
    assert_status(run(database->db, "INSERT INTO t VALUES (1, 'b', NULL)"),
                  STATUS_FAILED_PRECONDITION, "STORE_CONSTRAINT");
    assert_status(run(database->db, "INSERT INTO t VALUES ('x', 'b', NULL)"),
                  STATUS_FAILED_PRECONDITION, "STORE_CONSTRAINT");
    assert_ok(db_lost(database->db));
    assert_ok(db_commit(database->db));
    assert_int_equal(count(database->db), 1);
}

static void savepoints_take_back_what_came_after_them(void **state)
{
    const struct database *database = *state;

    assert_ok(db_begin(database->db));
    assert_ok(run(database->db, "INSERT INTO t VALUES (1, 'a', NULL)"));
    assert_ok(db_savepoint(database->db));
    assert_ok(run(database->db, "INSERT INTO t VALUES (2, 'a', NULL)"));
    assert_ok(db_savepoint_rollback(database->db));
    assert_ok(db_savepoint(database->db));
    assert_ok(run(database->db, "INSERT INTO t VALUES (3, 'a', NULL)"));
    assert_ok(db_savepoint_release(database->db));
    assert_ok(db_commit(database->db));
    assert_int_equal(count(database->db), 2);
    assert_ok(db_begin(database->db));
    assert_ok(run(database->db, "DELETE FROM t"));
    db_rollback(database->db);
    db_rollback(database->db);
    assert_int_equal(count(database->db), 2);
}

static void a_transaction_that_is_gone_is_told(void **state)
{
    const struct database *database = *state;

    assert_ok(db_begin(database->db));
    assert_ok(db_lost(database->db));
    assert_ok(run(database->db, "ROLLBACK"));
    assert_int_not_equal(db_lost(database->db).code, STATUS_OK);
}

static void wrong_sql_is_an_internal_error(void **state)
{
    const struct database *database = *state;
    struct db_statement *statement = NULL;

    assert_status(db_prepare(database->db, "SELECT nothing FROM t", &statement), STATUS_INTERNAL,
                  "STORE_ERROR");
    /* In double quotes a name that is not there would be a text. */
    assert_status(db_prepare(database->db, "SELECT \"nothing\" FROM t", &statement),
                  STATUS_INTERNAL, "STORE_ERROR");
    assert_status(db_execute(database->db, "CREATE TABLE"), STATUS_INTERNAL, "STORE_ERROR");
}

static void a_reader_cannot_write(void **state)
{
    const struct database *database = *state;
    char path[128];
    struct db *reader = NULL;

    (void)snprintf(path, sizeof(path), "%s/x.db", database->directory);
    assert_ok(db_open(path, DB_READ_ONLY, &reader));
    assert_ok(db_begin(reader));
    assert_int_equal(count(reader), 0);
    assert_int_not_equal(run(reader, "DELETE FROM t").code, STATUS_OK);
    db_rollback(reader);
    db_close(reader);
}

static void a_missing_file_is_not_made_by_a_reader(void **state)
{
    const struct database *database = *state;
    char path[128];
    struct db *reader = NULL;

    (void)snprintf(path, sizeof(path), "%s/y.db", database->directory);
    assert_status(db_open(path, DB_READ_ONLY, &reader), STATUS_UNAVAILABLE, "STORE_IO_ERROR");
    assert_null(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        T(parameters_out_of_order_are_refused),
        T(values_come_back_as_they_were_bound),
        T(one_text_can_be_used_within_itself),
        T(the_cache_is_bounded_and_lets_go_of_the_oldest),
        T(a_violated_rule_is_told_and_loses_no_transaction),
        T(savepoints_take_back_what_came_after_them),
        T(a_transaction_that_is_gone_is_told),
        T(wrong_sql_is_an_internal_error),
        T(a_reader_cannot_write),
        T(a_missing_file_is_not_made_by_a_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
