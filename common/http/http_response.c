/*
 * http_response.c - answers are rendered and sent, as many as are due in one system call.
 *
 * http_respond() only marks the connection as dirty. At the end of the loop's turn on_flush() comes
 * to connection_flush(), which moves the answers at the head of the pipeline to `sending`, tries to
 * write all of them at once, and leaves to libuv what the system did not take.
 */
#include "http/http_internal.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum { BATCH_MAX = 16, PARTS_PER_ANSWER = 3 };

const char *http_reason_phrase(int code)
{
    static const struct {
        int code;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {499, "Client Closed Request"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].code == code) {
            return phrases[i].phrase;
        }
    }
    return "Unknown";
}

void http_add_header(struct http_request *request, const char *name, struct slice value)
{
    struct buffer *fields = &request->fields;

    buffer_append_text(fields, name);
    buffer_append_text(fields, ": ");
    for (size_t i = 0; i < value.length; i++) {
        const unsigned char c = (unsigned char)value.data[i];

        if (c >= ' ' && c != 0x7f) {
            buffer_append_char(fields, (char)c);
        }
    }
    buffer_append_text(fields, "\r\n");
}

void http_add_fields(struct http_request *request, struct slice lines)
{
    buffer_append(&request->fields, lines.data, lines.length);
}

struct slice http_fields(const struct http_request *request)
{
    return buffer_slice(&request->fields);
}

void http_drop_fields(struct http_request *request)
{
    buffer_clear(&request->fields);
}

struct buffer *http_output(struct http_request *request)
{
    return &request->output;
}

void connection_mark_dirty(struct http_connection *connection)
{
    if (!connection->is_dirty && connection->phase != CONNECTION_CLOSED) {
        connection->is_dirty = true;
        connection->next_dirty = connection->loop->dirty;
        connection->loop->dirty = connection;
    }
}

void http_respond(struct http_request *request, int code, const char *content_type,
                  struct slice body)
{
    const struct http_server_options *options = &request->loop->server->options;

    assert(!request->is_answered);
    request->is_answered = true;
    request->code = code;
    request->content_type = content_type;
    request->answer = body;
    request_release(request);
    request_count(request);
    request->loop->request_count--;
    if (request->connection == NULL) {
        request_end(request, false);
        return;
    }
    http_expect(request, body.length);
    if (options->on_answer != NULL) {
        options->on_answer(options->arg, request);
    }
    connection_mark_dirty(request->connection);
}

void http_respond_constant(struct http_request *request, int code, const char *content_type,
                           struct slice body)
{
    request->is_constant = true;
    http_respond(request, code, content_type, body);
}

void http_respond_shared(struct http_request *request, int code, const char *content_type,
                         struct slice body, void (*release)(void *arg), void *arg)
{
    assert(request->release == NULL);
    request->release = release;
    request->release_arg = arg;
    http_respond(request, code, content_type, body);
}

/* The text is made once a second. */
static const char *date_now(struct http_loop *loop)
{
    const time_t now = time(NULL);

    if (now != loop->date_s) {
        struct tm tm;

        loop->date_s = now;
        (void)gmtime_r(&now, &tm);
        (void)strftime(loop->date, sizeof(loop->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    }
    return loop->date;
}

/* Whether the connection ends with this answer: the request wanted it so, or the server drains and
 * nothing more of this client was read. */
static bool is_last_answer(const struct http_connection *connection,
                           const struct http_request *request)
{
    return request->is_last ||
           (connection->loop->drain_ms != 0 && request->next == NULL &&
            connection->phase == CONNECTION_IDLE && connection->input.length == 0);
}

/* Fills up to PARTS_PER_ANSWER parts: status line with our own headers, the handler's headers, and
 * the body, which is not copied. */
static size_t render(struct http_connection *connection, struct http_request *request,
                     uv_buf_t *parts)
{
    const bool has_content = request->content_type != NULL;
    const bool no_length = request->code == 204 || request->code == 304;
    const char *persistence = "";
    char length[32] = "";
    size_t count = 2;

    if (request->is_last) {
        persistence = "Connection: close\r\n";
    } else if (request->head.minor_version == 0) {
        persistence = "Connection: keep-alive\r\n";
    }
    if (!no_length) {
        (void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n", request->answer.length);
    }
    const int written = snprintf(
        request->prefix, sizeof(request->prefix), "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s%s",
        request->code, http_reason_phrase(request->code), date_now(connection->loop), length,
        has_content ? "Content-Type: " : "", has_content ? request->content_type : "",
        has_content ? "\r\n" : "", persistence);
    assert(written > 0 && (size_t)written < sizeof(request->prefix));
    buffer_append_text(&request->fields, "\r\n");
    parts[0] = uv_buf_init(request->prefix, (unsigned)written);
    parts[1] = uv_buf_init(request->fields.data, (unsigned)request->fields.length);
    if (request->answer.length > 0 && !no_length && !slice_is(request->head.method, "HEAD")) {
        /* libuv does not write through the pointer. */
        parts[2] =
            uv_buf_init((char *)(uintptr_t)request->answer.data, (unsigned)request->answer.length);
        request->sent_bytes = request->answer.length;
        count = 3;
    }
    return count;
}

static void end_sending(struct http_connection *connection, bool is_sent)
{
    while (connection->sending != NULL) {
        struct http_request *request = connection->sending;

        connection->sending = request->next;
        request_end(request, is_sent);
    }
}

static void on_written(uv_write_t *write, int error)
{
    struct http_connection *connection = write->data;

    connection->is_writing = false;
    end_sending(connection, error == 0);
    if (connection->phase == CONNECTION_CLOSED) {
        return;
    }
    if (error != 0) {
        connection_close(connection);
        return;
    }
    connection_mark_dirty(connection);
}

/* Moves the answers that may leave from the pipeline to `sending` and renders them. Stops at the
 * first request that is not answered yet: answers leave in the order of the requests. */
static size_t collect(struct http_connection *connection, uv_buf_t *parts)
{
    struct http_request **end = &connection->sending;
    size_t count = 0;

    for (unsigned i = 0; i < BATCH_MAX; i++) {
        struct http_request *request = connection->first;

        if (request == NULL || !request->is_answered) {
            break;
        }
        if (is_last_answer(connection, request)) {
            request->is_last = true;
            connection->phase = CONNECTION_STOPPED;
        }
        count += render(connection, request, parts + count);
        connection->first = request->next;
        connection->pipelined--;
        if (connection->first == NULL) {
            connection->last = NULL;
            connection->since_ms = connection->phase == CONNECTION_IDLE
                                       ? (int64_t)uv_now(&connection->loop->uv)
                                       : connection->since_ms;
        }
        request->next = NULL;
        *end = request;
        end = &request->next;
    }
    return count;
}

/* The system took only the first `sent` bytes: libuv writes the others when it can. */
static void send_rest(struct http_connection *connection, uv_buf_t *parts, size_t count,
                      size_t sent)
{
    size_t first = 0;

    while (sent >= parts[first].len) {
        sent -= parts[first].len;
        first++;
    }
    parts[first].base += sent;
    parts[first].len -= sent;
    connection->write.data = connection;
    connection->is_writing = true;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, parts + first,
                 (unsigned)(count - first), on_written) != 0) {
        connection->is_writing = false;
        end_sending(connection, false);
        connection_close(connection);
        return;
    }
    connection->write_left = connection->tcp.write_queue_size;
    connection->write_ms = (int64_t)uv_now(&connection->loop->uv);
}

/* Sends one batch. True: all of it was taken, and there may be more. False: nothing was due, the
 * connection is closed, or libuv is still writing. */
static bool send_batch(struct http_connection *connection)
{
    uv_buf_t parts[BATCH_MAX * PARTS_PER_ANSWER];
    size_t total = 0;
    const size_t count = collect(connection, parts);

    if (count == 0) {
        return false;
    }
    for (const struct http_request *sent = connection->sending; sent != NULL; sent = sent->next) {
        if (buffer_failed(&sent->fields)) {
            end_sending(connection, false);
            connection_close(connection);
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        total += parts[i].len;
    }
    const int written = uv_try_write((uv_stream_t *)&connection->tcp, parts, (unsigned)count);
    if (written < 0 && written != UV_EAGAIN) {
        end_sending(connection, false);
        connection_close(connection);
        return false;
    }
    if (written >= 0 && (size_t)written == total) {
        end_sending(connection, true);
        return true;
    }
    send_rest(connection, parts, count, written > 0 ? (size_t)written : 0);
    return false;
}

static void send_continue(struct http_connection *connection)
{
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const uv_buf_t part = uv_buf_init(text, sizeof(text) - 1);
    const int written = uv_try_write((uv_stream_t *)&connection->tcp, &part, 1);

    connection->continue_due = false;
    /* When the system takes nothing now (EAGAIN) the line is left out: a client that hears nothing
     * sends its body anyway, after a while. A part of the line cannot be mended. */
    if (written != UV_EAGAIN && written != (int)part.len) {
        connection_close(connection);
    }
}

void connection_flush(struct http_connection *connection)
{
    while (!connection->is_writing && connection->phase != CONNECTION_CLOSED &&
           send_batch(connection)) {
    }
    if (connection->phase == CONNECTION_CLOSED || connection->is_writing) {
        return;
    }
    if (connection->continue_due && connection->first == NULL) {
        send_continue(connection);
    }
    if (connection->phase == CONNECTION_STOPPED && connection->first == NULL) {
        connection_finish(connection);
    } else {
        connection_resume(connection);
    }
}
