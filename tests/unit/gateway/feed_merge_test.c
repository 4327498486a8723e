/* feed_merge_test.c - one order from several journals, in pages of any length. */
#include "unit.h"

#include "feed_merge.h"

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <stdio.h>
#include <string.h>

enum { CHANGES_MAX = 64, JOURNALS = 3 };

typedef Dongkhoi__Changes__V1__Change Change;

/* Whole journals; sources are windows on them. */
static struct {
    const char *service;
    Change changes[CHANGES_MAX];
    Change *pointers[CHANGES_MAX];
    Google__Protobuf__Timestamp times[CHANGES_MAX];
    size_t count;
    size_t given;
    bool is_skewed; /* all entries are there, whatever their times are */
} journals[JOURNALS];

static int set_up(void **state)
{
    static const char *const services[JOURNALS] = {"clusters", "indicators", "registrations"};

    (void)state;
    memset(journals, 0, sizeof(journals));
    for (size_t i = 0; i < JOURNALS; i++) {
        journals[i].service = services[i];
    }
    return 0;
}

static void add(size_t journal, int64_t time_us)
{
    const size_t at = journals[journal].count++;
    Change *change = &journals[journal].changes[at];
    Google__Protobuf__Timestamp *time = &journals[journal].times[at];

    google__protobuf__timestamp__init(time);
    time->seconds = time_us / 1000000;
    time->nanos = (int32_t)(time_us % 1000000) * 1000;
    dongkhoi__changes__v1__change__init(change);
    change->service = (char *)(uintptr_t)journals[journal].service;
    change->seq = (int64_t)journals[journal].count;
    change->time = time;
    journals[journal].pointers[at] = change;
}

/* What a service answers at the time of its watermark: up to limit entries. */
static struct feed_source source_of(size_t journal, size_t limit, int64_t watermark_us)
{
    struct feed_source source = {
        .service = journals[journal].service,
        .changes = &journals[journal].pointers[journals[journal].given],
        .watermark_us = watermark_us,
    };

    for (size_t i = journals[journal].given; i < journals[journal].count; i++) {
        if (!journals[journal].is_skewed &&
            feed_time_us(journals[journal].pointers[i]) > watermark_us) {
            break;
        }
        if (source.count == limit) {
            source.has_more = true;
            break;
        }
        source.count++;
    }
    return source;
}

/* One page of all journals, as "c1 i1 ..." into text; moves on. */
static struct feed_page read_page(size_t limit, const int64_t watermarks_us[JOURNALS], char *text)
{
    static Change *changes[CHANGES_MAX * JOURNALS];
    struct feed_source sources[JOURNALS];
    struct feed_page page = {.changes = changes, .limit = limit};

    for (size_t i = 0; i < JOURNALS; i++) {
        sources[i] = source_of(i, limit, watermarks_us[i]);
    }
    const int64_t end_us = feed_end_us(sources, JOURNALS);
    for (size_t i = 0; i < JOURNALS; i++) {
        /* It is asked again, by when a clock that is right has gone on. */
        if (feed_lags(&sources[i], end_us) && !journals[i].is_skewed) {
            sources[i] = source_of(i, limit, end_us);
        }
    }
    feed_merge(sources, JOURNALS, end_us, &page);
    for (size_t i = 0; i < JOURNALS; i++) {
        journals[i].given += sources[i].taken;
    }
    for (size_t i = 0; i < page.count; i++) {
        text += sprintf(text, "%c%d ", changes[i]->service[0], (int)changes[i]->seq);
    }
    *text = '\0';
    return page;
}

static void changes_come_by_time_then_service_then_seq(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 1000, 1000};
    char text[256];

    (void)state;
    add(1, 10);
    add(1, 20);
    add(0, 20);
    add(2, 5);
    add(0, 999999);
    const struct feed_page page = read_page(50, watermarks_us, text);
    assert_string_equal(text, "r1 i1 c1 i2 ");
    assert_true(page.is_caught_up);
    assert_int_equal(page.watermark_us, 1000);
}

static void one_that_is_behind_is_asked_again_up_to_the_end(void **state)
{
    const int64_t first_us[JOURNALS] = {1000, 15, 30};
    const int64_t second_us[JOURNALS] = {1000, 1000, 1000};
    char text[256];

    (void)state;
    add(0, 10);
    add(0, 20);
    add(1, 16);
    add(1, 25);
    struct feed_page page = read_page(50, first_us, text);
    assert_string_equal(text, "c1 i1 c2 ");
    assert_true(page.is_caught_up);
    assert_int_equal(page.watermark_us, 20);
    add(2, 31);
    page = read_page(50, second_us, text);
    assert_string_equal(text, "i2 r1 ");
    assert_true(page.is_caught_up);
    assert_int_equal(page.watermark_us, 1000);
}

/* It came in between the two questions, and so it was not answered before the first. */
static void what_came_in_after_the_end_is_left_for_the_next_page(void **state)
{
    Change *changes[4];
    struct feed_source sources[2] = {{.service = "clusters"}, {.service = "indicators"}};
    struct feed_page page = {.changes = changes, .limit = 4};

    (void)state;
    add(0, 10);
    add(0, 20);
    sources[0].changes = journals[0].pointers;
    sources[0].count = 2;
    sources[0].watermark_us = 30;
    sources[1].watermark_us = 15;
    feed_merge(sources, 2, 15, &page);
    assert_int_equal(page.count, 1);
    assert_int_equal(sources[0].taken, 1);
    assert_int_equal(page.watermark_us, 15);
    assert_true(page.is_caught_up);
}

/* A clock that is a day ahead holds nothing: neither its own entries nor those of others. */
static void a_journal_that_is_ahead_is_given_at_once(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 1000, 1000};
    char text[256];

    (void)state;
    journals[0].is_skewed = true;
    add(0, 900);
    add(0, 86400000);
    add(1, 950);
    add(2, 100);
    struct feed_page page = read_page(50, watermarks_us, text);
    assert_string_equal(text, "r1 c1 i1 c2 ");
    assert_true(page.is_caught_up);
    assert_int_equal(page.watermark_us, 1000);
    add(1, 980);
    add(0, 86400001);
    page = read_page(50, watermarks_us, text);
    assert_string_equal(text, "i2 c3 ");
    assert_true(page.is_caught_up);
}

static void a_clock_that_is_behind_holds_nobody(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 3, 1000};
    char text[256];

    (void)state;
    journals[1].is_skewed = true;
    add(0, 900);
    add(1, 2);
    add(2, 999);
    const struct feed_page page = read_page(2, watermarks_us, text);
    assert_string_equal(text, "i1 c1 ");
    assert_false(page.is_caught_up);
    (void)read_page(2, watermarks_us, text);
    assert_string_equal(text, "r1 ");
}

static void a_journal_that_has_more_is_not_overtaken(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 1000, 1000};
    char text[256];

    (void)state;
    for (int i = 0; i < 10; i++) {
        add(0, 10 + i);
    }
    add(1, 14);
    add(1, 100);
    struct feed_page page = read_page(3, watermarks_us, text);
    assert_string_equal(text, "c1 c2 c3 ");
    assert_false(page.is_caught_up);
    page = read_page(3, watermarks_us, text);
    assert_string_equal(text, "c4 c5 i1 ");
    page = read_page(7, watermarks_us, text);
    assert_string_equal(text, "c6 c7 c8 c9 c10 i2 ");
    assert_true(page.is_caught_up);
}

static void a_page_that_ends_at_the_end_says_so(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 1000, 1000};
    char text[256];

    (void)state;
    add(0, 10);
    add(1, 11);
    struct feed_page page = read_page(1, watermarks_us, text);
    assert_string_equal(text, "c1 ");
    assert_false(page.is_caught_up);
    page = read_page(1, watermarks_us, text);
    assert_string_equal(text, "i1 ");
    assert_true(page.is_caught_up);
    page = read_page(1, watermarks_us, text);
    assert_int_equal(page.count, 0);
    assert_true(page.is_caught_up);
}

static void a_page_ends_at_its_bytes_and_has_one_change_at_least(void **state)
{
    const int64_t watermarks_us[JOURNALS] = {1000, 1000, 1000};
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    char text[256];

    (void)state;
    any.value.len = FEED_PAGE_MAX_BYTES + 1;
    for (int i = 0; i < 2; i++) {
        add(0, 10 + 2 * i);
        add(1, 11 + 2 * i);
        journals[0].changes[i].resource = &any;
    }
    struct feed_page page = read_page(50, watermarks_us, text);
    assert_string_equal(text, "c1 ");
    assert_false(page.is_caught_up);
    any.value.len = FEED_PAGE_MAX_BYTES;
    page = read_page(50, watermarks_us, text);
    assert_string_equal(text, "i1 c2 i2 ");
    assert_true(page.is_caught_up);
}

static void no_services_have_no_changes(void **state)
{
    Change *changes[1];
    struct feed_page page = {.changes = changes, .limit = 1};

    (void)state;
    feed_merge(NULL, 0, feed_end_us(NULL, 0), &page);
    assert_int_equal(page.count, 0);
    assert_true(page.is_caught_up);
}

/* Any journals, read in any pages with watermarks that go up anyhow, give the sorted whole. */
static void all_pages_together_are_the_one_order(void **state)
{
    unsigned random = 1;

    for (int round = 0; round < 300; round++) {
        int64_t watermarks_us[JOURNALS] = {0};
        int64_t last_us = 0;
        const char *last_service = "";
        size_t total = 0;
        size_t seen = 0;

        (void)set_up(state);
        for (size_t i = 0; i < JOURNALS; i++) {
            int64_t time_us = 0;
            random = random * 1103515245 + 12345;
            const size_t count = (random >> 16) % 20;
            for (size_t k = 0; k < count; k++) {
                random = random * 1103515245 + 12345;
                time_us += 1 + (random >> 16) % 4;
                add(i, time_us);
            }
            total += count;
        }
        for (int page_number = 0; page_number < 400 && seen < total; page_number++) {
            char text[1024];
            random = random * 1103515245 + 12345;
            watermarks_us[random % JOURNALS] += (random >> 16) % 9;
            const struct feed_page page = read_page(1 + (random >> 20) % 7, watermarks_us, text);
            for (size_t i = 0; i < page.count; i++) {
                const Change *change = page.changes[i];
                const int64_t time_us = feed_time_us(change);
                assert_true(time_us > last_us ||
                            (time_us == last_us && strcmp(change->service, last_service) > 0));
                assert_true(time_us <= page.watermark_us);
                last_us = time_us;
                last_service = change->service;
            }
            seen += page.count;
        }
        assert_int_equal(seen, total);
    }
}

/* Whatever the times are, each page goes on, each journal comes in its order, and nothing is left
 * when it is said that all was given. */
static void wrong_clocks_lose_nothing(void **state)
{
    unsigned random = 7;

    for (int round = 0; round < 300; round++) {
        const int64_t watermarks_us[JOURNALS] = {40, 5, 20};
        uint64_t next[JOURNALS] = {1, 1, 1};
        size_t total = 0;
        size_t seen = 0;
        bool is_caught_up = false;

        (void)set_up(state);
        for (size_t i = 0; i < JOURNALS; i++) {
            int64_t time_us = (int64_t)(random % 50);
            journals[i].is_skewed = true;
            random = random * 1103515245 + 12345;
            const size_t count = (random >> 16) % 20;
            for (size_t k = 0; k < count; k++) {
                random = random * 1103515245 + 12345;
                time_us += 1 + (random >> 16) % 9;
                add(i, time_us);
            }
            total += count;
        }
        while (!is_caught_up) {
            char text[1024];
            random = random * 1103515245 + 12345;
            const struct feed_page page = read_page(1 + (random >> 20) % 7, watermarks_us, text);
            for (size_t i = 0; i < page.count; i++) {
                const size_t journal = page.changes[i]->service[0] == 'c'   ? 0
                                       : page.changes[i]->service[0] == 'i' ? 1
                                                                            : 2;
                assert_int_equal(page.changes[i]->seq, next[journal]++);
            }
            seen += page.count;
            is_caught_up = page.is_caught_up;
            assert_true(page.count > 0 || is_caught_up);
        }
        assert_int_equal(seen, total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(changes_come_by_time_then_service_then_seq, set_up),
        cmocka_unit_test_setup(one_that_is_behind_is_asked_again_up_to_the_end, set_up),
        cmocka_unit_test_setup(what_came_in_after_the_end_is_left_for_the_next_page, set_up),
        cmocka_unit_test_setup(a_journal_that_is_ahead_is_given_at_once, set_up),
        cmocka_unit_test_setup(a_clock_that_is_behind_holds_nobody, set_up),
        cmocka_unit_test_setup(a_journal_that_has_more_is_not_overtaken, set_up),
        cmocka_unit_test_setup(a_page_that_ends_at_the_end_says_so, set_up),
        cmocka_unit_test_setup(a_page_ends_at_its_bytes_and_has_one_change_at_least, set_up),
        cmocka_unit_test(no_services_have_no_changes),
        cmocka_unit_test(all_pages_together_are_the_one_order),
        cmocka_unit_test(wrong_clocks_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
