/*
 * fake_backend.h - one RPC server that plays every service, for the gateway's tests.
 *
 * The last segment of the request's name says how it answers: "missing", "mismatch", "reused",
 * "large", "costly", "full", "secret", "possible", "garbage", "replayed", "held"; anything else is
 * answered with an empty response, a Cluster with the name and etag "e1".
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

/* What clusters report from now on. */
void fake_backend_set_leased(struct fake_backend *backend, double hectares);
void fake_backend_set_health(struct fake_backend *backend, bool serving, bool writable);

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
