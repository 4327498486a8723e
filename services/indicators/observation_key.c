/* observation_key.c - period, basis, window and breakdown as an id and as columns. */
#include "observation_key.h"

#include "base/digest.h"
#include "reasons.h"

#include <stdlib.h>

enum {
    BREAKDOWN_DIGEST_BYTES = 8, /* of the id: 16 hexadecimal digits */
};

typedef Dongkhoi__Indicators__V1__Observation__BreakdownEntry breakdown_entry;

static int entry_order(const void *a, const void *b)
{
    const breakdown_entry *const *left = a;
    const breakdown_entry *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static struct status check_breakdown(struct call *call, breakdown_entry *const *entries,
                                     size_t count)
{
    static const char *const field = "breakdown";

    if (count > DIMENSIONS_MAX) {
        return REFUSE(call, REASON_INVALID_BREAKDOWN, field, "breakdown has at most %d dimensions",
                      DIMENSIONS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const char *const texts[] = {entries[i]->key, entries[i]->value};
        for (size_t j = 0; j < 2; j++) {
            if (texts[j][0] == '\0' || has_control(texts[j])) {
                return REFUSE(call, REASON_INVALID_BREAKDOWN, field,
                              "dimensions and codes are 1 to %d characters without controls",
                              DIMENSION_MAX_CHARACTERS);
            }
            TRY(call_check_length(call, field, texts[j], DIMENSION_MAX_CHARACTERS));
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(entries[i]->key, entries[j]->key) == 0) {
                return REFUSE(call, REASON_INVALID_BREAKDOWN, field,
                              "a dimension is given twice: %s", entries[i]->key);
            }
        }
    }
    return STATUS_NONE;
}

static const char *window_name(int window)
{
    return window == WINDOW_ADMINISTRATIVE ? "ADMINISTRATIVE" : "STATISTICAL";
}

const char *observation_series(struct arena *arena, int window, const char *dimension)
{
    return arena_printf(arena, "%s:%s", window_name(window), dimension);
}

const char *observation_series_year(struct arena *arena, int year, int window,
                                    const char *dimension)
{
    return arena_printf(arena, "%04d:%s:%s", year, window_name(window), dimension);
}

/* The breakdown in the order of its dimensions: their list, and a digest of all of it; both ""
 * for the whole. At most DIMENSIONS_MAX entries. */
static bool breakdown_texts(struct arena *arena, breakdown_entry *const *entries, size_t count,
                            const char **ret_dimensions, const char **ret_digest)
{
    const breakdown_entry *sorted[DIMENSIONS_MAX];
    struct slice parts[DIMENSIONS_MAX * 4];
    uint8_t hash[DIGEST_BYTES];
    const char *dimensions = "";
    char *text = arena_alloc(arena, 2 * BREAKDOWN_DIGEST_BYTES + 1);

    for (size_t i = 0; i < count; i++) {
        sorted[i] = entries[i];
    }
    qsort(sorted, count, sizeof(sorted[0]), entry_order);
    for (size_t i = 0; i < count; i++) {
        dimensions = arena_printf(arena, "%s%s%s", dimensions, i > 0 ? "," : "", sorted[i]->key);
        parts[4 * i] = slice_from(sorted[i]->key);
        parts[4 * i + 1] = slice_from("=");
        parts[4 * i + 2] = slice_from(sorted[i]->value);
        parts[4 * i + 3] = slice_from("\n");
    }
    if (count > 0) {
        digest_many(parts, 4 * count, hash);
        hex_encode(hash, BREAKDOWN_DIGEST_BYTES, text);
    }
    *ret_dimensions = dimensions;
    *ret_digest = text;
    return true;
}

bool observation_key_stored(struct arena *arena, const observation_message *observation,
                            struct observation_key *ret_key)
{
    struct observation_key key = {.window = WINDOW_STATISTICAL};
    const bool year_to_date = (int)observation->basis == BASIS_YEAR_TO_DATE;
    const char *dimensions = NULL;
    const char *digest_text = NULL;

    if (!period_parse(observation->period, &key.period) ||
        observation->n_breakdown > DIMENSIONS_MAX ||
        !breakdown_texts(arena, observation->breakdown, observation->n_breakdown, &dimensions,
                         &digest_text)) {
        return false;
    }
    if ((int)observation->window == WINDOW_ADMINISTRATIVE) {
        key.window = WINDOW_ADMINISTRATIVE;
    }
    key.cumulative = year_to_date || key.period.month == 0;
    key.id = arena_printf(arena, "%s%s%s%s%s", observation->period, year_to_date ? "-ytd" : "",
                          key.window == WINDOW_ADMINISTRATIVE ? "-adm" : "",
                          digest_text[0] != '\0' ? "-b" : "", digest_text);
    key.series = observation_series(arena, key.window, dimensions);
    key.series_year = observation_series_year(arena, key.period.year, key.window, dimensions);
    key.part_year = observation_series_year(arena, key.period.year, key.window, digest_text);
    *ret_key = key;
    return true;
}

struct status observation_key_read(struct call *call, const observation_message *observation,
                                   struct observation_key *ret_key)
{
    struct period period;

    if (!period_parse(observation->period, &period)) {
        return REFUSE(call, REASON_INVALID_PERIOD, "period",
                      "period must be YYYY-MM or YYYY of the years %d to %d: \"%s\"", YEAR_MIN,
                      YEAR_MAX, observation->period);
    }
    TRY(check_breakdown(call, observation->breakdown, observation->n_breakdown));
    (void)observation_key_stored(call->arena, observation, ret_key);
    return STATUS_NONE;
}
