/* overdue.c - what is late in a movement: reports, values of targets, milestones. */
#include "scorecard.h"

#include "base/clock.h"
#include "pb/message.h"
#include "report.h"
#include "scorecard_fill.h"
#include "serve/service.h"

#include <stdlib.h>
#include <string.h>

#define MILESTONE_STATE(name) DONGKHOI__NIGHTECONOMY__V1__MILESTONE__STATE__##name

enum { MILESTONES_PAGE = 1000 };

typedef Dongkhoi__Registrations__V1__ListOverdueResponse overdue_message;
typedef Dongkhoi__Registrations__V1__OverdueRegistration overdue_registration;
typedef Dongkhoi__Registrations__V1__OverdueMilestone overdue_milestone;
typedef Dongkhoi__Registrations__V1__OverdueTarget overdue_target;
typedef Dongkhoi__Nighteconomy__V1__Milestone milestone_message;

/* What is looked at, and where the answer goes. */
struct lateness {
    const movement_message *movement;
    const registration_message **registrations;
    size_t registration_count;
    int32_t day;
    const char *date;
    overdue_message *answer;
};

static struct status is_reported(struct call *call, const registration_message *registration,
                                 const char *date, bool *ret_reported)
{
    const struct resource_scan scan = {.parent = registration->name};
    struct resource_revision *rows = NULL;
    size_t count = 0;

    TRY(resource_all(call->tx, &report_kind, &scan, &rows, &count));
    *ret_reported = false;
    for (size_t i = 0; i < count && !*ret_reported; i++) {
        const report_message *report = rows[i].message;
        *ret_reported = is_published(report->date, report->create_time, date);
    }
    return STATUS_NONE;
}

static struct status registration_judge(struct call *call, const struct lateness *late,
                                        const registration_message *registration)
{
    const int state = (int)registration->state;
    char *due = registration->due_date;
    int32_t due_day = 0;
    bool reported = false;

    if (state != (int)REGISTRATION_STATE(SUBMITTED) && state != (int)REGISTRATION_STATE(APPROVED)) {
        return STATUS_NONE;
    }
    if (due[0] == '\0') {
        due = arena_printf(call->arena, "%04d-12-31", late->movement->year);
    }
    if (!date_parse(slice_from(due), &due_day) || due_day >= late->day) {
        return STATUS_NONE;
    }
    TRY(is_reported(call, registration, late->date, &reported));
    if (reported) {
        return STATUS_NONE;
    }
    overdue_registration *item =
        message_new(call->arena, &dongkhoi__registrations__v1__overdue_registration__descriptor);
    item->registration = registration->name;
    item->display_name = registration->display_name;
    item->organization = registration->unit;
    item->state = registration->state;
    item->due_date = due;
    item->days_late = late->day - due_day;
    late->answer->registrations[late->answer->n_registrations++] = item;
    return STATUS_NONE;
}

static int registration_compare(const void *a, const void *b)
{
    const overdue_registration *const *left = a;
    const overdue_registration *const *right = b;
    const int order = strcmp((*left)->due_date, (*right)->due_date);

    return order != 0 ? order : strcmp((*left)->registration, (*right)->registration);
}

static struct status registrations_judge(struct call *call, const struct lateness *late)
{
    overdue_message *answer = late->answer;

    answer->registrations =
        arena_array(call->arena, late->registration_count, sizeof(*answer->registrations));
    for (size_t i = 0; i < late->registration_count; i++) {
        TRY(registration_judge(call, late, late->registrations[i]));
    }
    qsort(answer->registrations, answer->n_registrations, sizeof(*answer->registrations),
          registration_compare);
    return STATUS_NONE;
}

/* The months that are over by the date and lack a value. */
static size_t months_over(const progress_message *progress, const char *date)
{
    size_t count = 0;

    while (count < progress->n_missing_periods &&
           strncmp(progress->missing_periods[count], date, MONTH_TEXT_BYTES - 1) < 0) {
        count++;
    }
    return count;
}

static struct status targets_judge(struct call *call, const struct lateness *late,
                                   const struct asks *asks)
{
    for (const struct progress_ask *ask = asks->progresses; ask != NULL; ask = ask->next) {
        const progress_message *progress = ask->progress;
        if (progress == NULL || progress->year_to_date != NULL ||
            months_over(progress, late->date) == 0) {
            continue;
        }
        overdue_target *item =
            message_new(call->arena, &dongkhoi__registrations__v1__overdue_target__descriptor);
        item->target = progress->target;
        item->display_name = progress->display_name;
        item->unit = progress->unit;
        item->value = progress->target_value;
        item->missing_periods = progress->missing_periods;
        item->n_missing_periods = months_over(progress, late->date);
        TRY(message_append(call, late->answer, "targets", item));
    }
    return STATUS_NONE;
}

static bool is_done(const milestone_message *milestone, const char *date)
{
    const int state = (int)milestone->state;

    return state == (int)MILESTONE_STATE(CANCELLED) ||
           (state == (int)MILESTONE_STATE(COMPLETED) &&
            strcmp(milestone->actual_finish_date, date) <= 0);
}

/* The registrations that the milestone decides. */
static struct status deciding_fill(struct call *call, const struct lateness *late,
                                   overdue_milestone *item)
{
    item->registrations =
        arena_array(call->arena, late->registration_count, sizeof(*item->registrations));
    for (size_t i = 0; i < late->registration_count; i++) {
        const commitment_message *commitment = late->registrations[i]->commitment;
        if ((int)commitment->test_case !=
            (int)DONGKHOI__REGISTRATIONS__V1__COMMITMENT__TEST_MILESTONE) {
            continue;
        }
        const char *name =
            arena_printf(call->arena, "schemes/%s/milestones/%s", commitment->milestone->scheme,
                         commitment->milestone->milestone);
        if (strcmp(name, item->milestone) == 0) {
            item->registrations[item->n_registrations++] = late->registrations[i]->name;
        }
    }
    return STATUS_NONE;
}

static struct status milestone_judge(struct call *call, const struct lateness *late,
                                     const milestone_message *milestone)
{
    int32_t due_day = 0;

    if (!date_parse(slice_from(milestone->due_date), &due_day) || due_day >= late->day ||
        is_done(milestone, late->date)) {
        return STATUS_NONE;
    }
    overdue_milestone *item =
        message_new(call->arena, &dongkhoi__registrations__v1__overdue_milestone__descriptor);
    item->milestone = milestone->name;
    item->display_name = milestone->display_name;
    item->owner = milestone->owner;
    item->due_date = milestone->due_date;
    item->days_late = late->day - due_day;
    TRY(deciding_fill(call, late, item));
    return message_append(call, late->answer, "milestones", item);
}

/* ret_token is "" after the last page, and when there was no answer. */
static struct status milestones_page(struct call *call, const struct lateness *late,
                                     struct asks *asks, const char **ret_token)
{
    Dongkhoi__Nighteconomy__V1__ListMilestonesRequest request =
        DONGKHOI__NIGHTECONOMY__V1__LIST_MILESTONES_REQUEST__INIT;
    struct peer_call page = {.peer = scorecard_peers[SOURCE_NIGHTECONOMY].name,
                             .method = "ListMilestones",
                             .request = &request};

    request.parent = (char *)"schemes/-";
    request.page_size = MILESTONES_PAGE;
    request.page_token = (char *)*ret_token;
    request.filter = arena_printf(call->arena, "due_date < \"%s\"", late->date);
    request.order_by = (char *)"due_date";
    request.as_of = asks->as_of;
    *ret_token = "";
    peer_call_all(call, &page, 1);
    asks_note(asks, SOURCE_NIGHTECONOMY, &page);
    if (page.status.code != STATUS_OK) {
        return STATUS_NONE;
    }
    const Dongkhoi__Nighteconomy__V1__ListMilestonesResponse *response = page.response;
    for (size_t i = 0; i < response->n_milestones; i++) {
        TRY(milestone_judge(call, late, response->milestones[i]));
    }
    *ret_token = response->next_page_token;
    return STATUS_NONE;
}

struct status list_overdue(struct call *call, const void *request, void *response)
{
    const Dongkhoi__Registrations__V1__ListOverdueRequest *list = request;
    overdue_message *answer = response;
    struct lateness late = {.answer = answer};
    const char *page_token = "";

    TRY(movement_read(call, request, list->name, &late.movement));
    TRY(picture_day(call, list->date, &late.day, &answer->date));
    answer->movement = late.movement->name;
    late.date = answer->date;
    TRY(registrations_read(call, late.movement, &late.registrations, &late.registration_count));
    TRY(registrations_judge(call, &late));

    struct asks asks = {
        .year = late.movement->year, .as_of = list->as_of, .published_by = answer->date};
    TRY(asks_send(call, &asks));
    TRY(targets_judge(call, &late, &asks));
    do {
        TRY(milestones_page(call, &late, &asks, &page_token));
    } while (page_token[0] != '\0');
    return asks_report(call, &asks, answer);
}
