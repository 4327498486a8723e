/* allocation_test.c - tests that whatever allocation fails, a handler ends with a status. */
#include "unit.h"

#include "directory.h"
#include "indicators.h"

#include "api.h"
#include "pb/json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 64 << 20, STEP_BYTES = 16, STEPS_MAX = 20000 };

static struct arena *arena;
static struct store *store;
static const struct schema *schema;
static char directory[DIRECTORY_BYTES];

/* One run of a handler; write is queued and waited for. */
struct trial {
    struct write write;
    const struct method *method;
    const void *request;
    const ProtobufCMessageDescriptor *output;
    pthread_mutex_t lock; /* guards the field below */
    bool is_done;
    pthread_cond_t changed;
};

static struct status run_handler(struct trial *trial, struct tx *tx)
{
    struct arena *own = tx->arena;
    void *response = arena_alloc(own, trial->output->sizeof_message);
    struct call *call = ARENA_NEW(own, struct call);

    if (response == NULL || call == NULL) {
        return status_out_of_memory();
    }
    protobuf_c_message_init(trial->output, response);
    call->arena = own;
    call->tx = tx;
    call->method = trial->method;
    call->service = &indicators_service;
    call->schema = schema;
    call->caller = "anonymous";
    call->if_match = "";
    call->now_us = tx->time_us;
    return trial->method->handler(call, trial->request, response);
}

static struct status run(struct write *write, struct tx *tx)
{
    return run_handler((struct trial *)write, tx);
}

static void done(struct write *write)
{
    struct trial *trial = (struct trial *)write;

    pthread_mutex_lock(&trial->lock);
    trial->is_done = true;
    pthread_cond_signal(&trial->changed);
    pthread_mutex_unlock(&trial->lock);
}

static void write_and_wait(struct trial *trial, struct arena *own, bool validate_only)
{
    trial->is_done = false;
    trial->write = (struct write){.caller = "anonymous",
                                  .method = trial->method->name,
                                  .arena = own,
                                  .validate_only = validate_only,
                                  .run = run,
                                  .done = done};
    assert_ok(store_write(store, &trial->write));
    pthread_mutex_lock(&trial->lock);
    while (!trial->is_done) {
        pthread_cond_wait(&trial->changed, &trial->lock);
    }
    pthread_mutex_unlock(&trial->lock);
}

static void trial_init(struct trial *trial, const char *method, const char *request)
{
    const ProtobufCServiceDescriptor *service = indicators_service.descriptor;
    const ProtobufCMethodDescriptor *descriptor =
        protobuf_c_service_descriptor_get_method_by_name(service, method);
    char *text = arena_strdup(arena, request);
    void *message = NULL;

    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_non_null(descriptor);
    assert_ok(json_decode(arena, descriptor->input, slice_from(text), &message));
    *trial = (struct trial){.request = message,
                            .output = descriptor->output,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER};
    for (size_t i = 0; i < indicators_service.method_count; i++) {
        if (strcmp(indicators_service.methods[i].name, method) == 0) {
            trial->method = &indicators_service.methods[i];
        }
    }
}

static void write_once(const char *method, const char *request)
{
    struct trial trial;

    trial_init(&trial, method, request);
    write_and_wait(&trial, arena, false);
    assert_ok(trial.write.status);
}

static int store_setup(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_BYTES);
    directory_make(directory);
    assert_ok(schema_load(arena, indicators_descriptor_set(), &indicators_service.descriptor, 1,
                          &schema));
    const struct store_options options = {
        .directory = directory,
        .service = "indicators",
        .kinds = indicators_service.kinds,
        .kind_count = indicators_service.kind_count,
        .schema = schema,
    };
    assert_ok(store_open(&options, arena, &store));
    write_once("CreateIndicator", "{'indicatorId':'i','indicator':{'displayName':{'vi':'x'},"
                                  "'unit':'u','kind':'FLOW','decimals':2}}");
    write_once("CreateTarget", "{'parent':'indicators/i','targetId':'2022','target':"
                               "{'comparator':'AT_LEAST','value':1500,'growthPercent':5,"
                               "'baseline':{'value':1240}}}");
    write_once("BatchUpsertObservations",
               "{'parent':'indicators/i','observations':["
               "{'period':'2021','basis':'PERIOD','value':1240,'status':'ESTIMATED'},"
               "{'period':'2021-06','basis':'YEAR_TO_DATE','value':560,'status':'ESTIMATED'},"
               "{'period':'2022-05','basis':'YEAR_TO_DATE','value':512,'status':'ESTIMATED'},"
               "{'period':'2022-06','basis':'PERIOD','value':118,'status':'ESTIMATED'},"
               "{'period':'2022-06','basis':'PERIOD','value':18,'status':'ESTIMATED',"
               "'breakdown':{'d':'a'}},"
               "{'period':'2021-06','basis':'PERIOD','value':8,'status':'ESTIMATED',"
               "'breakdown':{'d':'a'}}]}");
    return 0;
}

static int store_teardown(void **state)
{
    (void)state;
    store_close(store);
    arena_free(arena);
    directory_remove(directory);
    return 0;
}

static struct status try_once(struct trial *trial, size_t limit_bytes)
{
    struct arena *own = arena_new(limit_bytes);
    struct status status;

    assert_non_null(own);
    if (trial->method->mode == METHOD_WRITE) {
        write_and_wait(trial, own, true);
        status = trial->write.status;
    } else {
        struct tx tx;
        status = store_read_begin(store, own, &tx);
        if (status.code == STATUS_OK) {
            status = run_handler(trial, &tx);
            store_read_end(&tx);
        }
    }
    /* The texts die with the arena. */
    status.reason = status.code == STATUS_RESOURCE_EXHAUSTED ? "" : NULL;
    arena_free(own);
    return status;
}

static void every_allocation_may_fail(const char *method, const char *request)
{
    struct trial trial;
    int steps = 0;

    trial_init(&trial, method, request);
    for (; steps < STEPS_MAX; steps++) {
        const struct status status = try_once(&trial, (size_t)steps * STEP_BYTES);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    }
    assert_in_range(steps, 10, STEPS_MAX - 1);
}

static void progress_survives_every_failure(void **state)
{
    (void)state;
    every_allocation_may_fail("GetProgress", "{'name':'indicators/i','period':'2022-06'}");
    every_allocation_may_fail(
        "GetProgress", "{'name':'indicators/i','period':'2022-06','publishedBy':'2199-12-31'}");
}

static void contributions_survive_every_failure(void **state)
{
    (void)state;
    every_allocation_may_fail("GetContributions",
                              "{'name':'indicators/i','period':'2022-06','dimension':'d'}");
}

static void batches_survive_every_failure(void **state)
{
    (void)state;
    every_allocation_may_fail(
        "BatchUpsertObservations",
        "{'parent':'indicators/i','observations':["
        "{'period':'2022-05','basis':'YEAR_TO_DATE','value':511,'status':'PRELIMINARY'},"
        "{'period':'2022-07','basis':'YEAR_TO_DATE','value':510,'status':'OFFICIAL'},"
        "{'period':'2022-06','basis':'PERIOD','value':9,'status':'ESTIMATED',"
        "'breakdown':{'e':'b','d':'a'}}]}");
}

static void closing_survives_every_failure(void **state)
{
    (void)state;
    every_allocation_may_fail("CloseTarget", "{'name':'indicators/i/targets/2022',"
                                             "'date':'2023-01-01','document':{'number':'1',"
                                             "'uri':'https://example.vn'}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_survives_every_failure),
        cmocka_unit_test(contributions_survive_every_failure),
        cmocka_unit_test(batches_survive_every_failure),
        cmocka_unit_test(closing_survives_every_failure),
    };

    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
