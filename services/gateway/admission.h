/*
 * admission.h - which requests are answered now, by what their answers cost.
 *
 *     request --small--> room is reserved, go          --no room--> 429
 *     request --large--> WAITING --a turn is free, and its peer holds least--> go
 *     WAITING --too long--> 429
 *
 * What an answer will come to is not known before it is made, so it is taken from what the answers
 * of the same method to requests for a page of about the same size have come to lately. Of large
 * ones a few are made at a time, and whoever holds least goes first: so neither those who do not
 * read what they asked for nor those who ask for much keep others from the services. Loop thread.
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include "http/http_server.h"
#include "router.h"

#include <stdbool.h>
#include <uv.h>

struct admission;
struct gateway_loop;

typedef void (*admission_go)(struct gateway_loop *loop, struct http_request *request,
                             const struct router_match *match);

/* rows: of request->handler_row. NULL without memory. */
struct admission *admission_open(struct gateway_loop *loop, uv_loop_t *uv, size_t rows);

/* No request may wait; the loop frees the rest. admission may be NULL. */
void admission_close(struct admission *admission);

/*
 * True: the request has its room, go on; so it is for one that was let in before. False: go() is
 * called when it has, or the request is answered, now or later: 429 NO_ROOM.
 */
bool admission_enter(struct admission *admission, struct http_request *request,
                     const struct router_match *match, admission_go go);

/* The answer was made, or never will be: what it came to is learnt, and its turn is another's. */
void admission_leave(struct admission *admission, struct http_request *request);

/* "the gateway holds as many answers as it can; try again shortly" */
struct status admission_no_room(void);

#endif
