/* http_fuzz.c - a head means the same however it is cut. */
#include "fuzz.h"

#include "base/status.h"
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
        promise(refusal.reason != NULL &&
                status_http_code(status_of(refusal.reason, NULL)) >= 400 &&
                refusal.message != NULL);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};

    check_head(bytes);
    return 0;
}
