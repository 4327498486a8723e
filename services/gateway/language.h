/*
 * language.h - English or Vietnamese.
 */
#ifndef GATEWAY_LANGUAGE_H
#define GATEWAY_LANGUAGE_H

#include "http/http_head.h"

#include <stdbool.h>

enum language { LANGUAGE_EN, LANGUAGE_VI, LANGUAGE_COUNT };

/* "en", "vi". */
const char *language_tag(enum language language);

/* "vi", or a tag that begins so ("vi-VN"), in any case; false when it is neither language. */
bool language_parse(struct slice tag, enum language *ret_language);

/* The one that Accept-Language gives the most weight, the first among equals; fallback when it
 * names neither or there is none (RFC 9110, 12.5.4). */
enum language language_choose(const struct http_head *head, enum language fallback);

#endif
