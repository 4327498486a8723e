/*
 * last_change.h - the field lastChange of lists and computed answers.
 */
#ifndef SERVE_LAST_CHANGE_H
#define SERVE_LAST_CHANGE_H

#include "store/store.h"

#include <protobuf-c/protobuf-c.h>

/* Sets last_change to the version of the snapshot, in a response that has such a field. */
struct status last_change_fill(struct arena *arena, const struct tx *tx,
                               ProtobufCMessage *response);

#endif
