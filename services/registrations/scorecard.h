/*
 * scorecard.h - how a movement stands, and what is late in it.
 */
#ifndef REGISTRATIONS_SCORECARD_H
#define REGISTRATIONS_SCORECARD_H

#include "messages.h"

/* The movement that a request with as_of is about; INVALID_ARGUMENT INVALID_NAME. Reads as of it
 * from then on. */
struct status movement_read(struct call *call, const void *request, const char *name,
                            const movement_message **ret_movement);

/* Its registrations that are not WITHDRAWN, by name. */
struct status registrations_read(struct call *call, const movement_message *movement,
                                 const registration_message ***ret_registrations,
                                 size_t *ret_count);

/* The day given ("" for none), else that of as_of, else today. */
struct status picture_day(struct call *call, const char *given, int32_t *ret_day, char **ret_date);

/* Methods. */
struct status get_scorecard(struct call *call, const void *request, void *response);
struct status list_overdue(struct call *call, const void *request, void *response);

#endif
