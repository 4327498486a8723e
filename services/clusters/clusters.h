/*
 * clusters.h - the service as a whole, for its main() and for tests.
 */
#ifndef CLUSTERS_CLUSTERS_H
#define CLUSTERS_CLUSTERS_H

#include "serve/service.h"

extern const struct service clusters_service;

#endif
