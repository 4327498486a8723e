/* sdmx_csv_test.c - observations as an SDMX-CSV message. */
#include "unit.h"

#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "pb/json.h"
#include "sdmx_csv.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 16 };

#define DIMENSIONS "INDICATOR,FREQ,TIME_PERIOD,BASIS,WINDOW"
#define REST "OBS_VALUE,OBS_STATUS,STATUS,UNIT_MEASURE,DECIMALS,SOURCE,PUBLISHED_DATE,NOTE\r\n"
#define FIRST "STRUCTURE,STRUCTURE_ID,ACTION,"
#define FLOW "dataflow,DONGKHOI:OBSERVATIONS(1.0.0),I,"

static struct arena *arena;
static struct buffer buffer;

static const char *table(const char *json, unsigned version)
{
    void *page = NULL;

    buffer_clear(&buffer);
    assert_ok(json_decode(arena, &dongkhoi__indicators__v1__list_observations_response__descriptor,
                          slice_from(json), &page));
    assert_ok(sdmx_csv_encode(arena, &buffer, page, version));
    buffer_append_char(&buffer, '\0');
    return buffer.data;
}

static void an_empty_page_has_its_header(void **state)
{
    (void)state;
    assert_string_equal(table("{}", 2), FIRST DIMENSIONS "," REST);
    assert_string_equal(table("{}", 1), "DATAFLOW," DIMENSIONS "," REST);
}

static void every_component_has_its_column(void **state)
{
    static const char page[] =
        "{\"observations\":[{\"name\":\"indicators/exports/observations/2022-09-ytd\","
        "\"period\":\"2022-09\",\"basis\":\"YEAR_TO_DATE\",\"window\":\"STATISTICAL\","
        "\"value\":1118.1,\"status\":\"PRELIMINARY\",\"publishedDate\":\"2023-09-11\","
        "\"source\":\"=a,b\",\"note\":\"say \\\"1108 / 0.991\\\"\",\"decimals\":2,"
        "\"unit\":\"million USD\"},{\"name\":\"indicators/exports/observations/2021\","
        "\"period\":\"2021\",\"basis\":\"PERIOD\",\"window\":\"STATISTICAL\",\"value\":-0.5,"
        "\"status\":\"ESTIMATED\"},{\"name\":\"indicators/exports/observations/2020\","
        "\"period\":\"2020\",\"basis\":\"PERIOD\",\"window\":\"ADMINISTRATIVE\",\"value\":0,"
        "\"status\":\"OFFICIAL\"}]}";

    (void)state;
    assert_string_equal(table(page, 2), FIRST DIMENSIONS
                        "," REST FLOW
                        "exports,M,2022-09,YEAR_TO_DATE,STATISTICAL,1118.1,P,PRELIMINARY,million "
                        "USD,2,\"=a,b\",2023-09-11,\"say \"\"1108 / 0.991\"\"\"\r\n" FLOW
                        "exports,A,2021,PERIOD,STATISTICAL,-0.5,E,ESTIMATED,,0,,,\r\n" FLOW
                        "exports,A,2020,PERIOD,ADMINISTRATIVE,0,A,OFFICIAL,,0,,,\r\n");
    assert_non_null(strstr(table(page, 1), "\r\nDONGKHOI:OBSERVATIONS(1.0),exports,A,2021,"));
}

static void dimensions_of_breakdowns_are_columns_of_their_own(void **state)
{
    static const char page[] =
        "{\"observations\":["
        "{\"name\":\"indicators/w/observations/a\",\"period\":\"2022\",\"breakdown\":"
        "{\"plant\":\"v1-3\"},\"value\":30},"
        "{\"name\":\"indicators/w/observations/b\",\"period\":\"2022\",\"value\":93.05},"
        "{\"name\":\"indicators/w/observations/c\",\"period\":\"2022\",\"breakdown\":"
        "{\"PLANT\":\"x\",\"freq\":\"y\",\"1 tỉnh\":\"z\",\"plant\":\"t\"}}]}";

    (void)state;
    assert_string_equal(table(page, 2), FIRST DIMENSIONS
                        ",_1_T___NH,PLANT,FREQ_2,PLANT_2," REST FLOW
                        "w,A,2022,BASIS_UNSPECIFIED,WINDOW_UNSPECIFIED,_T,_T,_T,v1-3,30,,"
                        "STATUS_UNSPECIFIED,,0,,,\r\n" FLOW
                        "w,A,2022,BASIS_UNSPECIFIED,WINDOW_UNSPECIFIED,_T,_T,_T,_T,93.05,,"
                        "STATUS_UNSPECIFIED,,0,,,\r\n" FLOW
                        "w,A,2022,BASIS_UNSPECIFIED,WINDOW_UNSPECIFIED,z,x,y,t,,,"
                        "STATUS_UNSPECIFIED,,0,,,\r\n");
}

static void a_full_arena_is_a_status(void **state)
{
    void *page = NULL;

    (void)state;
    assert_ok(json_decode(
        arena, &dongkhoi__indicators__v1__list_observations_response__descriptor,
        slice_from("{\"observations\":[{\"breakdown\":{\"plant\":\"a\",\"freq\":\"b\"}}]}"),
        &page));
    for (size_t limit = 64;; limit += 16) {
        struct arena *small = arena_new(limit);

        buffer_clear(&buffer);
        const struct status status = status_within(small, sdmx_csv_encode(small, &buffer, page, 2));
        arena_free(small);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_string_equal(status.reason, "REQUEST_TOO_COSTLY");
        assert_in_range(limit, 64, 4096);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    buffer_init(&buffer, LIMIT_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&buffer);
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_page_has_its_header),
        cmocka_unit_test(every_component_has_its_column),
        cmocka_unit_test(dimensions_of_breakdowns_are_columns_of_their_own),
        cmocka_unit_test(a_full_arena_is_a_status),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
