/*
 * dependencies.h - the links of a milestone, judged against the plan that they are part of.
 */
#ifndef NIGHTECONOMY_DEPENDENCIES_H
#define NIGHTECONOMY_DEPENDENCIES_H

#include "messages.h"

/* Completes names and types of milestone->depends_on and judges them. INVALID_ARGUMENT for links
 * that cannot be; FAILED_PRECONDITION MILESTONE_NOT_FOUND, DEPENDENCY_CYCLE. */
struct status dependencies_check(struct call *call, const char *scheme,
                                 milestone_message *milestone);

/* "schemes/{s}/{collection}/{id}" of an id alone; other names as they are. */
char *reference_complete(struct call *call, const char *scheme, const char *collection,
                         char *reference);

#endif
