/* generate_registrations.c - the units of a province's year, and its ten movements: that of the
 * Department, and one for each district. */
#include "generator.h"
#include "words.h"

enum { THEMES = 3, FIRST_ENTERPRISE = 1 + DISTRICTS, FIRST_COMMUNE = 30 };

static const char *movement_place(unsigned movement)
{
    return movement == 0 ? "so-cong-thuong" : districts[movement - 1].id;
}

static void append_organization(struct round *round, struct random *random, unsigned index)
{
    struct buffer *out = &round->body;

    buffer_printf(out,
                  "%s{\"organizationId\":\"%s-o%02u\",\"organization\":{\"displayName\":{\"vi\":\"",
                  index == 0 ? "" : ",", round->yearly_prefix, index);
    if (index == 0) {
        buffer_append_text(out, "Sở Công Thương");
    } else if (index < FIRST_ENTERPRISE) {
        buffer_printf(out, "Ủy ban nhân dân %s", districts[index - 1].name);
    } else if (index < FIRST_COMMUNE) {
        append_enterprise(out, random);
    } else {
        buffer_printf(out, "Ủy ban nhân dân xã %s", any_commune(random));
    }
    buffer_printf(out, "\"},\"kind\":\"%s\"",
                  index == 0                 ? "DEPARTMENT"
                  : index < FIRST_ENTERPRISE ? "DISTRICT"
                  : index < FIRST_COMMUNE    ? "ENTERPRISE"
                                             : "COMMUNE");
    if (index >= FIRST_COMMUNE) {
        buffer_printf(out, ",\"parent\":\"organizations/%s-o%02u\"", round->yearly_prefix,
                      1 + random_below(random, DISTRICTS));
    }
    buffer_append_text(out, "}}");
}

void organizations_generate(struct round *round)
{
    struct random random = round_topic(round, 'o', 0);

    buffer_append_text(&round->body, "{\"requests\":[");
    for (unsigned i = 0; i < ORGANIZATIONS; i++) {
        append_organization(round, &random, i);
    }
    buffer_append_text(&round->body, "]}");
    round_send(round, 0, "organizations", ORGANIZATIONS, "/v1/organizations:batchCreate");
}

/* Of a hundred: which way a registration goes. */
enum way { WAY_DRAFT, WAY_SUBMITTED, WAY_RETURNED, WAY_WITHDRAWN, WAY_APPROVED, WAY_EVALUATED };

static enum way way_of(unsigned registration)
{
    const unsigned place = registration * 37 % MOVEMENT_REGISTRATIONS; /* 37: spreads them */

    return place < 5    ? WAY_DRAFT
           : place < 10 ? WAY_SUBMITTED
           : place < 13 ? WAY_RETURNED
           : place < 15 ? WAY_WITHDRAWN
           : place < 18 ? WAY_EVALUATED
                        : WAY_APPROVED;
}

static void append_commitment(struct round *round, struct random *random, unsigned registration)
{
    struct buffer *out = &round->body;
    const unsigned kind = registration % 10;
    const unsigned indicator = (registration / 10 * 4 + kind) % INDICATORS;

    if (kind < 4) {
        buffer_printf(out, "{\"indicator\":{\"indicator\":\"%s-%s\",\"year\":%d,", round->prefix,
                      indicator_slug(indicator), round->year);
        const int64_t year = indicator_year_hundredths(indicator, round->year);
        buffer_printf(out, "%s,\"value\":",
                      kind == 3 ? "\"comparator\":\"APPROXIMATELY\",\"tolerancePercent\":5"
                                : "\"comparator\":\"AT_LEAST\"");
        append_hundredths(out, year / 100 * random_between(random, 90, 110));
        buffer_append_text(out, "}}");
    } else if (kind == 4) {
        buffer_printf(out,
                      "{\"newClusters\":{\"year\":%d,\"comparator\":\"AT_LEAST\",\"value\":%u}}",
                      round->year, 1 + random_below(random, 5));
    } else if (kind == 5) {
        buffer_printf(out, "{\"milestone\":{\"scheme\":\"%s-night\",\"milestone\":\"m%u\"}}",
                      round->yearly_prefix, registration / 10);
    } else {
        buffer_printf(out, "{\"manual\":{\"criterion\":\"%s\"}}", any_promise(random));
    }
}

static void append_registration(struct round *round, struct random *random, unsigned registration)
{
    struct buffer *out = &round->body;
    const bool is_person = random_below(random, 100) < 60;
    const unsigned unit = random_below(random, ORGANIZATIONS);

    buffer_printf(
        out, "%s{\"registrationId\":\"r%02u\",\"registration\":{\"displayName\":{\"vi\":\"%s\"},",
        registration == 0 ? "" : ",", registration, any_promise(random));
    if (is_person) {
        buffer_append_text(out, "\"person\":{\"fullName\":\"");
        append_person(out, random);
        buffer_printf(out, "\",\"organization\":\"organizations/%s-o%02u\",\"position\":\"%s\"},",
                      round->yearly_prefix, unit, any_position(random));
    } else {
        buffer_printf(out, "\"organization\":\"organizations/%s-o%02u\",", round->yearly_prefix,
                      unit);
    }
    const bool direct = random_below(random, 2) == 1 && is_person;
    const unsigned theme = 1 + random_below(random, THEMES);
    const unsigned month = 6 + random_below(random, 7);
    const unsigned day = 1 + random_below(random, 28);
    buffer_printf(out, "\"directWorker\":%s,\"theme\":\"t%u\",\"dueDate\":\"%d-%02u-%02u\",",
                  direct ? "true" : "false", theme, round->year, month, day);
    buffer_append_text(out, "\"commitment\":");
    append_commitment(round, random, registration);
    buffer_append_text(out, "}}");
}

static void movement_create(struct round *round, struct random *random, unsigned movement)
{
    struct buffer *out = &round->body;
    const char *place = movement_place(movement);

    buffer_printf(out,
                  "{\"displayName\":{\"vi\":\"Phong trào thi đua “Đồng khởi mới” năm %d, %s\"},",
                  round->year, movement == 0 ? "Sở Công Thương" : districts[movement - 1].name);
    buffer_printf(out,
                  "\"synthetic\":true,\"year\":%d,\"planNumber\":\"%u/"
                  "KH\",\"organization\":\"organizations/%s-o%02u\","
                  "\"themes\":[",
                  round->year, 1 + random_below(random, 900), round->yearly_prefix, movement);
    for (unsigned i = 0; i < THEMES; i++) {
        const char *title = any_promise(random);
        const char *item = any_promise(random);
        buffer_printf(
            out, "%s{\"id\":\"t%u\",\"displayName\":{\"vi\":\"%s\"},\"items\":[{\"vi\":\"%s\"}]}",
            i == 0 ? "" : ",", i + 1, title, item);
    }
    buffer_append_text(out, "]}");
    round_send(round, movement, "movements", 1, "/v1/movements?movementId=%s-%s",
               round->yearly_prefix, place);
    buffer_append_char(out, '{');
    append_document(round, random, "KH", 2);
    buffer_append_char(out, '}');
    round_send(round, movement, "movements", 1, "/v1/movements/%s-%s:launch", round->yearly_prefix,
               place);
}

static void registrations_create(struct round *round, struct random *random, unsigned movement)
{
    buffer_append_text(&round->body, "{\"requests\":[");
    for (unsigned i = 0; i < MOVEMENT_REGISTRATIONS; i++) {
        append_registration(round, random, i);
    }
    buffer_append_text(&round->body, "]}");
    round_send(round, movement, "registrations", MOVEMENT_REGISTRATIONS,
               "/v1/movements/%s-%s/registrations:batchCreate", round->yearly_prefix,
               movement_place(movement));
}

static void append_name(struct round *round, unsigned movement, unsigned registration)
{
    buffer_printf(&round->body, "movements/%s-%s/registrations/r%02u", round->yearly_prefix,
                  movement_place(movement), registration);
}

static void registrations_submit(struct round *round, unsigned movement)
{
    unsigned count = 0;

    buffer_append_text(&round->body, "{\"requests\":[");
    for (unsigned i = 0; i < MOVEMENT_REGISTRATIONS; i++) {
        if (way_of(i) != WAY_DRAFT) {
            buffer_append_text(&round->body, count++ == 0 ? "{\"name\":\"" : ",{\"name\":\"");
            append_name(round, movement, i);
            buffer_append_text(&round->body, "\"}");
        }
    }
    buffer_append_text(&round->body, "]}");
    round_send(round, movement, "steps", count, "/v1/movements/%s-%s/registrations:batchSubmit",
               round->yearly_prefix, movement_place(movement));
}

static void registrations_approve(struct round *round, struct random *random, unsigned movement)
{
    unsigned count = 0;

    buffer_append_text(&round->body, "{\"requests\":[");
    for (unsigned i = 0; i < MOVEMENT_REGISTRATIONS; i++) {
        if (way_of(i) >= WAY_APPROVED) {
            buffer_append_text(&round->body, count++ == 0 ? "{\"name\":\"" : ",{\"name\":\"");
            append_name(round, movement, i);
            buffer_append_text(&round->body, "\",");
            append_document(round, random, "QĐ", 3);
            buffer_append_char(&round->body, '}');
        }
    }
    buffer_append_text(&round->body, "]}");
    round_send(round, movement, "steps", count, "/v1/movements/%s-%s/registrations:batchApprove",
               round->yearly_prefix, movement_place(movement));
}

static void append_report(struct round *round, struct random *random, unsigned movement,
                          unsigned registration, unsigned report)
{
    struct buffer *out = &round->body;
    const unsigned month = 4 + report * 3 + random_below(random, 3);
    const unsigned day = 1 + random_below(random, 28);
    const unsigned number = 1 + random_below(random, 900);

    buffer_append_text(out, "{\"parent\":\"");
    append_name(round, movement, registration);
    buffer_printf(out,
                  "\",\"reportId\":\"p%u\",\"report\":{\"progress\":\"%s\",\"period\":\"%d-%02u\","
                  "\"date\":\"%d-%02u-%02u\",\"evidence\":[{\"number\":\"%u/BC\"}]",
                  report, any_progress(random), round->year, month, round->year, month + 1, day,
                  number);
    if (registration % 10 < 4) {
        buffer_append_text(out, ",\"value\":");
        append_hundredths(out, random_between(random, 100, 900000));
    }
    buffer_append_text(out, "}}");
}

static void reports_create(struct round *round, struct random *random, unsigned movement)
{
    unsigned count = 0;

    buffer_append_text(&round->body, "{\"requests\":[");
    for (unsigned i = 0; i < MOVEMENT_REGISTRATIONS; i++) {
        const unsigned reports = way_of(i) >= WAY_APPROVED ? random_below(random, 3) : 0;
        for (unsigned k = 0; k < reports; k++) {
            buffer_append_text(&round->body, count++ == 0 ? "" : ",");
            append_report(round, random, movement, i, k);
        }
    }
    buffer_append_text(&round->body, "]}");
    round_send(round, movement, "reports", count,
               "/v1/movements/%s-%s/registrations/-/reports:batchCreate", round->yearly_prefix,
               movement_place(movement));
}

static void step(struct round *round, unsigned movement, unsigned registration, const char *step)
{
    round_send(round, movement, "steps", 1, "/v1/movements/%s-%s/registrations/r%02u:%s",
               round->yearly_prefix, movement_place(movement), registration, step);
}

/* The few registrations that go another way than most. */
static void other_ways(struct round *round, struct random *random, unsigned movement)
{
    static const char *const results[] = {"EXCELLENT", "GOOD", "COMPLETED", "NOT_COMPLETED"};

    for (unsigned i = 0; i < MOVEMENT_REGISTRATIONS; i++) {
        const enum way way = way_of(i);
        if (way == WAY_RETURNED) {
            buffer_append_text(&round->body, "{\"reason\":\"Chỉ tiêu chưa cụ thể\"}");
            step(round, movement, i, "return");
        } else if (way == WAY_WITHDRAWN) {
            buffer_append_text(&round->body, "{\"reason\":\"Chuyển công tác\"}");
            step(round, movement, i, "withdraw");
        } else if (way == WAY_EVALUATED) {
            const char *result = results[random_below(random, 4)];
            buffer_printf(&round->body,
                          "{\"text\":\"%s\",\"proposedResult\":\"%s\",\"date\":\"%d-12-01\"}",
                          any_progress(random), result, round->year);
            step(round, movement, i, "selfAssess");
            buffer_printf(&round->body,
                          "{\"result\":\"%s\",\"organization\":\"organizations/%s-o00\","
                          "\"date\":\"%d-12-%02u\"}",
                          result, round->yearly_prefix, round->year, 10 + random_below(random, 20));
            step(round, movement, i, "evaluate");
        }
    }
}

void movements_generate(struct round *round)
{
    for (unsigned movement = 0; movement < MOVEMENTS; movement++) {
        struct random random = round_topic(round, 'm', movement);
        movement_create(round, &random, movement);
        registrations_create(round, &random, movement);
        registrations_submit(round, movement);
        registrations_approve(round, &random, movement);
        reports_create(round, &random, movement);
        other_ways(round, &random, movement);
    }
}
