/*
 * synced_only.h - what the calls that are taken over (synced_only_calls.c) tell of files, and the C
 * library's own calls. All of this keeps errno and may be called on any thread; what cannot be gone
 * on with ends the program.
 */
#ifndef FAULTS_SYNCED_ONLY_H
#define FAULTS_SYNCED_ONLY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct real_calls {
    int (*open)(const char *path, int flags, ...);
    ssize_t (*pwrite)(int fd, const void *bytes, size_t length, off_t at);
    int (*ftruncate)(int fd, off_t length);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*unlinkat)(int directory, const char *path, int flags);
};

/* Set before any other code of the program runs. */
extern struct real_calls synced_only_real;

/* The part of an absolute path after the root; NULL: it is not below the root. */
const char *synced_only_below_root(const char *path);

/* The path of an open file; false: it is not below the root. */
bool synced_only_path_of(int fd, char path[PATH_MAX]);

/* These bytes were written, or bytes that are not known. Of other files it does nothing. */
void synced_only_wrote(int fd, off_t start, size_t length);
void synced_only_wrote_anywhere(int fd);

/* A file or a directory was synced with success. */
void synced_only_synced(int fd);

/* Whether the path, below the directory's, is the only name of a file. */
bool synced_only_last_name(int directory, const char *path, struct stat *ret_stat);

/* The last name of a file was removed. */
void synced_only_forget(const struct stat *stat);

_Noreturn void synced_only_give_up(const char *what, const char *path);

#endif
