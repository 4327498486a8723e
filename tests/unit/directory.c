/* directory.c - made by mkdtemp(), removed from the leaves up. */
#include "unit.h"

#include "directory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS = 8 };

void directory_make(char directory[DIRECTORY_BYTES])
{
    (void)snprintf(directory, DIRECTORY_BYTES, "/tmp/dongkhoi-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

void directory_remove(const char *directory)
{
    (void)nftw(directory, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
