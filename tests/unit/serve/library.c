/* library.c - a service of shelves and books, and a client of it, for the tests of serve/. */
#include "library.h"

#include "base/log.h"
#include "pb/decode.h"
#include "pb/message.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

OWN_REASON(SECRET_REASON, INTERNAL);
OWN_REASON(INVALID_PAGE_COUNT, INVALID_ARGUMENT);
OWN_REASON(BOOK_LENT, FAILED_PRECONDITION);

enum { ARENA_BYTES = 64 << 20, CLOSE_MS = 10000 };

__asm__(".section .rodata\n"
        "library_descriptor_set_start:\n"
        ".incbin \"" LIBRARY_DESCRIPTOR_SET "\"\n"
        "library_descriptor_set_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char library_descriptor_set_start[];
extern const char library_descriptor_set_end[];

static struct slice descriptor_set(void)
{
    return (struct slice){
        .data = library_descriptor_set_start,
        .length = (size_t)(library_descriptor_set_end - library_descriptor_set_start),
    };
}

static struct status prepare_book(struct call *call, const void *before, void *resource)
{
    Book *book = resource;

    TRY(call_check_length(call, "displayName.vi", book->display_name->vi, 20));
    if (book->page_count < 0) {
        call_metadata(call, "least", "0");
        return REFUSE(call, REASON_INVALID_PAGE_COUNT, "pageCount", "pageCount is negative");
    }
    if (before == NULL) {
        book->state = DONGKHOI__LIBRARY__V1__BOOK__STATE__PRESENT;
    }
    return STATUS_NONE;
}

static struct status prepare_delete_book(struct call *call, const void *resource)
{
    const Book *book = resource;

    if (book->state == DONGKHOI__LIBRARY__V1__BOOK__STATE__LENT) {
        return REFUSE(call, REASON_BOOK_LENT, NULL, "%s is lent", book->name);
    }
    return STATUS_NONE;
}

static struct status complete_shelf(struct call *call, void *resource)
{
    Shelf *shelf = resource;

    (void)call;
    shelf->room_length = (int32_t)strlen(shelf->room);
    return STATUS_NONE;
}

static const struct resource_column book_columns[] = {
    {.name = "isbn", .type = COLUMN_TEXT, .path = "isbn", .indexed = true},
};

static const struct resource_kind shelf_kind = {
    .singular = "shelf",
    .plural = "shelves",
    .pattern = "shelves/{shelf}",
    .type = &dongkhoi__library__v1__shelf__descriptor,
    .layout = 1,
    .complete = complete_shelf,
};

static const struct resource_kind book_kind = {
    .singular = "book",
    .plural = "books",
    .pattern = "shelves/{shelf}/books/{book}",
    .type = &dongkhoi__library__v1__book__descriptor,
    .columns = book_columns,
    .column_count = 1,
    .layout = 1,
    .prepare = prepare_book,
    .prepare_delete = prepare_delete_book,
};

static struct status lend_book(struct call *call, const void *request, void *response)
{
    const LIBRARY(LendBookRequest) *req = request;
    void *resource = NULL;

    TRY(standard_load(call, &book_kind, req->name, req->etag, &resource));
    Book *book = resource;
    book->state = DONGKHOI__LIBRARY__V1__BOOK__STATE__LENT;
    return standard_store(call, &book_kind, book, response);
}

static struct status upsert_books(struct call *call, const void *request, void *response)
{
    const LIBRARY(UpsertBooksRequest) *req = request;
    ProtobufCMessage **stored = arena_array(call->arena, req->n_books, sizeof(ProtobufCMessage *));

    if (stored == NULL) {
        return status_out_of_memory();
    }
    for (size_t i = 0; i < req->n_books; i++) {
        void *book = NULL;
        const char *field = arena_printf(call->arena, "books[%zu]", i);
        TRY(standard_upsert(call, &book_kind, req->parent, req->books[i], field, &book));
        stored[i] = book;
    }
    (void)message_set_list(response, "books", stored, req->n_books);
    return STATUS_NONE;
}

/* Where Block calls are held. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    int held;
    int blocks;
} barrier = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void barrier_set(bool is_open)
{
    pthread_mutex_lock(&barrier.lock);
    barrier.is_open = is_open;
    pthread_cond_broadcast(&barrier.changed);
    pthread_mutex_unlock(&barrier.lock);
}

void library_release(void)
{
    barrier_set(true);
}

void library_wait_held(int count)
{
    pthread_mutex_lock(&barrier.lock);
    while (barrier.held < count) {
        pthread_cond_wait(&barrier.changed, &barrier.lock);
    }
    pthread_mutex_unlock(&barrier.lock);
}

int library_blocks(void)
{
    pthread_mutex_lock(&barrier.lock);
    const int blocks = barrier.blocks;
    pthread_mutex_unlock(&barrier.lock);
    return blocks;
}

static struct status block(struct call *call, const void *request, void *response)
{
    const LIBRARY(BlockRequest) *req = request;

    (void)call;
    (void)response;
    pthread_mutex_lock(&barrier.lock);
    barrier.blocks++;
    barrier.held += req->held;
    pthread_cond_broadcast(&barrier.changed);
    while (req->held && !barrier.is_open) {
        pthread_cond_wait(&barrier.changed, &barrier.lock);
    }
    barrier.held -= req->held;
    pthread_mutex_unlock(&barrier.lock);
    return STATUS_NONE;
}

static struct status fail_inside(struct call *call, const void *request, void *response)
{
    (void)request;
    (void)response;
    return status_make(call->arena, REASON_SECRET_REASON, "secret", "secret: %d", 483);
}

static const struct method methods[] = {
    {"GetShelf", METHOD_QUICK, standard_get, &shelf_kind},
    {"ListShelves", METHOD_POOL, standard_list, &shelf_kind},
    {"CreateShelf", METHOD_WRITE, standard_create, &shelf_kind},
    {"DeleteShelf", METHOD_WRITE, standard_delete, &shelf_kind},
    {"GetBook", METHOD_QUICK, standard_get, &book_kind},
    {"ListBooks", METHOD_POOL, standard_list, &book_kind},
    {"CreateBook", METHOD_WRITE, standard_create, &book_kind},
    {"UpdateBook", METHOD_WRITE, standard_update, &book_kind},
    {"DeleteBook", METHOD_WRITE, standard_delete, &book_kind},
    {"LendBook", METHOD_WRITE, lend_book, NULL},
    {"UpsertBooks", METHOD_WRITE, upsert_books, NULL},
    {"GetHistory", METHOD_POOL, standard_history, NULL},
    {"Block", METHOD_POOL, block, NULL},
    {"Fail", METHOD_POOL, fail_inside, NULL},
};

static const struct resource_kind *const kinds[] = {&shelf_kind, &book_kind};

const struct service library_service = {
    .name = "library",
    .purpose = "shelves and books",
    .default_addresses = "tcp://127.0.0.1:7199",
    .descriptor = &dongkhoi__library__v1__library_service__descriptor,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .kinds = kinds,
    .kind_count = 2,
    .descriptor_set = descriptor_set,
};

static void library_start(struct library *library)
{
    char address[64];

    barrier_set(false);
    const struct service_options service_options = {
        .directory = library->directory,
        .address = "tcp://127.0.0.1:0",
        .lease_ms = library->lease_ms,
    };
    assert_ok(
        service_open_with(&library_service, &service_options, library->arena, &library->instance));
    library->port = service_port(library->instance);
    (void)snprintf(address, sizeof(address), "tcp://127.0.0.1:%u", (unsigned)library->port);
    const struct rpc_client_options options = {
        .service = "library", .addresses = address, .max_in_flight = 1280};
    assert_ok(rpc_client_open(&options, library->arena, &library->client));
    for (int i = 0; i < 500 && !rpc_client_connected(library->client); i++) {
        (void)usleep(10000);
    }
    assert_true(rpc_client_connected(library->client));
}

static void library_stop(struct library *library)
{
    library_release(); /* what a test that failed has left held */
    rpc_client_close(library->client, CLOSE_MS);
    library->client = NULL;
    assert_true(service_close(library->instance, CLOSE_MS));
    library->instance = NULL;
}

void library_restart(struct library *library)
{
    library_stop(library);
    library_start(library);
}

int library_setup(void **state)
{
    struct library *library = calloc(1, sizeof(*library));

    log_init("test", LOG_ERROR);
    (void)snprintf(library->directory, sizeof(library->directory), "/tmp/serve-test-XXXXXX");
    assert_non_null(mkdtemp(library->directory));
    library->arena = arena_new(ARENA_BYTES);
    barrier.blocks = 0;
    library_start(library);
    *state = library;
    return 0;
}

void library_remove_directory(const char *path)
{
    DIR *directory = opendir(path);

    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    (void)closedir(directory);
    (void)rmdir(path);
}

int library_teardown(void **state)
{
    struct library *library = *state;

    library_stop(library);
    library_remove_directory(library->directory);
    arena_free(library->arena);
    free(library);
    return 0;
}

static const ProtobufCMessageDescriptor *response_type(const char *method)
{
    const ProtobufCServiceDescriptor *service = library_service.descriptor;

    for (unsigned i = 0; i < service->n_methods; i++) {
        if (strcmp(service->methods[i].name, method) == 0) {
            return service->methods[i].output;
        }
    }
    fail_msg("no method %s", method);
    return NULL;
}

struct status library_call_any(struct library *library, const char *method,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *type, void *ret_response)
{
    struct rpc_request call = library->extra;
    struct rpc_reply *reply = NULL;
    void *response = NULL;

    call.method = method;
    call.payload = request;
    if (call.timeout_ms == 0) {
        call.timeout_ms = 20000;
    }
    TRY(rpc_client_call_wait(library->client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, library->arena, &library->answer));
    assert_int_equal(library->answer.version_count, 1);
    assert_string_equal(library->answer.versions[0].service, "library");
    if (library->answer.status.code == STATUS_OK) {
        assert_ok(message_decode(library->arena, type, library->answer.payload, &response));
    }
    rpc_reply_free(reply);
    TRY(library->answer.status);
    if (ret_response != NULL) {
        *(void **)ret_response = response;
    }
    return STATUS_NONE;
}

struct status library_call(struct library *library, const char *method,
                           const ProtobufCMessage *request, void *ret_response)
{
    const char *name =
        arena_printf(library->arena, "dongkhoi.library.v1.LibraryService/%s", method);

    return library_call_any(library, name, request, response_type(method), ret_response);
}

void *library_new(struct library *library, const ProtobufCMessageDescriptor *type)
{
    void *message = message_new(library->arena, type);

    assert_non_null(message);
    return message;
}

Book *library_book(struct library *library, const char *title)
{
    Book *book = NEW(library, book);

    book->display_name = NEW(library, title);
    book->display_name->vi = (char *)title;
    return book;
}

void library_add_shelf(struct library *library, const char *id)
{
    LIBRARY(CreateShelfRequest) *request = NEW(library, create_shelf_request);

    request->shelf = NEW(library, shelf);
    request->shelf->room = (char *)"A1";
    request->shelf_id = (char *)id;
    assert_ok(library_call(library, "CreateShelf", &request->base, NULL));
}

Book *library_add_book(struct library *library, const char *parent, const char *id,
                       const char *title)
{
    LIBRARY(CreateBookRequest) *request = NEW(library, create_book_request);
    Book *book = NULL;

    request->parent = (char *)parent;
    request->book = library_book(library, title);
    request->book_id = (char *)id;
    assert_ok(library_call(library, "CreateBook", &request->base, &book));
    return book;
}

struct status library_get(struct library *library, const char *name, Book **ret_book)
{
    LIBRARY(GetBookRequest) *request = NEW(library, get_book_request);

    request->name = (char *)name;
    return library_call(library, "GetBook", &request->base, ret_book);
}

struct status library_update(struct library *library, Book *book, const char *path, Book **ret_book)
{
    LIBRARY(UpdateBookRequest) *request = NEW(library, update_book_request);
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)path};

    request->book = book;
    if (path != NULL) {
        mask.n_paths = 1;
        mask.paths = paths;
        request->update_mask = &mask;
    }
    return library_call(library, "UpdateBook", &request->base, ret_book);
}

const char *library_metadata(struct library *library, const char *key)
{
    const char *const *pair = library->answer.status.metadata;

    for (; pair != NULL && pair[0] != NULL; pair += 2) {
        if (strcmp(pair[0], key) == 0) {
            return pair[1];
        }
    }
    return NULL;
}
