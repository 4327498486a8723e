/*
 * http_chunk.c - a state machine with one state for each place in the coding. Every byte but the
 * data goes through it by itself, so input may be cut anywhere; data are passed on in one piece.
 */
#include "http/http_chunk.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Of a token: RFC 9110, 5.6.2. */
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool size_byte(struct http_chunk *chunk, char c)
{
    const int value = hex_value(c);

    if (value >= 0) {
        chunk->left = chunk->left << 4 | (uint64_t)value;
        return ++chunk->digits <= 15;
    }
    if (chunk->digits == 0 || (c != '\r' && c != ';' && !is_space(c))) {
        return false;
    }
    chunk->state = c == '\r'  ? CHUNK_SIZE_LF
                   : c == ';' ? CHUNK_EXTENSION_START
                              : CHUNK_EXTENSION_SPACE;
    return true;
}

/* Counts a byte of an extension or trailer. All of one body together have a limit, or a client
 * could send extensions for ever without a body growing. */
static bool count_extra(struct http_chunk *chunk)
{
    return ++chunk->extra <= HTTP_CHUNK_EXTRA_MAX_BYTES;
}

static bool go_to(struct http_chunk *chunk, enum http_chunk_state next)
{
    chunk->state = next;
    return true;
}

/* What may stand behind a name or a value: the next extension, or the end of the line. */
static bool extension_end(struct http_chunk *chunk, char c, enum http_chunk_state after_space)
{
    if (c == '\r') {
        return go_to(chunk, CHUNK_SIZE_LF);
    }
    if (c == ';') {
        return go_to(chunk, CHUNK_EXTENSION_START);
    }
    return is_space(c) && go_to(chunk, after_space);
}

/* *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ): RFC 9112, 7.1.1. */
static bool extension_byte(struct http_chunk *chunk, char c)
{
    switch ((int)chunk->state) {
    case CHUNK_EXTENSION_SPACE:
        return is_space(c) || (c == ';' && go_to(chunk, CHUNK_EXTENSION_START));
    case CHUNK_EXTENSION_START:
        return is_space(c) || (is_token_char(c) && go_to(chunk, CHUNK_EXTENSION_NAME));
    case CHUNK_EXTENSION_NAME:
        return is_token_char(c) || (c == '=' && go_to(chunk, CHUNK_EXTENSION_EQUALS)) ||
               extension_end(chunk, c, CHUNK_EXTENSION_NAMED);
    case CHUNK_EXTENSION_NAMED:
        return is_space(c) || (c == '=' && go_to(chunk, CHUNK_EXTENSION_EQUALS)) ||
               (c == ';' && go_to(chunk, CHUNK_EXTENSION_START));
    case CHUNK_EXTENSION_EQUALS:
        return is_space(c) || (c == '"' && go_to(chunk, CHUNK_EXTENSION_QUOTED)) ||
               (is_token_char(c) && go_to(chunk, CHUNK_EXTENSION_VALUE));
    case CHUNK_EXTENSION_VALUE:
        return is_token_char(c) || extension_end(chunk, c, CHUNK_EXTENSION_SPACE);
    case CHUNK_EXTENSION_QUOTED:
        return is_text(c) && go_to(chunk, c == '"'    ? CHUNK_EXTENSION_END
                                          : c == '\\' ? CHUNK_EXTENSION_ESCAPED
                                                      : CHUNK_EXTENSION_QUOTED);
    case CHUNK_EXTENSION_ESCAPED:
        return is_text(c) && go_to(chunk, CHUNK_EXTENSION_QUOTED);
    default: /* CHUNK_EXTENSION_END */
        return extension_end(chunk, c, CHUNK_EXTENSION_SPACE);
    }
}

/* field-name ":" and text up to CR: RFC 9112, 5. */
static bool trailer_byte(struct http_chunk *chunk, char c)
{
    switch ((int)chunk->state) {
    case CHUNK_TRAILER_START:
        return c == '\r' ? go_to(chunk, CHUNK_LAST_LF)
                         : is_token_char(c) && go_to(chunk, CHUNK_TRAILER_NAME);
    case CHUNK_TRAILER_NAME:
        return is_token_char(c) || (c == ':' && go_to(chunk, CHUNK_TRAILER));
    default: /* CHUNK_TRAILER */
        return c == '\r' ? go_to(chunk, CHUNK_TRAILER_LF) : is_text(c);
    }
}

static bool expect(struct http_chunk *chunk, char c, char expected, enum http_chunk_state next)
{
    chunk->state = next;
    return c == expected;
}

static bool step(struct http_chunk *chunk, char c)
{
    switch (chunk->state) {
    case CHUNK_SIZE:
        return size_byte(chunk, c);
    case CHUNK_EXTENSION_SPACE:
    case CHUNK_EXTENSION_START:
    case CHUNK_EXTENSION_NAME:
    case CHUNK_EXTENSION_NAMED:
    case CHUNK_EXTENSION_EQUALS:
    case CHUNK_EXTENSION_VALUE:
    case CHUNK_EXTENSION_QUOTED:
    case CHUNK_EXTENSION_ESCAPED:
    case CHUNK_EXTENSION_END:
        return count_extra(chunk) && extension_byte(chunk, c);
    case CHUNK_SIZE_LF:
        return expect(chunk, c, '\n', chunk->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START);
    case CHUNK_DATA_CR:
        return expect(chunk, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        chunk->digits = 0;
        return expect(chunk, c, '\n', CHUNK_SIZE);
    case CHUNK_TRAILER_START:
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER:
        return count_extra(chunk) && trailer_byte(chunk, c);
    case CHUNK_TRAILER_LF:
        return expect(chunk, c, '\n', CHUNK_TRAILER_START);
    case CHUNK_LAST_LF:
        return expect(chunk, c, '\n', CHUNK_DONE);
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

bool http_chunk_read(struct http_chunk *chunk, struct slice *data, struct slice *ret_piece)
{
    *ret_piece = (struct slice){data->data, 0};
    while (data->length > 0 && chunk->state != CHUNK_DONE) {
        if (chunk->state == CHUNK_DATA) {
            const size_t length = data->length < chunk->left ? data->length : (size_t)chunk->left;

            *ret_piece = (struct slice){data->data, length};
            data->data += length;
            data->length -= length;
            chunk->left -= length;
            if (chunk->left == 0) {
                chunk->state = CHUNK_DATA_CR;
            }
            return true;
        }
        if (!step(chunk, *data->data)) {
            return false;
        }
        data->data++;
        data->length--;
    }
    return true;
}
