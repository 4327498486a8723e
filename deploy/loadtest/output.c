/* output.c - one line is put together, then written and hashed as a whole. */
#include "output.h"

#include <errno.h>
#include <inttypes.h>

enum { LINE_MAX_BYTES = 2 << 20, FILE_NAME_MAX_BYTES = 4096 };

void output_open(struct output *output, FILE *file, const char *directory, bool hash)
{
    *output = (struct output){.file = file, .directory = directory};
    buffer_init(&output->line, LINE_MAX_BYTES);
    if (hash) {
        output->digest = digest_stream_new();
    }
}

static bool failed(struct output *output, int error)
{
    output->error = error != 0 ? error : EIO;
    return false;
}

static bool stage_file(struct output *output)
{
    char name[FILE_NAME_MAX_BYTES];

    if (output->directory == NULL || output->file != NULL) {
        return true;
    }
    const int length =
        snprintf(name, sizeof(name), "%s/stage-%05u.ndjson", output->directory, output->stage + 1);
    if (length < 0 || (size_t)length >= sizeof(name)) {
        return failed(output, ENAMETOOLONG);
    }
    output->file = fopen(name, "we");
    return output->file != NULL || failed(output, errno);
}

static bool on_request(void *arg, const struct request *request)
{
    struct output *output = arg;
    struct buffer *line = &output->line;

    buffer_clear(line);
    buffer_printf(line,
                  "{\"stage\":%u,\"lane\":%" PRIu64 ",\"kind\":\"%s\",\"records\":%u,"
                  "\"path\":\"%s\",\"key\":\"%s\",\"body\":",
                  output->stage + 1, request->lane, request->kind, request->records, request->path,
                  request->key);
    buffer_append(line, request->body.data, request->body.length);
    buffer_append_text(line, "}\n");
    if (buffer_failed(line)) {
        return failed(output, ENOMEM);
    }
    if (output->digest != NULL) {
        digest_stream_add(output->digest, buffer_slice(line));
    }
    output->requests++;
    output->records += request->records;
    if (!stage_file(output)) {
        return false;
    }
    return output->file == NULL ||
           fwrite(line->data, 1, line->length, output->file) == line->length ||
           failed(output, errno);
}

static bool on_stage_end(void *arg)
{
    struct output *output = arg;
    bool closed = true;

    output->stage++;
    if (output->directory != NULL && output->file != NULL) {
        closed = fclose(output->file) == 0;
        output->file = NULL;
    }
    return closed || failed(output, errno);
}

struct sink output_sink(struct output *output)
{
    return (struct sink){on_request, on_stage_end, output};
}

void output_close(struct output *output, uint8_t hash[DIGEST_BYTES])
{
    if (output->file != NULL && fflush(output->file) != 0 && output->error == 0) {
        (void)failed(output, errno);
    }
    if (output->directory != NULL && output->file != NULL) {
        (void)fclose(output->file);
    }
    if (output->digest != NULL) {
        digest_stream_end(output->digest, hash);
    }
    buffer_done(&output->line);
}
