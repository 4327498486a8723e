/* lease_state.c - a version that moves forward, and the end of a lease. */
#include "lease_state.h"

#include <assert.h>

/* A published version never goes back: one that is behind what was known when it was asked for is
 * of a store with another history, such as a restored backup. */
static bool is_other_history(const struct known_version *asked, uint64_t seq, uint64_t hash)
{
    return seq < asked->seq || (seq == asked->seq && hash != asked->hash);
}

bool lease_state_hear(struct lease_state *state, const struct known_version *asked, uint64_t seq,
                      uint64_t hash)
{
    if (asked->generation != state->known.generation) {
        return false;
    }
    if (is_other_history(asked, seq, hash)) {
        state->known.generation++;
        state->known.seq = seq;
        state->known.hash = hash;
        state->until_boot_ms = 0;
        return true;
    }
    if (seq > state->known.seq) {
        state->known.seq = seq;
        state->known.hash = hash;
    }
    assert(state->known.seq >= asked->seq);
    return true;
}

void lease_state_grant(struct lease_state *state, int64_t sent_boot_ms, uint32_t lease_ms)
{
    const int64_t until = sent_boot_ms + (int64_t)lease_ms;

    if (lease_ms > 0 && until > state->until_boot_ms) {
        state->until_boot_ms = until;
        state->renew_at_boot_ms = sent_boot_ms + (int64_t)lease_ms / 3;
    }
}

bool lease_state_check(const struct lease_state *state, int64_t now_boot_ms,
                       struct known_version *ret_known)
{
    const bool held = now_boot_ms < state->until_boot_ms;

    if (held) {
        *ret_known = state->known;
    }
    return held;
}

bool version_reaches(const struct known_version *known, uint32_t generation, uint64_t seq,
                     uint64_t hash)
{
    return known->generation == generation &&
           (seq > known->seq || (seq == known->seq && hash == known->hash));
}
