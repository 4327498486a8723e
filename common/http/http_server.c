/* http_server.c - threads, listeners, and the end of both. */
#include "http/http_internal.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    TICK_MS = 250,
    TICK_LEAST_MS = 10,
    LOOPS_MAX = 64,
    LISTENER_END_TICKS = 5, /* without a new connection */
    LISTENER_END_MS = 2000, /* where new ones could not be stopped */
    START_UNDO_MS = 2000,
};

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

static void limits_complete(struct http_limits *limits)
{
    limits->connections_max = or_default(limits->connections_max, 4096);
    limits->pipeline_max = or_default(limits->pipeline_max, 16);
    limits->body_max_bytes = limits->body_max_bytes != 0 ? limits->body_max_bytes : 1 << 20;
    limits->memory_max_bytes = limits->memory_max_bytes != 0 ? limits->memory_max_bytes : 256 << 20;
    limits->requests_max = or_default(limits->requests_max, 1024);
    limits->head_timeout_ms = or_default(limits->head_timeout_ms, 10000);
    limits->body_idle_ms = or_default(limits->body_idle_ms, 10000);
    limits->body_whole_ms = or_default(limits->body_whole_ms, 30000);
    limits->idle_timeout_ms = or_default(limits->idle_timeout_ms, 60000);
    limits->write_idle_ms = or_default(limits->write_idle_ms, 30000);
    limits->linger_ms = or_default(limits->linger_ms, 2000);
    limits->drain_idle_ms = or_default(limits->drain_idle_ms, 500);
}

/* Short limits, as in tests, need short ticks. */
static uint64_t tick_ms(const struct http_limits *limits)
{
    const unsigned times[] = {limits->head_timeout_ms, limits->body_idle_ms,
                              limits->body_whole_ms,   limits->idle_timeout_ms,
                              limits->write_idle_ms,   limits->drain_idle_ms};
    unsigned least = TICK_MS;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        least = times[i] / 4 < least ? times[i] / 4 : least;
    }
    return least > TICK_LEAST_MS ? least : TICK_LEAST_MS;
}

static void on_connection(uv_stream_t *stream, int error)
{
    struct http_loop *loop = stream->data;

    loop->quiet_ticks = 0;
    if (error == 0) {
        connection_accept(loop);
    }
}

static void on_flush(uv_prepare_t *prepare)
{
    struct http_loop *loop = prepare->data;

    while (loop->dirty != NULL) {
        struct http_connection *connection = loop->dirty;

        loop->dirty = connection->next_dirty;
        connection->is_dirty = false;
        connection_flush(connection);
    }
    /* What the answers of this turn came to was not known before. */
    (void)loop_make_room(loop, 0, NULL);
}

/*
 * Whoever connects from here on is refused, since no interface leads to the listener any more.
 * Those that the system completed already are still accepted: closing the listener would reset
 * them, and a filter that drops their SYN needs a privilege on some kernels.
 */
static void stop_new_connections(const struct http_loop *loop)
{
    const int no_interface = INT_MAX;
    uv_os_fd_t socket = -1;

    if (uv_fileno((const uv_handle_t *)&loop->listener, &socket) == 0) {
        (void)setsockopt(socket, SOL_SOCKET, SO_BINDTOIFINDEX, &no_interface, sizeof(no_interface));
    }
}

static void loop_data_end(struct http_loop *loop)
{
    const struct http_server_options *options = &loop->server->options;

    if (loop->has_data && options->on_loop_end != NULL) {
        options->on_loop_end(options->arg, loop->data);
    }
    loop->has_data = false;
}

static void end_when_empty(struct http_loop *loop)
{
    if (loop->is_ending || loop->is_listening || loop->connections != NULL ||
        loop->request_count > 0) {
        return;
    }
    loop->is_ending = true;
    loop_data_end(loop);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_close((uv_handle_t *)&loop->flusher, NULL);
}

static void on_tick(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    const int64_t now_ms = (int64_t)uv_now(&loop->uv);
    struct http_connection *next = NULL;

    if (loop->accept_waits && loop->is_listening) {
        connection_accept(loop);
    }
    for (struct http_connection *at = loop->connections; at != NULL; at = next) {
        next = at->next;
        connection_tick(at, now_ms);
    }
    if (loop->drain_ms != 0) {
        /* Ticks, not time: between two of them a loop looks for connections, however late. */
        if (loop->is_listening && (++loop->quiet_ticks > LISTENER_END_TICKS ||
                                   now_ms - loop->drain_ms > LISTENER_END_MS)) {
            loop->is_listening = false;
            uv_close((uv_handle_t *)&loop->listener, NULL);
        }
        end_when_empty(loop);
    }
}

static void on_wake(uv_async_t *async)
{
    struct http_loop *loop = async->data;

    if (atomic_load(&loop->server->draining) && loop->drain_ms == 0) {
        loop->drain_ms = (int64_t)uv_now(&loop->uv);
        /* The end is looked for often, or it would come late. */
        (void)uv_timer_start(&loop->tick, on_tick, TICK_LEAST_MS, TICK_LEAST_MS);
    }
}

static void run_loop(void *arg)
{
    struct http_loop *loop = arg;
    struct http_server *server = loop->server;

    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    while (loop->spare != NULL) {
        struct http_request *request = loop->spare;

        loop->spare = request->next;
        loop->spare_count = REQUESTS_KEPT_MAX;
        request_free(request);
    }
    uv_mutex_lock(&server->lock);
    server->running--;
    uv_cond_signal(&server->ended);
    uv_mutex_unlock(&server->lock);
}

/* A bound socket that may share its port: libuv before 1.49 has no flag for it. */
static int socket_bind(const struct addrinfo *where, uint16_t port, int *ret_socket)
{
    struct sockaddr_storage address = {0};
    const int on = 1;
    const int made = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (made < 0) {
        return -errno;
    }
    memcpy(&address, where->ai_addr, where->ai_addrlen);
    if (address.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&address)->sin_port = htons(port);
    }
    if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(made, (const struct sockaddr *)&address, where->ai_addrlen) != 0) {
        const int error = -errno;

        (void)close(made);
        return error;
    }
    *ret_socket = made;
    return 0;
}

static uint16_t socket_port(int socket)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);

    (void)getsockname(socket, (struct sockaddr *)&address, &length);
    return address_port((const struct sockaddr *)&address);
}

/*
 * What the system holds for a client that does not read or is not read from; its connections have
 * the same bounds. By itself it would let each grow to megabytes, which count as the program's
 * where memory is limited for a group of processes.
 */
static void bound_system_buffers(int socket)
{
    const int unsent = UNSENT_MAX_BYTES;
    const int unread = UNREAD_MAX_BYTES;

    (void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &unread, sizeof(unread));
}

static int loop_listen(struct http_loop *loop, const struct addrinfo *where)
{
    struct http_server *server = loop->server;
    int socket = -1;
    int error = socket_bind(where, server->port, &socket);

    if (error != 0) {
        return error;
    }
    server->port = socket_port(socket);
    bound_system_buffers(socket);
    error = uv_tcp_open(&loop->listener, socket);
    if (error != 0) {
        (void)close(socket);
        return error;
    }
    loop->is_listening = true;
    return uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
}

static int loop_init(struct http_loop *loop, struct http_server *server)
{
    loop->server = server;
    loop->read_buffer = malloc(READ_BUFFER_BYTES);
    if (loop->read_buffer == NULL || uv_loop_init(&loop->uv) != 0) {
        free(loop->read_buffer);
        loop->read_buffer = NULL;
        return UV_ENOMEM;
    }
    /* None of these can fail but uv_async_init(), for lack of descriptors. */
    (void)uv_tcp_init(&loop->uv, &loop->listener);
    (void)uv_timer_init(&loop->uv, &loop->tick);
    (void)uv_prepare_init(&loop->uv, &loop->flusher);
    loop->listener.data = loop->tick.data = loop->flusher.data = loop->wake.data = loop;
    return uv_async_init(&loop->uv, &loop->wake, on_wake);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Frees a server of which no thread runs. */
static void server_free(struct http_server *server)
{
    for (unsigned i = 0; server->loops != NULL && i < server->loop_count; i++) {
        struct http_loop *loop = &server->loops[i];

        if (loop->read_buffer != NULL) {
            loop_data_end(loop);
            uv_walk(&loop->uv, close_handle, NULL);
            (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
            (void)uv_loop_close(&loop->uv);
            free(loop->read_buffer);
        }
    }
    uv_mutex_destroy(&server->lock);
    uv_cond_destroy(&server->ended);
    free(server->loops);
    free(server);
}

static struct status loops_start(struct http_server *server, const struct addrinfo *where,
                                 struct arena *arena)
{
    const char *address = server->options.address;

    for (unsigned i = 0; i < server->loop_count; i++) {
        struct http_loop *loop = &server->loops[i];
        int error = loop_init(loop, server);

        if (error == 0 && i == 0) {
            error = address_check_free(where);
        }
        if (error == 0) {
            error = loop_listen(loop, where);
        }
        if (error != 0) {
            return address_refused(arena, address, error);
        }
        if (server->options.on_loop != NULL) {
            TRY(server->options.on_loop(server->options.arg, &loop->uv, &loop->data));
            loop->has_data = true;
        }
        (void)uv_prepare_start(&loop->flusher, on_flush);
        (void)uv_timer_start(&loop->tick, on_tick, tick_ms(&server->limits),
                             tick_ms(&server->limits));
    }
    for (unsigned i = 0; i < server->loop_count; i++) {
        uv_mutex_lock(&server->lock);
        server->running++;
        uv_mutex_unlock(&server->lock);
        if (uv_thread_create(&server->loops[i].thread, run_loop, &server->loops[i]) != 0) {
            uv_mutex_lock(&server->lock);
            server->running--;
            uv_mutex_unlock(&server->lock);
            return status_out_of_memory();
        }
        server->started++;
    }
    return STATUS_NONE;
}

/* Says the limit, in MiB where that is a whole number. */
static void too_large_fill(struct http_server *server)
{
    const size_t limit = server->limits.body_max_bytes;
    const bool is_mib = limit % (1 << 20) == 0;

    (void)snprintf(server->too_large_message, sizeof(server->too_large_message),
                   "the body is larger than the limit of %zu %s", is_mib ? limit >> 20 : limit,
                   is_mib ? "MiB" : "bytes");
    server->too_large = (struct http_refusal){413, "BODY_TOO_LARGE", server->too_large_message};
}

struct status http_server_open(const struct http_server_options *options, struct arena *arena,
                               struct http_server **ret_server)
{
    struct http_server *server = memory_zeroed(sizeof(*server));
    struct addrinfo *where = NULL;
    char host[ADDRESS_HOST_BYTES];

    server->options = *options;
    server->limits = options->limits;
    limits_complete(&server->limits);
    too_large_fill(server);
    server->loop_count = options->loops != 0 ? options->loops : uv_available_parallelism();
    server->loop_count = server->loop_count < LOOPS_MAX ? server->loop_count : LOOPS_MAX;
    (void)uv_mutex_init(&server->lock);
    (void)uv_cond_init(&server->ended);
    server->loops = memory_zeroed(server->loop_count * sizeof(*server->loops));
    struct status status = address_resolve(arena, options->address, host, &where);
    if (status.code == STATUS_OK) {
        const bool is_ipv6 = where->ai_family == AF_INET6;

        server->port = address_port(where->ai_addr);
        status = loops_start(server, where, arena);
        (void)snprintf(server->address, sizeof(server->address), is_ipv6 ? "[%s]:%u" : "%s:%u",
                       host, server->port);
        freeaddrinfo(where);
    }
    if (status.code != STATUS_OK) {
        (void)http_server_close(server, START_UNDO_MS);
        return status;
    }
    *ret_server = server;
    return STATUS_NONE;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

unsigned http_server_connections(const struct http_server *server)
{
    return atomic_load(&server->connections);
}

unsigned http_server_connections_max(const struct http_server *server)
{
    return server->limits.connections_max;
}

size_t http_server_bytes(const struct http_server *server)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < server->loop_count; i++) {
        bytes += atomic_load_explicit(&server->loops[i].bytes, memory_order_relaxed);
    }
    return bytes;
}

size_t http_server_bytes_max(const struct http_server *server)
{
    return server->limits.memory_max_bytes;
}

uint64_t http_server_shed(const struct http_server *server, enum http_shed kind)
{
    return atomic_load(&server->sheds[kind]);
}

const struct http_server *http_server_of(const struct http_request *request)
{
    return request->loop->server;
}

bool http_server_close(struct http_server *server, unsigned bound_ms)
{
    if (server == NULL) {
        return true;
    }
    const uint64_t deadline_ns = uv_hrtime() + (uint64_t)bound_ms * 1000000;

    /* Of all before one closes: they share what comes to the port. */
    for (unsigned i = 0; i < server->started; i++) {
        stop_new_connections(&server->loops[i]);
    }
    atomic_store(&server->draining, true);
    for (unsigned i = 0; i < server->started; i++) {
        (void)uv_async_send(&server->loops[i].wake);
    }
    uv_mutex_lock(&server->lock);
    while (server->running > 0 && uv_hrtime() < deadline_ns) {
        (void)uv_cond_timedwait(&server->ended, &server->lock, deadline_ns - uv_hrtime() + 1);
    }
    const bool is_ended = server->running == 0;
    uv_mutex_unlock(&server->lock);
    if (!is_ended) {
        return false;
    }
    for (unsigned i = 0; i < server->started; i++) {
        (void)uv_thread_join(&server->loops[i].thread);
    }
    server_free(server);
    return true;
}
