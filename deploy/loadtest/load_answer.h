/*
 * load_answer.h - an HTTP answer as it comes in pieces: its status, and what a loader looks at.
 */
#ifndef LOADTEST_LOAD_ANSWER_H
#define LOADTEST_LOAD_ANSWER_H

#include "base/buffer.h"

struct answer {
    struct buffer bytes; /* head, and the beginning of the body */
    size_t head_length;  /* 0: not yet complete */
    size_t body_left;
    int status;
    bool is_replayed;         /* Idempotency-Replayed: true */
    bool closes;              /* Connection: close */
    long retry_after_seconds; /* -1: not said */
};

void answer_open(struct answer *answer);
void answer_done(struct answer *answer);
void answer_clear(struct answer *answer);

/* Takes bytes; false when they are no answer. */
bool answer_take(struct answer *answer, struct slice bytes);
bool answer_is_complete(const struct answer *answer);

/* The reason of an error ("RESOURCE_EXISTS") and its message, found in the beginning of the body;
 * empty slices where there is none. */
struct slice answer_reason(const struct answer *answer);
struct slice answer_message(const struct answer *answer);

#endif
