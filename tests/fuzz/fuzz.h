/*
 * fuzz.h - what the fuzz targets share: a broken promise ends the program.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void promise(int is_kept)
{
    if (!is_kept) {
        abort();
    }
}

#endif
