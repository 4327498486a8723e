/* http_chunk.c - one state per place in the coding; every byte but data is looked at. */
#include "http/http_chunk.h"

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

static bool size_byte(struct http_chunk *chunk, char c)
{
    const int value = hex_value(c);

    if (value >= 0) {
        chunk->left = chunk->left << 4 | (uint64_t)value;
        return ++chunk->digits <= 15;
    }
    if (chunk->digits == 0 || (c != '\r' && c != ';')) {
        return false;
    }
    chunk->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
    return true;
}

/* An extension or trailer line: text up to CR, within the budget. */
static bool line_byte(struct http_chunk *chunk, char c, enum http_chunk_state at_end)
{
    if (c == '\r') {
        chunk->state = at_end;
        return true;
    }
    return is_text(c) && ++chunk->extra <= HTTP_CHUNK_EXTRA_MAX_BYTES;
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
    case CHUNK_EXTENSION:
        return line_byte(chunk, c, CHUNK_SIZE_LF);
    case CHUNK_SIZE_LF:
        return expect(chunk, c, '\n', chunk->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START);
    case CHUNK_DATA_CR:
        return expect(chunk, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        chunk->digits = 0;
        return expect(chunk, c, '\n', CHUNK_SIZE);
    case CHUNK_TRAILER_START:
        if (c == '\r') {
            chunk->state = CHUNK_LAST_LF;
            return true;
        }
        chunk->state = CHUNK_TRAILER;
        return c != ' ' && c != '\t' && c != ':' && line_byte(chunk, c, CHUNK_TRAILER_LF);
    case CHUNK_TRAILER:
        return line_byte(chunk, c, CHUNK_TRAILER_LF);
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
