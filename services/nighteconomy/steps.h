/*
 * steps.h - steps that a resource may take, and the refusal that names them.
 */
#ifndef NIGHTECONOMY_STEPS_H
#define NIGHTECONOMY_STEPS_H

#include "messages.h"

/* FAILED_PRECONDITION STEP_NOT_POSSIBLE with possible ("complete, cancel"; "" for none), also in
 * the metadata "possibleSteps". All texts are literals, but for name. */
struct status step_refuse(struct call *call, const char *name, const char *state, const char *step,
                          const char *possible);

/* The day of a step: as given, else the document's; "" when neither is known. */
const char *step_date(const char *given, const document_message *document);

#endif
