/* outlet.c - a mailbox that may be gone. */
#include "outlet.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>

struct outlet {
    atomic_uint users;
    uv_mutex_t lock; /* guards the field below */
    struct mailbox *mailbox;
};

struct outlet *outlet_new(struct mailbox *mailbox)
{
    struct outlet *outlet = memory_zeroed(sizeof(*outlet));

    if (uv_mutex_init(&outlet->lock) != 0) {
        free(outlet);
        return NULL;
    }
    atomic_init(&outlet->users, 1);
    outlet->mailbox = mailbox;
    return outlet;
}

void outlet_shut(struct outlet *outlet)
{
    uv_mutex_lock(&outlet->lock);
    outlet->mailbox = NULL;
    uv_mutex_unlock(&outlet->lock);
}

struct outlet *outlet_hold(struct outlet *outlet)
{
    (void)atomic_fetch_add(&outlet->users, 1);
    return outlet;
}

void outlet_release(struct outlet *outlet)
{
    if (outlet != NULL && atomic_fetch_sub(&outlet->users, 1) == 1) {
        uv_mutex_destroy(&outlet->lock);
        free(outlet);
    }
}

bool outlet_post(struct outlet *outlet, struct letter *letter)
{
    uv_mutex_lock(&outlet->lock);
    const bool is_taken = outlet->mailbox != NULL && mailbox_post(outlet->mailbox, letter) == 0;
    uv_mutex_unlock(&outlet->lock);
    return is_taken;
}
