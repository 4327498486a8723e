/*
 * filter_tree.h - a parsed filter; private to pb.
 */
#ifndef PB_FILTER_TREE_H
#define PB_FILTER_TREE_H

#include "pb/filter.h"

#include <stdint.h>

enum filter_kind { FILTER_ALL, FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_COMPARE };

enum filter_operator {
    FILTER_EQUAL,
    FILTER_UNEQUAL,
    FILTER_LESS,
    FILTER_AT_MOST,
    FILTER_GREATER,
    FILTER_AT_LEAST,
    FILTER_HAS,
};

/* How the value at the end of a path is compared. */
enum filter_value {
    FILTER_PRESENCE,
    FILTER_SIGNED, /* int32, int64, bool, enum */
    FILTER_UNSIGNED,
    FILTER_REAL,
    FILTER_TEXT,
    FILTER_TIME, /* Timestamp and Duration: seconds and nanos */
};

enum { FILTER_STEPS_MAX = 8 };

struct filter_step {
    const ProtobufCFieldDescriptor *field;
    bool is_map;
    /* Of a map whose entry is named by the path: a value of the type of its key. */
    bool has_key;
    int64_t key_bits;
    const char *key_text;
};

struct filter_literal {
    int64_t integer; /* seconds of a time; the bits of an unsigned value */
    int32_t nanos;
    double real;
    struct slice text;
    bool is_open_start; /* "*" in front or behind */
    bool is_open_end;
    const char *name; /* of text without wildcards, and of an enum's value; else NULL */
};

struct filter_comparison {
    struct filter_step steps[FILTER_STEPS_MAX];
    size_t step_count;
    const ProtobufCFieldDescriptor *leaf; /* scalar, or inside of a wrapper; NULL: a message */
    bool is_wrapped;
    enum filter_operator comparator;
    enum filter_value value;
    struct filter_literal literal;
    const char *path; /* proto names; NULL when it leads through a map or repeated field */
};

struct filter_node {
    enum filter_kind kind;
    struct filter_node *child; /* the first; of NOT the only one */
    struct filter_node *next;  /* the parent's next child */
    struct filter_comparison *comparison;
};

struct filter {
    struct filter_node *root;
};

/* What is at hand while one text is parsed. */
struct filter_parser {
    struct arena *arena;
    const ProtobufCMessageDescriptor *type;
    const char *start;
    const char *at;
    unsigned depth;
    unsigned terms;
};

/* INVALID_FILTER at a position, counted in bytes from 1. */
__attribute__((format(printf, 3, 4))) struct status
filter_fail(struct filter_parser *parser, const char *at, const char *format, ...);

/* The value behind a comparator, quotes and escapes taken off. */
struct filter_word {
    const char *at;
    struct slice text;
    bool is_quoted;
    bool is_open_start; /* begins, ends with a "*" that was not escaped */
    bool is_open_end;
};

struct status filter_quoted(struct filter_parser *parser, struct filter_word *ret_word);

/* Takes "path comparator value" and checks it against the type. */
struct status filter_comparison_parse(struct filter_parser *parser,
                                      struct filter_comparison **ret_comparison);

/* Checks the value and its operator against the field that the path leads to. */
struct status filter_literal_parse(struct filter_parser *parser, const struct filter_word *word,
                                   struct filter_comparison *comparison);

#endif
