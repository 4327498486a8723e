/*
 * redis_tier.c - hiredis' asynchronous connection behind a circuit breaker:
 *
 *     RESTING --timer--> LOOKING (for the address of a name) --found--> TRYING
 *     TRYING (connect, AUTH, PING) --PONG in time--> READY
 *     LOOKING, TRYING, READY --too late, an error, the end of it--> RESTING, twice as long
 *
 * A connection that was too late once is freed and never used again: its answers would come in
 * the wrong place. Look-ups are only sent when READY, and each is called back exactly once. The
 * time is CLOCK_BOOTTIME's, and before anything counts as late the socket is read once more: the
 * loop itself may have been late.
 */
#include "redis_tier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "redis_events.h"
#include "redis_lookup.h"
#include "redis_reply.h"

#include <arpa/inet.h>
#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRY_MS = 5 * REDIS_BUDGET_MS,
    STEADY_MS = 2000, /* a connection that lasted so long starts the rests anew */
    REST_FIRST_MS = 100,
    REST_LONGEST_MS = 5000,
    LOOK_EVERY_MS = 20,
    GETS_MAX = 256,
    SETS_MAX = 64,
    SETS_MAX_BYTES = 4 << 20,
    HOST_BYTES = 256,
    SHOWN_BYTES = 200, /* of what Redis says */
};

#define KEPT_SECONDS "86400"

enum redis_state { REDIS_OFF, REDIS_RESTING, REDIS_LOOKING, REDIS_TRYING, REDIS_READY };

struct redis_tier {
    uv_loop_t *loop;
    struct redis_metrics *metrics;
    uv_timer_t timer;
    char host[HOST_BYTES];
    int port;
    const char *password; /* NULL: none */
    bool was_refused;     /* and said so, since it was last READY */
    enum redis_state state;
    struct redis_lookup *lookup; /* when LOOKING */
    redisAsyncContext *context;  /* when TRYING or READY */
    int64_t since_boot_ms;       /* of TRYING or READY */
    unsigned rest_ms;
    struct redis_get *first; /* waiting, in the order of their deadlines */
    struct redis_get *last;
    unsigned waiting;
    unsigned sets;
    size_t set_bytes;
};

static void on_timer(uv_timer_t *timer);

static void arm(struct redis_tier *tier, int64_t ms)
{
    /* The loop's own time stands still during a callback. */
    uv_update_time(tier->loop);
    (void)uv_timer_start(&tier->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

static void get_finish(struct redis_get *get, struct slice value)
{
    struct redis_tier *tier = get->tier;

    assert(get->is_waiting);
    get->is_waiting = false;
    metric_observe_since(tier->metrics->lookup_seconds, 0, get->sent_ns);
    *(get->previous != NULL ? &get->previous->next : &tier->first) = get->next;
    *(get->next != NULL ? &get->next->previous : &tier->last) = get->previous;
    tier->waiting--;
    get->on_value(get, value);
}

/* The connection is of no more use. Frees it, which calls back all that wait with no answer. */
static void rest_after(struct redis_tier *tier, enum redis_loss loss)
{
    redisAsyncContext *context = tier->context;

    if (tier->state == REDIS_OFF || tier->state == REDIS_RESTING) {
        return;
    }
    redis_lookup_free(tier->lookup);
    tier->lookup = NULL;
    if (tier->state == REDIS_READY && clock_boot_ms() - tier->since_boot_ms >= STEADY_MS) {
        tier->rest_ms = REST_FIRST_MS;
    } else {
        tier->rest_ms = tier->rest_ms * 2 < REST_LONGEST_MS ? tier->rest_ms * 2 : REST_LONGEST_MS;
    }
    metric_count(tier->metrics->losses, 0, loss, 1);
    if (tier->state == REDIS_READY) {
        (void)atomic_fetch_sub(&tier->metrics->ready, 1);
    }
    tier->state = REDIS_RESTING;
    tier->context = NULL;
    tier->sets = 0;
    tier->set_bytes = 0;
    arm(tier, tier->rest_ms);
    if (context != NULL) {
        context->data = NULL;
        redisAsyncFree(context);
    }
    while (tier->first != NULL) {
        get_finish(tier->first, (struct slice){0});
    }
}

static void rest(struct redis_tier *tier)
{
    rest_after(tier, REDIS_FAILED);
}

/* The connection ended by itself, and hiredis is freeing it. */
static void lose(redisAsyncContext *context)
{
    struct redis_tier *tier = context->data;

    context->data = NULL;
    if (tier != NULL && tier->context == context) {
        tier->context = NULL;
        rest(tier);
    }
}

static void on_broken(void *arg)
{
    rest(arg);
}

static bool is_answer_due(void *arg)
{
    const struct redis_tier *tier = arg;

    return tier->state == REDIS_TRYING || tier->waiting > 0 || tier->sets > 0;
}

/* After each answer: what came behind the last one that was due is a lie, and hiredis would abort
 * on it. */
static void look_behind(redisAsyncContext *context)
{
    struct redis_tier *tier = context->data;

    if (tier != NULL && tier->context == context && !is_answer_due(tier) &&
        redis_events_has_rest(context)) {
        rest(tier);
    }
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    (void)status;
    lose((redisAsyncContext *)(uintptr_t)context);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    if (status != REDIS_OK) {
        on_disconnect(context, status);
    }
}

/* Said once, until Redis is in use again: it is tried for ever. */
static void say_refused(struct redis_tier *tier, const redisReply *reply)
{
    char text[SHOWN_BYTES + 1];

    if (tier->was_refused || reply->type != REDIS_REPLY_ERROR) {
        return;
    }
    tier->was_refused = true;
    (void)snprintf(text, sizeof(text), "%s", reply->str);
    log_event(LOG_WARNING, "redis_refuses", "host", tier->host, "message", text, NULL);
}

/* Redis without a password refuses one, too: that is a mistake to be seen. */
static void on_auth(redisAsyncContext *context, void *reply_, void *arg)
{
    struct redis_tier *tier = context->data;
    const redisReply *reply = reply_;

    (void)arg;
    if (tier == NULL || tier->context != context || tier->state != REDIS_TRYING) {
        return;
    }
    if (reply == NULL) {
        lose(context);
    } else if (!redis_reply_is(reply, "OK")) {
        say_refused(tier, reply);
        rest(tier);
    }
}

static void on_pong(redisAsyncContext *context, void *reply_, void *arg)
{
    struct redis_tier *tier = context->data;
    const redisReply *reply = reply_;

    (void)arg;
    if (tier == NULL || tier->context != context || tier->state != REDIS_TRYING) {
        return;
    }
    if (reply == NULL) {
        lose(context);
        return;
    }
    const int64_t now = clock_boot_ms();
    if (!redis_reply_is(reply, "PONG") || now - tier->since_boot_ms > TRY_MS) {
        say_refused(tier, reply);
        rest(tier);
        return;
    }
    tier->state = REDIS_READY;
    if (tier->was_refused) {
        tier->was_refused = false;
        log_event(LOG_INFO, "redis_accepts", "host", tier->host, NULL);
    }
    (void)atomic_fetch_add(&tier->metrics->ready, 1);
    tier->since_boot_ms = now;
    (void)uv_timer_stop(&tier->timer);
    look_behind(context);
}

static bool send_greeting(struct redis_tier *tier)
{
    redisAsyncContext *context = tier->context;

    return (tier->password == NULL ||
            redisAsyncCommand(context, on_auth, NULL, "AUTH %b", tier->password,
                              strlen(tier->password)) == REDIS_OK) &&
           redisAsyncCommand(context, on_pong, NULL, "PING") == REDIS_OK;
}

static void try(struct redis_tier *tier, const char *address)
{
    assert(tier->context == NULL);
    const struct redis_events_handler handler = {on_broken, is_answer_due, tier};
    redisAsyncContext *context = redisAsyncConnect(address, tier->port);

    tier->state = REDIS_TRYING;
    tier->since_boot_ms = clock_boot_ms();
    if (context == NULL || context->err != 0 ||
        !redis_events_attach(context, tier->loop, &handler)) {
        if (context != NULL) {
            redisAsyncFree(context);
        }
        rest(tier);
        return;
    }
    context->data = tier;
    tier->context = context;
    arm(tier, TRY_MS);
    if (redisAsyncSetConnectCallback(context, on_connect) != REDIS_OK ||
        redisAsyncSetDisconnectCallback(context, on_disconnect) != REDIS_OK ||
        !send_greeting(tier)) {
        rest(tier);
    }
}

static bool is_numeric(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static void start(struct redis_tier *tier)
{
    if (is_numeric(tier->host)) {
        try(tier, tier->host);
        return;
    }
    tier->state = REDIS_LOOKING;
    tier->lookup = redis_lookup_start(tier->host);
    if (tier->lookup == NULL) {
        rest(tier);
        return;
    }
    arm(tier, LOOK_EVERY_MS);
}

static void look(struct redis_tier *tier)
{
    char address[REDIS_ADDRESS_BYTES];

    switch (redis_lookup_look(tier->lookup, address)) {
    case REDIS_LOOKUP_UNDER_WAY:
        arm(tier, LOOK_EVERY_MS);
        break;
    case REDIS_LOOKUP_FOUND:
        redis_lookup_free(tier->lookup);
        tier->lookup = NULL;
        try(tier, address);
        break;
    case REDIS_LOOKUP_FAILED:
        rest(tier);
        break;
    }
}

/* The socket is read once more, then what is late is late. */
static void judge(struct redis_tier *tier)
{
    redisAsyncContext *context = tier->context;
    const int64_t late =
        tier->state == REDIS_TRYING ? tier->since_boot_ms + TRY_MS : tier->first->deadline_boot_ms;

    if (clock_boot_ms() < late) {
        arm(tier, late - clock_boot_ms());
        return;
    }
    if (tier->state == REDIS_READY && is_answer_due(tier)) {
        redisAsyncHandleRead(context);
    }
    if (tier->context != context) {
        return;
    }
    if (tier->state == REDIS_TRYING ||
        (tier->first != NULL && tier->first->deadline_boot_ms <= clock_boot_ms())) {
        rest_after(tier, REDIS_TOO_LATE);
    } else if (tier->first != NULL) {
        arm(tier, tier->first->deadline_boot_ms - clock_boot_ms());
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct redis_tier *tier = timer->data;

    if (tier->state == REDIS_RESTING) {
        start(tier);
    } else if (tier->state == REDIS_LOOKING) {
        look(tier);
    } else if (tier->state == REDIS_TRYING || tier->first != NULL) {
        judge(tier);
    }
}

static void on_get(redisAsyncContext *context, void *reply_, void *arg)
{
    struct redis_get *get = arg;
    const redisReply *reply = reply_;

    /* One that rest() finished, or is about to. */
    if (context->data == NULL) {
        return;
    }
    if (reply == NULL) {
        lose(context);
        return;
    }
    get_finish(get, redis_reply_value(reply));
    look_behind(context);
}

bool redis_tier_get(struct redis_tier *tier, struct slice key, struct redis_get *get)
{
    if (tier->state != REDIS_READY || tier->waiting >= GETS_MAX) {
        return false;
    }
    if (redisAsyncCommand(tier->context, on_get, get, "GET %b", key.data, key.length) != REDIS_OK) {
        return false;
    }
    get->tier = tier;
    get->sent_ns = clock_elapsed_ns();
    get->deadline_boot_ms = clock_boot_ms() + REDIS_BUDGET_MS;
    get->is_waiting = true;
    get->next = NULL;
    get->previous = tier->last;
    *(tier->last != NULL ? &tier->last->next : &tier->first) = get;
    tier->last = get;
    tier->waiting++;
    if (!uv_is_active((const uv_handle_t *)&tier->timer)) {
        arm(tier, REDIS_BUDGET_MS);
    }
    return true;
}

static void on_set(redisAsyncContext *context, void *reply, void *arg)
{
    struct redis_tier *tier = context->data;
    const size_t length = (size_t)(uintptr_t)arg;

    if (reply == NULL) {
        lose(context);
    } else if (tier != NULL && tier->context == context) {
        assert(tier->sets > 0 && tier->set_bytes >= length);
        tier->sets--;
        tier->set_bytes -= length;
        look_behind(context);
    }
}

void redis_tier_set(struct redis_tier *tier, struct slice key, struct slice value)
{
    if (tier->state != REDIS_READY || tier->sets >= SETS_MAX ||
        value.length > REDIS_VALUE_MAX_BYTES || tier->set_bytes + value.length > SETS_MAX_BYTES) {
        return;
    }
    if (redisAsyncCommand(tier->context, on_set, (void *)(uintptr_t)value.length,
                          "SET %b %b EX " KEPT_SECONDS, key.data, key.length, value.data,
                          value.length) == REDIS_OK) {
        tier->sets++;
        tier->set_bytes += value.length;
    }
}

bool redis_tier_is_ready(const struct redis_tier *tier)
{
    return tier->state == REDIS_READY;
}

static bool address_read(struct redis_tier *tier, const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    size_t length = colon != NULL ? (size_t)(colon - address) : 0;

    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length == 0 || length >= HOST_BYTES) {
        return false;
    }
    memcpy(tier->host, host, length);
    tier->host[length] = '\0';
    tier->port = (int)strtol(colon + 1, NULL, 10);
    return tier->port > 0 && tier->port < 65536;
}

struct status redis_tier_open(uv_loop_t *loop, const char *address, const char *password,
                              struct redis_metrics *metrics, struct redis_tier **ret_tier)
{
    struct redis_tier *tier = memory_zeroed(sizeof(*tier));

    tier->loop = loop;
    tier->metrics = metrics;
    tier->password = password != NULL && password[0] != '\0' ? password : NULL;
    tier->rest_ms = REST_FIRST_MS;
    if (address != NULL && address[0] != '\0' && !address_read(tier, address)) {
        free(tier);
        return (struct status){STATUS_INVALID_ARGUMENT, "INVALID_ADDRESS",
                               "the address of Redis is not host:port", NULL};
    }
    (void)uv_timer_init(loop, &tier->timer);
    tier->timer.data = tier;
    if (tier->port != 0) {
        tier->state = REDIS_RESTING;
        arm(tier, 0);
    }
    *ret_tier = tier;
    return STATUS_NONE;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void redis_tier_close(struct redis_tier *tier)
{
    if (tier == NULL) {
        return;
    }
    rest(tier);
    tier->state = REDIS_OFF;
    uv_close((uv_handle_t *)&tier->timer, on_timer_closed);
}
