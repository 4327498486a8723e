/* store_test.c - opening and closing: the lock, the files, readers of threads that come and go. */
#include "library.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "shelves/a/books/one"

static void the_store_is_of_one_process_at_a_time(void **state)
{
    struct library *library = *state;
    const struct store_options options = library_options(library);
    struct store *second = NULL;

    assert_status(store_open(&options, library->arena, &second), STATUS_FAILED_PRECONDITION,
                  "STORE_IN_USE");
    assert_null(second);
    const pid_t child = fork();
    if (child == 0) {
        const struct status status = store_open(&options, library->arena, &second);
        _exit(status.code == STATUS_FAILED_PRECONDITION ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    library_close(library);
    library_open(library);
}

static void directories_are_made_on_the_way(void **state)
{
    struct library *library = *state;
    struct library deep = {.arena = library->arena};
    struct store_options options = library_options(library);
    struct stat stat_of_file;

    options.directory = arena_printf(library->arena, "%s/a/b/c", library->directory);
    assert_ok(store_open(&options, library->arena, &deep.store));
    library_close(&deep);
    assert_int_equal(
        stat(arena_printf(library->arena, "%s/library.db", options.directory), &stat_of_file), 0);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    struct library *library = *state;
    struct store_options options = library_options(library);
    struct store *store = NULL;

    options.directory = library_file(library);
    const struct status status = store_open(&options, library->arena, &store);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_string_equal(status.reason, "STORE_IO_ERROR");
    assert_non_null(strstr(status.message, options.directory));
}

static void a_file_that_is_no_store_is_told_and_left_alone(void **state)
{
    struct library *library = *state;
    const struct store_options options = library_options(library);
    char text[8192];

    library_close(library);
    (void)unlink(arena_printf(library->arena, "%s-wal", library_file(library)));
    FILE *file = fopen(library_file(library), "we");
    assert_non_null(file);
    memset(text, 'x', sizeof(text));
    assert_int_equal(fwrite(text, 1, sizeof(text), file), sizeof(text));
    assert_int_equal(fclose(file), 0);
    assert_status(store_open(&options, library->arena, &library->store), STATUS_DATA_LOSS,
                  "STORE_CORRUPT");
    file = fopen(library_file(library), "re");
    assert_int_equal(fread(text, 1, sizeof(text), file), sizeof(text));
    (void)fclose(file);
    assert_int_equal(text[0], 'x');
}

static void a_clean_close_leaves_one_database_file(void **state)
{
    struct library *library = *state;
    struct stat stat_of_file;
    Library__Book *book = NULL;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &book));
    library_close(library);
    assert_int_not_equal(
        stat(arena_printf(library->arena, "%s-wal", library_file(library)), &stat_of_file), 0);
    library_open(library);
    assert_ok(book_get(library, NAME, 0, &book));
}

struct reader {
    struct library *library;
    pthread_t thread;
    int found;
};

static void *read_often(void *arg)
{
    struct reader *reader = arg;
    struct library own = *reader->library;

    own.arena = arena_new(1 << 20);
    for (int i = 0; i < 20; i++) {
        Library__Book *book = NULL;
        arena_reset(own.arena);
        const struct status status = book_get(&own, NAME, 0, &book);
        reader->found += status.code == STATUS_OK;
    }
    arena_free(own.arena);
    return NULL;
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) != -1;
    }
    return count;
}

static void each_thread_has_a_connection_that_ends_with_it(void **state)
{
    struct library *library = *state;
    struct reader readers[8];
    Library__Book *book = NULL;

    assert_ok(book_create(library, NAME, "A", 1));
    assert_ok(book_get(library, NAME, 0, &book));
    const int before = open_descriptors();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++) {
            readers[i] = (struct reader){.library = library};
            assert_int_equal(pthread_create(&readers[i].thread, NULL, read_often, &readers[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
            (void)pthread_join(readers[i].thread, NULL);
            assert_int_equal(readers[i].found, 20);
        }
    }
    /* SQLite keeps what it may not close yet, because of POSIX locks, for the next one. */
    assert_true(open_descriptors() <= before + 8 * 2);
}

static sem_t has_read;
static sem_t may_end;

static void *read_and_stay(void *arg)
{
    (void)read_often(arg);
    (void)sem_post(&has_read);
    while (sem_wait(&may_end) != 0) {
    }
    return NULL;
}

static void a_thread_may_outlive_the_store_that_it_read(void **state)
{
    struct library *library = *state;
    struct reader reader = {.library = library};

    (void)sem_init(&has_read, 0, 0);
    (void)sem_init(&may_end, 0, 0);
    assert_ok(book_create(library, NAME, "A", 1));
    assert_int_equal(pthread_create(&reader.thread, NULL, read_and_stay, &reader), 0);
    while (sem_wait(&has_read) != 0) {
    }
    library_close(library);
    (void)sem_post(&may_end);
    (void)pthread_join(reader.thread, NULL);
    assert_int_equal(reader.found, 20);
}

static void whatever_allocation_fails_a_read_ends_with_a_status(void **state)
{
    struct library *library = *state;
    struct library small = *library;
    const struct list_request request = {
        .page = {.parent = "shelves/a", .order_by = "title desc", .filter = "pages = 1"}};
    struct status status = {.code = STATUS_RESOURCE_EXHAUSTED};
    int refusals = 0;

    assert_ok(book_create(library, NAME, "A", 1));
    for (size_t limit = 0; status.code != STATUS_OK; limit += 16) {
        Library__Book *book = NULL;
        const char *titles = NULL;
        const char *token = NULL;
        small.arena = arena_new(limit);
        if (small.arena == NULL) {
            continue;
        }
        status = book_get(&small, NAME, 0, &book);
        if (status.code == STATUS_OK) {
            status = list_titles(&small, &request, &titles, &token);
        }
        status = status_within(small.arena, status);
        assert_true(status.code == STATUS_OK || status.code == STATUS_RESOURCE_EXHAUSTED);
        refusals += status.code != STATUS_OK;
        arena_free(small.arena);
    }
    assert_true(refusals > 1);
}

static void whatever_allocation_fails_a_write_is_whole_or_nothing(void **state)
{
    struct library *library = *state;
    struct status status = {.code = STATUS_RESOURCE_EXHAUSTED};
    uint64_t entries = 0;

    for (size_t limit = 0; status.code != STATUS_OK; limit += 16) {
        struct job job = job_make(library, act_create, NAME);
        job.write.arena = arena_new(limit);
        job.write.idempotency_key = "k";
        if (job.write.arena == NULL) {
            continue;
        }
        status = job_run(library, &job);
        assert_true(status.code == STATUS_OK || status.code == STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(store_version(library->store).seq, status.code == STATUS_OK ? 1 : 0);
        arena_free(job.write.arena);
    }
    assert_ok(store_verify(library->store, library->arena, &entries));
    assert_int_equal(entries, 1);
}

static void whatever_allocation_fails_opening_ends_with_a_status(void **state)
{
    struct library *library = *state;
    const struct store_options options = library_options(library);
    struct status status = {.code = STATUS_RESOURCE_EXHAUSTED};

    library_close(library);
    for (size_t limit = 16; status.code != STATUS_OK; limit += 16) {
        struct arena *arena = arena_new(limit);
        if (arena == NULL) {
            continue;
        }
        status = store_open(&options, arena, &library->store);
        assert_true(status.code == STATUS_OK || status.code == STATUS_RESOURCE_EXHAUSTED);
        arena_free(arena);
    }
}

static void a_kind_that_cannot_be_stored_is_refused(void **state)
{
    struct library *library = *state;
    static const struct resource_column columns[] = {
        {.name = "title", .type = COLUMN_INT64, .path = "title"},
        {.name = "uid", .type = COLUMN_TEXT, .path = "uid"},
        {.name = "x\" TEXT); --", .type = COLUMN_TEXT, .path = "title"},
        {.name = "x", .type = COLUMN_TEXT, .path = "imprint"},
        {.name = "x", .type = COLUMN_TEXT, .path = "imprint.nothing"},
        {.name = "x", .type = COLUMN_TEXT, .path = "title.nothing"},
        {.name = "x", .type = COLUMN_TEXT, .path = "scan"},
        {.name = "x", .type = COLUMN_TEXT},
    };
    struct store_options options = library_options(library);
    struct store *store = NULL;

    options.service = "other";
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        struct resource_kind kind = book_kind;
        const struct resource_kind *const kinds[] = {&kind};
        kind.columns = &columns[i];
        kind.column_count = 1;
        options.kinds = kinds;
        options.kind_count = 1;
        assert_status(store_open(&options, library->arena, &store), STATUS_INTERNAL, "STORE_KIND");
    }
    struct resource_kind journal = shelf_kind;
    const struct resource_kind *const kinds[] = {&journal};
    journal.plural = "journal";
    options.kinds = kinds;
    assert_status(store_open(&options, library->arena, &store), STATUS_INTERNAL, "STORE_KIND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, library_setup, library_teardown)
        T(the_store_is_of_one_process_at_a_time),
        T(directories_are_made_on_the_way),
        T(a_directory_that_cannot_be_made_is_named),
        T(a_file_that_is_no_store_is_told_and_left_alone),
        T(a_clean_close_leaves_one_database_file),
        T(each_thread_has_a_connection_that_ends_with_it),
        T(a_thread_may_outlive_the_store_that_it_read),
        T(whatever_allocation_fails_a_read_ends_with_a_status),
        T(whatever_allocation_fails_a_write_is_whole_or_nothing),
        T(whatever_allocation_fails_opening_ends_with_a_status),
        T(a_kind_that_cannot_be_stored_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
