/*
 * messages.h - the messages of the proto and their states under short names.
 */
#ifndef NIGHTECONOMY_MESSAGES_H
#define NIGHTECONOMY_MESSAGES_H

#include "dongkhoi/nighteconomy/v1/nighteconomy.pb-c.h"
#include "serve/values.h"

typedef Dongkhoi__Nighteconomy__V1__Scheme scheme_message;
typedef Dongkhoi__Nighteconomy__V1__Project project_message;
typedef Dongkhoi__Nighteconomy__V1__Milestone milestone_message;
typedef Dongkhoi__Nighteconomy__V1__Dependency dependency_message;
typedef Dongkhoi__Nighteconomy__V1__Reschedule reschedule_message;
typedef Dongkhoi__Nighteconomy__V1__Cancellation cancellation_message;
typedef Dongkhoi__Nighteconomy__V1__Evidence evidence_message;
typedef Dongkhoi__Nighteconomy__V1__Schedule schedule_message;
typedef Dongkhoi__Nighteconomy__V1__ScheduledMilestone scheduled_message;
typedef Dongkhoi__Nighteconomy__V1__EarnedValue earned_value_message;
typedef Dongkhoi__Nighteconomy__V1__OverdueMilestone overdue_message;
typedef Dongkhoi__Nighteconomy__V1__SlippedMilestone slipped_message;
typedef Dongkhoi__Nighteconomy__V1__MilestoneVerdict verdict_message;
typedef Dongkhoi__Nighteconomy__V1__Input input_message;
typedef Dongkhoi__Type__V1__Document document_message;

#define SCHEME_NONE DONGKHOI__NIGHTECONOMY__V1__SCHEME__STATE__STATE_UNSPECIFIED
#define SCHEME_DRAFT DONGKHOI__NIGHTECONOMY__V1__SCHEME__STATE__DRAFT
#define SCHEME_ACTIVE DONGKHOI__NIGHTECONOMY__V1__SCHEME__STATE__ACTIVE
#define SCHEME_COMPLETED DONGKHOI__NIGHTECONOMY__V1__SCHEME__STATE__COMPLETED
#define SCHEME_CANCELLED DONGKHOI__NIGHTECONOMY__V1__SCHEME__STATE__CANCELLED
#define MILESTONE_NONE DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__STATE_UNSPECIFIED
#define MILESTONE_PLANNED DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__PLANNED
#define MILESTONE_IN_PROGRESS DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__IN_PROGRESS
#define MILESTONE_COMPLETED DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__COMPLETED
#define MILESTONE_CANCELLED DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__CANCELLED
#define TYPE_NONE DONGKHOI__NIGHTECONOMY__V1__DEPENDENCY__TYPE__TYPE_UNSPECIFIED
#define TYPE_FS DONGKHOI__NIGHTECONOMY__V1__DEPENDENCY__TYPE__FS
#define TYPE_SS DONGKHOI__NIGHTECONOMY__V1__DEPENDENCY__TYPE__SS
#define TYPE_FF DONGKHOI__NIGHTECONOMY__V1__DEPENDENCY__TYPE__FF

enum { MILESTONES_MAX = 1000, DEPENDENCIES_MAX = 50, RESCHEDULES_MAX = 100 };

/* "DRAFT", "PLANNED" and so on; NULL for what is no state. */
const char *scheme_state_name(int state);
const char *milestone_state_name(int state);

/* "ACCEPTED", "REJECTED" or "NOT_JUDGED". */
const char *evidence_state_name(const evidence_message *evidence);

input_message *input_make(struct arena *arena, const char *name, int32_t revision,
                          const char *value);

/* FAILED_PRECONDITION SCHEME_CLOSED when the scheme that this resource is in takes no more work. */
struct status scheme_open_check(struct call *call, const char *scheme);

/* What a computed read asks first: sets the as-of of request, and finds the resource that its name
 * says. */
struct status computed_read_begin(struct call *call, const void *request,
                                  const struct resource_kind *kind, const char *name,
                                  void **ret_resource);

/* Sets the notes of a milestone: what is not known of its start and completion. */
struct status milestone_refresh(struct call *call, milestone_message *milestone);

#endif
