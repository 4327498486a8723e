/*
 * http_places.c - who may connect when there are few places left.
 *
 * While there is room nobody is counted: behind one address of a district, a proxy or a container
 * network many clients are one. When less than a quarter of the places is free, a peer may have no
 * more than are free, and for a newcomer the peer with most gives up one that asks nothing.
 */
#include "http/http_internal.h"

enum {
    /* A client that has sent half a head and nothing more for so long counts as idle: it would hold
     * its place until the time-out of a head, which is ten times as long. */
    HALF_HEAD_MS = 1000,
};

/* True when the connection can be closed without taking anything away that a client waits for. */
static bool is_idle(const struct http_connection *connection, int64_t now_ms)
{
    if (connection->pipelined > 0 || connection->sending != NULL || connection->overflow) {
        return false;
    }
    return connection->phase == CONNECTION_IDLE ||
           (connection->phase == CONNECTION_HEAD && now_ms - connection->since_ms >= HALF_HEAD_MS);
}

/* The connection that gives its place to the newcomer: the oldest idle one of the peer that has
 * most connections, if those are more than the newcomer's peer has. NULL: there is none. */
static struct http_connection *find_spare(const struct http_connection *newcomer)
{
    const int64_t now_ms = (int64_t)uv_now(&newcomer->loop->uv);
    struct http_connection *spare = NULL;
    unsigned most = newcomer->peer->connections;

    for (struct http_connection *at = newcomer->loop->connections; at != NULL; at = at->next) {
        if (at->peer == NULL || at->peer->connections < most || at->peer == newcomer->peer ||
            !is_idle(at, now_ms)) {
            continue;
        }
        if (at->peer->connections > most || (spare != NULL && at->since_ms <= spare->since_ms)) {
            most = at->peer->connections;
            spare = at;
        }
    }
    return spare;
}

bool connection_gets_place(struct http_connection *connection, bool is_full)
{
    struct http_server *server = connection->loop->server;
    const unsigned max = server->limits.connections_max;
    const unsigned used = atomic_load(&server->connections);

    if (!server->limits.has_peer_shares || connection->peer == NULL ||
        (uint64_t)used * 4 < (uint64_t)max * 3) {
        return !is_full;
    }
    const unsigned free_places = used < max ? max - used : 0;
    if (connection->peer->connections > free_places / server->loop_count + 1) {
        atomic_fetch_add(&server->sheds[HTTP_SHED_CROWDS], 1);
        return false;
    }
    struct http_connection *spare = find_spare(connection);
    if (spare == NULL) {
        return !is_full;
    }
    atomic_fetch_add(&server->sheds[HTTP_SHED_IDLE], 1);
    connection_close(spare);
    return true;
}
