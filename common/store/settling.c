/* settling.c - a list in the order of asking. */
#include "store/settling.h"

void settling_init(struct settling *settling)
{
    settling->first = NULL;
    settling->last = &settling->first;
}

bool settling_try(struct watermark *mark, struct settle_question *question)
{
    question->status = STATUS_NONE;
    return question->only_clear ? watermark_is_clear(mark, question->time_us)
                                : watermark_settle(mark, question->time_us);
}

void settling_keep(struct settling *settling, struct settle_question *question)
{
    question->next = NULL;
    *settling->last = question;
    settling->last = &question->next;
}

int64_t settling_wants_us(const struct settling *settling, const struct watermark *mark)
{
    int64_t latest_us = 0;

    for (const struct settle_question *at = settling->first; at != NULL; at = at->next) {
        if (!at->only_clear && at->time_us > latest_us) {
            latest_us = at->time_us;
        }
    }
    return latest_us > mark->reserved_us ? latest_us + WATERMARK_AHEAD_US : 0;
}

struct settle_question *settling_take(struct settling *settling, struct watermark *mark)
{
    struct settle_question *taken = NULL;
    struct settle_question **last_taken = &taken;

    settling->last = &settling->first;
    while (*settling->last != NULL) {
        struct settle_question *question = *settling->last;
        if (settling_try(mark, question)) {
            *settling->last = question->next;
            *last_taken = question;
            last_taken = &question->next;
        } else {
            settling->last = &question->next;
        }
    }
    *last_taken = NULL;
    return taken;
}

struct settle_question *settling_take_all(struct settling *settling)
{
    struct settle_question *taken = settling->first;

    settling_init(settling);
    return taken;
}

void settling_answer(struct settle_question *questions, struct status failure)
{
    while (questions != NULL) {
        struct settle_question *question = questions;
        questions = question->next; /* done may free the question */
        question->status = failure;
        question->done(question);
    }
}
