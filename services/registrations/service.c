/* service.c - the table of methods and the table of resources. */
#include "registrations.h"

#include "api.h"
#include "commendation.h"
#include "exemplar.h"
#include "movement.h"
#include "organization.h"
#include "registration.h"
#include "report.h"
#include "scorecard.h"
#include "scorecard_ask.h"
#include "summary.h"

static const struct method methods[] = {
    {"GetOrganization", METHOD_QUICK, standard_get, &organization_kind},
    {"ListOrganizations", METHOD_POOL, standard_list, &organization_kind},
    {"CreateOrganization", METHOD_WRITE, standard_create, &organization_kind},
    {"BatchCreateOrganizations", METHOD_WRITE, standard_batch_create, &organization_kind},
    {"UpdateOrganization", METHOD_WRITE, standard_update, &organization_kind},
    {"DeleteOrganization", METHOD_WRITE, standard_delete, &organization_kind},

    {"GetMovement", METHOD_QUICK, standard_get, &movement_kind},
    {"ListMovements", METHOD_POOL, standard_list, &movement_kind},
    {"CreateMovement", METHOD_WRITE, standard_create, &movement_kind},
    {"UpdateMovement", METHOD_WRITE, standard_update, &movement_kind},
    {"DeleteMovement", METHOD_WRITE, standard_delete, &movement_kind},
    {"LaunchMovement", METHOD_WRITE, launch_movement, NULL},
    {"CloseMovement", METHOD_WRITE, close_movement, NULL},

    {"GetScorecard", METHOD_POOL, get_scorecard, NULL},
    {"ListOverdue", METHOD_POOL, list_overdue, NULL},

    {"GetRegistration", METHOD_QUICK, standard_get, &registration_kind},
    {"ListRegistrations", METHOD_POOL, standard_list, &registration_kind},
    {"CreateRegistration", METHOD_WRITE, standard_create, &registration_kind},
    {"BatchCreateRegistrations", METHOD_WRITE, standard_batch_create, &registration_kind},
    {"UpdateRegistration", METHOD_WRITE, standard_update, &registration_kind},
    {"DeleteRegistration", METHOD_WRITE, standard_delete, &registration_kind},
    {"SubmitRegistration", METHOD_WRITE, submit_registration, NULL},
    {"BatchSubmitRegistrations", METHOD_WRITE, batch_submit_registrations, &registration_kind},
    {"ReturnRegistration", METHOD_WRITE, return_registration, NULL},
    {"ApproveRegistration", METHOD_WRITE, approve_registration, NULL},
    {"BatchApproveRegistrations", METHOD_WRITE, batch_approve_registrations, &registration_kind},
    {"WithdrawRegistration", METHOD_WRITE, withdraw_registration, NULL},
    {"SelfAssessRegistration", METHOD_WRITE, self_assess_registration, NULL},
    {"EvaluateRegistration", METHOD_WRITE, evaluate_registration, NULL},

    {"GetReport", METHOD_QUICK, standard_get, &report_kind},
    {"ListReports", METHOD_POOL, standard_list, &report_kind},
    {"CreateReport", METHOD_WRITE, standard_create, &report_kind},
    {"BatchCreateReports", METHOD_WRITE, standard_batch_create, &report_kind},
    {"UpdateReport", METHOD_WRITE, standard_update, &report_kind},
    {"DeleteReport", METHOD_WRITE, standard_delete, &report_kind},

    {"GetCommendation", METHOD_QUICK, standard_get, &commendation_kind},
    {"ListCommendations", METHOD_POOL, standard_list, &commendation_kind},
    {"CreateCommendation", METHOD_WRITE, standard_create, &commendation_kind},
    {"UpdateCommendation", METHOD_WRITE, standard_update, &commendation_kind},
    {"DeleteCommendation", METHOD_WRITE, standard_delete, &commendation_kind},
    {"ReviewCommendation", METHOD_WRITE, review_commendation, NULL},
    {"AwardCommendation", METHOD_WRITE, award_commendation, NULL},
    {"RejectCommendation", METHOD_WRITE, reject_commendation, NULL},
    {"ForwardCommendation", METHOD_WRITE, forward_commendation, NULL},
    {"RevokeCommendation", METHOD_WRITE, revoke_commendation, NULL},
    {"SummarizeCommendations", METHOD_POOL, summarize_commendations, NULL},

    {"GetExemplar", METHOD_QUICK, standard_get, &exemplar_kind},
    {"ListExemplars", METHOD_POOL, standard_list, &exemplar_kind},
    {"CreateExemplar", METHOD_WRITE, standard_create, &exemplar_kind},
    {"UpdateExemplar", METHOD_WRITE, standard_update, &exemplar_kind},
    {"DeleteExemplar", METHOD_WRITE, standard_delete, &exemplar_kind},
    {"PublishExemplar", METHOD_WRITE, publish_exemplar, NULL},
    {"SummarizeExemplars", METHOD_POOL, summarize_exemplars, NULL},

    {"ListRevisions", METHOD_POOL, standard_history, NULL},
};

static const struct resource_kind *const kinds[] = {
    &organization_kind, &movement_kind,     &registration_kind,
    &report_kind,       &commendation_kind, &exemplar_kind,
};

const struct service registrations_service = {
    .name = "registrations",
    .purpose =
        "emulation movements: registrations with their commitments, commendations, exemplars",
    .default_addresses = "tcp://127.0.0.1:7101",
    .descriptor = &dongkhoi__registrations__v1__registration_service__descriptor,
    .descriptor_set = registrations_descriptor_set,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .peers = scorecard_peers,
    .peer_count = SOURCES,
};
