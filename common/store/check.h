/*
 * check.h - whether a store's file is what its service wrote: every hash of the journal, every row
 * against its entry and the other way round, indexes, the file itself.
 *
 * Also of a store that a service works with: then in many short snapshots, since the log of a
 * store cannot begin anew while one is open.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/arena.h"
#include "store/journal.h"

struct store_check_options {
    const char *location;
    const struct resource_kind *const *kinds;
    size_t kind_count;
};

struct store_check {
    struct journal_head head; /* the last entry that was checked */
    uint64_t rows;            /* revisions of resources */
};

/*
 * Reads the file and never changes it. DATA_LOSS JOURNAL_BROKEN, ROW_BROKEN or STORE_CORRUPT says
 * where the first difference is. FAILED_PRECONDITION: STORE_TOO_NEW, or STORE_OTHER_SERVICE for a
 * file with none of the kinds. Everything else means that it could not be looked at.
 */
struct status store_check(const struct store_check_options *options, struct arena *arena,
                          struct store_check *ret_check);

#endif
