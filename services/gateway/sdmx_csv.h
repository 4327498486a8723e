/*
 * sdmx_csv.h - observations as an SDMX-CSV data message, versions 2.0 (SDMX 3.0) and 1.0.
 *
 * Dimensions: INDICATOR, FREQ, TIME_PERIOD, BASIS, WINDOW, and one for each dimension of a
 * breakdown on the page, in their order, _T where an observation is of the whole. Measure:
 * OBS_VALUE, exact. Attributes: OBS_STATUS of the code list CL_OBS_STATUS, STATUS as we say it,
 * UNIT_MEASURE, DECIMALS, SOURCE, PUBLISHED_DATE, NOTE. Texts are exact, too: statistical
 * software reads them, so no apostrophe guards a spreadsheet.
 */
#ifndef GATEWAY_SDMX_CSV_H
#define GATEWAY_SDMX_CSV_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

/* Appends a page of observations as version 1 or 2. The arena is for what is at hand meanwhile. */
struct status sdmx_csv_encode(struct arena *arena, struct buffer *buffer,
                              const ProtobufCMessage *page, unsigned version);

#endif
