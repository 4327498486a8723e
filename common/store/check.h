/*
 * check.h - whether a store's file is what its service wrote: every hash of the journal, every row
 * against its entry, the file itself. Also of a store that a service is working with.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/arena.h"
#include "store/journal.h"

struct store_check {
    struct journal_head head; /* the last entry that was checked */
    uint64_t entries;
};

/*
 * Reads location without changing it. DATA_LOSS JOURNAL_BROKEN or STORE_CORRUPT says where the
 * first difference is; everything else means that it could not be looked at.
 */
struct status store_check(const char *location, struct arena *arena, struct store_check *ret_check);

#endif
