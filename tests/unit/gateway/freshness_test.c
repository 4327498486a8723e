/*
 * freshness_test.c - reads through a gateway with a cache, against a service whose version moves.
 *
 * Each of the model's bugs that a gateway can have makes the test fail that names it
 * (tests/mutants).
 */
#include "unit.h"

#include "api.h"
#include "base/clock.h"
#include "fake_backend.h"
#include "gateway.h"
#include "http_client.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_BYTES = 64 << 20,
    WAIT_MS = 5000,
    CLOSE_MS = 10000,
    LEASE_MS = 200,
    READERS = 8,
    ROUNDS = 4,
};

static struct arena *arena;
static struct fake_backend *service;
static struct fake_backend *indicators; /* of versions only */
static struct gateway *gateway;

static void gateway_start(unsigned loops)
{
    const char *address = fake_backend_address(service);
    const struct backend backends[] = {
        {.name = "indicators",
         .package = "dongkhoi.indicators.v1",
         .addresses = fake_backend_address(indicators)},
        {.name = "clusters", .package = "dongkhoi.clusters.v1", .addresses = address},
        {.name = "registrations", .package = "dongkhoi.registrations.v1", .addresses = address},
        {.name = "nighteconomy", .package = "dongkhoi.nighteconomy.v1", .addresses = address},
    };
    struct gateway_options options = {
        .listen = "127.0.0.1:0",
        .loops = loops,
        .backends = backends,
        .backend_count = sizeof(backends) / sizeof(backends[0]),
        .cache_bytes = 1 << 20,
        .audit_every = 1,
    };

    assert_ok(
        schema_load(arena, api_descriptor_set(), api_services, api_service_count, &options.schema));
    assert_ok(gateway_open(&options, arena, &gateway));
    for (int i = 0; i < 500 && !(rpc_client_connected(gateway->backends[0].client) &&
                                 rpc_client_connected(gateway->backends[1].client));
         i++) {
        (void)usleep(10000);
    }
}

static int set_up_loops(unsigned loops)
{
    arena = arena_new(ARENA_BYTES);
    service = fake_backend_open();
    indicators = fake_backend_open();
    fake_backend_set_leased(service, 1);
    gateway_start(loops);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_loops(1);
}

static int set_up_two_loops(void **state)
{
    (void)state;
    return set_up_loops(2);
}

static int tear_down(void **state)
{
    (void)state;
    fake_backend_release(service);
    assert_int_equal(metric_value(gateway->metrics.audit_differences, 0, 0), 0);
    assert_true(gateway_close(gateway, CLOSE_MS));
    fake_backend_close(service);
    fake_backend_close(indicators);
    arena_free(arena);
    return 0;
}

static void send_get(int client, const char *headers)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "GET /v1/clusters/a HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
                   headers);
    assert_true(client_send_text(client, text));
}

/* The hectares of the next answer; source: a part of its Cache-Status, or NULL. */
static double read_value(int client, const char *source)
{
    struct client_answer answer;

    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 200);
    const char *value = strstr(answer.body, "\"leasedHectares\":");
    assert_non_null(value);
    const double hectares = strtod(value + strlen("\"leasedHectares\":"), NULL);
    if (source != NULL && strstr(answer.head, source) == NULL) {
        fail_msg("no %s in %s", source, answer.head);
    }
    client_answer_done(&answer);
    return hectares;
}

static double get_with(const char *headers, const char *source)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    send_get(client, headers);
    const double value = read_value(client, source);
    client_close(client);
    return value;
}

static double get(const char *source)
{
    return get_with("", source);
}

static void wait_ms(unsigned ms)
{
    (void)usleep(ms * 1000);
}

/* Until the gateway has said that it knows the version. */
static void wait_known(uint64_t seq)
{
    for (int i = 0; i < 2000 && fake_backend_versions(service).known_seq < seq; i++) {
        wait_ms(1);
    }
    assert_true(fake_backend_versions(service).known_seq >= seq);
}

static void wait_calls(unsigned count)
{
    for (int i = 0; i < 2000 && fake_backend_last(service).count < count; i++) {
        wait_ms(1);
    }
    assert_true(fake_backend_last(service).count >= count);
}

static void a_second_read_is_a_hit_in_memory(void **state)
{
    (void)state;
    assert_true(get("Cache-Status: dongkhoi; fwd=miss; fwd-status=200; stored\r\n") == 1);
    assert_true(get("Cache-Status: dongkhoi; hit; detail=memory\r\n") == 1);
}

static void without_leases_each_read_is_of_the_version_that_it_asked_for(void **state)
{
    (void)state;
    assert_true(get("fwd=miss") == 1);
    fake_backend_set_leased(service, 2);
    assert_true(get("fwd=stale") == 2);
    const unsigned renewals = fake_backend_versions(service).renewals;
    assert_true(get("hit") == 2);
    assert_int_equal(fake_backend_versions(service).renewals, renewals + 1);
}

static void a_lease_saves_the_asking(void **state)
{
    (void)state;
    fake_backend_set_lease(service, 10000);
    (void)get("fwd=miss");
    const unsigned renewals = fake_backend_versions(service).renewals;
    for (int i = 0; i < 50; i++) {
        (void)get("hit; detail=memory");
    }
    assert_int_equal(fake_backend_versions(service).renewals, renewals);
}

static void leases_are_renewed_while_there_is_traffic_and_not_after(void **state)
{
    (void)state;
    fake_backend_set_lease(service, LEASE_MS);
    (void)get("fwd=miss");
    const unsigned before = fake_backend_versions(service).renewals;
    const int64_t start = clock_boot_ms();
    while (clock_boot_ms() - start < 3 * LEASE_MS) {
        (void)get("hit");
        wait_ms(2);
    }
    const unsigned renewals = fake_backend_versions(service).renewals - before;
    assert_in_range(renewals, 4, 9);
    wait_ms(2 * LEASE_MS);
    assert_in_range(fake_backend_versions(service).renewals - before, renewals, renewals + 1);
}

/* M7 */
static void a_lease_that_ran_out_answers_nothing(void **state)
{
    (void)state;
    fake_backend_set_lease(service, LEASE_MS);
    fake_backend_set_silent(service, true);
    assert_true(get("fwd=miss") == 1);
    fake_backend_set_leased(service, 2);
    wait_ms(LEASE_MS + 20);
    assert_true(get(NULL) == 2);
}

/* M3 */
static void a_lease_counts_from_the_sending(void **state)
{
    (void)state;
    fake_backend_set_lease(service, LEASE_MS);
    fake_backend_set_silent(service, true);
    fake_backend_delay_renewals(service, LEASE_MS - 30);
    assert_true(get("fwd=miss") == 1);
    fake_backend_set_leased(service, 2);
    wait_ms(60);
    assert_true(get(NULL) == 2);
}

/* M8 */
static void a_version_that_was_heard_of_is_in_use_at_once(void **state)
{
    (void)state;
    fake_backend_set_lease(service, 10000);
    assert_true(get("fwd=miss") == 1);
    wait_known(8);
    fake_backend_set_leased(service, 2);
    wait_known(9);
    assert_true(get("fwd=stale") == 2);
}

/* M20 */
static void a_version_is_in_use_before_the_service_hears_so(void **state)
{
    (void)state;
    fake_backend_set_lease(service, 10000);
    assert_true(get("fwd=miss") == 1);
    for (int i = 2; i < 10; i++) {
        wait_known((uint64_t)(6 + i));
        fake_backend_set_leased(service, i);
        wait_known((uint64_t)(7 + i));
        assert_true(get(NULL) == i);
    }
}

/* M6 */
static void a_late_answer_is_kept_under_its_own_version(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    fake_backend_set_lease(service, 10000);
    (void)get(NULL);
    wait_known(8);
    const unsigned calls = fake_backend_last(service).count;
    fake_backend_hold(service, true);
    send_get(client, "Cache-Control: no-cache\r\n");
    wait_calls(calls + 1);
    fake_backend_set_leased(service, 2);
    wait_known(9);
    fake_backend_release(service);
    assert_true(read_value(client, "fwd=request") == 1);
    fake_backend_hold(service, false);
    assert_true(get(NULL) == 2);
    client_close(client);
}

/* M14 */
static void a_read_does_not_join_a_call_that_may_be_too_old(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    fake_backend_set_lease(service, 10000);
    (void)get_with("Accept: text/*;q=0.1, application/json\r\n", NULL);
    wait_known(8);
    fake_backend_set_leased(service, 2);
    wait_known(9);
    const unsigned calls = fake_backend_last(service).count;
    fake_backend_hold(service, true);
    send_get(client, "");
    wait_calls(calls + 1);
    fake_backend_set_leased(service, 3);
    wait_known(10);
    send_get(client, "");
    wait_ms(50);
    fake_backend_hold(service, false);
    fake_backend_release(service);
    assert_true(read_value(client, NULL) == 2);
    assert_true(read_value(client, NULL) == 3);
    client_close(client);
}

static void reads_of_one_key_share_a_call(void **state)
{
    enum { READS = 12 };
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    fake_backend_set_lease(service, 10000);
    (void)get(NULL);
    wait_known(8);
    fake_backend_set_leased(service, 2);
    wait_known(9);
    const unsigned calls = fake_backend_last(service).count;
    fake_backend_hold(service, true);
    for (int i = 0; i < READS; i++) {
        send_get(client, "");
    }
    wait_calls(calls + 1);
    wait_ms(100);
    assert_int_equal(fake_backend_last(service).count, calls + 1);
    fake_backend_hold(service, false);
    fake_backend_release(service);
    assert_true(read_value(client, "fwd=stale; fwd-status=200; stored") == 2);
    for (int i = 1; i < READS; i++) {
        assert_true(read_value(client, "collapsed") == 2);
    }
    client_close(client);
}

/* Reads on connections of their own until told to stop; each must show the newest value. */
struct reader {
    pthread_t thread;
    atomic_bool stop;
    double least;
    unsigned reads;
    unsigned stale;
};

static void *run_reader(void *arg)
{
    struct reader *reader = arg;

    while (!atomic_load(&reader->stop)) {
        reader->stale += get(NULL) < reader->least;
        reader->reads++;
    }
    return NULL;
}

static unsigned stale_reads(double least, unsigned ms)
{
    static struct reader readers[READERS];
    unsigned stale = 0;
    unsigned reads = 0;

    for (int i = 0; i < READERS; i++) {
        readers[i].least = least;
        readers[i].stale = readers[i].reads = 0;
        atomic_store(&readers[i].stop, false);
        assert_int_equal(pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]), 0);
    }
    wait_ms(ms);
    for (int i = 0; i < READERS; i++) {
        atomic_store(&readers[i].stop, true);
        (void)pthread_join(readers[i].thread, NULL);
        stale += readers[i].stale;
        reads += readers[i].reads;
    }
    assert_true(reads > 0);
    return stale;
}

/* M11, M13 */
static void no_read_is_stale_while_a_new_lease_comes_in(void **state)
{
    (void)state;
    fake_backend_set_lease(service, LEASE_MS);
    fake_backend_set_silent(service, true);
    for (int round = 0; round < ROUNDS; round++) {
        /* All loops have the entry of the version that is about to be over. */
        (void)stale_reads(0, 50);
        fake_backend_set_leased(service, 10 + round);
        wait_ms(LEASE_MS + 50);
        assert_int_equal(stale_reads(10 + round, 120), 0);
    }
}

/* M17 */
static void each_start_has_a_name_of_its_own(void **state)
{
    char first[GATEWAY_ID_BYTES];
    char second[GATEWAY_ID_BYTES];

    (void)state;
    gateway_id_make(first);
    gateway_id_make(second);
    assert_int_equal(strlen(first), GATEWAY_ID_BYTES - 1);
    assert_string_not_equal(first, second);
    (void)get(NULL);
    assert_string_equal(fake_backend_versions(service).gateway, gateway->id);
}

static void another_history_of_the_store_is_noticed(void **state)
{
    (void)state;
    fake_backend_set_lease(service, LEASE_MS);
    assert_true(get("fwd=miss") == 1);
    wait_known(8);
    fake_backend_set_leased(service, 2);
    wait_known(9);
    assert_true(get(NULL) == 2);
    fake_backend_set_silent(service, true);
    fake_backend_set_leased(service, 3);
    fake_backend_restore(service, 5, 1234);
    wait_ms(LEASE_MS + 20);
    assert_true(get(NULL) == 3);
    assert_true(get("hit") == 3);
}

static void no_cache_goes_to_the_service(void **state)
{
    (void)state;
    (void)get(NULL);
    const unsigned calls = fake_backend_last(service).count;
    (void)get_with("Cache-Control: max-age=0, no-cache\r\n",
                   "dongkhoi; fwd=request; fwd-status=200");
    assert_int_equal(fake_backend_last(service).count, calls + 1);
    (void)get_with("Cache-Control: max-age=0\r\n", "hit");
}

static void a_message_that_is_as_before_is_rendered_for_its_new_version(void **state)
{
    (void)state;
    (void)get("fwd=miss");
    for (int i = 0; i < 3; i++) {
        fake_backend_set_leased(service, 1);
        assert_true(get("fwd=stale; fwd-status=200; stored") == 1);
        assert_true(get("hit; detail=memory") == 1);
        assert_true(get_with("Cache-Control: no-cache\r\n", "fwd-status=200; stored") == 1);
        assert_true(get("hit; detail=memory") == 1);
    }
}

static void what_the_service_says_counts_also_when_its_version_is_the_same(void **state)
{
    (void)state;
    assert_true(get("fwd=miss") == 1);
    const struct fake_versions versions = fake_backend_versions(service);
    fake_backend_set_leased(service, 2);
    fake_backend_restore(service, versions.seq, versions.hash);
    assert_true(get_with("Cache-Control: no-cache\r\n", "fwd=request") == 2);
    assert_true(get("hit; detail=memory") == 2);
}

static void a_service_that_says_nothing_of_versions_is_asked_each_time(void **state)
{
    (void)state;
    fake_backend_forget_versions(service);
    (void)get("fwd=bypass");
    (void)get("fwd=bypass");
    assert_int_equal(fake_backend_last(service).count, 2);
}

static void a_tag_is_answered_304_from_memory(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);
    struct client_answer answer;
    char header[128] = "If-None-Match: ";

    (void)state;
    send_get(client, "");
    assert_true(client_read(client, false, &answer));
    const char *tag = strstr(answer.head, "ETag: ") + strlen("ETag: ");
    (void)snprintf(header + strlen(header), sizeof(header) - strlen(header), "%.*s\r\n",
                   (int)strcspn(tag, "\r"), tag);
    client_answer_done(&answer);
    send_get(client, header);
    assert_true(client_read(client, false, &answer));
    assert_int_equal(answer.code, 304);
    assert_non_null(strstr(answer.head, "hit; detail=memory"));
    client_answer_done(&answer);
    client_close(client);
}

static void refusals_are_not_kept(void **state)
{
    const int client = client_open(http_server_port(gateway->server), WAIT_MS);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(client_send_text(
            client, "GET /v1/clusters/missing HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_int_equal(client_code(client), 404);
    }
    client_close(client);
    assert_int_equal(fake_backend_last(service).count, 3);
}

/* The scorecard's kind. */
static void a_joined_answer_depends_on_all_its_versions(void **state)
{
    (void)state;
    for (uint32_t lease_ms = 0; lease_ms <= 10000; lease_ms += 10000) {
        struct fake_versions own = fake_backend_versions(indicators);

        fake_backend_set_lease(service, lease_ms);
        fake_backend_set_lease(indicators, lease_ms);
        fake_backend_set_peer(service, own.seq, own.hash);
        (void)get(NULL);
        assert_true(get(NULL) > 0);
        (void)get("hit; detail=memory");
        fake_backend_set_leased(indicators, 1);
        own = fake_backend_versions(indicators);
        for (int i = 0;
             i < 2000 && lease_ms > 0 && fake_backend_versions(indicators).known_seq < own.seq;
             i++) {
            wait_ms(1);
        }
        fake_backend_set_peer(service, own.seq, own.hash);
        (void)get("fwd=stale");
        (void)get("hit; detail=memory");
        /* The version of the other service too. */
        fake_backend_set_leased(service, 5);
        wait_ms(50);
        assert_true(get("fwd=stale") == 5);
    }
}

static void an_answer_without_a_part_is_not_kept(void **state)
{
    (void)state;
    fake_backend_set_peer(service, 0, 0);
    for (int i = 0; i < 3; i++) {
        const double value = get("fwd=miss; fwd-status=200\r\n");
        assert_true(value == 1);
    }
}

#define WITH_GATEWAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_LOOPS(test) cmocka_unit_test_setup_teardown(test, set_up_two_loops, tear_down)

/* freshness_test [TEST] - all of them, or one. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_GATEWAY(a_second_read_is_a_hit_in_memory),
        WITH_GATEWAY(without_leases_each_read_is_of_the_version_that_it_asked_for),
        WITH_GATEWAY(a_lease_saves_the_asking),
        WITH_GATEWAY(leases_are_renewed_while_there_is_traffic_and_not_after),
        WITH_GATEWAY(a_lease_that_ran_out_answers_nothing),
        WITH_GATEWAY(a_lease_counts_from_the_sending),
        WITH_GATEWAY(a_version_that_was_heard_of_is_in_use_at_once),
        WITH_GATEWAY(a_version_is_in_use_before_the_service_hears_so),
        WITH_GATEWAY(a_late_answer_is_kept_under_its_own_version),
        WITH_GATEWAY(a_read_does_not_join_a_call_that_may_be_too_old),
        WITH_GATEWAY(reads_of_one_key_share_a_call),
        WITH_LOOPS(no_read_is_stale_while_a_new_lease_comes_in),
        WITH_GATEWAY(each_start_has_a_name_of_its_own),
        WITH_GATEWAY(another_history_of_the_store_is_noticed),
        WITH_GATEWAY(no_cache_goes_to_the_service),
        WITH_GATEWAY(a_message_that_is_as_before_is_rendered_for_its_new_version),
        WITH_GATEWAY(what_the_service_says_counts_also_when_its_version_is_the_same),
        WITH_GATEWAY(a_service_that_says_nothing_of_versions_is_asked_each_time),
        WITH_GATEWAY(a_tag_is_answered_304_from_memory),
        WITH_GATEWAY(refusals_are_not_kept),
        WITH_GATEWAY(a_joined_answer_depends_on_all_its_versions),
        WITH_GATEWAY(an_answer_without_a_part_is_not_kept),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
