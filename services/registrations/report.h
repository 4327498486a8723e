/*
 * report.h - progress reports of APPROVED registrations as resources.
 */
#ifndef REGISTRATIONS_REPORT_H
#define REGISTRATIONS_REPORT_H

#include "messages.h"

extern const struct resource_kind report_kind;

#endif
