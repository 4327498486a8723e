/* message_fixture.c - samples in an arena that lives for one test. */
#include "message_fixture.h"

#include "pb/message.h"

struct arena *arena;

int fixture_set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    return arena != NULL ? 0 : -1;
}

int fixture_tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

Samples__Sample *fresh(void)
{
    return message_new(arena, TYPE);
}

Samples__Sample__Inner *inner_with(const char *text)
{
    Samples__Sample__Inner *inner = message_new(arena, &samples__sample__inner__descriptor);

    inner->text = arena_strdup(arena, text);
    return inner;
}

const ProtobufCFieldDescriptor *field_of(const char *name)
{
    const ProtobufCFieldDescriptor *field = message_field(TYPE, slice_from(name));

    assert_non_null(field);
    return field;
}
