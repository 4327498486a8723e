/*
 * step.h - trace points, named as the steps of tests/models/freshness.pml.
 *
 * Nothing unless the build defines DONGKHOI_STEPS; then each is a line of the log.
 */
#ifndef GATEWAY_STEP_H
#define GATEWAY_STEP_H

#ifdef DONGKHOI_STEPS
#include "base/log.h"
#define STEP(name, service) log_event(LOG_INFO, "step", "name", (name), "service", (service), NULL)
#else
#define STEP(name, service) ((void)sizeof(name), (void)sizeof(service))
#endif

#endif
