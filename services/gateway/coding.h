/*
 * coding.h - whether a client would rather have an answer compressed.
 */
#ifndef GATEWAY_CODING_H
#define GATEWAY_CODING_H

#include "http/http_head.h"

#include <stdbool.h>

/* True when Accept-Encoding takes gzip and gives it no less weight than "identity", which is what
 * it is without compression. Without the header it is false (RFC 9110, 12.5.3). */
bool coding_is_gzip(const struct http_head *head);

#endif
