/* sentence.c - fills the places of a sentence. */
#include "base/sentence.h"

#include "base/buffer.h"

#include <string.h>

enum { SENTENCE_MAX_BYTES = 64 << 10 };

/* What stands for the keys of a sentence. */
struct places {
    const char *field;           /* NULL: none */
    const char *const *metadata; /* NULL: none */
};

static const char *value_of(const struct places *places, struct slice key)
{
    const char *const *pair = places->metadata;

    if (slice_is(key, "field")) {
        return places->field;
    }
    for (; pair != NULL && pair[0] != NULL && pair[1] != NULL; pair += 2) {
        if (slice_is(key, pair[0])) {
            return pair[1][0] != '\0' ? pair[1] : NULL;
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

const char *sentence_fill(struct arena *arena, const char *sentence, const char *field,
                          const char *const *metadata)
{
    const struct places places = {.field = field, .metadata = metadata};
    struct buffer buffer;
    const char *text = NULL;

    buffer_init(&buffer, SENTENCE_MAX_BYTES);
    fill(&buffer, sentence, &places);
    if (!buffer_failed(&buffer)) {
        text = arena_copy(arena, buffer_slice(&buffer));
    }
    buffer_done(&buffer);
    return text;
}

const char *sentence_vietnamese(struct arena *arena, struct status status)
{
    const struct reason *reason = status_reason(status);

    if (status.vietnamese != NULL || reason->vietnamese == NULL) {
        return status.vietnamese;
    }
    return sentence_fill(arena, reason->vietnamese, status.field, status.metadata);
}
