/*
 * target.h - the target of a year, as others use it.
 */
#ifndef INDICATORS_TARGET_H
#define INDICATORS_TARGET_H

#include "messages.h"

/* The target of this year of "indicators/{indicator}"; NULL when there is none. */
struct status target_find(struct call *call, const char *indicator, int year,
                          const target_message **ret_target);

/* FAILED_PRECONDITION YEAR_CLOSED when the year's target is CLOSED. */
struct status year_check_open(struct call *call, const char *indicator, int year);

/* The target as plain values; decimals are those of the indicator. closed_by: the day up to which
 * a closing counts ("YYYY-MM-DD"), "" for any. */
struct plan plan_of(const target_message *target, int decimals, const char *closed_by);

#endif
