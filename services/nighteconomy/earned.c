/* earned.c - earned value of a schedule, with a note for whatever it lacks. */
#include "base/clock.h"
#include "earned_value.h"
#include "pb/message.h"
#include "schedule.h"

static struct earner earner_of(const scheduled_message *scheduled)
{
    struct earner earner = {0};

    if (scheduled->weight != NULL) {
        earner.weight_known = true;
        earner.weight = scaled_stored(scheduled->weight, WEIGHT_DECIMALS);
    }
    if (scheduled->counted_progress != NULL) {
        earner.progress_known = true;
        earner.progress = scaled_stored(scheduled->counted_progress, PROGRESS_DECIMALS);
    }
    earner.due_known = date_parse(slice_from(scheduled->due_date), &earner.due_day);
    return earner;
}

static Google__Protobuf__DoubleValue *earned_wrap(struct call *call, struct earned earned)
{
    return earned.known ? double_wrap(call->arena, earned.value) : NULL;
}

/* Why each of the values is null. */
static struct status earned_explain(struct call *call, const struct earned_value *earned,
                                    size_t count, size_t unweighted, schedule_message *answer)
{
    if (count == 0) {
        return note_append(call, answer, "earnedValue", "NO_MILESTONES",
                           "there is no milestone that could earn value");
    }
    if (unweighted > 0) {
        return note_append(call, answer, "earnedValue", "MISSING_WEIGHT",
                           "the weights of %zu of %zu milestones are not known, so ev, pv, sv, spi "
                           "and totalWeight cannot be computed",
                           unweighted, count);
    }
    if (!earned->ev.known) {
        TRY(note_append(call, answer, "earnedValue.ev", "PROGRESS_UNKNOWN",
                        "the progress of a milestone at %s is not known", answer->status_date));
    }
    if (!earned->pv.known) {
        TRY(note_append(call, answer, "earnedValue.pv", "MISSING_DUE_DATE",
                        "the due date of a milestone with a weight is not known"));
    }
    if (!earned->sv.known) {
        TRY(note_append(call, answer, "earnedValue.sv", "MISSING_INPUT", "sv needs ev and pv"));
    }
    if (!earned->spi.known) {
        TRY(note_append(call, answer, "earnedValue.spi",
                        earned->sv.known ? "NOTHING_PLANNED" : "MISSING_INPUT",
                        earned->sv.known ? "nothing was due by the status date, so there is "
                                           "nothing to divide by"
                                         : "spi needs ev and pv"));
    }
    return STATUS_NONE;
}

struct status earned_fill(struct call *call, const struct timetable *timetable,
                          schedule_message *answer)
{
    struct earner *earners = arena_array(call->arena, answer->n_milestones, sizeof(*earners));
    earned_value_message *value =
        message_new(call->arena, &dongkhoi__nighteconomy__v1__earned_value__descriptor);
    size_t count = 0;
    size_t unweighted = 0;

    for (size_t i = 0; i < answer->n_milestones; i++) {
        if (answer->milestones[i]->state != MILESTONE_CANCELLED) {
            earners[count] = earner_of(answer->milestones[i]);
            unweighted += !earners[count].weight_known;
            count++;
        }
    }
    const struct earned_value earned = earned_value_compute(earners, count, timetable->status_day);
    value->ev = earned_wrap(call, earned.ev);
    value->pv = earned_wrap(call, earned.pv);
    value->sv = earned_wrap(call, earned.sv);
    value->spi = earned_wrap(call, earned.spi);
    value->total_weight = earned_wrap(call, earned.total);
    answer->earned_value = value;
    return earned_explain(call, &earned, count, unweighted, answer);
}
