/*
 * scorecard_rule.h - the test of a commitment in words.
 */
#ifndef REGISTRATIONS_SCORECARD_RULE_H
#define REGISTRATIONS_SCORECARD_RULE_H

#include "scorecard_fill.h"

typedef Dongkhoi__Type__V1__LocalizedText title_message;

/* The test names things by their titles, where those that were asked gave them, else by resource
 * names. progress may be NULL: then neither unit nor title is known. */
struct status rule_of_indicator(struct call *call,
                                const Dongkhoi__Registrations__V1__IndicatorCommitment *test,
                                const progress_message *progress, line_message *line);
/* count may be NULL: then the counting rule is not known. */
struct status rule_of_clusters(struct call *call,
                               const Dongkhoi__Registrations__V1__NewClustersCommitment *test,
                               const count_message *count, line_message *line);
/* title may be NULL. */
struct status rule_of_milestone(struct call *call, const char *milestone,
                                const title_message *title, line_message *line);
struct status rule_of_manual(struct call *call, const char *criterion, line_message *line);

#endif
