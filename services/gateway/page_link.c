/* page_link.c - the target as it was sent, its pageToken replaced. */
#include "page_link.h"

#include "transcode.h"

/* Longer ones are more than clients take as a header. */
enum { LINK_MAX_BYTES = 8 << 10 };

/* Bytes that a URI may have (RFC 3986); others are escaped, also what would end the "<...>". */
static void append_escaped(struct buffer *buffer, struct slice text, const char *also_plain)
{
    for (size_t i = 0; i < text.length; i++) {
        const char c = text.data[i];
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL) ||
                              (c != '\0' && strchr(also_plain, c) != NULL);

        if (is_plain) {
            buffer_append_char(buffer, c);
        } else {
            buffer_printf(buffer, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}

static bool is_token(struct arena *arena, struct slice parameter)
{
    const char *equals = memchr(parameter.data, '=', parameter.length);
    struct slice name = parameter;

    if (equals != NULL) {
        name.length = (size_t)(equals - parameter.data);
    }
    return percent_decode(arena, name, true, &name) &&
           (slice_is(name, "pageToken") || slice_is(name, "page_token"));
}

static void append_query(struct arena *arena, struct buffer *buffer, struct slice query)
{
    static const char kept[] = "!$&'()*+,;=:@/?%";

    while (query.length > 0) {
        const char *end = memchr(query.data, '&', query.length);
        const size_t length = end != NULL ? (size_t)(end - query.data) : query.length;
        const size_t taken = end != NULL ? length + 1 : length;
        const struct slice parameter = {query.data, length};

        if (length > 0 && !is_token(arena, parameter)) {
            append_escaped(buffer, parameter, kept);
            buffer_append_char(buffer, '&');
        }
        query = (struct slice){query.data + taken, query.length - taken};
    }
}

void page_link_add(struct http_request *request, const char *next_page_token)
{
    struct buffer link;

    if (next_page_token[0] == '\0') {
        return;
    }
    buffer_init(&link, LINK_MAX_BYTES);
    buffer_append_char(&link, '<');
    append_escaped(&link, request->head.path, "!$&'()*+,;=:@/%");
    buffer_append_char(&link, '?');
    append_query(request->arena, &link, request->head.query);
    buffer_append_text(&link, "pageToken=");
    append_escaped(&link, slice_from(next_page_token), "");
    buffer_append_text(&link, ">; rel=\"next\"");
    if (!buffer_failed(&link)) {
        http_add_header(request, "Link", buffer_slice(&link));
    }
    http_add_header(request, "Next-Page-Token", slice_from(next_page_token));
    buffer_done(&link);
}
