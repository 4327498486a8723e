/* messages.c - between messages and plain values. */
#include "messages.h"

#include "reasons.h"

#include <assert.h>
#include <inttypes.h>

/* The plain enumerations are cast into those of the proto. */
#define STATUS(name) DONGKHOI__INDICATORS__V1__OBSERVATION__STATUS__##name
#define COMPARATOR(name) DONGKHOI__INDICATORS__V1__TARGET__COMPARATOR__##name
#define ATTAINMENT(name) DONGKHOI__INDICATORS__V1__PROGRESS__ATTAINMENT__##name
static_assert((int)FIGURE_ESTIMATED == STATUS(ESTIMATED), "numbers");
static_assert((int)FIGURE_PRELIMINARY == STATUS(PRELIMINARY), "numbers");
static_assert((int)FIGURE_OFFICIAL == STATUS(OFFICIAL), "numbers");
static_assert((int)COMPARE_AT_LEAST == COMPARATOR(AT_LEAST), "numbers");
static_assert((int)COMPARE_MORE_THAN == COMPARATOR(MORE_THAN), "numbers");
static_assert((int)COMPARE_APPROXIMATELY == COMPARATOR(APPROXIMATELY), "numbers");
static_assert((int)COMPARE_DONE == COMPARATOR(DONE), "numbers");
static_assert((int)ATTAINMENT_ACHIEVED == ATTAINMENT(ACHIEVED), "numbers");
static_assert((int)ATTAINMENT_EXCEEDED == ATTAINMENT(EXCEEDED), "numbers");
static_assert((int)ATTAINMENT_MISSED == ATTAINMENT(MISSED), "numbers");
static_assert((int)ATTAINMENT_OFF_TRACK == ATTAINMENT(OFF_TRACK), "numbers");
static_assert((int)ATTAINMENT_AT_RISK == ATTAINMENT(AT_RISK), "numbers");
static_assert((int)ATTAINMENT_IN_PROGRESS == ATTAINMENT(IN_PROGRESS), "numbers");
static_assert((int)ATTAINMENT_UNKNOWN == ATTAINMENT(UNKNOWN), "numbers");
static_assert((int)ATTAINMENT_NOT_JUDGED == ATTAINMENT(NOT_JUDGED), "numbers");

struct status value_read(struct call *call, const char *field, const double_message *value,
                         int decimals, int64_t *ret_scaled)
{
    if (value == NULL) {
        return call_refuse(call, REASON_FIELD_REQUIRED, field);
    }
    switch (decimal_from_double(value->value, decimals, ret_scaled)) {
    case DECIMAL_OK:
        return STATUS_NONE;
    case DECIMAL_NOT_FINITE:
        return REFUSE(call, REASON_INVALID_VALUE, field, "%s must be a finite number", field);
    case DECIMAL_TOO_LARGE:
        return REFUSE(call, REASON_VALUE_TOO_LARGE, field,
                      "%s must have at most 15 digits, %d of them decimals", field, decimals);
    case DECIMAL_TOO_PRECISE:
        break;
    }
    return REFUSE(call, REASON_TOO_MANY_DECIMALS, field, "%s must have at most %d decimals", field,
                  decimals);
}

const char *value_text(struct arena *arena, int64_t scaled, int decimals)
{
    const int64_t power = decimal_power(decimals);
    const int64_t size = scaled < 0 ? -scaled : scaled;
    const char *sign = scaled < 0 ? "-" : "";

    return decimals == 0 ? arena_printf(arena, "%s%" PRId64, sign, size)
                         : arena_printf(arena, "%s%" PRId64 ".%0*" PRId64, sign, size / power,
                                        decimals, size % power);
}

const char *figure_status_name(enum figure_status status)
{
    static const char *const names[] = {"STATUS_UNSPECIFIED", "ESTIMATED", "PRELIMINARY",
                                        "OFFICIAL"};

    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : names[0];
}

struct status notes_init(struct notes *notes, struct arena *arena, size_t capacity)
{
    note_message **items = arena_array(arena, capacity, sizeof(note_message *));

    *notes = (struct notes){.arena = arena, .items = items, .capacity = capacity};
    return STATUS_NONE;
}

struct status notes_add(struct notes *notes, const char *field, const struct reason *reason,
                        const char *message)
{
    if (notes->count == notes->capacity) {
        return STATUS_NONE;
    }
    note_message *note = ARENA_NEW(notes->arena, note_message);
    dongkhoi__type__v1__note__init(note);
    note->field = (char *)field;
    note->reason = (char *)reason->name;
    note->message = (char *)message;
    notes->items[notes->count++] = note;
    return STATUS_NONE;
}

struct status notes_say(struct notes *notes, const char *field, const struct reason *reason)
{
    return notes_add(notes, field, reason, reason->english);
}

struct status notes_explain(struct notes *notes, const char *field, const struct quantity *quantity)
{
    if (quantity_is_known(quantity)) {
        return STATUS_NONE;
    }
    return notes_add(notes, field, quantity->reason, quantity->message);
}

struct status quantity_write(struct notes *notes, const char *field,
                             const struct quantity *quantity, int scale, int decimals,
                             double_message **ret_value)
{
    struct ratio ratio = quantity->ratio;
    double value = 0;

    if (!quantity_is_known(quantity)) {
        return notes_explain(notes, field, quantity);
    }
    const struct ratio power = {.numerator = decimal_power(scale), .denominator = 1};
    if (!ratio_divide(ratio, power, &ratio) || !ratio_round(ratio, decimals, &value)) {
        return notes_add(notes, field, REASON_VALUE_TOO_LARGE, "the result has too many digits");
    }
    *ret_value = double_wrap(notes->arena, value);
    return STATUS_NONE;
}

const char *figure_text(struct arena *arena, const struct figure *figure, int decimals)
{
    char period[PERIOD_TEXT_BYTES];

    period_format(figure->period, period);
    const char *text =
        arena_printf(arena, "%s of %s (%s, %s)", value_text(arena, figure->scaled, decimals),
                     figure->name, period, figure_status_name(figure->status));
    return text != NULL ? text : "";
}
