/* localize.c - finds a sentence and fills its places. */
#include "localize.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "pb/decode.h"

#include <stdlib.h>
#include <string.h>

/* What the {keys} of a sentence are replaced by. */
struct places {
    const char *field; /* NULL: none */
    const Google__Rpc__ErrorInfo *info;
};

static int sentence_order(const void *key, const void *member)
{
    const struct sentence *sentence = member;

    return strcmp(key, sentence->reason);
}

const char *sentence_vi(const char *reason)
{
    const struct sentence *found =
        bsearch(reason, sentences_vi, sentence_vi_count, sizeof(sentences_vi[0]), sentence_order);

    return found != NULL ? found->vi : NULL;
}

static const char *value_of(const struct places *places, struct slice key)
{
    if (slice_is(key, "field")) {
        return places->field;
    }
    for (size_t i = 0; places->info != NULL && i < places->info->n_metadata; i++) {
        const Google__Rpc__ErrorInfo__MetadataEntry *entry = places->info->metadata[i];

        if (slice_is(key, entry->key)) {
            return entry->value[0] != '\0' ? entry->value : NULL;
        }
    }
    return NULL;
}

/* True when every key between at and end is known; end is where the part ends. */
static bool is_known(const struct places *places, const char *at, const char *end)
{
    while (at < end) {
        const char *open = memchr(at, '{', (size_t)(end - at));

        if (open == NULL) {
            return true;
        }
        const size_t length = strcspn(open + 1, "}");
        if (value_of(places, (struct slice){open + 1, length}) == NULL) {
            return false;
        }
        at = open + 1 + length;
    }
    return true;
}

static void fill(struct buffer *buffer, const char *at, const struct places *places)
{
    while (*at != '\0') {
        const size_t plain = strcspn(at, "[]{");

        buffer_append(buffer, at, plain);
        at += plain;
        if (*at == '[') {
            const char *end = at + strcspn(at, "]");

            at = is_known(places, at, end) ? at + 1 : end;
        } else if (*at == ']') {
            at++;
        } else if (*at == '{') {
            const struct slice key = {at + 1, strcspn(at + 1, "}")};
            const char *value = value_of(places, key);

            buffer_append_text(buffer, value != NULL ? value : "…");
            at = key.data + key.length + (key.data[key.length] == '}' ? 1 : 0);
        }
    }
}

/* The first detail of this type; NULL when there is none. */
static void *find_detail(struct arena *arena, const struct Google__Rpc__Status *status,
                         const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; status != NULL && i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        const struct slice value = {(const char *)any->value.data, any->value.len};
        const char *name = strrchr(any->type_url, '/');
        void *message = NULL;

        if (name != NULL && strcmp(name + 1, type->name) == 0 &&
            message_decode(arena, type, value, &message).code == STATUS_OK) {
            return message;
        }
    }
    return NULL;
}

void localize_vi(struct arena *arena, struct buffer *buffer, struct status status,
                 const struct Google__Rpc__Status *detail)
{
    const Google__Rpc__BadRequest *request =
        find_detail(arena, detail, &google__rpc__bad_request__descriptor);
    struct places places = {
        .field = status.field,
        .info = find_detail(arena, detail, &google__rpc__error_info__descriptor),
    };
    const char *sentence = status.reason != NULL ? sentence_vi(status.reason) : NULL;

    if (request != NULL && request->n_field_violations > 0) {
        places.field = request->field_violations[0]->field;
    }
    if (sentence == NULL) {
        sentence = sentence_vi(status_code_name(status.code));
    }
    fill(buffer, sentence != NULL ? sentence : sentence_vi("UNKNOWN"), &places);
}
