/*
 * rpc_server_connections.c - the connections of a server by their pipe, and the watcher, a thread
 * that looks at them while answers pile up.
 *
 *     OPEN --does not read; was silent for longest when one too many came; nng closed it--> ENDED
 *     ENDED --its last parcel is done--> free
 *
 * nng reads requests from a connection whether or not its answers are read, and keeps the answers:
 * one that it is writing, the others in their contexts. The watcher counts its own looks rather
 * than time, so that a process that was stopped does not take its peers for silent.
 */
#include "rpc/rpc_server_connections.h"

#include "base/clock.h"
#include "rpc/rpc_envelope.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

enum {
    /* Of a connection: with so many messages or bytes unsent, it must take one in so many looks. */
    UNSENT_MAX = 64,
    UNSENT_MAX_BYTES = 64 << 20,
    UNSENT_LOOKS = 100,
    /* With that the watcher begins to look. */
    UNSENT_LOOK = 16,
    /* Of all connections together: a part of the contexts and so many bytes. Past them who holds
     * most is closed, of those that took none in so many looks. */
    ALL_UNSENT_PART = 8,
    ALL_MAX_BYTES = 128 << 20,
    ALL_LOOKS = 5,
    /* And past that whoever holds most. */
    ALL_HARD_BYTES = 256 << 20,
    LOOK_MS = 10,
    /* Connections that one look closes. */
    CLOSES_MAX = 32,
    /* Calls of a connection that are refused one by one, in a period. */
    REFUSED_MAX = 128,
    REFUSED_PERIOD_MS = 100,
    /* Calls that are free for questions about the version and the program. */
    CALLS_SPARE = 16,
};

struct to_close {
    int id;
    struct rpc_closed closed;
};

static struct server_connection **bucket_of(struct connections *all, int id)
{
    return &all->buckets[(unsigned)id % CONNECTION_BUCKETS];
}

/* Under the lock. */
static struct server_connection *connection_find(struct connections *all, int id)
{
    struct server_connection *connection = *bucket_of(all, id);

    while (connection != NULL && connection->id != id) {
        connection = connection->next;
    }
    return connection;
}

/* Under the lock, of one that has ended and that nothing uses. */
static void connection_free(struct connections *all, struct server_connection *connection)
{
    atomic_fetch_sub(&all->bytes, atomic_load(&connection->bytes));
    atomic_fetch_sub(&all->bytes, atomic_load(&connection->last_bytes));
    *connection = (struct server_connection){.next = all->free};
    all->free = connection;
}

/* Under the lock, of an open one: from now on what comes on it is dropped. */
static void connection_end(struct connections *all, struct server_connection *connection)
{
    struct server_connection **at = bucket_of(all, connection->id);

    while (*at != connection) {
        at = &(*at)->next;
    }
    *at = connection->next;
    connection->is_open = false;
    all->open_count--;
    if (connection->users == 0) {
        connection_free(all, connection);
    }
}

static size_t bytes_of(const struct server_connection *connection)
{
    return atomic_load(&connection->bytes) + atomic_load(&connection->last_bytes);
}

static void peer_text(nng_pipe pipe, char text[RPC_PEER_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    nng_sockaddr address;

    text[0] = '\0';
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0) {
        return;
    }
    if (address.s_family == NNG_AF_INET &&
        inet_ntop(AF_INET, &address.s_in.sa_addr, host, sizeof(host)) != NULL) {
        (void)snprintf(text, RPC_PEER_BYTES, "%s:%u", host, ntohs(address.s_in.sa_port));
    } else if (address.s_family == NNG_AF_INET6 &&
               inet_ntop(AF_INET6, address.s_in6.sa_addr, host, sizeof(host)) != NULL) {
        (void)snprintf(text, RPC_PEER_BYTES, "[%s]:%u", host, ntohs(address.s_in6.sa_port));
    }
}

/* Under the lock, of an open one; close_now() follows without it. */
static struct to_close close_later(struct connections *all, struct server_connection *connection,
                                   enum rpc_closed_reason reason)
{
    const struct to_close closing = {
        .id = connection->id,
        .closed = {.reason = reason,
                   .unsent = atomic_load(&connection->unsent),
                   .bytes = bytes_of(connection)},
    };

    connection_end(all, connection);
    return closing;
}

/* Without the lock, since nng tells of what it lets go. */
static void close_now(struct connections *all, struct to_close *closing)
{
    const nng_pipe pipe = {.id = (uint32_t)closing->id};

    peer_text(pipe, closing->closed.peer);
    atomic_fetch_add(&all->closed[closing->closed.reason], 1);
    if (all->on_closed != NULL) {
        all->on_closed(all->arg, &closing->closed);
    }
    if (!pipe_end_input(pipe)) {
        (void)nng_pipe_close(pipe);
    }
}

static bool all_is_unread(const struct connections *all)
{
    return atomic_load(&all->unsent) > all->calls_max / ALL_UNSENT_PART;
}

static bool needs_looks(const struct connections *all, const struct server_connection *connection)
{
    return atomic_load(&connection->unsent) >= UNSENT_LOOK || all_is_unread(all) ||
           atomic_load(&all->bytes) > ALL_MAX_BYTES;
}

static bool is_unread(const struct server_connection *connection)
{
    const unsigned unsent = atomic_load(&connection->unsent);

    return connection->still_looks >= UNSENT_LOOKS && unsent > 0 &&
           (unsent >= UNSENT_MAX || atomic_load(&connection->bytes) >= UNSENT_MAX_BYTES);
}

/* Under the lock. */
static void look_at(struct server_connection *connection)
{
    const unsigned long taken = atomic_load(&connection->taken);
    const bool waits = atomic_load(&connection->unsent) > 0;
    const bool is_still = taken == connection->seen_taken && waits == connection->seen_waiting;

    connection->still_looks = is_still ? connection->still_looks + 1 : 0;
    connection->seen_taken = taken;
    connection->seen_waiting = waits;
}

/* Under the lock: of the open ones, who holds the most messages, or bytes; NULL when none does. */
static struct server_connection *greatest(struct connections *all, bool by_bytes, unsigned looks)
{
    struct server_connection *found = NULL;
    size_t most = 0;

    for (unsigned i = 0; i < CONNECTION_PLACES; i++) {
        struct server_connection *connection = &all->places[i];
        const size_t holds = by_bytes ? bytes_of(connection) : atomic_load(&connection->unsent);

        if (connection->is_open && connection->still_looks >= looks && holds > most) {
            most = holds;
            found = connection;
        }
    }
    return found;
}

/* Under the lock: those to close while the open ones hold too much; adds them to closing. */
static unsigned shed(struct connections *all, size_t unsent, size_t bytes, struct to_close *closing,
                     unsigned count)
{
    while (count < CLOSES_MAX) {
        const bool too_many = unsent > all->calls_max / ALL_UNSENT_PART;
        struct server_connection *connection = NULL;

        if (too_many || bytes > ALL_MAX_BYTES) {
            connection = greatest(all, !too_many, bytes > ALL_HARD_BYTES ? 0 : ALL_LOOKS);
        }
        if (connection == NULL) {
            break;
        }
        closing[count] = close_later(all, connection, RPC_CLOSED_UNREAD);
        const struct rpc_closed *closed = &closing[count++].closed;
        unsent -= closed->unsent < unsent ? closed->unsent : unsent;
        bytes -= closed->bytes < bytes ? closed->bytes : bytes;
    }
    return count;
}

/* Under the lock, which it gives up meanwhile. False: there is nothing to look at. */
static bool look(struct connections *all)
{
    struct to_close closing[CLOSES_MAX];
    unsigned count = 0;
    bool again = false;
    /* Not those of connections that have ended, which nng is about to let go. */
    size_t unsent = 0;
    size_t bytes = 0;

    for (unsigned i = 0; i < CONNECTION_PLACES; i++) {
        struct server_connection *connection = &all->places[i];

        if (!connection->is_open) {
            continue;
        }
        look_at(connection);
        if (count < CLOSES_MAX && is_unread(connection)) {
            closing[count++] = close_later(all, connection, RPC_CLOSED_UNREAD);
            continue;
        }
        unsent += atomic_load(&connection->unsent);
        bytes += bytes_of(connection);
        again = again || needs_looks(all, connection);
    }
    count = shed(all, unsent, bytes, closing, count);
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < count; i++) {
        close_now(all, &closing[i]);
    }
    pthread_mutex_lock(&all->lock);
    return again;
}

static void *watcher_run(void *arg)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    struct connections *all = arg;

    pthread_mutex_lock(&all->lock);
    while (!all->is_stopping) {
        if (!atomic_load(&all->is_watching)) {
            pthread_cond_wait(&all->changed, &all->lock);
            continue;
        }
        pthread_mutex_unlock(&all->lock);
        (void)nanosleep(&pause, NULL);
        pthread_mutex_lock(&all->lock);
        atomic_store(&all->is_watching, look(all));
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

bool connections_open(struct connections *all, const struct rpc_server_options *options,
                      unsigned calls_max)
{
    all->calls_max = calls_max;
    all->on_closed = options->on_closed;
    all->arg = options->arg;
    for (unsigned i = CONNECTION_PLACES; i > 0; i--) {
        all->places[i - 1].next = all->free;
        all->free = &all->places[i - 1];
    }
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    all->has_watcher = pthread_create(&all->watcher, NULL, watcher_run, all) == 0;
    if (!all->has_watcher) {
        connections_close(all);
    }
    return all->has_watcher;
}

void connections_stop(struct connections *all)
{
    if (!all->has_watcher) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    all->is_stopping = true;
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
    pthread_join(all->watcher, NULL);
    all->has_watcher = false;
}

void connections_close(struct connections *all)
{
    connections_stop(all);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
}

/* Those that have never sent anything come first: nobody misses them. */
static bool is_more_silent(const struct server_connection *one,
                           const struct server_connection *other)
{
    return one->has_spoken != other->has_spoken ? !one->has_spoken
                                                : one->heard_boot_ms < other->heard_boot_ms;
}

/* Under the lock: of those with nothing under way; NULL for none. */
static struct server_connection *longest_silent(struct connections *all)
{
    struct server_connection *found = NULL;

    for (unsigned i = 0; i < CONNECTION_PLACES; i++) {
        struct server_connection *connection = &all->places[i];

        if (connection->is_open && connection->users == 0 &&
            (found == NULL || is_more_silent(connection, found))) {
            found = connection;
        }
    }
    return found;
}

/* Under the lock. */
static void connection_new(struct connections *all, int id)
{
    struct server_connection **bucket = bucket_of(all, id);
    struct server_connection *connection = all->free;

    all->free = connection->next;
    *connection = (struct server_connection){
        .id = id, .next = *bucket, .is_open = true, .heard_boot_ms = clock_boot_ms()};
    *bucket = connection;
    all->open_count++;
}

void connections_add(struct connections *all, nng_pipe pipe)
{
    const int id = nng_pipe_id(pipe);
    struct to_close closing = {.id = id, .closed = {.reason = RPC_CLOSED_NO_ROOM}};

    pthread_mutex_lock(&all->lock);
    all->pipe_count++;
    if (all->open_count >= RPC_CONNECTIONS_MAX && all->free != NULL) {
        struct server_connection *silent = longest_silent(all);
        if (silent != NULL) {
            closing = close_later(all, silent, RPC_CLOSED_SILENT);
        }
    }
    const bool is_added = all->open_count < RPC_CONNECTIONS_MAX && all->free != NULL;
    if (is_added) {
        connection_new(all, id);
    }
    pthread_mutex_unlock(&all->lock);
    if (!is_added || closing.id != id) {
        close_now(all, &closing);
    }
}

void connections_remove(struct connections *all, nng_pipe pipe)
{
    pthread_mutex_lock(&all->lock);
    struct server_connection *connection = connection_find(all, nng_pipe_id(pipe));
    if (connection != NULL) {
        connection_end(all, connection);
    }
    all->pipe_count--;
    pthread_mutex_unlock(&all->lock);
}

struct server_connection *connection_enter(struct connections *all, nng_pipe pipe)
{
    const int64_t now = clock_boot_ms();

    pthread_mutex_lock(&all->lock);
    struct server_connection *connection = connection_find(all, nng_pipe_id(pipe));
    if (connection != NULL) {
        connection->users++;
        connection->has_spoken = true;
        connection->heard_boot_ms = now;
    }
    pthread_mutex_unlock(&all->lock);
    return connection;
}

bool connection_leave(struct connections *all, struct server_connection *connection)
{
    pthread_mutex_lock(&all->lock);
    const bool is_open = connection->is_open;
    connection->users--;
    if (connection->users == 0 && !is_open) {
        connection_free(all, connection);
    }
    pthread_mutex_unlock(&all->lock);
    return is_open;
}

void connection_call_begin(struct connections *all, struct server_connection *connection)
{
    atomic_fetch_add(&all->calls, 1);
    if (atomic_fetch_add(&connection->calls, 1) == 0) {
        atomic_fetch_add(&all->holders, 1);
    }
}

void connection_call_end(struct connections *all, struct server_connection *connection)
{
    if (atomic_fetch_sub(&connection->calls, 1) == 1) {
        atomic_fetch_sub(&all->holders, 1);
    }
    atomic_fetch_sub(&all->calls, 1);
}

/* While a quarter of the calls is free nobody is counted; then a connection gets what is an even
 * part for it, the others and one more that may come. */
bool connection_has_room(const struct connections *all, const struct server_connection *connection)
{
    const unsigned max = all->calls_max;
    const unsigned calls = atomic_load(&all->calls);

    if (calls + CALLS_SPARE > max) {
        return false;
    }
    return calls <= max - max / 4 ||
           atomic_load(&connection->calls) <= max / (atomic_load(&all->holders) + 1);
}

void connection_call_refused(struct server_connection *connection)
{
    const long long now = clock_boot_ms();

    if (now >= atomic_load(&connection->refused_until_ms)) {
        atomic_store(&connection->refused, 0);
        atomic_store(&connection->refused_until_ms, now + REFUSED_PERIOD_MS);
    }
    atomic_fetch_add(&connection->refused, 1);
}

bool connection_skips(struct connections *all, const struct server_connection *connection,
                      unsigned calls)
{
    const bool skips = atomic_load(&connection->refused) >= REFUSED_MAX &&
                       clock_boot_ms() < atomic_load(&connection->refused_until_ms);

    if (skips) {
        atomic_fetch_add(&all->skipped, calls);
    }
    return skips;
}

void connection_hold(struct connections *all, struct server_connection *connection, size_t before,
                     size_t now)
{
    atomic_fetch_add(&connection->bytes, now - before);
    atomic_fetch_add(&all->bytes, now - before);
}

void connection_send(struct connections *all, struct server_connection *connection)
{
    atomic_fetch_add(&connection->unsent, 1);
    atomic_fetch_add(&all->unsent, 1);
    if (!needs_looks(all, connection) || atomic_load(&all->is_watching)) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    if (!atomic_load(&all->is_watching)) {
        atomic_store(&all->is_watching, true);
        pthread_cond_signal(&all->changed);
    }
    pthread_mutex_unlock(&all->lock);
}

void connection_sent(struct connections *all, struct server_connection *connection, size_t bytes)
{
    const size_t before = atomic_exchange(&connection->last_bytes, bytes);

    atomic_fetch_add(&all->bytes, bytes - before);
    atomic_fetch_add(&connection->taken, 1);
    atomic_fetch_sub(&connection->unsent, 1);
    atomic_fetch_sub(&all->unsent, 1);
}

void connection_close_unread(struct connections *all, struct server_connection *connection)
{
    struct to_close closing = {0};

    pthread_mutex_lock(&all->lock);
    const bool closes = connection->is_open;
    if (closes) {
        closing = close_later(all, connection, RPC_CLOSED_UNREAD);
    }
    pthread_mutex_unlock(&all->lock);
    if (closes) {
        close_now(all, &closing);
    }
}

struct rpc_server_load connections_load(struct connections *all)
{
    pthread_mutex_lock(&all->lock);
    const unsigned open_count = all->open_count;
    const unsigned pipe_count = all->pipe_count;
    pthread_mutex_unlock(&all->lock);
    struct rpc_server_load load = {
        .connections = open_count,
        .ending = pipe_count - open_count,
        .unsent = atomic_load(&all->unsent),
        .bytes = atomic_load(&all->bytes),
        .skipped = atomic_load(&all->skipped),
    };

    for (unsigned i = 0; i < RPC_CLOSED_REASONS; i++) {
        load.closed[i] = atomic_load(&all->closed[i]);
    }
    return load;
}
