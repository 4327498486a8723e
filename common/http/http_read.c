/*
 * http_read.c - from bytes to requests: heads are found, checked and read, bodies gathered, whole
 * requests handed over.
 */
#include "http/http_internal.h"

static const struct http_refusal out_of_memory = {
    429, "OUT_OF_MEMORY", "the server holds as much as it can; try again shortly"};

bool connection_wants_input(const struct http_connection *connection)
{
    const struct http_limits *limits = &connection->loop->server->limits;

    switch (connection->phase) {
    case CONNECTION_IDLE:
    case CONNECTION_HEAD:
        return connection->pipelined < limits->pipeline_max && !connection->is_writing &&
               connection->unsent_bytes < CONNECTION_HOLDS_MAX_BYTES &&
               connection->bytes - connection->input_bytes < CONNECTION_HOLDS_MAX_BYTES;
    case CONNECTION_BODY:
        return connection->pipelined < limits->pipeline_max && !connection->is_writing;
    case CONNECTION_LINGER:
        return true;
    case CONNECTION_STOPPED:
    case CONNECTION_CLOSED:
        break;
    }
    return false;
}

static void phase_set(struct http_connection *connection, enum connection_phase phase)
{
    connection->phase = phase;
    connection->since_ms = (int64_t)uv_now(&connection->loop->uv);
}

/* Whose a request is: the connection's peer, or the client behind a proxy that says so. */
static void find_peer(struct http_connection *connection, struct http_request *request)
{
    const struct http_networks *trusted = connection->loop->server->options.trusted_proxies;
    struct http_address address;

    if (connection->is_of_proxy && http_forwarded_address(&request->head, trusted, &address)) {
        request->peer = http_peer_hold(&connection->loop->peers, &address);
    } else if (connection->peer != NULL) {
        request->peer = connection->peer;
        request->peer->users++;
    }
}

static void enqueue(struct http_connection *connection, struct http_request *request)
{
    request->connection = connection;
    if (connection->last != NULL) {
        connection->last->next = request;
    } else {
        connection->first = request;
    }
    connection->last = request;
    connection->pipelined++;
}

void connection_refuse(struct http_connection *connection, const struct http_refusal *refusal)
{
    const struct http_server_options *options = &connection->loop->server->options;
    struct http_request *request = connection->incoming;

    connection->incoming = NULL;
    connection->continue_due = false;
    phase_set(connection, CONNECTION_STOPPED);
    if (request == NULL) {
        request = request_new(connection->loop);
    }
    request->is_last = true;
    request->received_ns = uv_hrtime();
    enqueue(connection, request);
    request_count(request);
    connection->loop->request_count++;
    if (options->on_refusal != NULL) {
        options->on_refusal(options->arg, request, refusal);
    } else {
        http_respond(request, refusal->code, "text/plain; charset=utf-8",
                     slice_from(refusal->message));
    }
}

static void dispatch(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    struct http_request *request = connection->incoming;

    connection->incoming = NULL;
    connection->continue_due = false;
    request->received_ns = uv_hrtime();
    request->body = buffer_slice(&request->input);
    connection->empty_line_passed = false;
    connection->has_served = true;
    request->is_last = !request->head.keep_alive;
    phase_set(connection, request->is_last ? CONNECTION_STOPPED : CONNECTION_IDLE);
    enqueue(connection, request);
    loop->request_count++;
    loop->server->options.on_request(loop->server->options.arg, request);
}

/* What is known of a request when its head was read. */
static void head_done(struct http_connection *connection, const char *data, size_t length)
{
    const struct http_limits *limits = &connection->loop->server->limits;
    struct http_request *request = request_new(connection->loop);
    struct http_refusal refusal = connection->loop->server->too_large;
    char *copy = arena_alloc(request->arena, length);

    connection->incoming = request;
    connection->scan = (struct http_scan){0};
    memcpy(copy, data, length);
    const bool is_good = http_head_parse((struct slice){copy, length}, &request->head, &refusal);
    find_peer(connection, request);
    request->connection = connection;
    request_count(request);
    if (!is_good || request->head.content_length > limits->body_max_bytes) {
        connection_refuse(connection, &refusal);
        return;
    }
    if (!loop_make_room(connection->loop, 0, connection)) {
        connection_refuse(connection, &out_of_memory);
        return;
    }
    if (request->head.content_length == 0 && !request->head.is_chunked) {
        dispatch(connection);
        return;
    }
    connection->chunk = (struct http_chunk){0};
    connection->continue_due = request->head.expects_continue;
    phase_set(connection, CONNECTION_BODY);
}

/* One empty line before a request line is passed over (RFC 9112, 2.2). */
static size_t take_empty_line(struct http_connection *connection, const char *data, size_t length)
{
    if (connection->scan.offset > 1 || connection->empty_line_passed || length < 2 ||
        memcmp(data, "\r\n", 2) != 0) {
        return 0;
    }
    connection->scan = (struct http_scan){0};
    connection->empty_line_passed = true;
    return 2;
}

static size_t take_head(struct http_connection *connection, const char *data, size_t length)
{
    struct http_refusal refusal = {431, "HEAD_TOO_LARGE", "the head is larger than 16 KiB"};

    if (connection->phase == CONNECTION_IDLE) {
        phase_set(connection, CONNECTION_HEAD);
    }
    const size_t seen = length < HTTP_HEAD_MAX_BYTES ? length : HTTP_HEAD_MAX_BYTES;
    switch (http_head_scan(&connection->scan, data, seen, &refusal)) {
    case HTTP_SCAN_DONE: {
        const size_t taken = connection->scan.offset;

        head_done(connection, data, taken);
        return taken;
    }
    case HTTP_SCAN_MORE:
        if (seen < HTTP_HEAD_MAX_BYTES) {
            return 0;
        }
        break;
    case HTTP_SCAN_REFUSED:
        break;
    }
    connection_refuse(connection, &refusal);
    return length;
}

static void body_append(struct http_connection *connection, struct slice piece)
{
    const struct http_limits *limits = &connection->loop->server->limits;
    struct buffer *input = &connection->incoming->input;

    if (piece.length > limits->body_max_bytes - input->length) {
        connection_refuse(connection, &connection->loop->server->too_large);
        return;
    }
    if (loop_make_room(connection->loop, piece.length, connection)) {
        buffer_append(input, piece.data, piece.length);
    } else {
        input->failed = true;
    }
    if (buffer_failed(input)) {
        connection_refuse(connection, &out_of_memory);
        return;
    }
    request_count(connection->incoming);
}

static size_t take_chunks(struct http_connection *connection, const char *data, size_t length)
{
    static const struct http_refusal malformed = {400, "MALFORMED_REQUEST",
                                                  "the chunked body is malformed"};
    struct slice rest = {data, length};

    while (rest.length > 0 && connection->phase == CONNECTION_BODY) {
        struct slice piece;

        if (!http_chunk_read(&connection->chunk, &rest, &piece)) {
            connection_refuse(connection, &malformed);
            break;
        }
        body_append(connection, piece);
        if (connection->phase == CONNECTION_BODY && connection->chunk.state == CHUNK_DONE) {
            dispatch(connection);
            break;
        }
    }
    return length - rest.length;
}

static size_t take_body(struct http_connection *connection, const char *data, size_t length)
{
    const struct http_request *request = connection->incoming;

    if (request->head.is_chunked) {
        return take_chunks(connection, data, length);
    }
    const size_t missing = (size_t)request->head.content_length - request->input.length;
    const size_t taken = length < missing ? length : missing;

    body_append(connection, (struct slice){data, taken});
    if (connection->phase == CONNECTION_BODY && taken == missing) {
        dispatch(connection);
    }
    return taken;
}

/* Returns how much was understood; the rest is the start of a head, or waits for room. */
static size_t understand(struct http_connection *connection, const char *data, size_t length)
{
    size_t used = 0;

    while (used < length && connection_wants_input(connection)) {
        size_t taken = 0;

        if (connection->phase == CONNECTION_LINGER) {
            return length;
        }
        if (connection->phase == CONNECTION_BODY) {
            taken = take_body(connection, data + used, length - used);
        } else {
            taken = take_empty_line(connection, data + used, length - used);
            if (taken == 0) {
                taken = take_head(connection, data + used, length - used);
            }
        }
        if (taken == 0) {
            break;
        }
        used += taken;
    }
    connection->input_waits = used < length && !connection_wants_input(connection);
    return connection->phase == CONNECTION_STOPPED ? length : used;
}

void connection_read(struct http_connection *connection, const char *data, size_t length)
{
    struct buffer *input = &connection->input;

    connection->last_read_ms = (int64_t)uv_now(&connection->loop->uv);
    if (input->length > 0) {
        buffer_append(input, data, length);
        if (buffer_failed(input)) {
            connection_close(connection);
            return;
        }
        data = input->data;
        length = input->length;
    }
    const size_t used = understand(connection, data, length);

    if (connection->phase == CONNECTION_CLOSED) {
        return;
    }
    if (input->length > 0) {
        memmove(input->data, input->data + used, length - used);
        input->length -= used;
        if (input->length == 0 && input->capacity > HTTP_HEAD_MAX_BYTES) {
            buffer_done(input);
        }
    } else if (used < length) {
        buffer_append(input, data + used, length - used);
        if (buffer_failed(input)) {
            connection_close(connection);
        }
    }
    connection_count_input(connection);
}
