/* redis_events.c - readable and writable, from uv_poll to hiredis. */
#include "redis_events.h"

#include "base/memory.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct redis_events {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL once the connection is freed */
    int events;
    struct redis_events_handler handler;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_events *self = poll->data;
    const struct redis_events_handler *handler = &self->handler;
    const bool is_connected = self->context != NULL && (self->context->c.flags & REDIS_CONNECTED);

    if (self->context == NULL) {
        return;
    }
    if (status < 0 ||
        (is_connected && (events & UV_READABLE) != 0 && !handler->is_answer_due(handler->arg))) {
        handler->on_broken(handler->arg);
        return;
    }
    if ((events & UV_READABLE) != 0) {
        redisAsyncHandleRead(self->context);
    }
    if (self->context != NULL && (events & UV_WRITABLE) != 0) {
        redisAsyncHandleWrite(self->context);
    }
}

static void watch_for(struct redis_events *self, int events)
{
    self->events = events;
    if (events == 0) {
        (void)uv_poll_stop(&self->poll);
    } else {
        (void)uv_poll_start(&self->poll, events, on_poll);
    }
}

static void add_read(void *data)
{
    struct redis_events *self = data;

    watch_for(self, self->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct redis_events *self = data;

    watch_for(self, self->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct redis_events *self = data;

    watch_for(self, self->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct redis_events *self = data;

    watch_for(self, self->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* hiredis closes the socket after this; uv_close() lets go of it at once. */
static void clean_up(void *data)
{
    struct redis_events *self = data;

    self->context = NULL;
    uv_close((uv_handle_t *)&self->poll, on_closed);
}

bool redis_events_attach(redisAsyncContext *context, uv_loop_t *loop,
                         const struct redis_events_handler *handler)
{
    struct redis_events *self = memory_zeroed(sizeof(*self));

    if (uv_poll_init(loop, &self->poll, context->c.fd) != 0) {
        free(self);
        return false;
    }
    self->poll.data = self;
    self->context = context;
    self->handler = *handler;
    context->ev.data = self;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = clean_up;
    return true;
}

bool redis_events_has_rest(const redisAsyncContext *context)
{
    const redisReader *reader = context->c.reader;

    return reader->len > reader->pos;
}
