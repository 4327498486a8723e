/*
 * page_link.h - the next page of a list, in headers, where the body has no place for it.
 */
#ifndef GATEWAY_PAGE_LINK_H
#define GATEWAY_PAGE_LINK_H

#include "http/http_server.h"

#include <protobuf-c/protobuf-c.h>

/* Adds Link (the same request with the token of the next page, or the next cursor of the feed,
 * rel="next") and Next-Page-Token; nothing at the end. */
void page_link_add(struct http_request *request, const ProtobufCMessage *page);

#endif
