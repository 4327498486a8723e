/*
 * registrations.h - the service as a whole, for its main() and for tests.
 */
#ifndef REGISTRATIONS_REGISTRATIONS_H
#define REGISTRATIONS_REGISTRATIONS_H

#include "serve/service.h"

extern const struct service registrations_service;

#endif
