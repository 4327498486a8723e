/* http_fuzz.c - a head, and a chunked body, mean the same however they are cut. */
#include "fuzz.h"

#include "http/http_chunk.h"
#include "http/http_head.h"

#include <string.h>

static bool is_inside(struct slice part, struct slice whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

static void check_parsed(struct slice bytes)
{
    struct http_head head;
    struct http_refusal refusal = {0};

    if (!http_head_parse(bytes, &head, &refusal)) {
        promise(refusal.code >= 400 && refusal.reason != NULL && refusal.message != NULL);
        return;
    }
    promise(head.method.length > 0 && is_inside(head.method, bytes));
    promise(head.path.length > 0 && (head.path.data[0] == '/' || slice_is(head.path, "*")));
    promise(is_inside(head.query, bytes));
    promise(!(head.is_chunked && head.content_length > 0));
    promise(head.field_count <= HTTP_FIELDS_MAX);
    for (size_t i = 0; i < head.field_count; i++) {
        promise(head.fields[i].name.length > 0 && is_inside(head.fields[i].name, bytes));
        promise(is_inside(head.fields[i].value, bytes));
        promise(memchr(head.fields[i].value.data, '\n', head.fields[i].value.length) == NULL);
    }
}

static void check_head(struct slice data)
{
    struct http_refusal refusal;
    struct http_scan whole = {0};
    struct http_scan cut = {0};
    enum http_scan_result result = HTTP_SCAN_MORE;
    const enum http_scan_result expected = http_head_scan(&whole, data.data, data.length, &refusal);

    for (size_t length = 1; length <= data.length && result == HTTP_SCAN_MORE; length++) {
        result = http_head_scan(&cut, data.data, length, &refusal);
    }
    promise(result == expected && cut.offset == whole.offset);
    if (result == HTTP_SCAN_DONE) {
        check_parsed((struct slice){data.data, whole.offset});
    }
}

struct joined {
    enum http_chunk_state state;
    bool is_valid;
    size_t length;
    size_t sum; /* of its bytes, each by its place */
};

static struct joined join(struct slice data, size_t step)
{
    struct http_chunk chunk = {0};
    struct joined joined = {.is_valid = true};

    while (joined.is_valid && data.length > 0 && chunk.state != CHUNK_DONE) {
        struct slice part = {data.data, data.length < step ? data.length : step};
        struct slice piece;
        const size_t before = part.length;

        joined.is_valid = http_chunk_read(&chunk, &part, &piece);
        promise(is_inside(piece, data));
        for (size_t i = 0; i < piece.length; i++) {
            joined.sum += ++joined.length * (unsigned char)piece.data[i];
        }
        data.data += before - part.length;
        data.length -= before - part.length;
    }
    joined.state = chunk.state;
    return joined;
}

static void check_chunks(struct slice data)
{
    const struct joined whole = join(data, data.length);
    const struct joined cut = join(data, 1);

    promise(whole.is_valid == cut.is_valid && whole.state == cut.state &&
            whole.length == cut.length && whole.sum == cut.sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};

    check_head(bytes);
    check_chunks(bytes);
    return 0;
}
