/*
 * step.h - states and the steps between them, as tables.
 */
#ifndef REGISTRATIONS_STEP_H
#define REGISTRATIONS_STEP_H

#include "serve/call.h"

#define STATE_BIT(state) (1U << (unsigned)(state))

struct step {
    const char *name; /* of the method: "selfAssess" */
    unsigned from;    /* bits of the states that it starts in */
    int to;
};

/* The states of one kind of resource. */
struct machine {
    const char *noun; /* "registration" */
    const ProtobufCEnumDescriptor *states;
    const struct step *steps;
    size_t step_count;
};

/* "approve, return"; "" when none is possible. Never NULL. */
const char *machine_possible(struct arena *arena, const struct machine *machine, int state);

/* FAILED_PRECONDITION STEP_NOT_POSSIBLE saying what is, also as metadata: wanted is what was asked
 * for ("approve", "a change of content"). */
struct status machine_refuse(struct call *call, const struct machine *machine, int state,
                             const char *wanted);

/* The state after a step; the refusal above when it is not possible. */
struct status machine_step(struct call *call, const struct machine *machine, int state,
                           const char *name, int *ret_state);

#endif
