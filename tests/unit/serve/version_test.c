/* version_test.c - leases through a running service: what waits, what never does, what a start
 * does. */
#include "library.h"
#include "serve/computation.h"

#include "dongkhoi/rpc/v1/health.pb-c.h"
#include "dongkhoi/rpc/v1/journal.pb-c.h"
#include "dongkhoi/rpc/v1/version.pb-c.h"
#include "serve/journal_service.h"
#include "serve/version_service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef Dongkhoi__Rpc__V1__RenewLeaseResponse RenewLeaseResponse;
typedef Dongkhoi__Rpc__V1__WatchVersionResponse WatchVersionResponse;
typedef Dongkhoi__Rpc__V1__Version Version;

static int setup(void **state)
{
    const int result = library_setup(state);

    library_add_shelf(*state, "s1");
    return result;
}

/* Starts again with leases of this length. */
static void restart_with(struct library *library, uint32_t lease_ms)
{
    library->lease_ms = lease_ms;
    library_restart(library);
}

static struct status renew(struct library *library, const char *gateway, const Version *known,
                           RenewLeaseResponse **ret_response)
{
    Dongkhoi__Rpc__V1__RenewLeaseRequest request = DONGKHOI__RPC__V1__RENEW_LEASE_REQUEST__INIT;

    request.gateway = (char *)gateway;
    request.known_seq = known != NULL ? known->seq : 0;
    request.known_hash = known != NULL ? known->hash : 0;
    return library_call_any(library, RENEW_METHOD, &request.base,
                            &dongkhoi__rpc__v1__renew_lease_response__descriptor, ret_response);
}

static struct status watch(struct library *library, const char *gateway, const Version *known,
                           WatchVersionResponse **ret_response)
{
    Dongkhoi__Rpc__V1__WatchVersionRequest request = DONGKHOI__RPC__V1__WATCH_VERSION_REQUEST__INIT;

    request.gateway = (char *)gateway;
    request.known_seq = known != NULL ? known->seq : 0;
    request.known_hash = known != NULL ? known->hash : 0;
    return library_call_any(library, WATCH_METHOD, &request.base,
                            &dongkhoi__rpc__v1__watch_version_response__descriptor, ret_response);
}

static LIBRARY(CreateBookRequest) * creation(struct library *library, const char *id)
{
    LIBRARY(CreateBookRequest) *request = NEW(library, create_book_request);

    request->parent = (char *)"shelves/s1";
    request->book = library_book(library, "title");
    request->book_id = (char *)id;
    return request;
}

/* A call under way, whose answer comes when it may. */
struct pending {
    atomic_bool done;
    struct rpc_reply *reply;
};

static void on_reply(void *arg, struct status status, struct rpc_reply *reply)
{
    struct pending *pending = arg;

    (void)status;
    pending->reply = reply;
    atomic_store(&pending->done, true);
}

static void start(struct library *library, const char *method, const ProtobufCMessage *request,
                  struct pending *pending)
{
    const struct rpc_request call = {
        .method = arena_printf(library->arena, "dongkhoi.library.v1.LibraryService/%s", method),
        .timeout_ms = 20000,
        .payload = request,
    };

    *pending = (struct pending){0};
    assert_ok(rpc_client_call(library->client, &call, on_reply, pending));
}

static struct rpc_answer finish(struct library *library, struct pending *pending)
{
    struct rpc_answer answer;

    for (int i = 0; i < 20000 && !atomic_load(&pending->done); i++) {
        (void)usleep(500);
    }
    assert_true(atomic_load(&pending->done));
    assert_non_null(pending->reply);
    assert_ok(rpc_reply_parse(pending->reply, library->arena, &answer));
    rpc_reply_free(pending->reply);
    return answer;
}

static void without_leases_a_renewal_only_says_the_version(void **state)
{
    struct library *library = *state;
    RenewLeaseResponse *response = NULL;
    Book *book = NULL;

    assert_ok(renew(library, "g", NULL, &response));
    assert_int_equal(response->lease_ms, 0);
    assert_string_equal(response->version->service, "library");
    assert_int_equal(response->version->seq, 1);
    (void)library_add_book(library, "shelves/s1", "b1", "title");
    assert_ok(renew(library, "g", NULL, &response));
    assert_int_equal(response->version->seq, 2);
    assert_ok(library_get(library, "shelves/s1/books/b1", &book));
    assert_int_equal(library->answer.versions[0].hash, response->version->hash);
}

static void a_gateway_needs_a_name(void **state)
{
    struct library *library = *state;

    assert_status(renew(library, "", NULL, NULL), STATUS_INVALID_ARGUMENT, "INVALID_GATEWAY");
    assert_status(watch(library, "", NULL, NULL), STATUS_INVALID_ARGUMENT, "INVALID_GATEWAY");
    assert_status(renew(library, "123456789012345678901234567890123", NULL, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_GATEWAY");
    assert_ok(renew(library, "12345678901234567890123456789012", NULL, NULL));
}

static void a_write_and_what_shows_it_wait_for_the_gateway(void **state)
{
    struct library *library = *state;
    RenewLeaseResponse *lease = NULL;
    WatchVersionResponse *heard = NULL;
    struct pending write;
    struct pending read;
    struct pending refusal;
    LIBRARY(GetBookRequest) *get = NEW(library, get_book_request);
    LIBRARY(CreateBookRequest) *create = creation(library, "b1");

    restart_with(library, 10000);
    assert_ok(renew(library, "g", NULL, &lease));
    assert_int_equal(lease->lease_ms, 10000);
    start(library, "CreateBook", &create->base, &write);
    assert_ok(watch(library, "g", lease->version, &heard));
    assert_int_equal(heard->version->seq, lease->version->seq + 1);
    get->name = (char *)"shelves/s1/books/b1";
    start(library, "GetBook", &get->base, &read);
    start(library, "CreateBook", &create->base, &refusal);
    /* What shows nothing of the store does not wait. */
    assert_status(library_call_any(library, "x.Y/Z", &get->base, NULL, NULL), STATUS_UNIMPLEMENTED,
                  "UNKNOWN_METHOD");
    (void)usleep(100000);
    assert_false(atomic_load(&write.done) || atomic_load(&read.done) || atomic_load(&refusal.done));
    assert_ok(renew(library, "g", heard->version, &lease));
    assert_int_equal(finish(library, &write).status.code, STATUS_OK);
    assert_int_equal(finish(library, &read).status.code, STATUS_OK);
    assert_int_equal(finish(library, &refusal).status.code, STATUS_ALREADY_EXISTS);
}

static void a_start_waits_for_the_longest_lease_before_it_shows_anything(void **state)
{
    enum { LONGEST_MS = 2000 };
    struct library *library = *state;
    struct pending waiting;
    RenewLeaseResponse *lease = NULL;
    LIBRARY(ListBooksRequest) *list = NEW(library, list_books_request);
    Dongkhoi__Rpc__V1__ReadJournalRequest journal = DONGKHOI__RPC__V1__READ_JOURNAL_REQUEST__INIT;
    Dongkhoi__Rpc__V1__CheckHealthRequest health = DONGKHOI__RPC__V1__CHECK_HEALTH_REQUEST__INIT;

    restart_with(library, LONGEST_MS);
    assert_ok(renew(library, "g", NULL, &lease));
    restart_with(library, 0); /* with another length */
    list->parent = (char *)"shelves/s1";
    start(library, "ListBooks", &list->base, &waiting);
    assert_ok(renew(library, "g", NULL, &lease));
    assert_int_equal(lease->lease_ms, 0);
    assert_ok(library_call_any(library, "dongkhoi.rpc.v1.HealthService/CheckHealth", &health.base,
                               &dongkhoi__rpc__v1__check_health_response__descriptor, NULL));
    /* Neither waited; what shows something of the store still does. */
    assert_false(atomic_load(&waiting.done));
    journal.limit = 1;
    assert_ok(library_call_any(library, JOURNAL_METHOD, &journal.base,
                               &dongkhoi__rpc__v1__read_journal_response__descriptor, NULL));
    assert_int_equal(finish(library, &waiting).status.code, STATUS_OK);
    /* All leases have ended: the start after the next does not wait for them, or the call would
     * end with DEADLINE_EXCEEDED. */
    (void)usleep(100000);
    restart_with(library, 0);
    library->extra.timeout_ms = LONGEST_MS;
    assert_ok(library_call(library, "ListBooks", &list->base, NULL));
}

static void a_version_waits_no_longer_than_one_lease(void **state)
{
    struct library *library = *state;
    RenewLeaseResponse *lease = NULL;
    const Version *known = NULL;

    restart_with(library, 100);
    assert_ok(renew(library, "g", NULL, &lease));
    known = lease->version;
    (void)library_add_book(library, "shelves/s1", "b1", "title");
    /* A gateway that lets writes wait gets no lease until it has kept up. */
    assert_ok(renew(library, "g", known, &lease));
    assert_int_equal(lease->lease_ms, 0);
    assert_ok(renew(library, "g", lease->version, &lease));
    assert_int_equal(lease->lease_ms, 100);
}

static void a_list_says_the_last_change(void **state)
{
    struct library *library = *state;
    LIBRARY(ListBooksRequest) *request = NEW(library, list_books_request);
    LIBRARY(ListBooksResponse) *response = NULL;
    char hash[24];

    const Book *book = library_add_book(library, "shelves/s1", "b1", "title");
    request->parent = (char *)"shelves/s1";
    assert_ok(library_call(library, "ListBooks", &request->base, &response));
    assert_non_null(response->last_change);
    assert_int_equal(response->last_change->seq, 2);
    assert_int_equal(response->last_change->time->seconds, book->update_time->seconds);
    assert_int_equal(response->last_change->time->nanos, book->update_time->nanos);
    /* The journal's own, which is not of a build. */
    const struct rpc_version *shown = &library->answer.versions[0];
    const struct version plain = version_meant((struct version){shown->seq, shown->hash},
                                               computation_hash(&library_service));
    (void)snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)plain.hash);
    assert_true(plain.hash != shown->hash);
    assert_string_equal(response->last_change->hash, hash);
}

static void an_empty_store_has_no_time_of_its_last_change(void **state)
{
    struct library *library = *state;
    LIBRARY(ListBooksRequest) *request = NEW(library, list_books_request);
    LIBRARY(ListBooksResponse) *response = NULL;

    request->parent = (char *)"shelves/-";
    assert_ok(library_call(library, "ListBooks", &request->base, &response));
    assert_int_equal(response->last_change->seq, 0);
    assert_null(response->last_change->time);
    assert_int_equal(strlen(response->last_change->hash), 16);
}

/* More than one connection may hold: some are refused at once, none is lost, and renewals and
 * health have room all the time. */
static void parked_calls_leave_room_for_those_that_free_them(void **state)
{
    enum { CALLS = 1200, HELD_MAX = 1152, BEFORE = 1 };
    struct library *library = *state;
    struct pending *pending = calloc(CALLS, sizeof(*pending));
    LIBRARY(GetShelfRequest) *get = NEW(library, get_shelf_request);
    RenewLeaseResponse *lease = NULL;
    LIBRARY(CreateBookRequest) *create = creation(library, "b1");
    WatchVersionResponse *heard = NULL;
    struct pending write;
    unsigned refused = 0;

    restart_with(library, 10000);
    assert_ok(renew(library, "g", NULL, &lease));
    start(library, "CreateBook", &create->base, &write);
    assert_ok(watch(library, "g", lease->version, &heard)); /* it is committed */
    for (int i = 0; i < CALLS; i++) {
        get->name = (char *)"shelves/s1";
        LIBRARY(GetBookRequest) *book = NEW(library, get_book_request);
        book->name = (char *)"shelves/s1/books/b1";
        start(library, "GetBook", &book->base, &pending[i]);
    }
    while (refused < CALLS + BEFORE - HELD_MAX) {
        refused = 0;
        for (int i = 0; i < CALLS; i++) {
            refused += atomic_load(&pending[i].done);
        }
        (void)usleep(1000);
    }
    assert_int_equal(refused, CALLS + BEFORE - HELD_MAX);
    assert_ok(renew(library, "g", NULL, &lease));
    assert_ok(renew(library, "g", lease->version, &lease));
    assert_int_equal(finish(library, &write).status.code, STATUS_OK);
    for (int i = 0; i < CALLS; i++) {
        const struct rpc_answer answer = finish(library, &pending[i]);
        if (answer.status.code != STATUS_OK) {
            assert_string_equal(answer.status.reason->name, "QUEUE_FULL");
            refused--;
        }
    }
    assert_int_equal(refused, 0);
    free(pending);
}

#define VERSION_TEST(name) cmocka_unit_test_setup_teardown(name, setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERSION_TEST(without_leases_a_renewal_only_says_the_version),
        VERSION_TEST(a_gateway_needs_a_name),
        VERSION_TEST(a_write_and_what_shows_it_wait_for_the_gateway),
        VERSION_TEST(a_start_waits_for_the_longest_lease_before_it_shows_anything),
        VERSION_TEST(a_version_waits_no_longer_than_one_lease),
        VERSION_TEST(a_list_says_the_last_change),
        cmocka_unit_test_setup_teardown(an_empty_store_has_no_time_of_its_last_change,
                                        library_setup, library_teardown),
        VERSION_TEST(parked_calls_leave_room_for_those_that_free_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
