/*
 * late.h - what is overdue at a day, and what slipped from its baseline.
 */
#ifndef NIGHTECONOMY_LATE_H
#define NIGHTECONOMY_LATE_H

#include "plan.h"

/* Fills overdue and slipped of answer, and the notes about them, for answer->status_date. */
struct status late_fill(struct call *call, const struct plan *plan, schedule_message *answer);

#endif
