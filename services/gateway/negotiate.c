/* negotiate.c - elements between commas, parameters between semicolons, weights. */
#include "negotiate.h"

#include "http/http_head.h"

/* Takes off what stands before the first separator that is not in quotes. */
static struct slice cut(struct slice *rest, char separator)
{
    bool is_quoted = false;
    size_t at = 0;

    for (; at < rest->length; at++) {
        const char c = rest->data[at];

        if (is_quoted && c == '\\') {
            at++;
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == separator && !is_quoted) {
            break;
        }
    }
    const size_t length = at < rest->length ? at : rest->length;
    const size_t taken = length < rest->length ? length + 1 : length;
    const struct slice part = {rest->data, length};
    *rest = (struct slice){rest->data + taken, rest->length - taken};
    return http_trim(part);
}

bool parameter_next(struct slice *parameters, struct parameter *ret_parameter)
{
    while (parameters->length > 0) {
        struct slice value = cut(parameters, ';');
        const struct slice name = cut(&value, '=');

        if (name.length == 0) {
            continue;
        }
        value = http_trim(value);
        if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"') {
            value = (struct slice){value.data + 1, value.length - 2};
        }
        *ret_parameter = (struct parameter){name, value};
        return true;
    }
    return false;
}

/* 0, 1, and up to three decimals. */
static bool weight_parse(struct slice text, unsigned *ret_weight)
{
    unsigned weight = 0;
    unsigned unit = WEIGHT_MAX;

    if (text.length == 0 || text.length > 5 || text.data[0] < '0' || text.data[0] > '1' ||
        (text.length > 1 && text.data[1] != '.')) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (i == 1) {
            continue;
        }
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        weight += (unsigned)(text.data[i] - '0') * unit;
        unit /= 10;
    }
    *ret_weight = weight;
    return weight <= WEIGHT_MAX;
}

static bool weight_of(struct slice parameters, unsigned *ret_weight)
{
    struct parameter parameter;

    *ret_weight = WEIGHT_MAX;
    while (parameter_next(&parameters, &parameter)) {
        if (http_equals_ignoring_case(parameter.name, "q")) {
            return weight_parse(parameter.value, ret_weight);
        }
    }
    return true;
}

bool preference_next(struct slice *list, struct preference *ret_preference)
{
    while (list->length > 0) {
        struct preference preference;

        preference.parameters = cut(list, ',');
        preference.value = cut(&preference.parameters, ';');
        if (preference.value.length > 0 && weight_of(preference.parameters, &preference.weight)) {
            *ret_preference = preference;
            return true;
        }
    }
    return false;
}
