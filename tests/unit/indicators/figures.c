/* figures.c - reads the figures of a test from text. */
#include "unit.h"

#include "figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct figure *figure_from(struct arena *arena, const char *text)
{
    struct figure *figure = ARENA_NEW(arena, struct figure);
    char key[32] = "";
    char status[2] = "E";
    char date[16] = "";

    assert_true(sscanf(text, "%31s %" SCNd64 " %1s %15s", key, &figure->scaled, status, date) >= 2);
    figure->name = arena_strdup(arena, key);
    figure->published_date = arena_strdup(arena, date);
    figure->revision = 1;
    figure->status = status[0] == 'O'   ? FIGURE_OFFICIAL
                     : status[0] == 'P' ? FIGURE_PRELIMINARY
                                        : FIGURE_ESTIMATED;
    char *ytd = strstr(key, "-ytd");
    if (ytd != NULL) {
        *ytd = '\0';
        figure->cumulative = true;
    }
    assert_true(period_parse(key, &figure->period));
    return figure;
}

struct series *series_from(struct arena *arena, bool stock, const char *const *texts)
{
    struct series *series = series_new(arena, stock);

    for (; *texts != NULL; texts++) {
        assert_ok(series_add(arena, series, figure_from(arena, *texts)));
    }
    return series;
}
