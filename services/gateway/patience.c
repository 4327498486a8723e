/*
 * patience.c - a list of requests, looked through by a timer while it has any:
 *
 *     request --a service is away, and was there a moment ago--> WAITING, else go
 *     WAITING --all are back, or the patience or the deadline is over--> go
 *     go --a service was about to stop, and nothing was done--> WAITING
 *
 * A request that goes while a service is still away is answered as one that came then.
 */
#include "patience.h"

#include "base/clock.h"
#include "base/memory.h"
#include "call_headers.h"
#include "gateway.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY_MS = 10, WAITING_MAX = 1024 };

struct waiting {
    struct http_request *request;
    struct router_match match;
    patience_go go;
    unsigned backends;
    int64_t until_boot_ms;
    struct waiting *next;
};

struct patience {
    uv_timer_t timer;
    struct gateway_loop *loop;
    struct waiting *first;
    struct waiting **tail;
    unsigned count;
};

struct patience *patience_open(struct gateway_loop *loop, uv_loop_t *uv)
{
    struct patience *patience = memory_zeroed(sizeof(*patience));

    (void)uv_timer_init(uv, &patience->timer);
    patience->timer.data = patience;
    patience->loop = loop;
    patience->tail = &patience->first;
    return patience;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void patience_close(struct patience *patience)
{
    if (patience != NULL) {
        assert(patience->first == NULL);
        uv_close((uv_handle_t *)&patience->timer, on_closed);
    }
}

/* Since the request was read. */
static int64_t passed_ms(const struct http_request *request)
{
    return request->received_ns != 0 ? (int64_t)((uv_hrtime() - request->received_ns) / 1000000)
                                     : 0;
}

/* Until when a service that is away is expected back; 0: it is here, or has been away too long. */
static int64_t expected_boot_ms(const struct gateway *gateway, unsigned backend, int64_t now)
{
    const int64_t lost_boot_ms = rpc_client_lost_boot_ms(gateway->backends[backend].client);
    const int64_t until = lost_boot_ms + gateway->patience_ms;

    return lost_boot_ms != 0 && until > now ? until : 0;
}

/* The same of several: the latest. */
static int64_t all_expected_boot_ms(const struct gateway *gateway, unsigned backends, int64_t now)
{
    int64_t latest = 0;

    for (unsigned i = 0; i < gateway->backend_count; i++) {
        const int64_t until = (backends & 1U << i) != 0 ? expected_boot_ms(gateway, i, now) : 0;

        latest = until > latest ? until : latest;
    }
    return latest;
}

static void on_timer(uv_timer_t *timer)
{
    struct patience *patience = timer->data;
    const struct gateway *gateway = patience->loop->gateway;
    const int64_t now = clock_boot_ms();
    struct waiting *list = patience->first;

    patience->first = NULL;
    patience->tail = &patience->first;
    while (list != NULL) {
        struct waiting *waiting = list;

        list = waiting->next;
        waiting->next = NULL;
        if (now < waiting->until_boot_ms &&
            all_expected_boot_ms(gateway, waiting->backends, now) != 0) {
            *patience->tail = waiting;
            patience->tail = &waiting->next;
            continue;
        }
        patience->count--;
        waiting->go(patience->loop, waiting->request, &waiting->match);
    }
    if (patience->first == NULL) {
        (void)uv_timer_stop(timer);
    }
}

static bool wait_until(struct patience *patience, const struct waiting *from)
{
    const int64_t now = clock_boot_ms();
    struct http_request *request = from->request;
    struct call_headers headers;

    if (patience->count >= WAITING_MAX ||
        call_headers_read(request->arena, &request->head, false, &headers).code != STATUS_OK) {
        return false;
    }
    /* Half of the request's time is left for the call. */
    const int64_t end = now - passed_ms(request) + headers.timeout_ms / 2;
    struct waiting *waiting = end > now ? ARENA_NEW(request->arena, struct waiting) : NULL;
    if (waiting == NULL) {
        return false;
    }
    *waiting = *from;
    waiting->until_boot_ms = from->until_boot_ms < end ? from->until_boot_ms : end;
    *patience->tail = waiting;
    patience->tail = &waiting->next;
    patience->count++;
    if (!uv_is_active((const uv_handle_t *)&patience->timer)) {
        uv_update_time(patience->timer.loop);
        (void)uv_timer_start(&patience->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    }
    return true;
}

bool patience_waits(struct patience *patience, struct http_request *request,
                    const struct router_match *match, unsigned backends, patience_go go)
{
    const int64_t until = all_expected_boot_ms(patience->loop->gateway, backends, clock_boot_ms());
    const struct waiting waiting = {.request = request,
                                    .match = *match,
                                    .go = go,
                                    .backends = backends,
                                    .until_boot_ms = until};

    return until != 0 && wait_until(patience, &waiting);
}

static bool is_away(struct status status)
{
    return status.code == STATUS_UNAVAILABLE && status.reason != NULL &&
           (strcmp(status.reason, "SHUTTING_DOWN") == 0 ||
            strcmp(status.reason, "SERVICE_DOWN") == 0);
}

/* Each of them can be asked, or is expected back. */
static bool are_hopeful(const struct gateway *gateway, unsigned backends, int64_t now)
{
    for (unsigned i = 0; i < gateway->backend_count; i++) {
        if ((backends & 1U << i) != 0 && !rpc_client_connected(gateway->backends[i].client) &&
            expected_boot_ms(gateway, i, now) == 0) {
            return false;
        }
    }
    return true;
}

bool patience_retries(struct patience *patience, struct http_request *request,
                      const struct router_match *match, unsigned backends, patience_go go,
                      struct status status)
{
    const struct gateway *gateway = patience->loop->gateway;
    const int64_t now = clock_boot_ms();

    if (!is_away(status) || passed_ms(request) >= gateway->patience_ms ||
        !are_hopeful(gateway, backends, now)) {
        return false;
    }
    const int64_t until = all_expected_boot_ms(gateway, backends, now);
    const struct waiting waiting = {.request = request,
                                    .match = *match,
                                    .go = go,
                                    .backends = backends,
                                    .until_boot_ms = until != 0 ? until : now};
    return wait_until(patience, &waiting);
}

uint32_t patience_left_ms(const struct http_request *request, uint32_t timeout_ms)
{
    const int64_t passed = passed_ms(request);

    return passed < timeout_ms ? timeout_ms - (uint32_t)passed : 1;
}
