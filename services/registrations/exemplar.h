/*
 * exemplar.h - stories of exemplars as resources, and their publication.
 */
#ifndef REGISTRATIONS_EXEMPLAR_H
#define REGISTRATIONS_EXEMPLAR_H

#include "messages.h"
#include "step.h"

extern const struct resource_kind exemplar_kind;
extern const struct machine exemplar_machine;

/* Method. */
struct status publish_exemplar(struct call *call, const void *request, void *response);

#endif
