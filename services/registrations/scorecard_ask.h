/*
 * scorecard_ask.h - what commitments need of the other services, each thing asked for once.
 *
 * All of it lives in the arena of the call.
 */
#ifndef REGISTRATIONS_SCORECARD_ASK_H
#define REGISTRATIONS_SCORECARD_ASK_H

#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "dongkhoi/nighteconomy/v1/nighteconomy.pb-c.h"
#include "serve/service.h"

#include <stdbool.h>

typedef Dongkhoi__Indicators__V1__Progress progress_message;
typedef Dongkhoi__Clusters__V1__CountNewClustersResponse count_message;
typedef Dongkhoi__Nighteconomy__V1__MilestoneVerdict verdict_message;

/* The services that are asked, in the order of sources in the answer. */
enum source { SOURCE_INDICATORS, SOURCE_CLUSTERS, SOURCE_NIGHTECONOMY, SOURCES };
extern const struct peer scorecard_peers[SOURCES];

/* The progress of an indicator in a year. */
struct progress_ask {
    struct progress_ask *next;
    const char *name; /* "indicators/{indicator}" */
    int year;
    bool sent;
    bool of_target; /* the movement's year has a target for it */
    struct status status;
    const progress_message *progress; /* NULL unless status is OK; then NULL: no such indicator */
};

/* The new clusters of a year. */
struct count_ask {
    struct count_ask *next;
    int year;
    struct status status;
    const count_message *count; /* NULL unless status is OK */
};

/* Whether a milestone is done. */
struct verdict_ask {
    struct verdict_ask *next;
    const char *name; /* "schemes/{scheme}/milestones/{milestone}" */
    struct status status;
    const verdict_message *verdict; /* NULL unless status is OK */
};

struct asks {
    int year; /* whose targets are asked for too */
    Google__Protobuf__Timestamp *as_of;
    const char *published_by;
    struct progress_ask *progresses;
    struct count_ask *counts;
    struct verdict_ask *verdicts;
    bool asked[SOURCES];
    bool is_shown[SOURCES];
    uint64_t shown_seq[SOURCES];     /* where it is shown: the oldest entry that answers end with */
    struct status failures[SOURCES]; /* the first of each that was no answer; OK: all answered */
};

/* The thing asked for, added when it is not there yet. */
struct progress_ask *asks_progress(struct call *call, struct asks *asks, const char *name,
                                   int year);
struct count_ask *asks_count(struct call *call, struct asks *asks, int year);
struct verdict_ask *asks_verdict(struct call *call, struct asks *asks, const char *name);

/* Asks for everything, and for the progress of each target of the year. Only a full arena fails:
 * what could not be answered has a status. */
struct status asks_send(struct call *call, struct asks *asks);

/* True for a status that says nothing of the matter, because the service did not answer. */
bool asks_no_answer(struct status status);

/* One call's outcome, for failures of its source and for what it shows. */
void asks_note(struct asks *asks, enum source source, const struct peer_call *answer);

/* asked and failures as sources, complete and notes (SERVICE_DOWN) of an answer that has these
 * fields. */
struct status asks_report(struct call *call, const struct asks *asks, void *answer);

#endif
