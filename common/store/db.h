/*
 * db.h - the few things that the store asks of a database: prepare, bind, step, begin, commit.
 *
 * One text of every query serves every driver: parameters are $1, $2, ... in order of appearance
 * (checked when prepared); table definitions carry the tokens {int64} {text} {blob} {strict}.
 * One thread at a time uses a connection.
 *
 * Errors: UNAVAILABLE with reason STORE_FULL, STORE_IO_ERROR, STORE_BUSY; INTERNAL STORE_ERROR for
 * what should not happen; FAILED_PRECONDITION STORE_CONSTRAINT for a violated constraint;
 * DATA_LOSS STORE_CORRUPT; RESOURCE_EXHAUSTED REQUEST_TOO_COSTLY when there is no memory.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct db_statement;

enum db_mode { DB_READ_ONLY, DB_READ_WRITE };

struct status db_open(const char *location, enum db_mode mode, struct db **ret_db);
void db_close(struct db *db);

/* Runs a text without parameters and results; several statements may be joined by ";". */
struct status db_execute(struct db *db, const char *text);

/* A statement from the connection's cache: ready to bind, given back by db_reset(). The text is
 * the key, by content, and is copied. */
struct status db_prepare(struct db *db, const char *text, struct db_statement **ret_statement);

/* index counts from 1. Bytes are not copied: they live until db_reset(). */
void db_bind_int64(struct db_statement *statement, int index, int64_t value);
void db_bind_text(struct db_statement *statement, int index, struct slice text);
void db_bind_blob(struct db_statement *statement, int index, struct slice bytes);
void db_bind_null(struct db_statement *statement, int index);

/* ret_row: true with a row, false at the end. */
struct status db_step(struct db_statement *statement, bool *ret_row);

/* column counts from 0. Bytes are valid until the next step or reset. */
int64_t db_int64(struct db_statement *statement, int column);
struct slice db_bytes(struct db_statement *statement, int column);
bool db_is_null(struct db_statement *statement, int column);

/* statement may be NULL. */
void db_reset(struct db_statement *statement);

struct status db_begin(struct db *db); /* a write transaction, or a snapshot when read-only */
struct status db_commit(struct db *db);
void db_rollback(struct db *db);           /* also when there is no transaction */
struct status db_savepoint(struct db *db); /* one level */
struct status db_savepoint_release(struct db *db);
struct status db_savepoint_rollback(struct db *db); /* back to it and forget it */

/* OK while the open transaction can still be committed, else what broke it: after a full disk or
 * an I/O error the database may have rolled back on its own, whatever became of that status. */
struct status db_lost(const struct db *db);

/* Writer only. PASSIVE waits for nobody, RESTART for readers, so that the log begins anew, TRUNCATE
 * also empties its file. That a reader was in the way is no error. */
enum db_checkpoint { DB_CHECKPOINT_PASSIVE, DB_CHECKPOINT_RESTART, DB_CHECKPOINT_TRUNCATE };
struct status db_checkpoint(struct db *db, enum db_checkpoint mode);

/* Writer only: the bytes in the log after the last commit. */
int64_t db_log_bytes(const struct db *db);

/* The whole file, its indexes and foreign keys; ret_complaint is "" when all is sound. */
struct status db_integrity(struct db *db, char *ret_complaint, size_t size);

/* What a snapshot of now shows, as a new file of its own without a log. path is empty or missing;
 * it is not synced. */
struct status db_copy(struct db *db, const char *path);

/* True after an fsync failed or the file was found damaged: nothing that this process writes can be
 * trusted any more. */
bool db_is_doomed(const struct db *db);

/* Nanoseconds so far in which a statement was open: with what is done with its rows. */
int64_t db_spent_ns(const struct db *db);

/* Nanoseconds that the calling thread has spent in fsync so far. */
int64_t db_synced_ns(void);

#endif
