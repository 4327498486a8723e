/* scheduled.c - one milestone of a schedule, with a note for whatever is not known of it. */
#include "base/clock.h"
#include "earned_value.h"
#include "schedule.h"

#include <string.h>

Google__Protobuf__Int32Value *offset_wrap(struct call *call, struct offset offset)
{
    return offset.known ? int32_wrap(call->arena, (int32_t)offset.days) : NULL;
}

struct status start_date_of(struct call *call, const struct timetable *timetable,
                            struct offset offset, char **ret_date)
{
    int32_t day = 0;

    if (!offset.known || !timetable->start_known ||
        !workday_at(timetable->workdays, timetable->start_day, offset.days, &day)) {
        *ret_date = (char *)"";
        return STATUS_NONE;
    }
    *ret_date = arena_alloc(call->arena, DATE_TEXT_BYTES);
    date_format(day, *ret_date);
    return STATUS_NONE;
}

struct status finish_date_of(struct call *call, const struct timetable *timetable,
                             struct offset offset, char **ret_date)
{
    /* On day 0 nothing was worked before. */
    const struct offset last = {.known = offset.known,
                                .days = offset.days == 0 ? 0 : offset.days - 1};

    return start_date_of(call, timetable, last, ret_date);
}

static struct status dates_fill(struct call *call, const struct timetable *timetable,
                                const struct activity *activity, scheduled_message *scheduled)
{
    const bool is_point = activity->duration.known && activity->duration.days == 0;
    struct status (*const start)(struct call *, const struct timetable *, struct offset, char **) =
        is_point ? finish_date_of : start_date_of;

    TRY(start(call, timetable, activity->early_start, &scheduled->early_start_date));
    TRY(finish_date_of(call, timetable, activity->early_finish, &scheduled->early_finish_date));
    TRY(start(call, timetable, activity->late_start, &scheduled->late_start_date));
    TRY(finish_date_of(call, timetable, activity->late_finish, &scheduled->late_finish_date));
    if (timetable->start_known &&
        ((activity->early_finish.known && scheduled->early_finish_date[0] == '\0') ||
         (activity->late_start.known && scheduled->late_start_date[0] == '\0'))) {
        return note_append(call, scheduled, "earlyFinishDate", "DATE_OUT_OF_RANGE",
                           "a date lies outside of the years 0001 to 9999");
    }
    return STATUS_NONE;
}

static struct status times_explain(struct call *call, const struct activity *activity,
                                   scheduled_message *scheduled)
{
    if (scheduled->state == MILESTONE_CANCELLED) {
        TRY(note_append(call, scheduled, "durationDays", "CANCELLED",
                        "it will not be done: it takes no time, and its links stay"));
    }
    if (!activity->duration.known) {
        return note_append(call, scheduled, "durationDays", "MISSING_DURATION",
                           "its duration is not known, so neither are its times");
    }
    if (!activity->early_start.known) {
        TRY(note_append(call, scheduled, "earlyStart", "WAITS_FOR_UNKNOWN",
                        "the duration of something that it waits for is not known"));
    }
    if (!activity->late_finish.known) {
        TRY(note_append(call, scheduled, "lateFinish", "END_UNKNOWN",
                        "a duration that its latest times depend on is not known"));
    }
    if (!activity->slack.known) {
        TRY(note_append(call, scheduled, "slack", "TIMES_UNKNOWN",
                        "slack needs the earliest and the latest start"));
    }
    return STATUS_NONE;
}

static struct status times_fill(struct call *call, const struct timetable *timetable,
                                const struct activity *activity, scheduled_message *scheduled)
{
    scheduled->duration_days = offset_wrap(call, activity->duration);
    scheduled->early_start = offset_wrap(call, activity->early_start);
    scheduled->early_finish = offset_wrap(call, activity->early_finish);
    scheduled->late_start = offset_wrap(call, activity->late_start);
    scheduled->late_finish = offset_wrap(call, activity->late_finish);
    scheduled->slack = offset_wrap(call, activity->slack);
    if (activity->slack.known) {
        scheduled->critical = bool_wrap(call->arena, activity->slack.days <= 0);
    }
    TRY(dates_fill(call, timetable, activity, scheduled));
    return times_explain(call, activity, scheduled);
}

/* The progress that earns value: none without accepted evidence. */
static struct status counted_fill(struct call *call, const struct timetable *timetable,
                                  const milestone_message *milestone, scheduled_message *scheduled)
{
    char status_date[DATE_TEXT_BYTES];
    double counted = 0.0;

    date_format(timetable->status_day, status_date);
    if (scheduled->accepted_evidence == 0) {
        if (milestone->progress != NULL && milestone->progress->value > 0.0) {
            TRY(note_append(call, scheduled, "countedProgress", "NO_ACCEPTED_EVIDENCE",
                            "its progress does not count before evidence of it is accepted"));
        }
    } else if (milestone->progress == NULL) {
        return note_append(call, scheduled, "countedProgress", "MISSING_PROGRESS",
                           "it has accepted evidence, but its progress is not known");
    } else if (milestone->state == MILESTONE_COMPLETED &&
               strcmp(milestone->actual_finish_date, status_date) > 0) {
        return note_append(call, scheduled, "countedProgress", "COMPLETED_LATER",
                           "it was completed on %s; its progress at %s is not known",
                           milestone->actual_finish_date, status_date);
    } else {
        counted = milestone->progress->value;
    }
    scheduled->counted_progress = double_wrap(call->arena, counted);
    return STATUS_NONE;
}

static struct status facts_explain(struct call *call, scheduled_message *scheduled)
{
    if (scheduled->due_date[0] == '\0') {
        TRY(note_append(call, scheduled, "dueDate", "MISSING_DUE_DATE",
                        "its due date is not known"));
    }
    if (scheduled->state == MILESTONE_COMPLETED && scheduled->actual_finish_date[0] == '\0') {
        TRY(note_append(call, scheduled, "actualFinishDate", "DATE_UNKNOWN",
                        "it is complete, but the day is not known"));
    }
    if (scheduled->weight == NULL) {
        TRY(note_append(call, scheduled, "weight", "MISSING_WEIGHT", "its weight is not known"));
    }
    if (scheduled->progress == NULL) {
        TRY(note_append(call, scheduled, "progress", "MISSING_PROGRESS",
                        "its progress is not known"));
    }
    return STATUS_NONE;
}

struct status scheduled_fill(struct call *call, const struct timetable *timetable, size_t index,
                             scheduled_message *scheduled)
{
    const milestone_message *milestone = timetable->plan.milestones[index];

    scheduled->milestone = milestone->name;
    scheduled->display_name = milestone->display_name;
    scheduled->state = milestone->state;
    scheduled->baseline_due_date = milestone->baseline_due_date;
    scheduled->due_date = milestone->due_date;
    scheduled->actual_start_date = milestone->actual_start_date;
    scheduled->actual_finish_date = milestone->actual_finish_date;
    scheduled->weight = milestone->weight;
    scheduled->progress = milestone->progress;
    scheduled->accepted_evidence = timetable->accepted[index];
    TRY(times_fill(call, timetable, &timetable->activities[index], scheduled));
    TRY(facts_explain(call, scheduled));
    return counted_fill(call, timetable, milestone, scheduled);
}
