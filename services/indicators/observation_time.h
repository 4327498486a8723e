/*
 * observation_time.h - the order in which values were published, and that none is of the future.
 */
#ifndef INDICATORS_OBSERVATION_TIME_H
#define INDICATORS_OBSERVATION_TIME_H

#include "base/clock.h"
#include "observation_key.h"

/* "YYYY-MM-DD": the published date, else the day on which the revision was recorded. */
void observation_published_day(const observation_message *observation, char day[DATE_TEXT_BYTES]);

/* INVALID_ARGUMENT DATE_IN_FUTURE; PERIOD_IN_FUTURE for a period that has not begun, unless the
 * value is ESTIMATED. */
struct status observation_check_time(struct call *call, const observation_message *observation,
                                     const struct observation_key *key);

/* Notes of a revision that has a lower status, or was published earlier, than the one before. */
struct status observation_note_order(struct call *call, const observation_message *before,
                                     observation_message *observation);

#endif
