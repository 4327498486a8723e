/* replay.c - runs the files of a folder, and everything they begin with, through a fuzz target. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, FILE_MAX_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input has memory of its own length, so that a sanitizer sees a read behind it. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay_file(const char *folder, const char *name)
{
    static uint8_t data[FILE_MAX_BYTES];
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    const size_t size = fread(data, 1, sizeof(data), file);
    (void)fclose(file);
    for (size_t length = 0; length <= size; length++) {
        run(data, length);
    }
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int count = 0;

    if (folder == NULL) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            if (replay_file(argv[1], entry->d_name) != 0) {
                return 1;
            }
            count++;
        }
    }
    (void)closedir(folder);
    (void)printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
