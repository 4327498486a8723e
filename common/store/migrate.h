/*
 * migrate.h - brings a database to the tables that this program works with, in one transaction.
 *
 * The store's own tables have a format, a number that counts the steps of SQL that made them. The
 * tables of resources have a layout each, and are made anew from the bodies when it grew.
 *
 * Errors: FAILED_PRECONDITION STORE_TOO_NEW when a format, a layout or a kind is not known to
 * this program; DATA_LOSS STORE_CORRUPT.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/arena.h"
#include "base/digest.h"
#include "store/db.h"
#include "store/table.h"

/* The steps from nothing to the format of this program. */
extern const char *const migrate_steps[];
extern const size_t migrate_step_count;

/* Runs the steps that the database lacks. In a transaction of the caller. */
struct status migrate_base(struct db *db, struct arena *arena, const char *const *steps,
                           size_t count);

/* Creates the tables of kinds, or makes them anew. In a transaction of the caller. */
struct status migrate_kinds(struct db *db, struct arena *arena, const struct table *tables,
                            size_t count);

/* Both, and commits. ret_store_id is the store's random id, made with the first format. */
struct status migrate(struct db *db, struct arena *arena, const struct table *tables, size_t count,
                      uint8_t ret_store_id[DIGEST_BYTES]);

/* The store's random id; DATA_LOSS STORE_CORRUPT when there is none. */
struct status migrate_read_id(struct db *db, uint8_t ret_store_id[DIGEST_BYTES]);

/* What a database has of a kind. */
enum migrate_table { MIGRATE_NO_TABLE, MIGRATE_OLD_TABLE, MIGRATE_TABLE };

/* Whether this program can work with the database, which is not changed; ret_tables has a place
 * for each kind. Also FAILED_PRECONDITION STORE_OTHER_SERVICE, when it has none of the kinds. */
struct status migrate_check(struct db *db, struct arena *arena,
                            const struct resource_kind *const *kinds, size_t count,
                            enum migrate_table *ret_tables);

#endif
