/* json_paths.c - the field mask that a JSON object stands for: what is written, be it null. */
#include "pb/json.h"

#include "pb/field.h"
#include "pb/json_reader.h"
#include "pb/json_string.h"
#include "pb/wellknown.h"

#include <assert.h>

struct path_list {
    char **paths;
    size_t count;
    size_t capacity;
};

static struct status add_path(struct arena *arena, struct path_list *list, char *path)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        char **paths = arena_array(arena, capacity, sizeof(*paths));

        if (list->count > 0) {
            memcpy(paths, list->paths, list->count * sizeof(*paths));
        }
        list->paths = paths;
        list->capacity = capacity;
    }
    list->paths[list->count++] = path;
    return STATUS_NONE;
}

/* A message whose members have paths of their own; one without fields has none to name. */
static bool is_open(const ProtobufCFieldDescriptor *field, enum json_kind kind)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;

    return kind == JSON_OBJECT && field->type == PROTOBUF_C_TYPE_MESSAGE &&
           !field_is_repeated(field) && wellknown_of(type) == WELLKNOWN_NONE && type->n_fields > 0;
}

static struct status add_members(struct json_reader *reader, const ProtobufCMessageDescriptor *type,
                                 const char *base, struct path_list *list)
{
    bool more = false;

    TRY(json_reader_enter(reader));
    TRY(json_reader_next(reader, '}', true, &more));
    while (more) {
        enum json_kind kind = JSON_NULL;
        struct slice name = {0};
        const char *at = NULL;

        TRY(json_reader_name(reader, &name, &at));
        TRY(json_reader_kind(reader, &kind));
        const ProtobufCFieldDescriptor *field = json_field(type, name);
        assert(field != NULL);
        char *path = base == NULL ? arena_strdup(reader->arena, field->name)
                                  : arena_printf(reader->arena, "%s.%s", base, field->name);
        if (is_open(field, kind)) {
            TRY(add_members(reader, field->descriptor, path, list));
        } else {
            TRY(add_path(reader->arena, list, path));
            TRY(json_reader_skip(reader));
        }
        TRY(json_reader_next(reader, '}', false, &more));
    }
    return STATUS_NONE;
}

struct status json_present_paths(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                 struct slice text, char ***ret_paths, size_t *ret_count)
{
    struct path_list list = {0};
    enum json_kind kind = JSON_OBJECT;
    struct json_reader reader;

    json_reader_init(&reader, arena, text);
    TRY(json_reader_kind(&reader, &kind));
    assert(kind == JSON_OBJECT);
    TRY(add_members(&reader, type, NULL, &list));
    *ret_paths = list.paths;
    *ret_count = list.count;
    return STATUS_NONE;
}
