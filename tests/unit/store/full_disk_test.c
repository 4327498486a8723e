/* full_disk_test.c - a disk of one megabyte: read-only when it is full, and back with room. */
#include "library.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILLER_BYTES = 400000, BOOK_BYTES = 20000 };

static bool may_mount;

/* A mount of this process alone: it is gone when the process is, whatever happens. */
static int mount_small_disk(void **state)
{
    struct library *library = calloc(1, sizeof(*library));

    *state = library;
    library->arena = arena_new(64 << 20);
    directory_make(library->directory);
    may_mount = unshare(CLONE_NEWNS) == 0 &&
                mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount("tmpfs", library->directory, "tmpfs", 0, "size=1m") == 0;
    if (!may_mount) {
        print_message("skipped: a small tmpfs cannot be mounted here\n");
    }
    return 0;
}

static int unmount_small_disk(void **state)
{
    struct library *library = *state;

    library_close(library);
    if (may_mount) {
        (void)umount2(library->directory, MNT_DETACH);
    }
    directory_remove(library->directory);
    arena_free(library->arena);
    free(library);
    return 0;
}

static const char *filler(struct library *library)
{
    return arena_printf(library->arena, "%s/filler", library->directory);
}

static void take_room(struct library *library)
{
    char *bytes = arena_alloc(library->arena, FILLER_BYTES);
    FILE *file = fopen(filler(library), "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, FILLER_BYTES, file), FILLER_BYTES);
    assert_int_equal(fclose(file), 0);
}

static struct status write_book(struct library *library, int number)
{
    struct job job = job_make(library, act_create,
                              arena_printf(library->arena, "shelves/a/books/b%03d", number));

    job.scan_bytes = BOOK_BYTES;
    job.write.idempotency_key = job.name;
    return job_run(library, &job);
}

static void assert_books(struct library *library, int count)
{
    for (int i = 0; i < count; i++) {
        Library__Book *book = NULL;
        assert_ok(
            book_get(library, arena_printf(library->arena, "shelves/a/books/b%03d", i), 0, &book));
        assert_int_equal(book->scan.len, BOOK_BYTES);
    }
}

/* Writes until the disk is full; how many were stored. */
static int fill(struct library *library, int from)
{
    int number = from;
    struct status status = write_book(library, number);

    while (status.code == STATUS_OK) {
        assert_true(++number < 100);
        status = write_book(library, number);
    }
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_string_equal(status.reason->name, "STORE_READ_ONLY");
    return number;
}

static void wait_until_writable(struct library *library)
{
    for (int i = 0; i < 100 && store_read_only(library->store) != NULL; i++) {
        (void)usleep(50000);
    }
    assert_null(store_read_only(library->store));
}

static void a_full_disk_is_read_only_until_there_is_room(void **state)
{
    struct library *library = *state;
    const struct list_request request = {.page = {.parent = "shelves/a", .order_by = "title"}};
    const char *titles = NULL;
    const char *token = NULL;
    uint64_t entries = 0;

    if (!may_mount) {
        skip();
    }
    take_room(library);
    library_open(library);
    const int stored = fill(library, 0);
    assert_true(stored > 2);
    assert_non_null(strstr(store_read_only(library->store), "full"));
    struct job refused = job_make(library, act_create, "shelves/a/books/refused");
    assert_status(job_start(library, &refused), STATUS_UNAVAILABLE, "STORE_READ_ONLY");
    assert_int_equal(refused.runs, 0);
    assert_books(library, stored);
    assert_ok(list_titles(library, &request, &titles, &token));
    assert_int_equal(strlen(titles), 2 * (size_t)stored - 1);
    assert_int_equal(store_version(library->store).seq, (uint64_t)stored);

    assert_int_equal(remove(filler(library)), 0);
    wait_until_writable(library);
    assert_ok(write_book(library, stored)); /* the same key: it was not kept */
    assert_books(library, stored + 1);
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, stored + 1);
    library_reopen(library);
    assert_books(library, stored + 1);
}

static void what_was_answered_on_a_full_disk_is_there_after_a_restart(void **state)
{
    struct library *library = *state;
    uint64_t entries = 0;

    if (!may_mount) {
        skip();
    }
    take_room(library);
    library_open(library);
    const int stored = fill(library, 0);
    library_close(library);
    assert_int_equal(remove(filler(library)), 0);
    library_open(library);
    assert_books(library, stored);
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, stored);
    assert_ok(write_book(library, stored));
}

/* As a kill -9 would leave it: all in the log, and no room to copy it into the file. */
static void a_store_opened_on_a_full_disk_serves_reads(void **state)
{
    struct library *library = *state;

    if (!may_mount) {
        skip();
    }
    library_open(library);
    library_close(library); /* the file has its tables */
    const pid_t child = fork();
    if (child == 0) {
        library_open(library);
        _exit(fill(library, 0)); /* the log is left as it is */
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    const int stored = WEXITSTATUS(how);
    assert_true(stored > 2);
    library_open(library);
    assert_non_null(store_read_only(library->store));
    assert_books(library, stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, mount_small_disk, unmount_small_disk)
        T(a_full_disk_is_read_only_until_there_is_room),
        T(what_was_answered_on_a_full_disk_is_there_after_a_restart),
        T(a_store_opened_on_a_full_disk_serves_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
