/* page_link.c - the target as it was sent, its pageToken replaced. */
#include "page_link.h"

#include "pb/message.h"
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

/* Where a page says what comes next, and the parameter that asks for it. */
struct token {
    const char *field;
    const char *parameter;
    const char *proto_parameter;
};

static const struct token tokens[] = {
    {"next_page_token", "pageToken", "page_token"},
    {"next_cursor", "since", "since"},
};

static bool is_token(struct arena *arena, struct slice parameter, const struct token *token)
{
    const char *equals = memchr(parameter.data, '=', parameter.length);
    struct slice name = parameter;

    if (equals != NULL) {
        name.length = (size_t)(equals - parameter.data);
    }
    return percent_decode(arena, name, true, &name) &&
           (slice_is(name, token->parameter) || slice_is(name, token->proto_parameter));
}

static void append_query(struct arena *arena, struct buffer *buffer, struct slice query,
                         const struct token *token)
{
    static const char kept[] = "!$&'()*+,;=:@/?%";

    while (query.length > 0) {
        const char *end = memchr(query.data, '&', query.length);
        const size_t length = end != NULL ? (size_t)(end - query.data) : query.length;
        const size_t taken = end != NULL ? length + 1 : length;
        const struct slice parameter = {query.data, length};

        if (length > 0 && !is_token(arena, parameter, token)) {
            append_escaped(buffer, parameter, kept);
            buffer_append_char(buffer, '&');
        }
        query = (struct slice){query.data + taken, query.length - taken};
    }
}

static void add_headers(struct http_request *request, const struct token *token, const char *next)
{
    struct buffer link;

    buffer_init(&link, LINK_MAX_BYTES);
    buffer_append_char(&link, '<');
    append_escaped(&link, request->head.path, "!$&'()*+,;=:@/%");
    buffer_append_char(&link, '?');
    append_query(request->arena, &link, request->head.query, token);
    buffer_append_text(&link, token->parameter);
    buffer_append_char(&link, '=');
    append_escaped(&link, slice_from(next), "");
    buffer_append_text(&link, ">; rel=\"next\"");
    if (!buffer_failed(&link)) {
        http_add_header(request, "Link", buffer_slice(&link));
    }
    http_add_header(request, "Next-Page-Token", slice_from(next));
    buffer_done(&link);
}

void page_link_add(struct http_request *request, const ProtobufCMessage *page)
{
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        const char *next = message_string(page, tokens[i].field);

        if (next[0] != '\0') {
            add_headers(request, &tokens[i], next);
            return;
        }
    }
}
