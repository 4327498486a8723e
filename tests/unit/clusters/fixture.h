/*
 * fixture.h - clusters in memory: a call without a store, and facts to feed it.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "unit.h"

#include "area.h"
#include "base/clock.h"
#include "cluster.h"
#include "pb/message.h"
#include "stage.h"

#include <string.h>

enum { FIXTURE_ARENA_BYTES = 4 << 20 };

/* 2023-06-30T00:00:00Z: what these tests call today. */
#define FIXTURE_NOW_US (INT64_C(1688083200) * 1000000)

struct fixture {
    struct tx tx;
    struct call call;
};

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));

    fixture->call.arena = arena_new(FIXTURE_ARENA_BYTES);
    fixture->call.tx = &fixture->tx;
    fixture->call.now_us = FIXTURE_NOW_US;
    fixture->tx.arena = fixture->call.arena;
    fixture->tx.time_us = FIXTURE_NOW_US;
    *state = fixture;
    return fixture->call.arena == NULL;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->call.arena);
    test_free(fixture);
    return 0;
}

static inline Dongkhoi__Type__V1__Document *document(struct call *call, const char *number,
                                                     const char *date)
{
    Dongkhoi__Type__V1__Document *made =
        message_new(call->arena, &dongkhoi__type__v1__document__descriptor);

    made->number = (char *)number;
    made->date = (char *)date;
    return made;
}

/* Enters a stage; date is the document's for DOCUMENTED ones. */
static inline struct status enter(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                  int stage, int basis, const char *date,
                                  Dongkhoi__Clusters__V1__Waiver *waiver)
{
    Dongkhoi__Clusters__V1__StageChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__stage_change__descriptor);
    bool unchanged = false;

    change->stage = stage;
    change->basis = basis;
    change->date = (char *)date;
    change->waiver = waiver;
    if (basis == BASIS_DOCUMENTED) {
        change->document = document(call, "1/QĐ-UBND", date);
    } else {
        change->source = (char *)"a newspaper";
    }
    change->revision = cluster->revision + 1;
    TRY(stage_enter(call, cluster, change, &unchanged));
    cluster->revision += !unchanged;
    return STATUS_NONE;
}

/* A cluster as it is when it was just created. */
static inline Dongkhoi__Clusters__V1__Cluster *planned(struct call *call)
{
    Dongkhoi__Clusters__V1__Cluster *cluster =
        message_new(call->arena, &dongkhoi__clusters__v1__cluster__descriptor);

    cluster->name = (char *)"clusters/phong-nam";
    cluster->district = (char *)"834";
    cluster->display_name =
        message_new(call->arena, &dongkhoi__type__v1__localized_text__descriptor);
    cluster->display_name->vi = (char *)"Cụm công nghiệp Phong Nẫm";
    assert_ok(enter(call, cluster, STAGE_PLANNED, BASIS_RECORDED, "", NULL));
    assert_ok(cluster_refresh(call, cluster, ""));
    return cluster;
}

static inline Dongkhoi__Clusters__V1__Waiver *waiver(struct call *call)
{
    Dongkhoi__Clusters__V1__Waiver *made =
        message_new(call->arena, &dongkhoi__clusters__v1__waiver__descriptor);

    made->document = document(call, "2/QĐ-UBND", "2019-01-01");
    made->reason = (char *)"tenants came before the infrastructure was finished";
    return made;
}

/* area < 0: not known. */
static inline struct status adjust(struct call *call, Dongkhoi__Clusters__V1__Cluster *cluster,
                                   int kind, double area, const char *date)
{
    Dongkhoi__Clusters__V1__AreaChange *change =
        message_new(call->arena, &dongkhoi__clusters__v1__area_change__descriptor);
    bool unchanged = false;

    change->kind = kind;
    change->area_hectares = area < 0 ? NULL : double_wrap(call->arena, area);
    change->basis = BASIS_RECORDED;
    change->date = (char *)date;
    change->source = (char *)"a newspaper";
    change->revision = cluster->revision + 1;
    TRY(area_add(call, cluster, change, &unchanged));
    cluster->revision += !unchanged;
    return cluster_refresh(call, cluster, "areaHectares");
}

static inline bool has_note(Dongkhoi__Type__V1__Note *const *notes, size_t count,
                            const char *reason)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(notes[i]->reason, reason) == 0) {
            return true;
        }
    }
    return false;
}

#define assert_note(message, reason)                                                               \
    assert_true(has_note((message)->notes, (message)->n_notes, (reason)))
#define assert_no_note(message, reason)                                                            \
    assert_false(has_note((message)->notes, (message)->n_notes, (reason)))

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
