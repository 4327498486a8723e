/* csv_test.c - pages as tables. */
#include "unit.h"

#include "everything.h"
#include "pb/csv.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 16, MEMORY_BYTES = 1 << 16 };

#define HEADER                                                                                     \
    "name,leaf.displayName,leaf.count,leaf.planPercent,remark,value,wide,color,labels,leaves,"     \
    "createTime,text,chosen.displayName,chosen.count,chosen.planPercent,nothing,node.name,"        \
    "node.children,node.byName\r\n"

static struct buffer buffer;

/* The table of a page given as JSON; valid until the next call. */
static const char *table(const char *json)
{
    struct arena *arena = arena_new(MEMORY_BYTES);
    void *page = NULL;

    buffer_done(&buffer);
    buffer_init(&buffer, LIMIT_BYTES);
    assert_ok(json_decode(arena, &dongkhoi__test__page__descriptor, slice_from(json), &page));
    assert_true(csv_encode(&buffer, page));
    buffer_append_char(&buffer, '\0');
    assert_false(buffer_failed(&buffer));
    arena_free(arena);
    return buffer.data;
}

static const char *text_cell(const char *text)
{
    buffer_done(&buffer);
    buffer_init(&buffer, LIMIT_BYTES);
    csv_append_text(&buffer, slice_from(text));
    buffer_append_char(&buffer, '\0');
    return buffer.data;
}

static void an_empty_page_has_its_header(void **state)
{
    (void)state;
    assert_string_equal(table("{}"), HEADER);
}

static void what_is_unset_is_an_empty_cell(void **state)
{
    (void)state;
    assert_string_equal(table("{\"rows\":[{}]}"),
                        HEADER ",,,,,,0,COLOR_UNSPECIFIED,,,,,,,,,,,\r\n");
}

static void every_kind_of_field_has_its_form(void **state)
{
    (void)state;
    assert_string_equal(
        table("{\"rows\":[{\"name\":\"a\",\"leaf\":{\"displayName\":\"x, y\",\"planPercent\":0},"
              "\"remark\":\"=1+1\",\"value\":-1.5,\"wide\":\"-9007199254740993\","
              "\"color\":\"COLOR_RED\",\"labels\":{\"k\":\"v\"},\"leaves\":[{\"count\":1}],"
              "\"createTime\":\"2022-03-25T00:00:00Z\",\"nothing\":{},"
              "\"node\":{\"name\":\"n\",\"children\":[{\"name\":\"m\"}]}},{\"name\":\"b\","
              "\"chosen\":{\"count\":7}}]}"),
        HEADER "a,\"x, y\",0,0,'=1+1,-1.5,-9007199254740993,COLOR_RED,\"{\"\"k\"\":\"\"v\"\"}\","
               "\"[{\"\"displayName\"\":\"\"\"\",\"\"count\"\":1,\"\"planPercent\"\":null}]\","
               "2022-03-25T00:00:00Z,,,,,{},n,\"[{\"\"name\"\":\"\"m\"\",\"\"children\"\":[],"
               "\"\"byName\"\":{}}]\",\r\n"
               "b,,,,,,0,COLOR_UNSPECIFIED,,,,,,7,,,,,\r\n");
}

static void text_is_quoted_and_guarded_where_it_must_be(void **state)
{
    static const struct {
        const char *text;
        const char *cell;
    } cases[] = {
        {"", ""},
        {"Cụm công nghiệp", "Cụm công nghiệp"},
        {"a\"b", "\"a\"\"b\""},
        {"\"", "\"\"\"\""},
        {"a,b", "\"a,b\""},
        {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"=SUM(A1)", "'=SUM(A1)"},
        {"=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
        {"+9.73 %", "'+9.73 %"},
        {"-1", "'-1"},
        {"@x", "'@x"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"\nx", "\"'\nx\""},
        {"'x", "''x"},
        {"＝1", "'＝1"},
        {"＋1", "'＋1"},
        {"－1", "'－1"},
        {"＠x", "'＠x"},
        {"a=1", "a=1"},
        {"1-2", "1-2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(text_cell(cases[i].text), cases[i].cell);
    }
}

static void pages_are_known_by_their_fields(void **state)
{
    (void)state;
    assert_string_equal(csv_items(&dongkhoi__test__page__descriptor)->name, "rows");
    assert_null(csv_items(&dongkhoi__test__two_lists__descriptor));
    assert_null(csv_items(&dongkhoi__test__no_token__descriptor));
    assert_null(csv_items(&dongkhoi__test__everything__descriptor));
}

static void a_full_buffer_stays_failed(void **state)
{
    struct arena *arena = arena_new(MEMORY_BYTES);
    void *page = NULL;
    size_t limit = 0;

    (void)state;
    assert_ok(json_decode(arena, &dongkhoi__test__page__descriptor,
                          slice_from("{\"rows\":[{\"name\":\"=a\",\"labels\":{\"k\":\"v\"}}]}"),
                          &page));
    for (bool is_full = true; is_full; limit++) {
        struct buffer small;

        buffer_init(&small, limit);
        assert_true(csv_encode(&small, page));
        is_full = buffer_failed(&small);
        buffer_done(&small);
    }
    assert_in_range(limit, strlen(HEADER), 2 * strlen(HEADER));
    arena_free(arena);
}

static void a_time_out_of_its_range_makes_no_table(void **state)
{
    Dongkhoi__Test__Page page = DONGKHOI__TEST__PAGE__INIT;
    Dongkhoi__Test__Row row = DONGKHOI__TEST__ROW__INIT;
    Dongkhoi__Test__Row *rows[] = {&row};
    Google__Protobuf__Timestamp year_10000 = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    (void)state;
    year_10000.seconds = INT64_C(253402300800);
    row.create_time = &year_10000;
    page.n_rows = 1;
    page.rows = rows;
    buffer_done(&buffer);
    buffer_init(&buffer, LIMIT_BYTES);
    assert_false(csv_encode(&buffer, &page.base));
    assert_true(buffer_failed(&buffer));
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&buffer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_page_has_its_header),
        cmocka_unit_test(what_is_unset_is_an_empty_cell),
        cmocka_unit_test(every_kind_of_field_has_its_form),
        cmocka_unit_test(text_is_quoted_and_guarded_where_it_must_be),
        cmocka_unit_test(pages_are_known_by_their_fields),
        cmocka_unit_test(a_full_buffer_stays_failed),
        cmocka_unit_test(a_time_out_of_its_range_makes_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
