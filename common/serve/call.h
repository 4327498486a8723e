/*
 * call.h - one call as a handler sees it: its transaction, its arena, its caller.
 */
#ifndef SERVE_CALL_H
#define SERVE_CALL_H

#include "base/arena.h"
#include "base/status.h"
#include "serve/peer.h"
#include "store/resource.h"
#include "store/store.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct service;
struct method;
struct schema;

struct call {
    struct arena *arena;
    struct tx *tx; /* a snapshot, or the writer's; what resource_*() take */
    const struct method *method;
    const struct service *service;
    const struct schema *schema; /* annotations of the service's messages */
    const char *caller;
    const char *if_match;    /* "" for none, "*" for any */
    bool mask_is_implied;    /* the client wrote members and gave no update_mask */
    const char *traceparent; /* "" for none */
    int64_t now_us;
    int64_t deadline_boot_ms; /* after which nobody waits any more */
    struct peers *peers;      /* NULL without any; for peer_call_all() */
    /* What the answers of peers depended on, one for each peer that was asked. */
    struct rpc_version peer_versions[PEERS_MAX];
    size_t peer_version_count;
    bool peers_moved; /* a peer's answers had different versions */
    /* A handler that has its answer packed already sets this and leaves response alone. */
    struct slice packed_response;
    /* What a handler tells the rules of its own kinds; NULL unless it set it. */
    void *context;
    /* Pairs of ErrorInfo.metadata for a refusal; NULL-ended, see call_metadata(). */
    const char *metadata[9];
};

/* Attach a pair to the refusal that is about to be returned, such as the possible next steps:
 * at most four; both strings must outlive the call. */
void call_metadata(struct call *call, const char *key, const char *value);

/* The status of one item of a list in the request: "observations[3]: ..." with its field, if any,
 * below "observations[3]"; a field of "" is the item itself. */
struct status call_below_item(struct call *call, struct status status, const char *list,
                              size_t index);

/* What a rule returns of a request that it does not take: with what the reason's row says in
 * English, filled from field (or NULL) and the call's metadata; REFUSE() where there is more to
 * say. */
struct status call_refuse(struct call *call, const struct reason *reason, const char *field);
#define REFUSE(call, reason, field, ...) status_make((call)->arena, (reason), (field), __VA_ARGS__)

/* INVALID_ARGUMENT checks that many rules share. Empty texts pass all but call_check_required. */
struct status call_check_required(struct call *call, const char *field, const char *text);
struct status call_check_length(struct call *call, const char *field, const char *text,
                                size_t max_characters);
struct status call_check_date(struct call *call, const char *field, const char *text);
struct status call_check_month(struct call *call, const char *field, const char *text);

#endif
