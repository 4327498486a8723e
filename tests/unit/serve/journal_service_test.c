/* journal_service_test.c - a service's journal over the wire: pages, places, limits. */
#include "library.h"

#include "base/clock.h"
#include "base/digest.h"
#include "dongkhoi/rpc/v1/journal.pb-c.h"
#include "google/protobuf/any.pb-c.h"
#include "pb/decode.h"
#include "serve/journal_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Dongkhoi__Rpc__V1__ReadJournalRequest Request;
typedef Dongkhoi__Rpc__V1__ReadJournalResponse Response;
typedef Dongkhoi__Changes__V1__Change Change;

static struct status read_journal(struct library *library, uint64_t after_seq, uint64_t after_hash,
                                  uint32_t limit, Response **ret_response)
{
    Request request = DONGKHOI__RPC__V1__READ_JOURNAL_REQUEST__INIT;
    const struct rpc_request call = {
        .method = JOURNAL_METHOD, .timeout_ms = 20000, .payload = &request.base};
    struct rpc_reply *reply = NULL;
    void *response = NULL;

    request.after_seq = after_seq;
    request.after_hash = after_hash;
    request.limit = limit;
    TRY(rpc_client_call_wait(library->client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, library->arena, &library->answer));
    if (library->answer.status.code == STATUS_OK) {
        assert_ok(message_decode(library->arena,
                                 &dongkhoi__rpc__v1__read_journal_response__descriptor,
                                 library->answer.payload, &response));
    }
    rpc_reply_free(reply);
    TRY(library->answer.status);
    *ret_response = response;
    return STATUS_NONE;
}

static uint64_t hash_of(const Change *change)
{
    char digits[17] = {0};

    memcpy(digits, change->hash, 16);
    return strtoull(digits, NULL, 16);
}

static int64_t time_of(const Change *change)
{
    return change->time->seconds * 1000000 + change->time->nanos / 1000;
}

static void an_empty_journal_has_a_watermark(void **state)
{
    const int64_t before_us = clock_now_us();
    Response *response = NULL;

    assert_ok(read_journal(*state, 0, 0, 10, &response));
    assert_int_equal(response->n_changes, 0);
    assert_false(response->has_more);
    assert_true(response->watermark_us >= before_us);
}

static void an_entry_shows_the_resource_after_it(void **state)
{
    struct library *library = *state;
    LIBRARY(DeleteBookRequest) *delete = NEW(library, delete_book_request);
    Response *response = NULL;

    library_add_shelf(library, "s1");
    const Book *book = library_add_book(library, "shelves/s1", "b1", "Một");
    delete->name = book->name;
    assert_ok(library_call(library, "DeleteBook", &delete->base, NULL));
    assert_ok(read_journal(library, 0, 0, 10, &response));
    assert_int_equal(response->n_changes, 3);
    const Change *change = response->changes[1];
    assert_string_equal(change->service, "library");
    assert_int_equal(change->seq, 2);
    assert_string_equal(change->actor, "anonymous");
    assert_string_equal(change->method, "dongkhoi.library.v1.LibraryService/CreateBook");
    assert_string_equal(change->kind, "books");
    assert_string_equal(change->name, "shelves/s1/books/b1");
    assert_int_equal(change->revision, 1);
    assert_false(change->deleted);
    assert_int_equal(strlen(change->hash), 2 * DIGEST_BYTES);
    assert_string_equal(change->resource->type_url, "type.googleapis.com/dongkhoi.library.v1.Book");
    void *shown = NULL;
    const struct slice bytes = {(const char *)change->resource->value.data,
                                change->resource->value.len};
    assert_ok(message_decode(library->arena, book->base.descriptor, bytes, &shown));
    assert_string_equal(((Book *)shown)->display_name->vi, "Một");
    assert_string_equal(((Book *)shown)->etag, book->etag);
    assert_true(response->changes[2]->deleted);
    assert_null(response->changes[2]->resource);
    assert_true(time_of(response->changes[2]) <= response->watermark_us);
}

static void pages_of_any_length_are_the_whole_journal(void **state)
{
    struct library *library = *state;
    Response *all = NULL;
    char id[16];

    library_add_shelf(library, "s1");
    for (int i = 0; i < 9; i++) {
        (void)snprintf(id, sizeof(id), "b%d", i);
        (void)library_add_book(library, "shelves/s1", id, "T");
    }
    assert_ok(read_journal(library, 0, 0, 1000, &all));
    assert_int_equal(all->n_changes, 10);
    assert_false(all->has_more);
    for (uint32_t limit = 1; limit <= 11; limit++) {
        const Change *last = NULL;
        Response *page = NULL;
        size_t seen = 0;
        do {
            assert_ok(read_journal(library, last != NULL ? (uint64_t)last->seq : 0,
                                   last != NULL ? hash_of(last) : 0, limit, &page));
            assert_true(page->n_changes <= limit);
            for (size_t i = 0; i < page->n_changes; i++) {
                assert_string_equal(page->changes[i]->hash, all->changes[seen]->hash);
                last = page->changes[i];
                seen++;
            }
            assert_int_equal(page->has_more, seen < all->n_changes);
        } while (page->has_more);
        assert_int_equal(seen, all->n_changes);
        assert_ok(read_journal(library, (uint64_t)last->seq, hash_of(last), limit, &page));
        assert_int_equal(page->n_changes, 0);
        assert_false(page->has_more);
    }
}

static void a_place_in_another_journal_is_refused(void **state)
{
    struct library *library = *state;
    Response *response = NULL;

    library_add_shelf(library, "s1");
    assert_ok(read_journal(library, 0, 0, 10, &response));
    const uint64_t hash = hash_of(response->changes[0]);
    assert_ok(read_journal(library, 1, hash, 10, &response));
    const struct {
        uint64_t seq;
        uint64_t hash;
    } cases[] = {{1, hash + 1}, {1, 0}, {2, hash}, {UINT64_MAX, hash}, {INT64_MAX, hash}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_status(read_journal(library, cases[i].seq, cases[i].hash, 10, &response),
                      STATUS_FAILED_PRECONDITION, "CURSOR_OUTDATED");
    }
}

static void a_limit_out_of_range_is_refused(void **state)
{
    Response *response = NULL;

    assert_status(read_journal(*state, 0, 0, 0, &response), STATUS_INVALID_ARGUMENT,
                  "INVALID_PAGE_SIZE");
    assert_status(read_journal(*state, 0, 0, 1001, &response), STATUS_INVALID_ARGUMENT,
                  "INVALID_PAGE_SIZE");
    assert_ok(read_journal(*state, 0, 0, 1000, &response));
}

static void a_request_that_cannot_be_read_is_refused(void **state)
{
    struct library *library = *state;
    Google__Protobuf__Any garbage = GOOGLE__PROTOBUF__ANY__INIT;
    const struct rpc_request call = {
        .method = JOURNAL_METHOD, .timeout_ms = 20000, .payload = &garbage.base};
    struct rpc_reply *reply = NULL;

    garbage.type_url = (char *)"a text where a number is expected";
    assert_ok(rpc_client_call_wait(library->client, &call, &reply));
    assert_ok(rpc_reply_parse(reply, library->arena, &library->answer));
    rpc_reply_free(reply);
    assert_int_equal(library->answer.status.code, STATUS_INVALID_ARGUMENT);
}

static void a_restart_goes_on_at_the_place(void **state)
{
    struct library *library = *state;
    Response *response = NULL;

    library_add_shelf(library, "s1");
    assert_ok(read_journal(library, 0, 0, 10, &response));
    const Change *last = response->changes[0];
    const int64_t watermark_us = response->watermark_us;
    library_restart(library);
    (void)library_add_book(library, "shelves/s1", "b1", "T");
    assert_ok(read_journal(library, 1, hash_of(last), 10, &response));
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->seq, 2);
    assert_true(time_of(response->changes[0]) > watermark_us);
    assert_true(response->watermark_us > watermark_us);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, library_setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_journal_has_a_watermark),
        TEST(an_entry_shows_the_resource_after_it),
        TEST(pages_of_any_length_are_the_whole_journal),
        TEST(a_place_in_another_journal_is_refused),
        TEST(a_limit_out_of_range_is_refused),
        TEST(a_request_that_cannot_be_read_is_refused),
        TEST(a_restart_goes_on_at_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
