/*
 * figures.h - series from short texts: "2022-09-ytd 27204 P 2023-09-11".
 */
#ifndef TESTS_FIGURES_H
#define TESTS_FIGURES_H

#include "series.h"

/* The figure of a text "PERIOD[-ytd] VALUE [E|P|O] [DATE]"; value as an integer. In the arena. */
struct figure *figure_from(struct arena *arena, const char *text);

/* A series of texts, ended by NULL. */
struct series *series_from(struct arena *arena, bool stock, const char *const *texts);

#endif
