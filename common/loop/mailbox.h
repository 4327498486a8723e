/*
 * mailbox.h - letters from any thread to one libuv loop.
 */
#ifndef LOOP_MAILBOX_H
#define LOOP_MAILBOX_H

#include <uv.h>

struct letter {
    struct letter *next;
    void (*deliver)(struct letter *letter); /* on the loop's thread; owns the letter */
};

struct mailbox;

/* Loop thread. UV_ENOMEM. */
int mailbox_open(uv_loop_t *loop, struct mailbox **ret_box);

/* Loop thread. Letters already posted are delivered first; the box is freed by the loop. */
void mailbox_close(struct mailbox *box);

/* Any thread. UV_ECANCELED when the box is closed: the letter stays the caller's. */
int mailbox_post(struct mailbox *box, struct letter *letter);

#endif
