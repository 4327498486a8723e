/* html_test.c - escaped text, figures and dates in two languages. */
#include "unit.h"

#include "html.h"

#include <math.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 16 };

static struct buffer html;

static const char *result(void)
{
    buffer_append_char(&html, '\0');
    assert_false(buffer_failed(&html));
    html.length = 0;
    return html.data;
}

static void text_cannot_become_markup(void **state)
{
    (void)state;
    html_text(&html, "<script>alert('x')</script> & \"y\" Đồng khởi");
    assert_string_equal(result(), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; "
                                  "&quot;y&quot; Đồng khởi");
    html_text(&html, "");
    assert_string_equal(result(), "");
    html_text(&html, "<");
    assert_string_equal(result(), "&lt;");
    html_text(&html, "&lt;");
    assert_string_equal(result(), "&amp;lt;");
}

static void addresses_hold_nothing_but_what_is_plain(void **state)
{
    (void)state;
    html_url_part(&html, "indicators/a-b/observations/2022");
    assert_string_equal(result(), "indicators/a-b/observations/2022");
    html_url_part(&html, "\"><b>?&#%+ ế");
    assert_string_equal(result(), "%22%3E%3Cb%3E%3F%26%23%25%2B%20%E1%BA%BF");
}

static void numbers_are_written_as_the_language_does(void **state)
{
    static const struct {
        double value;
        int decimals;
        const char *vi;
        const char *en;
    } cases[] = {
        {0, -1, "0", "0"},
        {7, -1, "7", "7"},
        {999, -1, "999", "999"},
        {1000, -1, "1.000", "1,000"},
        {36501, -1, "36.501", "36,501"},
        {57037.7, -1, "57.037,7", "57,037.7"},
        {93.05, -1, "93,05", "93.05"},
        {-1.1538, -1, "-1,1538", "-1.1538"},
        {-1234567.25, -1, "-1.234.567,25", "-1,234,567.25"},
        {95.3, 2, "95,30", "95.30"},
        {12.65, 2, "12,65", "12.65"},
        {100, 2, "100,00", "100.00"},
        {1234.5, 2, "1.234,50", "1,234.50"},
        {999999999999999, -1, "999.999.999.999.999", "999,999,999,999,999"},
        {0.000001, -1, "0,000001", "0.000001"},
        {1e22, -1, "1e+22", "1e+22"},
        {-1e300, 2, "-1e+300", "-1e+300"},
        {INFINITY, 2, "inf", "inf"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[NUMBER_TEXT_BYTES];

        number_text(cases[i].value, cases[i].decimals, LANGUAGE_VI, text);
        assert_string_equal(text, cases[i].vi);
        number_text(cases[i].value, cases[i].decimals, LANGUAGE_EN, text);
        assert_string_equal(text, cases[i].en);
    }
}

static void dates_are_written_as_the_language_does(void **state)
{
    static const struct {
        const char *date;
        const char *vi;
    } cases[] = {
        {"2022-12-31", "31/12/2022"},
        {"2022-12", "12/2022"},
        {"2022", "2022"},
        {"", ""},
        {"2022-1-31", "2022-1-31"},
        {"<b>", "&lt;b&gt;"},
        {"2022-12-31T", "2022-12-31T"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        html_date(&html, cases[i].date, LANGUAGE_VI);
        assert_string_equal(result(), cases[i].vi);
    }
    html_date(&html, "2022-12-31", LANGUAGE_EN);
    assert_string_equal(result(), "2022-12-31");
}

static void times_are_those_of_vietnam(void **state)
{
    const int64_t new_year_us = INT64_C(1672506000) * 1000000; /* 2022-12-31T17:00:00Z */

    (void)state;
    html_time(&html, new_year_us, LANGUAGE_VI);
    assert_string_equal(result(), "00:00 ngày 01/01/2023");
    html_time(&html, new_year_us - 1000000, LANGUAGE_EN);
    assert_string_equal(result(), "2022-12-31 23:59");
}

static void a_style_is_named_by_its_hash(void **state)
{
    char text[STYLE_HASH_BYTES];

    (void)state;
    /* Of the empty text, as every browser has it. */
    style_hash(slice_from(""), text);
    assert_string_equal(text, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

static int set_up(void **state)
{
    (void)state;
    buffer_init(&html, LIMIT_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&html);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_cannot_become_markup),
        cmocka_unit_test(addresses_hold_nothing_but_what_is_plain),
        cmocka_unit_test(numbers_are_written_as_the_language_does),
        cmocka_unit_test(dates_are_written_as_the_language_does),
        cmocka_unit_test(times_are_those_of_vietnam),
        cmocka_unit_test(a_style_is_named_by_its_hash),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
