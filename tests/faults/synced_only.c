/*
 * synced_only.c - to be preloaded into a program: notes what it writes below a directory, and keeps
 * beside that directory what a power cut would leave of it.
 *
 *     bytes of a file: written --fsync or fdatasync of the file--> in COPY/inodes/NUMBER
 *     names:           made, moved, removed --fsync of their directory--> in COPY/tree/...
 *
 * SYNCED_ONLY_ROOT is the directory and SYNCED_ONLY_COPY the copy, on one file system, both with
 * absolute paths. The copy's names are links to its inodes, so bytes that are synced later are
 * seen under a name that is there already. A kill amid a sync leaves a part of it, which is what a
 * disk may do, since the program has not been told that it is done.
 *
 * Whatever this does not follow ends the program or is taken as never synced: a file that is
 * opened with O_SYNC or mapped for writing (but for SQLite's -shm, which no cut survives), writes
 * that the C library makes for itself, such as those of fclose().
 */
#include "synced_only.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 4096,
    FILES_MAX = 64,
    WORD_BITS = 64,
};

/* What this process has written to a file since its last sync. */
struct file {
    dev_t device;
    ino_t inode;
    bool is_whole;   /* all of it counts as written: also before this process came to know it */
    uint64_t *dirty; /* a bit for each block */
    size_t words;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the fields below */
static struct file files[FILES_MAX];
static size_t file_count;

_Noreturn void synced_only_give_up(const char *what, const char *path)
{
    (void)dprintf(STDERR_FILENO, "synced_only: %s: %s: %s\n", what, path, strerror(errno));
    abort();
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] == '/' ? value : NULL;
}

const char *synced_only_below_root(const char *path)
{
    const char *root = variable("SYNCED_ONLY_ROOT");
    const size_t length = root != NULL ? strlen(root) : 0;

    if (root == NULL || variable("SYNCED_ONLY_COPY") == NULL || strncmp(path, root, length) != 0 ||
        (path[length] != '/' && path[length] != '\0')) {
        return NULL;
    }
    return path + length;
}

bool synced_only_path_of(int fd, char path[PATH_MAX])
{
    char link[64];

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    return synced_only_below_root(path) != NULL;
}

/* A path below the copy. */
__attribute__((format(printf, 2, 3))) static void copy_path(char path[PATH_MAX], const char *format,
                                                            ...)
{
    const int root = snprintf(path, PATH_MAX, "%s", variable("SYNCED_ONLY_COPY"));
    va_list values;

    va_start(values, format);
    const int rest = root < PATH_MAX
                         ? vsnprintf(path + root, (size_t)(PATH_MAX - root), format, values)
                         : PATH_MAX;
    va_end(values);
    if (root + rest >= PATH_MAX) {
        synced_only_give_up("the path is too long", path);
    }
}

static void inode_path(char path[PATH_MAX], ino_t inode)
{
    copy_path(path, "/inodes/%llu", (unsigned long long)inode);
}

/* Under the lock. The file's place in the table, -1: it is in none. */
static ptrdiff_t index_of(const struct stat *stat)
{
    for (size_t i = 0; i < file_count; i++) {
        if (files[i].inode == stat->st_ino && files[i].device == stat->st_dev) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

/* Under the lock. NULL: the file is not below the root, or has no name any more. */
static struct file *find(int fd)
{
    struct stat stat;
    char path[PATH_MAX];

    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_nlink == 0) {
        return NULL;
    }
    const ptrdiff_t known = index_of(&stat);
    if (known >= 0) {
        return &files[known];
    }
    if (!synced_only_path_of(fd, path)) {
        return NULL;
    }
    if (file_count == FILES_MAX) {
        synced_only_give_up("too many files", path);
    }
    struct file *file = &files[file_count++];
    *file = (struct file){.device = stat.st_dev, .inode = stat.st_ino, .is_whole = true};
    return file;
}

static void mark(struct file *file, size_t first, size_t last)
{
    const size_t needed = last / WORD_BITS + 1;

    if (needed > file->words) {
        const size_t words = needed * 2;
        uint64_t *dirty = realloc(file->dirty, words * sizeof(*dirty));
        if (dirty == NULL) {
            synced_only_give_up("no memory", "");
        }
        memset(dirty + file->words, 0, (words - file->words) * sizeof(*dirty));
        file->dirty = dirty;
        file->words = words;
    }
    for (size_t block = first; block <= last; block++) {
        file->dirty[block / WORD_BITS] |= UINT64_C(1) << block % WORD_BITS;
    }
}

/* After the write, so that a sync that comes afterwards cannot miss it. */
void synced_only_wrote(int fd, off_t start, size_t length)
{
    const int error = errno;

    (void)pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    if (file != NULL && length > 0) {
        mark(file, (size_t)start / BLOCK_BYTES, ((size_t)start + length - 1) / BLOCK_BYTES);
    }
    (void)pthread_mutex_unlock(&lock);
    errno = error;
}

void synced_only_wrote_anywhere(int fd)
{
    const int error = errno;

    (void)pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    if (file != NULL) {
        file->is_whole = true;
    }
    (void)pthread_mutex_unlock(&lock);
    errno = error;
}

/* Reads through the program's own descriptor: to close another one would give its locks back. */
static void copy_block(int from, int to, size_t block)
{
    char bytes[BLOCK_BYTES];
    const off_t at = (off_t)(block * BLOCK_BYTES);
    const ssize_t length = pread(from, bytes, sizeof(bytes), at);

    if (length < 0 ||
        (length > 0 && synced_only_real.pwrite(to, bytes, (size_t)length, at) != length)) {
        synced_only_give_up("cannot copy a block", "");
    }
}

/* Under the lock. */
static void copy_file(struct file *file, int fd)
{
    char path[PATH_MAX];
    struct stat stat;

    inode_path(path, file->inode);
    const int copy = synced_only_real.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (copy < 0 || fstat(fd, &stat) != 0) {
        synced_only_give_up("cannot open the copy", path);
    }
    const size_t blocks = ((size_t)stat.st_size + BLOCK_BYTES - 1) / BLOCK_BYTES;
    for (size_t block = 0; block < blocks; block++) {
        const size_t word = block / WORD_BITS;
        const uint64_t bits = word < file->words ? file->dirty[word] : 0;
        if (file->is_whole || (bits >> block % WORD_BITS & 1) != 0) {
            copy_block(fd, copy, block);
        }
    }
    if (synced_only_real.ftruncate(copy, stat.st_size) != 0) {
        synced_only_give_up("cannot cut the copy", path);
    }
    (void)close(copy);
    if (file->words > 0) {
        memset(file->dirty, 0, file->words * sizeof(*file->dirty));
    }
    file->is_whole = false;
}

/* One name of a directory becomes what it is now. */
static void copy_name(int directory, const char *below, const char *name)
{
    char tree[PATH_MAX];
    char inode[PATH_MAX];
    char fresh[PATH_MAX];
    struct stat stat;

    if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return; /* gone since: the next sync will see */
    }
    copy_path(tree, "/tree%s/%s", below, name);
    if (S_ISDIR(stat.st_mode)) {
        (void)mkdir(tree, 0777);
        return;
    }
    if (!S_ISREG(stat.st_mode)) {
        return;
    }
    inode_path(inode, stat.st_ino);
    const int copy = synced_only_real.open(inode, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (copy < 0) {
        synced_only_give_up("cannot make the copy", inode);
    }
    (void)close(copy);
    copy_path(fresh, "/inodes/%llu.%d", (unsigned long long)stat.st_ino, getpid());
    if (link(inode, fresh) != 0 || synced_only_real.rename(fresh, tree) != 0) {
        synced_only_give_up("cannot name the copy", tree);
    }
    (void)synced_only_real.unlink(fresh); /* it stays when both were the same file already */
}

static void drop_names(int directory, const char *below)
{
    char tree[PATH_MAX];
    struct stat stat;

    copy_path(tree, "/tree%s", below);
    DIR *copy = opendir(tree);
    if (copy == NULL) {
        synced_only_give_up("cannot read", tree);
    }
    for (const struct dirent *entry = readdir(copy); entry != NULL; entry = readdir(copy)) {
        const bool is_gone = fstatat(directory, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0;

        if (is_gone && synced_only_real.unlinkat(dirfd(copy), entry->d_name, 0) != 0) {
            (void)synced_only_real.unlinkat(dirfd(copy), entry->d_name, AT_REMOVEDIR);
        }
    }
    (void)closedir(copy);
}

static void copy_directory(int fd, const char *path)
{
    const char *below = synced_only_below_root(path);
    DIR *names = opendir(path);

    if (names == NULL) {
        synced_only_give_up("cannot read", path);
    }
    for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            copy_name(fd, below, entry->d_name);
        }
    }
    (void)closedir(names);
    drop_names(fd, below);
}

void synced_only_synced(int fd)
{
    const int error = errno;
    char path[PATH_MAX];
    struct stat stat;

    (void)pthread_mutex_lock(&lock);
    if (fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode)) {
        if (synced_only_path_of(fd, path)) {
            copy_directory(fd, path);
        }
    } else {
        struct file *file = find(fd);
        if (file != NULL) {
            copy_file(file, fd);
        }
    }
    (void)pthread_mutex_unlock(&lock);
    errno = error;
}

bool synced_only_last_name(int directory, const char *path, struct stat *ret_stat)
{
    const int error = errno;
    const bool is_last = fstatat(directory, path, ret_stat, AT_SYMLINK_NOFOLLOW) == 0 &&
                         S_ISREG(ret_stat->st_mode) && ret_stat->st_nlink == 1;

    errno = error;
    return is_last;
}

/* Its number may come back with another file, while a synced name may still show its bytes. */
void synced_only_forget(const struct stat *stat)
{
    const int error = errno;
    char path[PATH_MAX];
    struct stat root;

    if (variable("SYNCED_ONLY_ROOT") == NULL || variable("SYNCED_ONLY_COPY") == NULL ||
        lstat(variable("SYNCED_ONLY_ROOT"), &root) != 0 || root.st_dev != stat->st_dev) {
        errno = error;
        return;
    }
    (void)pthread_mutex_lock(&lock);
    const ptrdiff_t known = index_of(stat);
    if (known >= 0) {
        free(files[known].dirty);
        files[known] = files[--file_count];
    }
    inode_path(path, stat->st_ino);
    (void)synced_only_real.unlink(path);
    (void)pthread_mutex_unlock(&lock);
    errno = error;
}
