/*
 * evidence.c - evidence and its judgement:
 *
 *     not judged > accepted, rejected;   accepted > rejected;   rejected > accepted
 */
#include "nighteconomy.h"
#include "pb/message.h"
#include "reasons.h"
#include "steps.h"

static bool content_differs(const evidence_message *a, const evidence_message *b)
{
    static const char *const names[] = {"document", "note"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const ProtobufCFieldDescriptor *field =
            message_field(evidence_kind.type, slice_from(names[i]));
        if (!message_field_equals(&a->base, &b->base, field)) {
            return true;
        }
    }
    return false;
}

static struct status evidence_prepare(struct call *call, const void *before, void *resource)
{
    const evidence_message *evidence = resource;
    const evidence_message *old = before;

    if (evidence->document == NULL && evidence->note[0] == '\0') {
        return REFUSE(call, REASON_FIELD_REQUIRED, "document",
                      "evidence is a document or a note; both are missing");
    }
    if (old != NULL && old->accepted != NULL && content_differs(old, evidence)) {
        return REFUSE(call, REASON_EVIDENCE_JUDGED, "document",
                      "it was judged as it is (%s); hand in other evidence instead",
                      evidence_state_name(old));
    }
    return STATUS_NONE;
}

static struct status evidence_prepare_delete(struct call *call, const void *resource)
{
    const evidence_message *evidence = resource;

    if (evidence->accepted != NULL && evidence->accepted->value) {
        return REFUSE(call, REASON_EVIDENCE_ACCEPTED, NULL,
                      "%s is accepted; reject it before it is deleted", evidence->name);
    }
    return STATUS_NONE;
}

static bool accepted_column(struct arena *arena, const ProtobufCMessage *message,
                            int64_t *ret_int64, const char **ret_text)
{
    const evidence_message *evidence = (const evidence_message *)message;

    (void)arena;
    (void)ret_text;
    if (evidence->accepted == NULL) {
        return false;
    }
    *ret_int64 = evidence->accepted->value;
    return true;
}

static const struct resource_column evidence_columns[] = {
    {.name = "accepted", .type = COLUMN_INT64, .extract = accepted_column},
};

const struct resource_kind evidence_kind = {
    .singular = "evidence",
    .plural = "evidence",
    .pattern = "schemes/{scheme}/milestones/{milestone}/evidence/{evidence}",
    .type = &dongkhoi__nighteconomy__v1__evidence__descriptor,
    .columns = evidence_columns,
    .column_count = sizeof(evidence_columns) / sizeof(evidence_columns[0]),
    .layout = 1,
    .prepare = evidence_prepare,
    .prepare_delete = evidence_prepare_delete,
};

/* The judgement of a request. */
struct judgement {
    bool accepted;
    char *judged_by;
    char *note;
};

static struct status judge(struct call *call, const char *name, const char *etag,
                           const struct judgement *judgement, void *response)
{
    void *found = NULL;

    TRY(standard_load(call, &evidence_kind, name, etag, &found));
    evidence_message *evidence = found;
    if (evidence->accepted != NULL && (evidence->accepted->value != 0) == judgement->accepted) {
        return step_refuse(call, evidence->name, evidence_state_name(evidence),
                           judgement->accepted ? "accept" : "reject",
                           judgement->accepted ? "reject" : "accept");
    }
    evidence->accepted = bool_wrap(call->arena, judgement->accepted);
    evidence->judged_by = judgement->judged_by;
    evidence->judgement_note = judgement->note;
    evidence->judgement_time = time_wrap(call->arena, call->tx->time_us);
    return standard_store(call, &evidence_kind, evidence, response);
}

struct status accept_evidence(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__AcceptEvidenceRequest *req = request;
    const struct judgement judgement = {
        .accepted = true, .judged_by = req->judged_by, .note = req->note};

    return judge(call, req->name, req->etag, &judgement, response);
}

struct status reject_evidence(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Nighteconomy__V1__RejectEvidenceRequest *req = request;
    const struct judgement judgement = {.judged_by = req->judged_by, .note = req->note};

    return judge(call, req->name, req->etag, &judgement, response);
}
