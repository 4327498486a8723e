/*
 * everything.h - the message with every kind of field, full, as JSON.
 */
#ifndef EVERYTHING_H
#define EVERYTHING_H

#include "pb/json.h"

#include "everything.pb-c.h"

typedef Dongkhoi__Test__Everything Everything;

#define EVERYTHING (&dongkhoi__test__everything__descriptor)

/* As json_encode() writes it: every field set, none to its zero. */
extern const char everything_text[];

/* Registers the types that its Any fields hold. */
void everything_register(void);

/* Resets the arena. The text is put into memory of its own length, so that a sanitizer sees a
 * read behind it, and is gone when this returns. */
struct status everything_decode(struct arena *arena, struct slice text, Everything **ret_message);

#endif
