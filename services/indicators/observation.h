/*
 * observation.h - upserts of observations, one or many, as the rules of observations see them.
 */
#ifndef INDICATORS_OBSERVATION_H
#define INDICATORS_OBSERVATION_H

#include "observation_key.h"

/* One observation of a batch, as it will be. */
struct pending {
    const char *name;
    observation_message *observation;
    struct observation_key key;
    bool is_effective; /* makes a revision: equals none before it */
    bool is_final;     /* the last effective one of its name */
};

/*
 * The context of a call that upserts (call->context): what equals any earlier revision changes
 * nothing. Of a batch the rules judge the state that it leads to, not each step.
 */
struct upsert {
    struct pending *pending; /* NULL: not a batch */
    size_t count;
    size_t current; /* the one that is being stored */
};

/* True when the four things that make a value are the same. */
bool observation_same_value(const observation_message *a, const observation_message *b);

/* Whether observation equals any revision of the observation of this name and uid. */
struct status observation_was_said(struct call *call, const observation_message *before,
                                   const observation_message *observation, bool *ret_said);

/* Stores the observation under its name: made, revised or unchanged. whole: all that makes a value
 * is taken from it, also what is not set; written: paths that are taken too, or NULL. Fields of
 * errors are below "observation". */
struct status observation_upsert(struct call *call, observation_message *observation, bool whole,
                                 const Google__Protobuf__FieldMask *written, void *response);

/* A new cumulative value against the year as it is, and as a batch will make it. figure->name and
 * status are set. FAILED_PRECONDITION CUMULATIVE_VALUE_FALLS; or a note in the observation. */
struct status observation_check_cumulative(struct call *call, observation_message *observation,
                                           const struct observation_key *key, int64_t scaled);

#endif
