/* media.c - a table of the forms, and Accept against it (RFC 9110, 12.5.1). */
#include "media.h"

#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "negotiate.h"
#include "pb/csv.h"
#include "pb/json.h"
#include "pb/message.h"
#include "sdmx_csv.h"

#define SDMX_CSV "application/vnd.sdmx.data+csv"

enum { PARAMETERS_MAX = 5 };

static const struct about {
    const char *type;
    const char *name;
    const char *content_type;
    bool takes_any_parameter;
    /* The parameters that it takes, as name and value; NULL-ended. */
    const char *parameters[PARAMETERS_MAX][2];
    /* The values of "version", of which one must be given unless it is the default. */
    const char *versions[3];
    bool is_default_version;
} media_table[MEDIA_COUNT] = {
    [MEDIA_JSON] = {.type = "application/json",
                    .name = "application/json",
                    .content_type = "application/json; charset=utf-8",
                    .takes_any_parameter = true},
    [MEDIA_CSV] = {.type = "text/csv",
                   .name = "text/csv",
                   .content_type = "text/csv; charset=utf-8; header=present",
                   .parameters = {{"charset", "utf-8"}, {"header", "present"}}},
    [MEDIA_SDMX_CSV_2] = {.type = SDMX_CSV,
                          .name = SDMX_CSV ";version=2.0.0",
                          .content_type = SDMX_CSV "; version=2.0.0; charset=utf-8",
                          .parameters = {{"charset", "utf-8"},
                                         {"labels", "id"},
                                         {"timeFormat", "original"},
                                         {"keys", "none"}},
                          .versions = {"2.0.0", "2.0"},
                          .is_default_version = true},
    [MEDIA_SDMX_CSV_1] = {.type = SDMX_CSV,
                          .name = SDMX_CSV ";version=1.0.0",
                          .content_type = SDMX_CSV "; version=1.0.0; charset=utf-8",
                          .parameters = {{"charset", "utf-8"},
                                         {"labels", "id"},
                                         {"timeFormat", "original"}},
                          .versions = {"1.0.0", "1.0"}},
    [MEDIA_MESSAGE] = {.type = "application/x-protobuf",
                       .name = "application/x-protobuf",
                       .content_type = "application/x-protobuf"},
};

const char *media_content_type(enum media media)
{
    return media_table[media].content_type;
}

const char *media_name(enum media media)
{
    return media_table[media].name;
}

unsigned media_of(const ProtobufCMessageDescriptor *output)
{
    const ProtobufCFieldDescriptor *items = csv_items(output);
    unsigned offered = 1U << MEDIA_JSON;

    if (items != NULL) {
        offered |= 1U << MEDIA_CSV;
        if (items->descriptor == &dongkhoi__indicators__v1__observation__descriptor) {
            offered |= 1U << MEDIA_SDMX_CSV_2 | 1U << MEDIA_SDMX_CSV_1;
        }
    }
    return offered;
}

static bool takes(const struct about *about, const struct parameter *parameter)
{
    for (size_t i = 0; i < PARAMETERS_MAX && about->parameters[i][0] != NULL; i++) {
        if (http_equals_ignoring_case(parameter->name, about->parameters[i][0])) {
            return http_equals_ignoring_case(parameter->value, about->parameters[i][1]);
        }
    }
    return about->takes_any_parameter;
}

static bool is_version(const struct about *about, struct slice value)
{
    for (size_t i = 0; about->versions[i] != NULL; i++) {
        if (slice_is(value, about->versions[i])) {
            return true;
        }
    }
    return false;
}

/* How exactly a range of its own type names the form: 2 and one for each parameter; 0: it does
 * not. */
static unsigned exactness(const struct about *about, struct slice parameters)
{
    struct parameter parameter;
    bool has_version = about->is_default_version || about->versions[0] == NULL;
    unsigned exact = 2;

    while (parameter_next(&parameters, &parameter)) {
        if (http_equals_ignoring_case(parameter.name, "q")) {
            continue;
        }
        if (about->versions[0] != NULL && http_equals_ignoring_case(parameter.name, "version")) {
            if (!is_version(about, parameter.value)) {
                return 0;
            }
            has_version = true;
        } else if (!takes(about, &parameter)) {
            return 0;
        }
        exact++;
    }
    return has_version ? exact : 0;
}

/* A match of one form: better by weight, exactness, place. */
struct match {
    unsigned exact; /* 0: none; 1: by a wildcard, or "application" and a wildcard */
    bool is_wild;
    unsigned weight;
    unsigned place;
};

static void match_range(const struct about *about, const struct preference *range, unsigned place,
                        struct match *match)
{
    const char *slash = strchr(about->type, '/');
    const size_t major = (size_t)(slash - about->type) + 1;
    unsigned exact = 0;
    bool is_wild = false;

    if (http_equals_ignoring_case(range->value, about->type)) {
        exact = 2 + exactness(about, range->parameters);
        exact = exact > 2 ? exact : 0;
    } else if (slice_is(range->value, "*/*")) {
        exact = 1;
        is_wild = true;
    } else if (range->value.length == major + 1 && range->value.data[major] == '*' &&
               strncasecmp(range->value.data, about->type, major) == 0) {
        exact = 2;
        is_wild = true;
    }
    if (exact > match->exact) {
        *match = (struct match){exact, is_wild, range->weight, place};
    }
}

static bool is_better(const struct match *a, const struct match *b)
{
    if (a->weight != b->weight) {
        return a->weight > b->weight;
    }
    if (a->is_wild != b->is_wild) {
        return b->is_wild;
    }
    return a->place < b->place;
}

bool media_choose(const struct http_head *head, unsigned offered, enum media *ret_media)
{
    struct match matches[MEDIA_COUNT] = {0};
    struct match best = {0};
    unsigned place = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        struct slice list = head->fields[i].value;
        struct preference range;

        if (!http_equals_ignoring_case(head->fields[i].name, "Accept")) {
            continue;
        }
        while (preference_next(&list, &range)) {
            place++;
            for (unsigned media = 0; media < MEDIA_COUNT; media++) {
                match_range(&media_table[media], &range, place, &matches[media]);
            }
        }
    }
    if (place == 0) {
        *ret_media = MEDIA_JSON;
        return true;
    }
    for (unsigned media = 0; media < MEDIA_COUNT; media++) {
        const bool is_possible = (offered & 1U << media) != 0 && matches[media].weight > 0;

        if (is_possible && (best.weight == 0 || is_better(&matches[media], &best))) {
            best = matches[media];
            *ret_media = (enum media)media;
        }
    }
    return best.weight > 0;
}

const char *media_names(struct arena *arena, unsigned offered)
{
    const char *names = "";

    for (unsigned media = 0; media < MEDIA_COUNT && names != NULL; media++) {
        if ((offered & 1U << media) != 0) {
            names = arena_printf(arena, "%s%s%s", names, names[0] != '\0' ? ", " : "",
                                 media_table[media].name);
        }
    }
    return names;
}

static struct status append_packed(struct arena *arena, struct buffer *body,
                                   const ProtobufCMessage *message)
{
    struct slice packed;

    TRY(message_pack(arena, message, &packed));
    buffer_append(body, packed.data, packed.length);
    return STATUS_NONE;
}

#define NO_FORM                                                                                    \
    status_of(REASON_MALFORMED_REPLY, "a value of the service's message is out of its range")

struct status media_render(struct arena *arena, struct buffer *body,
                           const ProtobufCMessage *message, enum media media)
{
    switch (media) {
    case MEDIA_CSV:
        if (!csv_encode(body, message)) {
            return NO_FORM;
        }
        break;
    case MEDIA_SDMX_CSV_2:
        TRY(sdmx_csv_encode(arena, body, message, 2));
        break;
    case MEDIA_SDMX_CSV_1:
        TRY(sdmx_csv_encode(arena, body, message, 1));
        break;
    case MEDIA_MESSAGE:
        TRY(append_packed(arena, body, message));
        break;
    case MEDIA_JSON:
    case MEDIA_COUNT:
        if (!json_encode(body, message)) {
            return NO_FORM;
        }
        buffer_append_char(body, '\n');
        break;
    }
    return buffer_failed(body) ? status_out_of_memory() : STATUS_NONE;
}
