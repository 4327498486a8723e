/*
 * output.h - requests as lines of JSON: to a stream, to files of a directory, or into a hash.
 *
 *     {"stage":1,"lane":0,"kind":"registrations","records":100,"path":"/v1/...","key":"...",
 *      "body":{...}}
 *
 * without the line break. All are POSTs. A line never depends on where it goes.
 */
#ifndef LOADTEST_OUTPUT_H
#define LOADTEST_OUTPUT_H

#include "base/digest.h"
#include "generator.h"

#include <stdio.h>

struct output {
    FILE *file;            /* where lines go now; NULL: nowhere */
    const char *directory; /* NULL: all to file; else a file for each stage, "stage-00001.ndjson" */
    struct digest_stream *digest; /* NULL: no hash is made */
    struct buffer line;
    unsigned stage;
    uint64_t requests;
    uint64_t records;
    int error; /* errno of what failed; 0 */
};

/* The directory must exist. */
void output_open(struct output *output, FILE *file, const char *directory, bool hash);

/* The sink that writes; valid while output is. */
struct sink output_sink(struct output *output);

/* Flushes and closes; error is then final. hash is written when one was asked for. */
void output_close(struct output *output, uint8_t hash[DIGEST_BYTES]);

#endif
