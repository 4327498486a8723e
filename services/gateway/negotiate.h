/*
 * negotiate.h - what a client would rather have: lists with weights (RFC 9110, 12.4.2).
 */
#ifndef GATEWAY_NEGOTIATE_H
#define GATEWAY_NEGOTIATE_H

#include "base/slice.h"

#include <stdbool.h>

enum { WEIGHT_MAX = 1000 };

/* "text/csv;header=present;q=0.8" as value, the parameters behind it, and the weight. */
struct preference {
    struct slice value;
    struct slice parameters; /* from the first ";"; weight included */
    unsigned weight;         /* in thousandths */
};

/* Takes the next element off a list; one whose weight is malformed is left out. False at the
 * end. */
bool preference_next(struct slice *list, struct preference *ret_preference);

struct parameter {
    struct slice name;
    struct slice value; /* without quotes; an escape inside stays as it is */
};

/* Takes the next ";name=value" off parameters. False at the end. */
bool parameter_next(struct slice *parameters, struct parameter *ret_parameter);

#endif
