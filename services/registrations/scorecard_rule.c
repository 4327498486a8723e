/* scorecard_rule.c - sentences for people, in English and Vietnamese. */
#include "scorecard_rule.h"

#include "pb/message.h"

#include <stdio.h>

static struct status rule_set(struct call *call, line_message *line, char *en, char *vi)
{
    Dongkhoi__Type__V1__LocalizedText *text =
        message_new(call->arena, &dongkhoi__type__v1__localized_text__descriptor);

    text->vi = vi;
    text->en = en;
    line->rule = en;
    line->localized_rule = text;
    return STATUS_NONE;
}

static const char *title_vi(const title_message *title, const char *name)
{
    return title != NULL && title->vi[0] != '\0' ? title->vi : name;
}

static const char *title_en(const title_message *title, const char *name)
{
    return title != NULL && title->en[0] != '\0' ? title->en : title_vi(title, name);
}

static const struct {
    const char *en;
    const char *vi;
} comparisons[] = {
    [LINE_AT_LEAST] = {"at least", "ít nhất"},
    [LINE_MORE_THAN] = {"more than", "hơn"},
};

struct status rule_of_indicator(struct call *call,
                                const Dongkhoi__Registrations__V1__IndicatorCommitment *test,
                                const progress_message *progress, line_message *line)
{
    const char *unit = progress != NULL ? progress->unit : "";
    const char *name = arena_printf(call->arena, "indicators/%s", test->indicator);
    const title_message *title = progress != NULL ? progress->display_name : NULL;
    const char *space = unit[0] != '\0' ? " " : "";
    const double value = test->value->value;
    const int comparator = (int)test->comparator;
    char en[160];
    char vi[160];

    if (comparator == LINE_APPROXIMATELY) {
        const double tolerance = test->tolerance_percent->value;
        (void)snprintf(en, sizeof(en), "about %.15g%s%.50s: within %.15g %% of it", value, space,
                       unit, tolerance);
        (void)snprintf(vi, sizeof(vi), "khoảng %.15g%s%.50s: sai lệch không quá %.15g %%", value,
                       space, unit, tolerance);
    } else {
        (void)snprintf(en, sizeof(en), "%s %.15g%s%.50s", comparisons[comparator].en, value, space,
                       unit);
        (void)snprintf(vi, sizeof(vi), "%s %.15g%s%.50s", comparisons[comparator].vi, value, space,
                       unit);
    }
    return rule_set(call, line,
                    arena_printf(call->arena,
                                 "the year to date of %s in December %d, or in the "
                                 "latest month that has one, is %s",
                                 title_en(title, name), test->year, en),
                    arena_printf(call->arena,
                                 "giá trị lũy kế của chỉ tiêu %s đến tháng 12 năm %d, "
                                 "hoặc đến tháng mới nhất có số liệu, là %s",
                                 title_vi(title, name), test->year, vi));
}

struct status rule_of_clusters(struct call *call,
                               const Dongkhoi__Registrations__V1__NewClustersCommitment *test,
                               const count_message *count, line_message *line)
{
    static const char *const counting_vi[] = {
        "chưa rõ quy tắc đếm",
        "tính theo năm của quyết định thành lập",
        "tính theo năm giao chủ đầu tư hạ tầng lần đầu",
        "tính theo năm khởi công hạ tầng",
    };
    const int comparator = (int)test->comparator;
    const size_t rule = count != NULL ? (size_t)count->counting_rule : 0;
    const char *vi = counting_vi[rule < sizeof(counting_vi) / sizeof(counting_vi[0]) ? rule : 0];

    return rule_set(call, line,
                    arena_printf(call->arena,
                                 "%s %d %s new in %d under the counting rule of that year: %s",
                                 comparisons[comparator].en, test->value,
                                 test->value == 1 ? "cluster is" : "clusters are", test->year,
                                 count != NULL ? count->rule : "it is not known"),
                    arena_printf(call->arena,
                                 "%s %d cụm công nghiệp mới trong năm %d theo quy tắc đếm "
                                 "của năm đó: %s",
                                 comparisons[comparator].vi, test->value, test->year, vi));
}

struct status rule_of_milestone(struct call *call, const char *milestone,
                                const title_message *title, line_message *line)
{
    return rule_set(
        call, line,
        arena_printf(call->arena, "the milestone %s is complete, with accepted evidence",
                     title_en(title, milestone)),
        arena_printf(call->arena, "mốc %s đã hoàn thành và có minh chứng được chấp nhận",
                     title_vi(title, milestone)));
}

struct status rule_of_manual(struct call *call, const char *criterion, line_message *line)
{
    return rule_set(
        call, line,
        arena_printf(call->arena,
                     "judged by people when the registration is evaluated: "
                     "%s",
                     criterion),
        arena_printf(call->arena, "do người đánh giá khi xét kết quả đăng ký: %s", criterion));
}
