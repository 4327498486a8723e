/* api.c - carries the FileDescriptorSet inside the program. */
#include "api.h"

#include "dongkhoi/changes/v1/changes.pb-c.h"
#include "dongkhoi/clusters/v1/clusters.pb-c.h"
#include "dongkhoi/indicators/v1/indicators.pb-c.h"
#include "dongkhoi/nighteconomy/v1/nighteconomy.pb-c.h"
#include "dongkhoi/registrations/v1/registrations.pb-c.h"

const ProtobufCServiceDescriptor *const api_services[] = {
    &dongkhoi__changes__v1__change_service__descriptor,
    &dongkhoi__clusters__v1__cluster_service__descriptor,
    &dongkhoi__indicators__v1__indicator_service__descriptor,
    &dongkhoi__nighteconomy__v1__night_economy_service__descriptor,
    &dongkhoi__registrations__v1__registration_service__descriptor,
};
const size_t api_service_count = sizeof(api_services) / sizeof(api_services[0]);

__asm__(".section .rodata\n"
        ".global api_descriptor_set_start\n"
        ".global api_descriptor_set_end\n"
        "api_descriptor_set_start:\n"
        ".incbin \"" API_DESCRIPTOR_SET "\"\n"
        "api_descriptor_set_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char api_descriptor_set_start[];
extern const char api_descriptor_set_end[];

struct slice api_descriptor_set(void)
{
    return (struct slice){
        .data = api_descriptor_set_start,
        .length = (size_t)(api_descriptor_set_end - api_descriptor_set_start),
    };
}
