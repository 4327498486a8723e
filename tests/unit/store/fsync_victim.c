/*
 * fsync_victim.c - writes books and prints the names that were acknowledged; fsync_test.sh runs it
 * with a disk that fails.
 *
 *     fsync_victim write DIRECTORY   names on standard output; 1 when one is acknowledged after
 *                                    the first refusal
 *     fsync_victim recover DIRECTORY the same; 1 when it does not come back after the refusal
 *     fsync_victim check DIRECTORY   names on standard input; 1 when one is not there
 */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BOOKS_MAX = 60, BOOK_BYTES = 200000, TRIES_AFTER = 30, PAUSE_US = 50000 };

static int tell(const char *what, struct status status)
{
    (void)fprintf(stderr, "%s: %s %s\n", what, status_code_name(status.code),
                  status.message != NULL ? status.message : "");
    return 1;
}

static struct status write_book(struct library *library, int number)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "shelves/a/books/b%03d", number);
    struct job job = job_make(library, act_create, name);
    job.scan_bytes = BOOK_BYTES;
    const struct status status = job_run(library, &job);
    if (status.code == STATUS_OK) {
        (void)printf("%s\n", name);
        (void)fflush(stdout);
    }
    arena_reset(library->arena);
    return status;
}

/* Longer than it takes to probe: it must not come back. */
static int stay_refused(struct library *library, int number)
{
    for (int i = 0; i < TRIES_AFTER; i++) {
        (void)usleep(PAUSE_US);
        if (store_read_only(library->store) == NULL ||
            write_book(library, number++).code == STATUS_OK) {
            (void)fprintf(stderr, "it came back\n");
            return 1;
        }
    }
    return 0;
}

static int come_back(struct library *library, int number)
{
    for (int i = 0; i < 4 * TRIES_AFTER && store_read_only(library->store) != NULL; i++) {
        (void)usleep(PAUSE_US);
    }
    for (int i = 0; i < 3; i++) {
        const struct status status = write_book(library, number++);
        if (status.code != STATUS_OK) {
            return tell("it did not come back", status);
        }
    }
    return 0;
}

static int write_books(struct library *library, bool recover)
{
    int number = 0;
    struct status status = STATUS_NONE;

    while (status.code == STATUS_OK && number < BOOKS_MAX) {
        status = write_book(library, number++);
    }
    if (status.code == STATUS_OK) {
        (void)fprintf(stderr, "the disk never failed\n");
        return 2;
    }
    if (status.code != STATUS_UNAVAILABLE || strcmp(status.reason->name, "STORE_READ_ONLY") != 0) {
        return tell("refused", status);
    }
    return recover ? come_back(library, number) : stay_refused(library, number);
}

static int check_books(struct library *library)
{
    char name[64];
    uint64_t entries = 0;
    uint64_t names = 0;

    while (scanf("%63s", name) == 1) {
        Library__Book *book = NULL;
        const struct status status = book_get(library, name, 0, &book);
        if (status.code != STATUS_OK) {
            return tell(name, status);
        }
        arena_reset(library->arena);
        names++;
    }
    const struct status status = store_verify(library->store, library->arena, &entries);
    if (status.code != STATUS_OK || entries < names) {
        return tell("verify", status);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct library library = {.arena = arena_new(16 << 20)};

    if (argc != 3 || library.arena == NULL) {
        return 2;
    }
    (void)snprintf(library.directory, sizeof(library.directory), "%s", argv[2]);
    const struct store_options options = library_options(&library);
    const struct status status = store_open(&options, library.arena, &library.store);
    if (status.code != STATUS_OK) {
        arena_free(library.arena);
        /* With a disk that fails from the start nothing was acknowledged. */
        return strcmp(argv[1], "write") == 0 ? 0 : tell("open", status);
    }
    const bool recover = strcmp(argv[1], "recover") == 0;
    const int code =
        strcmp(argv[1], "check") == 0 ? check_books(&library) : write_books(&library, recover);
    library_close(&library);
    arena_free(library.arena);
    return code;
}
