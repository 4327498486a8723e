/*
 * observation_key.h - the natural key of an observation and the texts that are made of it.
 */
#ifndef INDICATORS_OBSERVATION_KEY_H
#define INDICATORS_OBSERVATION_KEY_H

#include "messages.h"

enum { DIMENSIONS_MAX = 4, DIMENSION_MAX_CHARACTERS = 63 };

struct observation_key {
    struct period period;
    bool cumulative; /* from January: YEAR_TO_DATE, or of a whole year */
    int window;      /* WINDOW_STATISTICAL when the message does not say */
    /* The id in the collection: "2022-09-ytd". */
    const char *id;
    /* Same for all parts of one breakdown: "STATISTICAL:plant"; and with the year before it. */
    const char *series;
    const char *series_year;
    /* Same for one part over a year: "2022:STATISTICAL:", then a digest of the breakdown. */
    const char *part_year;
};

/*
 * Texts are in the arena of the call. INVALID_ARGUMENT INVALID_PERIOD, INVALID_BREAKDOWN; fields
 * are relative to the observation.
 */
struct status observation_key_read(struct call *call, const observation_message *observation,
                                   struct observation_key *ret_key);

/* The same of a stored observation. */
bool observation_key_stored(struct arena *arena, const observation_message *observation,
                            struct observation_key *ret_key);

/* Value of the columns series and, for one year, series_year; in the arena, NULL when full.
 * dimension is "" for the whole. */
const char *observation_series(struct arena *arena, int window, const char *dimension);
const char *observation_series_year(struct arena *arena, int year, int window,
                                    const char *dimension);

#endif
