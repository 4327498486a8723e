/*
 * gate.h - holds answers back until the version that they show is stable, and watches until there
 * is another version.
 *
 *     answer:  given --version is stable--> sent
 *                 \--else--> PARKED --version is stable--> sent
 *     watch:   HELD --another version, 1 s, a later watch of the gateway, draining--> ended
 *
 * All functions: any thread, none waits. What leaves is sent by whoever let it leave: the writer
 * that publishes, a gateway's watch that came in, or the gate's own thread when time has passed.
 */
#ifndef SERVE_GATE_H
#define SERVE_GATE_H

#include "rpc/rpc_server.h"
#include "serve/lease.h"

struct gate;

enum { GATE_WATCH_MS = 1000, GATE_WATCHES_MAX = 256 };

/* An answer; lives in its call's arena, and so does what it points to. */
struct parked {
    struct parked *next;
    struct rpc_call *rpc;
    struct rpc_result result;
    enum lease_answer answer;
    int64_t parked_ns; /* the gate's: since when it waits, by clock_elapsed_ns(); 0: it did not */
};

/* A held watch; lives in its call's arena. */
struct watch {
    const char *gateway;
    struct version known;
    struct rpc_call *rpc;
    /* Ends the call. status: OK, also when there is no other version; UNAVAILABLE SHUTTING_DOWN;
     * RESOURCE_EXHAUSTED TOO_MANY_WAITING. */
    void (*on_end)(struct watch *watch, struct status status, struct version published);
    const void *arg;
    struct watch *next;
    int64_t end_ms; /* the gate's */
    bool replaced;  /* the gate's */
};

struct gate_options {
    struct version published;
    uint32_t lease_ms;   /* 0: no leases */
    uint32_t longest_ms; /* that any process before granted; 0: none did */
    /* Sends an answer and ends its call; must not block. */
    void (*send)(void *arg, struct parked *parked);
    void *arg;
    /* Once the wait after the start is over, if there was one: of all leases that were granted
     * before none is left. On the gate's thread; may be NULL. */
    void (*on_waited)(void *arg);
    void *on_waited_arg;
};

struct status gate_new(const struct gate_options *options, struct gate **ret_gate);
/* Ends the gate's thread: from then on time lets nothing leave, and on_waited is not called. Only
 * from the thread that frees it. */
void gate_stop(struct gate *gate);
/* Nothing may be parked or held. gate may be NULL. */
void gate_free(struct gate *gate);

/* store_set_on_publish() with a struct gate. */
void gate_publish(void *gate, struct version version);

/* Sends the answer, now or when its version is stable. */
void gate_answer(struct gate *gate, struct parked *parked);

struct lease_grant gate_renew(struct gate *gate, const char *gateway, struct version known);

/* Notes what the gateway knows, then calls on_end, now or later; has_room: the call may be held. */
void gate_watch(struct gate *gate, struct watch *watch, bool has_room);

/* From now on no watch is held. */
void gate_drain(struct gate *gate);

/* What waits now, and for whom. */
struct gate_load {
    unsigned parked;
    unsigned watches;
    unsigned leases; /* that have not ended */
};
struct gate_load gate_load(struct gate *gate);

/* The newest version that is stable; {0, 0} while there is none. */
struct version gate_stable(struct gate *gate);

#endif
