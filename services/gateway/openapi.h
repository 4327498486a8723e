/*
 * openapi.h - the OpenAPI 3.1 document of all routes, from the schema.
 */
#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "pb/schema.h"

/* The document as JSON text in the arena. */
struct status openapi_build(const struct schema *schema, struct arena *arena,
                            struct slice *ret_document);

#endif
