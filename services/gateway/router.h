/*
 * router.h - from verb and path to a method: a trie of the bindings of google.api.http.
 *
 * Immutable once made, so any thread. Templates may have literals, "*", "{field}",
 * "{field=...}" around such segments, and a custom verb (":advance"); no "**".
 */
#ifndef GATEWAY_ROUTER_H
#define GATEWAY_ROUTER_H

#include "base/arena.h"
#include "base/status.h"
#include "pb/schema.h"

enum http_verb { VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE, VERB_COUNT };

enum { ROUTE_SEGMENTS_MAX = 16, ROUTE_VARIABLES_MAX = 4, ALLOW_TEXT_BYTES = 64 };

/* A field that is taken from the path: these segments, with their slashes. */
struct route_variable {
    const char *field; /* proto path, "indicator.name" */
    unsigned first;
    unsigned count;
};

struct route {
    const struct schema_method *method;
    const struct schema_route *binding;
    enum http_verb verb;
    bool is_list; /* the request has a page size */
    struct route_variable variables[ROUTE_VARIABLES_MAX];
    unsigned variable_count;
};

struct router_match {
    const struct route *route;                 /* with ROUTER_FOUND */
    struct slice segments[ROUTE_SEGMENTS_MAX]; /* of the path as sent, without custom verb */
    unsigned segment_count;
    char allow[ALLOW_TEXT_BYTES]; /* with ROUTER_OTHER_VERB: "GET, HEAD, PATCH" */
};

enum router_result {
    ROUTER_FOUND,
    ROUTER_OTHER_VERB, /* the path is known */
    ROUTER_UNKNOWN,
};

struct router;

/* INTERNAL INVALID_ROUTE, naming the method, for a template that is not understood or a route
 * that is given twice. The schema must outlive the router. */
struct status router_new(struct arena *arena, const struct schema *schema,
                         const struct router **ret_router);

/* HEAD finds what GET does. path is as sent and begins with "/". */
enum router_result router_find(const struct router *router, struct slice verb, struct slice path,
                               struct router_match *ret_match);

/* The name in upper case: "GET". */
const char *http_verb_name(enum http_verb verb);

#endif
