/*
 * library.h - a store of shelves and books in a directory of its own, and writes that are waited
 * for.
 */
#ifndef TEST_LIBRARY_H
#define TEST_LIBRARY_H

#include "../unit.h"

#include "../directory.h"
#include "library.pb-c.h"
#include "store/resource.h"
#include "store/store.h"

#include <semaphore.h>

extern const struct resource_kind shelf_kind;
extern const struct resource_kind book_kind;
extern const struct resource_kind *const library_kinds[2];

struct library {
    char directory[DIRECTORY_BYTES];
    struct arena *arena;
    struct store *store;
};

/* For cmocka: state is a struct library with an open, empty store. */
int library_setup(void **state);
int library_teardown(void **state);

/* Sets the clock of the store, which stands still from then on; 0: the true one. library_setup()
 * makes it so. */
void library_set_clock(int64_t time_us);
struct store_options library_options(const struct library *library);
void library_open(struct library *library);
void library_close(struct library *library);
/* Closes, and opens again. */
void library_reopen(struct library *library);
/* The path of the database file, in the arena. */
const char *library_file(const struct library *library);

/* One write, and what it is to do. */
struct job {
    struct write write; /* first: run and done get to the job by it */
    struct status (*act)(struct job *job, struct tx *tx);
    const char *name;
    const char *title;
    const char *publisher; /* NULL: no imprint */
    Library__Genre genre;
    int32_t pages;
    size_t scan_bytes;
    Library__Book *book; /* as stored */
    unsigned runs;
    unsigned answers;
    sem_t answered;
};

/* A job that writes into library->arena. */
struct job job_make(struct library *library, struct status (*act)(struct job *, struct tx *),
                    const char *name);
/* Queues it and waits; the status of either. */
struct status job_run(struct library *library, struct job *job);
/* The same in two steps. */
struct status job_start(struct library *library, struct job *job);
struct status job_wait(struct job *job);

/* Things to do: each is an act. */
struct status act_create(struct job *job, struct tx *tx);
struct status act_update(struct job *job, struct tx *tx);
struct status act_delete(struct job *job, struct tx *tx);
struct status act_create_shelf(struct job *job, struct tx *tx);
struct status act_create_then_fail(struct job *job, struct tx *tx);

/* A job made, run and waited for. */
struct status book_create(struct library *library, const char *name, const char *title,
                          int32_t pages);
struct status book_update(struct library *library, const char *name, const char *title,
                          int32_t pages);
struct status book_delete(struct library *library, const char *name);

/* The titles of a page, joined by ","; NULL as_of_us: now. */
struct list_request {
    struct resource_page page;
    int64_t as_of_us; /* 0: now */
};
struct status list_titles(struct library *library, const struct list_request *request,
                          const char **ret_titles, const char **ret_token);

/* Reads one book, now or (not 0) as of a time. */
struct status book_get(struct library *library, const char *name, int64_t as_of_us,
                       Library__Book **ret_book);

int64_t timestamp_us(const Google__Protobuf__Timestamp *timestamp);

/* Runs SQL on the file of a closed store. */
void library_execute(struct library *library, const char *sql);

#endif
