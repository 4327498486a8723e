/*
 * origin.h - whom a request is for, and from which site it comes.
 *
 * Any page that a reader of ours opens can make his browser send requests to a gateway that he can
 * reach. It cannot read the answers, unless its own name leads to our address (DNS rebinding): so
 * the gateway answers only for names that are its own. And it must not be able to write: so writes
 * that a browser sends for a page of another site are refused. Loop thread.
 */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include "http/http_server.h"

/* For the configuration: NULL when the text is names with commas between them, or empty; else what
 * is allowed. */
const char *hosts_check(const char *names);

/* Whether the gateway answers for a host, with or without port: an address, which nobody can make a
 * name of his own lead to, "localhost", or one of the names that hosts_check() took. */
bool host_is_served(struct slice host, const char *names);

/*
 * Whether a browser sends the request for a page of another origin. Programs that send neither
 * Sec-Fetch-Site nor Origin are never cross-site.
 */
bool is_cross_site(const struct http_head *head);

/* False: the request is answered, with 421 UNKNOWN_HOST, or, for a write, 403 CROSS_SITE_WRITE. */
bool origin_is_acceptable(struct http_request *request, const char *names);

#endif
