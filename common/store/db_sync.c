/*
 * db_sync.c - a copy of the default VFS whose files sync through a clock; all else is the
 * default's.
 *
 * An open file begins with a pointer to its table of methods (sqlite3.h). After opening, the
 * pointer is set to a copy of that table with another xSync. There are few tables (the default VFS
 * has one for databases and one for logs), so copies are made once and kept.
 */
#include "store/db_sync.h"

#include "base/clock.h"
#include "store/db.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sqlite3_vfs *original;
static sqlite3_vfs timed;
static bool is_registered;

enum { KINDS_MAX = 4 };

/* Constant once a file has it. */
struct file_kind {
    sqlite3_io_methods timed; /* first, so that a file's table of methods leads to its kind */
    const sqlite3_io_methods *original;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the fields below */
static struct file_kind kinds[KINDS_MAX];
static size_t kind_count;

static _Thread_local int64_t synced_ns;

static int sync_timed(sqlite3_file *file, int flags)
{
    const struct file_kind *kind = (const struct file_kind *)file->pMethods;
    const int64_t start_ns = clock_elapsed_ns();
    const int code = kind->original->xSync(file, flags);

    synced_ns += clock_elapsed_ns() - start_ns;
    return code;
}

int64_t db_synced_ns(void)
{
    return synced_ns;
}

/* Under the lock. The kind of files with these methods; NULL when there are more kinds than room.
 */
static const struct file_kind *kind_of(const sqlite3_io_methods *methods)
{
    for (size_t i = 0; i < kind_count; i++) {
        if (kinds[i].original == methods) {
            return &kinds[i];
        }
    }
    if (kind_count == KINDS_MAX) {
        return NULL;
    }
    struct file_kind *kind = &kinds[kind_count++];
    kind->original = methods;
    kind->timed = *methods;
    kind->timed.xSync = sync_timed;
    return kind;
}

static int open_timed(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *ret_flags)
{
    (void)vfs;
    const int code = original->xOpen(original, name, file, flags, ret_flags);

    if (code != SQLITE_OK || file->pMethods == NULL) {
        return code;
    }
    (void)pthread_mutex_lock(&lock);
    const struct file_kind *kind = kind_of(file->pMethods);
    if (kind != NULL) {
        file->pMethods = &kind->timed;
    }
    (void)pthread_mutex_unlock(&lock);
    return code;
}

static void make(void)
{
    original = sqlite3_vfs_find(NULL);
    if (original == NULL) {
        return;
    }
    timed = *original;
    timed.zName = "dongkhoi";
    timed.pNext = NULL;
    timed.xOpen = open_timed;
    is_registered = sqlite3_vfs_register(&timed, 0) == SQLITE_OK;
}

const char *db_sync_vfs(void)
{
    (void)pthread_once(&once, make);
    return is_registered ? timed.zName : NULL;
}
