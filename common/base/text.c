/* text.c - UTF-8 by the table of RFC 3629; NFC by utf8proc's tables and a sort of our own. */
#include "base/text.h"

#include <utf8proc.h>

uint64_t text_hash(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

static bool is_between(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

size_t utf8_code_point_bytes(struct slice text)
{
    const unsigned char *c = (const unsigned char *)text.data;

    if (text.length == 0) {
        return 0;
    }
    if (c[0] < 0x80) {
        return 1;
    }
    /* RFC 3629, 4: what may follow the first byte depends on it. */
    const unsigned char low = c[0] == 0xe0 ? 0xa0 : c[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = c[0] == 0xed ? 0x9f : c[0] == 0xf4 ? 0x8f : 0xbf;
    const size_t length = is_between(c[0], 0xc2, 0xdf)   ? 2
                          : is_between(c[0], 0xe0, 0xef) ? 3
                          : is_between(c[0], 0xf0, 0xf4) ? 4
                                                         : 0;
    if (length == 0 || text.length < length || !is_between(c[1], low, high)) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (!is_between(c[i], 0x80, 0xbf)) {
            return 0;
        }
    }
    return length;
}

static struct slice skip(struct slice text, size_t length)
{
    return (struct slice){.data = text.data + length, .length = text.length - length};
}

/* Most text is ASCII: eight bytes at once. */
static struct slice skip_ascii(struct slice text)
{
    uint64_t bytes = 0;

    while (text.length >= sizeof(bytes)) {
        memcpy(&bytes, text.data, sizeof(bytes));
        if ((bytes & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        text = skip(text, sizeof(bytes));
    }
    return text;
}

bool utf8_is_valid(struct slice text)
{
    while ((text = skip_ascii(text)).length > 0) {
        const size_t length = utf8_code_point_bytes(text);
        if (length == 0) {
            return false;
        }
        text = skip(text, length);
    }
    return true;
}

/* Ranges without a combining mark and with NFC_Quick_Check=Yes throughout: Latin, Vietnamese,
 * punctuation. */
static bool is_plain(utf8proc_int32_t c)
{
    return c < 0x300 || (c >= 0x1e00 && c < 0x1f00) || (c >= 0x2002 && c < 0x20d0);
}

static size_t next_code_point(struct slice text, utf8proc_int32_t *ret_code_point)
{
    const utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.data,
                                                     (utf8proc_ssize_t)text.length, ret_code_point);

    return length > 0 ? (size_t)length : 0;
}

static bool is_plain_text(struct slice text)
{
    while ((text = skip_ascii(text)).length > 0) {
        utf8proc_int32_t c = 0;
        const size_t length = next_code_point(text, &c);
        if (length == 0 || !is_plain(c)) {
            return false;
        }
        text = skip(text, length);
    }
    return true;
}

/* Code points of the canonical decomposition, written to points unless it is NULL. */
static size_t decompose(struct slice text, utf8proc_int32_t *points, size_t capacity)
{
    size_t count = 0;

    while (text.length > 0) {
        utf8proc_int32_t c = 0;
        int boundary = 0;
        const size_t length = next_code_point(text, &c);
        if (length == 0) {
            break;
        }
        const size_t room = capacity > count ? capacity - count : 0;
        const utf8proc_ssize_t made =
            utf8proc_decompose_char(c, points != NULL ? points + count : NULL,
                                    (utf8proc_ssize_t)room, UTF8PROC_DECOMPOSE, &boundary);
        count += made > 0 ? (size_t)made : 0;
        text = skip(text, length);
    }
    return count;
}

enum { CLASSES = 256 };

static size_t combining_class(utf8proc_int32_t point)
{
    return (size_t)utf8proc_get_property(point)->combining_class % CLASSES;
}

/* Stable, by combining class, in linear time: utf8proc's own sort takes minutes on a megabyte of
 * marks. */
static void sort_marks(utf8proc_int32_t *marks, size_t count, utf8proc_int32_t *scratch)
{
    size_t starts[CLASSES + 1] = {0};

    for (size_t i = 0; i < count; i++) {
        starts[combining_class(marks[i]) + 1]++;
    }
    for (size_t i = 0; i < CLASSES; i++) {
        starts[i + 1] += starts[i];
    }
    for (size_t i = 0; i < count; i++) {
        scratch[starts[combining_class(marks[i])]++] = marks[i];
    }
    memcpy(marks, scratch, count * sizeof(*marks));
}

static void reorder(utf8proc_int32_t *points, size_t count, utf8proc_int32_t *scratch)
{
    for (size_t i = 0; i < count;) {
        const size_t start = i;
        bool sorted = true;
        size_t last = 0;
        for (size_t class = 0; i < count && (class = combining_class(points[i])) != 0; i++) {
            sorted = sorted && class >= last;
            last = class;
        }
        if (!sorted) {
            sort_marks(points + start, i - start, scratch);
        }
        i += i == start ? 1 : 0;
    }
}

static char *encode(struct arena *arena, const utf8proc_int32_t *points, size_t count)
{
    enum { POINT_MAX_BYTES = 4 };
    utf8proc_uint8_t bytes[POINT_MAX_BYTES];
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        length += (size_t)utf8proc_encode_char(points[i], bytes);
    }
    char *text = arena_alloc(arena, length + 1);
    char *end = text;
    for (size_t i = 0; i < count; i++) {
        const size_t size = (size_t)utf8proc_encode_char(points[i], bytes);
        memcpy(end, bytes, size);
        end += size;
    }
    return text;
}

struct status text_to_nfc(struct arena *arena, const char *text, const char **ret_text)
{
    const struct slice slice = slice_from(text);

    if (is_plain_text(slice)) {
        *ret_text = text;
        return STATUS_NONE;
    }
    const size_t count = decompose(slice, NULL, 0);
    utf8proc_int32_t *points = arena_array(arena, count, sizeof(*points));
    utf8proc_int32_t *scratch = arena_array(arena, count, sizeof(*scratch));
    (void)decompose(slice, points, count);
    reorder(points, count, scratch);
    const utf8proc_ssize_t composed = utf8proc_normalize_utf32(points, (utf8proc_ssize_t)count,
                                                               UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    char *normal = encode(arena, points, composed > 0 ? (size_t)composed : 0);
    *ret_text = strcmp(normal, text) == 0 ? text : normal;
    return STATUS_NONE;
}

static bool is_blank(utf8proc_int32_t c)
{
    return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS || (c >= '\t' && c <= '\r');
}

struct status text_fold(struct arena *arena, const char *text, const char **ret_text)
{
    utf8proc_int32_t *points = arena_array(arena, strlen(text) + 1, sizeof(*points));
    struct slice rest = slice_from(text);
    bool blank = false;
    size_t count = 0;

    while (rest.length > 0) {
        utf8proc_int32_t c = 0;
        const size_t length = next_code_point(rest, &c);

        if (length == 0) {
            break;
        }
        rest = skip(rest, length);
        if (is_blank(c)) {
            blank = count > 0;
        } else if (utf8proc_category(c) != UTF8PROC_CATEGORY_CF) {
            if (blank) {
                points[count++] = ' ';
            }
            blank = false;
            points[count++] = utf8proc_tolower(c);
        }
    }
    *ret_text = encode(arena, points, count);
    return STATUS_NONE;
}
