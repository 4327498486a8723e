/* dispatch_test.c - tests dispatch.c and service.c: modes, keys, limits, health, draining. */
#include "library.h"

#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "pb/decode.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than any test holds a call. */
enum { HELD_MS = 60000 };

static LIBRARY(CreateBookRequest) * creation(struct library *library, const char *id)
{
    LIBRARY(CreateBookRequest) *request = NEW(library, create_book_request);

    request->parent = (char *)"shelves/s1";
    request->book = library_book(library, "title");
    request->book_id = (char *)id;
    return request;
}

static int setup(void **state)
{
    const int result = library_setup(state);

    library_add_shelf(*state, "s1");
    return result;
}

static void a_retry_with_the_same_key_gets_the_first_answer(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "");
    Book *first = NULL;
    Book *second = NULL;

    library->extra.idempotency_key = "key-1";
    assert_ok(library_call(library, "CreateBook", &request->base, &first));
    assert_false(library->answer.replayed);
    assert_ok(library_call(library, "CreateBook", &request->base, &second));
    assert_true(library->answer.replayed);
    assert_string_equal(first->name, second->name);
    assert_string_equal(first->etag, second->etag);
    library_restart(library);
    assert_ok(library_call(library, "CreateBook", &request->base, &second));
    assert_true(library->answer.replayed);
    assert_string_equal(first->name, second->name);
}

static void a_key_belongs_to_its_request_and_its_caller(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");

    library->extra.idempotency_key = "key-1";
    assert_ok(library_call(library, "CreateBook", &request->base, NULL));
    request->book->page_count = 5;
    assert_status(library_call(library, "CreateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED");
    request->book->page_count = 0;
    library->extra.if_match = "x";
    assert_status(library_call(library, "CreateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED");
    library->extra.if_match = NULL;
    library->extra.caller = "another";
    assert_status(library_call(library, "CreateBook", &request->base, NULL), STATUS_ALREADY_EXISTS,
                  "RESOURCE_EXISTS");
}

static void a_request_id_is_a_key_too(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    char long_key[257];

    request->request_id = (char *)"key-1";
    assert_ok(library_call(library, "CreateBook", &request->base, NULL));
    library->extra.idempotency_key = "key-1";
    assert_ok(library_call(library, "CreateBook", &request->base, NULL));
    assert_true(library->answer.replayed);
    request->request_id = (char *)"";
    assert_ok(library_call(library, "CreateBook", &request->base, NULL));
    assert_true(library->answer.replayed);
    request->request_id = (char *)"key-2";
    assert_status(library_call(library, "CreateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_MISMATCH");
    memset(long_key, 'k', 256);
    long_key[256] = '\0';
    library->extra.idempotency_key = NULL;
    request->request_id = long_key;
    assert_status(library_call(library, "CreateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_IDEMPOTENCY_KEY");
}

static void a_refusal_is_replayed_with_its_details(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");

    request->book->page_count = -1;
    library->extra.idempotency_key = "key-1";
    for (int i = 0; i < 2; i++) {
        assert_status(library_call(library, "CreateBook", &request->base, NULL),
                      STATUS_INVALID_ARGUMENT, "INVALID_PAGE_COUNT");
        assert_int_equal(library->answer.replayed, i == 1);
        assert_string_equal(library->answer.status.field, "book.pageCount");
        assert_string_equal(library->answer.status.message, "pageCount is negative");
        assert_string_equal(library_metadata(library, "least"), "0");
    }
}

static void a_trial_answers_the_same_and_stores_nothing(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    Book *book = NULL;

    library->extra.idempotency_key = "key-1";
    request->validate_only = true;
    for (int i = 0; i < 2; i++) {
        assert_ok(library_call(library, "CreateBook", &request->base, &book));
        assert_false(library->answer.replayed);
        assert_string_equal(book->name, "shelves/s1/books/b1");
        assert_int_equal(book->revision, 1);
    }
    assert_status(library_get(library, "shelves/s1/books/b1", NULL), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    request->book->page_count = -1;
    assert_status(library_call(library, "CreateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_PAGE_COUNT");
    request->book->page_count = 0;
    request->validate_only = false;
    assert_ok(library_call(library, "CreateBook", &request->base, NULL));
    assert_false(library->answer.replayed);
}

static void inner_failures_leak_no_text(void **state)
{
    struct library *library = *state;
    LIBRARY(FailRequest) *request = NEW(library, fail_request);

    assert_status(library_call(library, "Fail", &request->base, NULL), STATUS_INTERNAL, "INTERNAL");
    assert_string_equal(library->answer.status.message, "internal error");
    assert_null(library->answer.status.field);
}

static struct status raw_call(struct library *library, const char *method, const void *payload,
                              struct rpc_answer *ret_answer)
{
    const struct rpc_request request = {.method = method, .timeout_ms = 5000, .payload = payload};
    struct rpc_reply *reply = NULL;

    TRY(rpc_client_call_wait(library->client, &request, &reply));
    const struct status status = rpc_reply_parse(reply, library->arena, ret_answer);
    ret_answer->payload.data = arena_copy(library->arena, ret_answer->payload);
    rpc_reply_free(reply);
    TRY(status);
    return ret_answer->status;
}

static void a_method_that_is_none_is_unimplemented(void **state)
{
    struct library *library = *state;
    struct rpc_answer answer = {0};

    assert_status(raw_call(library, "dongkhoi.library.v1.LibraryService/Burn", NULL, &answer),
                  STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD");
    assert_status(raw_call(library, "", NULL, &answer), STATUS_UNIMPLEMENTED, "UNKNOWN_METHOD");
}

static void a_payload_of_another_type_is_malformed(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *request = NEW(library, block_request);
    struct rpc_answer answer = {0};

    request->held = true; /* field 1 is a number there, a text in GetBook */
    assert_status(raw_call(library, "dongkhoi.library.v1.LibraryService/GetBook", request, &answer),
                  STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE");
}

static void every_service_answers_for_its_health(void **state)
{
    struct library *library = *state;
    Dongkhoi__Rpc__V1__CheckHealthRequest request = DONGKHOI__RPC__V1__CHECK_HEALTH_REQUEST__INIT;
    struct rpc_answer answer = {0};
    void *message = NULL;

    assert_ok(raw_call(library, "dongkhoi.rpc.v1.HealthService/CheckHealth", &request, &answer));
    assert_ok(message_decode(library->arena, &dongkhoi__rpc__v1__check_health_response__descriptor,
                             answer.payload, &message));
    const Dongkhoi__Rpc__V1__CheckHealthResponse *health = message;
    assert_string_equal(health->service, "library");
    assert_true(health->serving);
    assert_true(health->writable);
    assert_string_equal(health->message, "");
    assert_int_equal(health->seq, 1);
    assert_true(health->program_version[0] != '\0');
}

/* Counts answers by reason; "" is OK. */
struct tally {
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    unsigned count;
    unsigned ok;
    unsigned full;
    unsigned late;
    unsigned refused; /* certainly not done: SHUTTING_DOWN, SERVICE_DOWN */
    unsigned other;
};

#define TALLY_INIT                                                                                 \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static void tally_add(struct tally *tally, struct status status)
{
    const char *reason = status.code != STATUS_OK ? status_reason(status)->name : "";

    pthread_mutex_lock(&tally->lock);
    tally->count++;
    tally->ok += reason[0] == '\0';
    tally->full += strcmp(reason, "QUEUE_FULL") == 0;
    tally->late += strcmp(reason, "DEADLINE_EXCEEDED") == 0;
    const bool refused =
        strcmp(reason, "SHUTTING_DOWN") == 0 || strcmp(reason, "SERVICE_DOWN") == 0;
    tally->refused += refused;
    tally->other = tally->count - tally->ok - tally->full - tally->late - tally->refused;
    pthread_cond_broadcast(&tally->changed);
    pthread_mutex_unlock(&tally->lock);
}

static void tally_wait(struct tally *tally, unsigned count)
{
    pthread_mutex_lock(&tally->lock);
    while (tally->count < count) {
        pthread_cond_wait(&tally->changed, &tally->lock);
    }
    pthread_mutex_unlock(&tally->lock);
}

static void on_tally(void *arg, struct status status, struct rpc_reply *reply)
{
    struct arena *arena = arena_new(1 << 20);
    struct rpc_answer answer = {0};

    if (status.code == STATUS_OK) {
        status = rpc_reply_parse(reply, arena, &answer);
    }
    tally_add(arg, status.code == STATUS_OK ? answer.status : status);
    rpc_reply_free(reply);
    arena_free(arena);
}

static void start(struct library *library, const char *method, const void *payload,
                  uint32_t timeout_ms, struct tally *tally)
{
    char name[128];

    (void)snprintf(name, sizeof(name), "dongkhoi.library.v1.LibraryService/%s", method);
    const struct rpc_request request = {
        .method = name, .timeout_ms = timeout_ms, .payload = payload};
    const struct status status = rpc_client_call(library->client, &request, on_tally, tally);
    if (status.code != STATUS_OK) {
        tally_add(tally, status);
    }
}

static void a_pool_that_is_held_up_does_not_stop_quick_reads_and_writes(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    struct tally tally = TALLY_INIT;

    library_add_book(library, "shelves/s1", "b1", "title");
    block->held = true;
    for (int i = 0; i < 8; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    library_wait_held(4);
    for (int i = 0; i < 20; i++) {
        assert_ok(library_get(library, "shelves/s1/books/b1", NULL));
    }
    library_add_book(library, "shelves/s1", "b2", "title");
    assert_int_equal(tally.count, 0);
    library_release();
    tally_wait(&tally, 8);
    assert_int_equal(tally.ok, 8);
}

static void work_that_nobody_waits_for_is_dropped(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    struct tally tally = TALLY_INIT;

    block->held = true;
    for (int i = 0; i < 4; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    library_wait_held(4);
    for (int i = 0; i < 40; i++) {
        start(library, "Block", block, 100, &tally);
    }
    tally_wait(&tally, 40);
    assert_int_equal(tally.late, 40);
    /* The service counts from when the call came in, which may be a little later. */
    (void)usleep(200000);
    library_release();
    tally_wait(&tally, 44);
    assert_int_equal(tally.ok, 4);
    /* One that comes behind them finds that they have left without having been run. */
    assert_ok(library_call(library, "Block", &block->base, NULL));
    assert_int_equal(library_blocks(), 4 + 1);
}

static void a_full_pool_refuses_at_once_and_quick_reads_go_on(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    struct tally tally = TALLY_INIT;

    library_add_book(library, "shelves/s1", "b1", "title");
    block->held = true;
    for (int i = 0; i < 4; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    library_wait_held(4);
    for (int i = 0; i < 300; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    tally_wait(&tally, 44);
    assert_int_equal(tally.full, 44); /* 256 wait */
    assert_ok(library_get(library, "shelves/s1/books/b1", NULL));
    assert_int_equal(tally.count, 44); /* none of those that are held */
    library_release();
    tally_wait(&tally, 304);
    assert_int_equal(tally.ok, 260);
}

/* Pool jobs that carry a large field, and wait behind ones that block. */
static void too_many_bytes_under_way_are_refused(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    LIBRARY(ListBooksRequest) *large = NEW(library, list_books_request);
    const size_t length = (size_t)5 << 20;
    char *text = malloc(length + 1);
    struct tally tally = TALLY_INIT;

    memset(text, 'x', length);
    text[length] = '\0';
    block->held = true;
    for (int i = 0; i < 4; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    library_wait_held(4);
    large->parent = (char *)"shelves/s1";
    large->page_token = text; /* refused when it is looked at */
    for (int i = 0; i < 8; i++) {
        start(library, "ListBooks", large, HELD_MS, &tally);
    }
    tally_wait(&tally, 2);
    library_release();
    tally_wait(&tally, 12);
    assert_int_equal(tally.ok, 4);
    assert_int_equal(tally.full, 2);  /* six of them are within 32 MiB */
    assert_int_equal(tally.other, 6); /* INVALID_PAGE_TOKEN */
    assert_ok(library_call(library, "Block", &block->base, NULL));
    free(text);
}

enum { LOAD_THREADS = 4 };

struct load {
    struct library *library;
    struct tally *tally;
    int number;
    atomic_bool *stop;
    atomic_int *created;
};

static void *load_run(void *arg)
{
    struct load *load = arg;
    struct arena *arena = arena_new(1 << 20);

    for (int i = 0; !atomic_load(load->stop); i++) {
        LIBRARY(CreateBookRequest) request = DONGKHOI__LIBRARY__V1__CREATE_BOOK_REQUEST__INIT;
        Book book = DONGKHOI__LIBRARY__V1__BOOK__INIT;
        Title title = DONGKHOI__LIBRARY__V1__TITLE__INIT;
        char id[32];
        struct rpc_reply *reply = NULL;
        struct rpc_answer answer = {0};
        (void)snprintf(id, sizeof(id), "t%d-%d", load->number, i);
        title.vi = (char *)"title";
        book.display_name = &title;
        request.book = &book;
        request.parent = (char *)"shelves/s1";
        request.book_id = id;
        const struct rpc_request call = {
            .method = "dongkhoi.library.v1.LibraryService/CreateBook",
            .timeout_ms = 10000,
            .payload = &request.base,
        };
        struct status status = rpc_client_call_wait(load->library->client, &call, &reply);
        if (status.code == STATUS_OK) {
            status = rpc_reply_parse(reply, arena, &answer);
        }
        status = status.code == STATUS_OK ? answer.status : status;
        tally_add(load->tally, status);
        if (status.code == STATUS_OK) {
            atomic_fetch_add(load->created, 1);
        }
        rpc_reply_free(reply);
        arena_reset(arena);
        if (status.code != STATUS_OK) {
            (void)usleep(2000);
        }
    }
    arena_free(arena);
    return NULL;
}

static unsigned books_count(struct library *library)
{
    LIBRARY(ListBooksRequest) *request = NEW(library, list_books_request);
    LIBRARY(ListBooksResponse) *page = NULL;
    unsigned count = 0;

    request->parent = (char *)"shelves/s1";
    request->page_size = 1000;
    request->page_token = (char *)"";
    do {
        assert_ok(library_call(library, "ListBooks", &request->base, &page));
        count += (unsigned)page->n_books;
        request->page_token = page->next_page_token;
    } while (page->next_page_token[0] != '\0');
    return count;
}

static void draining_under_load_leaves_no_outcome_open(void **state)
{
    struct library *library = *state;
    struct tally tally = TALLY_INIT;
    struct load loads[LOAD_THREADS];
    pthread_t threads[LOAD_THREADS];
    atomic_bool stop = false;
    atomic_int created = 0;

    for (int i = 0; i < LOAD_THREADS; i++) {
        loads[i] = (struct load){library, &tally, i, &stop, &created};
        assert_int_equal(pthread_create(&threads[i], NULL, load_run, &loads[i]), 0);
    }
    tally_wait(&tally, 50);
    assert_true(service_close(library->instance, 8000));
    library->instance = NULL;
    atomic_store(&stop, true);
    for (int i = 0; i < LOAD_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(tally.ok + tally.refused, tally.count);
    library_restart(library);
    assert_int_equal(books_count(library), (unsigned)created);
}

/* Lets what is held go once new calls are refused, which is how a drain begins. */
static void *release_when_draining(void *arg)
{
    struct library *library = arg;
    LIBRARY(GetBookRequest) get = DONGKHOI__LIBRARY__V1__GET_BOOK_REQUEST__INIT;
    struct tally tally = TALLY_INIT;

    get.name = (char *)"shelves/s1/books/none";
    for (unsigned asked = 1; tally.refused == 0; asked++) {
        start(library, "GetBook", &get, HELD_MS, &tally);
        tally_wait(&tally, asked);
    }
    library_release();
    return NULL;
}

static void calls_under_way_are_answered_by_the_drain(void **state)
{
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    struct tally tally = TALLY_INIT;
    pthread_t releasing;

    block->held = true;
    for (int i = 0; i < 8; i++) {
        start(library, "Block", block, HELD_MS, &tally);
    }
    library_wait_held(4);
    assert_int_equal(pthread_create(&releasing, NULL, release_when_draining, library), 0);
    assert_true(service_close(library->instance, 8000));
    library->instance = NULL;
    pthread_join(releasing, NULL);
    tally_wait(&tally, 8);
    assert_int_equal(tally.ok, 8);
}

static void one_process_at_a_time_has_the_store(void **state)
{
    struct library *library = *state;
    struct service_instance *second = NULL;

    assert_status(service_open(&library_service, library->directory, "tcp://127.0.0.1:0",
                               library->arena, &second),
                  STATUS_FAILED_PRECONDITION, "STORE_IN_USE");
    assert_null(second);
}

static void a_method_table_with_a_hole_or_a_stranger_is_refused(void **state)
{
    struct method methods[20];
    struct service service = library_service;
    struct arena *arena = arena_new(16 << 20);
    struct service_instance *instance = NULL;
    char directory[] = "/tmp/serve-table-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(directory));
    memcpy(methods, service.methods, service.method_count * sizeof(methods[0]));
    service.methods = methods;
    service.method_count--;
    assert_status(service_open(&service, directory, "tcp://127.0.0.1:0", arena, &instance),
                  STATUS_INTERNAL, "METHOD_TABLE");
    service.method_count += 2;
    methods[service.method_count - 1] = (struct method){"Burn", METHOD_QUICK, NULL, NULL};
    assert_status(service_open(&service, directory, "tcp://127.0.0.1:0", arena, &instance),
                  STATUS_INTERNAL, "METHOD_TABLE");
    methods[service.method_count - 1] = methods[0];
    assert_status(service_open(&service, directory, "tcp://127.0.0.1:0", arena, &instance),
                  STATUS_INTERNAL, "METHOD_TABLE");
    library_remove_directory(directory);
    arena_free(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_retry_with_the_same_key_gets_the_first_answer),
        TEST(a_key_belongs_to_its_request_and_its_caller),
        TEST(a_request_id_is_a_key_too),
        TEST(a_refusal_is_replayed_with_its_details),
        TEST(a_trial_answers_the_same_and_stores_nothing),
        TEST(inner_failures_leak_no_text),
        TEST(a_method_that_is_none_is_unimplemented),
        TEST(a_payload_of_another_type_is_malformed),
        TEST(every_service_answers_for_its_health),
        TEST(a_pool_that_is_held_up_does_not_stop_quick_reads_and_writes),
        TEST(work_that_nobody_waits_for_is_dropped),
        TEST(a_full_pool_refuses_at_once_and_quick_reads_go_on),
        TEST(too_many_bytes_under_way_are_refused),
        TEST(draining_under_load_leaves_no_outcome_open),
        TEST(calls_under_way_are_answered_by_the_drain),
        TEST(one_process_at_a_time_has_the_store),
        cmocka_unit_test(a_method_table_with_a_hole_or_a_stranger_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
