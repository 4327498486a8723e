/*
 * filter_match.h - one comparison of a filter against one message; private to pb.
 */
#ifndef PB_FILTER_MATCH_H
#define PB_FILTER_MATCH_H

#include "pb/filter_tree.h"

bool filter_comparison_matches(const struct filter_comparison *comparison,
                               const ProtobufCMessage *message);

#endif
