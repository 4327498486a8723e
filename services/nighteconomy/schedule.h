/*
 * schedule.h - a schedule while it is computed; for the files that do it.
 */
#ifndef NIGHTECONOMY_SCHEDULE_H
#define NIGHTECONOMY_SCHEDULE_H

#include "plan.h"
#include "workdays.h"

struct timetable {
    const scheme_message *scheme;
    struct plan plan;
    struct activity *activities; /* as the milestones of plan */
    int32_t *accepted;           /* pieces of accepted evidence of each */
    bool start_known;
    int32_t start_day; /* day 0 */
    int32_t status_day;
    const struct workdays *workdays;
};

/* The entry of one milestone: its offsets, dates and notes, and what it counts. */
struct status scheduled_fill(struct call *call, const struct timetable *timetable, size_t index,
                             scheduled_message *scheduled);

/* The day of an offset as a date, "" when it is not known or out of range: where a start of this
 * offset begins; and the last day worked before a finish of it. */
struct status start_date_of(struct call *call, const struct timetable *timetable,
                            struct offset offset, char **ret_date);
struct status finish_date_of(struct call *call, const struct timetable *timetable,
                             struct offset offset, char **ret_date);

/* earned_value of answer from its milestones, and the notes about it. */
struct status earned_fill(struct call *call, const struct timetable *timetable,
                          schedule_message *answer);

/* NULL and OK for an unknown offset. */
Google__Protobuf__Int32Value *offset_wrap(struct call *call, struct offset offset);

#endif
