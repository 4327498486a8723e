/* registration_steps.c - from a draft to a result, one method for each step. */
#include "movement.h"
#include "party.h"
#include "pb/message.h"
#include "registration.h"
#include "serve/service.h"

/* The registration after the step, not yet stored. */
static struct status take(struct call *call, const char *name, const char *etag, const char *step,
                          registration_message **ret_registration)
{
    void *found = NULL;
    int state = 0;

    TRY(standard_load(call, &registration_kind, name, etag, &found));
    registration_message *registration = found;
    TRY(machine_step(call, &registration_machine, (int)registration->state, step, &state));
    registration->state = (Dongkhoi__Registrations__V1__Registration__State)state;
    *ret_registration = registration;
    return STATUS_NONE;
}

static struct status store(struct call *call, registration_message *registration, void *response)
{
    return standard_store(call, &registration_kind, registration, response);
}

static struct status movement_is_open(struct call *call, const registration_message *registration)
{
    movement_message *movement = NULL;

    TRY(movement_of(call, registration->name, &movement));
    return movement_must_be_launched(call, movement);
}

struct status submit_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__SubmitRegistrationRequest *req = request;
    registration_message *registration = NULL;

    TRY(take(call, req->name, req->etag, "submit", &registration));
    TRY(movement_is_open(call, registration));
    return store(call, registration, response);
}

struct status return_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__ReturnRegistrationRequest *req = request;
    registration_message *registration = NULL;

    TRY(take(call, req->name, req->etag, "return", &registration));
    registration->return_reason = req->reason;
    return store(call, registration, response);
}

struct status approve_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__ApproveRegistrationRequest *req = request;
    Dongkhoi__Registrations__V1__Registration__Approval *approval =
        message_new(call->arena, &dongkhoi__registrations__v1__registration__approval__descriptor);
    registration_message *registration = NULL;
    const char *date = "";

    TRY(take(call, req->name, req->etag, "approve", &registration));
    TRY(movement_is_open(call, registration));
    TRY(person_check(call, "approver", req->approver));
    date = step_date(req->date, req->document);
    approval->approver = req->approver;
    approval->document = req->document;
    approval->date = (char *)date;
    approval->note = req->note;
    registration->approval = approval;
    return store(call, registration, response);
}

struct status withdraw_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__WithdrawRegistrationRequest *req = request;
    registration_message *registration = NULL;

    TRY(take(call, req->name, req->etag, "withdraw", &registration));
    registration->withdrawal_reason = req->reason;
    return store(call, registration, response);
}

static const char *approval_date(const registration_message *registration)
{
    return registration->approval != NULL ? registration->approval->date : "";
}

struct status self_assess_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__SelfAssessRegistrationRequest *req = request;
    Dongkhoi__Registrations__V1__Registration__SelfAssessment *assessment = message_new(
        call->arena, &dongkhoi__registrations__v1__registration__self_assessment__descriptor);
    registration_message *registration = NULL;

    TRY(take(call, req->name, req->etag, "selfAssess", &registration));
    TRY(date_not_before(call, "date", req->date, approval_date(registration), "the approval"));
    assessment->text = req->text;
    assessment->proposed_result = req->proposed_result;
    assessment->date = req->date;
    registration->self_assessment = assessment;
    return store(call, registration, response);
}

static struct status
evaluation_check(struct call *call,
                 const Dongkhoi__Registrations__V1__EvaluateRegistrationRequest *req)
{
    organization_message *organization = NULL;

    if (req->organization[0] == '\0') {
        return STATUS_NONE;
    }
    return organization_find(call, "organization", req->organization, &organization);
}

struct status evaluate_registration(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__EvaluateRegistrationRequest *req = request;
    Dongkhoi__Registrations__V1__Registration__Evaluation *evaluation = message_new(
        call->arena, &dongkhoi__registrations__v1__registration__evaluation__descriptor);
    registration_message *registration = NULL;
    const char *date = "";

    TRY(take(call, req->name, req->etag, "evaluate", &registration));
    TRY(evaluation_check(call, req));
    date = step_date(req->date, req->document);
    TRY(date_not_before(call, "date", date, approval_date(registration), "the approval"));
    TRY(date_not_before(call, "date", date,
                        registration->self_assessment != NULL ? registration->self_assessment->date
                                                              : "",
                        "the self-assessment"));
    evaluation->result = req->result;
    evaluation->organization = req->organization;
    evaluation->evaluator = req->evaluator;
    evaluation->document = req->document;
    evaluation->date = (char *)date;
    evaluation->note = req->note;
    registration->evaluation = evaluation;
    registration->result = req->result;
    return store(call, registration, response);
}

struct status batch_submit_registrations(struct call *call, const void *request, void *response)
{
    return standard_batch(call, request, response, submit_registration);
}

struct status batch_approve_registrations(struct call *call, const void *request, void *response)
{
    return standard_batch(call, request, response, approve_registration);
}
