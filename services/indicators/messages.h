/*
 * messages.h - the messages of the proto under short names, and what several rules ask of them.
 *
 * Messages live in the arena of the call. Errors: INVALID_ARGUMENT, naming the field.
 */
#ifndef INDICATORS_MESSAGES_H
#define INDICATORS_MESSAGES_H

#include "contributions.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "serve/values.h"

typedef Dongkhoi__Indicators__V1__Indicator indicator_message;
typedef Dongkhoi__Indicators__V1__Target target_message;
typedef Dongkhoi__Indicators__V1__Observation observation_message;
typedef Dongkhoi__Indicators__V1__Progress progress_message;
typedef Dongkhoi__Indicators__V1__Contributions contributions_message;
typedef Dongkhoi__Indicators__V1__Input input_message;
typedef Dongkhoi__Type__V1__Document document_message;
typedef Dongkhoi__Type__V1__Note note_message;
typedef Google__Protobuf__DoubleValue double_message;

enum {
    KIND_STOCK = DONGKHOI__INDICATORS__V1__INDICATOR__KIND__STOCK,
    DIRECTION_NEUTRAL = DONGKHOI__INDICATORS__V1__INDICATOR__DIRECTION__NEUTRAL,
    STATE_OPEN = DONGKHOI__INDICATORS__V1__TARGET__STATE__OPEN,
    STATE_CLOSED = DONGKHOI__INDICATORS__V1__TARGET__STATE__CLOSED,
    BASIS_PERIOD = DONGKHOI__INDICATORS__V1__OBSERVATION__BASIS__PERIOD,
    BASIS_YEAR_TO_DATE = DONGKHOI__INDICATORS__V1__OBSERVATION__BASIS__YEAR_TO_DATE,
    WINDOW_UNSPECIFIED = DONGKHOI__INDICATORS__V1__OBSERVATION__WINDOW__WINDOW_UNSPECIFIED,
    WINDOW_STATISTICAL = DONGKHOI__INDICATORS__V1__OBSERVATION__WINDOW__STATISTICAL,
    WINDOW_ADMINISTRATIVE = DONGKHOI__INDICATORS__V1__OBSERVATION__WINDOW__ADMINISTRATIVE,
    COMPARATOR_APPROXIMATELY = DONGKHOI__INDICATORS__V1__TARGET__COMPARATOR__APPROXIMATELY,
};

/*
 * The value as an integer of 10^-decimals. INVALID_VALUE (not a number, infinite or missing),
 * VALUE_TOO_LARGE, TOO_MANY_DECIMALS.
 */
struct status value_read(struct call *call, const char *field, const double_message *value,
                         int decimals, int64_t *ret_scaled);

/* The value as text with its decimals, for messages; in the arena. */
const char *value_text(struct arena *arena, int64_t scaled, int decimals);

/* Value, name, period and status of a figure, for messages; in the arena, "" when it is full. */
const char *figure_text(struct arena *arena, const struct figure *figure, int decimals);

/* "ESTIMATED" and so on; the name in the proto. */
const char *figure_status_name(enum figure_status status);

/* A list of notes that grows up to its capacity; what is past it is dropped. */
struct notes {
    struct arena *arena;
    note_message **items;
    size_t count;
    size_t capacity;
};
struct status notes_init(struct notes *notes, struct arena *arena, size_t capacity);
/* The texts must outlive the arena. RESOURCE_EXHAUSTED. */
struct status notes_add(struct notes *notes, const char *field, const struct reason *reason,
                        const char *message);
/* The same with what the reason's row says. */
struct status notes_say(struct notes *notes, const char *field, const struct reason *reason);

/* Why the field is null, unless the quantity is known. */
struct status notes_explain(struct notes *notes, const char *field,
                            const struct quantity *quantity);

/* The quantity rounded half up to so many decimals after taking 10^scale off; NULL when unknown.
 * What cannot be written as a number gets a note VALUE_TOO_LARGE. */
struct status quantity_write(struct notes *notes, const char *field,
                             const struct quantity *quantity, int scale, int decimals,
                             double_message **ret_value);

#endif
