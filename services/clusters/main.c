/* main.c - the clusters service as a program. */
#include "clusters.h"

int main(int argc, char **argv)
{
    return service_main(&clusters_service, argc, argv);
}
