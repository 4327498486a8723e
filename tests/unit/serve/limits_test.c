/* limits_test.c - what one connection can take from a running service and from those of others. */
#include "library.h"

#include "raw_peer.h"

#include "base/clock.h"
#include "dongkhoi/rpc/v1/metrics.pb-c.h"
#include "dongkhoi/rpc/v1/version.pb-c.h"
#include "pb/message.h"
#include "serve/connection_marks.h"
#include "serve/inquiry.h"
#include "serve/service_metrics.h"
#include "serve/version_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, LEASE_MS = 6000 };

#define HEALTH_METHOD "dongkhoi.rpc.v1.HealthService/CheckHealth"
#define GET_METHOD "dongkhoi.library.v1.LibraryService/GetBook"
#define BLOCK_METHOD "dongkhoi.library.v1.LibraryService/Block"

static int setup(void **state)
{
    const int result = library_setup(state);
    struct library *library = *state;

    library_add_shelf(library, "s1");
    library->lease_ms = LEASE_MS;
    library_restart(library);
    return result;
}

static char *metrics_text(struct library *library)
{
    const Dongkhoi__Rpc__V1__GetMetricsRequest request =
        DONGKHOI__RPC__V1__GET_METRICS_REQUEST__INIT;
    Dongkhoi__Rpc__V1__GetMetricsResponse *response = NULL;

    assert_ok(library_call_any(library, METRICS_METHOD, &request.base,
                               &dongkhoi__rpc__v1__get_metrics_response__descriptor, &response));
    return response->text;
}

/* The value of a sample, which must be there; name with its labels. */
static long metric(struct library *library, const char *name)
{
    const char *line = metrics_text(library);
    const size_t length = strlen(name);

    while (line != NULL && (strncmp(line, name, length) != 0 || line[length] != ' ')) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    assert_non_null(line);
    return strtol(line + length, NULL, 10);
}

static struct slice packed(struct library *library, const ProtobufCMessage *message)
{
    struct slice bytes = {0};

    assert_ok(message_pack(library->arena, message, &bytes));
    return bytes;
}

static struct slice watch_of(struct library *library, const char *gateway, uint64_t known_seq,
                             uint64_t known_hash)
{
    Dongkhoi__Rpc__V1__WatchVersionRequest request = DONGKHOI__RPC__V1__WATCH_VERSION_REQUEST__INIT;

    request.gateway = (char *)gateway;
    request.known_seq = known_seq;
    request.known_hash = known_hash;
    return packed(library, &request.base);
}

static struct slice renewal_of(struct library *library, const char *gateway)
{
    Dongkhoi__Rpc__V1__RenewLeaseRequest request = DONGKHOI__RPC__V1__RENEW_LEASE_REQUEST__INIT;

    request.gateway = (char *)gateway;
    return packed(library, &request.base);
}

/* Four threads that are held, and a queue behind them that takes no more. */
static void metrics_and_health_are_answered_while_the_pool_is_full(void **state)
{
    enum { MESSAGES = 5 };
    struct library *library = *state;
    LIBRARY(BlockRequest) *block = NEW(library, block_request);
    struct raw_answers answers;
    struct raw_peer raw;
    struct raw_peer asking;

    block->held = true;
    raw_peer_open(&raw, library->port);
    raw_peer_open(&asking, library->port);
    for (int i = 0; i < MESSAGES; i++) {
        assert_true(raw_peer_send(&raw, BLOCK_METHOD, 64, 60000, packed(library, &block->base)));
    }
    library_wait_held(4);
    while (metric(library, "dongkhoi_pool_queue_length") < 256) {
        (void)usleep(1000);
    }
    assert_int_equal(metric(library, "dongkhoi_pool_queue_limit"), 256);
    assert_true(raw_peer_send(&asking, HEALTH_METHOD, 1, 0, (struct slice){"", 0}));
    raw_peer_read(&asking, ANSWER_MS, &answers);
    assert_int_equal(raw_answers_with(&answers, ""), 1);
    library_release();
    for (int i = 0; i < MESSAGES; i++) {
        raw_peer_read(&raw, ANSWER_MS, &answers);
        assert_int_equal(answers.count, 64);
    }
    raw_peer_close(&raw);
    raw_peer_close(&asking);
}

static void questions_past_the_limit_are_refused_counted_and_cost_little(void **state)
{
    struct library *library = *state;
    struct raw_answers answers;
    struct raw_peer raw;

    raw_peer_open(&raw, library->port);
    assert_true(raw_peer_send(&raw, METRICS_METHOD, 64, 0, (struct slice){"", 0}));
    raw_peer_read(&raw, ANSWER_MS, &answers);
    const unsigned full = raw_answers_with(&answers, "QUEUE_FULL");
    /* Some are answered while the others are still being read. */
    assert_in_range(full, 1, 64 - INQUIRY_METRICS_PER_CONNECTION);
    assert_int_equal(full + raw_answers_with(&answers, ""), 64);
    assert_int_equal(metric(library, "dongkhoi_rpc_refusals_total{reason=\"questions\"}"), full);
    raw_peer_close(&raw);
}

static void a_question_that_nobody_waits_for_is_not_answered_with_a_text(void **state)
{
    struct library *library = *state;
    struct raw_answers answers;
    struct raw_peer raw;

    raw_peer_open(&raw, library->port);
    for (int i = 0; i < 2; i++) {
        /* The second waits for the pause after the first, longer than anybody waits for it. */
        assert_true(
            raw_peer_send(&raw, METRICS_METHOD, 1, i == 0 ? 10000 : 1, (struct slice){"", 0}));
        raw_peer_read(&raw, ANSWER_MS, &answers);
    }
    assert_int_equal(raw_answers_with(&answers, "DEADLINE_EXCEEDED"), 1);
    raw_peer_close(&raw);
}

static void a_connection_speaks_for_few_gateways_and_others_get_their_leases(void **state)
{
    struct library *library = *state;
    struct raw_answers answers;
    struct raw_peer raw;
    char name[32];

    raw_peer_open(&raw, library->port);
    for (int i = 0; i < LEASE_HOLDERS_MAX + 8; i++) {
        (void)snprintf(name, sizeof(name), "hostile-%d", i);
        assert_true(raw_peer_send(&raw, RENEW_METHOD, 1, 0, renewal_of(library, name)));
        raw_peer_read(&raw, ANSWER_MS, &answers);
        assert_string_equal(answers.reasons[0],
                            i < CONNECTION_GATEWAYS_MAX ? "" : "TOO_MANY_GATEWAYS");
    }
    assert_true(raw_peer_send(&raw, WATCH_METHOD, 1, 0, watch_of(library, "hostile-99", 0, 0)));
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_string_equal(answers.reasons[0], "TOO_MANY_GATEWAYS");
    /* Those that it has named go on. */
    assert_true(raw_peer_send(&raw, RENEW_METHOD, 1, 0, renewal_of(library, "hostile-0")));
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_string_equal(answers.reasons[0], "");
    assert_int_equal(metric(library, "dongkhoi_lease_holders"), CONNECTION_GATEWAYS_MAX);
    assert_int_equal(metric(library, "dongkhoi_rpc_refusals_total{reason=\"gateways\"}"),
                     LEASE_HOLDERS_MAX + 8 - CONNECTION_GATEWAYS_MAX + 1);
    raw_peer_close(&raw);
}

/* A watch replaces an earlier one of its gateway, so that it takes several names to hold several.
 */
static void few_watches_of_a_connection_are_held(void **state)
{
    struct library *library = *state;
    Dongkhoi__Rpc__V1__RenewLeaseRequest request = DONGKHOI__RPC__V1__RENEW_LEASE_REQUEST__INIT;
    Dongkhoi__Rpc__V1__RenewLeaseResponse *response = NULL;
    struct raw_answers answers;
    struct raw_peer raw;
    char name[32];

    request.gateway = (char *)"own";
    assert_ok(library_call_any(library, RENEW_METHOD, &request.base,
                               &dongkhoi__rpc__v1__renew_lease_response__descriptor, &response));
    const uint64_t seq = response->version->seq;
    const uint64_t hash = response->version->hash;
    raw_peer_open(&raw, library->port);
    const int64_t begin_ms = clock_boot_ms();
    for (int i = 0; i < CONNECTION_WATCHES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "watch-%d", i);
        assert_true(raw_peer_send(&raw, WATCH_METHOD, 1, 0, watch_of(library, name, seq, hash)));
    }
    while (metric(library, "dongkhoi_lease_held_watches") < CONNECTION_WATCHES_MAX) {
        assert_true(clock_boot_ms() - begin_ms < 900); /* a watch is held for a second */
    }
    assert_true(raw_peer_send(&raw, WATCH_METHOD, 1, 0, watch_of(library, "watch-0", seq, hash)));
    raw_peer_read(&raw, 500, &answers);
    assert_string_equal(answers.reasons[0], "TOO_MANY_WAITING");
    for (int i = 0; i < CONNECTION_WATCHES_MAX; i++) {
        raw_peer_read(&raw, ANSWER_MS, &answers);
        assert_string_equal(answers.reasons[0], "");
    }
    assert_int_equal(metric(library, "dongkhoi_rpc_refusals_total{reason=\"watches\"}"), 1);
    /* Once they have ended there is room again. */
    assert_true(raw_peer_send(&raw, WATCH_METHOD, 1, 0, watch_of(library, "watch-0", seq, hash)));
    raw_peer_read(&raw, ANSWER_MS, &answers);
    assert_string_equal(answers.reasons[0], "");
    raw_peer_close(&raw);
}

/* Calls that are parked until a lease ends, as many as the service lets one connection have. */
static void a_connection_that_holds_all_it_can_leaves_room_for_others(void **state)
{
    enum { MESSAGES = 20, HELD_MAX = 1152 };
    struct library *library = *state;
    LIBRARY(GetBookRequest) *get = NEW(library, get_book_request);
    struct raw_answers answers;
    struct raw_peer greedy;
    struct raw_peer other;
    unsigned full = 0;

    (void)library_add_book(library, "shelves/s1", "b1", "title");
    library_restart(library);
    raw_peer_open(&greedy, library->port);
    raw_peer_open(&other, library->port);
    /* A start waits for the longest lease that was out: all reads are parked meanwhile. */
    get->name = (char *)"shelves/s1/books/b1";
    for (int i = 0; i < MESSAGES; i++) {
        assert_true(raw_peer_send(&greedy, GET_METHOD, 64, 20000, packed(library, &get->base)));
    }
    const int64_t begin_ms = clock_boot_ms();
    while (metric(library, "dongkhoi_rpc_refusals_total{reason=\"calls\"}") <
           MESSAGES * 64 - HELD_MAX) {
        assert_true(clock_boot_ms() - begin_ms < LEASE_MS);
    }
    assert_true(raw_peer_send(&other, GET_METHOD, 64, 20000, packed(library, &get->base)));
    raw_peer_read(&other, 20000, &answers);
    assert_int_equal(raw_answers_with(&answers, ""), 64);
    for (int i = 0; i < MESSAGES; i++) {
        raw_peer_read(&greedy, 20000, &answers);
        full += raw_answers_with(&answers, "QUEUE_FULL");
        assert_int_equal(raw_answers_with(&answers, "QUEUE_FULL") + raw_answers_with(&answers, ""),
                         64);
    }
    assert_in_range(full, MESSAGES * 64 - HELD_MAX, MESSAGES * 64 - HELD_MAX + 8);
    raw_peer_close(&greedy);
    raw_peer_close(&other);
}

#define LIMITS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMITS_TEST(metrics_and_health_are_answered_while_the_pool_is_full),
        LIMITS_TEST(questions_past_the_limit_are_refused_counted_and_cost_little),
        LIMITS_TEST(a_question_that_nobody_waits_for_is_not_answered_with_a_text),
        LIMITS_TEST(a_connection_speaks_for_few_gateways_and_others_get_their_leases),
        LIMITS_TEST(few_watches_of_a_connection_are_held),
        LIMITS_TEST(a_connection_that_holds_all_it_can_leaves_room_for_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
