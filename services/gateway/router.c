/* router.c - a trie: one level per segment, literals before "*". */
#include "router.h"

#include <string.h>

/* The routes of one path and custom verb, by HTTP verb. */
struct leaf {
    struct slice custom;
    const struct route *routes[VERB_COUNT];
    struct leaf *next;
};

struct node {
    struct slice literal;
    struct node *children;
    struct node *wildcard;
    struct node *next;
    struct leaf *leaves;
};

struct router {
    struct node root;
};

/* A template that is being read. */
struct template
{
    struct arena *arena;
    struct node *node;
    struct route *route;
    unsigned depth;
};

static const char *const verb_names[VERB_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

const char *http_verb_name(enum http_verb verb)
{
    return verb_names[verb];
}

static bool verb_parse(struct slice text, enum http_verb *ret_verb)
{
    if (slice_is(text, "HEAD")) {
        *ret_verb = VERB_GET;
        return true;
    }
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        if (slice_is(text, verb_names[verb])) {
            *ret_verb = (enum http_verb)verb;
            return true;
        }
    }
    return false;
}

/* The child for a segment of a template, made when it is missing; NULL when that is impossible. */
static struct node *node_below(struct template *template, struct slice segment)
{
    struct node *node = NULL;

    if (segment.length == 0 || slice_is(segment, "**") || template->depth == ROUTE_SEGMENTS_MAX) {
        return NULL;
    }
    template->depth++;
    if (slice_is(segment, "*")) {
        if (template->node->wildcard == NULL) {
            template->node->wildcard = ARENA_NEW(template->arena, struct node);
        }
        return template->node->wildcard;
    }
    for (node = template->node->children; node != NULL; node = node->next) {
        if (slice_equals(node->literal, segment)) {
            return node;
        }
    }
    node = ARENA_NEW(template->arena, struct node);
    node->literal = segment;
    node->next = template->node->children;
    template->node->children = node;
    return node;
}

/* Segments up to the end of text, which has no braces. */
static bool read_segments(struct template *template, struct slice text)
{
    const char *end = text.data + text.length;

    for (const char *at = text.data; at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash != NULL ? slash : end;
        struct node *node = node_below(template, (struct slice){at, (size_t)(stop - at)});

        if (node == NULL) {
            return false;
        }
        template->node = node;
        at = stop + 1;
    }
    return true;
}

/* What stands between braces: a field, and after "=" its segments, else "*". */
static bool read_variable(struct template *template, struct slice text)
{
    const char *equals = memchr(text.data, '=', text.length);
    struct route *route = template->route;
    struct slice pattern = slice_from("*");
    struct slice field = text;

    if (equals != NULL) {
        field.length = (size_t)(equals - text.data);
        pattern = (struct slice){equals + 1, text.length - field.length - 1};
    }
    if (route->variable_count == ROUTE_VARIABLES_MAX) {
        return false;
    }
    struct route_variable *variable = &route->variables[route->variable_count++];
    variable->field = arena_copy(template->arena, field);
    variable->first = template->depth;
    if (!read_segments(template, pattern)) {
        return false;
    }
    variable->count = template->depth - variable->first;
    return true;
}

/* ret_custom: the verb after the colon, or "". */
static bool read_template(struct template *template, const char *path, struct slice *ret_custom)
{
    const char *at = path;

    while (*at == '/') {
        const char *start = at + 1;
        bool understood = false;

        if (*start == '{') {
            const size_t length = strcspn(start, "}");

            at = start + length;
            understood =
                *at == '}' && read_variable(template, (struct slice){start + 1, length - 1});
            at += *at == '}';
        } else {
            const size_t length = strcspn(start, "/:");

            at = start + length;
            understood = read_segments(template, (struct slice){start, length});
        }
        if (!understood) {
            return false;
        }
    }
    *ret_custom = slice_from(at + (*at == ':'));
    return template->depth > 0 && (*at == '\0' || *at == ':');
}

static struct leaf *leaf_of(struct arena *arena, struct node *node, struct slice custom)
{
    for (struct leaf *leaf = node->leaves; leaf != NULL; leaf = leaf->next) {
        if (slice_equals(leaf->custom, custom)) {
            return leaf;
        }
    }
    struct leaf *leaf = ARENA_NEW(arena, struct leaf);
    leaf->custom = custom;
    leaf->next = node->leaves;
    node->leaves = leaf;
    return leaf;
}

static struct status add_route(struct arena *arena, struct router *router,
                               const struct schema_method *method,
                               const struct schema_route *binding)
{
    struct route *route = ARENA_NEW(arena, struct route);
    struct template template = {.arena = arena, .node = &router->root, .route = route};
    struct slice custom = {0};

    route->method = method;
    route->is_list = method->input->type != NULL && protobuf_c_message_descriptor_get_field_by_name(
                                                        method->input->type, "page_size") != NULL;
    route->binding = binding;
    if (!verb_parse(slice_from(binding->verb), &route->verb) ||
        !read_template(&template, binding->path, &custom)) {
        return status_make(arena, STATUS_INTERNAL, "INVALID_ROUTE", NULL,
                           "%s: the route %s %s is not understood", method->full_name,
                           binding->verb, binding->path);
    }
    struct leaf *leaf = leaf_of(arena, template.node, custom);
    if (leaf->routes[route->verb] != NULL) {
        return status_make(arena, STATUS_INTERNAL, "INVALID_ROUTE", NULL,
                           "%s: the route %s %s is also that of %s", method->full_name,
                           binding->verb, binding->path,
                           leaf->routes[route->verb]->method->full_name);
    }
    leaf->routes[route->verb] = route;
    return STATUS_NONE;
}

struct status router_new(struct arena *arena, const struct schema *schema,
                         const struct router **ret_router)
{
    struct router *router = ARENA_NEW(arena, struct router);
    size_t service_count = 0;
    const struct schema_service *services = schema_services(schema, &service_count);

    for (size_t i = 0; i < service_count; i++) {
        for (size_t k = 0; k < services[i].method_count; k++) {
            const struct schema_method *method = &services[i].methods[k];

            for (size_t r = 0; r < method->route_count; r++) {
                TRY(add_route(arena, router, method, &method->routes[r]));
            }
        }
    }
    *ret_router = router;
    return STATUS_NONE;
}

/* False when there is an empty segment, or too many. */
static bool split(struct slice path, struct router_match *match, struct slice *ret_custom)
{
    const char *end = path.data + path.length;
    const char *at = path.data;

    match->segment_count = 0;
    while (at < end) {
        const char *start = at + 1;
        const char *slash = memchr(start, '/', (size_t)(end - start));

        at = slash != NULL ? slash : end;
        if (at == start || match->segment_count == ROUTE_SEGMENTS_MAX) {
            return false;
        }
        match->segments[match->segment_count++] = (struct slice){start, (size_t)(at - start)};
    }
    if (match->segment_count == 0) {
        return false;
    }
    struct slice *last = &match->segments[match->segment_count - 1];
    const char *colon = memrchr(last->data, ':', last->length);
    *ret_custom = (struct slice){end, 0};
    if (colon != NULL) {
        *ret_custom = (struct slice){colon + 1, (size_t)(end - colon - 1)};
        last->length = (size_t)(colon - last->data);
    }
    return last->length > 0 && (colon == NULL || ret_custom->length > 0);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* "%63lusters" is "clusters" (RFC 3986, 6.2.2.2). */
static bool segment_is(struct slice segment, struct slice literal)
{
    size_t at = 0;

    for (size_t i = 0; i < literal.length; i++, at++) {
        char c = at < segment.length ? segment.data[at] : '\0';

        if (c == '%' && at + 2 < segment.length) {
            c = (char)(hex_value(segment.data[at + 1]) << 4 | hex_value(segment.data[at + 2]));
            at += 2;
        }
        if (c != literal.data[i]) {
            return false;
        }
    }
    return at == segment.length;
}

/* Depth is bounded by the templates, breadth by two branches a level. */
static const struct leaf *walk(const struct node *node, const struct router_match *match,
                               unsigned depth, struct slice custom)
{
    const struct leaf *found = NULL;

    if (depth == match->segment_count) {
        for (found = node->leaves; found != NULL; found = found->next) {
            if (slice_equals(found->custom, custom)) {
                return found;
            }
        }
        return NULL;
    }
    for (const struct node *child = node->children; child != NULL; child = child->next) {
        if (segment_is(match->segments[depth], child->literal)) {
            found = walk(child, match, depth + 1, custom);
            break;
        }
    }
    if (found == NULL && node->wildcard != NULL) {
        found = walk(node->wildcard, match, depth + 1, custom);
    }
    return found;
}

static void allow_fill(const struct leaf *leaf, char allow[ALLOW_TEXT_BYTES])
{
    allow[0] = '\0';
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        if (leaf->routes[verb] != NULL) {
            /* All names together fit: the buffer is larger than their sum. */
            strcat(allow, allow[0] != '\0' ? ", " : "");
            strcat(allow, verb == VERB_GET ? "GET, HEAD" : verb_names[verb]);
        }
    }
}

enum router_result router_find(const struct router *router, struct slice verb, struct slice path,
                               struct router_match *ret_match)
{
    struct slice custom = {0};
    enum http_verb wanted = VERB_GET;
    const struct leaf *leaf = NULL;

    if (path.length == 0 || path.data[0] != '/' || !split(path, ret_match, &custom)) {
        return ROUTER_UNKNOWN;
    }
    leaf = walk(&router->root, ret_match, 0, custom);
    if (leaf == NULL) {
        return ROUTER_UNKNOWN;
    }
    if (!verb_parse(verb, &wanted) || leaf->routes[wanted] == NULL) {
        allow_fill(leaf, ret_match->allow);
        return ROUTER_OTHER_VERB;
    }
    ret_match->route = leaf->routes[wanted];
    return ROUTER_FOUND;
}
