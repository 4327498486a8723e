/* schema_test.c - tests schema.c on the samples and on the project's own API. */
#include "unit.h"

#include "api.h"
#include "pb/schema.h"
#include "samples.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 32 << 20 };

static const ProtobufCServiceDescriptor *const services[] = {
    &samples__sample_service__descriptor,
};

static struct arena *arena;
static char *file;
static struct slice samples;
static const struct schema *schema;

static int set_up(void **state)
{
    enum { FILE_MAX_BYTES = 4 << 20 };
    FILE *stream = fopen(SAMPLES_DESCRIPTOR_SET, "rb");

    (void)state;
    if (stream == NULL) {
        return -1;
    }
    file = malloc(FILE_MAX_BYTES);
    samples = (struct slice){.data = file, .length = fread(file, 1, FILE_MAX_BYTES, stream)};
    (void)fclose(stream);
    arena = arena_new(LIMIT_BYTES);
    return schema_load(arena, samples, services, 1, &schema).code == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    free(file);
    return 0;
}

static const struct schema_field *field_of(const char *message, const char *name)
{
    const struct schema_field *field = schema_field(schema_message(schema, message), name);

    assert_non_null(field);
    return field;
}

static void messages_and_fields_are_found_by_name(void **state)
{
    const struct schema_message *sample = schema_message(schema, "samples.Sample");

    (void)state;
    assert_string_equal(sample->name, "samples.Sample");
    assert_ptr_equal(sample->type, &samples__sample__descriptor);
    assert_int_equal(sample->field_count, 35);
    assert_string_equal(sample->fields[0].name, "name");
    assert_string_equal(sample->fields[34].name, "parent");
    assert_string_equal(field_of("samples.Sample", "inner_by_number")->json_name, "innerByNumber");
    assert_int_equal(field_of("samples.Sample", "amount")->number, 33);
    assert_null(schema_field(sample, "innerByNumber"));
    assert_null(schema_message(schema, "samples.None"));
    assert_null(schema_message(schema, ""));
    assert_null(schema_message(schema, ".samples.Sample"));
}

static void types_are_known_where_a_method_leads(void **state)
{
    (void)state;
    assert_ptr_equal(schema_message(schema, "samples.Sample.Inner")->type,
                     &samples__sample__inner__descriptor);
    assert_ptr_equal(schema_message(schema, "google.protobuf.DoubleValue")->type,
                     &google__protobuf__double_value__descriptor);
    assert_ptr_equal(schema_message(schema, "samples.Sample.LabelsEntry")->type,
                     &samples__sample__labels_entry__descriptor);
    assert_non_null(schema_message(schema, "samples.Lonely"));
    assert_null(schema_message(schema, "samples.Lonely")->type);
}

static void behaviors_are_bits(void **state)
{
    (void)state;
    assert_int_equal(field_of("samples.Sample", "name")->behavior,
                     FIELD_REQUIRED | FIELD_IMMUTABLE);
    assert_int_equal(field_of("samples.Sample", "color")->behavior, FIELD_OUTPUT_ONLY);
    assert_int_equal(field_of("samples.Sample", "inner")->behavior, 0);
}

static void maps_and_oneofs_are_marked(void **state)
{
    (void)state;
    assert_true(field_of("samples.Sample", "labels")->is_map);
    assert_true(field_of("samples.Sample", "inner_by_number")->is_map);
    assert_false(field_of("samples.Sample", "inner_list")->is_map);
    assert_false(field_of("samples.Sample", "inner")->is_map);
    assert_true(field_of("samples.Sample", "choice_text")->in_oneof);
    assert_false(field_of("samples.Sample", "inner")->in_oneof);
}

static void resources_and_references_are_read(void **state)
{
    const struct schema_message *sample = schema_message(schema, "samples.Sample");

    (void)state;
    assert_string_equal(sample->resource_type, "dongkhoi/Sample");
    assert_string_equal(sample->resource_pattern, "samples/{sample}");
    assert_null(schema_message(schema, "samples.Lonely")->resource_type);
    assert_string_equal(field_of("samples.Sample", "owner")->reference_type, "dongkhoi/Owner");
    assert_string_equal(field_of("samples.Sample", "parent")->reference_type, "dongkhoi/Sample");
    assert_null(field_of("samples.Sample", "name")->reference_type);
}

static void comments_lose_their_margin_only(void **state)
{
    const struct schema_service *service = schema_service(schema, "samples.SampleService");

    (void)state;
    assert_string_equal(schema_message(schema, "samples.Sample")->comment, "One of everything.");
    assert_string_equal(schema_message(schema, "samples.Sample.Inner")->comment, "Of a sample.");
    assert_string_equal(field_of("samples.Sample", "color")->comment,
                        "Behind two lines\n\nand an empty one.");
    assert_string_equal(field_of("samples.Sample", "name")->comment, "");
    assert_string_equal(service->comment, "Keeps samples.");
    assert_string_equal(service->methods[1].comment, "Changes one sample,\n  and says so.");
    assert_string_equal(service->methods[2].comment, "Not reached by HTTP.");
    assert_string_equal(schema_enum(schema, "samples.Sample.Inner.Shape")->comment,
                        "How it is seen.");
}

static void enums_keep_names_numbers_and_comments(void **state)
{
    const struct schema_enum *color = schema_enum(schema, "samples.Color");

    (void)state;
    assert_int_equal(color->value_count, 3);
    assert_string_equal(color->value_names[1], "COLOR_RED");
    assert_string_equal(color->value_comments[1], "As blood.");
    assert_string_equal(color->value_comments[2], "");
    assert_int_equal(color->value_numbers[2], -7);
    assert_null(schema_enum(schema, "samples.Sample"));
    assert_null(schema_enum(schema, "samples.Shape"));
}

static void assert_route(const struct schema_route *route, const char *verb, const char *path,
                         const char *body)
{
    assert_string_equal(route->verb, verb);
    assert_string_equal(route->path, path);
    assert_string_equal(route->body, body);
}

static void methods_have_their_routes(void **state)
{
    size_t count = 0;
    const struct schema_service *service = schema_services(schema, &count);

    (void)state;
    assert_int_equal(count, 1);
    assert_ptr_equal(service, schema_service(schema, "samples.SampleService"));
    assert_null(schema_service(schema, "samples.Sample"));
    assert_int_equal(service->method_count, 3);
    const struct schema_method *get = &service->methods[0];
    assert_string_equal(get->name, "GetSample");
    assert_string_equal(get->full_name, "samples.SampleService/GetSample");
    assert_ptr_equal(get->service, service);
    assert_ptr_equal(get->input, schema_message(schema, "samples.GetSampleRequest"));
    assert_ptr_equal(get->output, schema_message(schema, "samples.Sample"));
    assert_int_equal(get->route_count, 3);
    assert_route(&get->routes[0], "GET", "/v1/{name=samples/*}", "");
    assert_route(&get->routes[1], "GET", "/v1/{name=boxes/*/samples/*}", "");
    assert_route(&get->routes[2], "HEAD", "/v1/{name=samples/*}", "");
    /* Its parts stand in the file one by one. */
    assert_int_equal(service->methods[1].route_count, 1);
    assert_route(&service->methods[1].routes[0], "PATCH", "/v1/{sample.name=samples/*}", "sample");
    assert_int_equal(service->methods[2].route_count, 0);
}

static void what_is_no_descriptor_set_is_refused(void **state)
{
    const struct schema *none = NULL;

    (void)state;
    assert_status(schema_load(arena, slice_from("rubbish"), services, 1, &none), STATUS_INTERNAL,
                  "INVALID_SCHEMA");
    assert_null(none);
}

static void a_set_without_a_service_or_its_messages_is_refused(void **state)
{
    const struct schema *none = NULL;

    (void)state;
    assert_status(schema_load(arena, (struct slice){.data = file, .length = 0}, services, 1, &none),
                  STATUS_INTERNAL, "INVALID_SCHEMA");
    assert_status(schema_load(arena, api_descriptor_set(), services, 1, &none), STATUS_INTERNAL,
                  "INVALID_SCHEMA");
    assert_null(none);
}

static void every_cut_of_the_set_is_refused_or_read(void **state)
{
    (void)state;
    for (size_t length = 0; length < samples.length; length += 1 + samples.length / 100) {
        struct arena *own = arena_new(LIMIT_BYTES);
        const struct schema *cut = NULL;
        char *exact = malloc(length + 1);
        memcpy(exact, file, length);
        const struct status status =
            schema_load(own, (struct slice){.data = exact, .length = length}, services, 1, &cut);
        assert_int_equal(status.code, STATUS_INTERNAL);
        free(exact);
        arena_free(own);
    }
}

static void whatever_allocation_fails_the_load_says_so(void **state)
{
    size_t limit = 0;
    size_t step = 16;

    (void)state;
    for (;; limit += step) {
        struct arena *small = arena_new(limit);
        const struct schema *none = NULL;
        const struct status status = schema_load(small, samples, services, 1, &none);
        arena_free(small);
        if (status.code == STATUS_OK) {
            break;
        }
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_null(none);
        /* The tables come first; what follows is thousands of copies. */
        step = limit < 1024 ? 16 : 4096 + 16;
    }
}

static enum schema_batching batching_of(const struct schema *own, const char *service,
                                        const char *name)
{
    const struct schema_service *about = schema_service(own, service);

    for (size_t i = 0; i < about->method_count; i++) {
        if (strcmp(about->methods[i].name, name) == 0) {
            return about->methods[i].batching;
        }
    }
    fail_msg("no method %s", name);
    return BATCHING_ALONE;
}

static void methods_say_with_which_calls_they_travel(void **state)
{
    static const char clusters[] = "dongkhoi.clusters.v1.ClusterService";
    const struct schema *own = NULL;

    (void)state;
    assert_ok(schema_load(arena, api_descriptor_set(), api_services, api_service_count, &own));
    assert_int_equal(batching_of(own, clusters, "GetCluster"), BATCHING_WITH_READS);
    assert_int_equal(batching_of(own, clusters, "CreateCluster"), BATCHING_WITH_WRITES);
    assert_int_equal(batching_of(own, clusters, "ListClusters"), BATCHING_ALONE);
    assert_int_equal(batching_of(own, clusters, "AdvanceCluster"), BATCHING_ALONE);
    assert_int_equal(
        batching_of(own, "dongkhoi.registrations.v1.RegistrationService", "GetScorecard"),
        BATCHING_ALONE);
}

static void fields_have_their_rules(void **state)
{
    const struct schema *own = NULL;

    (void)state;
    assert_ok(schema_load(arena, api_descriptor_set(), api_services, api_service_count, &own));
    const struct schema_message *cluster = schema_message(own, "dongkhoi.clusters.v1.Cluster");
    assert_null(schema_field(cluster, "etag")->rules);
    assert_int_equal(schema_field(cluster, "note")->rules->max_length, 2000);
    const struct schema_rules *district = schema_field(cluster, "district")->rules;
    assert_string_equal(district->pattern, "^([0-9]{3})$");
    assert_string_equal(district->pattern_reason, "INVALID_DISTRICT");
    assert_string_equal(district->required_reason, "FIELD_REQUIRED");
    const struct schema_rules *area = schema_field(cluster, "area_hectares")->rules;
    assert_true(area->has_range && area->minimum > 0 && area->maximum == 300000);
}

static void the_projects_own_api_is_complete(void **state)
{
    const struct schema *own = NULL;
    size_t count = 0;

    (void)state;
    assert_ok(schema_load(arena, api_descriptor_set(), api_services, api_service_count, &own));
    const struct schema_service *all = schema_services(own, &count);
    assert_int_equal(count, api_service_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(all[i].name, api_services[i]->name);
        assert_int_equal(all[i].method_count, api_services[i]->n_methods);
        for (size_t m = 0; m < all[i].method_count; m++) {
            assert_true(all[i].methods[m].route_count > 0);
            assert_non_null(all[i].methods[m].input->type);
            assert_non_null(all[i].methods[m].output->type);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_fields_are_found_by_name),
        cmocka_unit_test(types_are_known_where_a_method_leads),
        cmocka_unit_test(behaviors_are_bits),
        cmocka_unit_test(maps_and_oneofs_are_marked),
        cmocka_unit_test(resources_and_references_are_read),
        cmocka_unit_test(comments_lose_their_margin_only),
        cmocka_unit_test(enums_keep_names_numbers_and_comments),
        cmocka_unit_test(methods_have_their_routes),
        cmocka_unit_test(what_is_no_descriptor_set_is_refused),
        cmocka_unit_test(a_set_without_a_service_or_its_messages_is_refused),
        cmocka_unit_test(every_cut_of_the_set_is_refused_or_read),
        cmocka_unit_test(whatever_allocation_fails_the_load_says_so),
        cmocka_unit_test(methods_say_with_which_calls_they_travel),
        cmocka_unit_test(fields_have_their_rules),
        cmocka_unit_test(the_projects_own_api_is_complete),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
