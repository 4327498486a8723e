/*
 * page_view.h - the HTML of the page, from the messages that it shows.
 */
#ifndef GATEWAY_PAGE_VIEW_H
#define GATEWAY_PAGE_VIEW_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "dongkhoi/registrations/v1/registrations.pb-c.h"
#include "language.h"

/* What was asked for, and what every page shows. */
struct page_view {
    struct arena *arena;
    struct buffer *html;
    enum language language;
    const char *movement;     /* id; "" before one is chosen */
    const char *as_of;        /* as given; "" when it was not */
    const char *published_by; /* as given; "" when it was not */
    int64_t now_us;
    size_t made_from; /* where in html it is said when it was made */
    size_t made_to;
    Dongkhoi__Registrations__V1__Movement *const *movements; /* to choose from */
    size_t movement_count;
};

/* The value of Content-Security-Policy that goes with every page; made once, so before threads. */
const char *page_security_policy(void);

void page_show_scorecard(struct page_view *view,
                         const Dongkhoi__Registrations__V1__Scorecard *card);

/* There is no movement to show. */
void page_show_nothing(const struct page_view *view);

/* detail may be NULL. */
void page_show_failure(const struct page_view *view, struct status status);

/* page_rows.c: the two tables and the inputs. */
void page_lines(const struct page_view *view, const Dongkhoi__Registrations__V1__Scorecard *card);
void page_indicators(const struct page_view *view,
                     const Dongkhoi__Registrations__V1__Scorecard *card);
void page_inputs(const struct page_view *view, const Dongkhoi__Registrations__V1__Scorecard *card);

/* The title in the language of the page, in Vietnamese where there is no other. */
const char *page_title(const struct page_view *view,
                       const Dongkhoi__Type__V1__LocalizedText *title);

/* The parameters publishedBy and asOf as they were asked for, behind separator: "?" or "&amp;". */
void page_point_in_time(const struct page_view *view, const char *separator);

/* page_style.c. */
extern const char page_style[];

/* Escaped: a word of the page, and text. */
void page_word(const struct page_view *view, int word);
void page_text(const struct page_view *view, const char *text);

#endif
