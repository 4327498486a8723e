/* observation_time.c - when a value was published, and what that allows it to say. */
#include "observation_time.h"

#include "reasons.h"

#include <string.h>

void observation_published_day(const observation_message *observation, char day[DATE_TEXT_BYTES])
{
    if (strlen(observation->published_date) == DATE_TEXT_BYTES - 1) {
        memcpy(day, observation->published_date, DATE_TEXT_BYTES);
    } else {
        date_format(date_of_time(time_unwrap(observation->update_time)), day);
    }
}

/* The first day of the period; the administrative month begins on day 15 of the month before */
static const char *first_day(struct arena *arena, const struct observation_key *key)
{
    int year = key->period.year;
    int month = key->cumulative || key->period.month == 0 ? 1 : key->period.month;

    if (key->window != WINDOW_ADMINISTRATIVE) {
        return arena_printf(arena, "%04d-%02d-01", year, month);
    }
    if (--month == 0) {
        year--;
        month = YEAR_MONTHS;
    }
    return arena_printf(arena, "%04d-%02d-15", year, month);
}

struct status observation_check_time(struct call *call, const observation_message *observation,
                                     const struct observation_key *key)
{
    const char *first = first_day(call->arena, key);
    char today[DATE_TEXT_BYTES];

    date_format(date_of_time(call->now_us), today);
    if ((enum figure_status)observation->status != FIGURE_ESTIMATED && strcmp(first, today) > 0) {
        return REFUSE(call, REASON_PERIOD_IN_FUTURE, "period",
                      "period %s begins on %s, and today is %s: its value can only be ESTIMATED",
                      observation->period, first, today);
    }
    return STATUS_NONE;
}

struct status observation_note_order(struct call *call, const observation_message *before,
                                     observation_message *observation)
{
    char day_before[DATE_TEXT_BYTES];
    char day[DATE_TEXT_BYTES];

    if (observation->status < before->status) {
        TRY(note_append(call, observation, "status", REASON_LOWER_STATUS,
                        "revision %d was %s, and this later one is %s", before->revision,
                        figure_status_name((enum figure_status)before->status),
                        figure_status_name((enum figure_status)observation->status)));
    }
    if (observation->published_date[0] == '\0') {
        return STATUS_NONE;
    }
    observation_published_day(before, day_before);
    observation_published_day(observation, day);
    if (strcmp(day, day_before) >= 0) {
        return STATUS_NONE;
    }
    return note_append(call, observation, "publishedDate", REASON_PUBLISHED_EARLIER,
                       "published on %s, before revision %d (%s), which it replaces", day,
                       before->revision, day_before);
}
