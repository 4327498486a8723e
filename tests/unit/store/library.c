/* library.c - kinds, directories and synchronous writes for the tests of the store. */
#include "library.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "pb/message.h"
#include "store/db.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20 };

static bool title_length(struct arena *arena, const ProtobufCMessage *message, int64_t *ret_int64,
                         const char **ret_text)
{
    const Library__Book *book = (const Library__Book *)message;

    (void)arena;
    (void)ret_text;
    *ret_int64 = (int64_t)strlen(book->title);
    return book->title[0] != '\0';
}

static const struct resource_column book_columns[] = {
    {.name = "title", .type = COLUMN_TEXT, .path = "title", .indexed = true},
    {.name = "genre",
     .type = COLUMN_TEXT,
     .path = "genre",
     .indexed = true,
     .indexed_across = true},
    {.name = "pages", .type = COLUMN_INT64, .path = "pages", .indexed = true},
    {.name = "publisher", .type = COLUMN_TEXT, .path = "imprint.publisher", .indexed = true},
    {.name = "year", .type = COLUMN_INT64, .path = "imprint.year"},
    {.name = "room", .type = COLUMN_TEXT, .path = "room"},
    {.name = "box", .type = COLUMN_INT64, .path = "box"},
    {.name = "lent", .type = COLUMN_INT64, .path = "lent"},
    {.name = "title_length", .type = COLUMN_INT64, .extract = title_length},
};

const struct resource_kind shelf_kind = {
    .singular = "shelf",
    .plural = "shelves",
    .pattern = "shelves/{shelf}",
    .type = &library__shelf__descriptor,
    .layout = 1,
};

const struct resource_kind book_kind = {
    .singular = "book",
    .plural = "books",
    .pattern = "shelves/{shelf}/books/{book}",
    .type = &library__book__descriptor,
    .columns = book_columns,
    .column_count = sizeof(book_columns) / sizeof(book_columns[0]),
    .layout = 2,
};

const struct resource_kind *const library_kinds[2] = {&shelf_kind, &book_kind};

static _Atomic int64_t clock_us; /* 0: the true one */

static int64_t library_now_us(void)
{
    const int64_t set_us = atomic_load(&clock_us);

    return set_us != 0 ? set_us : clock_now_us();
}

void library_set_clock(int64_t time_us)
{
    atomic_store(&clock_us, time_us);
}

struct store_options library_options(const struct library *library)
{
    return (struct store_options){
        .directory = library->directory,
        .service = "library",
        .kinds = library_kinds,
        .kind_count = 2,
        .clock = {.now_us = library_now_us},
    };
}

void library_open(struct library *library)
{
    const struct store_options options = library_options(library);

    assert_ok(store_open(&options, library->arena, &library->store));
}

void library_close(struct library *library)
{
    store_close(library->store);
    library->store = NULL;
}

void library_reopen(struct library *library)
{
    library_close(library);
    library_open(library);
}

const char *library_file(const struct library *library)
{
    return arena_printf(library->arena, "%s/library.db", library->directory);
}

int library_setup(void **state)
{
    struct library *library = calloc(1, sizeof(*library));

    assert_non_null(library);
    library_set_clock(0);
    library->arena = arena_new(ARENA_BYTES);
    assert_non_null(library->arena);
    directory_make(library->directory);
    library_open(library);
    *state = library;
    return 0;
}

int library_teardown(void **state)
{
    struct library *library = *state;

    library_close(library);
    directory_remove(library->directory);
    arena_free(library->arena);
    free(library);
    return 0;
}

void library_execute(struct library *library, const char *sql)
{
    struct db *db = NULL;

    assert_null(library->store);
    assert_ok(db_open(library_file(library), DB_READ_WRITE, &db));
    assert_ok(db_execute(db, sql));
    assert_ok(db_checkpoint(db, DB_CHECKPOINT_TRUNCATE));
    db_close(db);
}

static struct status on_run(struct write *write, struct tx *tx)
{
    struct job *job = (struct job *)write;

    job->runs++;
    return status_within(write->arena, job->act(job, tx));
}

static void on_done(struct write *write)
{
    struct job *job = (struct job *)write;

    job->answers++;
    (void)sem_post(&job->answered);
}

struct job job_make(struct library *library, struct status (*act)(struct job *, struct tx *),
                    const char *name)
{
    struct job job = {.act = act, .name = name, .title = "T", .genre = LIBRARY__GENRE__POETRY};

    job.write = (struct write){
        .caller = "an", .method = "Test", .arena = library->arena, .run = on_run, .done = on_done};
    return job;
}

struct status job_start(struct library *library, struct job *job)
{
    (void)sem_init(&job->answered, 0, 0);
    return store_write(library->store, &job->write);
}

struct status job_wait(struct job *job)
{
    while (sem_wait(&job->answered) != 0) {
    }
    assert_int_equal(job->answers, 1);
    return job->write.status;
}

struct status job_run(struct library *library, struct job *job)
{
    job->answers = 0;
    TRY(job_start(library, job));
    return job_wait(job);
}

static Library__Book *book_of(struct job *job, struct tx *tx)
{
    Library__Book *book = message_new(tx->arena, &library__book__descriptor);

    if (book == NULL) {
        return NULL;
    }
    book->name = (char *)job->name;
    book->title = (char *)job->title;
    book->genre = job->genre;
    book->pages = job->pages;
    if (job->publisher != NULL) {
        book->imprint = message_new(tx->arena, &library__imprint__descriptor);
        if (book->imprint == NULL) {
            return NULL;
        }
        book->imprint->publisher = (char *)job->publisher;
    }
    book->scan.len = job->scan_bytes;
    book->scan.data = job->scan_bytes > 0 ? arena_alloc(tx->arena, job->scan_bytes) : NULL;
    return job->scan_bytes > 0 && book->scan.data == NULL ? NULL : book;
}

struct status act_create(struct job *job, struct tx *tx)
{
    job->book = book_of(job, tx);
    if (job->book == NULL) {
        return status_out_of_memory();
    }
    TRY(resource_create(tx, &book_kind, job->book));
    return message_pack(tx->arena, &job->book->base, &job->write.answer);
}

struct status act_update(struct job *job, struct tx *tx)
{
    job->book = book_of(job, tx);
    if (job->book == NULL) {
        return status_out_of_memory();
    }
    TRY(resource_update(tx, &book_kind, job->book));
    return message_pack(tx->arena, &job->book->base, &job->write.answer);
}

struct status act_delete(struct job *job, struct tx *tx)
{
    return resource_delete(tx, &book_kind, job->name);
}

struct status act_create_shelf(struct job *job, struct tx *tx)
{
    Library__Shelf *shelf = message_new(tx->arena, &library__shelf__descriptor);

    if (shelf == NULL) {
        return status_out_of_memory();
    }
    shelf->name = (char *)job->name;
    shelf->title = (char *)job->title;
    return resource_create(tx, &shelf_kind, shelf);
}

struct status act_create_then_fail(struct job *job, struct tx *tx)
{
    TRY(act_create(job, tx));
    job->write.answer = slice_from("details");
    return status_make(tx->arena, STATUS_FAILED_PRECONDITION, "SHELF_FULL", "name",
                       "the shelf of %s is full", job->name);
}

static struct status book_act(struct library *library,
                              struct status (*act)(struct job *, struct tx *), const char *name,
                              const char *title, int32_t pages)
{
    struct job job = job_make(library, act, name);

    job.title = title;
    job.pages = pages;
    return job_run(library, &job);
}

struct status book_create(struct library *library, const char *name, const char *title,
                          int32_t pages)
{
    return book_act(library, act_create, name, title, pages);
}

struct status book_update(struct library *library, const char *name, const char *title,
                          int32_t pages)
{
    return book_act(library, act_update, name, title, pages);
}

struct status book_delete(struct library *library, const char *name)
{
    return book_act(library, act_delete, name, "", 0);
}

static struct status titles_in(struct tx *tx, const struct list_request *request,
                               const char **ret_titles, const char **ret_token)
{
    ProtobufCMessage **messages = NULL;
    size_t count = 0;
    struct buffer titles;

    if (request->as_of_us != 0) {
        TRY(tx_set_as_of(tx, request->as_of_us));
    }
    TRY(resource_list(tx, &book_kind, &request->page, &messages, &count, ret_token));
    buffer_init(&titles, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&titles, "%s%s", i > 0 ? "," : "", ((Library__Book *)messages[i])->title);
    }
    *ret_titles = arena_copy(tx->arena, buffer_slice(&titles));
    buffer_done(&titles);
    return STATUS_NONE;
}

struct status list_titles(struct library *library, const struct list_request *request,
                          const char **ret_titles, const char **ret_token)
{
    struct tx tx;

    TRY(store_read_begin(library->store, library->arena, &tx));
    const struct status status = titles_in(&tx, request, ret_titles, ret_token);
    store_read_end(&tx);
    return status;
}

struct status book_get(struct library *library, const char *name, int64_t as_of_us,
                       Library__Book **ret_book)
{
    struct tx tx;
    void *book = NULL;

    TRY(store_read_begin(library->store, library->arena, &tx));
    struct status status = as_of_us != 0 ? tx_set_as_of(&tx, as_of_us) : STATUS_NONE;
    if (status.code == STATUS_OK) {
        status = resource_get(&tx, &book_kind, name, &book);
    }
    store_read_end(&tx);
    TRY(status);
    *ret_book = book;
    return STATUS_NONE;
}

int64_t timestamp_us(const Google__Protobuf__Timestamp *timestamp)
{
    assert_non_null(timestamp);
    return timestamp->seconds * 1000000 + timestamp->nanos / 1000;
}
