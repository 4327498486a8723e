/* negotiation_test.c - Accept and Accept-Language: which form, which language. */
#include "unit.h"

#include "coding.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "language.h"
#include "media.h"
#include "negotiate.h"

#include <stdio.h>

#define SDMX "application/vnd.sdmx.data+csv"

enum { ALL = (1 << MEDIA_MESSAGE) - 1, NONE = MEDIA_COUNT };

static struct http_head head_with(const char *name, const char *value)
{
    struct http_head head = {.field_count = value != NULL ? 1 : 0};

    head.fields[0].name = slice_from(name);
    head.fields[0].value = slice_from(value != NULL ? value : "");
    return head;
}

static void accept_chooses_the_form(void **state)
{
    static const struct {
        const char *accept;
        unsigned offered;
        int media;
    } cases[] = {
        {NULL, ALL, MEDIA_JSON},
        {"", ALL, MEDIA_JSON},
        {" , ,", ALL, MEDIA_JSON},
        {"*/*", ALL, MEDIA_JSON},
        {"application/*", ALL, MEDIA_JSON},
        {"text/*", ALL, MEDIA_CSV},
        {"text/csv", ALL, MEDIA_CSV},
        {"TEXT/CSV", ALL, MEDIA_CSV},
        {"text/csv", 1 << MEDIA_JSON, NONE},
        {"text/csv, */*;q=0.1", 1 << MEDIA_JSON, MEDIA_JSON},
        {"text/csv;charset=UTF-8", ALL, MEDIA_CSV},
        {"text/csv; header=present; charset=\"utf-8\"", ALL, MEDIA_CSV},
        {"text/csv;header=absent", ALL, NONE},
        {"text/csv;charset=utf-16", ALL, NONE},
        {"text/csv;q=0.5, application/json;q=0.4", ALL, MEDIA_CSV},
        {"text/csv;q=0.4, application/json;q=0.5", ALL, MEDIA_JSON},
        {"text/csv, application/json", ALL, MEDIA_CSV},
        {"application/json, text/csv", ALL, MEDIA_JSON},
        {"*/*, text/csv", ALL, MEDIA_CSV},
        {"application/json, text/plain, */*", ALL, MEDIA_JSON},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ALL, MEDIA_JSON},
        {"text/html", ALL, NONE},
        {"text/csv;q=0", ALL, NONE},
        {"text/csv;q=0, */*", ALL, MEDIA_JSON},
        {"application/json;q=0, */*", ALL, MEDIA_CSV},
        {"*/*;q=0", ALL, NONE},
        {"text/csv;q=0.001", ALL, MEDIA_CSV},
        {"text/csv;q=2, application/json;q=0.1", ALL, MEDIA_JSON},
        {"text/csv;q=0.1234", ALL, MEDIA_JSON},
        {"text/csv;q=1.001", ALL, MEDIA_JSON},
        {"text/csv;q=x", ALL, MEDIA_JSON},
        {"text/csv;Q=1.000", ALL, MEDIA_CSV},
        {"application/json; indent=2", ALL, MEDIA_JSON},
        {"text/csvx", ALL, NONE},
        {"text", ALL, NONE},
        {"text/", ALL, NONE},
        {"\"text/csv", ALL, NONE},
        {"text/plain;a=\"x,text/csv;y\"", ALL, NONE},
        {SDMX, ALL, MEDIA_SDMX_CSV_2},
        {SDMX ";version=2.0.0", ALL, MEDIA_SDMX_CSV_2},
        {SDMX "; version=1.0.0", ALL, MEDIA_SDMX_CSV_1},
        {SDMX ";version=1.0", ALL, MEDIA_SDMX_CSV_1},
        {SDMX ";version=3.0.0", ALL, NONE},
        {SDMX ";version=2.0.0;labels=id;timeFormat=original;keys=none", ALL, MEDIA_SDMX_CSV_2},
        {SDMX ";version=2.0.0;labels=both", ALL, NONE},
        {SDMX ";version=2.0.0, " SDMX ";version=1.0.0", ALL, MEDIA_SDMX_CSV_2},
        {SDMX ";version=2.0.0;q=0.5, " SDMX ";version=1.0.0", ALL, MEDIA_SDMX_CSV_1},
        {SDMX, 1 << MEDIA_JSON | 1 << MEDIA_CSV, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with("accept", cases[i].accept);
        enum media media = MEDIA_COUNT;
        const bool found = media_choose(&head, cases[i].offered, &media);

        if (found != (cases[i].media != NONE) || (int)media != cases[i].media) {
            fail_msg("%s: %d", cases[i].accept, (int)media);
        }
    }
}

static void two_fields_are_one_list(void **state)
{
    struct http_head head = head_with("Accept", "application/json;q=0.2");
    enum media media = MEDIA_JSON;

    (void)state;
    head.fields[1] = (struct http_field){slice_from("ACCEPT"), slice_from("text/csv;q=0.3")};
    head.field_count = 2;
    assert_true(media_choose(&head, ALL, &media));
    assert_int_equal(media, MEDIA_CSV);
}

static void forms_follow_from_the_type(void **state)
{
    (void)state;
    assert_int_equal(media_of(&dongkhoi__indicators__v1__list_observations_response__descriptor),
                     ALL);
    assert_int_equal(media_of(&dongkhoi__indicators__v1__list_indicators_response__descriptor),
                     1 << MEDIA_JSON | 1 << MEDIA_CSV);
    assert_int_equal(media_of(&dongkhoi__indicators__v1__observation__descriptor), 1 << MEDIA_JSON);
    assert_int_equal(
        media_of(&dongkhoi__indicators__v1__batch_upsert_observations_response__descriptor),
        1 << MEDIA_JSON);
}

static void accept_encoding_chooses_whether_to_compress(void **state)
{
    static const struct {
        const char *accept;
        bool is_gzip;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"gzip, deflate, br, zstd", true},
        {"deflate, br", false},
        {"gzip;q=0", false},
        {"gzip;q=0.001", true},
        {"gzip;q=0.5, identity", false},
        {"gzip;q=0.5, identity;q=0.5", true},
        {"identity;q=0.5, gzip", true},
        {"identity", false},
        {"*", true},
        {"*;q=0", false},
        {"*, gzip;q=0", false},
        {"br, *;q=0.1", true},
        {"gzipped", false},
        {"gzip;q=2", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with("accept-encoding", cases[i].accept);

        if (coding_is_gzip(&head) != cases[i].is_gzip) {
            fail_msg("%s", cases[i].accept);
        }
    }
}

static void accept_language_chooses_the_language(void **state)
{
    static const struct {
        const char *accept;
        enum language language;
    } cases[] = {
        {NULL, LANGUAGE_EN},
        {"", LANGUAGE_EN},
        {"vi", LANGUAGE_VI},
        {"VI", LANGUAGE_VI},
        {"vi-VN", LANGUAGE_VI},
        {"vi-VN,vi;q=0.9,en-US;q=0.8,en;q=0.7", LANGUAGE_VI},
        {"en-US,en;q=0.9,vi;q=0.8", LANGUAGE_EN},
        {"fr", LANGUAGE_EN},
        {"fr, vi;q=0.1", LANGUAGE_VI},
        {"vie", LANGUAGE_EN},
        {"v", LANGUAGE_EN},
        {"*", LANGUAGE_EN},
        {"*, vi", LANGUAGE_VI},
        {"en;q=0, *", LANGUAGE_VI},
        {"vi;q=0", LANGUAGE_EN},
        {"vi;q=0, *;q=0.5", LANGUAGE_EN},
        {"en, vi", LANGUAGE_EN},
        {"vi, en", LANGUAGE_VI},
        {"en;q=0.5, vi;q=0.6", LANGUAGE_VI},
        {"vi;q=0.500, en;q=0.5", LANGUAGE_VI},
        {"vi;q=1.5", LANGUAGE_EN},
        {"vi ; q=0.9 , en ; q=0.1", LANGUAGE_VI},
        {";;,=,\"", LANGUAGE_EN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_head head = head_with("Accept-Language", cases[i].accept);

        if (language_choose(&head, LANGUAGE_EN) != cases[i].language) {
            fail_msg("%s", cases[i].accept);
        }
    }
}

static void a_fallback_stands_where_nothing_is_named(void **state)
{
    const struct http_head none = {0};
    const struct http_head english = head_with("Accept-Language", "en;q=0.1, fr");
    const struct http_head any = head_with("Accept-Language", "*");

    (void)state;
    assert_int_equal(language_choose(&none, LANGUAGE_VI), LANGUAGE_VI);
    assert_int_equal(language_choose(&english, LANGUAGE_VI), LANGUAGE_EN);
    assert_int_equal(language_choose(&any, LANGUAGE_VI), LANGUAGE_VI);
}

static void tags_are_read(void **state)
{
    enum language language = LANGUAGE_EN;

    (void)state;
    assert_true(language_parse(slice_from("vi-VN"), &language));
    assert_int_equal(language, LANGUAGE_VI);
    assert_true(language_parse(slice_from("EN"), &language));
    assert_int_equal(language, LANGUAGE_EN);
    assert_false(language_parse(slice_from("fr"), &language));
    assert_false(language_parse(slice_from("*"), &language));
    assert_false(language_parse(slice_from(""), &language));
}

static void lists_of_any_bytes_end(void **state)
{
    static const char bytes[] = ",;=\"\\ q01.";
    char text[6];

    (void)state;
    for (unsigned n = 0; n < 100000; n++) {
        unsigned rest = n;
        struct slice list = {text, sizeof(text)};
        struct preference preference;

        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = bytes[rest % (sizeof(bytes) - 1)];
            rest = rest / (unsigned)(sizeof(bytes) - 1) + (unsigned)i;
        }
        while (preference_next(&list, &preference)) {
            assert_true(preference.weight <= WEIGHT_MAX);
        }
        assert_int_equal(list.length, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_chooses_the_form),
        cmocka_unit_test(two_fields_are_one_list),
        cmocka_unit_test(forms_follow_from_the_type),
        cmocka_unit_test(accept_encoding_chooses_whether_to_compress),
        cmocka_unit_test(accept_language_chooses_the_language),
        cmocka_unit_test(a_fallback_stands_where_nothing_is_named),
        cmocka_unit_test(tags_are_read),
        cmocka_unit_test(lists_of_any_bytes_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
