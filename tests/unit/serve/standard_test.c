/* standard_test.c - tests standard.c over real calls: Get, List, history, as-of. */
#include "library.h"

#include <stdio.h>
#include <string.h>

static struct status list(struct library *library, const char *parent, const char *token,
                          LIBRARY(ListBooksResponse) * *ret_response)
{
    LIBRARY(ListBooksRequest) *request = NEW(library, list_books_request);

    request->parent = (char *)parent;
    request->page_size = 2;
    request->page_token = (char *)token;
    return library_call(library, "ListBooks", &request->base, ret_response);
}

static void what_was_created_is_read_back(void **state)
{
    struct library *library = *state;
    Book *book = NULL;

    library_add_shelf(library, "s1");
    const Book *made = library_add_book(library, "shelves/s1", "b1", "Truyện Kiều");
    assert_ok(library_get(library, "shelves/s1/books/b1", &book));
    assert_string_equal(book->display_name->vi, "Truyện Kiều");
    assert_string_equal(book->etag, made->etag);
    assert_string_equal(book->uid, made->uid);
    assert_true(book->uid[0] != '\0' && book->etag[0] != '\0');
    assert_int_equal(book->revision, 1);
    assert_non_null(book->create_time);
    assert_int_equal(book->state, DONGKHOI__LIBRARY__V1__BOOK__STATE__PRESENT);
    assert_true(library->answer.versions[0].seq >= 2);
}

static void a_name_that_is_none_or_not_there_is_refused(void **state)
{
    static const char *const bad[] = {"shelves/s1", "shelves/s1/books/", "shelves/S1/books/b1",
                                      "/shelves/s1/books/b1", "shelves/s1/books/b1/x"};
    struct library *library = *state;

    assert_status(library_get(library, "", NULL), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_status(library_get(library, bad[i], NULL), STATUS_INVALID_ARGUMENT, "INVALID_NAME");
    }
    assert_status(library_get(library, "shelves/s1/books/none", NULL), STATUS_NOT_FOUND,
                  "RESOURCE_NOT_FOUND");
}

static void what_a_kind_computes_is_in_every_answer(void **state)
{
    struct library *library = *state;
    LIBRARY(GetShelfRequest) *get = NEW(library, get_shelf_request);
    LIBRARY(ListShelvesRequest) *list_request = NEW(library, list_shelves_request);
    LIBRARY(ListShelvesResponse) *listed = NULL;
    Shelf *shelf = NULL;

    library_add_shelf(library, "s1");
    get->name = (char *)"shelves/s1";
    assert_ok(library_call(library, "GetShelf", &get->base, &shelf));
    assert_int_equal(shelf->room_length, 2);
    assert_ok(library_call(library, "ListShelves", &list_request->base, &listed));
    assert_int_equal(listed->n_shelves, 1);
    assert_int_equal(listed->shelves[0]->room_length, 2);
}

static void a_list_goes_on_where_its_page_ended(void **state)
{
    struct library *library = *state;
    LIBRARY(ListBooksResponse) *page = NULL;

    library_add_shelf(library, "s1");
    library_add_shelf(library, "s2");
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b%d", i);
        library_add_book(library, "shelves/s1", id, id);
    }
    library_add_book(library, "shelves/s2", "b9", "b9");
    assert_ok(list(library, "shelves/s1", "", &page));
    assert_int_equal(page->n_books, 2);
    assert_string_equal(page->books[1]->name, "shelves/s1/books/b1");
    assert_ok(list(library, "shelves/s1", page->next_page_token, &page));
    assert_int_equal(page->n_books, 1);
    assert_string_equal(page->next_page_token, "");
    assert_ok(list(library, "shelves/-", "", &page));
    assert_ok(list(library, "shelves/-", page->next_page_token, &page));
    assert_int_equal(page->n_books, 2);
    assert_string_equal(page->books[1]->name, "shelves/s2/books/b9");
}

static void a_list_names_the_parent_that_is_missing_or_wrong(void **state)
{
    struct library *library = *state;
    LIBRARY(ListBooksResponse) *page = NULL;

    assert_status(list(library, "shelves/none", "", &page), STATUS_NOT_FOUND, "PARENT_NOT_FOUND");
    assert_non_null(strstr(library->answer.status.message, "shelves/none"));
    assert_status(list(library, "", "", &page), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
    assert_status(list(library, "shelves", "", &page), STATUS_INVALID_ARGUMENT, "INVALID_PARENT");
    assert_status(list(library, "shelves/A", "", &page), STATUS_INVALID_ARGUMENT, "INVALID_PARENT");
    assert_ok(list(library, "shelves/-", "", &page));
    assert_int_equal(page->n_books, 0);
}

static void a_read_as_of_then_sees_what_was_there_then(void **state)
{
    struct library *library = *state;
    LIBRARY(GetBookRequest) *request = NEW(library, get_book_request);
    Book *changed = NULL;
    Book *then = NULL;

    library_add_shelf(library, "s1");
    Book *first = library_add_book(library, "shelves/s1", "b1", "first");
    Book *update = library_book(library, "second");
    update->name = first->name;
    assert_ok(library_update(library, update, NULL, &changed));
    assert_int_equal(changed->revision, 2);
    request->name = first->name;
    request->as_of = first->update_time;
    assert_ok(library_call(library, "GetBook", &request->base, &then));
    assert_string_equal(then->display_name->vi, "first");
    request->as_of->seconds += 100000;
    assert_int_equal(library_call(library, "GetBook", &request->base, &then).code,
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(library->answer.status.field, "asOf");
    request->as_of->seconds = INT64_MAX;
    assert_status(library_call(library, "GetBook", &request->base, &then), STATUS_INVALID_ARGUMENT,
                  "INVALID_TIME");
    request->as_of->seconds = 0;
    request->as_of->nanos = -1;
    assert_status(library_call(library, "GetBook", &request->base, &then), STATUS_INVALID_ARGUMENT,
                  "INVALID_TIME");
}

static void the_history_has_every_revision_newest_first(void **state)
{
    struct library *library = *state;
    LIBRARY(GetHistoryRequest) *request = NEW(library, get_history_request);
    LIBRARY(DeleteBookRequest) *removal = NEW(library, delete_book_request);
    LIBRARY(GetHistoryResponse) *history = NULL;

    library_add_shelf(library, "s1");
    Book *update = library_book(library, "second");
    update->name = library_add_book(library, "shelves/s1", "b1", "first")->name;
    library->extra.caller = "an";
    assert_ok(library_update(library, update, NULL, NULL));
    removal->name = update->name;
    assert_ok(library_call(library, "DeleteBook", &removal->base, NULL));
    assert_status(library_get(library, update->name, NULL), STATUS_NOT_FOUND, "RESOURCE_NOT_FOUND");
    request->name = update->name;
    assert_ok(library_call(library, "GetHistory", &request->base, &history));
    assert_int_equal(history->n_revisions, 2);
    const LIBRARY(Revision) *newest = history->revisions[0];
    assert_int_equal(newest->revision, 2);
    assert_true(newest->deleted);
    assert_non_null(newest->end_time);
    assert_string_equal(newest->actor, "an");
    assert_non_null(strstr(newest->method, "UpdateBook"));
    assert_int_equal(newest->resource_case, DONGKHOI__LIBRARY__V1__REVISION__RESOURCE_BOOK);
    assert_string_equal(newest->book->display_name->vi, "second");
    const LIBRARY(Revision) *oldest = history->revisions[1];
    assert_string_equal(oldest->actor, "anonymous");
    assert_false(oldest->deleted);
    assert_non_null(oldest->end_time);
    request->name = (char *)"books/b1";
    assert_status(library_call(library, "GetHistory", &request->base, NULL),
                  STATUS_INVALID_ARGUMENT, "INVALID_NAME");
    request->name = (char *)"shelves/s1/books/never";
    assert_int_equal(library_call(library, "GetHistory", &request->base, NULL).code,
                     STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, library_setup, library_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_created_is_read_back),
        TEST(a_name_that_is_none_or_not_there_is_refused),
        TEST(what_a_kind_computes_is_in_every_answer),
        TEST(a_list_goes_on_where_its_page_ended),
        TEST(a_list_names_the_parent_that_is_missing_or_wrong),
        TEST(a_read_as_of_then_sees_what_was_there_then),
        TEST(the_history_has_every_revision_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
