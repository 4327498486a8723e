/*
 * computation.h - versions that also say by what answers are computed.
 *
 * An answer follows from the journal, from the program and from its configuration (such as the
 * holidays). A journal's version stands for the first only, so its hash goes out mixed with a hash
 * of the other two: another build or another calendar is, for a gateway, another history, and no
 * answer that was kept before is taken for one of now. Inside of a service versions are plain.
 */
#ifndef SERVE_COMPUTATION_H
#define SERVE_COMPUTATION_H

#include "serve/service.h"
#include "store/store.h"

/* Of this build and of what the service was configured with. */
uint64_t computation_hash(const struct service *service);

/* A version as others see it, and back; {0, 0}, none, stays so. */
struct version version_shown(struct version version, uint64_t computation);
struct version version_meant(struct version version, uint64_t computation);

#endif
