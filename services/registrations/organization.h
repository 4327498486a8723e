/*
 * organization.h - units as resources: a forest by parent, without circles.
 */
#ifndef REGISTRATIONS_ORGANIZATION_H
#define REGISTRATIONS_ORGANIZATION_H

#include "messages.h"

extern const struct resource_kind organization_kind;

/* False when it is known to have ended before the year or to begin after it. */
bool organization_exists_in(const organization_message *organization, int year);

#endif
