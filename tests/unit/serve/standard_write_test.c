/* standard_write_test.c - tests standard_write.c and standard_fields.c over real calls. */
#include "library.h"

#include <string.h>

static LIBRARY(CreateBookRequest) * creation(struct library *library, const char *id)
{
    LIBRARY(CreateBookRequest) *request = NEW(library, create_book_request);

    request->parent = (char *)"shelves/s1";
    request->book = library_book(library, "title");
    request->book_id = (char *)id;
    return request;
}

static struct status create(struct library *library, LIBRARY(CreateBookRequest) * request,
                            Book **ret_book)
{
    return library_call(library, "CreateBook", &request->base, ret_book);
}

static void assert_field(const struct library *library, const char *field)
{
    assert_non_null(library->answer.status.field);
    assert_string_equal(library->answer.status.field, field);
}

static int setup(void **state)
{
    const int result = library_setup(state);

    library_add_shelf(*state, "s1");
    return result;
}

static void ids_are_checked_and_made_when_there_are_none(void **state)
{
    static const char *const bad[] = {
        "B1", "a_b", "a/b",
        "-",  "ế",   "0123456789012345678901234567890123456789012345678901234567890123"};
    struct library *library = *state;
    Book *book = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_status(create(library, creation(library, bad[i]), NULL), STATUS_INVALID_ARGUMENT,
                      "INVALID_ID");
        assert_field(library, "bookId");
    }
    assert_ok(create(library, creation(library, ""), &book));
    assert_int_equal(strlen(book->name), strlen("shelves/s1/books/") + 36);
    assert_ok(create(library, creation(library, "a-1"), &book));
    assert_string_equal(book->name, "shelves/s1/books/a-1");
    assert_status(create(library, creation(library, "a-1"), NULL), STATUS_ALREADY_EXISTS,
                  "RESOURCE_EXISTS");
}

static void a_create_without_its_parent_is_not_found(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");

    request->parent = (char *)"shelves/none";
    assert_status(create(library, request, NULL), STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
    request->parent = (char *)"shelves/-";
    assert_status(create(library, request, NULL), STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
    request->parent = (char *)"";
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
}

static void required_fields_are_named_by_their_path(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    LIBRARY(Chapter) * chapters[] = {NEW(library, chapter), NEW(library, chapter)};

    request->book->display_name->vi = (char *)"";
    request->book->display_name->en = (char *)"only English";
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_field(library, "book.displayName.vi");
    request->book->display_name = NULL;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_field(library, "book.displayName");
    request->book = library_book(library, "title");
    chapters[0]->title = (char *)"one";
    request->book->chapters = chapters;
    request->book->n_chapters = 2;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_field(library, "book.chapters[1].title");
    request->book = NULL;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_field(library, "book");
}

static void output_only_fields_cannot_be_given_on_create(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");

    request->book->state = DONGKHOI__LIBRARY__V1__BOOK__STATE__LENT;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
    assert_field(library, "book.state");
    request = creation(library, "b1");
    request->book->uid = (char *)"x";
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
    request = creation(library, "b1");
    request->book->loan = NEW(library, loan);
    request->book->loan->renewals = 1;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
    assert_field(library, "book.loan.renewals");
    request = creation(library, "b1");
    request->book->name = (char *)"shelves/s1/books/b2";
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "OUTPUT_ONLY_FIELD");
    assert_field(library, "book.name");
    request->book->name = (char *)"shelves/s1/books/b1";
    assert_ok(create(library, request, NULL));
}

static void a_refusal_of_the_rules_is_put_below_the_resource(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");

    request->book->page_count = -1;
    assert_status(create(library, request, NULL), STATUS_INVALID_ARGUMENT, "INVALID_PAGE_COUNT");
    assert_field(library, "book.pageCount");
    assert_string_equal(library_metadata(library, "least"), "0");
    assert_status(library_get(library, "shelves/s1/books/b1", NULL), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
}

static void text_is_stored_as_nfc(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    Book *book = NULL;

    request->book->display_name->vi = (char *)"Be\xcc\x82\xcc\x81n"; /* e, circumflex, acute */
    assert_ok(create(library, request, &book));
    assert_string_equal(book->display_name->vi, "Bến");
}

static void an_update_changes_the_fields_that_are_present(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    Book *book = NULL;

    request->book->page_count = 7;
    assert_ok(create(library, request, NULL));
    Book *update = library_book(library, "other");
    update->name = (char *)"shelves/s1/books/b1";
    assert_ok(library_update(library, update, NULL, &book));
    assert_string_equal(book->display_name->vi, "other");
    assert_int_equal(book->page_count, 7);
    assert_int_equal(book->revision, 2);
    assert_ok(library_update(library, update, "pageCount", &book));
    assert_int_equal(book->page_count, 0);
    update->display_name->en = (char *)"in English";
    assert_ok(library_update(library, update, "display_name.en", &book));
    assert_string_equal(book->display_name->en, "in English");
    assert_string_equal(book->display_name->vi, "other");
}

static void an_update_that_changes_nothing_makes_no_revision(void **state)
{
    struct library *library = *state;
    Book *made = library_add_book(library, "shelves/s1", "b1", "title");
    Book *book = NULL;

    const uint64_t seq = library->answer.versions[0].seq;
    assert_ok(library_update(library, made, NULL, &book));
    assert_int_equal(book->revision, 1);
    assert_string_equal(book->etag, made->etag);
    assert_ok(library_update(library, made, "*", &book));
    assert_int_equal(book->revision, 1);
    assert_int_equal(library->answer.versions[0].seq, seq);
}

static void masks_are_checked(void **state)
{
    struct library *library = *state;
    Book *made = library_add_book(library, "shelves/s1", "b1", "title");

    assert_status(library_update(library, made, "nonsense", NULL), STATUS_INVALID_ARGUMENT,
                  "INVALID_FIELD_MASK");
    assert_field(library, "updateMask");
}

static void output_only_fields_are_ignored_when_equal_and_refused_when_not(void **state)
{
    struct library *library = *state;
    Book *made = library_add_book(library, "shelves/s1", "b1", "title");
    Book *book = NULL;

    made->page_count = 3;
    assert_ok(library_update(library, made, NULL, &book)); /* all of them are equal */
    assert_int_equal(book->page_count, 3);
    book->state = DONGKHOI__LIBRARY__V1__BOOK__STATE__LENT;
    assert_status(library_update(library, book, NULL, NULL), STATUS_INVALID_ARGUMENT,
                  "OUTPUT_ONLY_FIELD");
    assert_field(library, "book.state");
    assert_status(library_update(library, book, "state", NULL), STATUS_INVALID_ARGUMENT,
                  "OUTPUT_ONLY_FIELD");
    assert_ok(library_update(library, book, "page_count", NULL)); /* outside of the mask */
    book->state = DONGKHOI__LIBRARY__V1__BOOK__STATE__STATE_UNSPECIFIED;
    assert_ok(library_update(library, book, "*", &book));
    assert_int_equal(book->state, DONGKHOI__LIBRARY__V1__BOOK__STATE__PRESENT);
}

static void immutable_fields_stay(void **state)
{
    struct library *library = *state;
    LIBRARY(CreateBookRequest) *request = creation(library, "b1");
    Book *book = NULL;

    request->book->isbn = (char *)"978-604";
    assert_ok(create(library, request, &book));
    book->isbn = (char *)"978-605";
    assert_status(library_update(library, book, NULL, NULL), STATUS_INVALID_ARGUMENT,
                  "IMMUTABLE_FIELD");
    assert_field(library, "book.isbn");
    book->isbn = (char *)"";
    assert_status(library_update(library, book, "*", NULL), STATUS_INVALID_ARGUMENT,
                  "IMMUTABLE_FIELD");
}

static void an_etag_of_before_is_a_mismatch(void **state)
{
    struct library *library = *state;
    Book *made = library_add_book(library, "shelves/s1", "b1", "title");
    Book *book = NULL;

    made->page_count = 1;
    assert_ok(library_update(library, made, "page_count", &book));
    assert_string_not_equal(book->etag, made->etag);
    made->page_count = 2;
    assert_status(library_update(library, made, "page_count", NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    assert_field(library, "book.etag");
    library->extra.if_match = made->etag;
    made->etag = (char *)"";
    assert_status(library_update(library, made, "page_count", NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    assert_null(library->answer.status.field);
    library->extra.if_match = book->etag;
    assert_ok(library_update(library, made, "page_count", &book));
    library->extra.if_match = "*";
    made->page_count = 3;
    assert_ok(library_update(library, made, "page_count", &book));
}

static void allow_missing_creates_under_the_name(void **state)
{
    struct library *library = *state;
    LIBRARY(UpdateBookRequest) *request = NEW(library, update_book_request);
    Book *book = NULL;

    request->book = library_book(library, "title");
    request->book->name = (char *)"shelves/s1/books/b7";
    assert_status(library_call(library, "UpdateBook", &request->base, NULL), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    request->allow_missing = true;
    library->extra.if_match = "*";
    assert_status(library_call(library, "UpdateBook", &request->base, NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    LIBRARY(DeleteBookRequest) *delete = NEW(library, delete_book_request);
    delete->name = request->book->name;
    delete->allow_missing = true;
    assert_status(library_call(library, "DeleteBook", &delete->base, NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    library->extra.if_match = NULL;
    assert_ok(library_call(library, "UpdateBook", &request->base, &book));
    assert_string_equal(book->name, "shelves/s1/books/b7");
    assert_int_equal(book->revision, 1);
    request->book->name = (char *)"shelves/none/books/b7";
    assert_status(library_call(library, "UpdateBook", &request->base, NULL), STATUS_NOT_FOUND,
                  "PARENT_NOT_FOUND");
    request->book->name = (char *)"";
    assert_status(library_call(library, "UpdateBook", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_field(library, "book.name");
}

static struct status delete_book(struct library *library, const char *name, bool allow_missing)
{
    LIBRARY(DeleteBookRequest) *request = NEW(library, delete_book_request);

    request->name = (char *)name;
    request->allow_missing = allow_missing;
    return library_call(library, "DeleteBook", &request->base, NULL);
}

static void a_shelf_with_books_is_not_deleted(void **state)
{
    struct library *library = *state;
    LIBRARY(DeleteShelfRequest) *request = NEW(library, delete_shelf_request);

    library_add_book(library, "shelves/s1", "b1", "title");
    request->name = (char *)"shelves/s1";
    assert_status(library_call(library, "DeleteShelf", &request->base, NULL),
                  STATUS_FAILED_PRECONDITION, "HAS_CHILDREN");
    assert_non_null(strstr(library->answer.status.message, "shelves/s1/books/b1"));
    assert_ok(delete_book(library, "shelves/s1/books/b1", false));
    request->etag = (char *)"other";
    assert_status(library_call(library, "DeleteShelf", &request->base, NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    request->etag = (char *)"";
    assert_ok(library_call(library, "DeleteShelf", &request->base, NULL));
}

static void deleting_what_is_not_there_may_be_allowed(void **state)
{
    struct library *library = *state;

    assert_status(delete_book(library, "shelves/s1/books/b1", false), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
    assert_ok(delete_book(library, "shelves/s1/books/b1", true));
}

static void a_name_may_be_made_again_with_a_new_uid(void **state)
{
    struct library *library = *state;
    const Book *first = library_add_book(library, "shelves/s1", "b1", "title");

    assert_ok(delete_book(library, "shelves/s1/books/b1", false));
    const Book *second = library_add_book(library, "shelves/s1", "b1", "title");
    assert_string_not_equal(first->uid, second->uid);
}

static void a_custom_method_loads_and_stores(void **state)
{
    struct library *library = *state;
    LIBRARY(LendBookRequest) *request = NEW(library, lend_book_request);
    LIBRARY(LendBookResponse) *response = NULL;
    const Book *made = library_add_book(library, "shelves/s1", "b1", "title");

    request->name = made->name;
    request->etag = (char *)"other";
    assert_status(library_call(library, "LendBook", &request->base, NULL), STATUS_ABORTED,
                  "ETAG_MISMATCH");
    request->etag = made->etag;
    assert_ok(library_call(library, "LendBook", &request->base, &response));
    assert_int_equal(response->book->state, DONGKHOI__LIBRARY__V1__BOOK__STATE__LENT);
    assert_int_equal(response->book->revision, 2);
    assert_status(delete_book(library, made->name, false), STATUS_FAILED_PRECONDITION, "BOOK_LENT");
    request->etag = (char *)"";
    assert_ok(library_call(library, "LendBook", &request->base, &response));
    assert_int_equal(response->book->revision, 2); /* nothing changed */
}

static void a_batch_is_stored_as_a_whole_or_not_at_all(void **state)
{
    struct library *library = *state;
    LIBRARY(UpsertBooksRequest) *request = NEW(library, upsert_books_request);
    LIBRARY(UpsertBooksResponse) *response = NULL;
    Book *books[] = {library_book(library, "one"), library_book(library, "two")};

    library_add_book(library, "shelves/s1", "b1", "before");
    request->parent = (char *)"shelves/s1";
    request->books = books;
    request->n_books = 2;
    books[0]->name = (char *)"shelves/s1/books/b1";
    books[1]->name = (char *)"shelves/s1/books/b2";
    books[1]->page_count = -1;
    assert_status(library_call(library, "UpsertBooks", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_PAGE_COUNT");
    assert_field(library, "books[1].pageCount");
    Book *book = NULL;
    assert_ok(library_get(library, "shelves/s1/books/b1", &book));
    assert_string_equal(book->display_name->vi, "before");
    books[1]->page_count = 4;
    assert_ok(library_call(library, "UpsertBooks", &request->base, &response));
    assert_int_equal(response->n_books, 2);
    assert_int_equal(response->books[0]->revision, 2);
    assert_int_equal(response->books[1]->revision, 1);
    assert_ok(library_call(library, "UpsertBooks", &request->base, &response));
    assert_int_equal(response->books[0]->revision, 2);
    books[1]->name = (char *)"shelves/s2/books/b2";
    assert_status(library_call(library, "UpsertBooks", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_NAME");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_are_checked_and_made_when_there_are_none),
        TEST(a_create_without_its_parent_is_not_found),
        TEST(required_fields_are_named_by_their_path),
        TEST(output_only_fields_cannot_be_given_on_create),
        TEST(a_refusal_of_the_rules_is_put_below_the_resource),
        TEST(text_is_stored_as_nfc),
        TEST(an_update_changes_the_fields_that_are_present),
        TEST(an_update_that_changes_nothing_makes_no_revision),
        TEST(masks_are_checked),
        TEST(output_only_fields_are_ignored_when_equal_and_refused_when_not),
        TEST(immutable_fields_stay),
        TEST(an_etag_of_before_is_a_mismatch),
        TEST(allow_missing_creates_under_the_name),
        TEST(a_shelf_with_books_is_not_deleted),
        TEST(deleting_what_is_not_there_may_be_allowed),
        TEST(a_name_may_be_made_again_with_a_new_uid),
        TEST(a_custom_method_loads_and_stores),
        TEST(a_batch_is_stored_as_a_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
