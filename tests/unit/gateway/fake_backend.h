/*
 * fake_backend.h - one RPC server that plays every service, for the gateway's tests.
 *
 * The last segment of the request's name says how it answers: "missing", "mismatch", "reused",
 * "large", "costly", "full", "secret", "possible", "garbage", "late" (its create time is of the
 * year 10000), "replayed", "held"; anything else is answered with an empty response, a Cluster with
 * the name and etag "e1". Its version is 7 at first. It keeps no table of leases: what it says of a
 * version is out at once.
 */
#ifndef FAKE_BACKEND_H
#define FAKE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

struct fake_backend;

struct fake_backend *fake_backend_open(void);
void fake_backend_close(struct fake_backend *backend);

/* "tcp://127.0.0.1:PORT" */
const char *fake_backend_address(const struct fake_backend *backend);

/* What clusters report from now on: a new version, which watches are told. */
void fake_backend_set_leased(struct fake_backend *backend, double hectares);
void fake_backend_set_health(struct fake_backend *backend, bool serving, bool writable);

/* For how long renewals grant a lease from now on; 0 at first. */
void fake_backend_set_lease(struct fake_backend *backend, uint32_t lease_ms);

/* From now on renewals and watches are refused. */
void fake_backend_forget_versions(struct fake_backend *backend);

/* Another history of the store, with this version. */
void fake_backend_restore(struct fake_backend *backend, uint64_t seq, uint64_t hash);

/* From now on watches are not told of new versions. */
void fake_backend_set_silent(struct fake_backend *backend, bool is_silent);

/* From now on the answer to a renewal is so long under way. */
void fake_backend_delay_renewals(struct fake_backend *backend, unsigned delay_ms);

/* From now on reads are held: computed at once, answered by fake_backend_release(). */
void fake_backend_hold(struct fake_backend *backend, bool is_holding);

/* From now on answers depend on this version of the indicators, too; a seq of 0: as when they could
 * not be asked. */
void fake_backend_set_peer(struct fake_backend *backend, uint64_t seq, uint64_t hash);

/* What was asked about versions so far. */
struct fake_versions {
    unsigned renewals;
    unsigned watches;
    uint64_t known_seq; /* of the last of them */
    uint64_t seq;       /* its own version */
    uint64_t hash;
    char gateway[33];
};
struct fake_versions fake_backend_versions(struct fake_backend *backend);

/* Answers the calls that are held. */
void fake_backend_release(struct fake_backend *backend);

/* The last call but health checks: copies that live until the next call of this function. */
struct fake_call {
    char method[128];
    char idempotency_key[256];
    char if_match[128];
    char traceparent[64];
    int64_t left_ms;
    char payload[4096]; /* as JSON */
    unsigned count;     /* calls so far */
};
struct fake_call fake_backend_last(struct fake_backend *backend);

#endif
