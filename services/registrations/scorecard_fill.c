/* scorecard_fill.c - from the answers to value, status, inputs and notes of each line. */
#include "scorecard_fill.h"

#include "base/clock.h"
#include "pb/message.h"
#include "scorecard_rule.h"

#include <string.h>

#define TEST(name) DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_##name
#define TARGET_CLOSED DONGKHOI__INDICATORS__V1__TARGET__STATE__CLOSED
#define NEUTRAL DONGKHOI__INDICATORS__V1__INDICATOR__DIRECTION__NEUTRAL
#define MILESTONE_CANCELLED DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__CANCELLED

static const char *indicator_name(struct call *call, const registration_message *registration)
{
    return arena_printf(call->arena, "indicators/%s",
                        registration->commitment->indicator->indicator);
}

static const char *milestone_name(struct call *call, const registration_message *registration)
{
    const Dongkhoi__Registrations__V1__MilestoneCommitment *test =
        registration->commitment->milestone;

    return arena_printf(call->arena, "schemes/%s/milestones/%s", test->scheme, test->milestone);
}

void line_ask(struct call *call, struct asks *asks, const registration_message *registration)
{
    const commitment_message *commitment = registration->commitment;

    if ((int)commitment->test_case == TEST(INDICATOR)) {
        (void)asks_progress(call, asks, indicator_name(call, registration),
                            commitment->indicator->year);
    } else if ((int)commitment->test_case == TEST(NEW_CLUSTERS)) {
        (void)asks_count(call, asks, commitment->new_clusters->year);
    } else if ((int)commitment->test_case == TEST(MILESTONE)) {
        (void)asks_verdict(call, asks, milestone_name(call, registration));
    }
}

/* Room for the inputs of a line, with the registration as the first. */
static struct status inputs_open(struct call *call, line_message *line,
                                 const registration_message *registration, double target,
                                 size_t others)
{
    line->inputs = arena_array(call->arena, others + 1, sizeof(*line->inputs));
    line_input_message *input =
        message_new(call->arena, &dongkhoi__registrations__v1__scorecard_input__descriptor);
    Google__Protobuf__DoubleValue *value = double_wrap(call->arena, target);

    input->name = registration->name;
    input->revision = registration->revision;
    input->value = value;
    line->inputs[line->n_inputs++] = input;
    return STATUS_NONE;
}

/* value may be NULL; text is "" where it is. */
static struct status input_add(struct call *call, line_message *line, const char *name,
                               int32_t revision, Google__Protobuf__DoubleValue *value,
                               const char *text)
{
    line_input_message *input =
        message_new(call->arena, &dongkhoi__registrations__v1__scorecard_input__descriptor);

    input->name = (char *)name;
    input->revision = revision;
    input->value = value;
    input->text = (char *)text;
    line->inputs[line->n_inputs++] = input;
    return STATUS_NONE;
}

/* What was not answered, or refused. */
static struct status unanswered(struct call *call, line_message *line, enum source source,
                                struct status status)
{
    const char *name = scorecard_peers[source].name;

    line->status = (int)LINE_UNKNOWN;
    if (asks_no_answer(status)) {
        return note_append(call, line, "value", "SERVICE_DOWN", "%s did not answer: %s", name,
                           status.message);
    }
    return note_append(call, line, "value", status.reason != NULL ? status.reason : "REFUSED", "%s",
                       status.message);
}

/* Value, target, percent and status of a line; the comparator is set. */
static struct status conclude(struct call *call, line_message *line,
                              const struct line_question *question)
{
    const struct line_number percent = line_percent(question);

    line->comparator = (int)question->comparator;
    line->status = (int)line_judge(question);
    line->target = double_wrap(call->arena, question->target);
    if (question->value.known) {
        line->value = double_wrap(call->arena, question->value.value);
    }
    if (percent.known) {
        line->percent = double_wrap(call->arena, percent.value);
    } else if (question->value.known) {
        TRY(note_append(call, line, "percent", "DIVISOR_NOT_POSITIVE",
                        "the target is not above zero"));
    }
    if (question->value.known && question->forecast.known &&
        ((int)line->status == LINE_OFF_TRACK || (int)line->status == LINE_AT_RISK ||
         (int)line->status == LINE_IN_PROGRESS)) {
        line->forecast = double_wrap(call->arena, question->forecast.value);
    }
    return STATUS_NONE;
}

static struct status progress_notes(struct call *call, const progress_message *progress,
                                    line_message *line)
{
    for (size_t i = 0; i < progress->n_notes; i++) {
        const Dongkhoi__Type__V1__Note *note = progress->notes[i];
        if (strcmp(note->field, "yearToDate") == 0) {
            TRY(note_append(call, line, "value",
                            strcmp(note->reason, "EARLIER_PERIOD") == 0 ? "EARLIER_PERIOD"
                                                                        : "MISSING_VALUE",
                            "%s", note->message));
        }
    }
    if ((int)progress->direction == NEUTRAL) {
        TRY(note_append(call, line, "status", "NEUTRAL_DIRECTION",
                        "neither more nor less of this indicator is better"));
    }
    return STATUS_NONE;
}

static struct line_number number_of(const Google__Protobuf__DoubleValue *value)
{
    return value != NULL ? (struct line_number){true, value->value} : (struct line_number){0};
}

static struct status fill_indicator(struct call *call, struct asks *asks,
                                    const struct line_view *view,
                                    const registration_message *registration, line_message *line)
{
    const Dongkhoi__Registrations__V1__IndicatorCommitment *test =
        registration->commitment->indicator;
    const char *name = indicator_name(call, registration);
    const struct progress_ask *ask = asks_progress(call, asks, name, test->year);
    struct line_question question = {
        .comparator = (enum line_comparator)test->comparator,
        .target = test->value->value,
        .tolerance_percent = test->tolerance_percent != NULL ? test->tolerance_percent->value : 0,
    };

    const progress_message *progress = ask->progress;
    line->tolerance_percent = test->tolerance_percent;
    TRY(inputs_open(call, line, registration, question.target,
                    progress != NULL ? progress->n_inputs : 0));
    TRY(rule_of_indicator(call, test, progress, line));
    if (progress == NULL) {
        TRY(conclude(call, line, &question));
        if (ask->status.code != STATUS_OK) {
            return unanswered(call, line, SOURCE_INDICATORS, ask->status);
        }
        return note_append(call, line, "value", "INDICATOR_NOT_FOUND", "there is no %s", name);
    }
    question.value = number_of(progress->year_to_date);
    question.forecast = number_of(progress->seasonal_forecast != NULL ? progress->seasonal_forecast
                                                                      : progress->linear_forecast);
    question.closed = view->movement_closed || (int)progress->target_state == (int)TARGET_CLOSED;
    question.neutral = (int)progress->direction == NEUTRAL;
    line->unit = progress->unit;
    line->period = progress->year_to_date_period;
    line->provisional = progress->provisional;
    for (size_t i = 0; i < progress->n_inputs; i++) {
        const Dongkhoi__Indicators__V1__Input *input = progress->inputs[i];
        TRY(input_add(call, line, input->name, input->revision, input->value, ""));
    }
    TRY(progress_notes(call, progress, line));
    return conclude(call, line, &question);
}

/* Whether the input at this place is a cluster that counts: the clusters come in the order of the
 * verdicts, after the target. */
static bool is_counted(const count_message *count, size_t place)
{
    return place > 0 && place - 1 < count->n_clusters && count->clusters[place - 1]->counted &&
           strcmp(count->clusters[place - 1]->cluster, count->inputs[place]->name) == 0;
}

/* The target and the clusters that count, each with 1: their sum is the value. Those that do not
 * count are left out, or every line would repeat every cluster. */
static struct status count_inputs(struct call *call, const count_message *count, line_message *line)
{
    for (size_t i = 0; i < count->n_inputs; i++) {
        const char *name = count->inputs[i]->name;
        const bool is_target = strcmp(name, count->cluster_target) == 0;
        Google__Protobuf__DoubleValue *value = NULL;

        if (!is_target && !is_counted(count, i)) {
            continue;
        }
        if (!is_target || count->min_new_clusters != NULL) {
            value = double_wrap(call->arena, is_target ? count->min_new_clusters->value : 1);
        }
        TRY(input_add(call, line, name, count->inputs[i]->revision, value, ""));
    }
    return note_append(call, line, "inputs", "ONLY_COUNTED_LISTED",
                       "clusters that count and are listed: %d; clusters:countNew?year=%d with the "
                       "same asOf and publishedBy explains these and all others",
                       count->count, count->year);
}

/* Room for count_inputs(): as the counted clusters are few, not for each that was looked at. */
static size_t counted_most(const count_message *count)
{
    size_t most = 1;

    for (size_t i = 0; i < count->n_clusters; i++) {
        most += count->clusters[i]->counted ? 1 : 0;
    }
    return most;
}

static struct status fill_clusters(struct call *call, struct asks *asks,
                                   const struct line_view *view,
                                   const registration_message *registration, line_message *line)
{
    const Dongkhoi__Registrations__V1__NewClustersCommitment *test =
        registration->commitment->new_clusters;
    const struct count_ask *ask = asks_count(call, asks, test->year);
    struct line_question question = {
        .comparator = (enum line_comparator)test->comparator,
        .target = test->value,
        .closed = view->movement_closed,
    };

    const count_message *count = ask->count;
    TRY(inputs_open(call, line, registration, question.target,
                    count != NULL ? counted_most(count) : 0));
    TRY(rule_of_clusters(call, test, count, line));
    line->unit = (char *)"clusters";
    if (count == NULL) {
        TRY(conclude(call, line, &question));
        return unanswered(call, line, SOURCE_CLUSTERS, ask->status);
    }
    question.value = (struct line_number){true, count->count};
    question.forecast = line_linear_forecast(count->count, test->year, view->day);
    TRY(count_inputs(call, count, line));
    TRY(conclude(call, line, &question));
    if (line->forecast != NULL) {
        return note_append(call, line, "status", "LINEAR_FORECAST",
                           "the months that have begun make %.15g for the whole year",
                           line->forecast->value);
    }
    return STATUS_NONE;
}

/* A day that is known and over. */
static bool is_before(const char *date, int32_t day)
{
    int32_t due = 0;

    return date_parse(slice_from(date), &due) && due < day;
}

static struct status fill_milestone(struct call *call, struct asks *asks,
                                    const struct line_view *view,
                                    const registration_message *registration, line_message *line)
{
    struct line_question question = {
        .comparator = LINE_DONE, .target = 1, .closed = view->movement_closed};
    const char *name = milestone_name(call, registration);
    const struct verdict_ask *ask = asks_verdict(call, asks, name);

    const verdict_message *verdict = ask->verdict;
    TRY(inputs_open(call, line, registration, question.target,
                    verdict != NULL ? verdict->n_inputs : 0));
    TRY(rule_of_milestone(call, name, verdict != NULL ? verdict->display_name : NULL, line));
    if (verdict == NULL) {
        TRY(conclude(call, line, &question));
        return unanswered(call, line, SOURCE_NIGHTECONOMY, ask->status);
    }
    question.value = (struct line_number){true, verdict->done ? 1 : 0};
    for (size_t i = 0; i < verdict->n_inputs; i++) {
        TRY(input_add(call, line, verdict->inputs[i]->name, verdict->inputs[i]->revision, NULL,
                      verdict->inputs[i]->value));
    }
    line->date = verdict->date;
    if (verdict->done) {
        line->evidence = verdict->document;
    }
    TRY(conclude(call, line, &question));
    const bool late =
        is_before(verdict->due_date, view->day) || is_before(registration->due_date, view->day);
    if ((int)line->status == LINE_IN_PROGRESS &&
        (late || (int)verdict->state == MILESTONE_CANCELLED)) {
        line->status = (int)LINE_OFF_TRACK;
    }
    return note_append(call, line, "status", verdict->reason, "%s", verdict->sentence);
}

static struct status fill_manual(struct call *call, const struct line_view *view,
                                 const registration_message *registration, line_message *line)
{
    const Dongkhoi__Registrations__V1__Registration__Evaluation *evaluation =
        registration->evaluation;
    struct line_question question = {
        .comparator = LINE_DONE, .target = 1, .closed = view->movement_closed};

    TRY(inputs_open(call, line, registration, question.target, 0));
    TRY(rule_of_manual(call, registration->commitment->manual->criterion, line));
    if (evaluation == NULL) {
        TRY(conclude(call, line, &question));
        return note_append(call, line, "value", "NOT_EVALUATED",
                           "the registration is not evaluated yet");
    }
    if (!is_published(evaluation->date, registration->update_time, view->published_by)) {
        TRY(conclude(call, line, &question));
        return note_append(call, line, "value", "EVALUATED_LATER",
                           "the registration was evaluated after %s", view->published_by);
    }
    const bool kept = (int)registration->result != (int)REGISTRATION_RESULT(NOT_COMPLETED);
    const char *result = enum_name(&dongkhoi__registrations__v1__registration__result__descriptor,
                                   (int)registration->result);
    question.value = (struct line_number){true, kept ? 1 : 0};
    line->date = evaluation->date;
    line->evidence = evaluation->document;
    line->inputs[0]->text = (char *)result;
    TRY(conclude(call, line, &question));
    if ((int)line->status == LINE_IN_PROGRESS) {
        line->status = (int)LINE_OFF_TRACK;
    }
    return note_append(call, line, "status", "EVALUATED", "it was evaluated as %s", result);
}

struct status line_fill(struct call *call, struct asks *asks, const struct line_view *view,
                        const registration_message *registration, line_message *line)
{
    line->registration = registration->name;
    line->display_name = registration->display_name;
    line->organization = registration->unit;
    line->state = registration->state;
    switch ((int)registration->commitment->test_case) {
    case TEST(INDICATOR):
        return fill_indicator(call, asks, view, registration, line);
    case TEST(NEW_CLUSTERS):
        return fill_clusters(call, asks, view, registration, line);
    case TEST(MILESTONE):
        return fill_milestone(call, asks, view, registration, line);
    default:
        return fill_manual(call, view, registration, line);
    }
}
