/* lease_world.c - messages take any time or are lost, clocks drift, everybody may stop or crash. */
#include "lease_world.h"

#include "serve/lease.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { GATEWAYS = 2, READERS = 4, WRITES = 12, LEASE_TRIPS = 3 };

/* A renewal on its way: to the owner, or back. */
enum trip_state { TRIP_NONE, TRIP_SENT, TRIP_ANSWERED };
struct trip {
    enum trip_state state;
    int64_t end_ms; /* of the lease, at the gateway: counted from the sending */
    struct version known;
    char gateway[8]; /* its id when it was sent */
    struct lease_grant grant;
};

struct gateway {
    char id[8];
    int64_t clock_permille; /* rate of its clock */
    struct version known;
    int64_t lease_end_ms; /* by its own clock */
    struct trip trips[LEASE_TRIPS];
    struct version watched; /* what its watch call, on its way, says that it knows */
    bool watching;          /* the watch call has not reached the owner yet */
    char watched_as[8];
};

enum read_state { READ_NONE, READ_STARTED, READ_LEASED, READ_VALUE, READ_HELD };
struct read {
    enum read_state state;
    unsigned gateway;
    uint64_t acked_at_start; /* P-fresh: no older one may be shown */
    uint64_t read_at_start;  /* P-monotone: neither may this */
    uint64_t key;            /* version that the gateway picked */
    uint64_t value;          /* at the owner: what was read */
    struct version version;
};

struct world {
    const struct world_options *options;
    uint64_t random;
    int64_t now_us; /* real time */
    unsigned next_id;
    /* Durable. */
    uint64_t store;
    uint32_t longest_ms;
    /* The owner's memory. */
    int64_t owner_permille;
    struct lease lease;
    int64_t published_ms[WRITES + 2]; /* by the owner's clock */
    int64_t up_ms;
    uint64_t acked;
    /* Everybody else's. */
    struct gateway gateways[GATEWAYS];
    struct read reads[READERS];
    uint64_t cache[WRITES + 2]; /* by key: bits of the values stored under it */
    uint64_t newest_read;
    unsigned read_count;
    unsigned hit_count;
    int broken;
};

static uint64_t random_next(struct world *world)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return world->random >> 11;
}

static unsigned pick(struct world *world, unsigned below)
{
    return (unsigned)(random_next(world) % below);
}

__attribute__((format(printf, 2, 3))) static void tell(const struct world *world,
                                                       const char *format, ...)
{
    va_list arguments;

    if (!world->options->print) {
        return;
    }
    va_start(arguments, format);
    printf("%8.3f ms  ", (double)world->now_us / 1000);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

static void on_step(void *arg, const char *step, const char *gateway, uint64_t seq)
{
    tell(arg, "owner     %s %s %llu", step, gateway, (unsigned long long)seq);
}

static int64_t owner_ms(const struct world *world)
{
    return world->now_us * world->owner_permille / 1000000;
}

static int64_t gateway_ms(const struct world *world, const struct gateway *gateway)
{
    return world->now_us * gateway->clock_permille / 1000000;
}

/* Stands for the hash chain: another history would have another one. */
static struct version version_of(uint64_t seq)
{
    return (struct version){seq, seq * 2654435761U};
}

static void broken(struct world *world, enum world_promise promise)
{
    static const char *const names[] = {[P_FRESH] = "P-fresh",
                                        [P_MONOTONE] = "P-monotone",
                                        [P_REAL] = "P-real",
                                        [P_LIVE] = "P-live"};

    if ((world->options->promises & (int)promise) != 0 && world->broken == 0) {
        world->broken = (int)promise;
        tell(world, "broken:   %s", names[promise]);
    }
}

/* ---- the owner */

static void owner_start(struct world *world)
{
    const struct lease_options options = {
        .published = version_of(world->store),
        .lease_ms = world->options->lease_ms,
        .longest_ms = world->longest_ms,
        .now_ms = owner_ms(world),
        .on_step = on_step,
        .arg = world,
    };

    lease_init(&world->lease, &options);
    world->longest_ms = world->options->lease_ms;
    world->up_ms = options.now_ms + options.longest_ms + lease_margin_ms(options.longest_ms);
    for (uint64_t seq = 0; seq <= world->store; seq++) {
        world->published_ms[seq] = options.now_ms;
    }
    for (unsigned i = 0; i < READERS; i++) { /* what was held is lost */
        if (world->reads[i].state >= READ_VALUE) {
            world->reads[i].state = READ_NONE;
        }
    }
}

static void owner_crash(struct world *world)
{
    if (!world->options->crashes) {
        return;
    }
    tell(world, "owner     crashes");
    if (world->acked > world->store) {
        broken(world, P_REAL);
    }
    owner_start(world);
}

static void owner_commit(struct world *world)
{
    if (world->store < WRITES && world->store == world->lease.published.seq) {
        world->store++;
        tell(world, "owner     commits %llu", (unsigned long long)world->store);
    }
}

static void owner_publish(struct world *world)
{
    const struct version version = version_of(world->store);

    if (version.seq == world->lease.published.seq) {
        return;
    }
    lease_publish(&world->lease, version, owner_ms(world));
    world->published_ms[version.seq] = owner_ms(world);
}

static void owner_acknowledge(struct world *world)
{
    lease_advance(&world->lease, owner_ms(world));
    while (world->acked < world->store &&
           lease_may_leave(&world->lease, LEASE_WRITE, world->acked + 1)) {
        world->acked++;
        tell(world, "client    write %llu is acknowledged", (unsigned long long)world->acked);
    }
}

/* Whatever the gateways do, no version waits longer than one lease and its margin. */
static void owner_check(struct world *world)
{
    const int64_t now_ms = owner_ms(world);
    const int64_t longest_ms = world->options->lease_ms + lease_margin_ms(world->options->lease_ms);
    struct lease *lease = &world->lease;

    lease_advance(lease, now_ms);
    for (uint64_t seq = 0; seq <= lease->published.seq; seq++) {
        if (now_ms > world->up_ms && now_ms > world->published_ms[seq] + longest_ms &&
            !lease_may_leave(lease, LEASE_WRITE, seq)) {
            broken(world, P_LIVE);
        }
    }
}

/* ---- leases */

static void trip_step(struct world *world, struct gateway *gateway)
{
    struct trip *trip = &gateway->trips[pick(world, LEASE_TRIPS)];

    switch (trip->state) {
    case TRIP_NONE:
        *trip = (struct trip){.state = TRIP_SENT, .known = gateway->known};
        strcpy(trip->gateway, gateway->id);
        trip->end_ms = gateway_ms(world, gateway) + world->options->lease_ms;
        tell(world, "%-9s sends a renewal", gateway->id);
        return;
    case TRIP_SENT:
        trip->grant = lease_renew(&world->lease, trip->gateway, trip->known, owner_ms(world));
        trip->state = TRIP_ANSWERED;
        return;
    case TRIP_ANSWERED:
        trip->state = TRIP_NONE;
        if (strcmp(trip->gateway, gateway->id) != 0) {
            return; /* of a process that is gone */
        }
        if (trip->grant.version.seq > gateway->known.seq) {
            gateway->known = trip->grant.version;
        }
        if (trip->grant.lease_ms > 0 && trip->end_ms > gateway->lease_end_ms) {
            gateway->lease_end_ms = trip->end_ms;
        }
        tell(world, "%-9s gets the renewal: knows %llu, lease of %u ms", gateway->id,
             (unsigned long long)gateway->known.seq, trip->grant.lease_ms);
        return;
    }
}

static void watch_step(struct world *world, struct gateway *gateway)
{
    if (!gateway->watching) {
        if (world->lease.published.seq > gateway->known.seq && pick(world, 2) == 0) {
            gateway->known = world->lease.published; /* the answer arrives */
            tell(world, "%-9s hears of %llu", gateway->id, (unsigned long long)gateway->known.seq);
        }
        gateway->watching = true;
        gateway->watched = gateway->known;
        strcpy(gateway->watched_as, gateway->id);
        return;
    }
    gateway->watching = false;
    if (pick(world, 4) > 0) { /* or it is lost */
        lease_gateway_knows(&world->lease, gateway->watched_as, gateway->watched, owner_ms(world));
    }
}

static void gateway_start(struct world *world, struct gateway *gateway)
{
    gateway->known = (struct version){0};
    gateway->lease_end_ms = 0;
    gateway->clock_permille = 960 + pick(world, 81);
    (void)snprintf(gateway->id, sizeof(gateway->id), "g%u", world->next_id++);
    tell(world, "%-9s starts", gateway->id);
}

static void gateway_lose(struct world *world, struct gateway *gateway)
{
    struct trip *trip = &gateway->trips[pick(world, LEASE_TRIPS)];

    if (trip->state != TRIP_NONE) {
        trip->state = TRIP_NONE;
        tell(world, "%-9s loses a renewal", gateway->id);
    }
}

/* ---- reads */

static void read_finish(struct world *world, struct read *read, uint64_t value, const char *how)
{
    tell(world, "client    read %d at %s gets %llu %s", (int)(read - world->reads),
         world->gateways[read->gateway].id, (unsigned long long)value, how);
    if (value > world->store) {
        broken(world, P_REAL);
    }
    if (value < read->acked_at_start) {
        broken(world, P_FRESH);
    }
    if (value < read->read_at_start) {
        broken(world, P_MONOTONE);
    }
    world->newest_read = value > world->newest_read ? value : world->newest_read;
    read->state = READ_NONE;
    world->read_count++;
}

static void read_lookup(struct world *world, struct read *read)
{
    for (uint64_t value = 0; value <= WRITES; value++) {
        if ((world->cache[read->key] & UINT64_C(1) << value) != 0) {
            world->hit_count++;
            read_finish(world, read, value, "from the cache");
            return;
        }
    }
    read->state = READ_VALUE;
}

/* Value and version in one snapshot. */
static void read_snapshot(struct world *world, struct read *read)
{
    read->value = world->store;
    read->version = version_of(world->store);
    read->state = READ_HELD;
}

static void read_answer(struct world *world, struct read *read)
{
    struct gateway *gateway = &world->gateways[read->gateway];

    lease_advance(&world->lease, owner_ms(world));
    if (!lease_may_leave(&world->lease, LEASE_READ, read->version.seq)) {
        return;
    }
    world->cache[read->version.seq] |= UINT64_C(1) << read->value;
    if (pick(world, 2) == 0 && read->version.seq > gateway->known.seq) {
        gateway->known = read->version;
    }
    read_finish(world, read, read->value, "from the owner");
}

static void read_step(struct world *world, struct read *read)
{
    const struct gateway *gateway = &world->gateways[read->gateway];

    switch (read->state) {
    case READ_NONE:
        *read = (struct read){
            .state = READ_STARTED,
            .gateway = pick(world, GATEWAYS),
            .acked_at_start = world->acked,
            .read_at_start = world->newest_read,
        };
        return;
    case READ_STARTED:
        if (world->options->lease_ms == 0) { /* the version is asked for each read */
            const struct lease_grant grant =
                lease_renew(&world->lease, gateway->id, gateway->known, owner_ms(world));
            read->key = grant.version.seq;
            read->state = grant.lease_ms == 0 ? READ_LEASED : READ_NONE;
            return;
        }
        read->key = gateway->known.seq;
        read->state = gateway_ms(world, gateway) < gateway->lease_end_ms ? READ_LEASED : READ_VALUE;
        return;
    case READ_LEASED:
        read_lookup(world, read);
        return;
    case READ_VALUE:
        read_snapshot(world, read);
        return;
    case READ_HELD:
        read_answer(world, read);
        return;
    }
}

/* ---- the schedule */

static void time_step(struct world *world)
{
    const unsigned lease_us = world->options->lease_ms * 1000 + 1000;
    const unsigned size = pick(world, 8);

    /* Mostly little; sometimes about as much as a lease lasts. */
    world->now_us += size < 5 ? pick(world, lease_us / 20 + 1) : pick(world, lease_us / 2 + 1);
}

static void world_step(struct world *world)
{
    struct gateway *gateway = &world->gateways[pick(world, GATEWAYS)];
    const unsigned what = pick(world, 100);

    if (what < 8) {
        time_step(world);
    } else if (what < 14) {
        owner_commit(world);
    } else if (what < 24) {
        owner_publish(world);
    } else if (what < 36) {
        owner_acknowledge(world);
    } else if (what < 37) {
        owner_crash(world);
    } else if (what < 57) {
        trip_step(world, gateway);
    } else if (what < 60) {
        gateway_lose(world, gateway);
    } else if (what < 65) {
        watch_step(world, gateway);
    } else if (what < 66 && pick(world, 4) == 0) {
        gateway_start(world, gateway);
    } else {
        read_step(world, &world->reads[pick(world, READERS)]);
    }
}

/* Faults stop: everything that waits comes to its end. */
static void world_settle(struct world *world)
{
    for (int i = 0; i < 3; i++) {
        owner_publish(world);
    }
    world->now_us += (INT64_C(3) * world->options->lease_ms + 200) * 1000;
    for (int i = 0; i < 100 && world->broken == 0; i++) {
        owner_acknowledge(world);
        for (unsigned r = 0; r < READERS; r++) {
            if (world->reads[r].state != READ_NONE) {
                read_step(world, &world->reads[r]);
            }
        }
    }
    for (unsigned r = 0; r < READERS; r++) {
        if (world->reads[r].state != READ_NONE) {
            broken(world, P_LIVE);
        }
    }
    if (world->acked != world->store) {
        broken(world, P_LIVE);
    }
}

int world_run(const struct world_options *options, unsigned *ret_reads, unsigned *ret_hits)
{
    static struct world world;

    world = (struct world){.options = options, .random = options->seed * 2 + 1};
    for (int i = 0; i < 8; i++) {
        (void)random_next(&world);
    }
    world.now_us = 1000000;
    world.owner_permille = 960 + pick(&world, 81);
    owner_start(&world);
    for (unsigned i = 0; i < GATEWAYS; i++) {
        gateway_start(&world, &world.gateways[i]);
    }
    for (unsigned i = 0; i < options->steps && world.broken == 0; i++) {
        world_step(&world);
        owner_check(&world);
    }
    if (world.broken == 0) {
        world_settle(&world);
    }
    *ret_reads += world.read_count;
    *ret_hits += world.hit_count;
    return world.broken;
}
