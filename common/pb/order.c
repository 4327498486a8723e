/* order.c - "a, b.c desc" taken apart. */
#include "pb/filter.h"

#include "pb/field.h"
#include "pb/json_string.h"
#include "pb/wellknown.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct status refuse(struct arena *arena, const char *start, const char *at, const char *why)
{
    return status_make(arena, STATUS_INVALID_ARGUMENT, "INVALID_ORDER_BY", "orderBy",
                       "orderBy: %s (byte %zu)", why, (size_t)(at - start) + 1);
}

/* Takes a word that ends at white space or a comma. */
static struct slice take_word(const char **at)
{
    while (is_space(**at)) {
        (*at)++;
    }
    const char *from = *at;
    while (**at != '\0' && **at != ',' && !is_space(**at)) {
        (*at)++;
    }
    return (struct slice){.data = from, .length = (size_t)(*at - from)};
}

/* The path in proto names; NULL in ret_path when it leads to no single value. */
static struct status resolve(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice path, const char **ret_path)
{
    const char *resolved = NULL;

    *ret_path = NULL;
    while (type != NULL) {
        const char *dot = path.length > 0 ? memchr(path.data, '.', path.length) : NULL;
        const struct slice name = {.data = path.data,
                                   .length = dot != NULL ? (size_t)(dot - path.data) : path.length};
        const ProtobufCFieldDescriptor *field = json_field(type, name);
        if (field == NULL || field_is_repeated(field)) {
            return STATUS_NONE;
        }
        resolved =
            resolved == NULL ? field->name : arena_printf(arena, "%s.%s", resolved, field->name);
        const bool is_open = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                             wellknown_of(field->descriptor) == WELLKNOWN_NONE;
        if (dot == NULL) {
            *ret_path = is_open ? NULL : resolved;
            return STATUS_NONE;
        }
        type = is_open ? field->descriptor : NULL;
        path.data += name.length + 1;
        path.length -= name.length + 1;
    }
    return STATUS_NONE;
}

static struct status parse_key(struct arena *arena, const ProtobufCMessageDescriptor *type,
                               const char *start, const char **at, struct order_key *ret_key)
{
    const struct slice path = take_word(at);
    const struct slice direction = take_word(at);
    const char *resolved = NULL;

    if (path.length == 0) {
        return refuse(arena, start, path.data, "expected the path of a field");
    }
    TRY(resolve(arena, type, path, &resolved));
    if (resolved == NULL) {
        return refuse(arena, start, path.data, "this is no field that has an order");
    }
    if (direction.length > 0 && !slice_is(direction, "asc") && !slice_is(direction, "desc")) {
        return refuse(arena, start, direction.data, "expected asc, desc or a comma");
    }
    *ret_key = (struct order_key){.path = resolved, .descending = slice_is(direction, "desc")};
    return STATUS_NONE;
}

struct status order_parse(struct arena *arena, const ProtobufCMessageDescriptor *type,
                          const char *text, struct order_key *keys, size_t *ret_count)
{
    const char *at = text;
    size_t count = 0;

    if (take_word(&at).length == 0 && *at == '\0') {
        *ret_count = 0;
        return STATUS_NONE;
    }
    at = text;
    for (;;) {
        const char *from = at;
        struct order_key key;
        TRY(parse_key(arena, type, text, &at, &key));
        for (size_t i = 0; i < count; i++) {
            if (strcmp(keys[i].path, key.path) == 0) {
                return refuse(arena, text, from, "the field stands twice");
            }
        }
        if (count == ORDER_KEYS_MAX) {
            return refuse(arena, text, from, "more than 4 fields");
        }
        keys[count++] = key;
        while (is_space(*at)) {
            at++;
        }
        if (*at == '\0') {
            *ret_count = count;
            return STATUS_NONE;
        }
        if (*at != ',') {
            return refuse(arena, text, at, "expected a comma");
        }
        at++;
    }
}
