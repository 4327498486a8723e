/* openapi_dump.c - prints the OpenAPI document for openapi_test.py. */
#include "api.h"
#include "openapi.h"

#include <stdio.h>

int main(void)
{
    struct arena *arena = arena_new(64 << 20);
    const struct schema *schema = NULL;
    struct slice document = {0};

    if (schema_load(arena, api_descriptor_set(), api_services, api_service_count, &schema).code !=
            STATUS_OK ||
        openapi_build(schema, arena, &document).code != STATUS_OK) {
        return 1;
    }
    (void)fwrite(document.data, 1, document.length, stdout);
    arena_free(arena);
    return 0;
}
