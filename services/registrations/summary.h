/*
 * summary.h - how many commendations and exemplars there are, by movement, unit, form and state.
 */
#ifndef REGISTRATIONS_SUMMARY_H
#define REGISTRATIONS_SUMMARY_H

#include "messages.h"

/* Methods. */
struct status summarize_commendations(struct call *call, const void *request, void *response);
struct status summarize_exemplars(struct call *call, const void *request, void *response);

#endif
