/* page_words.c - tables of words. */
#include "page_words.h"

#include <string.h>

static const struct words page_words[] = {
#define PAGE_WORD_TEXTS(name, en, vi) [WORD_##name] = {{en, vi}},
    PAGE_WORDS(PAGE_WORD_TEXTS)
#undef PAGE_WORD_TEXTS
};

struct named {
    const char *name;
    struct words words;
};

static const struct named enum_words[] = {
    {"ACHIEVED", {{"Achieved", "Đạt"}}},       {"EXCEEDED", {{"Exceeded", "Vượt"}}},
    {"MISSED", {{"Missed", "Không đạt"}}},     {"OFF_TRACK", {{"Off track", "Khó đạt"}}},
    {"AT_RISK", {{"At risk", "Có nguy cơ"}}},  {"IN_PROGRESS", {{"In progress", "Đang thực hiện"}}},
    {"UNKNOWN", {{"No value", "Chưa có số"}}}, {"NOT_JUDGED", {{"Not judged", "Không đánh giá"}}},
    {"AT_LEAST", {{"at least", "ít nhất"}}},   {"MORE_THAN", {{"more than", "hơn"}}},
    {"APPROXIMATELY", {{"about", "khoảng"}}},  {"DONE", {{"done", "hoàn thành"}}},
    {"DRAFT", {{"draft", "dự thảo"}}},         {"LAUNCHED", {{"launched", "đang thực hiện"}}},
    {"CLOSED", {{"closed", "đã kết thúc"}}},
};

static const struct named unit_words[] = {
    {"billion VND", {{"billion VND", "tỷ đồng"}}},
    {"million VND", {{"million VND", "triệu đồng"}}},
    {"million USD", {{"million USD", "triệu USD"}}},
    {"million kWh", {{"million kWh", "triệu kWh"}}},
    {"clusters", {{"clusters", "cụm công nghiệp"}}},
    {"cluster", {{"cluster", "cụm công nghiệp"}}},
    {"percent", {{"percent", "%"}}},
    {"people", {{"people", "người"}}},
    {"ha", {{"ha", "ha"}}},
};

const char *word(enum word word, enum language language)
{
    return page_words[word].text[language];
}

static const char *find(const struct named *table, size_t count, const char *name,
                        enum language language)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return table[i].words.text[language];
        }
    }
    return name;
}

const char *enum_word(const char *name, enum language language)
{
    return find(enum_words, sizeof(enum_words) / sizeof(enum_words[0]), name, language);
}

const char *unit_word(const char *unit, enum language language)
{
    return find(unit_words, sizeof(unit_words) / sizeof(unit_words[0]), unit, language);
}
