/* main.c - the night-economy service as a program. */
#include "nighteconomy.h"

int main(int argc, char **argv)
{
    return service_main(&nighteconomy_service, argc, argv);
}
