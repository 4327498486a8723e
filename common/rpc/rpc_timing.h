/*
 * rpc_timing.h - where the time of a call went in the service; travels back with the answer.
 */
#ifndef RPC_RPC_TIMING_H
#define RPC_RPC_TIMING_H

#include <stdint.h>

/* Microseconds that do not overlap; their sum is the time from the call's arrival to its answer. */
struct rpc_timing {
    uint32_t queue_us;   /* waiting: for a thread, for the writer, for the version to be stable */
    uint32_t service_us; /* reading the request, the rules, asking other services */
    uint32_t store_us;   /* in the database; of a write also the commit of its group */
};

#endif
