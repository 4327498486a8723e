/*
 * service.h - a service is a table of methods and a table of resources; service_main() does the
 * rest: configuration, store, RPC, pool, health, draining.
 */
#ifndef SERVE_SERVICE_H
#define SERVE_SERVICE_H

#include "base/config.h"
#include "serve/call.h"

enum method_mode {
    /* One short indexed read, on the RPC thread with that thread's connection. */
    METHOD_QUICK,
    /* May scan, compute or call peers: on the pool, with a bounded queue. */
    METHOD_POOL,
    /* Writes: on the one writer thread, inside a savepoint of the group commit. */
    METHOD_WRITE,
};

/* request and response are messages of the method's types, response initialised; both live in
 * call->arena. A failure discards response and, for METHOD_WRITE, all that was written. */
typedef struct status (*method_handler)(struct call *call, const void *request, void *response);

struct method {
    const char *name; /* as in the proto service: "GetCluster" */
    enum method_mode mode;
    method_handler handler;
    const struct resource_kind *kind; /* for the standard handlers; else NULL */
};

struct service {
    const char *name; /* "clusters": DONGKHOI_CLUSTERS, the store's file, the version's service */
    const char *purpose; /* one line for --help */
    const char *default_addresses;
    const ProtobufCServiceDescriptor *descriptor;
    const struct method *methods;
    size_t method_count;
    const struct resource_kind *const *kinds;
    size_t kind_count;
    const struct peer *peers; /* that handlers call; at most PEERS_MAX */
    size_t peer_count;
    struct slice (*descriptor_set)(void); /* of descriptor and its imports: the annotations */
    /* Variables of its own beside those of every service, at most SERVICE_VARIABLES_MAX; with
     * them configure, which service_main() calls with them filled, before anything is served. */
    const struct config_variable *variables;
    size_t variable_count;
    struct status (*configure)(const struct config_variable *variables, struct arena *arena);
    /* Bytes of what configure() set that changes answers; valid until the next call. NULL: there is
     * none. */
    struct slice (*configured)(void);
};

enum { SERVICE_VARIABLES_MAX = 8 };

/* The whole of a service's main(). */
int service_main(const struct service *service, int argc, char **argv);

/*
 * The same without a process, for tests and for service_main(): opens the store in directory and
 * listens on address. Every method of the descriptor must be in the table, and no other:
 * INTERNAL METHOD_TABLE otherwise.
 */
struct service_instance;
struct status service_open(const struct service *service, const char *directory,
                           const char *address, struct arena *arena,
                           struct service_instance **ret_instance);
/* The same with addresses for its peers, in their order; NULL: their defaults. */
struct status service_open_with_peers(const struct service *service, const char *directory,
                                      const char *address, const char *const *peer_addresses,
                                      struct arena *arena, struct service_instance **ret_instance);
/* The same with everything that can be set. */
struct service_options {
    const char *directory;
    const char *address;
    const char *const *peer_addresses; /* NULL: their defaults */
    uint32_t slow_ms;                  /* calls that take so long are logged at info; 0: none */
    struct disk_limit disk_warn;       /* all zero: none */
    struct disk_limit disk_reserve;
    unsigned idempotency_days; /* 0: for ever */
    uint32_t lease_ms; /* for which a gateway may answer from its cache; 0: it asks each time */
};
struct status service_open_with(const struct service *service,
                                const struct service_options *options, struct arena *arena,
                                struct service_instance **ret_instance);
uint16_t service_port(const struct service_instance *instance);
/* Drains: takes no more calls, answers those it has, closes the store. True when clean. */
bool service_close(struct service_instance *instance, unsigned bound_ms);

/*
 * The standard methods (AIP-131 to 136) for any kind; requests are read by field name:
 *   Get      name, as_of
 *   List     parent, page_size, page_token, filter, order_by, as_of -> <plural>, next_page_token
 *   Create   parent, <singular>, <singular>_id, validate_only, request_id -> the resource
 *   Update   <singular>, update_mask, allow_missing, validate_only, request_id -> the resource
 *   Delete   name, etag, allow_missing, validate_only, request_id -> Empty
 *   history  name, page_size, page_token -> revisions[{revision, record_time, end_time, deleted,
 *            actor, method, <singular>}], next_page_token; kind comes from the name
 *
 * They check names, the resource's annotations (pb/rules.h, OUTPUT_ONLY, IMMUTABLE) and etags, then
 * ask the kind's rules. What the annotations say of the request itself holds for every method, also
 * a custom one, before its handler. etag in the resource or call->if_match that differs: ABORTED
 * ETAG_MISMATCH.
 */
struct status standard_get(struct call *call, const void *request, void *response);
struct status standard_list(struct call *call, const void *request, void *response);
struct status standard_create(struct call *call, const void *request, void *response);
struct status standard_update(struct call *call, const void *request, void *response);
struct status standard_delete(struct call *call, const void *request, void *response);
struct status standard_history(struct call *call, const void *request, void *response);

/*
 * For custom methods: the current resource of this name with the request's etag (may be "") and
 * call->if_match checked; and storing it again, with the new standard fields, into response.
 */
struct status standard_load(struct call *call, const struct resource_kind *kind, const char *name,
                            const char *etag, void **ret_resource);
struct status standard_store(struct call *call, const struct resource_kind *kind, void *resource,
                             void *response);

/*
 * The core of create and update for one resource, for batch methods: field is its path in the
 * request ("requests[3].observation") for errors. ret_stored is the resource as it now is.
 */
struct status standard_upsert(struct call *call, const struct resource_kind *kind,
                              const char *parent, const void *resource, const char *field,
                              void **ret_stored);

/*
 * A batch method: request {parent, requests, validate_only, request_id}, response {<plural>}, where
 * one is the handler of a single request and answers with the method's kind. All requests are
 * handled in their order, each seeing those before it, and all are stored or none. A create's own
 * parent may be left out where the batch's is one; an id of "-" in the batch's stands for any.
 * INVALID_ARGUMENT FIELD_REQUIRED, TOO_MANY_ITEMS (over 1000), INVALID_PARENT, INVALID_NAME,
 * ONLY_FOR_WHOLE_BATCH; what one refuses, with its field below "requests[3]".
 */
struct status standard_batch(struct call *call, const void *request, void *response,
                             method_handler one);
/* The same with standard_create. */
struct status standard_batch_create(struct call *call, const void *request, void *response);

/* as_of of a computed read's request (by field name), put on call->tx. */
struct status standard_as_of(struct call *call, const void *request);

#endif
