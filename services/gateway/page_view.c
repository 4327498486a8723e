/* page_view.c - the frame of the page: its head, what can be chosen, and what failed. */
#include "page_view.h"

#include "base/clock.h"
#include "base/sentence.h"
#include "html.h"
#include "page_words.h"

#include <stdio.h>
#include <string.h>

const char *page_security_policy(void)
{
    static char policy[256];

    if (policy[0] == '\0') {
        char hash[STYLE_HASH_BYTES];

        style_hash(slice_from(page_style), hash);
        (void)snprintf(policy, sizeof(policy),
                       "default-src 'none'; style-src '%s'; form-action 'self'; base-uri 'none'; "
                       "frame-ancestors 'none'",
                       hash);
    }
    return policy;
}

void page_text(const struct page_view *view, const char *text)
{
    html_text(view->html, text);
}

void page_word(const struct page_view *view, int number)
{
    html_text(view->html, word((enum word)number, view->language));
}

const char *page_title(const struct page_view *view, const Dongkhoi__Type__V1__LocalizedText *title)
{
    if (title == NULL) {
        return "";
    }
    return view->language == LANGUAGE_EN && title->en[0] != '\0' ? title->en : title->vi;
}

void page_point_in_time(const struct page_view *view, const char *separator)
{
    if (view->published_by[0] != '\0') {
        buffer_printf(view->html, "%spublishedBy=", separator);
        html_url_part(view->html, view->published_by);
        separator = "&amp;";
    }
    if (view->as_of[0] != '\0') {
        buffer_printf(view->html, "%sasOf=", separator);
        html_url_part(view->html, view->as_of);
    }
}

/* The address of this page in a language: what was asked for stays. */
static void write_address(const struct page_view *view, enum language language)
{
    buffer_printf(view->html, "/?lang=%s", language_tag(language));
    if (view->movement[0] != '\0') {
        buffer_append_text(view->html, "&amp;movement=");
        html_url_part(view->html, view->movement);
    }
    page_point_in_time(view, "&amp;");
}

static void write_choice(const struct page_view *view)
{
    buffer_append_text(view->html, "<label>");
    page_word(view, WORD_MOVEMENT);
    buffer_append_text(view->html, " <select name=\"movement\">");
    for (size_t i = 0; i < view->movement_count; i++) {
        const Dongkhoi__Registrations__V1__Movement *movement = view->movements[i];
        const char *id = strrchr(movement->name, '/');

        id = id != NULL ? id + 1 : movement->name;
        buffer_append_text(view->html, "<option value=\"");
        page_text(view, id);
        buffer_append_text(view->html, strcmp(id, view->movement) == 0 ? "\" selected>" : "\">");
        page_text(view, page_title(view, movement->display_name));
        buffer_append_text(view->html, "</option>");
    }
    buffer_append_text(view->html, "</select></label> <label>");
    page_word(view, WORD_PUBLISHED_FIELD);
    buffer_append_text(view->html, " <input type=\"date\" name=\"publishedBy\" value=\"");
    page_text(view, view->published_by);
    buffer_append_text(view->html, "\"></label> <button>");
    page_word(view, WORD_SHOW);
    buffer_append_text(view->html, "</button>");
}

/* For the screen only: what to show, in which language. */
static void write_bar(const struct page_view *view)
{
    const enum language other = view->language == LANGUAGE_VI ? LANGUAGE_EN : LANGUAGE_VI;

    buffer_append_text(view->html, "<nav><form action=\"/\" method=\"get\">");
    if (view->movement_count > 0) {
        write_choice(view);
    }
    buffer_printf(view->html, "<input type=\"hidden\" name=\"lang\" value=\"%s\">",
                  language_tag(view->language));
    if (view->as_of[0] != '\0') {
        buffer_append_text(view->html, "<input type=\"hidden\" name=\"asOf\" value=\"");
        page_text(view, view->as_of);
        buffer_append_text(view->html, "\">");
    }
    buffer_append_text(view->html, "</form><p>");
    buffer_printf(view->html, "<a lang=\"%s\" hreflang=\"%s\" href=\"", language_tag(other),
                  language_tag(other));
    write_address(view, other);
    buffer_append_text(view->html, other == LANGUAGE_VI ? "\">Tiếng Việt</a>" : "\">English</a>");
    buffer_append_text(view->html, "</p></nav>");
}

static void begin(const struct page_view *view, const char *title)
{
    buffer_printf(view->html,
                  "<!doctype html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                  "<title>",
                  language_tag(view->language));
    page_text(view, title);
    buffer_append_text(view->html, "</title><style>");
    buffer_append_text(view->html, page_style);
    buffer_append_text(view->html, "</style></head>\n<body>\n");
    write_bar(view);
    buffer_append_text(view->html, "<main>\n");
}

static void end(const struct page_view *view)
{
    buffer_append_text(view->html, "</main>\n</body>\n</html>\n");
}

static void write_day(const struct page_view *view,
                      const Dongkhoi__Registrations__V1__Scorecard *card)
{
    int64_t as_of_us = 0;

    buffer_append_text(view->html, "<p class=\"day\">");
    page_word(view, WORD_AS_OF_DAY);
    buffer_append_text(view->html, " <strong>");
    html_date(view->html, card->date, view->language);
    buffer_append_text(view->html, "</strong>");
    if (card->published_by[0] != '\0') {
        buffer_append_text(view->html, ", ");
        page_word(view, WORD_PUBLISHED_BY);
    }
    if (view->as_of[0] != '\0' && time_parse(slice_from(view->as_of), &as_of_us)) {
        buffer_append_text(view->html, ", ");
        page_word(view, WORD_AS_OF);
        buffer_append_char(view->html, ' ');
        html_time(view->html, as_of_us, view->language);
    }
    buffer_append_text(view->html, "</p>\n");
}

static const char *state_name(int state)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &dongkhoi__registrations__v1__movement__state__descriptor, state);

    return value != NULL ? value->name : "";
}

static void write_title(const struct page_view *view,
                        const Dongkhoi__Registrations__V1__Scorecard *card)
{
    buffer_append_text(view->html, "<header><h1>");
    page_word(view, WORD_TITLE);
    buffer_append_text(view->html, "</h1>\n<p class=\"movement\">");
    page_text(view, page_title(view, card->display_name));
    buffer_append_text(view->html, "</p>\n<p class=\"year\">");
    page_word(view, WORD_YEAR);
    buffer_printf(view->html, " %d · ", card->year);
    page_text(view, enum_word(state_name((int)card->state), view->language));
    buffer_append_text(view->html, "</p>\n");
    write_day(view, card);
    buffer_append_text(view->html, "</header>\n");
}

static void write_incomplete(const struct page_view *view,
                             const Dongkhoi__Registrations__V1__Scorecard *card)
{
    const char *separator = " ";

    if (card->complete) {
        return;
    }
    buffer_append_text(view->html, "<p class=\"warning\" role=\"alert\">");
    page_word(view, WORD_INCOMPLETE);
    for (size_t i = 0; i < card->n_sources; i++) {
        if (!card->sources[i]->answered) {
            buffer_append_text(view->html, separator);
            page_text(view, card->sources[i]->service);
            separator = ", ";
        }
    }
    buffer_append_text(view->html, ".</p>\n");
}

static void write_synthetic(const struct page_view *view,
                            const Dongkhoi__Registrations__V1__Scorecard *card)
{
    if (card->synthetic) {
        buffer_append_text(view->html, "<p class=\"warning\" role=\"alert\">");
        page_word(view, WORD_SYNTHETIC);
        buffer_append_text(view->html, "</p>\n");
    }
}

static void write_foot(struct page_view *view)
{
    buffer_append_text(view->html, "<footer><p>");
    page_word(view, WORD_MADE);
    buffer_append_char(view->html, ' ');
    view->made_from = view->html->length;
    html_time(view->html, view->now_us, view->language);
    view->made_to = view->html->length;
    buffer_append_text(view->html, ". <a class=\"screen\" href=\"/v1/movements/");
    html_url_part(view->html, view->movement);
    buffer_append_text(view->html, "/scorecard");
    page_point_in_time(view, "?");
    buffer_append_text(view->html, "\">");
    page_word(view, WORD_JSON);
    buffer_append_text(view->html, "</a></p>\n<div class=\"signatures\"><p>");
    page_word(view, WORD_CLERK);
    buffer_append_text(view->html, "</p><p>");
    page_word(view, WORD_HEAD);
    buffer_append_text(view->html, "</p></div></footer>\n");
}

void page_show_scorecard(struct page_view *view, const Dongkhoi__Registrations__V1__Scorecard *card)
{
    begin(view, page_title(view, card->display_name));
    write_title(view, card);
    write_synthetic(view, card);
    write_incomplete(view, card);
    page_lines(view, card);
    page_indicators(view, card);
    buffer_append_text(view->html, "<p class=\"legend\">* ");
    page_word(view, WORD_PROVISIONAL);
    buffer_append_text(view->html, ".</p>\n");
    page_inputs(view, card);
    write_foot(view);
    end(view);
}

void page_show_nothing(const struct page_view *view)
{
    begin(view, word(WORD_TITLE, view->language));
    buffer_append_text(view->html, "<div class=\"empty\"><h1>");
    page_word(view, WORD_NO_MOVEMENT);
    buffer_append_text(view->html, "</h1>\n<p>");
    page_word(view, WORD_NO_MOVEMENT_HINT);
    buffer_append_text(view->html, "</p></div>\n");
    end(view);
}

void page_show_failure(const struct page_view *view, struct status status)
{
    const char *sentence =
        view->language == LANGUAGE_VI ? sentence_vietnamese(view->arena, status) : NULL;

    if (sentence == NULL) {
        sentence = status.message != NULL ? status.message : "";
    }
    begin(view, word(WORD_FAILED, view->language));
    buffer_append_text(view->html, "<div class=\"empty\" role=\"alert\"><h1>");
    page_word(view, WORD_FAILED);
    buffer_append_text(view->html, "</h1>\n<p>");
    page_text(view, sentence);
    buffer_append_text(view->html, "</p>\n<p class=\"reason\">");
    page_word(view, WORD_FAILED_HINT);
    buffer_append_text(view->html, ": <code>");
    page_text(view, status_reason(status)->name);
    buffer_append_text(view->html, "</code></p>\n<p><a href=\"/?lang=");
    buffer_append_text(view->html, language_tag(view->language));
    buffer_append_text(view->html, "\">");
    page_word(view, WORD_START_PAGE);
    buffer_append_text(view->html, "</a></p></div>\n");
    end(view);
}
