/*
 * rpc_status.h - a status on the wire: the one place where it becomes bytes, and is read again.
 *
 * A google.rpc.Status with the English message, an ErrorInfo of the domain "dongkhoi" with reason
 * and metadata, a BadRequest when there is a field at fault, and a LocalizedMessage in Vietnamese
 * when there is such a sentence. So an answer has both languages, whoever asked for it first, and
 * may be kept, shared and replayed.
 */
#ifndef RPC_RPC_STATUS_H
#define RPC_RPC_STATUS_H

#include "base/arena.h"
#include "base/status.h"

struct Google__Rpc__Status;
struct Google__Protobuf__Any;

/* The google.rpc.Status of a failure, in the arena. */
struct Google__Rpc__Status *status_to_wire(struct arena *arena, struct status status);

/*
 * The failure that a google.rpc.Status stands for; its texts are those of wire, or in the arena. A
 * reason that is not of common/base/reasons.def keeps its name; without ErrorInfo the reason is
 * that of the code, without LocalizedMessage there is no Vietnamese sentence but the reason's.
 */
struct status status_from_wire(struct arena *arena, const struct Google__Rpc__Status *wire);

/* True for a detail that is a LocalizedMessage. */
bool detail_is_localized(const struct Google__Protobuf__Any *detail);

#endif
