/*
 * localize.h - the sentence for a failure in a person's language.
 */
#ifndef GATEWAY_LOCALIZE_H
#define GATEWAY_LOCALIZE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

#include <stddef.h>

struct Google__Rpc__Status;

/*
 * A sentence of the table, by its reason. "{key}" stands for the metadata of this key, "{field}"
 * for the field at fault; a part in "[...]" is left out when one of its keys is not known.
 */
struct sentence {
    const char *reason;
    const char *vi;
};

/* messages_vi.c: every reason that our code gives, sorted by reason. */
extern const struct sentence sentences_vi[];
extern const size_t sentence_vi_count;

/* The sentence of the table; NULL when it has none for this reason. */
const char *sentence_vi(const char *reason);

/* Appends the sentence with its places filled: for the reason, else for the code. detail has the
 * metadata and may be NULL. */
void localize_vi(struct arena *arena, struct buffer *buffer, struct status status,
                 const struct Google__Rpc__Status *detail);

#endif
