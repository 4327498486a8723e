/*
 * reasons.h - what this service refuses with: a constant REASON_NAME for each row of reasons.def.
 */
#ifndef REGISTRATIONS_REASONS_H
#define REGISTRATIONS_REASONS_H

#include "serve/reasons.h"

#define REASON REASON_DECLARE
#include "reasons.def"
#undef REASON

#endif
