/*
 * table.h - the table that a kind of resource is kept in: one row per revision.
 *
 *   name, uid, revision   revision counts on per name, also over a delete
 *   from_seq, to_seq      journal entries that began and ended it; to_seq NULL: current
 *   from_time, to_time    the times of those entries; from_time is the resource's update_time
 *   created               the time of the first revision with this uid, its create_time
 *   deleted               1: it ended by deletion
 *   parent                the collection that the name is in
 *   (columns of the kind)
 *   body                  the packed resource as it is served, but for its times where a wrong
 *                         clock was corrected since it was written (store/correction.h): there
 *                         from_time and created are right
 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "base/arena.h"
#include "store/db.h"
#include "store/resource.h"

/* The columns of every query that reads whole rows, in this order. */
enum row_column {
    ROW_NAME,
    ROW_REVISION,
    ROW_FROM_SEQ,
    ROW_FROM_TIME,
    ROW_TO_SEQ,
    ROW_TO_TIME,
    ROW_DELETED,
    ROW_CREATED,
    ROW_BODY,
    ROW_COLUMNS,
};
#define ROW_COLUMN_NAMES                                                                           \
    "r.name, r.revision, r.from_seq, r.from_time, r.to_seq, r.to_time, r.deleted, r.created, "     \
    "r.body"

/* Before the columns of the kind in insert: name, uid, revision, from_seq, from_time, created,
 * parent, body. */
enum { INSERT_COLUMNS = 8, TABLE_COLUMNS_MAX = 24 };

/* A kind and the texts of its queries. */
struct table {
    const struct resource_kind *kind;
    const char *get;       /* $1 name -> body, created, from_time */
    const char *get_as_of; /* $1 name, $2 and $3 seq -> the same */
    const char *times;     /* $1 name, $2 revision -> created, from_time */
    const char *newest;    /* $1 name -> uid, revision, created, to_seq of the last revision */
    const char *insert;    /* INSERT_COLUMNS, then the columns of the kind */
    const char *end;       /* $1 seq, $2 time, $3 deleted, $4 name: ends the current revision */
    const char *below;     /* $1 and $2 bounds of names -> one name */
};

/* The value of a column; text is NULL for NULL and for integers. */
struct column_value {
    bool is_null;
    int64_t int64;
    const char *text;
};

/* INTERNAL STORE_KIND when the kind's names or columns cannot be stored. */
struct status table_init(struct arena *arena, const struct resource_kind *kind,
                         struct table *ret_table);

/* CREATE TABLE under this name, and the indexes of the table under its own. */
const char *table_definition(struct arena *arena, const struct resource_kind *kind,
                             const char *name);
const char *table_indexes(struct arena *arena, const struct resource_kind *kind);

/* INSERT INTO name of a whole row: name, revision, from_seq, from_time, to_seq, to_time, deleted,
 * uid, created, parent, body, the columns of the kind; for a table that is made anew. */
const char *table_copy(struct arena *arena, const struct resource_kind *kind, const char *name);

/* The column's value in a message of the kind. */
struct column_value column_value(const struct resource_column *column, struct arena *arena,
                                 const ProtobufCMessage *message);
void column_bind(struct db_statement *statement, int index, const struct resource_column *column,
                 struct column_value value);

/* INTERNAL STORE_KIND when the store has no such kind. */
struct status table_of(const struct tx *tx, const struct resource_kind *kind,
                       const struct table **ret_table);

/* A stored body as it was written; DATA_LOSS STORE_CORRUPT when it cannot be read. */
struct status resource_decode(struct arena *arena, const struct resource_kind *kind,
                              struct slice body, void **ret_message);

/* The resource of the row of ROW_COLUMN_NAMES that statement is at, with its right times. */
struct status row_decode(const struct tx *tx, struct arena *arena, const struct resource_kind *kind,
                         struct db_statement *statement, void **ret_message);

/* NOT_FOUND RESOURCE_NOT_FOUND, for tx's time. */
struct status resource_not_found(struct tx *tx, const char *name);

#endif
