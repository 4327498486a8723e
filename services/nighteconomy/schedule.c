/* schedule.c - the schedule of a scheme: read, compute, explain. */
#include "schedule.h"

#include "base/clock.h"
#include "late.h"
#include "nighteconomy.h"
#include "pb/message.h"
#include "reasons.h"

#include <string.h>

/* The status date: as given, else the day of asOf, else today. */
static struct status status_date_fill(struct call *call,
                                      const Dongkhoi__Nighteconomy__V1__GetScheduleRequest *req,
                                      struct timetable *timetable, schedule_message *answer)
{
    answer->status_date = req->status_date;
    if (req->status_date[0] != '\0') {
        (void)date_parse(slice_from(req->status_date), &timetable->status_day);
        return STATUS_NONE;
    }
    timetable->status_day =
        date_of_time(req->as_of != NULL ? time_unwrap(req->as_of) : call->now_us);
    answer->status_date = arena_alloc(call->arena, DATE_TEXT_BYTES);
    date_format(timetable->status_day, answer->status_date);
    return STATUS_NONE;
}

static struct status input_add(struct call *call, schedule_message *answer, const char *name,
                               int32_t revision, const char *value)
{
    input_message *input = input_make(call->arena, name, revision, value);

    answer->inputs[answer->n_inputs++] = input;
    return STATUS_NONE;
}

/* Counts the accepted evidence, and names all that the answer is made from. */
static struct status evidence_load(struct call *call, struct timetable *timetable,
                                   schedule_message *answer)
{
    const struct plan *plan = &timetable->plan;
    const struct resource_scan scan = {
        .parent = arena_printf(call->arena, "%s/milestones/-", timetable->scheme->name)};
    struct resource_revision *rows = NULL;
    size_t count = 0;

    TRY(resource_all(call->tx, &evidence_kind, &scan, &rows, &count));
    timetable->accepted = arena_array(call->arena, plan->count, sizeof(*timetable->accepted));
    answer->inputs = arena_array(call->arena, 1 + plan->count + count, sizeof(*answer->inputs));
    TRY(input_add(call, answer, timetable->scheme->name, timetable->scheme->revision,
                  scheme_state_name((int)timetable->scheme->state)));
    for (size_t i = 0; i < plan->count; i++) {
        const milestone_message *milestone = plan->milestones[i];
        TRY(input_add(call, answer, milestone->name, milestone->revision,
                      milestone_state_name((int)milestone->state)));
    }
    for (size_t i = 0; i < count; i++) {
        const evidence_message *evidence = rows[i].message;
        const char *parent = resource_parent(call->arena, evidence->name);
        size_t index = 0;
        if (plan_find(plan, parent, &index) && evidence->accepted != NULL) {
            timetable->accepted[index] += evidence->accepted->value ? 1 : 0;
        }
        TRY(input_add(call, answer, evidence->name, evidence->revision,
                      evidence_state_name(evidence)));
    }
    return STATUS_NONE;
}

/* Day 0 and the imposed finish, as far as the scheme says them. */
static struct status frame_fill(struct call *call, struct timetable *timetable,
                                schedule_message *answer, struct offset *ret_imposed)
{
    const scheme_message *scheme = timetable->scheme;
    struct offset imposed = {0};
    int32_t start = 0;
    int32_t finish = 0;

    timetable->start_known = date_parse(slice_from(scheme->start_date), &start) &&
                             workday_at(timetable->workdays, start, 0, &timetable->start_day);
    TRY(start_date_of(call, timetable, (struct offset){.known = true}, &answer->start_date));
    if (!timetable->start_known) {
        TRY(note_say(call, answer, "startDate", REASON_START_DATE_UNKNOWN));
    } else if (timetable->workdays->holiday_count == 0) {
        TRY(note_say(call, answer, "startDate", REASON_NO_HOLIDAYS));
    }
    answer->imposed_finish_date = scheme->imposed_finish_date;
    if (!date_parse(slice_from(scheme->imposed_finish_date), &finish)) {
        TRY(note_say(call, answer, "imposedFinish", REASON_NO_IMPOSED_FINISH));
    } else if (!timetable->start_known) {
        TRY(note_append(call, answer, "imposedFinish", REASON_START_DATE_UNKNOWN,
                        "the imposed finish cannot be counted from an unknown start"));
    } else {
        imposed.known = true;
        imposed.days = workdays_between(timetable->workdays, timetable->start_day, finish);
    }
    *ret_imposed = imposed;
    answer->imposed_finish = offset_wrap(call, imposed);
    return STATUS_NONE;
}

/* Notes why the scheme has no finish, and that without links every milestone stands for itself. */
static struct status plan_explain(struct call *call, const struct timetable *timetable,
                                  struct offset finish, schedule_message *answer)
{
    size_t unknown = 0;
    size_t links = 0;

    for (size_t i = 0; i < timetable->plan.count; i++) {
        unknown += !timetable->activities[i].duration.known;
        links += timetable->activities[i].link_count;
    }
    if (timetable->plan.count == 0) {
        return note_say(call, answer, "earlyFinish", REASON_NO_MILESTONES);
    }
    if (!finish.known) {
        TRY(note_append(call, answer, "earlyFinish", REASON_MISSING_DURATION,
                        "the durations of %zu of %zu milestones are not known, so the end cannot "
                        "be computed",
                        unknown, timetable->plan.count));
    }
    if (finish.known && timetable->start_known && answer->early_finish_date[0] == '\0') {
        TRY(note_append(call, answer, "earlyFinishDate", REASON_DATE_OUT_OF_RANGE,
                        "the end lies after the year 9999"));
    }
    if (links == 0 && timetable->plan.count > 1) {
        TRY(note_say(call, answer, "milestones", REASON_NO_LINKS));
    }
    return STATUS_NONE;
}

static struct status milestones_fill(struct call *call, const struct timetable *timetable,
                                     schedule_message *answer)
{
    answer->milestones =
        arena_array(call->arena, timetable->plan.count, sizeof(*answer->milestones));
    answer->complete = timetable->plan.count > 0;
    for (size_t i = 0; i < timetable->plan.count; i++) {
        scheduled_message *scheduled =
            message_new(call->arena, &dongkhoi__nighteconomy__v1__scheduled_milestone__descriptor);
        TRY(scheduled_fill(call, timetable, i, scheduled));
        answer->milestones[answer->n_milestones++] = scheduled;
        answer->complete = answer->complete && timetable->activities[i].slack.known;
    }
    return STATUS_NONE;
}

static struct status times_compute(struct call *call, struct timetable *timetable,
                                   struct offset imposed, schedule_message *answer)
{
    struct offset finish = {0};

    TRY(plan_activities(call, &timetable->plan, &timetable->activities));
    if (critical_path_compute(call->arena, timetable->activities, timetable->plan.count, imposed,
                              &finish) == CRITICAL_PATH_CYCLE) {
        return plan_check_cycle(call, &timetable->plan); /* no write lets one in */
    }
    answer->early_finish = offset_wrap(call, finish);
    TRY(finish_date_of(call, timetable, finish, &answer->early_finish_date));
    return plan_explain(call, timetable, finish, answer);
}

struct status get_schedule(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__GetScheduleRequest *req = request;
    schedule_message *answer = response;
    struct timetable timetable = {.workdays = nighteconomy_workdays()};
    struct offset imposed = {0};
    void *found = NULL;

    TRY(computed_read_begin(call, request, &scheme_kind, req->name, &found));
    timetable.scheme = found;
    answer->name = timetable.scheme->name;
    TRY(status_date_fill(call, req, &timetable, answer));
    TRY(plan_load(call, timetable.scheme->name, &timetable.plan));
    TRY(evidence_load(call, &timetable, answer));
    TRY(frame_fill(call, &timetable, answer, &imposed));
    TRY(times_compute(call, &timetable, imposed, answer));
    TRY(milestones_fill(call, &timetable, answer));
    TRY(earned_fill(call, &timetable, answer));
    return late_fill(call, &timetable.plan, answer);
}
