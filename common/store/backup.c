/* backup.c - copied beside its name, synced, checked, then named. */
#include "store/backup.h"

#include "store/db.h"
#include "store/store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* An empty file of this process alone, which takes the place of one that a kill left behind. */
static struct status make_partial(struct arena *arena, const char *path, int *ret_fd)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return store_files_failure(arena, "make", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || ftruncate(fd, 0) != 0) {
        const struct status status = store_files_failure(arena, "write", path);
        (void)close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_NONE;
}

static struct status copy(const struct store_check_options *from, const char *path)
{
    struct db *db = NULL;

    TRY(db_open(from->location, DB_READ_ONLY, &db));
    const struct status status = db_copy(db, path);
    db_close(db);
    return status;
}

static struct status exists_already(struct arena *arena, const char *path)
{
    return status_make(arena, STATUS_ALREADY_EXISTS, "BACKUP_EXISTS", NULL,
                       "%s exists already, and a backup is never written over", path);
}

/* Never over a file that is there. */
static struct status give_name(struct arena *arena, const char *partial, const char *to)
{
    int err = renameat2(AT_FDCWD, partial, AT_FDCWD, to, RENAME_NOREPLACE);

    /* Not every file system can say it in one step. */
    if (err != 0 && (errno == EINVAL || errno == ENOSYS)) {
        err = access(to, F_OK) == 0 ? -1 : rename(partial, to);
        errno = err != 0 && errno != ENOENT ? errno : EEXIST;
    }
    if (err == 0) {
        return STATUS_NONE;
    }
    return errno == EEXIST ? exists_already(arena, to) : store_files_failure(arena, "name", to);
}

static struct status fill(const struct store_check_options *from, const char *partial, int fd,
                          struct arena *arena, struct store_check *ret_check)
{
    struct store_check_options made = *from;

    made.location = partial;
    TRY(copy(from, partial));
    if (fsync(fd) != 0) {
        return store_files_failure(arena, "sync", partial);
    }
    return store_check(&made, arena, ret_check);
}

struct status store_backup(const struct store_check_options *from, const char *to,
                           struct arena *arena, struct store_check *ret_check)
{
    const char *partial = arena_printf(arena, "%s.partial", to);
    const char *directory = store_files_directory_of(arena, to);
    struct store_check check;
    int fd = -1;

    if (access(from->location, R_OK) != 0) {
        return store_files_failure(arena, "read", from->location);
    }
    if (access(to, F_OK) == 0) {
        return exists_already(arena, to);
    }
    TRY(make_partial(arena, partial, &fd));
    struct status status = fill(from, partial, fd, arena, &check);
    if (status.code == STATUS_OK) {
        status = give_name(arena, partial, to);
    }
    if (status.code != STATUS_OK) {
        (void)unlink(partial);
    }
    (void)close(fd);
    TRY(status);
    TRY(store_files_sync_directory(arena, directory));
    *ret_check = check;
    return STATUS_NONE;
}
