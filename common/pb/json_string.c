/* json_string.c - text between quotes, and the names of members. */
#include "pb/json_string.h"

#include "base/text.h"
#include "pb/json.h"
#include "pb/message.h"

/* What must not stand in a string as it is: quote, backslash, controls; and what needs a look. */
static bool is_special(unsigned char c)
{
    return c < ' ' || c == '"' || c == '\\' || c >= 0x80;
}

static void append_escape(struct buffer *buffer, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    const char code = c == '\b'               ? 'b'
                      : c == '\f'             ? 'f'
                      : c == '\n'             ? 'n'
                      : c == '\r'             ? 'r'
                      : c == '\t'             ? 't'
                      : c == '"' || c == '\\' ? (char)c
                                              : 'u';

    text[1] = code;
    buffer_append(buffer, text, code == 'u' ? sizeof(text) : 2);
}

static void append_escaped(struct buffer *buffer, struct slice text)
{
    size_t from = 0;
    size_t at = 0;

    while (at < text.length) {
        const unsigned char c = (unsigned char)text.data[at];
        if (!is_special(c)) {
            at++;
            continue;
        }
        const struct slice rest = {.data = text.data + at, .length = text.length - at};
        const size_t length = c < 0x80 ? 0 : utf8_code_point_bytes(rest);
        if (length > 0) {
            at += length;
            continue;
        }
        buffer_append(buffer, text.data + from, at - from);
        if (c < 0x80) {
            append_escape(buffer, c);
        } else {
            buffer_append_text(buffer, "\xef\xbf\xbd");
        }
        at++;
        from = at;
    }
    buffer_append(buffer, text.data + from, at - from);
}

void json_append_string(struct buffer *buffer, struct slice text)
{
    buffer_append_char(buffer, '"');
    append_escaped(buffer, text);
    buffer_append_char(buffer, '"');
}

size_t json_name(const char *proto_name, char *text)
{
    char *to = text;
    bool is_upper = false;

    for (const char *c = proto_name; *c != '\0'; c++) {
        if (*c == '_') {
            is_upper = true;
        } else {
            *to++ = is_upper && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
            is_upper = false;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* Whether name is what json_name() makes of proto_name. */
static bool is_json_name(struct slice name, const char *proto_name)
{
    size_t at = 0;
    bool is_upper = false;

    for (const char *c = proto_name; *c != '\0'; c++) {
        if (*c == '_') {
            is_upper = true;
            continue;
        }
        const char wanted = is_upper && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        if (at == name.length || name.data[at] != wanted) {
            return false;
        }
        is_upper = false;
        at++;
    }
    return at == name.length;
}

const ProtobufCFieldDescriptor *json_field(const ProtobufCMessageDescriptor *type,
                                           struct slice name)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (is_json_name(name, type->fields[i].name)) {
            return &type->fields[i];
        }
    }
    return message_field(type, name);
}
