/*
 * store_files.h - the files of a store: its directory, its lock, what makes names durable.
 *
 * Errors: UNAVAILABLE STORE_IO_ERROR with what the system said, and those below.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/arena.h"
#include "base/status.h"

/* STORE_IO_ERROR with errno: "cannot open /var/...: No such file or directory". */
struct status store_files_failure(struct arena *arena, const char *what, const char *path);

/* The directory with all above it; there may be one already. */
struct status store_files_make_directory(struct arena *arena, const char *directory);

/* FAILED_PRECONDITION STORE_IN_USE when another process has it; closing ret_fd gives it back. */
struct status store_files_lock(struct arena *arena, const char *directory, const char *service,
                               int *ret_fd);

/* The names of new files survive a power loss only once their directory was synced. */
struct status store_files_sync_directory(struct arena *arena, const char *directory);

/* The directory that path is in, in the arena. */
const char *store_files_directory_of(struct arena *arena, const char *path);

/*
 * The mark of a restore that takes the old files away and puts the new one in their place. While
 * it is there the store is no store: FAILED_PRECONDITION RESTORE_UNFINISHED.
 */
const char *store_files_restore_mark(struct arena *arena, const char *directory,
                                     const char *service);
struct status store_files_check_mark(struct arena *arena, const char *directory,
                                     const char *service);

#endif
