/* mailbox.c - a locked list and a wake-up that is sent only when the list was empty. */
#include "loop/mailbox.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

/*
 * State: open --mailbox_close()--> closed --close callback of the wake-up--> freed.
 * Letters wait in the locked list; the loop's thread moves them to `due` and delivers from there,
 * so that a letter which closes the box does not overtake those before it.
 */
struct mailbox {
    uv_async_t wake;
    struct letter *due; /* the loop's thread only */
    uv_mutex_t lock;    /* guards the fields below */
    struct letter *head;
    struct letter **tail;
    bool closed;
};

static struct letter *mailbox_take(struct mailbox *box)
{
    struct letter *letters = NULL;

    uv_mutex_lock(&box->lock);
    letters = box->head;
    box->head = NULL;
    box->tail = &box->head;
    uv_mutex_unlock(&box->lock);
    return letters;
}

static void mailbox_deliver_due(struct mailbox *box)
{
    while (box->due != NULL) {
        struct letter *letter = box->due;
        box->due = letter->next;
        letter->deliver(letter);
    }
}

static void mailbox_deliver(struct mailbox *box)
{
    mailbox_deliver_due(box);
    box->due = mailbox_take(box);
    mailbox_deliver_due(box);
}

static void on_wake(uv_async_t *wake)
{
    mailbox_deliver(wake->data);
}

static void on_wake_closed(uv_handle_t *wake)
{
    struct mailbox *box = wake->data;

    uv_mutex_destroy(&box->lock);
    free(box);
}

int mailbox_open(uv_loop_t *loop, struct mailbox **ret_box)
{
    struct mailbox *box = memory_zeroed(sizeof(*box));

    box->tail = &box->head;
    int err = uv_mutex_init(&box->lock);
    if (err != 0) {
        free(box);
        return err;
    }
    err = uv_async_init(loop, &box->wake, on_wake);
    if (err != 0) {
        uv_mutex_destroy(&box->lock);
        free(box);
        return err;
    }
    box->wake.data = box;
    *ret_box = box;
    return 0;
}

void mailbox_close(struct mailbox *box)
{
    uv_mutex_lock(&box->lock);
    box->closed = true;
    uv_mutex_unlock(&box->lock);
    mailbox_deliver(box);
    uv_close((uv_handle_t *)&box->wake, on_wake_closed);
}

/* The wake-up is sent under the lock, or mailbox_close() could win the race and uv_async_send()
 * would touch a closing handle. */
int mailbox_post(struct mailbox *box, struct letter *letter)
{
    int err = 0;

    letter->next = NULL;
    uv_mutex_lock(&box->lock);
    if (box->closed) {
        err = UV_ECANCELED;
    } else {
        const bool was_empty = box->head == NULL;
        *box->tail = letter;
        box->tail = &letter->next;
        if (was_empty) {
            (void)uv_async_send(&box->wake);
        }
    }
    uv_mutex_unlock(&box->lock);
    return err;
}
