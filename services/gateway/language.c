/* language.c - the ranges of Accept-Language against the two languages. */
#include "language.h"

#include "negotiate.h"

#include <strings.h>

static const char *const tags[LANGUAGE_COUNT] = {[LANGUAGE_EN] = "en", [LANGUAGE_VI] = "vi"};

/* How exactly a range of Accept-Language names a language; the most exact range decides (RFC 4647).
 */
enum exactness { NAMES_NOT, NAMES_ALL, NAMES_MORE, NAMES_IT };

struct match {
    enum exactness exact;
    unsigned weight;
    unsigned place;
};

const char *language_tag(enum language language)
{
    return tags[language];
}

static enum exactness exactness(struct slice range, enum language language)
{
    const size_t length = strlen(tags[language]);

    if (slice_is(range, "*")) {
        return NAMES_ALL;
    }
    if (range.length < length || strncasecmp(range.data, tags[language], length) != 0) {
        return NAMES_NOT;
    }
    if (range.length == length) {
        return NAMES_IT;
    }
    return range.data[length] == '-' ? NAMES_MORE : NAMES_NOT;
}

bool language_parse(struct slice tag, enum language *ret_language)
{
    for (unsigned i = 0; i < LANGUAGE_COUNT; i++) {
        if (exactness(tag, (enum language)i) >= NAMES_MORE) {
            *ret_language = (enum language)i;
            return true;
        }
    }
    return false;
}

static void match_list(struct slice list, struct match *matches, unsigned *place)
{
    struct preference range;

    while (preference_next(&list, &range)) {
        (*place)++;
        for (unsigned i = 0; i < LANGUAGE_COUNT; i++) {
            const enum exactness exact = exactness(range.value, (enum language)i);

            if (exact > matches[i].exact) {
                matches[i] = (struct match){exact, range.weight, *place};
            }
        }
    }
}

static bool is_better(const struct match *a, const struct match *b)
{
    const bool a_is_named = a->exact > NAMES_ALL;
    const bool b_is_named = b->exact > NAMES_ALL;

    if (a->weight != b->weight) {
        return a->weight > b->weight;
    }
    return a_is_named != b_is_named ? a_is_named : a->place < b->place;
}

enum language language_choose(const struct http_head *head, enum language fallback)
{
    struct match matches[LANGUAGE_COUNT] = {0};
    enum language best = fallback;
    unsigned place = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equals_ignoring_case(head->fields[i].name, "Accept-Language")) {
            match_list(head->fields[i].value, matches, &place);
        }
    }
    for (unsigned i = 0; i < LANGUAGE_COUNT; i++) {
        const struct match *mine = &matches[i];
        const struct match *other = &matches[best];

        if (mine->weight > 0 && is_better(mine, other)) {
            best = (enum language)i;
        }
    }
    return best;
}
