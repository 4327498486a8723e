/*
 * query.h - a SELECT over a kind's table, put together from conditions with their parameters in
 * order of appearance.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/buffer.h"
#include "store/table.h"

enum { QUERY_PARAMETERS_MAX = 24 };

struct query {
    struct buffer text;
    bool has_condition;
    size_t parameter_count;
    struct column_value parameters[QUERY_PARAMETERS_MAX]; /* texts live as long as the query */
};

/* "SELECT ROW_COLUMN_NAMES, more FROM table AS r"; more_columns begins with a comma, or is NULL. */
void query_init(struct query *query, const struct table *table, const char *more_columns);
void query_done(struct query *query);

/* " AND r.\"column\" operator $n"; operator with its spaces. */
void query_compare(struct query *query, const char *column, const char *operator,
                   struct column_value value);
void query_compare_text(struct query *query, const char *column, const char *operator,
                        const char * text);

/* Rows valid at tx's time, or all revisions up to it. */
void query_time(struct query *query, const struct tx *tx, bool all_revisions);

/*
 * Rows in a collection: "" the top, "-" any, with "-" for ids within. ret_pattern: to be asked with
 * query_parent_fits() of each row, where SQL cannot say it all; else NULL.
 */
struct status query_parent(struct query *query, struct arena *arena,
                           const struct resource_kind *kind, const char *parent,
                           const char **ret_pattern);

/* True when the name begins as the pattern says; NULL fits any. */
bool query_parent_fits(const char *pattern, struct slice name);

/* " AND r.\"column\" IS NULL". */
void query_null(struct query *query, const char *column);

/* Text as it is, such as the order. */
__attribute__((format(printf, 2, 3))) void query_append(struct query *query, const char *format,
                                                        ...);

/* Prepares and binds. */
struct status query_prepare(struct query *query, struct db *db,
                            struct db_statement **ret_statement);

/* The row of ROW_COLUMN_NAMES that statement is at, without its message. */
void row_read(const struct tx *tx, struct db_statement *statement,
              struct resource_revision *ret_row);

#endif
