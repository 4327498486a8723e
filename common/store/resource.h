/*
 * resource.h - resources with all their revisions, and the journal entry of each change.
 *
 * A resource is a message with a name pattern; its standard fields, where the message has them,
 * are kept here: name, uid, revision (int32), create_time, update_time, etag. Every revision is
 * kept: reads can be as of any earlier entry of the journal.
 *
 * Errors: NOT_FOUND RESOURCE_NOT_FOUND, ALREADY_EXISTS RESOURCE_EXISTS, each naming the resource.
 */
#ifndef STORE_RESOURCE_H
#define STORE_RESOURCE_H

#include "pb/filter.h"
#include "store/store.h"

#include <protobuf-c/protobuf-c.h>

struct call;

enum column_type { COLUMN_TEXT, COLUMN_INT64 };

/* A value beside the body, for filters, order and scans. */
struct resource_column {
    const char *name; /* of the column */
    enum column_type type;
    /* Path of the field in proto names ("display_name.vi"): strings and enums (by name) as text;
     * integers and bools as int64. NULL when extract is set. */
    const char *path;
    /* Value of the column; false for NULL. text points into the message or arena. */
    bool (*extract)(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                    const char **ret_text);
    bool indexed; /* an index over (parent, column, name) */
    /* One over (column, name), for lists of more than one parent; beside or without the former. */
    bool indexed_across;
};

/* All there is to say of a kind of resource. Constant; one per message. */
struct resource_kind {
    const char *singular; /* field name in requests, "observation" */
    const char *plural;   /* table name and list field in responses, "observations" */
    /* "indicators/{indicator}/observations/{observation}", as in google.api.resource. */
    const char *pattern;
    const ProtobufCMessageDescriptor *type;
    const struct resource_column *columns;
    size_t column_count;
    int layout; /* counts changes of columns: a table of a lower layout is made anew from bodies */

    /* The rules of the service; any may be NULL. */

    /* An id for a create without one; NULL: a UUIDv7. A create with another id is refused. */
    struct status (*make_id)(struct call *call, const void *resource, const char **ret_id);
    /* Judges and completes a resource before it is stored by a standard method; before is NULL
     * on create. resource.name is set. Custom methods call their own checks. */
    struct status (*prepare)(struct call *call, const void *before, void *resource);
    /* Judges a delete. Children are refused before this is asked. */
    struct status (*prepare_delete)(struct call *call, const void *resource);
    /* Adds what is not stored to a resource that is being read, list and get; makes Get POOL. */
    struct status (*complete)(struct call *call, void *resource);
    /* An update equal to the current state stores no new revision; with this set the kind says
     * itself whether a write changes nothing (then the current state is the answer). */
    struct status (*is_unchanged)(struct call *call, const void *before, const void *resource,
                                  bool *ret_unchanged);
};

/* The collection a name is in: "indicators/exports" of "indicators/exports/targets/2022"; "" at
 * the top. In the arena; NULL when it is full. */
const char *resource_parent(struct arena *arena, const char *name);
/* The last segment of a name. */
const char *resource_id(const char *name);
/* True when the name fits the pattern and all ids are valid. */
bool resource_name_matches(const char *pattern, const char *name);

/* tx: any. The message is a new one in tx->arena. Honours tx->as_of_seq. */
struct status resource_get(struct tx *tx, const struct resource_kind *kind, const char *name,
                           void **ret_message);
/* The stored bytes, for an answer as they are. */
struct status resource_get_packed(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  struct slice *ret_bytes);
/* The body of a journal's entry that wrote this revision, with the times that it has by now, where
 * a wrong clock was corrected since. body: the entry's; in the arena, if it becomes another one. */
struct status resource_entry_body(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  int32_t revision, struct slice *body);
/* Also NULL and OK when there is none. */
struct status resource_find(struct tx *tx, const struct resource_kind *kind, const char *name,
                            void **ret_message);

/* Stores a new resource under message's name; sets the standard fields of message. tx: writing. */
struct status resource_create(struct tx *tx, const struct resource_kind *kind, void *message);
/* Stores a new revision of an existing resource; sets the standard fields of message. */
struct status resource_update(struct tx *tx, const struct resource_kind *kind, void *message);
struct status resource_delete(struct tx *tx, const struct resource_kind *kind, const char *name);

/* ret_child: the name of one resource below name, of any kind of the store; NULL when none. */
struct status resource_any_child(struct tx *tx, const char *name, const char **ret_child);

/* One revision as it was stored. */
struct resource_revision {
    void *message;
    int32_t revision;
    uint64_t from_seq;
    int64_t from_time_us; /* record time */
    uint64_t to_seq;      /* 0: current */
    int64_t to_time_us;   /* when it was superseded or deleted */
    bool deleted;         /* it ended by deletion */
    const char *actor;    /* who wrote it; with resource_history() only */
    const char *method;
};

/* A walk over the resources below a parent, or of one name; ordered by (name, revision). */
struct resource_scan {
    const char *name;   /* only the resource of this name; parent is then not looked at */
    const char *parent; /* "" or NULL: of top-level kinds all; "-" for any parent */
    const char *column; /* only rows where this column has this text or int64; NULL: all */
    const char *text;
    int64_t int64;
    bool all_revisions; /* every revision up to as_of_seq, else the one that is valid */
};
/* each is called for every row; a failure ends the walk with it. It may read, not write. */
struct status resource_each(struct tx *tx, const struct resource_kind *kind,
                            const struct resource_scan *scan,
                            struct status (*each)(void *arg, const struct resource_revision *row),
                            void *arg);

/* The same as an array in the arena. */
struct status resource_all(struct tx *tx, const struct resource_kind *kind,
                           const struct resource_scan *scan, struct resource_revision **ret_rows,
                           size_t *ret_count);

/*
 * The same from what an earlier read of the same version on this thread decoded, where it is there.
 * Nobody may change these messages, and they last as long as tx: what points to them must be packed
 * before it ends, which the dispatcher does with an answer when tx says that it shares.
 */
struct status resource_all_shared(struct tx *tx, const struct resource_kind *kind,
                                  const struct resource_scan *scan,
                                  const struct resource_revision **ret_rows, size_t *ret_count);
/* One of them by its name: resource_find() and resource_get(). */
struct status resource_find_shared(struct tx *tx, const struct resource_kind *kind,
                                   const char *name, const void **ret_message);
struct status resource_get_shared(struct tx *tx, const struct resource_kind *kind, const char *name,
                                  const void **ret_message);

/* A page of a list (AIP-132, AIP-158). */
struct resource_page {
    const char *parent; /* "" at the top; "-" as an id of the pattern is any */
    int32_t page_size;  /* as asked: 0 is the default of 50, over 1000 is 1000 */
    const char *page_token;
    const char *filter;
    const char *order_by; /* columns, name, create_time and update_time */
};
/*
 * ret_next_token is "" at the end. The cost does not grow with the number of the page. A page
 * ends also at 4 MiB, and after 10,000 rows looked at. INVALID_ARGUMENT: INVALID_PAGE_SIZE,
 * INVALID_PAGE_TOKEN (also one of another request), INVALID_FILTER, INVALID_ORDER_BY, which says
 * what the kind can be ordered by.
 */
struct status resource_list(struct tx *tx, const struct resource_kind *kind,
                            const struct resource_page *page, ProtobufCMessage ***ret_messages,
                            size_t *ret_count, const char **ret_next_token);

/* The revisions of one name, newest first, also of earlier resources of that name; NOT_FOUND
 * when there never was one. Pages by page_size and page_token as above. */
struct status resource_history(struct tx *tx, const struct resource_kind *kind, const char *name,
                               int32_t page_size, const char *page_token,
                               struct resource_revision **ret_rows, size_t *ret_count,
                               const char **ret_next_token);

#endif
