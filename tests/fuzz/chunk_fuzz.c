/* chunk_fuzz.c - a chunked body means the same however it is cut. */
#include "fuzz.h"

#include "http/http_chunk.h"

struct joined {
    enum http_chunk_state state;
    bool is_valid;
    size_t length;
    size_t sum;  /* of its bytes, each by its place */
    size_t read; /* of the input */
};

static bool is_inside(struct slice part, struct slice whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

static struct joined join(struct slice data, size_t step)
{
    const struct slice all = data;
    struct http_chunk chunk = {0};
    struct joined joined = {.is_valid = true};

    while (joined.is_valid && data.length > 0 && chunk.state != CHUNK_DONE) {
        struct slice part = {data.data, data.length < step ? data.length : step};
        struct slice piece;
        const size_t before = part.length;

        joined.is_valid = http_chunk_read(&chunk, &part, &piece);
        promise(is_inside(piece, all));
        for (size_t i = 0; i < piece.length; i++) {
            joined.sum += ++joined.length * (unsigned char)piece.data[i];
        }
        data.data += before - part.length;
        data.length -= before - part.length;
    }
    promise(chunk.extra <= HTTP_CHUNK_EXTRA_MAX_BYTES + 1);
    joined.state = chunk.state;
    joined.read = all.length - data.length;
    return joined;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};
    const struct joined whole = join(bytes, size);

    for (size_t step = 1; step <= 3; step++) {
        const struct joined cut = join(bytes, step);

        promise(whole.is_valid == cut.is_valid && whole.length == cut.length &&
                whole.sum == cut.sum);
        promise(!whole.is_valid || (whole.state == cut.state && whole.read == cut.read));
    }
    promise(whole.length <= size);
    return 0;
}
