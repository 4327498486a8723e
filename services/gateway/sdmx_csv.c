/* sdmx_csv.c - one row an observation, after the SDMX-CSV field guide. */
#include "sdmx_csv.h"

#include "base/decimal.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "pb/csv.h"
#include "pb/field.h"
#include "pb/json.h"

#include <stdio.h>
#include <stdlib.h>

typedef Dongkhoi__Indicators__V1__Observation observation_message;
typedef Dongkhoi__Indicators__V1__Observation__BreakdownEntry breakdown_entry;

/* Of CL_OBS_STATUS. */
static const char *const obs_status[] = {
    [DONGKHOI__INDICATORS__V1__OBSERVATION__STATUS__ESTIMATED] = "E",
    [DONGKHOI__INDICATORS__V1__OBSERVATION__STATUS__PRELIMINARY] = "P",
    [DONGKHOI__INDICATORS__V1__OBSERVATION__STATUS__OFFICIAL] = "A",
};

static const char *const fixed_columns[] = {
    "INDICATOR",  "FREQ",      "TIME_PERIOD",  "BASIS",    "WINDOW",   "OBS_VALUE",
    "OBS_STATUS", "STATUS",    "UNIT_MEASURE", "DECIMALS", "SOURCE",   "PUBLISHED_DATE",
    "NOTE",       "STRUCTURE", "STRUCTURE_ID", "ACTION",   "DATAFLOW",
};

/* The dimensions of all breakdowns of the page, sorted, and what their columns are called. */
struct dimensions {
    const char **keys;
    const char **columns;
    size_t count;
};

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_taken(const struct dimensions *dimensions, size_t count, const char *column)
{
    for (size_t i = 0; i < sizeof(fixed_columns) / sizeof(fixed_columns[0]); i++) {
        if (strcmp(fixed_columns[i], column) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(dimensions->columns[i], column) == 0) {
            return true;
        }
    }
    return false;
}

/* An id of SDMX: capitals, digits and underscores, not beginning with a digit, and no other's. */
static const char *column_of(struct arena *arena, const struct dimensions *dimensions, size_t index)
{
    const char *key = dimensions->keys[index];
    char *column = arena_printf(arena, "%s%s", key[0] >= '0' && key[0] <= '9' ? "_" : "", key);
    const char *name = column;

    for (char *c = column; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        } else if (!((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'))) {
            *c = '_';
        }
    }
    /* Past its limit the arena cuts texts, and then no other may differ. */
    for (unsigned i = 2; !arena_exhausted(arena) && is_taken(dimensions, index, name); i++) {
        name = arena_printf(arena, "%s_%u", column, i);
    }
    return name;
}

static struct status dimensions_of(struct arena *arena, observation_message *const *observations,
                                   size_t count, struct dimensions *ret_dimensions)
{
    struct dimensions dimensions = {0};
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += observations[i]->n_breakdown;
    }
    dimensions.keys = arena_array(arena, total, sizeof(*dimensions.keys));
    dimensions.columns = arena_array(arena, total, sizeof(*dimensions.columns));
    total = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < observations[i]->n_breakdown; k++) {
            dimensions.keys[total++] = observations[i]->breakdown[k]->key;
        }
    }
    qsort(dimensions.keys, total, sizeof(*dimensions.keys), text_order);
    for (size_t i = 0; i < total; i++) {
        if (i > 0 && strcmp(dimensions.keys[i], dimensions.keys[dimensions.count - 1]) == 0) {
            continue;
        }
        dimensions.keys[dimensions.count] = dimensions.keys[i];
        dimensions.columns[dimensions.count] = column_of(arena, &dimensions, dimensions.count);
        dimensions.count++;
    }
    *ret_dimensions = dimensions;
    return STATUS_NONE;
}

static void next_cell(struct buffer *buffer, struct slice cell)
{
    buffer_append_char(buffer, ',');
    csv_append_cell(buffer, cell);
}

static void next_text(struct buffer *buffer, const char *text)
{
    next_cell(buffer, slice_from(text));
}

static void write_header(struct buffer *buffer, const struct dimensions *dimensions,
                         unsigned version)
{
    buffer_append_text(buffer, version == 1 ? "DATAFLOW" : "STRUCTURE,STRUCTURE_ID,ACTION");
    buffer_append_text(buffer, ",INDICATOR,FREQ,TIME_PERIOD,BASIS,WINDOW");
    for (size_t i = 0; i < dimensions->count; i++) {
        next_text(buffer, dimensions->columns[i]);
    }
    buffer_append_text(buffer, ",OBS_VALUE,OBS_STATUS,STATUS,UNIT_MEASURE,DECIMALS,SOURCE,"
                               "PUBLISHED_DATE,NOTE\r\n");
}

/* "industrial-output" of "indicators/industrial-output/observations/2022". */
static struct slice indicator_id(const char *name)
{
    const char *start = strchr(name, '/');

    if (start == NULL) {
        return (struct slice){name, 0};
    }
    return (struct slice){start + 1, strcspn(start + 1, "/")};
}

static const char *enum_text(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    return value != NULL ? value->name : "";
}

static const char *code_of(const observation_message *observation, const char *key)
{
    for (size_t i = 0; i < observation->n_breakdown; i++) {
        if (strcmp(observation->breakdown[i]->key, key) == 0) {
            return observation->breakdown[i]->value;
        }
    }
    return "_T";
}

static void write_value(struct buffer *buffer, const observation_message *observation)
{
    char text[JSON_NUMBER_BYTES];

    if (observation->value == NULL) {
        buffer_append_char(buffer, ',');
        return;
    }
    next_cell(buffer, (struct slice){text, json_number_text(observation->value->value, text)});
}

static void write_attributes(struct buffer *buffer, const observation_message *observation)
{
    const size_t status = (size_t)observation->status;
    const bool is_known = status < sizeof(obs_status) / sizeof(obs_status[0]);

    next_text(buffer, is_known && obs_status[status] != NULL ? obs_status[status] : "");
    next_text(buffer, enum_text(&dongkhoi__indicators__v1__observation__status__descriptor,
                                (int)observation->status));
    next_text(buffer, observation->unit);
    buffer_printf(buffer, ",%d", observation->decimals);
    next_text(buffer, observation->source);
    next_text(buffer, observation->published_date);
    next_text(buffer, observation->note);
    buffer_append_text(buffer, "\r\n");
}

static void write_row(struct buffer *buffer, const struct dimensions *dimensions,
                      const observation_message *observation, unsigned version)
{
    buffer_append_text(buffer, version == 1 ? "DONGKHOI:OBSERVATIONS(1.0)"
                                            : "dataflow,DONGKHOI:OBSERVATIONS(1.0.0),I");
    next_cell(buffer, indicator_id(observation->name));
    next_text(buffer, strlen(observation->period) == strlen("YYYY") ? "A" : "M");
    next_text(buffer, observation->period);
    next_text(buffer, enum_text(&dongkhoi__indicators__v1__observation__basis__descriptor,
                                (int)observation->basis));
    next_text(buffer, enum_text(&dongkhoi__indicators__v1__observation__window__descriptor,
                                (int)observation->window));
    for (size_t i = 0; i < dimensions->count; i++) {
        next_text(buffer, code_of(observation, dimensions->keys[i]));
    }
    write_value(buffer, observation);
    write_attributes(buffer, observation);
}

struct status sdmx_csv_encode(struct arena *arena, struct buffer *buffer,
                              const ProtobufCMessage *page, unsigned version)
{
    const Dongkhoi__Indicators__V1__ListObservationsResponse *response = (const void *)page;
    observation_message *const *observations = response->observations;
    const size_t count = response->n_observations;
    struct dimensions dimensions = {0};

    TRY(dimensions_of(arena, observations, count, &dimensions));
    write_header(buffer, &dimensions, version);
    for (size_t i = 0; i < count && !buffer_failed(buffer); i++) {
        write_row(buffer, &dimensions, observations[i], version);
    }
    return STATUS_NONE;
}
