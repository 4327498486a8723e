/*
 * restore.c - a store made of a backup.
 *
 *     lock -> copy beside -> check the copy -> mark -> old files aside -> new file in place ->
 * unmark
 *
 * Until the mark is on the disk the old store is whole; from then on a service refuses to start
 * until the mark is gone, so it never meets the file of one store with the log of another.
 */
#include "base/clock.h"
#include "store/backup.h"
#include "store/db.h"
#include "store/store_files.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct restoring {
    const struct store_restore *restore;
    struct arena *arena;
    const char *location; /* of the store */
    const char *copy;     /* the new one, before it is there */
    const char *mark;
};

static struct status set_number(struct db *db, const char *key, int64_t number)
{
    TRY(db_begin(db));
    TRY(meta_number_write(db, key, number));
    return db_commit(db);
}

/* The copy becomes a store's file, without a log beside it. */
static struct status prepare_copy(const struct restoring *restoring)
{
    struct db *db = NULL;

    TRY(db_open(restoring->copy, DB_READ_WRITE, &db));
    struct status status =
        set_number(db, restoring->restore->number_key, restoring->restore->number);
    db_rollback(db);
    if (status.code == STATUS_OK) {
        status = db_checkpoint(db, DB_CHECKPOINT_TRUNCATE);
    }
    db_close(db);
    return status;
}

static struct status sync_file(struct arena *arena, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return store_files_failure(arena, "open", path);
    }
    const struct status status =
        fsync(fd) == 0 ? STATUS_NONE : store_files_failure(arena, "sync", path);
    (void)close(fd);
    return status;
}

/* A service of another user finds its files its own. */
static struct status give_to_owner(const struct restoring *restoring, const char *path)
{
    struct stat directory;

    if (geteuid() != 0) {
        return STATUS_NONE;
    }
    if (stat(restoring->restore->directory, &directory) != 0 ||
        chown(path, directory.st_uid, directory.st_gid) != 0) {
        return store_files_failure(restoring->arena, "give to its owner", path);
    }
    return STATUS_NONE;
}

static const char *beside(const struct restoring *restoring, const char *suffix)
{
    return arena_printf(restoring->arena, "%s%s", restoring->location, suffix);
}

/* What a restore that was killed may have left of its copy. */
static void remove_copy(const struct restoring *restoring)
{
    static const char *const suffixes[] = {"", ".partial", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const char *path = arena_printf(restoring->arena, "%s%s", restoring->copy, suffixes[i]);
        (void)unlink(path);
    }
}

static struct status move_into(const struct restoring *restoring, const char *kept,
                               const char *suffix)
{
    const struct store_restore *restore = restoring->restore;
    const char *from = beside(restoring, suffix);
    const char *to = arena_printf(restoring->arena, "%s/%s.db%s", kept, restore->service, suffix);

    return rename(from, to) == 0 || errno == ENOENT
               ? STATUS_NONE
               : store_files_failure(restoring->arena, "move away", from);
}

/* ret_kept is "" when there was nothing. */
static struct status keep_old(const struct restoring *restoring, const char **ret_kept)
{
    const struct store_restore *restore = restoring->restore;
    const time_t now = (time_t)(clock_now_us() / 1000000);
    struct tm parts;
    char text[32];

    *ret_kept = "";
    const char *log = beside(restoring, "-wal");
    if (access(restoring->location, F_OK) != 0 && access(log, F_OK) != 0) {
        return STATUS_NONE;
    }
    (void)strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
    const char *kept = arena_printf(restoring->arena, "%s/%s.before-restore-%s-%d",
                                    restore->directory, restore->service, text, (int)getpid());
    if (mkdir(kept, 0700) != 0) {
        return store_files_failure(restoring->arena, "make", kept);
    }
    TRY(give_to_owner(restoring, kept));
    TRY(move_into(restoring, kept, "-wal"));
    TRY(move_into(restoring, kept, "-shm"));
    TRY(move_into(restoring, kept, ""));
    TRY(store_files_sync_directory(restoring->arena, kept));
    *ret_kept = kept;
    return STATUS_NONE;
}

static struct status make_mark(const struct restoring *restoring)
{
    const int fd = open(restoring->mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return store_files_failure(restoring->arena, "make", restoring->mark);
    }
    (void)close(fd);
    return store_files_sync_directory(restoring->arena, restoring->restore->directory);
}

static struct status put_in_place(const struct restoring *restoring, const char **ret_kept)
{
    const char *directory = restoring->restore->directory;

    TRY(make_mark(restoring));
    TRY(keep_old(restoring, ret_kept));
    if (rename(restoring->copy, restoring->location) != 0) {
        return store_files_failure(restoring->arena, "put in place", restoring->location);
    }
    TRY(store_files_sync_directory(restoring->arena, directory));
    if (unlink(restoring->mark) != 0) {
        return store_files_failure(restoring->arena, "remove", restoring->mark);
    }
    return store_files_sync_directory(restoring->arena, directory);
}

static struct status restore_locked(const struct restoring *restoring,
                                    struct store_check *ret_check, const char **ret_kept)
{
    const struct store_restore *restore = restoring->restore;
    const struct store_check_options from = {
        .location = restore->backup,
        .kinds = restore->kinds,
        .kind_count = restore->kind_count,
    };

    remove_copy(restoring);
    TRY(store_backup(&from, restoring->copy, restoring->arena, ret_check));
    TRY(prepare_copy(restoring));
    TRY(sync_file(restoring->arena, restoring->copy));
    TRY(give_to_owner(restoring, restoring->copy));
    return put_in_place(restoring, ret_kept);
}

struct status store_restore(const struct store_restore *restore, struct arena *arena,
                            struct store_check *ret_check, const char **ret_kept)
{
    const char *directory = restore->directory;
    const struct restoring restoring = {
        .restore = restore,
        .arena = arena,
        .location = arena_printf(arena, "%s/%s.db", directory, restore->service),
        .copy = arena_printf(arena, "%s/%s.db.new", directory, restore->service),
        .mark = store_files_restore_mark(arena, directory, restore->service),
    };
    struct store_check check;
    const char *kept = "";
    int lock_fd = -1;

    TRY(store_files_make_directory(arena, directory));
    TRY(store_files_lock(arena, directory, restore->service, &lock_fd));
    const struct status status = restore_locked(&restoring, &check, &kept);
    if (status.code != STATUS_OK) {
        remove_copy(&restoring);
    }
    (void)close(lock_fd);
    TRY(status);
    *ret_check = check;
    *ret_kept = kept;
    return STATUS_NONE;
}
