/* trace.c - reading and making of traceparent. */
#include "base/trace.h"

#include "base/digest.h"

#include <assert.h>

enum {
    VERSION_AT = 0,
    TRACE_AT = 3,
    PARENT_AT = 36,
    FLAGS_AT = 53,
    LENGTH = 55,
    /* Bits of the flags: the caller may have recorded the span; the trace id is random (level 2).
     * Others are not ours to pass on. */
    FLAG_SAMPLED = 1,
    FLAG_RANDOM = 2,
};

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether these are lower-case hexadecimal digits; ret_is_zero: all of them are 0, which is no id.
 */
static bool are_digits(const char *text, size_t count, bool *ret_is_zero)
{
    bool is_zero = true;

    for (size_t i = 0; i < count; i++) {
        if (digit_value(text[i]) < 0) {
            return false;
        }
        is_zero = is_zero && text[i] == '0';
    }
    *ret_is_zero = is_zero;
    return true;
}

static bool version_allows(struct slice text)
{
    bool is_zero = false;

    if (!are_digits(text.data + VERSION_AT, 2, &is_zero) || memcmp(text.data, "ff", 2) == 0) {
        return false;
    }
    return is_zero ? text.length == LENGTH : text.length == LENGTH || text.data[LENGTH] == '-';
}

bool trace_parse(struct slice traceparent, struct trace *ret_trace)
{
    const char *text = traceparent.data;
    bool trace_is_zero = true;
    bool parent_is_zero = true;
    bool flags_are_zero = true;

    if (traceparent.length < LENGTH || text[TRACE_AT - 1] != '-' || text[PARENT_AT - 1] != '-' ||
        text[FLAGS_AT - 1] != '-' || !version_allows(traceparent) ||
        !are_digits(text + TRACE_AT, TRACE_ID_DIGITS, &trace_is_zero) ||
        !are_digits(text + PARENT_AT, SPAN_ID_DIGITS, &parent_is_zero) ||
        !are_digits(text + FLAGS_AT, 2, &flags_are_zero) || trace_is_zero || parent_is_zero) {
        return false;
    }
    *ret_trace = (struct trace){
        .flags = (uint8_t)(digit_value(text[FLAGS_AT + 1]) & (FLAG_SAMPLED | FLAG_RANDOM)),
    };
    memcpy(ret_trace->trace_id, text + TRACE_AT, TRACE_ID_DIGITS);
    memcpy(ret_trace->parent_id, text + PARENT_AT, SPAN_ID_DIGITS);
    return true;
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* A random number other than 0, by xoshiro256** (Blackman and Vigna), seeded for each thread by the
 * system: ids of spans are made for every request and need to be different, not secret. */
static uint64_t next_number(void)
{
    static _Thread_local uint64_t state[4];
    uint64_t result = 0;

    while (state[0] == 0 && state[1] == 0 && state[2] == 0 && state[3] == 0) {
        random_bytes((uint8_t *)state, sizeof(state));
    }
    do {
        const uint64_t shifted = state[1] << 17;

        result = rotate(state[1] * 5, 7) * 9;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = rotate(state[3], 45);
    } while (result == 0);
    return result;
}

static void put_number(uint64_t number, char *digits)
{
    for (int i = 0; i < 16; i++) {
        digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    }
}

void trace_begin(struct trace *ret_trace)
{
    *ret_trace = (struct trace){.flags = FLAG_SAMPLED | FLAG_RANDOM};
    put_number(next_number(), ret_trace->trace_id);
    put_number(next_number(), ret_trace->trace_id + 16);
    put_number(next_number(), ret_trace->span_id);
}

void trace_continue(struct trace *trace)
{
    put_number(next_number(), trace->span_id);
}

void trace_format(const struct trace *trace, char text[TRACEPARENT_BYTES])
{
    assert(trace->trace_id[0] != '\0' && trace->span_id[0] != '\0' && trace->flags < 10);
    memcpy(text, "00-", 3);
    memcpy(text + TRACE_AT, trace->trace_id, TRACE_ID_DIGITS);
    text[PARENT_AT - 1] = '-';
    memcpy(text + PARENT_AT, trace->span_id, SPAN_ID_DIGITS);
    text[FLAGS_AT - 1] = '-';
    text[FLAGS_AT] = '0';
    text[FLAGS_AT + 1] = (char)('0' + trace->flags);
    text[LENGTH] = '\0';
}
