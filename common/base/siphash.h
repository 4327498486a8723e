/*
 * siphash.h - SipHash-1-3 (Aumasson and Bernstein): a short hash under a secret key, for tables
 * whose keys strangers choose. No digest: it proves nothing about the bytes.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/slice.h"

#include <stdint.h>

/* Of any bytes; from any thread. The key is read as two little-endian numbers. */
uint64_t siphash(const uint64_t key[2], struct slice bytes);

#endif
