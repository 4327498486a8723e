/* html.c - escaping, and figures as they are written in Vietnamese and in English. */
#include "html.h"

#include "base/clock.h"
#include "base/digest.h"
#include "pb/json.h"

#include <stdio.h>
#include <string.h>

enum { US_PER_MINUTE = 60 * 1000000, VIETNAM_OFFSET_MINUTES = 7 * 60, MINUTES_PER_DAY = 24 * 60 };

void html_text(struct buffer *html, const char *text)
{
    while (*text != '\0') {
        const size_t plain = strcspn(text, "&<>\"'");

        buffer_append(html, text, plain);
        text += plain;
        switch (*text) {
        case '&':
            buffer_append_text(html, "&amp;");
            break;
        case '<':
            buffer_append_text(html, "&lt;");
            break;
        case '>':
            buffer_append_text(html, "&gt;");
            break;
        case '"':
            buffer_append_text(html, "&quot;");
            break;
        case '\'':
            buffer_append_text(html, "&#39;");
            break;
        default:
            continue;
        }
        text++;
    }
}

void html_url_part(struct buffer *html, const char *text)
{
    for (; *text != '\0'; text++) {
        const char c = *text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~/", c) != NULL) {
            buffer_append_char(html, c);
        } else {
            buffer_printf(html, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}

/* "-1234567.5" with separators; text has room for both. */
static void group(const char *plain, enum language language, char *text)
{
    const char thousands = language == LANGUAGE_VI ? '.' : ',';
    const char point = language == LANGUAGE_VI ? ',' : '.';
    size_t whole = 0;

    if (*plain == '-') {
        *text++ = *plain++;
    }
    whole = strspn(plain, "0123456789");
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) {
            *text++ = thousands;
        }
        *text++ = plain[i];
    }
    plain += whole;
    if (*plain == '.') {
        *text++ = point;
        plain++;
    }
    (void)strcpy(text, plain);
}

void number_text(double value, int decimals, enum language language, char text[NUMBER_TEXT_BYTES])
{
    enum { PLAIN_MAX = 24 };
    char plain[NUMBER_TEXT_BYTES];
    int length = 0;

    if (decimals >= 0 && value > -1e15 && value < 1e15) {
        length = snprintf(plain, sizeof(plain), "%.*f", decimals, value);
    } else {
        length = snprintf(plain, sizeof(plain), "%.15g", value);
        if (value > -1e15 && value < 1e15) {
            (void)json_number_text(value, plain);
            length = (int)strlen(plain);
        }
    }
    if (length < 0 || length > PLAIN_MAX || strpbrk(plain, "en") != NULL) {
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%.32s", plain);
        return;
    }
    group(plain, language, text);
}

static bool is_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++) {
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape) {
            return false;
        }
    }
    return *text == '\0';
}

void html_date(struct buffer *html, const char *date, enum language language)
{
    if (language == LANGUAGE_VI && is_shape(date, "0000-00-00")) {
        buffer_printf(html, "%.2s/%.2s/%.4s", date + 8, date + 5, date);
    } else if (language == LANGUAGE_VI && is_shape(date, "0000-00")) {
        buffer_printf(html, "%.2s/%.4s", date + 5, date);
    } else {
        html_text(html, date);
    }
}

void html_time(struct buffer *html, int64_t time_us, enum language language)
{
    const int64_t minutes = time_us / US_PER_MINUTE + VIETNAM_OFFSET_MINUTES;
    const int minute = (int)(minutes % MINUTES_PER_DAY);
    char date[DATE_TEXT_BYTES];

    date_format(date_of_time(time_us), date);
    if (language == LANGUAGE_VI) {
        buffer_printf(html, "%02d:%02d ngày ", minute / 60, minute % 60);
        html_date(html, date, language);
    } else {
        buffer_printf(html, "%s %02d:%02d", date, minute / 60, minute % 60);
    }
}

void style_hash(struct slice style, char text[STYLE_HASH_BYTES])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t hash[DIGEST_BYTES + 1] = {0};
    char *out = stpcpy(text, "sha256-");

    digest(style, hash);
    for (size_t i = 0; i < DIGEST_BYTES; i += 3) {
        const uint32_t bits =
            (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 | (uint32_t)hash[i + 2];

        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = digits[bits >> 6 & 63];
        *out++ = digits[bits & 63];
    }
    /* 32 bytes are ten triples and two bytes: the last digit stands for none of them. */
    out[-1] = '=';
    *out = '\0';
}
