/*
 * outlet.h - the way into a loop for answers that nobody waits for when the loop ends.
 *
 * Counted by its users; a letter that comes after the loop's end stays the sender's.
 */
#ifndef GATEWAY_OUTLET_H
#define GATEWAY_OUTLET_H

#include "loop/mailbox.h"

#include <stdbool.h>

struct outlet;

/* With one user, the loop; NULL when the system gives no lock. */
struct outlet *outlet_new(struct mailbox *mailbox);

/* Loop thread, before the mailbox closes: no letter is taken from now on. */
void outlet_shut(struct outlet *outlet);

struct outlet *outlet_hold(struct outlet *outlet);
void outlet_release(struct outlet *outlet);

/* Any thread. False when the loop has ended. */
bool outlet_post(struct outlet *outlet, struct letter *letter);

#endif
