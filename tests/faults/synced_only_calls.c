/*
 * synced_only_calls.c - the C library's calls that write, sync, name and map files, taken over:
 * each does what it always does, and then tells synced_only.c of it.
 */
#include "synced_only.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

struct real_calls synced_only_real;

/* The next library's function of that name, looked up once. */
#define REAL(name) ((__typeof__(&(name)))real(&name##_address, #name))
#define REAL_ADDRESS(name) static void *name##_address

static void *real(void **address, const char *name)
{
    void *found = __atomic_load_n(address, __ATOMIC_RELAXED);

    if (found == NULL) {
        found = dlsym(RTLD_NEXT, name);
        if (found == NULL) {
            synced_only_give_up("no such function", name);
        }
        __atomic_store_n(address, found, __ATOMIC_RELAXED);
    }
    return found;
}

__attribute__((constructor)) static void find_real_calls(void)
{
    synced_only_real.open = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    synced_only_real.pwrite =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    synced_only_real.ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate64");
    synced_only_real.rename = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    synced_only_real.unlink = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    synced_only_real.unlinkat = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
}

/* Where the file ends, or its place after a write of so many bytes. */
static off_t place_before(int fd, ssize_t written)
{
    const int error = errno;
    const off_t now = lseek(fd, 0, SEEK_CUR);

    errno = error;
    return now >= written ? now - written : 0;
}

static ssize_t wrote_here(int fd, ssize_t written)
{
    if (written > 0) {
        synced_only_wrote(fd, place_before(fd, written), (size_t)written);
    }
    return written;
}

static ssize_t wrote_at(int fd, off_t at, ssize_t written)
{
    if (written > 0) {
        synced_only_wrote(fd, at, (size_t)written);
    }
    return written;
}

static int changed(int fd, int result)
{
    if (result == 0) {
        synced_only_wrote_anywhere(fd);
    }
    return result;
}

REAL_ADDRESS(write);
ssize_t write(int fd, const void *bytes, size_t length)
{
    return wrote_here(fd, REAL(write)(fd, bytes, length));
}

REAL_ADDRESS(writev);
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return wrote_here(fd, REAL(writev)(fd, parts, count));
}

REAL_ADDRESS(pwrite);
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    return wrote_at(fd, at, REAL(pwrite)(fd, bytes, length, at));
}

REAL_ADDRESS(pwrite64);
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
    return wrote_at(fd, at, REAL(pwrite64)(fd, bytes, length, at));
}

REAL_ADDRESS(pwritev);
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return wrote_at(fd, at, REAL(pwritev)(fd, parts, count, at));
}

REAL_ADDRESS(pwritev64);
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at)
{
    return wrote_at(fd, at, REAL(pwritev64)(fd, parts, count, at));
}

REAL_ADDRESS(ftruncate);
int ftruncate(int fd, off_t length)
{
    return changed(fd, REAL(ftruncate)(fd, length));
}

REAL_ADDRESS(ftruncate64);
int ftruncate64(int fd, off_t length)
{
    return changed(fd, REAL(ftruncate64)(fd, length));
}

REAL_ADDRESS(fallocate);
int fallocate(int fd, int mode, off_t start, off_t length)
{
    return changed(fd, REAL(fallocate)(fd, mode, start, length));
}

REAL_ADDRESS(fallocate64);
int fallocate64(int fd, int mode, off_t start, off_t length)
{
    return changed(fd, REAL(fallocate64)(fd, mode, start, length));
}

REAL_ADDRESS(copy_file_range);
ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t length,
                        unsigned flags)
{
    const ssize_t done = REAL(copy_file_range)(from, from_at, to, to_at, length, flags);

    (void)changed(to, done > 0 ? 0 : -1);
    return done;
}

REAL_ADDRESS(sendfile);
ssize_t sendfile(int to, int from, off_t *at, size_t length)
{
    const ssize_t done = REAL(sendfile)(to, from, at, length);

    (void)changed(to, done > 0 ? 0 : -1);
    return done;
}

REAL_ADDRESS(sendfile64);
ssize_t sendfile64(int to, int from, off_t *at, size_t length)
{
    const ssize_t done = REAL(sendfile64)(to, from, at, length);

    (void)changed(to, done > 0 ? 0 : -1);
    return done;
}

static int synced(int fd, int result)
{
    if (result == 0) {
        synced_only_synced(fd);
    }
    return result;
}

REAL_ADDRESS(fsync);
int fsync(int fd)
{
    return synced(fd, REAL(fsync)(fd));
}

REAL_ADDRESS(fdatasync);
int fdatasync(int fd)
{
    return synced(fd, REAL(fdatasync)(fd));
}

static int opened(int fd, int flags)
{
    char path[PATH_MAX];

    if (fd < 0 || (flags & (O_TRUNC | O_DSYNC)) == 0) {
        return fd;
    }
    if ((flags & O_DSYNC) != 0 && synced_only_path_of(fd, path)) {
        synced_only_give_up("opened with O_SYNC or O_DSYNC", path);
    }
    (void)changed(fd, 0);
    return fd;
}

/* Runs with the mode, which is there only when a file may be made. */
#define WITH_MODE(call)                                                                            \
    mode_t mode = 0;                                                                               \
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }                                                                                              \
    return opened(call, flags)

REAL_ADDRESS(open);
int open(const char *path, int flags, ...)
{
    WITH_MODE(REAL(open)(path, flags, mode));
}

REAL_ADDRESS(open64);
int open64(const char *path, int flags, ...)
{
    WITH_MODE(REAL(open64)(path, flags, mode));
}

REAL_ADDRESS(openat);
int openat(int directory, const char *path, int flags, ...)
{
    WITH_MODE(REAL(openat)(directory, path, flags, mode));
}

REAL_ADDRESS(openat64);
int openat64(int directory, const char *path, int flags, ...)
{
    WITH_MODE(REAL(openat64)(directory, path, flags, mode));
}

static void check_mapping(int fd, int protection, int flags)
{
    static const char shared_memory[] = "-shm";
    char path[PATH_MAX];

    if (fd < 0 || (flags & MAP_SHARED) == 0 || (protection & PROT_WRITE) == 0 ||
        !synced_only_path_of(fd, path)) {
        return;
    }
    const size_t length = strlen(path);
    const size_t end = sizeof(shared_memory) - 1;
    if (length < end || strcmp(path + length - end, shared_memory) != 0) {
        synced_only_give_up("mapped for writing", path);
    }
}

REAL_ADDRESS(mmap);
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at)
{
    check_mapping(fd, protection, flags);
    return REAL(mmap)(address, length, protection, flags, fd, at);
}

REAL_ADDRESS(mmap64);
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t at)
{
    check_mapping(fd, protection, flags);
    return REAL(mmap64)(address, length, protection, flags, fd, at);
}

REAL_ADDRESS(unlinkat);
int unlinkat(int directory, const char *path, int flags)
{
    struct stat stat;
    const bool is_last = synced_only_last_name(directory, path, &stat);
    const int result = REAL(unlinkat)(directory, path, flags);

    if (result == 0 && is_last) {
        synced_only_forget(&stat);
    }
    return result;
}

REAL_ADDRESS(unlink);
int unlink(const char *path)
{
    struct stat stat;
    const bool is_last = synced_only_last_name(AT_FDCWD, path, &stat);
    const int result = REAL(unlink)(path);

    if (result == 0 && is_last) {
        synced_only_forget(&stat);
    }
    return result;
}

REAL_ADDRESS(rename);
int rename(const char *from, const char *to)
{
    struct stat stat;
    const bool is_last = synced_only_last_name(AT_FDCWD, to, &stat);
    const int result = REAL(rename)(from, to);

    if (result == 0 && is_last) {
        synced_only_forget(&stat);
    }
    return result;
}

REAL_ADDRESS(renameat);
int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    struct stat stat;
    const bool is_last = synced_only_last_name(to_directory, to, &stat);
    const int result = REAL(renameat)(from_directory, from, to_directory, to);

    if (result == 0 && is_last) {
        synced_only_forget(&stat);
    }
    return result;
}
