/*
 * http_budget.c - what requests and answers may hold of a loop's memory, and who gives way.
 *
 * A request is counted from its head to the end of its answer: a fixed part, its body, and its
 * answer or what was reserved for that. Invariant: loop->bytes is the sum of counted_bytes of all
 * requests and of input_bytes of all connections; peers and connections have their parts of it.
 *
 * While less than a quarter is free, a peer may hold no more than is free: alone it gets a half,
 * and with n others like it each gets one part in n + 2, so that there is always room for one who
 * holds little (the dynamic thresholds of Choudhury and Hahne, IEEE/ACM Transactions on Networking
 * 6(2), 1998). Whoever is past that first loses what it does not read.
 */
#include "http/http_internal.h"

enum {
    /* struct http_request, the first chunk of its arena, and the header lines of its answer. */
    REQUEST_BYTES = 16 << 10,
    /* A connection that owes less is not reset: a good client may be about to read it. */
    DEBT_LEAST_BYTES = 32 << 10,
    LARGE_LEAVE_PART = 8, /* one in so many bytes */
    /* Who took nothing and sent nothing for so long stands still. */
    STILL_MS = 100,
};

/* Only the loop's own thread writes, so load and store need not be one step; atomic because metrics
 * read it from other threads. */
static void loop_count(struct http_loop *loop, size_t before, size_t after)
{
    const size_t bytes = atomic_load_explicit(&loop->bytes, memory_order_relaxed);

    atomic_store_explicit(&loop->bytes, bytes - before + after, memory_order_relaxed);
}

void request_count_bytes(struct http_request *request, size_t bytes)
{
    const size_t before = request->counted_bytes;

    loop_count(request->loop, before, bytes);
    if (request->peer != NULL) {
        request->peer->bytes += bytes - before;
    }
    if (request->connection != NULL) {
        request->connection->bytes += bytes - before;
    }
    request->counted_bytes = bytes;
}

void request_count(struct http_request *request)
{
    const size_t answer = request->is_constant ? 0 : request->answer.length;

    request_count_bytes(request, REQUEST_BYTES + request->input.length +
                                     (request->is_answered ? answer : request->reserved_bytes));
}

void request_release(struct http_request *request)
{
    if (request->is_admitted) {
        request->is_admitted = false;
        request->loop->admitted--;
        request->peer->requests--;
    }
}

void connection_count_input(struct http_connection *connection)
{
    const size_t before = connection->input_bytes;
    const size_t after = connection->phase != CONNECTION_CLOSED ? connection->input.length : 0;

    if (before == after) {
        return;
    }
    loop_count(connection->loop, before, after);
    connection->bytes += after - before;
    if (connection->peer != NULL) {
        connection->peer->bytes += after - before;
    }
    connection->input_bytes = after;
}

/* The bytes that would be free at once if the connection were reset: what was read, and answers
 * that the client has not taken. A request that is still worked on keeps its memory until it ends.
 */
static size_t debt_of(const struct http_connection *connection)
{
    size_t bytes = connection->input_bytes;

    if (connection->incoming != NULL) {
        bytes += connection->incoming->counted_bytes;
    }
    for (const struct http_request *at = connection->sending; at != NULL; at = at->next) {
        bytes += at->counted_bytes;
    }
    for (const struct http_request *at = connection->first; at != NULL; at = at->next) {
        bytes += at->is_answered ? at->counted_bytes : 0;
    }
    return bytes;
}

/* Who holds more is reset first. What counts is all that the peer holds, so that nobody gains by
 * opening many connections. A proxy's connections carry many clients and look like one peer, so
 * there each connection counts for itself. */
static size_t weight_of(const struct http_connection *connection, size_t debt)
{
    const bool has_shares = connection->loop->server->limits.has_peer_shares;

    return has_shares && !connection->is_of_proxy && connection->peer != NULL
               ? connection->peer->bytes
               : debt;
}

/* True when it is the client's turn to read its answer or to send its body, and it has done neither
 * for a while. */
static bool stands_still(struct http_connection *connection)
{
    const int64_t now_ms = (int64_t)uv_now(&connection->loop->uv);

    if (connection->is_writing) {
        connection_note_progress(connection, now_ms);
        return now_ms - connection->write_ms >= STILL_MS;
    }
    return connection->incoming != NULL && now_ms - connection->last_read_ms >= STILL_MS;
}

/* Which connections may be reset. */
struct debtors {
    const struct http_connection *but; /* never this one: room is made for its request */
    const struct http_peer *peer;      /* only of this peer; NULL: of any */
    bool are_still;                    /* only those that stand still */
};

static bool may_be_reset(struct http_connection *connection, const struct debtors *debtors)
{
    return connection != debtors->but && connection->phase != CONNECTION_CLOSED &&
           connection->bytes >= DEBT_LEAST_BYTES &&
           (debtors->peer == NULL || connection->peer == debtors->peer) &&
           (!debtors->are_still || stands_still(connection));
}

/* Resets the connection with the largest debt of the peer that holds most. False: there is none
 * with a debt that is worth it. */
static bool reset_largest(struct http_loop *loop, const struct debtors *debtors)
{
    struct http_connection *largest = NULL;
    size_t largest_weight = 0;
    size_t largest_debt = 0;

    for (struct http_connection *at = loop->connections; at != NULL; at = at->next) {
        if (!may_be_reset(at, debtors)) {
            continue;
        }
        const size_t debt = debt_of(at);
        const size_t weight = weight_of(at, debt);

        if (debt >= DEBT_LEAST_BYTES &&
            (weight > largest_weight || (weight == largest_weight && debt > largest_debt))) {
            largest = at;
            largest_weight = weight;
            largest_debt = debt;
        }
    }
    if (largest == NULL) {
        return false;
    }
    atomic_fetch_add(&loop->server->sheds[HTTP_SHED_READERS], 1);
    connection_reset(largest);
    return true;
}

/* Each loop gets an equal part, so that no loop has to ask another. */
static size_t limit_of(const struct http_loop *loop)
{
    return loop->server->limits.memory_max_bytes / loop->server->loop_count;
}

/* Less than a quarter is free. */
static bool is_scarce(size_t used, size_t limit)
{
    return used * 4 > limit * 3;
}

bool loop_has_room(const struct http_loop *loop, size_t bytes)
{
    return loop->bytes + bytes <= limit_of(loop);
}

/* Connections that stand still go first; only when none is left those that are being served. */
bool loop_make_room(struct http_loop *loop, size_t bytes, const struct http_connection *but)
{
    struct debtors debtors = {.but = but, .are_still = true};

    while (!loop_has_room(loop, bytes)) {
        if (reset_largest(loop, &debtors)) {
            continue;
        }
        if (!debtors.are_still) {
            return false;
        }
        debtors.are_still = false;
    }
    return true;
}

/* The rule at the top of this file: while little is free, nobody may hold more than that. */
static bool share_allows(const struct http_loop *loop, size_t has, size_t used, size_t limit)
{
    return !loop->server->limits.has_peer_shares || !is_scarce(used, limit) ||
           (used <= limit && has <= limit - used);
}

/*
 * Makes room for an answer, if need be by resetting connections.
 *
 * A small answer only has to fit below the loop's limit. It is not measured against its peer's
 * share, or one client that does not read would keep its neighbours behind the same address from
 * asking.
 *
 * A large one has to fit into its peer's share: connections of the same peer that stand still are
 * reset first. An eighth of the limit stays free behind it, for the small answers, which are most.
 */
static bool makes_room(struct http_request *request, size_t bytes)
{
    struct http_loop *loop = request->loop;
    const struct debtors debtors = {
        .but = request->connection, .peer = request->peer, .are_still = true};

    if (bytes < DEBT_LEAST_BYTES) {
        return loop_make_room(loop, bytes, request->connection);
    }
    while (!share_allows(loop, request->peer->bytes, loop->bytes + bytes, limit_of(loop))) {
        if (!reset_largest(loop, &debtors)) {
            return false;
        }
    }
    return loop_make_room(loop, bytes + limit_of(loop) / LARGE_LEAVE_PART, request->connection);
}

bool http_admit(struct http_request *request, size_t bytes)
{
    struct http_loop *loop = request->loop;
    const struct http_server *server = loop->server;
    const unsigned requests_max =
        (server->limits.requests_max + server->loop_count - 1) / server->loop_count;

    if (request->peer == NULL) {
        return false; /* there was no memory for a peer, so nothing can be counted */
    }
    if (!request->is_admitted &&
        (loop->admitted >= requests_max ||
         !share_allows(loop, request->peer->requests + 1, loop->admitted + 1, requests_max))) {
        return false;
    }
    if (bytes > request->reserved_bytes && !makes_room(request, bytes - request->reserved_bytes)) {
        return false;
    }
    if (!request->is_admitted) {
        request->is_admitted = true;
        loop->admitted++;
        request->peer->requests++;
    }
    request->reserved_bytes = bytes;
    request_count(request);
    http_expect(request, bytes);
    return true;
}

void http_expect(struct http_request *request, size_t bytes)
{
    if (request->connection != NULL) {
        request->connection->unsent_bytes += bytes - request->unsent_bytes;
    }
    request->unsent_bytes = bytes;
}

size_t http_peer_bytes(const struct http_request *request)
{
    return request->peer != NULL ? request->peer->bytes : 0;
}

size_t http_connection_bytes(const struct http_request *request)
{
    return request->connection != NULL ? request->connection->bytes : 0;
}
