/*
 * lease_state.h - what a gateway knows of one service's version, and until when that is enough.
 *
 * Pure: no clock, no lock, no calls. Rules 3, 4, 5 and 8 of tests/models/README.md.
 *
 *     NONE --renewal--> HELD --now >= until--> NONE         (lease_state_check)
 *     known only moves to newer versions, or to another history of the store; with the latter the
 *     generation counts up, and what was asked before counts no more.
 */
#ifndef GATEWAY_LEASE_STATE_H
#define GATEWAY_LEASE_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct known_version {
    uint64_t seq;
    uint64_t hash;
    uint32_t generation; /* histories of the store that were seen */
};

struct lease_state {
    struct known_version known;
    int64_t until_boot_ms;    /* of the lease; 0: none yet */
    int64_t renew_at_boot_ms; /* next renewal, when there is traffic */
};

/* Takes the version that an owner published. asked: what was known when the question was sent.
 * False: the answer is of a history that is over. */
bool lease_state_hear(struct lease_state *state, const struct known_version *asked, uint64_t seq,
                      uint64_t hash);

/* The lease of a renewal that was sent at sent_boot_ms. After lease_state_hear() said true. */
void lease_state_grant(struct lease_state *state, int64_t sent_boot_ms, uint32_t lease_ms);

/* Rule 5: the lease first, the version after it. ret_known only when true. */
bool lease_state_check(const struct lease_state *state, int64_t now_boot_ms,
                       struct known_version *ret_known);

/* The same version of the same store. */
static inline bool version_is(const struct known_version *known, uint64_t seq, uint64_t hash)
{
    return known->seq == seq && known->hash == hash;
}

/* Rule 12: an answer at (seq, hash), asked for in this generation, is at least known. */
bool version_reaches(const struct known_version *known, uint32_t generation, uint64_t seq,
                     uint64_t hash);

#endif
