/*
 * generate_indicators.c - twenty indicators of a province, and for each of its years a target and
 * 500 observations of each:
 *
 *     12 months of the whole, and of 40 parts that add up to it     492
 *     8 years to date, or of a stock 8 administrative months          8
 *
 * in three batches: first all as estimates; in spring of the year after, ten parts with other
 * values, and with them the whole; in autumn the whole as official.
 */
#include "generator.h"

#include <string.h>

enum { MONTHS = 12, PARTS = 40, REVISED_EACH = 4, FIRST_LANE = 10, EXTRAS = 8, FIRST_YEAR = 1923 };

static const struct {
    const char *slug;
    const char *title;
    const char *unit;
    bool stock;
    bool neutral;
    int64_t month_hundredths; /* of the first year */
} indicators[INDICATORS] = {
    {"industrial-output", "Giá trị sản xuất công nghiệp", "tỷ đồng", false, false, 90000},
    {"handicraft-output", "Giá trị sản xuất tiểu thủ công nghiệp", "tỷ đồng", false, false, 30000},
    {"electricity-sales", "Sản lượng điện thương phẩm", "triệu kWh", false, false, 15000},
    {"retail-sales", "Tổng mức bán lẻ hàng hóa", "tỷ đồng", false, false, 200000},
    {"service-revenue", "Doanh thu dịch vụ tiêu dùng", "tỷ đồng", false, false, 120000},
    {"exports", "Kim ngạch xuất khẩu", "triệu USD", false, false, 40000},
    {"imports", "Kim ngạch nhập khẩu", "triệu USD", false, true, 20000},
    {"coconut-products", "Sản lượng sản phẩm từ dừa", "tấn", false, false, 500000},
    {"seafood-products", "Sản lượng thủy sản chế biến", "tấn", false, false, 300000},
    {"garments", "Sản phẩm may mặc", "nghìn chiếc", false, false, 250000},
    {"activated-carbon", "Sản lượng than hoạt tính", "tấn", false, false, 80000},
    {"e-commerce-sales", "Doanh số thương mại điện tử", "tỷ đồng", false, false, 20000},
    {"promotion-funds", "Vốn khuyến công giải ngân", "triệu đồng", false, false, 60000},
    {"new-enterprises", "Doanh nghiệp thành lập mới", "doanh nghiệp", false, false, 40000},
    {"files-in-time", "Hồ sơ giải quyết đúng hạn", "hồ sơ", false, false, 150000},
    {"wind-power", "Công suất điện gió đang khai thác", "MW", true, false, 8000},
    {"solar-power", "Công suất điện mặt trời mái nhà", "MW", true, false, 9000},
    {"power-lines", "Đường dây trung thế", "km", true, false, 300000},
    {"industrial-workers", "Lao động trong công nghiệp", "nghìn người", true, false, 60000},
    {"markets", "Chợ đang hoạt động", "chợ", true, false, 16000},
};

const char *indicator_slug(unsigned index)
{
    return indicators[index].slug;
}

static int64_t month_hundredths(unsigned index, int year)
{
    return indicators[index].month_hundredths * (100 + 4 * (year - FIRST_YEAR)) / 100;
}

int64_t indicator_year_hundredths(unsigned index, int year)
{
    return month_hundredths(index, year) * (indicators[index].stock ? 1 : MONTHS);
}

void indicators_generate(struct round *round)
{
    (void)round_topic(round, 'i', 0);
    for (unsigned i = 0; i < INDICATORS; i++) {
        buffer_printf(&round->body,
                      "{\"displayName\":{\"vi\":\"%s\"},\"unit\":\"%s\",\"kind\":\"%s\","
                      "\"direction\":\"%s\",\"decimals\":2}",
                      indicators[i].title, indicators[i].unit,
                      indicators[i].stock ? "STOCK" : "FLOW",
                      indicators[i].neutral ? "NEUTRAL" : "HIGHER_IS_BETTER");
        round_send(round, FIRST_LANE + i, "indicators", 1, "/v1/indicators?indicatorId=%s-%s",
                   round->prefix, indicators[i].slug);
    }
}

static void target_generate(struct round *round, struct random *random, unsigned index)
{
    struct buffer *out = &round->body;
    const int64_t year = indicator_year_hundredths(index, round->year);

    buffer_printf(out, "{\"comparator\":\"%s\",%s\"growthPercent\":%u,\"value\":",
                  index % 5 == 4   ? "APPROXIMATELY"
                  : index % 5 == 3 ? "MORE_THAN"
                                   : "AT_LEAST",
                  index % 5 == 4 ? "\"tolerancePercent\":5," : "", 3 + random_below(random, 10));
    append_hundredths(out, year / 100 * random_between(random, 97, 112));
    buffer_append_text(out, ",\"baseline\":{\"value\":");
    append_hundredths(out, indicator_year_hundredths(index, round->year - 1));
    buffer_printf(out,
                  ",\"status\":\"ESTIMATED\",\"date\":\"%d-01-20\"},"
                  "\"document\":{\"number\":\"%u/KH-SCT\",\"date\":\"%d-03-25\"}}",
                  round->year, 1 + random_below(random, 900), round->year);
    round_send(round, FIRST_LANE + index, "targets", 1, "/v1/indicators/%s-%s/targets?targetId=%d",
               round->prefix, indicators[index].slug, round->year);
}

/* The values of one indicator and year. */
struct values {
    int64_t parts[MONTHS][PARTS];
};

static int64_t whole(const struct values *values, unsigned month)
{
    int64_t sum = 0;

    for (unsigned part = 0; part < PARTS; part++) {
        sum += values->parts[month][part];
    }
    return sum;
}

static void values_make(const struct round *round, struct random *random, unsigned index,
                        struct values *values)
{
    const int64_t mean = month_hundredths(index, round->year) / PARTS;
    const int64_t spread = indicators[index].stock ? 20 : 100;

    for (unsigned month = 0; month < MONTHS; month++) {
        for (unsigned part = 0; part < PARTS; part++) {
            const int64_t share = 1000 + random_between(random, -spread, spread);
            values->parts[month][part] = mean * share / 1000 + (int64_t)(part % 5);
        }
    }
}

/* A batch of the observations of one indicator and year. */
struct batch {
    struct round *round;
    unsigned index;
    unsigned count;
    const char *status;
    const char *source;
    int published_year; /* with the month and day below; 0: after the end of the month */
    unsigned published_month;
    unsigned published_day;
};

static void append_observation(struct batch *batch, unsigned month, const char *basis,
                               const char *window, int part, int64_t hundredths)
{
    struct buffer *out = &batch->round->body;
    const int year = batch->round->year;

    buffer_printf(out, "%s{\"period\":\"%d-%02u\",\"basis\":\"%s\",",
                  batch->count++ == 0 ? "" : ",", year, month + 1, basis);
    if (strcmp(window, "STATISTICAL") != 0) {
        buffer_printf(out, "\"window\":\"%s\",", window);
    }
    if (part >= 0) {
        buffer_printf(out, "\"breakdown\":{\"commune\":\"c%02d\"},", part);
    }
    buffer_append_text(out, "\"value\":");
    append_hundredths(out, hundredths);
    if (batch->published_year != 0) {
        buffer_printf(out, ",\"publishedDate\":\"%d-%02u-%02u\"", batch->published_year,
                      batch->published_month, batch->published_day);
    } else {
        buffer_printf(out, ",\"publishedDate\":\"%d-%02u-03\"",
                      month + 1 < MONTHS ? year : year + 1, month + 1 < MONTHS ? month + 2 : 1);
    }
    buffer_printf(out, ",\"status\":\"%s\",\"source\":\"%s\"}", batch->status, batch->source);
}

/* What is not a part: the months of the whole, and the extras. */
static void append_wholes(struct batch *batch, const struct values *values)
{
    static const unsigned extras[EXTRAS] = {1, 2, 4, 5, 7, 8, 10, 11};
    const bool stock = indicators[batch->index].stock;
    unsigned extra = 0;
    int64_t sum = 0;

    for (unsigned month = 0; month < MONTHS; month++) {
        const int64_t value = whole(values, month);
        sum += value;
        append_observation(batch, month, "PERIOD", "STATISTICAL", -1, value);
        if (extra < EXTRAS && extras[extra] == month) {
            append_observation(batch, month, stock ? "PERIOD" : "YEAR_TO_DATE",
                               stock ? "ADMINISTRATIVE" : "STATISTICAL", -1, stock ? value : sum);
            extra++;
        }
    }
}

static void batch_send(struct batch *batch)
{
    buffer_append_text(&batch->round->body, "]}");
    round_send(batch->round, FIRST_LANE + batch->index, "observations", batch->count,
               "/v1/indicators/%s-%s/observations:batchUpsert", batch->round->prefix,
               indicators[batch->index].slug);
    batch->count = 0;
}

static void observations_of(struct round *round, struct random *random, unsigned index)
{
    struct batch batch = {
        .round = round, .index = index, .status = "ESTIMATED", .source = "Cục Thống kê, ước tính"};
    struct values values;

    values_make(round, random, index, &values);
    buffer_append_text(&round->body, "{\"observations\":[");
    append_wholes(&batch, &values);
    for (unsigned month = 0; month < MONTHS; month++) {
        for (unsigned part = 0; part < PARTS; part++) {
            append_observation(&batch, month, "PERIOD", "STATISTICAL", (int)part,
                               values.parts[month][part]);
        }
    }
    batch_send(&batch);

    batch.status = "PRELIMINARY";
    batch.source = "Cục Thống kê, sơ bộ";
    batch.published_year = round->year + 1;
    batch.published_month = 4;
    batch.published_day = 15;
    buffer_append_text(&round->body, "{\"observations\":[");
    for (unsigned month = 0; month < MONTHS; month++) {
        for (unsigned part = 0; part < PARTS; part += REVISED_EACH) {
            values.parts[month][part] += 1 + random_between(random, 0, 300);
            append_observation(&batch, month, "PERIOD", "STATISTICAL", (int)part,
                               values.parts[month][part]);
        }
    }
    append_wholes(&batch, &values);
    batch_send(&batch);

    batch.status = "OFFICIAL";
    batch.source = "Niên giám thống kê";
    batch.published_month = 10;
    batch.published_day = 20;
    buffer_append_text(&round->body, "{\"observations\":[");
    append_wholes(&batch, &values);
    batch_send(&batch);
}

void observations_generate(struct round *round)
{
    for (unsigned index = 0; index < INDICATORS; index++) {
        struct random random = round_topic(round, 'v', index);
        target_generate(round, &random, index);
        observations_of(round, &random, index);
    }
}
