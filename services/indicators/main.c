/* main.c - the program dongkhoi-indicators. */
#include "indicators.h"

int main(int argc, char **argv)
{
    return service_main(&indicators_service, argc, argv);
}
