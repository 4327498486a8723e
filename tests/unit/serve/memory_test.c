/* memory_test.c - the standard methods with too little memory, allocation by allocation. */
#include "library.h"

#include "pb/message.h"
#include "pb/schema.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP_BYTES = 16, LIMIT_MAX_BYTES = 4 << 20 };

struct bench {
    struct library library; /* for its directory and arena only */
    const struct schema *schema;
    struct store *store;
};

/* One write of a handler, waited for. */
struct trial {
    struct write write;
    struct call call;
    const struct method *method;
    const ProtobufCMessage *request;
    pthread_mutex_t lock; /* guards the field below */
    pthread_cond_t changed;
    bool done;
};

static const struct method *method_named(const char *name)
{
    for (size_t i = 0; i < library_service.method_count; i++) {
        if (strcmp(library_service.methods[i].name, name) == 0) {
            return &library_service.methods[i];
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static const ProtobufCMessageDescriptor *output_of(const char *name)
{
    const ProtobufCServiceDescriptor *service = library_service.descriptor;
    unsigned i = 0;

    while (strcmp(service->methods[i].name, name) != 0) {
        i++;
    }
    return service->methods[i].output;
}

static struct status handle(struct trial *trial, struct tx *tx)
{
    void *response = message_new(trial->call.arena, output_of(trial->method->name));
    void *request = message_clone(trial->call.arena, trial->request);

    trial->call.tx = tx;
    trial->call.now_us = tx->time_us;
    return status_within(trial->call.arena,
                         trial->method->handler(&trial->call, request, response));
}

static struct status on_run(struct write *write, struct tx *tx)
{
    return handle((struct trial *)write, tx);
}

static void on_done(struct write *write)
{
    struct trial *trial = (struct trial *)write;

    pthread_mutex_lock(&trial->lock);
    trial->done = true;
    pthread_cond_signal(&trial->changed);
    pthread_mutex_unlock(&trial->lock);
}

static struct status try_write(struct bench *bench, struct trial *trial)
{
    trial->write.run = on_run;
    trial->write.done = on_done;
    trial->write.caller = "an";
    trial->write.method = trial->method->name;
    trial->write.arena = trial->call.arena;
    TRY(store_write(bench->store, &trial->write));
    pthread_mutex_lock(&trial->lock);
    while (!trial->done) {
        pthread_cond_wait(&trial->changed, &trial->lock);
    }
    pthread_mutex_unlock(&trial->lock);
    return trial->write.status;
}

static struct status try_read(struct bench *bench, struct trial *trial)
{
    struct tx tx = {0};

    TRY(store_read_begin(bench->store, trial->call.arena, &tx));
    const struct status status = handle(trial, &tx);
    store_read_end(&tx);
    return status;
}

static struct status try_once(struct bench *bench, const struct method *method,
                              const ProtobufCMessage *request, size_t limit_bytes)
{
    struct arena *arena = arena_new(limit_bytes);
    struct trial trial = {
        .method = method,
        .request = request,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .call = {.arena = arena,
                 .method = method,
                 .service = &library_service,
                 .schema = bench->schema,
                 .caller = "an",
                 .if_match = ""},
    };
    struct status status = STATUS_NONE;

    if (method->mode == METHOD_WRITE) {
        status = try_write(bench, &trial);
    } else {
        status = try_read(bench, &trial);
    }
    if (status.code != STATUS_OK && status.code != STATUS_RESOURCE_EXHAUSTED) {
        fail_msg("with %zu bytes %s ends with %s: %s", limit_bytes, method->name,
                 status_code_name(status.code), status.message);
    }
    arena_free(arena);
    return (struct status){.code = status.code};
}

/* Raises the limit until the call succeeds. */
static void starve(struct bench *bench, const char *name, const ProtobufCMessage *request)
{
    const struct method *method = method_named(name);
    size_t limit = 0;

    while (try_once(bench, method, request, limit).code != STATUS_OK) {
        limit += STEP_BYTES;
        assert_true(limit < LIMIT_MAX_BYTES);
    }
    assert_true(limit > 0);
}

static void whatever_allocation_fails_the_call_ends_with_a_status(void **state)
{
    struct bench *bench = *state;
    struct library *library = &bench->library;
    LIBRARY(CreateShelfRequest) *shelf = NEW(library, create_shelf_request);
    LIBRARY(CreateBookRequest) *create = NEW(library, create_book_request);
    LIBRARY(UpdateBookRequest) *update = NEW(library, update_book_request);
    LIBRARY(UpsertBooksRequest) *upsert = NEW(library, upsert_books_request);
    LIBRARY(GetShelfRequest) *get = NEW(library, get_shelf_request);
    LIBRARY(ListBooksRequest) *list = NEW(library, list_books_request);
    LIBRARY(GetHistoryRequest) *history = NEW(library, get_history_request);
    LIBRARY(DeleteBookRequest) *removal = NEW(library, delete_book_request);
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)"displayName.en", (char *)"page_count"};

    shelf->shelf = NEW(library, shelf);
    shelf->shelf->room = (char *)"A1";
    shelf->shelf_id = (char *)"s1";
    starve(bench, "CreateShelf", &shelf->base);
    create->parent = (char *)"shelves/s1";
    create->book = library_book(library, "title");
    create->book_id = (char *)"b1";
    starve(bench, "CreateBook", &create->base);
    update->book = library_book(library, "other");
    update->book->name = (char *)"shelves/s1/books/b1";
    update->book->page_count = 7;
    mask.paths = paths;
    mask.n_paths = 2;
    update->update_mask = &mask;
    starve(bench, "UpdateBook", &update->base);
    upsert->parent = (char *)"shelves/s1";
    Book *books[] = {library_book(library, "new")};
    upsert->books = books;
    upsert->n_books = 1;
    starve(bench, "UpsertBooks", &upsert->base);
    get->name = (char *)"shelves/s1";
    starve(bench, "GetShelf", &get->base);
    list->parent = (char *)"shelves/-";
    list->filter = (char *)"page_count = 7";
    starve(bench, "ListBooks", &list->base);
    history->name = (char *)"shelves/s1/books/b1";
    starve(bench, "GetHistory", &history->base);
    removal->name = (char *)"shelves/s1/books/b1";
    starve(bench, "DeleteBook", &removal->base);
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    bench->library.arena = arena_new(64 << 20);
    (void)snprintf(bench->library.directory, sizeof(bench->library.directory), "%s",
                   "/tmp/serve-memory-XXXXXX");
    assert_non_null(mkdtemp(bench->library.directory));
    assert_ok(schema_load(bench->library.arena, library_service.descriptor_set(),
                          &library_service.descriptor, 1, &bench->schema));
    const struct store_options options = {
        .directory = bench->library.directory,
        .service = library_service.name,
        .kinds = library_service.kinds,
        .kind_count = library_service.kind_count,
        .schema = bench->schema,
    };
    assert_ok(store_open(&options, bench->library.arena, &bench->store));
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    store_close(bench->store);
    library_remove_directory(bench->library.directory);
    arena_free(bench->library.arena);
    free(bench);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_allocation_fails_the_call_ends_with_a_status,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
