/* http_request.c - requests are kept for the next ones: a steady load allocates nothing. */
#include "http/http_internal.h"

#include "base/memory.h"

#include <stdlib.h>

/* More than any answer: a message of 16 MiB as JSON. */
enum { OUTPUT_MAX_BYTES = 128 << 20, FIELDS_MAX_BYTES = 16 << 10 };

struct http_request *request_new(struct http_loop *loop)
{
    struct http_request *request = loop->spare;

    if (request != NULL) {
        loop->spare = request->next;
        loop->spare_count--;
        request->next = NULL;
    } else {
        request = memory_zeroed(sizeof(*request));
        request->arena = arena_new(HTTP_REQUEST_ARENA_BYTES);
        buffer_init(&request->fields, FIELDS_MAX_BYTES);
        buffer_init(&request->output, OUTPUT_MAX_BYTES);
    }
    buffer_init(&request->input, loop->server->limits.body_max_bytes);
    request->loop = loop;
    request->loop_data = loop->data;
    return request;
}

static void buffer_recycle(struct buffer *buffer)
{
    if (buffer->capacity > SPARE_KEPT_MAX_BYTES) {
        buffer_done(buffer);
    }
    buffer_clear(buffer);
}

static void request_delete(struct http_request *request)
{
    arena_free(request->arena);
    buffer_done(&request->fields);
    buffer_done(&request->output);
    free(request);
}

void request_free(struct http_request *request)
{
    struct http_loop *loop = request->loop;

    http_expect(request, 0);
    request_release(request);
    request_count_bytes(request, 0);
    http_peer_release(&loop->peers, request->peer);
    request->peer = NULL;
    if (request->release != NULL) {
        request->release(request->release_arg);
        request->release = NULL;
    }
    buffer_done(&request->input);
    if (loop->spare_count >= REQUESTS_KEPT_MAX) {
        request_delete(request);
        return;
    }
    buffer_recycle(&request->fields);
    buffer_recycle(&request->output);
    arena_reset(request->arena);
    request->head.field_count = 0;
    request->head.method = request->head.path = request->head.query = (struct slice){0};
    request->body = request->answer = (struct slice){0};
    request->handler_data = NULL;
    request->handler_row = 0;
    request->handler_turn = 0;
    request->connection = NULL;
    request->received_ns = 0;
    request->sent_bytes = 0;
    request->code = 0;
    request->reserved_bytes = 0;
    request->is_answered = request->is_last = request->is_constant = false;
    request->next = loop->spare;
    loop->spare = request;
    loop->spare_count++;
}

void request_end(struct http_request *request, bool is_sent)
{
    const struct http_server_options *options = &request->loop->server->options;

    if (options->on_end != NULL) {
        options->on_end(options->arg, request, is_sent);
    }
    request_free(request);
}
