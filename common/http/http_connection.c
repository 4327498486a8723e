/* http_connection.c - the life of a connection: accepted, read, timed, closed. */
#include "http/http_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct http_connection *connection = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(connection->loop->read_buffer, READ_BUFFER_BYTES);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_connection *connection = handle->data;
    struct http_loop *loop = connection->loop;

    if (connection->overflow) {
        loop->overflow_count--;
    } else {
        atomic_fetch_sub(&loop->server->connections, 1);
    }
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        loop->connections = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    buffer_done(&connection->input);
    if (connection->peer != NULL) {
        connection->peer->connections--;
        http_peer_release(&loop->peers, connection->peer);
    }
    free(connection);
    if (loop->accept_waits) {
        connection_accept(loop);
    }
}

/* Its requests that are answered end here; the others when they are. */
static void connection_end(struct http_connection *connection)
{
    struct http_request *request = NULL;
    struct http_request *next = NULL;

    connection->phase = CONNECTION_CLOSED;
    for (struct http_connection **at = &connection->loop->dirty; *at != NULL;
         at = &(*at)->next_dirty) {
        if (*at == connection) {
            *at = connection->next_dirty;
            break;
        }
    }
    for (request = connection->first; request != NULL; request = next) {
        next = request->next;
        connection->bytes -= request->counted_bytes;
        http_expect(request, 0);
        request->connection = NULL;
        request->next = NULL;
        if (request->is_answered) {
            request_end(request, false);
        }
    }
    connection->first = connection->last = NULL;
    if (connection->incoming != NULL) {
        request_end(connection->incoming, false);
        connection->incoming = NULL;
    }
    /* They end when the system lets go of them, which is soon; room is wanted now. */
    for (request = connection->sending; request != NULL; request = request->next) {
        request_count_bytes(request, 0);
    }
    connection_count_input(connection);
}

void connection_close(struct http_connection *connection)
{
    if (connection->phase != CONNECTION_CLOSED) {
        connection_end(connection);
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

void connection_reset(struct http_connection *connection)
{
    if (connection->phase == CONNECTION_CLOSED) {
        return;
    }
    connection_end(connection);
    /* Not while it is being shut down: then it is closed in the usual way. */
    if (uv_tcp_close_reset(&connection->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

static void on_shutdown(uv_shutdown_t *shutdown, int error)
{
    struct http_connection *connection = shutdown->data;

    if (error != 0 || connection->at_end) {
        connection_close(connection);
    }
}

void connection_finish(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;

    connection->phase = CONNECTION_LINGER;
    connection->deadline_ms = (int64_t)uv_now(&loop->uv) + loop->server->limits.linger_ms;
    connection->shutdown.data = connection;
    buffer_done(&connection->input);
    connection_count_input(connection);
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shutdown) != 0) {
        connection_close(connection);
        return;
    }
    if (!connection->at_end) {
        connection_resume(connection);
    }
}

static void on_end(struct http_connection *connection)
{
    connection->at_end = true;
    connection->is_reading = false;
    (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    if (connection->phase == CONNECTION_LINGER) {
        connection_close(connection);
        return;
    }
    /* Requests that came whole are answered; half a request is none. */
    if (connection->incoming != NULL) {
        request_end(connection->incoming, false);
        connection->incoming = NULL;
        connection->continue_due = false;
    }
    connection->phase = CONNECTION_STOPPED;
    connection_mark_dirty(connection);
}

static void stop_reading(struct http_connection *connection)
{
    if (connection->is_reading) {
        connection->is_reading = false;
        (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    }
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct http_connection *connection = stream->data;

    if (length == UV_EOF) {
        on_end(connection);
    } else if (length < 0) {
        connection_close(connection);
    } else if (length > 0) {
        connection_read(connection, buffer->base, (size_t)length);
        connection_mark_dirty(connection);
        /* At once: libuv goes on reading as long as it fills the buffer. */
        if (!connection_wants_input(connection)) {
            stop_reading(connection);
        }
    }
}

void connection_resume(struct http_connection *connection)
{
    if (connection->input_waits && connection_wants_input(connection)) {
        connection_read(connection, "", 0);
        connection_mark_dirty(connection);
    }
    if (connection->phase == CONNECTION_CLOSED) {
        return;
    }
    if (!connection_wants_input(connection)) {
        stop_reading(connection);
        return;
    }
    if (connection->is_reading || connection->at_end) {
        return;
    }
    /* The time that the client was not listened to is not its own. */
    connection->last_read_ms = (int64_t)uv_now(&connection->loop->uv);
    if (connection->phase == CONNECTION_HEAD || connection->phase == CONNECTION_BODY) {
        connection->since_ms = connection->last_read_ms;
    }
    if (uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read) != 0) {
        connection_close(connection);
        return;
    }
    connection->is_reading = true;
}

static bool is_full(const struct http_loop *loop)
{
    return atomic_load(&loop->server->connections) >= loop->server->limits.connections_max;
}

static struct http_connection *connection_new(struct http_loop *loop)
{
    struct http_connection *connection = memory_zeroed(sizeof(*connection));

    connection->loop = loop;
    connection->phase = CONNECTION_IDLE;
    connection->since_ms = (int64_t)uv_now(&loop->uv);
    buffer_init(&connection->input, 2 * READ_BUFFER_BYTES);
    if (uv_tcp_init(&loop->uv, &connection->tcp) != 0) {
        free(connection);
        return NULL;
    }
    connection->tcp.data = connection;
    connection->next = loop->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    loop->connections = connection;
    return connection;
}

/* Without memory for it the connection has no peer. Those who left before they were asked who they
 * are count together, as the unspecified address. */
static void find_peer(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    struct sockaddr_storage from = {0};
    struct http_address address = {{0}};
    int length = sizeof(from);

    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&from, &length) == 0) {
        (void)http_address_of((const struct sockaddr *)&from, &address);
    }
    connection->is_of_proxy = http_networks_have(loop->server->options.trusted_proxies, &address);
    connection->peer = http_peer_hold(&loop->peers, &address);
    if (connection->peer != NULL) {
        connection->peer->connections++;
    }
}

/* So many are told why; past that they are only turned away, and nobody waits behind them. */
static void turn_away(struct http_connection *connection)
{
    static const struct http_refusal too_many = {429, "TOO_MANY_CONNECTIONS",
                                                 "there are too many connections"};

    if (connection->loop->overflow_count > OVERFLOW_MAX) {
        connection_reset(connection);
    } else {
        connection_refuse(connection, &too_many);
    }
}

void connection_accept(struct http_loop *loop)
{
    const bool has_no_place = is_full(loop);
    struct http_connection *connection = NULL;

    /* Not accepted: libuv listens no more until it is, and the system queues or refuses. */
    loop->accept_waits = true;
    if (!loop->is_listening) {
        return;
    }
    connection = connection_new(loop);
    if (connection == NULL) {
        return;
    }
    loop->accept_waits = false;
    connection->overflow = true; /* until it has a place */
    loop->overflow_count++;
    if (uv_accept((uv_stream_t *)&loop->listener, (uv_stream_t *)&connection->tcp) != 0) {
        connection_close(connection);
        return;
    }
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    find_peer(connection);
    if (!connection_gets_place(connection, has_no_place)) {
        turn_away(connection);
        return;
    }
    connection->overflow = false;
    loop->overflow_count--;
    atomic_fetch_add(&loop->server->connections, 1);
    connection_resume(connection);
}

static void refuse_late(struct http_connection *connection)
{
    static const struct http_refusal too_late = {408, "REQUEST_TIMEOUT",
                                                 "the request did not end in time"};

    connection_refuse(connection, &too_late);
    connection_mark_dirty(connection);
}

static void tick_idle(struct http_connection *connection, int64_t now_ms)
{
    const struct http_loop *loop = connection->loop;
    const struct http_limits *limits = &loop->server->limits;
    const int64_t since_ms =
        connection->since_ms > loop->drain_ms ? connection->since_ms : loop->drain_ms;

    if (connection->pipelined > 0) {
        return;
    }
    /* Who connects has something to ask soon; who asked may come back later. */
    const int64_t patience_ms =
        connection->has_served || limits->head_timeout_ms > limits->idle_timeout_ms
            ? limits->idle_timeout_ms
            : limits->head_timeout_ms;

    if (now_ms - connection->since_ms >= patience_ms ||
        (loop->drain_ms != 0 && now_ms - since_ms >= limits->drain_idle_ms)) {
        connection_finish(connection);
    }
}

void connection_note_progress(struct http_connection *connection, int64_t now_ms)
{
    if (connection->tcp.write_queue_size < connection->write_left) {
        connection->write_left = connection->tcp.write_queue_size;
        connection->write_ms = now_ms;
    }
}

void connection_tick(struct http_connection *connection, int64_t now_ms)
{
    const struct http_limits *limits = &connection->loop->server->limits;

    if (connection->is_writing) {
        connection_note_progress(connection, now_ms);
        if (now_ms - connection->write_ms >= limits->write_idle_ms) {
            connection_close(connection);
        }
        return;
    }
    switch (connection->phase) {
    case CONNECTION_IDLE:
        tick_idle(connection, now_ms);
        break;
    case CONNECTION_HEAD:
        if (connection->is_reading && now_ms - connection->since_ms >= limits->head_timeout_ms) {
            refuse_late(connection);
        }
        break;
    case CONNECTION_BODY:
        if (connection->is_reading && (now_ms - connection->last_read_ms >= limits->body_idle_ms ||
                                       now_ms - connection->since_ms >= limits->body_whole_ms)) {
            refuse_late(connection);
        }
        break;
    case CONNECTION_LINGER:
        if (now_ms >= connection->deadline_ms) {
            connection_close(connection);
        }
        break;
    case CONNECTION_STOPPED:
    case CONNECTION_CLOSED:
        break;
    }
}
