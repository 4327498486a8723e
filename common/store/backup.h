/*
 * backup.h - a copy of a store that is sound, and a store made of such a copy.
 *
 * Errors besides those of check.h: UNAVAILABLE STORE_IO_ERROR, STORE_FULL; ALREADY_EXISTS
 * BACKUP_EXISTS; FAILED_PRECONDITION STORE_IN_USE.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/check.h"

/*
 * Copies the store of from (with its location) into the new file to: all that was committed before
 * the call, whatever a service does to the store meanwhile. The file has its name only when it was
 * checked as store_check() does and is on the disk.
 */
struct status store_backup(const struct store_check_options *from, const char *to,
                           struct arena *arena, struct store_check *ret_check);

struct store_restore {
    const char *directory;
    const char *service;
    const struct resource_kind *const *kinds;
    size_t kind_count;
    const char *backup; /* the file to restore */
    /* A number of the store's meta table that the restored one has. */
    const char *number_key;
    int64_t number;
};

/*
 * Makes the store of directory what the backup is, once that was checked. What was there before is
 * moved into ret_kept, a directory beside it; "" when nothing was. Cut off anywhere it leaves the
 * old store, the new one, or one that refuses to be opened until the restore is run again.
 */
struct status store_restore(const struct store_restore *restore, struct arena *arena,
                            struct store_check *ret_check, const char **ret_kept);

#endif
