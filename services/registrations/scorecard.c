/* scorecard.c - reads the movement and its registrations, asks the other services, puts it
 * together. */
#include "scorecard.h"

#include "base/clock.h"
#include "movement.h"
#include "pb/message.h"
#include "reasons.h"
#include "registration.h"
#include "scorecard_fill.h"
#include "serve/service.h"

#include <stdlib.h>
#include <string.h>

struct status movement_read(struct call *call, const void *request, const char *name,
                            const movement_message **ret_movement)
{
    void *found = NULL;

    if (!resource_name_matches(movement_kind.pattern, name)) {
        return REFUSE(call, REASON_INVALID_NAME, "name", "name must be of the form %s: \"%s\"",
                      movement_kind.pattern, name);
    }
    TRY(standard_as_of(call, request));
    TRY(resource_get(call->tx, &movement_kind, name, &found));
    *ret_movement = found;
    return STATUS_NONE;
}

struct status registrations_read(struct call *call, const movement_message *movement,
                                 const registration_message ***ret_registrations, size_t *ret_count)
{
    const struct resource_scan scan = {.parent = movement->name};
    struct resource_revision *rows = NULL;
    size_t row_count = 0;
    size_t count = 0;

    TRY(resource_all(call->tx, &registration_kind, &scan, &rows, &row_count));
    const registration_message **registrations =
        arena_array(call->arena, row_count, sizeof(*registrations));
    for (size_t i = 0; i < row_count; i++) {
        const registration_message *registration = rows[i].message;
        if ((int)registration->state != (int)REGISTRATION_STATE(WITHDRAWN)) {
            registrations[count++] = registration;
        }
    }
    *ret_registrations = registrations;
    *ret_count = count;
    return STATUS_NONE;
}

struct status picture_day(struct call *call, const char *given, int32_t *ret_day, char **ret_date)
{
    char text[DATE_TEXT_BYTES];

    if (!date_parse(slice_from(given), ret_day)) {
        *ret_day = date_of_time(call->tx->is_as_of ? call->tx->as_of_time_us : call->now_us);
    }
    date_format(*ret_day, text);
    *ret_date = arena_strdup(call->arena, text);
    return STATUS_NONE;
}

static bool is_closed(const movement_message *movement, const char *published_by)
{
    return (int)movement->state == (int)MOVEMENT_STATE(CLOSED) && movement->closing != NULL &&
           is_published(movement->closing->date, movement->update_time, published_by);
}

static void head_fill(const Dongkhoi__Registrations__V1__GetScorecardRequest *get,
                      const movement_message *movement, scorecard_message *card)
{
    card->movement = movement->name;
    card->display_name = movement->display_name;
    card->year = movement->year;
    card->state = movement->state;
    card->synthetic = movement->synthetic;
    card->movement_revision = movement->revision;
    card->as_of = get->as_of;
    card->published_by = get->published_by;
}

static struct status lines_fill(struct call *call, struct asks *asks, const struct line_view *view,
                                const registration_message *const *registrations, size_t count,
                                scorecard_message *card)
{
    card->lines = arena_array(call->arena, count, sizeof(*card->lines));
    for (size_t i = 0; i < count; i++) {
        line_message *line =
            message_new(call->arena, &dongkhoi__registrations__v1__scorecard_line__descriptor);
        card->lines[card->n_lines++] = line;
        TRY(line_fill(call, asks, view, registrations[i], line));
    }
    return STATUS_NONE;
}

static int progress_compare(const void *a, const void *b)
{
    const progress_message *const *left = a;
    const progress_message *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static struct status indicators_fill(struct call *call, const struct asks *asks,
                                     scorecard_message *card)
{
    size_t most = 0;

    for (const struct progress_ask *ask = asks->progresses; ask != NULL; ask = ask->next) {
        most++;
    }
    card->indicators = arena_array(call->arena, most, sizeof(*card->indicators));
    for (const struct progress_ask *ask = asks->progresses; ask != NULL; ask = ask->next) {
        if (ask->of_target && ask->progress != NULL) {
            card->indicators[card->n_indicators++] = (progress_message *)ask->progress;
        }
    }
    qsort(card->indicators, card->n_indicators, sizeof(*card->indicators), progress_compare);
    return STATUS_NONE;
}

struct status get_scorecard(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__GetScorecardRequest *get = request;
    scorecard_message *card = response;
    struct asks asks = {.as_of = get->as_of, .published_by = get->published_by};
    struct line_view view = {.published_by = get->published_by};
    const registration_message **registrations = NULL;
    const movement_message *movement = NULL;
    size_t count = 0;

    TRY(movement_read(call, request, get->name, &movement));
    TRY(registrations_read(call, movement, &registrations, &count));
    TRY(picture_day(call, get->published_by, &view.day, &card->date));
    view.movement_closed = is_closed(movement, get->published_by);
    asks.year = movement->year;
    for (size_t i = 0; i < count; i++) {
        line_ask(call, &asks, registrations[i]);
    }
    TRY(asks_send(call, &asks));
    head_fill(get, movement, card);
    TRY(lines_fill(call, &asks, &view, registrations, count, card));
    TRY(indicators_fill(call, &asks, card));
    TRY(asks_report(call, &asks, card));
    return note_say(call, card, "sources", REASON_NOT_ONE_SNAPSHOT);
}
