/*
 * unit.h - cmocka with what it needs before it, and assertions on statuses.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

#define assert_ok(expr)                                                                            \
    do {                                                                                           \
        const struct status status_ = (expr);                                                      \
        if (status_.code != STATUS_OK) {                                                           \
            fail_msg("%s: %s %s (%s)", #expr, status_code_name(status_.code), status_.message,     \
                     status_.field != NULL ? status_.field : "-");                                 \
        }                                                                                          \
    } while (0)

#define assert_status(expr, code_, reason_)                                                        \
    do {                                                                                           \
        const struct status status_ = (expr);                                                      \
        if (status_.code != (code_)) {                                                             \
            fail_msg("%s: %s %s", #expr, status_code_name(status_.code),                           \
                     status_.message != NULL ? status_.message : "");                              \
        }                                                                                          \
        assert_string_equal(status_.reason, (reason_));                                            \
    } while (0)

#endif
