/* page_notes.c - the sentences stand in the tables of the services, and are read from there when
 * the gateway is built. */
#include "page_notes.h"

#include "base/sentence.h"

#include <stdlib.h>
#include <string.h>

struct note_row {
    const char *reason;
    const char *vietnamese;
};

#define REASON(name, code, http, english, vietnamese) {#name, vietnamese},
static const struct note_row of_base[] = {
#include "base/reasons.def"
};
static const struct note_row of_serve[] = {
#include "serve/reasons.def"
};
static const struct note_row of_clusters[] = {
#include "clusters/reasons.def"
};
static const struct note_row of_indicators[] = {
#include "indicators/reasons.def"
};
static const struct note_row of_nighteconomy[] = {
#include "nighteconomy/reasons.def"
};
static const struct note_row of_registrations[] = {
#include "registrations/reasons.def"
};
#undef REASON

/* Each is sorted by name: tests/lint holds the tables to that. */
#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, sizeof(rows) / sizeof((rows)[0])                                                     \
    }
static const struct {
    const struct note_row *rows;
    size_t count;
} tables[] = {
    TABLE(of_base),       TABLE(of_serve),        TABLE(of_clusters),
    TABLE(of_indicators), TABLE(of_nighteconomy), TABLE(of_registrations),
};

static int row_order(const void *key, const void *member)
{
    const struct note_row *row = member;

    return strcmp(key, row->reason);
}

const char *note_vietnamese(struct arena *arena, const char *reason)
{
    const struct note_row *found = NULL;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && found == NULL; i++) {
        found =
            bsearch(reason, tables[i].rows, tables[i].count, sizeof(struct note_row), row_order);
    }
    return found != NULL ? sentence_fill(arena, found->vietnamese, NULL, NULL) : NULL;
}
