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

/* A reason of a test's own, that no table has and that has no sentences. */
#define OWN_REASON(name, code)                                                                     \
    static const struct reason REASON_##name[1] = {{#name, STATUS_##code, 0, "", NULL}}

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
        assert_string_equal(status_reason(status_)->name, (reason_));                              \
    } while (0)

#endif
