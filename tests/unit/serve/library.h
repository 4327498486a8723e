/*
 * library.h - a service of shelves and books, and a client of it, for the tests of serve/.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "unit.h"

#include "google/protobuf/empty.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "library.pb-c.h"
#include "rpc/rpc_client.h"
#include "serve/service.h"

typedef Dongkhoi__Library__V1__Book Book;
typedef Dongkhoi__Library__V1__Shelf Shelf;
typedef Dongkhoi__Library__V1__Title Title;

#define LIBRARY(name) Dongkhoi__Library__V1__##name

extern const struct service library_service;

/* One running service over a directory of its own, and a client. */
struct library {
    char directory[64];
    struct arena *arena;
    struct service_instance *instance;
    struct rpc_client *client;
    struct rpc_request extra; /* caller, key, if_match and timeout of the next calls */
    struct rpc_answer answer; /* of the last call */
    uint16_t port;
    uint32_t lease_ms; /* of the next start; 0 at first */
};

/* cmocka set-up and tear-down: state is a struct library. */
int library_setup(void **state);
int library_teardown(void **state);

/* Stops the service and starts it again over the same data. */
void library_restart(struct library *library);

/* One call: the status of the service; ret_response (may be NULL) lives in the arena. */
struct status library_call(struct library *library, const char *method,
                           const ProtobufCMessage *request, void *ret_response);

/* The same for a method of any proto service, by its full name. */
struct status library_call_any(struct library *library, const char *method,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *response_type, void *ret_response);

/* Initialised messages in the arena of the library. */
void *library_new(struct library *library, const ProtobufCMessageDescriptor *type);
#define NEW(library, type) library_new((library), &dongkhoi__library__v1__##type##__descriptor)

Book *library_book(struct library *library, const char *title);
void library_add_shelf(struct library *library, const char *id);
/* As created. */
Book *library_add_book(struct library *library, const char *parent, const char *id,
                       const char *title);

struct status library_get(struct library *library, const char *name, Book **ret_book);
struct status library_update(struct library *library, Book *book, const char *path,
                             Book **ret_book);

/* With the files in it. */
void library_remove_directory(const char *path);

/* Block calls: wait until so many are held on the pool at once; let those go that are held and that
 * wait behind them; how many have got as far as their handler, since the set-up. */
void library_wait_held(int count);
void library_release(void);
int library_blocks(void);

/* Text of a detail's metadata of the last answer; NULL when there is none of that key. */
const char *library_metadata(struct library *library, const char *key);

#endif
