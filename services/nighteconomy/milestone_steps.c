/* milestone_steps.c - what happens to a milestone: start, completion, cancellation, moves of its
 * due date. */
#include "base/clock.h"
#include "nighteconomy.h"
#include "pb/message.h"
#include "reasons.h"
#include "steps.h"

#include <string.h>

static const char *possible_steps(const milestone_message *milestone)
{
    switch ((int)milestone->state) {
    case MILESTONE_PLANNED:
        return "start, complete, cancel, reschedule";
    case MILESTONE_IN_PROGRESS:
        return "complete, cancel, reschedule";
    default:
        return "";
    }
}

struct status step_refuse(struct call *call, const char *name, const char *state, const char *step,
                          const char *possible)
{
    call_metadata(call, "possibleSteps", possible);
    return REFUSE(call, REASON_STEP_NOT_POSSIBLE, NULL,
                  "%s is %s: %s is not possible; possible steps: %s", name, state, step,
                  possible[0] != '\0' ? possible : "none");
}

const char *step_date(const char *given, const document_message *document)
{
    return given[0] == '\0' && document != NULL ? document->date : given;
}

/* The milestone that a step is about; possible: it is not done. */
static struct status step_begin(struct call *call, const char *name, const char *etag,
                                const char *step, bool possible_when_done,
                                milestone_message **ret_milestone)
{
    void *found = NULL;

    TRY(standard_load(call, &milestone_kind, name, etag, &found));
    milestone_message *milestone = found;
    if (possible_when_done && milestone->state == MILESTONE_COMPLETED) {
        *ret_milestone = milestone;
        return STATUS_NONE;
    }
    if ((int)milestone->state != MILESTONE_PLANNED &&
        ((int)milestone->state != MILESTONE_IN_PROGRESS || strcmp(step, "start") == 0)) {
        return step_refuse(call, milestone->name, milestone_state_name((int)milestone->state), step,
                           possible_steps(milestone));
    }
    const char *scheme = resource_parent(call->arena, name);
    TRY(scheme_open_check(call, scheme));
    *ret_milestone = milestone;
    return STATUS_NONE;
}

static struct status step_store(struct call *call, milestone_message *milestone, void *response)
{
    TRY(milestone_refresh(call, milestone));
    return standard_store(call, &milestone_kind, milestone, response);
}

static struct status note_required(struct call *call, const char *date_field)
{
    return REFUSE(call, REASON_NOTE_REQUIRED, "note",
                  "note is required while %s is not known: what is known of the day", date_field);
}

struct status start_milestone(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__StartMilestoneRequest *req = request;
    const char *const field = "actualStartDate";
    milestone_message *milestone = NULL;

    TRY(step_begin(call, req->name, req->etag, "start", false, &milestone));
    const char *date = step_date(req->actual_start_date, req->document);
    if (date[0] == '\0' && req->note[0] == '\0') {
        return note_required(call, field);
    }
    milestone->state = MILESTONE_IN_PROGRESS;
    milestone->actual_start_date = (char *)date;
    milestone->start_document = req->document;
    milestone->start_note = req->note;
    return step_store(call, milestone, response);
}

static struct status known_refuse(struct call *call, const char *field, const char *known,
                                  const char *given)
{
    return REFUSE(call, REASON_ALREADY_COMPLETED, field,
                  "it is complete, and %s is known to be %s, not %s", field, known, given);
}

/* Completing again may add what the first completion left open, but contradict nothing of it. */
static struct status
completion_merge(struct call *call, milestone_message *milestone,
                 const Dongkhoi__Nighteconomy__V1__CompleteMilestoneRequest *req)
{
    const document_message *known = milestone->completion_document;

    if (known != NULL && req->document != NULL &&
        !message_equals(&known->base, &req->document->base)) {
        return known_refuse(call, "document", known->number, req->document->number);
    }
    if (milestone->actual_finish_date[0] != '\0' && req->actual_finish_date[0] != '\0' &&
        strcmp(milestone->actual_finish_date, req->actual_finish_date) != 0) {
        return known_refuse(call, "actualFinishDate", milestone->actual_finish_date,
                            req->actual_finish_date);
    }
    if (milestone->actual_finish_date[0] == '\0') {
        milestone->actual_finish_date = (char *)step_date(req->actual_finish_date, req->document);
    }
    if (known == NULL) {
        milestone->completion_document = req->document;
    }
    if (req->note[0] != '\0') {
        milestone->completion_note = req->note;
    }
    return STATUS_NONE;
}

static void completion_fill(struct call *call, milestone_message *milestone)
{
    milestone->state = MILESTONE_COMPLETED;
    milestone->progress = double_wrap(call->arena, 1.0);
    milestone->completion_record_time = time_wrap(call->arena, call->tx->time_us);
}

struct status complete_milestone(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__CompleteMilestoneRequest *req = request;
    const char *const field = "actualFinishDate";
    milestone_message *milestone = NULL;

    TRY(step_begin(call, req->name, req->etag, "complete", true, &milestone));
    TRY(completion_merge(call, milestone, req));
    if (milestone->actual_finish_date[0] == '\0' && milestone->completion_note[0] == '\0') {
        return note_required(call, field);
    }
    if (milestone->actual_finish_date[0] != '\0' &&
        strcmp(milestone->actual_finish_date, milestone->actual_start_date) < 0) {
        return REFUSE(call, REASON_DATE_OUT_OF_ORDER, field,
                      "actualFinishDate %s is before actualStartDate %s",
                      milestone->actual_finish_date, milestone->actual_start_date);
    }
    if (milestone->state != MILESTONE_COMPLETED) {
        completion_fill(call, milestone);
    }
    return step_store(call, milestone, response);
}

struct status cancel_milestone(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__CancelMilestoneRequest *req = request;
    cancellation_message *cancellation =
        message_new(call->arena, &dongkhoi__nighteconomy__v1__cancellation__descriptor);
    milestone_message *milestone = NULL;

    TRY(step_begin(call, req->name, req->etag, "cancel", false, &milestone));
    cancellation->date = (char *)step_date(req->date, req->document);
    cancellation->reason = req->reason;
    cancellation->document = req->document;
    milestone->state = MILESTONE_CANCELLED;
    milestone->cancellation = cancellation;
    return step_store(call, milestone, response);
}

/* A retry: the same move as the last one changes nothing. */
static bool is_last_move(const milestone_message *milestone,
                         const Dongkhoi__Nighteconomy__V1__RescheduleMilestoneRequest *req)
{
    if (milestone->n_reschedules == 0) {
        return false;
    }
    const reschedule_message *last = milestone->reschedules[milestone->n_reschedules - 1];
    return strcmp(last->due_date, req->due_date) == 0 && strcmp(last->reason, req->reason) == 0 &&
           message_equals(&last->document->base, &req->document->base);
}

static struct status move_add(struct call *call, milestone_message *milestone,
                              const Dongkhoi__Nighteconomy__V1__RescheduleMilestoneRequest *req)
{
    reschedule_message *move =
        message_new(call->arena, &dongkhoi__nighteconomy__v1__reschedule__descriptor);

    if (strcmp(milestone->due_date, req->due_date) == 0) {
        return REFUSE(call, REASON_ALREADY_DUE, "dueDate", "dueDate is %s already",
                      milestone->due_date);
    }
    if (milestone->n_reschedules >= RESCHEDULES_MAX) {
        return REFUSE(call, REASON_TOO_MANY_CHANGES, "dueDate",
                      "a milestone keeps at most %d moves of its due date", RESCHEDULES_MAX);
    }
    move->previous_due_date = milestone->due_date;
    move->due_date = req->due_date;
    move->reason = req->reason;
    move->document = req->document;
    move->revision = milestone->revision + 1;
    move->record_time = time_wrap(call->arena, call->tx->time_us);
    if (milestone->baseline_due_date[0] == '\0') {
        milestone->baseline_due_date =
            milestone->due_date[0] != '\0' ? milestone->due_date : req->due_date;
    }
    milestone->due_date = req->due_date;
    return message_append(call, milestone, "reschedules", move);
}

struct status reschedule_milestone(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__RescheduleMilestoneRequest *req = request;
    milestone_message *milestone = NULL;

    TRY(step_begin(call, req->name, req->etag, "reschedule", false, &milestone));
    if (!is_last_move(milestone, req)) {
        TRY(move_add(call, milestone, req));
    }
    return step_store(call, milestone, response);
}
