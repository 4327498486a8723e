/*
 * rpc_envelope.h - what both ends of a call do with its bytes. Only for rpc/.
 */
#ifndef RPC_RPC_ENVELOPE_H
#define RPC_RPC_ENVELOPE_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/rpc_server.h"

#include "google/rpc/status.pb-c.h"

#include <nng/nng.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* Calls in one message at most. */
enum { PARCEL_CALLS_MAX = 64 };

/* An nng_msg of one envelope: the header, whose own payload is empty, and behind it the payload: of
 * message, or bytes when that is NULL. Several bodies in a row are a message of several envelopes.
 * The result is an error of nng: NNG_ENOMEM, NNG_EMSGSIZE. */
int envelope_pack(const ProtobufCMessage *header, const ProtobufCMessage *message,
                  struct slice bytes, nng_msg **ret_msg);

/* Takes the first envelope of a message; false when rest is empty or does not begin with one. */
bool envelope_next(struct slice *rest, struct slice *ret_envelope);

/*
 * Reads an envelope of the type. Its payload field stays empty: ret_payload is a slice of bytes,
 * the rest lives in the arena. INVALID_ARGUMENT MALFORMED_MESSAGE, RESOURCE_EXHAUSTED.
 */
struct status envelope_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              struct slice bytes, void **ret_header, struct slice *ret_payload);

/* True when the bytes are a Reply that says draining; looks at nothing else. */
bool envelope_is_draining(struct slice bytes);

/* A status on the wire that needs no arena: its code, message and ErrorInfo with the reason. */
struct spare_status {
    Google__Rpc__Status status;
    Google__Protobuf__Any any;
    Google__Protobuf__Any *details[1];
    uint8_t info[256];
};

/* spare points into itself, and to the texts of status. */
Google__Rpc__Status *status_to_spare(struct status status, struct spare_status *spare);

/* The envelope of an answer, in a message of its own; arena NULL: without details of its status.
 * The result is an error of nng. */
int result_pack(struct arena *arena, bool draining, const struct rpc_result *result,
                nng_msg **ret_msg);

/*
 * The message was handed to a connection that has closed. nng 1.5.2 forgets to free it when the
 * two happen in the same moment (at most one message a connection): tells the leak checker, if
 * there is one. msg may be freed already.
 */
void message_lost(const nng_msg *msg);

/* A socket's receive limit: our bytes, and what nng counts besides (the request's id and hops). */
enum { MESSAGE_LIMIT_BYTES = RPC_MESSAGE_MAX_BYTES + (64 << 10) };

/* Closes a socket on a thread of its own, since nng_close() may hang: true when it is closed,
 * false when it is left behind after bound_ms. */
bool socket_close(nng_socket socket, unsigned bound_ms);

/*
 * Lets nng close a pipe over TCP as it does when the peer has ended its sending: soon, after what
 * has come already; what the peer has not read is lost. nng_pipe_close() of nng 1.5.2 may close it
 * between the head and the rest of a message; then the one thread that frees pipes waits for ever,
 * and every pipe that ends later is kept with its descriptor. False when there is no such
 * descriptor.
 */
bool pipe_end_input(nng_pipe pipe);

#endif
