/* summary.c - totals over a list: each page is read and reduced to rows of a few words, then the
 * rows are sorted by each key in turn and counted. */
#include "summary.h"

#include "commendation.h"
#include "exemplar.h"
#include "movement.h"
#include "organization.h"
#include "pb/message.h"
#include "reasons.h"
#include "serve/service.h"

#include <stdlib.h>
#include <string.h>

enum {
    NUMBERS_MAX = 16, /* more than any enum has values */
    PAGE_SIZE = 1000,
    SCRATCH_BYTES = 64 << 20,
    FIRST_CAPACITY = 256,
};

struct tally {
    int32_t count;
    int32_t direct_workers;
};

/* What is counted of one resource. */
struct tally_row {
    const char *movement;
    const char *unit;
    bool direct_worker;
};

struct summary {
    struct call *call;
    const struct resource_kind *kind;
    struct tally total;
    struct tally forms[NUMBERS_MAX];
    struct tally states[NUMBERS_MAX];
    struct tally_row *rows;
    size_t count;
    size_t capacity;
};

static void tally_add(struct tally *tally, bool direct_worker)
{
    tally->count++;
    tally->direct_workers += direct_worker;
}

/* A copy that outlives the page, shared with the row before when it has the same. */
static const char *keep(struct summary *summary, const char *before, struct slice text)
{
    if (before != NULL && slice_is(text, before)) {
        return before;
    }
    return arena_copy(summary->call->arena, text);
}

static struct status make_room(struct summary *summary)
{
    if (summary->count < summary->capacity) {
        return STATUS_NONE;
    }
    const size_t capacity = summary->capacity > 0 ? 2 * summary->capacity : FIRST_CAPACITY;
    struct tally_row *rows = arena_array(summary->call->arena, capacity, sizeof(*rows));
    if (summary->count > 0) {
        memcpy(rows, summary->rows, summary->count * sizeof(*rows));
    }
    summary->rows = rows;
    summary->capacity = capacity;
    return STATUS_NONE;
}

static struct status add(struct summary *summary, const ProtobufCMessage *message)
{
    const char *name = message_string(message, "name");
    const size_t movement = strcspn(strchr(name, '/') + 1, "/") + strlen("movements/");
    const bool direct_worker = message_int(message, "direct_worker", 0) != 0;
    const size_t form = (size_t)message_int(message, "form", 0);
    const size_t state = (size_t)message_int(message, "state", 0);

    TRY(make_room(summary));
    const struct tally_row *before = summary->count > 0 ? &summary->rows[summary->count - 1] : NULL;
    const struct tally_row row = {
        .movement =
            keep(summary, before != NULL ? before->movement : NULL, (struct slice){name, movement}),
        .unit = keep(summary, before != NULL ? before->unit : NULL,
                     slice_from(message_string(message, "unit"))),
        .direct_worker = direct_worker,
    };
    summary->rows[summary->count++] = row;
    tally_add(&summary->total, direct_worker);
    tally_add(&summary->forms[form % NUMBERS_MAX], direct_worker);
    tally_add(&summary->states[state % NUMBERS_MAX], direct_worker);
    return STATUS_NONE;
}

/* One page, decoded into the scratch arena that tx now has. */
static struct status add_page(struct summary *summary, const char *parent, const char *filter,
                              const char **token)
{
    struct resource_page page = {
        .parent = parent, .page_size = PAGE_SIZE, .page_token = *token, .filter = filter};
    ProtobufCMessage **messages = NULL;
    size_t count = 0;
    const char *next = "";

    TRY(resource_list(summary->call->tx, summary->kind, &page, &messages, &count, &next));
    for (size_t i = 0; i < count; i++) {
        TRY(add(summary, messages[i]));
    }
    *token = arena_strdup(summary->call->arena, next);
    return STATUS_NONE;
}

static struct status add_pages(struct summary *summary, const char *parent, const char *filter)
{
    struct tx *tx = summary->call->tx;
    struct arena *arena = tx->arena;
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct status status = STATUS_NONE;
    const char *token = "";

    tx->arena = scratch;
    for (bool more = true; status.code == STATUS_OK && more;) {
        arena_reset(scratch);
        status = status_within(scratch, add_page(summary, parent, filter, &token));
        more = status.code == STATUS_OK && token[0] != '\0';
    }
    tx->arena = arena;
    if (status.code != STATUS_OK && status.message != NULL) {
        /* The message lives in the scratch arena. */
        status.message = arena_strdup(summary->call->arena, status.message);
    }
    arena_free(scratch);
    return status;
}

static struct status parent_check(struct call *call, const char *parent)
{
    void *found = NULL;

    if (!resource_name_matches(movement_kind.pattern, parent)) {
        return REFUSE(call, REASON_INVALID_PARENT, "parent",
                      "parent must be of the form %s: \"%s\"", movement_kind.pattern, parent);
    }
    if (strcmp(parent, "movements/-") == 0) {
        return STATUS_NONE;
    }
    TRY(resource_find(call->tx, &movement_kind, parent, &found));
    if (found == NULL) {
        return status_make(call->arena, REASON_PARENT_NOT_FOUND, "parent", "%s does not exist",
                           parent);
    }
    return STATUS_NONE;
}

static int compare_movements(const void *a, const void *b)
{
    return strcmp(((const struct tally_row *)a)->movement, ((const struct tally_row *)b)->movement);
}

static int compare_units(const void *a, const void *b)
{
    return strcmp(((const struct tally_row *)a)->unit, ((const struct tally_row *)b)->unit);
}

/* Counts from row i on while compare says that they are the same; returns the row after. */
static size_t run_of(const struct summary *summary, size_t i,
                     int (*compare)(const void *, const void *), struct tally *ret_tally)
{
    const size_t first = i;

    *ret_tally = (struct tally){0};
    for (; i < summary->count && compare(&summary->rows[first], &summary->rows[i]) == 0; i++) {
        tally_add(ret_tally, summary->rows[i].direct_worker);
    }
    return i;
}

static void sort(struct summary *summary, int (*compare)(const void *, const void *))
{
    if (summary->count > 1) {
        qsort(summary->rows, summary->count, sizeof(*summary->rows), compare);
    }
}

/* A total of the type below the answer's field, with its counts set. */
static struct status total_append(struct summary *summary, void *answer, const char *field,
                                  const ProtobufCMessageDescriptor *type, const struct tally *tally,
                                  ProtobufCMessage **ret_total)
{
    ProtobufCMessage *total = message_new(summary->call->arena, type);

    TRY(message_append(summary->call, answer, field, total));
    (void)message_set_int(total, "count", tally->count);
    (void)message_set_int(total, "direct_workers", tally->direct_workers);
    *ret_total = total;
    return STATUS_NONE;
}

static struct status movements_answer(struct summary *summary, void *answer)
{
    struct tally tally;

    sort(summary, compare_movements);
    for (size_t i = 0; i < summary->count;) {
        const char *movement = summary->rows[i].movement;
        ProtobufCMessage *total = NULL;

        i = run_of(summary, i, compare_movements, &tally);
        TRY(total_append(summary, answer, "movements",
                         &dongkhoi__registrations__v1__movement_total__descriptor, &tally, &total));
        (void)message_set_string(total, "movement", movement);
    }
    return STATUS_NONE;
}

static struct status units_answer(struct summary *summary, void *answer)
{
    struct tally tally;

    sort(summary, compare_units);
    for (size_t i = 0; i < summary->count;) {
        const char *unit = summary->rows[i].unit;
        ProtobufCMessage *total = NULL;
        void *organization = NULL;

        i = run_of(summary, i, compare_units, &tally);
        TRY(total_append(summary, answer, "units",
                         &dongkhoi__registrations__v1__unit_total__descriptor, &tally, &total));
        (void)message_set_string(total, "unit", unit);
        TRY(resource_find(summary->call->tx, &organization_kind, unit, &organization));
        if (organization != NULL) {
            (void)message_set_child(total, "display_name",
                                    ((organization_message *)organization)->display_name);
        }
    }
    return STATUS_NONE;
}

/* One total for each number that was counted, in order. */
static struct status numbers_answer(struct summary *summary, void *answer, const char *field,
                                    const ProtobufCMessageDescriptor *type, const char *number,
                                    const struct tally *tallies)
{
    for (int i = 0; i < NUMBERS_MAX; i++) {
        ProtobufCMessage *total = NULL;

        if (tallies[i].count > 0) {
            TRY(total_append(summary, answer, field, type, &tallies[i], &total));
            (void)message_set_int(total, number, i);
        }
    }
    return STATUS_NONE;
}

/* Makes a summary of either kind of resource. published: the filter that is used when none is
 * given. */
static struct status summarize(struct summary *summary, const void *request, const char *published,
                               void *answer)
{
    struct call *call = summary->call;
    const char *parent = message_string(request, "parent");
    const char *given = message_string(request, "filter");
    const char *filter = given[0] != '\0' ? given : published;

    TRY(standard_as_of(call, request));
    TRY(parent_check(call, parent));
    TRY(add_pages(summary, parent, filter));
    (void)message_set_string(answer, "filter", filter);
    (void)message_set_int(answer, "total", summary->total.count);
    (void)message_set_int(answer, "direct_workers", summary->total.direct_workers);
    TRY(movements_answer(summary, answer));
    return units_answer(summary, answer);
}

struct status summarize_commendations(struct call *call, const void *request, void *response)
{
    struct summary summary = {.call = call, .kind = &commendation_kind};

    TRY(summarize(&summary, request, "state = AWARDED", response));
    TRY(numbers_answer(&summary, response, "forms",
                       &dongkhoi__registrations__v1__form_total__descriptor, "form",
                       summary.forms));
    return numbers_answer(&summary, response, "states",
                          &dongkhoi__registrations__v1__commendation_state_total__descriptor,
                          "state", summary.states);
}

struct status summarize_exemplars(struct call *call, const void *request, void *response)
{
    struct summary summary = {.call = call, .kind = &exemplar_kind};

    TRY(summarize(&summary, request, "state = PUBLISHED", response));
    return numbers_answer(&summary, response, "states",
                          &dongkhoi__registrations__v1__exemplar_state_total__descriptor, "state",
                          summary.states);
}
