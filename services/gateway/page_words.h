/*
 * page_words.h - the words of the page in both languages.
 */
#ifndef GATEWAY_PAGE_WORDS_H
#define GATEWAY_PAGE_WORDS_H

#include "language.h"

/* A word of each language. */
struct words {
    const char *text[LANGUAGE_COUNT];
};

#define PAGE_WORDS(X)                                                                              \
    X(TITLE, "Scorecard of the emulation movement", "Bảng theo dõi kết quả phong trào thi đua")    \
    X(YEAR, "Year", "Năm")                                                                         \
    X(AS_OF_DAY, "Picture of", "Tình hình đến ngày")                                               \
    X(PUBLISHED_BY, "by what was published by then", "theo số liệu đã công bố đến ngày này")       \
    X(AS_OF, "as recorded at", "theo dữ liệu ghi nhận lúc")                                        \
    X(MADE, "Made at", "Lập lúc")                                                                  \
    X(COMMITMENTS, "Commitments", "Nội dung đăng ký thi đua")                                      \
    X(COMMITMENT, "Commitment", "Nội dung")                                                        \
    X(TARGET, "Target", "Cam kết")                                                                 \
    X(RESULT, "Result", "Kết quả")                                                                 \
    X(PERCENT, "%", "Tỷ lệ (%)")                                                                   \
    X(STATUS, "Status", "Đánh giá")                                                                \
    X(INDICATORS, "Indicators of the year", "Các chỉ tiêu của năm")                                \
    X(INDICATOR, "Indicator", "Chỉ tiêu")                                                          \
    X(PLAN, "Plan", "Kế hoạch")                                                                    \
    X(REACHED, "Year to date", "Lũy kế")                                                           \
    X(PLAN_PERCENT, "% of plan", "So kế hoạch (%)")                                                \
    X(GROWTH, "Growth %", "Tăng trưởng (%)")                                                       \
    X(GROWTH_ON_PLAN_BASE, "on the plan's base", "so số gốc kế hoạch")                             \
    X(PLANNED_GROWTH, "planned", "kế hoạch")                                                       \
    X(LEVEL, "Level", "Theo mức")                                                                  \
    X(GROWTH_STATUS, "Growth", "Theo tăng trưởng")                                                 \
    X(SOURCES, "Inputs", "Nguồn số liệu")                                                          \
    X(REVISION, "revision", "bản")                                                                 \
    X(MORE_INPUTS, "more, on the screen", "nguồn khác, xem trên màn hình")                         \
    X(PROVISIONAL, "provisional: an input is not official yet",                                    \
      "số liệu chưa chính thức (ước tính hoặc sơ bộ)")                                             \
    X(INCOMPLETE, "Not complete: these services did not answer",                                   \
      "Chưa đầy đủ: các dịch vụ sau không trả lời")                                                \
    X(SYNTHETIC, "Made up for a test: nothing here is real.",                                      \
      "Dữ liệu giả lập để thử nghiệm, không có thật.")                                             \
    X(EVIDENCE, "Evidence", "Minh chứng")                                                          \
    X(NO_LINES, "No commitment is registered yet.", "Chưa có nội dung đăng ký nào.")               \
    X(NO_INDICATORS, "No target is set for the year.", "Chưa có chỉ tiêu nào của năm.")            \
    X(NO_MOVEMENT, "No movement has been launched yet.",                                           \
      "Chưa có phong trào thi đua nào được phát động.")                                            \
    X(NO_MOVEMENT_HINT, "The scorecard appears here once a movement is launched.",                 \
      "Bảng theo dõi sẽ hiển thị tại đây khi có phong trào được phát động.")                       \
    X(FAILED, "The scorecard cannot be shown", "Không hiển thị được bảng theo dõi")                \
    X(FAILED_HINT, "The reason, for programs", "Mã lý do")                                         \
    X(START_PAGE, "Start page", "Trang đầu")                                                       \
    X(MOVEMENT, "Movement", "Phong trào")                                                          \
    X(PUBLISHED_FIELD, "Published by", "Số liệu công bố đến ngày")                                 \
    X(SHOW, "Show", "Xem")                                                                         \
    X(JSON, "As JSON", "Dữ liệu JSON")                                                             \
    X(DONE_WORD, "done", "hoàn thành")                                                             \
    X(NOT_DONE_WORD, "not done", "chưa hoàn thành")                                                \
    X(CLERK, "Prepared by", "Người lập biểu")                                                      \
    X(HEAD, "Head of the unit", "Thủ trưởng đơn vị")

enum word {
#define PAGE_WORD_NUMBER(name, en, vi) WORD_##name,
    PAGE_WORDS(PAGE_WORD_NUMBER)
#undef PAGE_WORD_NUMBER
};

const char *word(enum word word, enum language language);

/* For the values of Scorecard and Progress: "ACHIEVED" is "Đạt", "AT_LEAST" is "ít nhất",
 * "LAUNCHED" is "đang thực hiện"; a name without a word as it is. */
const char *enum_word(const char *name, enum language language);

/* "billion VND" is "tỷ đồng"; other units as they are. */
const char *unit_word(const char *unit, enum language language);

#endif
