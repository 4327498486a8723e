/* document.c - carries the OpenAPI document inside the program, plain and compressed. */
#include "document.h"

#define CARRIED(name, file)                                                                        \
    ".global " name "_start\n"                                                                     \
    ".global " name "_end\n" name "_start:\n"                                                      \
    ".incbin \"" file "\"\n" name "_end:\n"

__asm__(".section .rodata\n" CARRIED("openapi_document", OPENAPI_DOCUMENT)
            CARRIED("openapi_document_gzip", OPENAPI_DOCUMENT ".gz") ".byte 0\n"
                                                                     ".previous\n");

extern const char openapi_document_start[];
extern const char openapi_document_end[];
extern const char openapi_document_gzip_start[];
extern const char openapi_document_gzip_end[];

struct slice openapi_document(void)
{
    return (struct slice){
        .data = openapi_document_start,
        .length = (size_t)(openapi_document_end - openapi_document_start),
    };
}

struct slice openapi_document_gzip(void)
{
    return (struct slice){
        .data = openapi_document_gzip_start,
        .length = (size_t)(openapi_document_gzip_end - openapi_document_gzip_start),
    };
}
