/*
 * page_link.h - the next page of a list, in headers, where the body has no place for it.
 */
#ifndef GATEWAY_PAGE_LINK_H
#define GATEWAY_PAGE_LINK_H

#include "http/http_server.h"

/* Adds Link (the same request with the next token, rel="next") and Next-Page-Token; nothing for
 * the token "". */
void page_link_add(struct http_request *request, const char *next_page_token);

#endif
