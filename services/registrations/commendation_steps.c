/*
 * commendation_steps.c - from a proposal to an award. An achievement keeps the name of its award,
 * and both are written in one transaction: so there is at most one.
 */
#include "commendation.h"
#include "movement.h"
#include "party.h"
#include "pb/message.h"
#include "reasons.h"
#include "registration.h"
#include "serve/service.h"

#include <string.h>

/* The commendation after the step, not yet stored. */
static struct status take(struct call *call, const char *name, const char *etag, const char *step,
                          commendation_message **ret_commendation)
{
    void *found = NULL;
    int state = 0;

    TRY(standard_load(call, &commendation_kind, name, etag, &found));
    commendation_message *commendation = found;
    TRY(machine_step(call, &commendation_machine, (int)commendation->state, step, &state));
    commendation->state = (Dongkhoi__Registrations__V1__Commendation__State)state;
    *ret_commendation = commendation;
    return STATUS_NONE;
}

static struct status store(struct call *call, commendation_message *commendation, void *response)
{
    return standard_store(call, &commendation_kind, commendation, response);
}

/* A council does not judge a movement before its year. */
static struct status minutes_check(struct call *call, const char *name, const char *date)
{
    movement_message *movement = NULL;

    TRY(movement_of(call, name, &movement));
    const char *begin = arena_printf(call->arena, "%04d-01-01", movement->year);
    return date_not_before(call, "minutes.date", date, begin, "the movement's year");
}

static struct status review_check(struct call *call,
                                  const Dongkhoi__Registrations__V1__ReviewCommendationRequest *req)
{
    TRY(person_require(call, "reviewer", req->reviewer));
    TRY(document_require(call, "minutes", req->minutes, NEED_DATE));
    TRY(minutes_check(call, req->name, req->minutes->date));
    if (req->votes_for + req->votes_against + req->votes_abstain == 0) {
        return REFUSE(call, REASON_FIELD_REQUIRED, "votesFor",
                      "votes are required: votesFor, votesAgainst, votesAbstain");
    }
    return STATUS_NONE;
}

struct status review_commendation(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__ReviewCommendationRequest *req = request;
    Dongkhoi__Registrations__V1__Commendation__Review *review =
        message_new(call->arena, &dongkhoi__registrations__v1__commendation__review__descriptor);
    commendation_message *commendation = NULL;

    TRY(take(call, req->name, req->etag, "review", &commendation));
    TRY(review_check(call, req));
    TRY(reviewer_check(call, commendation, req->reviewer));
    review->reviewer = req->reviewer;
    review->minutes = req->minutes;
    review->votes_for = req->votes_for;
    review->votes_against = req->votes_against;
    review->votes_abstain = req->votes_abstain;
    review->note = req->note;
    commendation->review = review;
    return store(call, commendation, response);
}

/* Checks that a later document is not dated before the council's minutes. document may be NULL. */
static struct status after_minutes(struct call *call, const char *field,
                                   const commendation_message *commendation,
                                   const document_message *document)
{
    const char *minutes = commendation->review != NULL ? commendation->review->minutes->date : "";

    return date_not_before(call, field, document != NULL ? document->date : "", minutes,
                           "the minutes");
}

static struct status decision_check(struct call *call, const commendation_message *commendation,
                                    const document_message *decision)
{
    TRY(document_require(call, "decision", decision, NEED_DATE | NEED_AUTHORITY));
    return after_minutes(call, "decision.date", commendation, decision);
}

/* Writes the award into the achievement, so that it is never rewarded twice; "" takes it out again.
 */
static struct status achievement_mark(struct call *call, const commendation_message *commendation,
                                      const char *award)
{
    registration_message *achievement = NULL;

    TRY(registration_find(call, "achievement", commendation->achievement, &achievement));
    if (award[0] != '\0' && achievement->award[0] != '\0') {
        call_metadata(call, "achievement", achievement->name);
        call_metadata(call, "award", achievement->award);
        return REFUSE(call, REASON_ACHIEVEMENT_ALREADY_AWARDED, "achievement",
                      "%s was rewarded by %s: one achievement, one award", achievement->name,
                      achievement->award);
    }
    achievement->award = (char *)award;
    return resource_update(call->tx, &registration_kind, achievement);
}

struct status award_commendation(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__AwardCommendationRequest *req = request;
    commendation_message *commendation = NULL;

    TRY(take(call, req->name, req->etag, "award", &commendation));
    TRY(decision_check(call, commendation, req->decision));
    if (req->form != COMMENDATION_FORM(FORM_UNSPECIFIED)) {
        TRY(form_check(call, (int)req->form, commendation->person != NULL));
        commendation->form = req->form;
    }
    TRY(achievement_mark(call, commendation, commendation->name));
    commendation->decision = req->decision;
    return store(call, commendation, response);
}

struct status reject_commendation(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__RejectCommendationRequest *req = request;
    Dongkhoi__Registrations__V1__Commendation__Rejection *rejection =
        message_new(call->arena, &dongkhoi__registrations__v1__commendation__rejection__descriptor);
    commendation_message *commendation = NULL;

    TRY(take(call, req->name, req->etag, "reject", &commendation));
    TRY(after_minutes(call, "document.date", commendation, req->document));
    rejection->reason = req->reason;
    rejection->document = req->document;
    commendation->rejection = rejection;
    return store(call, commendation, response);
}

struct status forward_commendation(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__ForwardCommendationRequest *req = request;
    Dongkhoi__Registrations__V1__Commendation__Forwarding *forwarding = message_new(
        call->arena, &dongkhoi__registrations__v1__commendation__forwarding__descriptor);
    commendation_message *commendation = NULL;

    TRY(take(call, req->name, req->etag, "forward", &commendation));
    TRY(after_minutes(call, "document.date", commendation, req->document));
    forwarding->level = req->level;
    forwarding->authority = req->authority;
    forwarding->document = req->document;
    forwarding->note = req->note;
    commendation->forwarding = forwarding;
    return store(call, commendation, response);
}

struct status revoke_commendation(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__RevokeCommendationRequest *req = request;
    Dongkhoi__Registrations__V1__Commendation__Revocation *revocation = message_new(
        call->arena, &dongkhoi__registrations__v1__commendation__revocation__descriptor);
    commendation_message *commendation = NULL;

    TRY(take(call, req->name, req->etag, "revoke", &commendation));
    TRY(document_require(call, "document", req->document, NEED_DATE));
    TRY(date_not_before(call, "document.date", req->document->date, commendation->decision->date,
                        "the award"));
    TRY(achievement_mark(call, commendation, ""));
    revocation->ground = req->ground;
    revocation->document = req->document;
    revocation->note = req->note;
    commendation->revocation = revocation;
    return store(call, commendation, response);
}
