/* main.c - the registrations service as a program. */
#include "registrations.h"

int main(int argc, char **argv)
{
    return service_main(&registrations_service, argc, argv);
}
