/* late.c - dates are compared as text, and counted as days. */
#include "late.h"

#include "base/clock.h"
#include "pb/message.h"

#include <stdlib.h>
#include <string.h>

/* Calendar days between two valid dates. */
static int32_t days_between(const char *from, const char *to)
{
    int32_t first = 0;
    int32_t last = 0;

    return date_parse(slice_from(from), &first) && date_parse(slice_from(to), &last) ? last - first
                                                                                     : 0;
}

/* Due before the day, and not done by then; a completion on an unknown day is given the benefit. */
static bool is_overdue(const milestone_message *milestone, const char *status_date)
{
    if (milestone->due_date[0] == '\0' || strcmp(milestone->due_date, status_date) >= 0 ||
        milestone->state == MILESTONE_CANCELLED) {
        return false;
    }
    return milestone->state != MILESTONE_COMPLETED ||
           strcmp(milestone->actual_finish_date, status_date) > 0;
}

static struct status overdue_add(struct call *call, const milestone_message *milestone,
                                 schedule_message *answer)
{
    overdue_message *late =
        message_new(call->arena, &dongkhoi__nighteconomy__v1__overdue_milestone__descriptor);

    late->milestone = milestone->name;
    late->display_name = milestone->display_name;
    late->owner = milestone->owner;
    late->state = milestone->state;
    late->due_date = milestone->due_date;
    late->days_late = days_between(milestone->due_date, answer->status_date);
    answer->overdue[answer->n_overdue++] = late;
    return STATUS_NONE;
}

static int compare_overdue(const void *a, const void *b)
{
    const overdue_message *left = *(overdue_message *const *)a;
    const overdue_message *right = *(overdue_message *const *)b;
    const int order = strcmp(left->due_date, right->due_date);

    return order != 0 ? order : strcmp(left->milestone, right->milestone);
}

/* The date that was planned first; "" when there is none. */
static const char *first_date(const milestone_message *milestone)
{
    if (milestone->baseline_due_date[0] != '\0' || milestone->n_reschedules == 0) {
        return milestone->baseline_due_date;
    }
    const reschedule_message *first = milestone->reschedules[0];
    return first->previous_due_date[0] != '\0' ? first->previous_due_date : first->due_date;
}

static struct status slipped_add(struct call *call, const milestone_message *milestone,
                                 schedule_message *answer)
{
    const char *first = first_date(milestone);
    const char *last = milestone->actual_finish_date[0] != '\0' ? milestone->actual_finish_date
                                                                : milestone->due_date;

    if (first[0] == '\0' || strcmp(last, first) <= 0 || milestone->state == MILESTONE_CANCELLED) {
        return STATUS_NONE;
    }
    slipped_message *slipped =
        message_new(call->arena, &dongkhoi__nighteconomy__v1__slipped_milestone__descriptor);
    slipped->milestone = milestone->name;
    slipped->display_name = milestone->display_name;
    slipped->baseline_due_date = milestone->baseline_due_date;
    slipped->due_date = milestone->due_date;
    slipped->actual_finish_date = milestone->actual_finish_date;
    slipped->days_slipped = days_between(first, last);
    slipped->reschedule_count = (int32_t)milestone->n_reschedules;
    if (milestone->n_reschedules > 0) {
        slipped->last_reschedule = milestone->reschedules[milestone->n_reschedules - 1];
    }
    answer->slipped[answer->n_slipped++] = slipped;
    return STATUS_NONE;
}

static struct status notes_fill(struct call *call, const struct plan *plan,
                                schedule_message *answer)
{
    size_t without_due_date = 0;
    size_t unknown_finish = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const milestone_message *milestone = plan->milestones[i];
        const bool has_due_date = milestone->due_date[0] != '\0';
        without_due_date += !has_due_date && milestone->state != MILESTONE_CANCELLED;
        unknown_finish += has_due_date && milestone->state == MILESTONE_COMPLETED &&
                          milestone->actual_finish_date[0] == '\0' &&
                          strcmp(milestone->due_date, answer->status_date) < 0;
    }
    if (without_due_date > 0) {
        TRY(note_append(call, answer, "overdue", "MISSING_DUE_DATE",
                        "%zu of %zu milestones have no due date, so whether they are late cannot "
                        "be said",
                        without_due_date, plan->count));
    }
    if (unknown_finish > 0) {
        TRY(note_append(call, answer, "overdue", "FINISH_DATE_UNKNOWN",
                        "%zu milestones were completed on an unknown day; they are not called "
                        "overdue",
                        unknown_finish));
    }
    return STATUS_NONE;
}

struct status late_fill(struct call *call, const struct plan *plan, schedule_message *answer)
{
    answer->overdue = arena_array(call->arena, plan->count, sizeof(*answer->overdue));
    answer->slipped = arena_array(call->arena, plan->count, sizeof(*answer->slipped));
    for (size_t i = 0; i < plan->count; i++) {
        if (is_overdue(plan->milestones[i], answer->status_date)) {
            TRY(overdue_add(call, plan->milestones[i], answer));
        }
        TRY(slipped_add(call, plan->milestones[i], answer));
    }
    qsort(answer->overdue, answer->n_overdue, sizeof(*answer->overdue), compare_overdue);
    return notes_fill(call, plan, answer);
}
