/*
 * redis_events.h - hiredis' asynchronous connection on a libuv loop. Stands for its own adapter,
 * which forgets a socket with an error and reads answers that nobody asked for: on those hiredis
 * aborts the program.
 */
#ifndef GATEWAY_REDIS_EVENTS_H
#define GATEWAY_REDIS_EVENTS_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

struct redis_events_handler {
    /* The socket has an error, or bytes when no answer is due: free the connection. */
    void (*on_broken)(void *arg);
    bool (*is_answer_due)(void *arg);
    void *arg; /* valid until the connection is freed */
};

/* False when it cannot be. Ends with the connection. */
bool redis_events_attach(redisAsyncContext *context, uv_loop_t *loop,
                         const struct redis_events_handler *handler);

/* True when bytes were read that are of no answer yet. */
bool redis_events_has_rest(const redisAsyncContext *context);

#endif
