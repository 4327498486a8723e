/*
 * page_notes.h - what the services' notes say in Vietnamese: a note in an answer has its English
 * sentence only, and the page shows both languages.
 */
#ifndef GATEWAY_PAGE_NOTES_H
#define GATEWAY_PAGE_NOTES_H

#include "base/arena.h"

/* The sentence of a reason, its optional parts left out; NULL for one that this build does not
 * know. */
const char *note_vietnamese(struct arena *arena, const char *reason);

#endif
