/* verdict.c - a milestone that decides something is done when it is complete with accepted
 * evidence. */
#include "messages.h"
#include "nighteconomy.h"
#include "reasons.h"

#include <string.h>

/* What was asked: the milestone, its evidence, and the day that one looks from. */
struct question {
    const milestone_message *milestone;
    const struct resource_revision *evidence;
    size_t evidence_count;
    const char *published_by; /* "" for no limit */
};

/* The accepted evidence that counts, one with a document before others; NULL when there is none. */
static const evidence_message *accepted_pick(const struct question *question, size_t *ret_accepted)
{
    const evidence_message *best = NULL;

    for (size_t i = 0; i < question->evidence_count; i++) {
        const evidence_message *evidence = question->evidence[i].message;
        const char *date = evidence->document != NULL ? evidence->document->date : "";
        if (evidence->accepted == NULL || !evidence->accepted->value) {
            continue;
        }
        (*ret_accepted)++;
        if (is_published(date, evidence->create_time, question->published_by) &&
            (best == NULL || (best->document == NULL && evidence->document != NULL))) {
            best = evidence;
        }
    }
    return best;
}

static struct status say(verdict_message *verdict, const struct reason *reason, char *sentence)
{
    verdict->reason = (char *)reason->name;
    verdict->sentence = sentence;
    return STATUS_NONE;
}

static struct status judge_open(struct call *call, const milestone_message *milestone,
                                verdict_message *verdict)
{
    const bool cancelled = milestone->state == MILESTONE_CANCELLED;

    return say(verdict, cancelled ? REASON_CANCELLED : REASON_NOT_COMPLETED,
               arena_printf(call->arena, "not done: %s is %s", milestone->name,
                            milestone_state_name((int)milestone->state)));
}

static struct status judge_evidence(struct call *call, const struct question *question,
                                    verdict_message *verdict)
{
    const milestone_message *milestone = question->milestone;
    const char *date = verdict->date[0] != '\0' ? verdict->date : "an unknown day";
    size_t accepted = 0;
    const evidence_message *evidence = accepted_pick(question, &accepted);

    if (evidence == NULL && accepted > 0) {
        return say(verdict, REASON_EVIDENCE_LATER,
                   arena_printf(call->arena,
                                "not done: %s was completed on %s, but its accepted evidence is "
                                "later than %s",
                                milestone->name, date, question->published_by));
    }
    if (evidence == NULL) {
        return say(verdict,
                   question->evidence_count > 0 ? REASON_NO_ACCEPTED_EVIDENCE : REASON_NO_EVIDENCE,
                   arena_printf(call->arena, "not done: %s was completed on %s, but %s",
                                milestone->name, date,
                                question->evidence_count > 0 ? "no evidence of it is accepted"
                                                             : "there is no evidence of it"));
    }
    if (evidence->document != NULL) {
        verdict->document = evidence->document;
    }
    verdict->done = true;
    return say(verdict, REASON_DONE,
               arena_printf(call->arena, "done: %s was completed on %s, with accepted evidence%s%s",
                            milestone->name, date, verdict->document != NULL ? ", " : "",
                            verdict->document != NULL ? verdict->document->number : ""));
}

static struct status judge(struct call *call, const struct question *question,
                           verdict_message *verdict)
{
    const milestone_message *milestone = question->milestone;

    if (milestone->state != MILESTONE_COMPLETED) {
        return judge_open(call, milestone, verdict);
    }
    if (!is_published(milestone->actual_finish_date, milestone->completion_record_time,
                      question->published_by)) {
        const char *date = milestone->actual_finish_date;
        return say(verdict, REASON_COMPLETED_LATER,
                   arena_printf(call->arena, "not done by %s: %s was completed %s%s",
                                question->published_by, milestone->name,
                                date[0] != '\0' ? "on " : "on an unknown day and recorded later",
                                date));
    }
    verdict->date = milestone->actual_finish_date;
    verdict->document = milestone->completion_document;
    return judge_evidence(call, question, verdict);
}

static struct status inputs_fill(struct call *call, const struct question *question,
                                 verdict_message *verdict)
{
    const milestone_message *milestone = question->milestone;
    const size_t count = question->evidence_count + 1;

    verdict->inputs = arena_array(call->arena, count, sizeof(*verdict->inputs));
    for (size_t i = 0; i < count; i++) {
        const evidence_message *evidence = i > 0 ? question->evidence[i - 1].message : NULL;
        input_message *input = evidence != NULL
                                   ? input_make(call->arena, evidence->name, evidence->revision,
                                                evidence_state_name(evidence))
                                   : input_make(call->arena, milestone->name, milestone->revision,
                                                milestone_state_name((int)milestone->state));
        verdict->inputs[verdict->n_inputs++] = input;
    }
    return STATUS_NONE;
}

struct status get_milestone_verdict(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__GetMilestoneVerdictRequest *req = request;
    verdict_message *verdict = response;
    struct question question = {.published_by = req->published_by};
    struct resource_revision *rows = NULL;
    void *found = NULL;

    TRY(computed_read_begin(call, request, &milestone_kind, req->name, &found));
    const struct resource_scan scan = {.parent = req->name};
    TRY(resource_all(call->tx, &evidence_kind, &scan, &rows, &question.evidence_count));
    question.milestone = found;
    question.evidence = rows;
    verdict->name = question.milestone->name;
    verdict->display_name = question.milestone->display_name;
    verdict->state = question.milestone->state;
    verdict->due_date = question.milestone->due_date;
    TRY(inputs_fill(call, &question, verdict));
    return judge(call, &question, verdict);
}
