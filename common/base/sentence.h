/*
 * sentence.h - a reason's sentence with its places filled: see base/reason.h.
 */
#ifndef BASE_SENTENCE_H
#define BASE_SENTENCE_H

#include "base/arena.h"
#include "base/status.h"

/* What a failure says in Vietnamese: the sentence that came with it, else that of its reason, else
 * NULL: there is none. In the arena or as old as the status. */
const char *sentence_vietnamese(struct arena *arena, struct status status);

/* The sentence of a row, filled from field (NULL: none) and pairs of metadata, NULL-ended (NULL:
 * none). Text for text, so that what fills a place is never a place itself. NULL when the arena is
 * full. */
const char *sentence_fill(struct arena *arena, const char *sentence, const char *field,
                          const char *const *metadata);

#endif
