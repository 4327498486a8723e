/*
 * scorecard_fill.h - one line of the scorecard: a commitment and what was answered about it.
 */
#ifndef REGISTRATIONS_SCORECARD_FILL_H
#define REGISTRATIONS_SCORECARD_FILL_H

#include "messages.h"
#include "scorecard_ask.h"
#include "scorecard_line.h"

typedef Dongkhoi__Registrations__V1__Scorecard scorecard_message;
typedef Dongkhoi__Registrations__V1__ScorecardLine line_message;
typedef Dongkhoi__Registrations__V1__ScorecardInput line_input_message;

/* How one looks at all lines. */
struct line_view {
    bool movement_closed;
    int32_t day;              /* of the picture, since 1970 */
    const char *published_by; /* "" for no limit */
};

/* Adds what the commitment needs to asks. */
void line_ask(struct call *call, struct asks *asks, const registration_message *registration);

/* Fills line, once asks_send() is done. */
struct status line_fill(struct call *call, struct asks *asks, const struct line_view *view,
                        const registration_message *registration, line_message *line);

#endif
