/*
 * commitment.h - what is promised, with the test that decides it.
 */
#ifndef REGISTRATIONS_COMMITMENT_H
#define REGISTRATIONS_COMMITMENT_H

#include "messages.h"

/* Exactly one test, complete; names of resources become ids. Errors: COMMITMENT_REQUIRED,
 * FIELD_REQUIRED, INVALID_NAME, INVALID_VALUE, OUT_OF_RANGE, TOO_MANY_DECIMALS,
 * TOLERANCE_NOT_USED, COMPARATOR_NOT_POSSIBLE. */
struct status commitment_check(struct call *call, commitment_message *commitment);

#endif
