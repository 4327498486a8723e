/* store_files.c - directory, lock and mark of a store. */
#include "store/store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct status store_files_failure(struct arena *arena, const char *what, const char *path)
{
    return status_make(arena, STATUS_UNAVAILABLE, "STORE_IO_ERROR", NULL, "cannot %s %s: %s", what,
                       path, strerrordesc_np(errno));
}

struct status store_files_make_directory(struct arena *arena, const char *directory)
{
    char *path = arena_strdup(arena, directory);

    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0777); /* the last one tells */
        *slash = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return store_files_failure(arena, "make the directory", directory);
    }
    return STATUS_NONE;
}

struct status store_files_lock(struct arena *arena, const char *directory, const char *service,
                               int *ret_fd)
{
    const char *path = arena_printf(arena, "%s/%s.lock", directory, service);

    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return store_files_failure(arena, "open", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = fd;
        return STATUS_NONE;
    }
    const struct status status =
        errno == EWOULDBLOCK
            ? status_make(arena, STATUS_FAILED_PRECONDITION, "STORE_IN_USE", NULL,
                          "another process works with this store (it holds %s)", path)
            : store_files_failure(arena, "lock", path);
    (void)close(fd);
    return status;
}

struct status store_files_sync_directory(struct arena *arena, const char *directory)
{
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return store_files_failure(arena, "open", directory);
    }
    const struct status status =
        fsync(fd) == 0 ? STATUS_NONE : store_files_failure(arena, "sync", directory);
    (void)close(fd);
    return status;
}

const char *store_files_directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return ".";
    }
    const size_t length = slash == path ? 1 : (size_t)(slash - path);
    return arena_copy(arena, (struct slice){.data = path, .length = length});
}

const char *store_files_restore_mark(struct arena *arena, const char *directory,
                                     const char *service)
{
    return arena_printf(arena, "%s/%s.restoring", directory, service);
}

struct status store_files_check_mark(struct arena *arena, const char *directory,
                                     const char *service)
{
    const char *mark = store_files_restore_mark(arena, directory, service);

    if (access(mark, F_OK) == 0) {
        return status_make(arena, STATUS_FAILED_PRECONDITION, "RESTORE_UNFINISHED", NULL,
                           "a restore was cut off before its end (%s is there): run it again",
                           mark);
    }
    return errno == ENOENT ? STATUS_NONE : store_files_failure(arena, "look for", mark);
}
