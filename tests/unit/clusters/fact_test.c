/* fact_test.c - tests fact.c. */
#include "fixture.h"

static struct call *call_of(void **state)
{
    return &((struct fixture *)*state)->call;
}

static struct proof proof_of(int basis, Dongkhoi__Type__V1__Document *paper, const char *date,
                             const char *source)
{
    return (struct proof){
        .basis = basis, .document = paper, .date = date, .source = source, .note = ""};
}

static void a_documented_fact_takes_its_date_from_the_document(void **state)
{
    struct call *call = call_of(state);
    struct proof proof = proof_of(0, document(call, "1/QĐ", "2022-01-02"), "", "");

    assert_ok(proof_check(call, &proof, "a notice"));
    assert_int_equal(proof.basis, BASIS_DOCUMENTED);
    assert_string_equal(proof.date, "2022-01-02");
}

static void what_a_documented_fact_lacks_is_named(void **state)
{
    struct call *call = call_of(state);
    struct proof none = proof_of(0, NULL, "2022-01-01", "");
    struct proof undated = proof_of(0, document(call, "1/QĐ", ""), "2022-01-01", "");
    struct proof unnumbered = proof_of(0, document(call, "", "2022-01-01"), "", "");
    const struct status status = proof_check(call, &none, "a district notice");

    assert_status(status, STATUS_INVALID_ARGUMENT, "DOCUMENT_REQUIRED");
    assert_string_equal(status.field, "document");
    assert_non_null(strstr(status.message, "a district notice"));
    assert_status(proof_check(call, &undated, "x"), STATUS_INVALID_ARGUMENT, "DATE_REQUIRED");
    assert_status(proof_check(call, &unnumbered, "x"), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
}

static void a_recorded_fact_needs_a_source_and_nothing_else(void **state)
{
    struct call *call = call_of(state);
    struct proof bare = proof_of(BASIS_RECORDED, NULL, "", "");
    struct proof blank = proof_of(BASIS_RECORDED, NULL, "", " \t");
    struct proof sourced = proof_of(BASIS_RECORDED, NULL, "", "Báo Đồng Khởi 2015");
    struct proof month = proof_of(BASIS_RECORDED, NULL, "2022-01", "Báo Đồng Khởi 2015");

    assert_status(proof_check(call, &bare, "x"), STATUS_INVALID_ARGUMENT, "SOURCE_REQUIRED");
    assert_status(proof_check(call, &blank, "x"), STATUS_INVALID_ARGUMENT, "SOURCE_REQUIRED");
    assert_ok(proof_check(call, &sourced, "x"));
    assert_string_equal(sourced.date, "");
    assert_ok(proof_check(call, &month, "x"));
}

static void a_basis_that_is_none_is_refused(void **state)
{
    struct call *call = call_of(state);
    struct proof proof = proof_of(7, document(call, "1/QĐ", "2022-01-02"), "", "s");

    assert_status(proof_check(call, &proof, "x"), STATUS_INVALID_ARGUMENT, "INVALID_VALUE");
}

static void dates_are_real_and_not_in_the_future(void **state)
{
    struct call *call = call_of(state);

    assert_ok(fact_date_check(call, "date", "", false));
    /* Today in Asia/Ho_Chi_Minh. */
    assert_ok(fact_date_check(call, "date", "2023-06-30", false));
    assert_ok(fact_date_check(call, "date", "2023-06", true));
    assert_status(fact_date_check(call, "date", "2023-07-01", false), STATUS_INVALID_ARGUMENT,
                  "DATE_IN_FUTURE");
    assert_status(fact_date_check(call, "date", "2023-07", true), STATUS_INVALID_ARGUMENT,
                  "DATE_IN_FUTURE");
    assert_status(fact_date_check(call, "date", "2022-01", false), STATUS_INVALID_ARGUMENT,
                  "INVALID_DATE");
    assert_status(fact_date_check(call, "date", "2022-13", true), STATUS_INVALID_ARGUMENT,
                  "INVALID_MONTH");
    assert_status(fact_date_check(call, "date", "2022-02-29", true), STATUS_INVALID_ARGUMENT,
                  "INVALID_DATE");
}

static void a_month_is_not_before_nor_after_its_days(void **state)
{
    (void)state;
    assert_int_equal(fact_date_order("2022-01", "2022-01-31"), 0);
    assert_int_equal(fact_date_order("2022-01-01", "2022-01"), 0);
    assert_int_equal(fact_date_order("2022-01", "2022-02-01"), -1);
    assert_int_equal(fact_date_order("2022-02-01", "2022-01"), 1);
    assert_int_equal(fact_date_order("2022-01-02", "2022-01-03"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_documented_fact_takes_its_date_from_the_document),
        fixture_test(what_a_documented_fact_lacks_is_named),
        fixture_test(a_recorded_fact_needs_a_source_and_nothing_else),
        fixture_test(a_basis_that_is_none_is_refused),
        fixture_test(dates_are_real_and_not_in_the_future),
        cmocka_unit_test(a_month_is_not_before_nor_after_its_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
