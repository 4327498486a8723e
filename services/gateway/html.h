/*
 * html.h - what a page is made of: escaped text, and numbers and dates as a language writes them.
 */
#ifndef GATEWAY_HTML_H
#define GATEWAY_HTML_H

#include "base/buffer.h"
#include "language.h"

#include <stdint.h>

/* Text, or the value of an attribute in double quotes. */
void html_text(struct buffer *html, const char *text);

/* One segment or value of a URL: all but unreserved characters escaped, "/" kept. */
void html_url_part(struct buffer *html, const char *text);

/* 36501 as "36.501" or "36,501"; as many decimals as it has, or this many unless negative.
 * Integers of more than 15 digits, and what is not finite, stand as JSON has them. */
enum { NUMBER_TEXT_BYTES = 64 };
void number_text(double value, int decimals, enum language language, char text[NUMBER_TEXT_BYTES]);

/* "2022-12-31" as "31/12/2022", "2022-12" as "12/2022"; in English, and what is no date, as it
 * is. */
void html_date(struct buffer *html, const char *date, enum language language);

/* "YYYY-MM-DD HH:MM" of Asia/Ho_Chi_Minh, in Vietnamese "HH:MM ngày DD/MM/YYYY". */
void html_time(struct buffer *html, int64_t time_us, enum language language);

/* "sha256-..." as a Content-Security-Policy names inline style. */
enum { STYLE_HASH_BYTES = 64 };
void style_hash(struct slice style, char text[STYLE_HASH_BYTES]);

#endif
