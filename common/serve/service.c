/*
 * service.c - one running service: store, pool and RPC server, started and drained in order.
 *
 *     open: schema, store, longest lease, pool, peers, method table with its gate, server
 *     close: end the watches, serve what still comes in, refuse what is new, answer what is under
 *            way, then the server, the pool, the peers and at last the store
 */
#include "serve/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "rpc/rpc_server.h"
#include "serve/dispatch.h"
#include "serve/lease_meta.h"
#include "serve/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    POOL_THREADS = 4,
    POOL_QUEUE_MAX = 256,
    WRITE_QUEUE_MAX = 256,
    /* More calls than can wait in all queues together (of the pool with its threads, of the writer
     * with the group that it commits), so that there is always one for a quick read or a refusal.
     * Half as many again as one gateway has under way at most (1024), so that it cannot take them
     * all. */
    CALLS_MAX = POOL_QUEUE_MAX + POOL_THREADS + 2 * WRITE_QUEUE_MAX + 764,
    INSTANCE_ARENA_BYTES = 64 << 20,
    /* When the whole system stops, callers drain at the same time and still ask: they are served
     * until none has asked for QUIET_MS, but not longer than LAME_MS. */
    QUIET_MS = 150,
    LAME_MS = 1500,
    POLL_MS = 10,
    PEERS_CLOSE_MS = 1000,
};

struct service_instance {
    const struct service *service;
    struct arena *arena; /* of the schema */
    const struct schema *schema;
    struct store *store;
    struct pool *pool;
    struct peers *peers;
    struct metrics *metrics;
    struct dispatch *dispatch;
    struct rpc_server *server;
    uint32_t lease_ms;
    struct lease_meta_write lower;
};

/* Closes what was opened, in the opposite order. The server is closed already, or was never opened.
 */
static void instance_free(struct service_instance *instance)
{
    dispatch_stop(instance->dispatch); /* its metrics are also of the pool and the peers */
    pool_free(instance->pool);
    peers_close(instance->peers, PEERS_CLOSE_MS);
    store_close(instance->store);
    dispatch_free(instance->dispatch);
    metrics_free(instance->metrics);
    arena_free(instance->arena);
    free(instance);
}

/* All leases of before the start have ended, so the next start need not wait for a longer one. */
static void on_waited(void *arg)
{
    struct service_instance *instance = arg;

    lease_meta_lower(&instance->lower, instance->store, instance->arena, instance->lease_ms);
}

/* On the writer's thread; writing to the log does not block (log_sink.h). */
static void on_disk(void *arg, enum disk_state state, int64_t free_bytes)
{
    static const char *const says[] = {
        [DISK_ROOMY] = "the disk of the store has room again",
        [DISK_LOW] = "the disk of the store is filling up",
        [DISK_RESERVED] = "the disk of the store is nearly full: writes are refused",
    };
    char text[32];

    (void)arg;
    (void)snprintf(text, sizeof(text), "%lld", (long long)free_bytes);
    log_event(state == DISK_ROOMY ? LOG_INFO : LOG_WARNING, "disk", "message", says[state],
              "free_bytes", text, NULL);
}

/* On the writer's thread; writing to the log does not block. */
static void on_clock(void *arg, enum clock_event event, int64_t by_us)
{
    static const char *const says[] = {
        [CLOCK_IS_BEHIND] =
            ("the clock is behind the last entry of the journal: writes are refused "
             "until the clock is right or the journal is corrected"),
        [CLOCK_IS_NOT_BEHIND] = "the clock is not behind the journal any more: writes are taken",
        [CLOCK_WAS_SET] = "the clock was set while the service runs",
    };
    char text[32];

    (void)arg;
    (void)snprintf(text, sizeof(text), "%.3f", (double)by_us / 1e6);
    log_event(event == CLOCK_IS_BEHIND       ? LOG_ERROR
              : event == CLOCK_IS_NOT_BEHIND ? LOG_INFO
                                             : LOG_WARNING,
              event == CLOCK_WAS_SET ? "clock_was_set" : "clock_behind_journal", "message",
              says[event], "seconds", text, NULL);
}

static struct status instance_open(struct service_instance *instance,
                                   const struct service_options *options, struct arena *arena)
{
    const struct service *service = instance->service;
    uint32_t longest_ms = 0;

    TRY(schema_load(instance->arena, service->descriptor_set(), &service->descriptor, 1,
                    &instance->schema));
    instance->metrics = metrics_new();
    const struct store_options store_options = {
        .directory = options->directory,
        .service = service->name,
        .kinds = service->kinds,
        .kind_count = service->kind_count,
        .schema = instance->schema,
        .queue_max = WRITE_QUEUE_MAX,
        .metrics = instance->metrics,
        .disk = {.warn = options->disk_warn,
                 .reserve = options->disk_reserve,
                 .on_change = on_disk},
        .clock = {.on_event = on_clock},
        .retention = {.keep_us = (int64_t)options->idempotency_days * 86400 * 1000000},
    };
    TRY(store_open(&store_options, arena, &instance->store));
    instance->lease_ms = options->lease_ms;
    TRY(lease_meta_open(instance->store, instance->arena, &instance->lease_ms, &longest_ms));
    instance->pool = pool_new(POOL_THREADS, POOL_QUEUE_MAX);
    if (instance->pool == NULL) {
        return status_out_of_memory();
    }
    TRY(peers_open(service->peers, service->peer_count, options->peer_addresses, arena,
                   &instance->peers));
    const struct dispatch_options dispatch_options = {
        .service = service,
        .schema = instance->schema,
        .store = instance->store,
        .pool = instance->pool,
        .peers = instance->peers,
        .metrics = instance->metrics,
        .calls = CALLS_MAX,
        .slow_ms = options->slow_ms,
        .lease_ms = instance->lease_ms,
        .longest_ms = longest_ms,
        .on_waited = longest_ms > instance->lease_ms ? on_waited : NULL,
        .on_waited_arg = instance,
    };
    TRY(dispatch_new(&dispatch_options, arena, &instance->dispatch));
    const struct rpc_server_options server_options = {
        .address = options->address,
        .calls = CALLS_MAX,
        .on_call = dispatch_call,
        .on_calls_end = dispatch_calls_end,
        .on_closed = dispatch_closed,
        .arg = instance->dispatch,
    };
    return rpc_server_open(&server_options, arena, &instance->server);
}

struct status service_open(const struct service *service, const char *directory,
                           const char *address, struct arena *arena,
                           struct service_instance **ret_instance)
{
    return service_open_with_peers(service, directory, address, NULL, arena, ret_instance);
}

struct status service_open_with_peers(const struct service *service, const char *directory,
                                      const char *address, const char *const *peer_addresses,
                                      struct arena *arena, struct service_instance **ret_instance)
{
    const struct service_options options = {
        .directory = directory,
        .address = address,
        .peer_addresses = peer_addresses,
    };

    return service_open_with(service, &options, arena, ret_instance);
}

struct status service_open_with(const struct service *service,
                                const struct service_options *options, struct arena *arena,
                                struct service_instance **ret_instance)
{
    struct service_instance *instance = memory_zeroed(sizeof(*instance));

    instance->service = service;
    instance->arena = arena_new(INSTANCE_ARENA_BYTES);
    const struct status status =
        status_within(instance->arena, instance_open(instance, options, arena));
    if (status.code != STATUS_OK) {
        instance_free(instance);
        return status;
    }
    *ret_instance = instance;
    return STATUS_NONE;
}

uint16_t service_port(const struct service_instance *instance)
{
    return rpc_server_port(instance->server);
}

/* Returns once no call came for a while, or at the deadline. */
static void serve_until_quiet(const struct service_instance *instance, int64_t deadline_boot_ms)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};
    unsigned long seen = dispatch_count(instance->dispatch);
    int64_t now = clock_boot_ms();
    int64_t quiet_since = now;

    while (now < deadline_boot_ms && now - quiet_since < QUIET_MS) {
        (void)nanosleep(&pause, NULL);
        const unsigned long count = dispatch_count(instance->dispatch);
        now = clock_boot_ms();
        if (count != seen || rpc_server_busy(instance->server) > 0) {
            seen = count;
            quiet_since = now;
        }
    }
}

bool service_close(struct service_instance *instance, unsigned bound_ms)
{
    const int64_t deadline_boot_ms = clock_boot_ms() + bound_ms;
    const unsigned lame_ms = bound_ms / 4 < LAME_MS ? bound_ms / 4 : LAME_MS;

    if (instance == NULL) {
        return true;
    }
    dispatch_drain(instance->dispatch);
    serve_until_quiet(instance, clock_boot_ms() + lame_ms);
    const int64_t left_ms = deadline_boot_ms - clock_boot_ms();
    if (!rpc_server_close(instance->server, left_ms > 0 ? (unsigned)left_ms : 0)) {
        /* A call or nng is stuck: the data is made safe, the rest is left to the end of the
         * process. */
        dispatch_stop(instance->dispatch);
        store_close(instance->store);
        return false;
    }
    instance_free(instance);
    return true;
}
