/* page_view_test.c - the HTML that is made of a scorecard. */
#include "unit.h"

#include "google/rpc/status.pb-c.h"
#include "page_view.h"
#include "pb/json.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 20 };

static struct arena *arena;
static struct buffer html;
static struct page_view view;

static const char card_json[] =
    "{\"movement\":\"movements/m\",\"displayName\":{\"vi\":\"Phong trào <b>\",\"en\":\"Movement\"},"
    "\"year\":2022,\"state\":\"LAUNCHED\",\"date\":\"2022-12-31\",\"publishedBy\":\"2022-12-31\","
    "\"complete\":false,\"sources\":[{\"service\":\"clusters\",\"answered\":false},"
    "{\"service\":\"indicators\",\"answered\":true}],\"lines\":[{\"registration\":"
    "\"movements/m/registrations/wind\",\"displayName\":{\"vi\":\"Điện gió\"},\"value\":93.05,"
    "\"unit\":\"MW\",\"period\":\"2021-11\",\"target\":140,\"comparator\":\"APPROXIMATELY\","
    "\"tolerancePercent\":5,\"percent\":66.46,\"status\":\"OFF_TRACK\",\"provisional\":true,"
    "\"localizedRule\":{\"vi\":\"khoảng 140\",\"en\":\"about 140\"},\"inputs\":[{\"name\":"
    "\"movements/m/registrations/wind\",\"revision\":3,\"value\":140},{\"name\":"
    "\"indicators/wind/observations/2021-11\",\"revision\":1,\"value\":93.05}],\"notes\":["
    "{\"field\":\"value\",\"reason\":\"EARLIER_PERIOD\",\"message\":\"of 2021-11\"}]},"
    "{\"registration\":\"movements/m/registrations/night\",\"displayName\":{\"vi\":\"Ban đêm\"},"
    "\"value\":1,\"target\":1,\"comparator\":\"DONE\",\"percent\":100,\"status\":\"ACHIEVED\","
    "\"date\":\"2022-12-30\",\"evidence\":{\"number\":\"3051/QĐ-UBND\",\"date\":\"2022-12-30\"}},"
    "{\"registration\":\"movements/m/registrations/ccn\",\"displayName\":{\"vi\":\"CCN\"},"
    "\"target\":2,\"comparator\":\"AT_LEAST\",\"status\":\"UNKNOWN\",\"notes\":[{\"field\":"
    "\"value\",\"reason\":\"SERVICE_DOWN\",\"message\":\"clusters did not answer\"}]}],"
    "\"indicators\":[{\"name\":\"indicators/output\",\"displayName\":{\"vi\":\"Sản xuất\"},"
    "\"unit\":\"billion VND\",\"target\":\"indicators/output/targets/2022\",\"comparator\":"
    "\"AT_LEAST\",\"targetValue\":38300,\"targetGrowthPercent\":8.2,\"yearToDate\":36501,"
    "\"yearToDatePeriod\":\"2022-12\",\"planPercent\":95.3,\"growthPercent\":12.65,"
    "\"growthOnPlanBasePercent\":3.12,\"levelStatus\":\"OFF_TRACK\",\"growthStatus\":\"EXCEEDED\","
    "\"inputs\":[{\"name\":\"indicators/output/observations/2021\",\"revision\":2,\"value\":32402},"
    "{\"name\":\"indicators/output/observations/2022\",\"revision\":1,\"value\":36501}]},"
    "{\"name\":\"indicators/power\",\"displayName\":{\"vi\":\"Điện\"},\"levelStatus\":\"UNKNOWN\","
    "\"notes\":[{\"field\":\"yearToDate\",\"reason\":\"MISSING_VALUE\",\"message\":\"no value\"},"
    "{\"field\":\"planPercent\",\"reason\":\"MISSING_VALUE\",\"message\":\"no value\"},"
    "{\"field\":\"seasonalForecast\",\"reason\":\"MISSING_BASE_YEARS\",\"message\":\"none\"}]}]}";

static const char *text(void)
{
    buffer_append_char(&html, '\0');
    assert_false(buffer_failed(&html));
    return html.data;
}

static const char *shown(enum language language, const char *json)
{
    void *card = NULL;

    buffer_clear(&html);
    view.language = language;
    assert_ok(json_decode(arena, &dongkhoi__registrations__v1__scorecard__descriptor,
                          slice_from(json), &card));
    page_show_scorecard(&view, card);
    return text();
}

static void expect(const char *page, const char *part)
{
    if (strstr(page, part) == NULL) {
        fail_msg("%s is not in %s", part, page);
    }
}

static void expect_not(const char *page, const char *part)
{
    if (strstr(page, part) != NULL) {
        fail_msg("%s is in %s", part, page);
    }
}

static void the_page_speaks_vietnamese(void **state)
{
    const char *page = shown(LANGUAGE_VI, card_json);

    (void)state;
    expect(page, "<html lang=\"vi\">");
    expect(page, "Phong trào &lt;b&gt;");
    expect_not(page, "<b>");
    expect(page, "<strong>31/12/2022</strong>");
    expect(page, ">khoảng 140</a> MW<small>± 5 %</small>");
    expect(page, ">93,05</a> MW<span class=\"mark\"");
    expect(page, "<small>11/2021</small>");
    expect(page, "Khó đạt");
    expect(page, "Số liệu mới nhất là của kỳ trước đó.");
    expect(page, "Minh chứng: 3051/QĐ-UBND ngày 30/12/2022");
    expect(page, ">hoàn thành</a><small>30/12/2022</small>");
    expect(page, ">36.501</a><small>12/2022</small>");
    expect(page, ">95,30</a>");
    expect(page, "tỷ đồng");
    expect(page, "so số gốc kế hoạch: <a href=\"#i4\">3,12</a>");
    expect(page, "không trả lời clusters.");
    expect(page, "Dịch vụ tạm thời không hoạt động. Đề nghị thử lại sau.");
}

static void the_page_speaks_english(void **state)
{
    const char *page = shown(LANGUAGE_EN, card_json);

    (void)state;
    expect(page, "<html lang=\"en\">");
    expect(page, "<p class=\"movement\">Movement</p>");
    expect(page, ">about 140</a> MW");
    expect(page, ">36,501</a>");
    expect(page, ">95.30</a>");
    expect(page, "billion VND");
    expect(page, "clusters did not answer");
    expect(page, "3051/QĐ-UBND, 2022-12-30");
    expect(page, "href=\"/?lang=vi&amp;movement=m&amp;publishedBy=2022-12-31\"");
}

static void every_number_leads_to_its_inputs(void **state)
{
    const char *page = shown(LANGUAGE_EN, card_json);

    (void)state;
    expect(page, "<a href=\"/v1/indicators/wind/observations/2021-11:history\">93.05</a>");
    expect(page, "<a href=\"/v1/movements/m/registrations/wind:history\">about 140</a>");
    expect(page, "<a href=\"#i1\">66.46</a>");
    expect(page, "<a href=\"/v1/indicators/output/observations/2022:history\">36,501</a>");
    expect(page, "<a href=\"/v1/indicators/output/targets/2022:history\">at least 38,300</a>");
    expect(page, "<a href=\"#i4\">12.65</a>");
    expect(page, "<dt id=\"i4\">Sản xuất</dt>");
    expect(page, "<a href=\"/v1/indicators/output/observations/2021:history\">observations/2021</a>"
                 " (revision 2) = 32,402");
    expect(page, "href=\"/v1/movements/m/scorecard?publishedBy=2022-12-31\"");
}

static void a_note_is_told_once_and_only_of_what_is_shown(void **state)
{
    const char *page = shown(LANGUAGE_EN, card_json);
    const char *first = strstr(page, "<small class=\"note\">no value</small>");

    (void)state;
    assert_non_null(first);
    assert_null(strstr(first + 1, "<small class=\"note\">no value</small>"));
    expect_not(page, ">none</small>");
}

static void what_was_asked_for_is_escaped(void **state)
{
    const struct page_view before = view;
    const char *page = NULL;

    (void)state;
    view.movement = "\"><script>";
    view.as_of = "'<i>&";
    view.published_by = "\"x";
    page = shown(LANGUAGE_VI, card_json);
    expect_not(page, "<script");
    expect_not(page, "<i>");
    expect_not(page, "value=\"\"x");
    expect(page, "movement=%22%3E%3Cscript%3E&amp;publishedBy=%22x&amp;asOf=%27%3Ci%3E%26");
    view = before;
}

static void an_empty_scorecard_says_so(void **state)
{
    const char *page = shown(LANGUAGE_EN, "{\"complete\":true}");

    (void)state;
    expect(page, "No commitment is registered yet.");
    expect(page, "No target is set for the year.");
    expect_not(page, "warning\"");
}

static void many_inputs_are_few_on_paper(void **state)
{
    char json[4096] = "{\"lines\":[{\"inputs\":[";

    (void)state;
    for (int i = 0; i < 12; i++) {
        strcat(json, i > 0 ? ",{\"name\":\"clusters/c\"}" : "{\"name\":\"clusters/c\"}");
    }
    strcat(json, "]}]}");
    expect(shown(LANGUAGE_VI, json), "<li class=\"more\">… 4 nguồn khác");
}

static void there_may_be_no_movement(void **state)
{
    (void)state;
    buffer_clear(&html);
    view.language = LANGUAGE_VI;
    page_show_nothing(&view);
    expect(text(), "Chưa có phong trào thi đua nào được phát động.");
}

static void failures_are_told_in_the_language(void **state)
{
    const struct status status = {.code = STATUS_UNAVAILABLE,
                                  .reason = REASON_SERVICE_DOWN,
                                  .message = "registrations <is> down"};

    (void)state;
    buffer_clear(&html);
    view.language = LANGUAGE_VI;
    page_show_failure(&view, status);
    expect(text(), "Dịch vụ tạm thời không hoạt động");
    expect(html.data, "<code>SERVICE_DOWN</code>");
    buffer_clear(&html);
    view.language = LANGUAGE_EN;
    page_show_failure(&view, status);
    expect(text(), "registrations &lt;is&gt; down");
}

static void the_policy_allows_no_more_than_the_style(void **state)
{
    const char *policy = page_security_policy();

    (void)state;
    expect(policy, "default-src 'none'; style-src 'sha256-");
    expect_not(policy, "unsafe");
    assert_ptr_equal(page_security_policy(), policy);
}

static void a_full_buffer_stays_failed(void **state)
{
    void *card = NULL;

    (void)state;
    assert_ok(json_decode(arena, &dongkhoi__registrations__v1__scorecard__descriptor,
                          slice_from(card_json), &card));
    for (size_t limit = 0; limit < 30000; limit += 501) {
        struct page_view small = view;
        struct buffer room;

        buffer_init(&room, limit);
        small.html = &room;
        page_show_scorecard(&small, card);
        assert_true(buffer_failed(&room) || room.length > 5000);
        buffer_done(&room);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES << 2);
    buffer_init(&html, LIMIT_BYTES);
    view = (struct page_view){.arena = arena,
                              .html = &html,
                              .movement = "m",
                              .as_of = "",
                              .published_by = "2022-12-31",
                              .now_us = 0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&html);
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_speaks_vietnamese),
        cmocka_unit_test(the_page_speaks_english),
        cmocka_unit_test(every_number_leads_to_its_inputs),
        cmocka_unit_test(a_note_is_told_once_and_only_of_what_is_shown),
        cmocka_unit_test(what_was_asked_for_is_escaped),
        cmocka_unit_test(an_empty_scorecard_says_so),
        cmocka_unit_test(many_inputs_are_few_on_paper),
        cmocka_unit_test(there_may_be_no_movement),
        cmocka_unit_test(failures_are_told_in_the_language),
        cmocka_unit_test(the_policy_allows_no_more_than_the_style),
        cmocka_unit_test(a_full_buffer_stays_failed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
