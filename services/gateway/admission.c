/* admission.c - expected sizes by method and page size, and a list of large requests that wait. */
#include "admission.h"

#include "answer.h"
#include "base/memory.h"
#include "gateway.h"
#include "job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGE_BYTES = JOB_LEAST_BYTES,
    LARGE_AT_ONCE = 1, /* of one loop: so many keep the services busy */
    WAITING_MAX = 1024,
    WAIT_MAX_MS = 2000,
    LOOK_EVERY_MS = 50,
    /* What is expected of an item of a list that nobody has asked for yet, and of all else. */
    ITEM_BYTES = 512,
    SINGLE_BYTES = 4 << 10,
    LEARNING = 8, /* one answer in so many makes the average */
    PAGE_CLASSES = 12,
    PAGE_SIZE_MAX = 1000,
    PAGE_SIZE_DEFAULT = 50,
};

/* request->handler_turn: zero until it is let in; the class of its page, and whether it is one of
 * those at once. */
enum { TURN_ENTERED = 0x100, TURN_LARGE = 0x200, TURN_CLASS = 0xff };

struct waiting {
    struct http_request *request;
    struct router_match match;
    admission_go go;
    uint64_t until_ns; /* uv_hrtime() */
    struct waiting *next;
};

struct admission {
    struct letter letter; /* first: posted when turns became free */
    uv_timer_t timer;
    struct gateway_loop *loop;
    struct waiting *first;
    struct waiting **tail;
    unsigned waiting;
    unsigned large; /* that are being made */
    bool is_posted;
    bool is_closing;
    uint32_t *expected; /* bytes, by row and class of page; 0: none was made yet */
};

struct status admission_no_room(void)
{
    return (struct status){STATUS_RESOURCE_EXHAUSTED, "NO_ROOM",
                           "the gateway holds as many answers as it can; try again shortly", NULL};
}

/* The page size that the query asks for; 0 without one. */
static unsigned page_size_of(struct slice query)
{
    static const char name[] = "pageSize=";
    const size_t length = sizeof(name) - 1;
    unsigned size = 0;

    for (size_t at = 0; at + length <= query.length; at++) {
        if ((at > 0 && query.data[at - 1] != '&') || memcmp(query.data + at, name, length) != 0) {
            continue;
        }
        for (at += length; at < query.length && size <= PAGE_SIZE_MAX; at++) {
            const unsigned digit = (unsigned)(unsigned char)query.data[at] - '0';

            if (digit > 9) {
                break;
            }
            size = size * 10 + digit;
        }
        break;
    }
    return size < PAGE_SIZE_MAX ? size : PAGE_SIZE_MAX;
}

/* Requests of one class expect about the same: by powers of two of the page size. */
static unsigned class_of(unsigned page_size)
{
    unsigned class = 0;

    for (; page_size > 0; page_size /= 2) {
        class ++;
    }
    return class;
}

static uint32_t *expected_of(struct admission *admission, const struct http_request *request,
                             unsigned class)
{
    return &admission->expected[(size_t)request->handler_row * PAGE_CLASSES + class];
}

static size_t expect(struct admission *admission, const struct http_request *request,
                     const struct router_match *match)
{
    const unsigned page_size = page_size_of(request->head.query);
    const uint32_t expected = *expected_of(admission, request, class_of(page_size));

    if (expected != 0) {
        return expected;
    }
    return match->route->is_list
               ? (size_t)(page_size != 0 ? page_size : PAGE_SIZE_DEFAULT) * ITEM_BYTES
               : SINGLE_BYTES;
}

static void learn(struct admission *admission, const struct http_request *request)
{
    uint32_t *expected = expected_of(admission, request, request->handler_turn & TURN_CLASS);
    const size_t length = request->answer.length;
    const uint32_t bytes = length < UINT32_MAX ? (uint32_t)length + 1 : UINT32_MAX;

    *expected = *expected == 0
                    ? bytes
                    : (uint32_t)(((uint64_t)*expected * (LEARNING - 1) + bytes) / LEARNING) + 1;
}

/* By whom others are let in first. Without shares of peers each connection is its own. */
static size_t weight_of(const struct admission *admission, const struct http_request *request)
{
    return admission->loop->gateway->has_peer_shares ? http_peer_bytes(request)
                                                     : http_connection_bytes(request);
}

static void refuse(struct http_request *request)
{
    answer_status(request, admission_no_room(), NULL);
}

static struct waiting *take_out(struct admission *admission, struct waiting **at)
{
    struct waiting *taken = *at;

    *at = taken->next;
    if (admission->tail == &taken->next) {
        admission->tail = at;
    }
    taken->next = NULL;
    admission->waiting--;
    if (admission->first == NULL) {
        (void)uv_timer_stop(&admission->timer);
    }
    return taken;
}

/* The place in the list of whoever's peer holds least, or most; the first of equals. */
static struct waiting **find_extreme(struct admission *admission, bool is_most)
{
    struct waiting **found = NULL;
    size_t extreme = 0;

    for (struct waiting **at = &admission->first; *at != NULL; at = &(*at)->next) {
        const size_t weight = weight_of(admission, (*at)->request);

        if (found == NULL || (is_most ? weight > extreme : weight < extreme)) {
            found = at;
            extreme = weight;
        }
    }
    return found;
}

static bool let_in(struct admission *admission, struct http_request *request, size_t bytes)
{
    if (!http_admit(request, bytes)) {
        return false;
    }
    request->handler_turn = TURN_ENTERED | class_of(page_size_of(request->head.query));
    if (bytes >= LARGE_BYTES) {
        request->handler_turn |= TURN_LARGE;
        admission->large++;
    }
    return true;
}

static void serve_waiting(struct admission *admission)
{
    while (admission->first != NULL && admission->large < LARGE_AT_ONCE) {
        struct waiting *waiting = take_out(admission, find_extreme(admission, false));
        struct http_request *request = waiting->request;
        const size_t bytes = expect(admission, request, &waiting->match);

        if (request->connection == NULL || !let_in(admission, request, bytes)) {
            refuse(request);
        } else {
            waiting->go(admission->loop, request, &waiting->match);
        }
    }
}

static void deliver(struct letter *letter)
{
    struct admission *admission = (struct admission *)letter;

    admission->is_posted = false;
    serve_waiting(admission);
}

/* Not at once: an answer is just being given, and its memory is not free yet. */
static void serve_later(struct admission *admission)
{
    if (admission->first != NULL && !admission->is_posted) {
        admission->is_posted = true;
        (void)mailbox_post(admission->loop->mailbox, &admission->letter);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct admission *admission = timer->data;
    const uint64_t now_ns = uv_hrtime();

    for (struct waiting **at = &admission->first; *at != NULL;) {
        if ((*at)->request->connection != NULL && now_ns < (*at)->until_ns) {
            at = &(*at)->next;
            continue;
        }
        refuse(take_out(admission, at)->request);
    }
}

static bool wait(struct admission *admission, struct http_request *request,
                 const struct router_match *match, admission_go go, size_t bytes)
{
    struct waiting *waiting = ARENA_NEW(request->arena, struct waiting);

    if (admission->waiting >= WAITING_MAX) {
        struct waiting **heaviest = find_extreme(admission, true);

        if (weight_of(admission, (*heaviest)->request) <= weight_of(admission, request)) {
            return false;
        }
        refuse(take_out(admission, heaviest)->request);
    }
    *waiting = (struct waiting){.request = request,
                                .match = *match,
                                .go = go,
                                .until_ns = request->received_ns + WAIT_MAX_MS * 1000000ULL};
    http_expect(request, bytes);
    *admission->tail = waiting;
    admission->tail = &waiting->next;
    admission->waiting++;
    if (!uv_is_active((const uv_handle_t *)&admission->timer)) {
        uv_update_time(admission->timer.loop);
        (void)uv_timer_start(&admission->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    }
    return true;
}

bool admission_enter(struct admission *admission, struct http_request *request,
                     const struct router_match *match, admission_go go)
{
    if ((request->handler_turn & TURN_ENTERED) != 0) {
        return true;
    }
    const size_t bytes = expect(admission, request, match);

    if (bytes >= LARGE_BYTES && (admission->large >= LARGE_AT_ONCE || admission->first != NULL)) {
        if (!wait(admission, request, match, go, bytes)) {
            refuse(request);
        }
        return false;
    }
    if (!let_in(admission, request, bytes)) {
        refuse(request);
        return false;
    }
    return true;
}

void admission_leave(struct admission *admission, struct http_request *request)
{
    if ((request->handler_turn & TURN_ENTERED) == 0) {
        return;
    }
    if (request->code == 200) {
        learn(admission, request);
    }
    if ((request->handler_turn & TURN_LARGE) != 0) {
        admission->large--;
        serve_later(admission);
    }
    request->handler_turn = 0;
}

struct admission *admission_open(struct gateway_loop *loop, uv_loop_t *uv, size_t rows)
{
    struct admission *admission = memory_zeroed(sizeof(*admission));

    admission->expected = memory_zeroed(rows * PAGE_CLASSES * sizeof(admission->expected[0]));
    (void)uv_timer_init(uv, &admission->timer);
    admission->timer.data = admission;
    admission->letter.deliver = deliver;
    admission->loop = loop;
    admission->tail = &admission->first;
    return admission;
}

static void on_closed(uv_handle_t *handle)
{
    struct admission *admission = handle->data;

    free(admission->expected);
    free(admission);
}

void admission_close(struct admission *admission)
{
    if (admission != NULL) {
        assert(admission->first == NULL);
        uv_close((uv_handle_t *)&admission->timer, on_closed);
    }
}
