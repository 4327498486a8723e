/* page_rows.c - commitments, indicators, and the inputs that every number leads to. */
#include "html.h"
#include "page_notes.h"
#include "page_view.h"
#include "page_words.h"
#include "serve/reasons.h"

#include <string.h>

typedef Dongkhoi__Registrations__V1__Scorecard scorecard_message;
typedef Dongkhoi__Registrations__V1__ScorecardLine line_message;
typedef Dongkhoi__Indicators__V1__Progress progress_message;
typedef Dongkhoi__Type__V1__Note note_message;

enum { PERCENT_DECIMALS = 2, AS_IT_IS = -1, REMARKS_MAX = 16, PRINTED_INPUTS = 8 };

/* What a row of either table was computed from. */
struct input {
    const char *name;
    int revision;
    const Google__Protobuf__DoubleValue *value;
    const char *text;
};

struct inputs {
    struct input *items;
    size_t count;
    unsigned number; /* of the row: its inputs stand at "#i3" */
};

static const char *name_of(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    return value != NULL ? value->name : "";
}

static void append(const struct page_view *view, const char *html)
{
    buffer_append_text(view->html, html);
}

/* All revisions of a resource: the one that was used is among them, whatever came later. */
static void open_resource(const struct page_view *view, const char *name)
{
    append(view, "<a href=\"/v1/");
    html_url_part(view->html, name);
    append(view, ":history\">");
}

/* Opens a link from a number: to the one observation that has this value, or to the list of all
 * inputs. */
static void open_inputs(const struct page_view *view, const struct inputs *inputs,
                        const Google__Protobuf__DoubleValue *number)
{
    const struct input *same = NULL;
    size_t count = 0;

    for (size_t i = 0; i < inputs->count && number != NULL; i++) {
        const struct input *input = &inputs->items[i];

        if (strstr(input->name, "/observations/") != NULL && input->value != NULL &&
            input->value->value == number->value) {
            same = input;
            count++;
        }
    }
    if (count == 1) {
        open_resource(view, same->name);
    } else {
        buffer_printf(view->html, "<a href=\"#i%u\">", inputs->number);
    }
}

static void write_number(const struct page_view *view, double value, int decimals)
{
    char text[NUMBER_TEXT_BYTES];

    number_text(value, decimals, view->language, text);
    page_text(view, text);
}

/* A number that leads to its inputs; a dash where it is null. */
static void write_linked(const struct page_view *view, const struct inputs *inputs,
                         const Google__Protobuf__DoubleValue *number, int decimals)
{
    if (number == NULL) {
        append(view, "–");
        return;
    }
    open_inputs(view, inputs, decimals == AS_IT_IS ? number : NULL);
    write_number(view, number->value, decimals);
    append(view, "</a>");
}

static void write_unit(const struct page_view *view, const char *unit)
{
    if (unit[0] != '\0') {
        append(view, " ");
        page_text(view, unit_word(unit, view->language));
    }
}

static void write_mark(const struct page_view *view, bool is_provisional)
{
    if (is_provisional) {
        append(view, "<span class=\"mark\" title=\"");
        page_word(view, WORD_PROVISIONAL);
        append(view, "\">*</span>");
    }
}

static void write_status(const struct page_view *view, const char *name)
{
    static const struct {
        const char *name;
        const char *looks;
    } looks[] = {
        {"ACHIEVED", "good"}, {"EXCEEDED", "good"}, {"MISSED", "bad"},
        {"OFF_TRACK", "bad"}, {"AT_RISK", "risk"},  {"IN_PROGRESS", "run"},
    };
    const char *look = "none";

    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        look = strcmp(looks[i].name, name) == 0 ? looks[i].looks : look;
    }
    buffer_printf(view->html, "<span class=\"status %s\">", look);
    page_text(view, enum_word(name, view->language));
    append(view, "</span>");
}

/* The sentence of a note: English where it has none in Vietnamese. */
static void write_sentence(const struct page_view *view, const note_message *note)
{
    const char *sentence =
        view->language == LANGUAGE_VI ? note_vietnamese(view->arena, note->reason) : NULL;

    page_text(view, sentence != NULL ? sentence : note->message);
}

/* True when the table shows the field (fields is NULL: all) and the reason was not told yet. */
static bool is_worth_telling(const note_message *note, const char *const *fields,
                             const char *const *told, size_t told_count)
{
    bool is_shown = fields == NULL;

    for (size_t i = 0; fields != NULL && fields[i] != NULL; i++) {
        is_shown = is_shown || strcmp(fields[i], note->field) == 0;
    }
    for (size_t i = 0; i < told_count; i++) {
        is_shown = is_shown && strcmp(told[i], note->reason) != 0;
    }
    /* DONE needs no sentence: the evidence beside it says so. */
    return is_shown && strcmp(note->reason, REASON_DONE->name) != 0;
}

static void write_notes(const struct page_view *view, note_message *const *notes, size_t count,
                        const char *const *fields)
{
    /* Vietnamese sentences are ours and end with a full stop; English ones are the service's and do
     * not. */
    const char *between = view->language == LANGUAGE_VI ? " " : "; ";
    const char *told[REMARKS_MAX];
    size_t told_count = 0;

    for (size_t i = 0; i < count && told_count < REMARKS_MAX; i++) {
        if (is_worth_telling(notes[i], fields, told, told_count)) {
            append(view, told_count == 0 ? "<small class=\"note\">" : between);
            told[told_count++] = notes[i]->reason;
            write_sentence(view, notes[i]);
        }
    }
    if (told_count > 0) {
        append(view, "</small>");
    }
}

static void begin_table(const struct page_view *view, const char *name, int title,
                        const int *columns)
{
    buffer_printf(view->html, "<section class=\"%s\"><h2>", name);
    page_word(view, title);
    append(view, "</h2>\n<div class=\"scroll\"><table><thead><tr>");
    for (; *columns >= 0; columns++) {
        append(view, "<th scope=\"col\">");
        page_word(view, *columns);
        append(view, "</th>");
    }
    append(view, "</tr></thead><tbody>\n");
}

static void end_table(const struct page_view *view)
{
    append(view, "</tbody></table></div></section>\n");
}

static void write_empty(const struct page_view *view, int words, int columns)
{
    buffer_printf(view->html, "<tr><td class=\"c\" colspan=\"%d\">", columns);
    page_word(view, words);
    append(view, "</td></tr>\n");
}

static struct inputs line_inputs(const struct page_view *view, const line_message *line,
                                 unsigned number)
{
    struct inputs inputs = {.number = number};

    inputs.items = arena_array(view->arena, line->n_inputs, sizeof(*inputs.items));
    for (size_t i = 0; inputs.items != NULL && i < line->n_inputs; i++) {
        const Dongkhoi__Registrations__V1__ScorecardInput *input = line->inputs[i];

        inputs.items[inputs.count++] =
            (struct input){input->name, input->revision, input->value, input->text};
    }
    return inputs;
}

static struct inputs progress_inputs(const struct page_view *view, const progress_message *progress,
                                     unsigned number)
{
    struct inputs inputs = {.number = number};

    inputs.items = arena_array(view->arena, progress->n_inputs, sizeof(*inputs.items));
    for (size_t i = 0; inputs.items != NULL && i < progress->n_inputs; i++) {
        const Dongkhoi__Indicators__V1__Input *input = progress->inputs[i];

        inputs.items[inputs.count++] =
            (struct input){input->name, input->revision, input->value, ""};
    }
    return inputs;
}

static bool is_done_test(const line_message *line)
{
    return line->comparator == DONGKHOI__REGISTRATIONS__V1__SCORECARD_LINE__COMPARATOR__DONE;
}

/* What is promised: words, the rule, the evidence. */
static void write_promise(const struct page_view *view, const line_message *line)
{
    append(view, "<tr><th scope=\"row\">");
    page_text(view, page_title(view, line->display_name));
    append(view, "<small>");
    page_text(view, page_title(view, line->localized_rule));
    append(view, "</small>");
    if (line->evidence != NULL) {
        append(view, "<small>");
        page_word(view, WORD_EVIDENCE);
        append(view, ": ");
        page_text(view, line->evidence->number);
        if (line->evidence->date[0] != '\0') {
            append(view, view->language == LANGUAGE_VI ? " ngày " : ", ");
            html_date(view->html, line->evidence->date, view->language);
        }
        append(view, "</small>");
    }
    write_notes(view, line->notes, line->n_notes, NULL);
    append(view, "</th>");
}

static void write_target(const struct page_view *view, const line_message *line)
{
    const char *comparator =
        name_of(&dongkhoi__registrations__v1__scorecard_line__comparator__descriptor,
                (int)line->comparator);

    append(view, "<td class=\"c\">");
    open_resource(view, line->registration);
    page_text(view, enum_word(comparator, view->language));
    if (!is_done_test(line) && line->target != NULL) {
        append(view, " ");
        write_number(view, line->target->value, AS_IT_IS);
        append(view, "</a>");
        write_unit(view, line->unit);
    } else {
        append(view, "</a>");
    }
    if (line->tolerance_percent != NULL) {
        append(view, "<small>± ");
        write_number(view, line->tolerance_percent->value, AS_IT_IS);
        append(view, " %</small>");
    }
    append(view, "</td>");
}

static void write_result(const struct page_view *view, const line_message *line,
                         const struct inputs *inputs)
{
    const char *day = line->date[0] != '\0' ? line->date : line->period;

    append(view, "<td class=\"n\">");
    if (is_done_test(line) && line->value != NULL) {
        open_inputs(view, inputs, NULL);
        page_word(view, line->value->value > 0 ? WORD_DONE_WORD : WORD_NOT_DONE_WORD);
        append(view, "</a>");
    } else {
        write_linked(view, inputs, line->value, AS_IT_IS);
        if (line->value != NULL) {
            write_unit(view, line->unit);
        }
    }
    write_mark(view, line->provisional && line->value != NULL);
    if (day[0] != '\0') {
        append(view, "<small>");
        html_date(view->html, day, view->language);
        append(view, "</small>");
    }
    append(view, "</td>");
}

void page_lines(const struct page_view *view, const scorecard_message *card)
{
    static const int columns[] = {WORD_COMMITMENT, WORD_TARGET, WORD_RESULT,
                                  WORD_PERCENT,    WORD_STATUS, -1};

    begin_table(view, "commitments", WORD_COMMITMENTS, columns);
    for (size_t i = 0; i < card->n_lines; i++) {
        const line_message *line = card->lines[i];
        const struct inputs inputs = line_inputs(view, line, (unsigned)i + 1);

        write_promise(view, line);
        write_target(view, line);
        write_result(view, line, &inputs);
        append(view, "<td class=\"n\">");
        write_linked(view, &inputs, line->percent, PERCENT_DECIMALS);
        append(view, "</td><td class=\"c\">");
        write_status(view, name_of(&dongkhoi__registrations__v1__scorecard_line__status__descriptor,
                                   (int)line->status));
        append(view, "</td></tr>\n");
    }
    if (card->n_lines == 0) {
        write_empty(view, WORD_NO_LINES, 5);
    }
    end_table(view);
}

static void write_indicator(const struct page_view *view, const progress_message *progress)
{
    static const char *const shown[] = {
        "yearToDate",   "planPercent", "growthPercent", "growthOnPlanBasePercent", "levelStatus",
        "growthStatus", NULL};

    append(view, "<tr><th scope=\"row\">");
    page_text(view, page_title(view, progress->display_name));
    append(view, "<small>");
    page_text(view, unit_word(progress->unit, view->language));
    append(view, "</small>");
    write_notes(view, progress->notes, progress->n_notes, shown);
    append(view, "</th><td class=\"c\">");
    if (progress->target_value != NULL) {
        open_resource(view, progress->target);
        page_text(view, enum_word(name_of(&dongkhoi__indicators__v1__target__comparator__descriptor,
                                          (int)progress->comparator),
                                  view->language));
        append(view, " ");
        write_number(view, progress->target_value->value, AS_IT_IS);
        append(view, "</a>");
    } else {
        append(view, "–");
    }
    append(view, "</td>");
}

/* On the base as it is known; below it on the base that the plan assumed, and what it promised. */
static void write_growth(const struct page_view *view, const progress_message *progress,
                         const struct inputs *inputs)
{
    append(view, "<td class=\"n\">");
    write_linked(view, inputs, progress->growth_percent, PERCENT_DECIMALS);
    if (progress->growth_on_plan_base_percent != NULL) {
        append(view, "<small>");
        page_word(view, WORD_GROWTH_ON_PLAN_BASE);
        append(view, ": ");
        write_linked(view, inputs, progress->growth_on_plan_base_percent, PERCENT_DECIMALS);
        append(view, "</small>");
    }
    if (progress->target_growth_percent != NULL) {
        append(view, "<small>");
        page_word(view, WORD_PLANNED_GROWTH);
        append(view, ": ");
        open_resource(view, progress->target);
        write_number(view, progress->target_growth_percent->value, AS_IT_IS);
        append(view, "</a></small>");
    }
    append(view, "</td>");
}

static void write_statuses(const struct page_view *view, const progress_message *progress)
{
    const int statuses[] = {(int)progress->level_status, (int)progress->growth_status};

    for (size_t i = 0; i < 2; i++) {
        append(view, "<td class=\"c\">");
        write_status(view, name_of(&dongkhoi__indicators__v1__progress__attainment__descriptor,
                                   statuses[i]));
        append(view, "</td>");
    }
    append(view, "</tr>\n");
}

void page_indicators(const struct page_view *view, const scorecard_message *card)
{
    static const int columns[] = {WORD_INDICATOR, WORD_PLAN,  WORD_REACHED,       WORD_PLAN_PERCENT,
                                  WORD_GROWTH,    WORD_LEVEL, WORD_GROWTH_STATUS, -1};

    begin_table(view, "indicators", WORD_INDICATORS, columns);
    for (size_t i = 0; i < card->n_indicators; i++) {
        const progress_message *progress = card->indicators[i];
        const struct inputs inputs =
            progress_inputs(view, progress, (unsigned)(card->n_lines + i) + 1);

        write_indicator(view, progress);
        append(view, "<td class=\"n\">");
        write_linked(view, &inputs, progress->year_to_date, AS_IT_IS);
        write_mark(view, progress->provisional && progress->year_to_date != NULL);
        if (progress->year_to_date != NULL) {
            append(view, "<small>");
            html_date(view->html, progress->year_to_date_period, view->language);
            append(view, "</small>");
        }
        append(view, "</td><td class=\"n\">");
        write_linked(view, &inputs, progress->plan_percent, PERCENT_DECIMALS);
        append(view, "</td>");
        write_growth(view, progress, &inputs);
        write_statuses(view, progress);
    }
    if (card->n_indicators == 0) {
        write_empty(view, WORD_NO_INDICATORS, 7);
    }
    end_table(view);
}

/* "observations/2022-12" of "indicators/exports/observations/2022-12". */
static const char *short_name(const char *name)
{
    const char *last = strrchr(name, '/');

    while (last != NULL && last > name && last[-1] != '/') {
        last--;
    }
    return last != NULL ? last : name;
}

static void write_input(const struct page_view *view, const struct input *input)
{
    append(view, "<li>");
    open_resource(view, input->name);
    page_text(view, short_name(input->name));
    append(view, "</a> (");
    page_word(view, WORD_REVISION);
    buffer_printf(view->html, " %d)", input->revision);
    if (input->value != NULL) {
        append(view, " = ");
        write_number(view, input->value->value, AS_IT_IS);
    }
    if (input->text[0] != '\0') {
        append(view, " ");
        page_text(view, input->text);
    }
    append(view, "</li>");
}

static void write_inputs(const struct page_view *view, const char *title,
                         const struct inputs *inputs)
{
    buffer_printf(view->html, "<dt id=\"i%u\">", inputs->number);
    page_text(view, title);
    append(view, "</dt><dd><ul>");
    for (size_t i = 0; i < inputs->count; i++) {
        write_input(view, &inputs->items[i]);
    }
    if (inputs->count > PRINTED_INPUTS) {
        buffer_printf(view->html, "<li class=\"more\">… %zu ", inputs->count - PRINTED_INPUTS);
        page_word(view, WORD_MORE_INPUTS);
        append(view, "</li>");
    }
    append(view, "</ul></dd>\n");
}

void page_inputs(const struct page_view *view, const scorecard_message *card)
{
    append(view, "<section class=\"inputs\"><h2>");
    page_word(view, WORD_SOURCES);
    append(view, "</h2>\n<dl>\n");
    for (size_t i = 0; i < card->n_lines; i++) {
        const struct inputs inputs = line_inputs(view, card->lines[i], (unsigned)i + 1);

        write_inputs(view, page_title(view, card->lines[i]->display_name), &inputs);
    }
    for (size_t i = 0; i < card->n_indicators; i++) {
        const struct inputs inputs =
            progress_inputs(view, card->indicators[i], (unsigned)(card->n_lines + i) + 1);

        write_inputs(view, page_title(view, card->indicators[i]->display_name), &inputs);
    }
    append(view, "</dl></section>\n");
}
