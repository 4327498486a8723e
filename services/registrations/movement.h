/*
 * movement.h - movements as resources, and their steps.
 */
#ifndef REGISTRATIONS_MOVEMENT_H
#define REGISTRATIONS_MOVEMENT_H

#include "messages.h"
#include "step.h"

extern const struct resource_kind movement_kind;
extern const struct machine movement_machine;

/* The movement that a name such as "movements/m/registrations/r" lies in. */
struct status movement_of(struct call *call, const char *name, movement_message **ret_movement);

/* FAILED_PRECONDITION MOVEMENT_NOT_LAUNCHED unless it is LAUNCHED. */
struct status movement_must_be_launched(struct call *call, const movement_message *movement);

/* NULL when the movement has none of this id. */
const theme_message *movement_theme(const movement_message *movement, const char *id);

/* Methods. */
struct status launch_movement(struct call *call, const void *request, void *response);
struct status close_movement(struct call *call, const void *request, void *response);

#endif
