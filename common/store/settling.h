/*
 * settling.h - questions whether a time is settled (store/watermark.h): answered at once, or when
 * the writer has closed a group.
 */
#ifndef STORE_SETTLING_H
#define STORE_SETTLING_H

#include "store/store.h"
#include "store/watermark.h"

/* The questions that wait; guarded by the writer's lock. */
struct settling {
    struct settle_question *first;
    struct settle_question **last;
};

void settling_init(struct settling *settling);

/* True when the question is answered now. */
bool settling_try(struct watermark *mark, struct settle_question *question);

/* One that is not waits from now on. */
void settling_keep(struct settling *settling, struct settle_question *question);

/* The time up to which has to be reserved for those that wait; 0: nothing has to be. */
int64_t settling_wants_us(const struct settling *settling, const struct watermark *mark);

/* Takes those out that are answered now, in their order. */
struct settle_question *settling_take(struct settling *settling, struct watermark *mark);

/* Takes all, to be failed. */
struct settle_question *settling_take_all(struct settling *settling);

/* Calls done of each, without the lock; a failure becomes the answer of each. */
void settling_answer(struct settle_question *questions, struct status failure);

#endif
