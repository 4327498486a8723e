/*
 * document.h - the OpenAPI document of the whole API as it was made at build time, as JSON text.
 */
#ifndef OPENAPI_DOCUMENT_H
#define OPENAPI_DOCUMENT_H

#include "base/slice.h"

struct slice openapi_document(void);

/* The same, compressed with gzip. */
struct slice openapi_document_gzip(void);

#endif
