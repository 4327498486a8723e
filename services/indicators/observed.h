/*
 * observed.h - the figures that computed reads are made of, from the store.
 */
#ifndef INDICATORS_OBSERVED_H
#define INDICATORS_OBSERVED_H

#include "messages.h"

/* Which observations: of the window STATISTICAL only. */
struct observed_query {
    const indicator_message *indicator;
    const char *dimension; /* parts of this dimension; "" for the whole */
    int first_year;        /* of a FLOW; the latest level of a STOCK may be older */
    int last_year;
    const char *published_by; /* "YYYY-MM-DD"; "" for the newest revisions */
};

struct observed {
    struct figure figure;
    const char *code; /* within the dimension; "" for the whole */
};

/* In the arena of the call, by name. Honours the transaction's as-of. */
struct status observed_load(struct call *call, const struct observed_query *query,
                            struct observed **ret_observed, size_t *ret_count);

/* The whole as a series. */
struct status observed_series(struct call *call, const struct observed_query *query,
                              struct series **ret_series);

/* The parts as series, by code; only code and series of each are set. */
struct status observed_parts(struct call *call, const struct observed_query *query,
                             struct part **ret_parts, size_t *ret_count);

/* What every computed read asks first: its indicator. Sets the as-of of request. */
struct status computed_read_begin(struct call *call, const void *request, const char *name,
                                  const indicator_message **ret_indicator);

/* The figure as an input of the answer. */
input_message *input_make(struct arena *arena, const char *name, int32_t revision,
                          const double_message *value);
input_message *figure_input(struct arena *arena, const struct figure *figure, int decimals);

#endif
