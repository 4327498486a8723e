/* localize_test.c - the table of sentences and what fills them. */
#include "unit.h"

#include "base/text.h"
#include "google/rpc/status.pb-c.h"
#include "localize.h"
#include "rpc/rpc_server.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 16 };

static struct arena *arena;
static struct buffer buffer;

static const char *localized(struct status status, const char *const *metadata)
{
    buffer_clear(&buffer);
    localize_vi(arena, &buffer, status, status_to_wire(arena, status, metadata));
    buffer_append_char(&buffer, '\0');
    return buffer.data;
}

static struct status failure(const char *reason, const char *field)
{
    return (struct status){
        .code = STATUS_INVALID_ARGUMENT, .reason = reason, .message = "x", .field = field};
}

static void sentences_are_sorted_and_well_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < sentence_vi_count; i++) {
        const char *vi = sentences_vi[i].vi;
        const char *nfc = NULL;
        char open = '\0';

        if (i > 0 && strcmp(sentences_vi[i - 1].reason, sentences_vi[i].reason) >= 0) {
            fail_msg("%s is out of order", sentences_vi[i].reason);
        }
        assert_ok(text_to_nfc(arena, vi, &nfc));
        assert_ptr_equal(nfc, vi);
        assert_int_equal(vi[strlen(vi) - 1], '.');
        for (const char *c = vi; *c != '\0'; c++) {
            const bool is_fine = (*c != '[' || open == '\0') && (*c != ']' || open == '[') &&
                                 (*c != '}' || open == '{' || open == '(');

            if (!is_fine) {
                fail_msg("%s: %s", sentences_vi[i].reason, vi);
            }
            if (*c == '[' || *c == ']') {
                open = *c == '[' ? '[' : '\0';
            } else if (*c == '{' || *c == '}') {
                /* "(" stands for a key inside of a part. */
                open = *c == '}' ? (open == '(' ? '[' : '\0') : (open == '[' ? '(' : '{');
            }
        }
        assert_int_equal(open, '\0');
    }
}

static void every_code_has_a_sentence(void **state)
{
    (void)state;
    for (int code = STATUS_CANCELLED; code <= STATUS_UNAUTHENTICATED; code++) {
        if (sentence_vi(status_code_name((enum status_code)code)) == NULL) {
            fail_msg("%s", status_code_name((enum status_code)code));
        }
    }
}

static void keys_of_metadata_are_filled_in(void **state)
{
    static const char *const metadata[] = {"currentStage", "PLANNED", "possibleStages",
                                           "INVESTOR_CALL", NULL};

    (void)state;
    assert_string_equal(
        localized(failure("STAGE_NOT_POSSIBLE", "stage"), metadata),
        "Cụm công nghiệp đang ở bước PLANNED; không thể chuyển sang bước được yêu cầu. Các bước có "
        "thể: INVESTOR_CALL.");
}

static void a_part_whose_key_is_not_known_is_left_out(void **state)
{
    static const char *const empty[] = {"possibleTypes", "", NULL};

    (void)state;
    assert_string_equal(localized(failure("FIELD_REQUIRED", "value"), NULL),
                        "Đề nghị nhập thông tin bắt buộc: value.");
    assert_string_equal(localized(failure("FIELD_REQUIRED", NULL), NULL),
                        "Đề nghị nhập thông tin bắt buộc.");
    assert_string_equal(localized(failure("NOT_ACCEPTABLE", NULL), empty),
                        "Không có dạng dữ liệu mà tiêu đề Accept yêu cầu.");
    assert_string_equal(localized(failure("STAGE_NOT_POSSIBLE", NULL), NULL),
                        "Cụm công nghiệp đang ở bước …; không thể chuyển sang bước được yêu cầu.");
}

static void what_fills_a_place_is_no_sentence_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(localized(failure("FIELD_REQUIRED", "[{field}]"), NULL),
                        "Đề nghị nhập thông tin bắt buộc: [{field}].");
}

static void an_unknown_reason_is_told_by_its_code(void **state)
{
    struct status status = failure("NEVER_HEARD_OF", "x");

    (void)state;
    assert_string_equal(localized(status, NULL), "Thông tin gửi lên không hợp lệ (trường x).");
    status.reason = NULL;
    assert_string_equal(localized(status, NULL), "Thông tin gửi lên không hợp lệ (trường x).");
    buffer_clear(&buffer);
    localize_vi(arena, &buffer, (struct status){.code = STATUS_INTERNAL}, NULL);
    assert_true(buffer.length > 10);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES << 4);
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
        cmocka_unit_test(sentences_are_sorted_and_well_made),
        cmocka_unit_test(every_code_has_a_sentence),
        cmocka_unit_test(keys_of_metadata_are_filled_in),
        cmocka_unit_test(a_part_whose_key_is_not_known_is_left_out),
        cmocka_unit_test(what_fills_a_place_is_no_sentence_of_its_own),
        cmocka_unit_test(an_unknown_reason_is_told_by_its_code),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
