/*
 * message_fixture.h - samples in an arena, for the tests of message.c.
 */
#ifndef MESSAGE_FIXTURE_H
#define MESSAGE_FIXTURE_H

#include "unit.h"

#include "base/arena.h"
#include "samples.pb-c.h"

enum { LIMIT_BYTES = 32 << 20 };

#define TYPE (&samples__sample__descriptor)

/* Of one test. */
extern struct arena *arena;

/* cmocka's set-up and tear-down of each test. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Without a value in any field. */
Samples__Sample *fresh(void);
Samples__Sample__Inner *inner_with(const char *text);

/* The field of TYPE with this name; fails the test when there is none. */
const ProtobufCFieldDescriptor *field_of(const char *name);

#endif
