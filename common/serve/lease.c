/*
 * lease.c - the owner's rules of tests/models/README.md (3 and 6 to 10).
 *
 *     version:  committed --publish: noteHolders--> published --> stable
 *     lease:    none --recordLease--> held --time--> none
 *     owner:    waiting (after a start) --time--> up
 *
 * A version is stable when each gateway in the copy of the table that was made as it was published
 * has said that it knows it, or the time in the copy has passed. Versions that were published
 * between two renewals share a copy. Later renewals change no copy, so a version waits for one
 * lease at most. A gateway that made a version wait until its lease ran out gets the next one when
 * it has said that it knows that version.
 *
 * Invariant: no time in a copy is later than that in the table, and stable <= published.
 */
#include "serve/lease.h"

#include <assert.h>
#include <string.h>

static void step(const struct lease *lease, const char *name, const char *gateway, uint64_t seq)
{
    if (lease->options.on_step != NULL) {
        lease->options.on_step(lease->options.arg, name, gateway, seq);
    }
}

int64_t lease_margin_ms(uint32_t lease_ms)
{
    return lease_ms / 10 + 20;
}

/* The index-th oldest. */
static struct lease_copy *copy_at(struct lease *lease, size_t index)
{
    return &lease->copies[(lease->first_copy + index) % LEASE_COPIES_MAX];
}

static const struct version *recent_at(const struct lease *lease, size_t index)
{
    return &lease->recent[(lease->first_recent + index) % LEASE_RECENT_MAX];
}

static void recent_add(struct lease *lease, struct version version)
{
    if (lease->recent_count == LEASE_RECENT_MAX) {
        lease->first_recent = (lease->first_recent + 1) % LEASE_RECENT_MAX;
        lease->recent_count--;
    }
    lease->recent[(lease->first_recent + lease->recent_count) % LEASE_RECENT_MAX] = version;
    lease->recent_count++;
}

/* The newest remembered version up to seq; {0, 0} when there is none. */
static struct version recent_up_to(const struct lease *lease, uint64_t seq)
{
    size_t low = 0;
    size_t high = lease->recent_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (recent_at(lease, middle)->seq <= seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? *recent_at(lease, low - 1) : (struct version){0};
}

void lease_init(struct lease *lease, const struct lease_options *options)
{
    *lease = (struct lease){
        .options = *options,
        .published = options->published,
        .stable_seq = options->published.seq,
    };
    if (options->longest_ms > 0) {
        lease->wait_until_ms =
            options->now_ms + options->longest_ms + lease_margin_ms(options->longest_ms);
        lease->waiting = true;
    }
    recent_add(lease, options->published);
    step(lease, "restart", "", options->published.seq);
}

static void invariants(const struct lease *lease)
{
    assert(lease->stable_seq <= lease->published.seq);
    assert(lease->copy_count > 0 || lease->stable_seq == lease->published.seq);
    assert(lease->copy_count <= LEASE_COPIES_MAX && lease->recent_count <= LEASE_RECENT_MAX);
    (void)lease;
}

/* Whether the version at the end of the copy waits for the gateway in the slot. */
static bool is_waited_for(const struct lease *lease, const struct lease_copy *copy, size_t slot,
                          int64_t now_ms)
{
    return copy->until_ms[slot] != 0 && now_ms <= copy->until_ms[slot] &&
           lease->holders[slot].known_seq < copy->last_seq;
}

/* What all gateways in the copy know, up to its end; who let it wait to the end is remembered. */
static uint64_t copy_known(struct lease *lease, const struct lease_copy *copy, int64_t now_ms)
{
    uint64_t known_seq = copy->last_seq;

    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        struct lease_holder *holder = &lease->holders[i];
        assert(copy->until_ms[i] <= holder->until_ms);
        if (is_waited_for(lease, copy, i, now_ms)) {
            known_seq = holder->known_seq < known_seq ? holder->known_seq : known_seq;
        } else if (copy->until_ms[i] != 0 && holder->known_seq < copy->last_seq) {
            holder->slow_seq = copy->last_seq;
        }
    }
    return known_seq;
}

void lease_advance(struct lease *lease, int64_t now_ms)
{
    const uint64_t before = lease->stable_seq;

    if (lease->waiting && now_ms > lease->wait_until_ms) {
        lease->waiting = false;
        step(lease, "waited", "", lease->stable_seq);
    }
    while (lease->copy_count > 0) {
        const struct lease_copy *copy = copy_at(lease, 0);
        const uint64_t known_seq = copy_known(lease, copy, now_ms);
        if (known_seq > lease->stable_seq) {
            lease->stable_seq = known_seq;
        }
        if (known_seq < copy->last_seq) {
            break;
        }
        lease->first_copy = (lease->first_copy + 1) % LEASE_COPIES_MAX;
        lease->copy_count--;
    }
    /* What was published with no holder in the table. */
    if (lease->copy_count == 0) {
        lease->stable_seq = lease->published.seq;
    }
    if (lease->stable_seq != before) {
        step(lease, "stable", "", lease->stable_seq);
    }
    invariants(lease);
}

static bool anyone_holds(const struct lease *lease, int64_t now_ms)
{
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        if (lease->holders[i].gateway[0] != '\0' && now_ms <= lease->holders[i].until_ms) {
            return true;
        }
    }
    return false;
}

static void note_holders(struct lease *lease, uint64_t seq, int64_t now_ms)
{
    step(lease, "noteHolders", "", seq);
    if (!lease->table_changed && lease->copy_count > 0) {
        copy_at(lease, lease->copy_count - 1)->last_seq = seq;
        return;
    }
    if (lease->copy_count == 0 && !anyone_holds(lease, now_ms)) {
        return;
    }
    assert(lease->copy_count < LEASE_COPIES_MAX); /* or the renewal would have been refused */
    struct lease_copy *copy = copy_at(lease, lease->copy_count);
    *copy = (struct lease_copy){.last_seq = seq};
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        const struct lease_holder *holder = &lease->holders[i];
        const bool holds = holder->gateway[0] != '\0' && now_ms <= holder->until_ms;
        copy->until_ms[i] = holds ? holder->until_ms : 0;
    }
    lease->copy_count++;
    lease->table_changed = false;
}

static void move(struct lease *lease, struct version version)
{
    assert(version.seq > lease->published.seq);
    lease->published = version;
    recent_add(lease, version);
    step(lease, "publish", "", version.seq);
}

void lease_publish(struct lease *lease, struct version version, int64_t now_ms)
{
    if (version.seq != lease->published.seq) {
        note_holders(lease, version.seq, now_ms);
        move(lease, version);
    }
    lease_advance(lease, now_ms);
}

static struct lease_holder *holder_find(struct lease *lease, const char *gateway)
{
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        if (strcmp(lease->holders[i].gateway, gateway) == 0) {
            return &lease->holders[i];
        }
    }
    return NULL;
}

/* A slot for a gateway that has none: one whose lease has ended; NULL when there is none. */
static struct lease_holder *holder_new(struct lease *lease, const char *gateway, int64_t now_ms)
{
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        struct lease_holder *holder = &lease->holders[i];
        if (holder->gateway[0] != '\0' && now_ms <= holder->until_ms) {
            continue;
        }
        /* What copies say of the slot has passed, and is not about the new one. */
        for (size_t j = 0; j < lease->copy_count; j++) {
            copy_at(lease, j)->until_ms[i] = 0;
        }
        *holder = (struct lease_holder){0};
        strncpy(holder->gateway, gateway, LEASE_GATEWAY_MAX_BYTES);
        return holder;
    }
    return NULL;
}

/* The later one counts: the answer to an earlier renewal may be the one that arrives. */
static void record_lease(struct lease *lease, struct lease_holder *holder, int64_t now_ms)
{
    const uint32_t lease_ms = lease->options.lease_ms;
    const int64_t until_ms = now_ms + lease_ms + lease_margin_ms(lease_ms);

    if (until_ms > holder->until_ms) {
        holder->until_ms = until_ms;
        lease->table_changed = true;
    }
    step(lease, "recordLease", holder->gateway, lease->published.seq);
}

struct lease_grant lease_renew(struct lease *lease, const char *gateway, struct version known,
                               int64_t now_ms)
{
    struct lease_grant grant = {.version = lease->published};

    assert(gateway[0] != '\0' && strlen(gateway) <= LEASE_GATEWAY_MAX_BYTES);
    lease_gateway_knows(lease, gateway, known, now_ms);
    if (lease->options.lease_ms == 0 || lease->copy_count == LEASE_COPIES_MAX) {
        return grant;
    }
    struct lease_holder *holder = holder_find(lease, gateway);
    if (holder == NULL) {
        holder = holder_new(lease, gateway, now_ms);
    }
    if (holder == NULL || holder->known_seq < holder->slow_seq) {
        return grant;
    }
    record_lease(lease, holder, now_ms);
    lease_advance(lease, now_ms);
    grant.lease_ms = lease->options.lease_ms;
    return grant;
}

void lease_gateway_knows(struct lease *lease, const char *gateway, struct version known,
                         int64_t now_ms)
{
    struct lease_holder *holder = holder_find(lease, gateway);
    const struct version ours = recent_up_to(lease, known.seq);

    if (holder != NULL && ours.seq == known.seq && ours.hash == known.hash &&
        known.seq > holder->known_seq) {
        holder->known_seq = known.seq;
        step(lease, "gatewayKnows", gateway, known.seq);
    }
    lease_advance(lease, now_ms);
}

bool lease_may_leave(const struct lease *lease, enum lease_answer answer, uint64_t seq)
{
    (void)answer; /* one rule for both */
    return !lease->waiting && seq <= lease->stable_seq;
}

int64_t lease_next_ms(const struct lease *lease, int64_t now_ms)
{
    int64_t next_ms = lease->waiting ? lease->wait_until_ms + 1 : INT64_MAX;

    if (lease->copy_count == 0) {
        return next_ms;
    }
    const struct lease_copy *copy = &lease->copies[lease->first_copy];
    for (size_t i = 0; i < LEASE_HOLDERS_MAX; i++) {
        if (is_waited_for(lease, copy, i, now_ms) && copy->until_ms[i] < next_ms) {
            next_ms = copy->until_ms[i] + 1;
        }
    }
    return next_ms;
}

struct version lease_stable(const struct lease *lease)
{
    return lease->waiting ? (struct version){0} : recent_up_to(lease, lease->stable_seq);
}
