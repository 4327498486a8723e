/* filter.c - the grammar of AIP-160, and the walk over its tree. */
#include "pb/filter.h"

#include "base/text.h"
#include "pb/filter_match.h"
#include "pb/filter_tree.h"

#include <stdarg.h>

static struct status parse_expression(struct filter_parser *parser, struct filter_node **ret_node);

struct status filter_fail(struct filter_parser *parser, const char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *message = arena_vprintf(parser->arena, format, args);
    va_end(args);
    return status_make(parser->arena, STATUS_INVALID_ARGUMENT, "INVALID_FILTER", "filter",
                       "filter: %s (byte %zu)", message, (size_t)(at - parser->start) + 1);
}

static void skip_space(struct filter_parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' ||
           *parser->at == '\r') {
        parser->at++;
    }
}

static bool is_word_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ')';
}

/* True when the word in front is this one; it is not taken. */
static bool is_keyword(const struct filter_parser *parser, const char *keyword)
{
    const size_t length = strlen(keyword);

    return strncmp(parser->at, keyword, length) == 0 && is_word_end(parser->at[length]);
}

static struct status new_node(struct filter_parser *parser, enum filter_kind kind,
                              struct filter_node *child, struct filter_node **ret_node)
{
    struct filter_node *node = ARENA_NEW(parser->arena, struct filter_node);

    *node = (struct filter_node){.kind = kind, .child = child};
    *ret_node = node;
    return STATUS_NONE;
}

static struct status parse_composite(struct filter_parser *parser, struct filter_node **ret_node)
{
    const char *open = parser->at;

    if (parser->depth >= FILTER_DEPTH_MAX) {
        return filter_fail(parser, open, "nested deeper than %d levels", FILTER_DEPTH_MAX);
    }
    parser->depth++;
    parser->at++;
    TRY(parse_expression(parser, ret_node));
    if (*parser->at != ')') {
        return filter_fail(parser, parser->at, "expected ')' for the '(' at byte %zu",
                           (size_t)(open - parser->start) + 1);
    }
    parser->at++;
    parser->depth--;
    return STATUS_NONE;
}

static struct status parse_simple(struct filter_parser *parser, struct filter_node **ret_node)
{
    struct filter_node *node = NULL;

    skip_space(parser);
    if (*parser->at == '(') {
        return parse_composite(parser, ret_node);
    }
    if (parser->terms >= FILTER_TERMS_MAX) {
        return filter_fail(parser, parser->at, "more than %d comparisons", FILTER_TERMS_MAX);
    }
    parser->terms++;
    TRY(new_node(parser, FILTER_COMPARE, NULL, &node));
    TRY(filter_comparison_parse(parser, &node->comparison));
    *ret_node = node;
    return STATUS_NONE;
}

static struct status parse_term(struct filter_parser *parser, struct filter_node **ret_node)
{
    struct filter_node *node = NULL;

    skip_space(parser);
    const bool is_not = is_keyword(parser, "NOT");
    if (!is_not && *parser->at != '-') {
        return parse_simple(parser, ret_node);
    }
    parser->at += is_not ? 3 : 1;
    TRY(parse_simple(parser, &node));
    return new_node(parser, FILTER_NOT, node, ret_node);
}

/* Puts the node behind the last one of the parent; one alone needs no parent. */
static struct status join(struct filter_parser *parser, enum filter_kind kind,
                          struct filter_node *node, struct filter_node ***tail,
                          struct filter_node **parent)
{
    if (*parent == NULL) {
        *parent = node;
        return STATUS_NONE;
    }
    if (*tail == NULL) {
        struct filter_node *first = *parent;
        TRY(new_node(parser, kind, first, parent));
        *tail = &first->next;
    }
    **tail = node;
    *tail = &node->next;
    return STATUS_NONE;
}

static struct status parse_factor(struct filter_parser *parser, struct filter_node **ret_node)
{
    struct filter_node *factor = NULL;
    struct filter_node **tail = NULL;

    for (;;) {
        struct filter_node *node = NULL;
        TRY(parse_term(parser, &node));
        TRY(join(parser, FILTER_OR, node, &tail, &factor));
        skip_space(parser);
        if (!is_keyword(parser, "OR")) {
            *ret_node = factor;
            return STATUS_NONE;
        }
        parser->at += 2;
    }
}

/* Sequences bind tighter than AND, which makes no difference: both mean and. */
static struct status parse_expression(struct filter_parser *parser, struct filter_node **ret_node)
{
    struct filter_node *expression = NULL;
    struct filter_node **tail = NULL;

    for (;;) {
        struct filter_node *node = NULL;
        TRY(parse_factor(parser, &node));
        TRY(join(parser, FILTER_AND, node, &tail, &expression));
        skip_space(parser);
        if (*parser->at == '\0' || *parser->at == ')') {
            *ret_node = expression;
            return STATUS_NONE;
        }
        if (is_keyword(parser, "AND")) {
            parser->at += 3;
        }
    }
}

struct status filter_parse(struct arena *arena, const ProtobufCMessageDescriptor *type,
                           const char *text, const struct filter **ret_filter)
{
    struct filter_parser parser = {.arena = arena, .type = type, .start = text, .at = text};
    struct filter *filter = ARENA_NEW(arena, struct filter);

    if (strnlen(text, FILTER_TEXT_MAX_BYTES + 1) > FILTER_TEXT_MAX_BYTES) {
        return filter_fail(&parser, text + FILTER_TEXT_MAX_BYTES, "longer than %d bytes",
                           FILTER_TEXT_MAX_BYTES);
    }
    if (!utf8_is_valid(slice_from(text))) {
        return filter_fail(&parser, text, "invalid UTF-8");
    }
    skip_space(&parser);
    if (*parser.at == '\0') {
        TRY(new_node(&parser, FILTER_ALL, NULL, &filter->root));
    } else {
        TRY(parse_expression(&parser, &filter->root));
        if (*parser.at != '\0') {
            return filter_fail(&parser, parser.at, "a ')' without a '('");
        }
    }
    *ret_filter = filter;
    return STATUS_NONE;
}

static bool node_matches(const struct filter_node *node, const ProtobufCMessage *message)
{
    const bool is_or = node->kind == FILTER_OR;

    switch (node->kind) {
    case FILTER_ALL:
        return true;
    case FILTER_COMPARE:
        return filter_comparison_matches(node->comparison, message);
    case FILTER_NOT:
        return !node_matches(node->child, message);
    case FILTER_AND:
    case FILTER_OR:
        break;
    }
    for (const struct filter_node *child = node->child; child != NULL; child = child->next) {
        if (node_matches(child, message) == is_or) {
            return is_or;
        }
    }
    return !is_or;
}

bool filter_matches(const struct filter *filter, const ProtobufCMessage *message)
{
    return node_matches(filter->root, message);
}

static bool is_equality(const struct filter_comparison *comparison, const char *path)
{
    return (comparison->comparator == FILTER_EQUAL || comparison->comparator == FILTER_HAS) &&
           comparison->path != NULL && strcmp(comparison->path, path) == 0;
}

/* The text that the node needs the field to equal; NULL when it needs none. */
static const char *required_text(const struct filter_node *node, const char *path)
{
    const char *text = NULL;

    if (node->kind == FILTER_COMPARE) {
        return is_equality(node->comparison, path) ? node->comparison->literal.name : NULL;
    }
    if (node->kind != FILTER_AND && node->kind != FILTER_OR) {
        return NULL;
    }
    for (const struct filter_node *child = node->child; child != NULL; child = child->next) {
        const char *of_child = required_text(child, path);
        if (node->kind == FILTER_AND && of_child != NULL) {
            return of_child;
        }
        if (node->kind == FILTER_OR &&
            (of_child == NULL || (text != NULL && strcmp(text, of_child) != 0))) {
            return NULL;
        }
        text = of_child;
    }
    return text;
}

bool filter_requires(const struct filter *filter, const char *path, const char **ret_value)
{
    const char *text = required_text(filter->root, path);

    if (text == NULL) {
        return false;
    }
    *ret_value = text;
    return true;
}

/* Of one comparison, or of those of an AND; an OR of equal ones is not worth it. */
static const struct filter_comparison *required_number(const struct filter_node *node,
                                                       const char *path)
{
    if (node->kind == FILTER_COMPARE) {
        const struct filter_comparison *comparison = node->comparison;
        return is_equality(comparison, path) && comparison->value == FILTER_SIGNED &&
                       !comparison->is_wrapped
                   ? comparison
                   : NULL;
    }
    const struct filter_comparison *found = NULL;
    if (node->kind == FILTER_AND) {
        for (const struct filter_node *child = node->child; child != NULL && found == NULL;
             child = child->next) {
            found = required_number(child, path);
        }
    }
    return found;
}

bool filter_requires_number(const struct filter *filter, const char *path, int64_t *ret_value)
{
    const struct filter_comparison *found = required_number(filter->root, path);

    if (found == NULL) {
        return false;
    }
    *ret_value = found->literal.integer;
    return true;
}
