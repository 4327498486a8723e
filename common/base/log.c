/* log.c - a line is made on the stack and leaves whole. */
#include "base/log.h"

#include "base/log_line.h"

#include <errno.h>
#include <stdarg.h>

static struct {
    const char *program;
    enum log_level least;
} settings = {.program = "", .least = LOG_INFO};

static const char *const levels[] = {"debug", "info", "warning", "error"};

void log_init(const char *program, enum log_level least)
{
    settings.program = program;
    settings.least = least;
}

bool log_writes(enum log_level level)
{
    return level >= settings.least;
}

const char *log_program(void)
{
    return settings.program;
}

bool log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(text, levels[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_event(enum log_level level, const char *event, ...)
{
    struct log_line line;
    va_list args;

    if (level < settings.least) {
        return;
    }
    const int kept_errno = errno;
    log_line_begin(&line, level, event);
    va_start(args, event);
    for (const char *key = va_arg(args, const char *); key != NULL && !line.is_cut;
         key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value == NULL) {
            break;
        }
        log_line_text(&line, key, slice_from(value));
    }
    va_end(args);
    log_line_end(&line);
    errno = kept_errno;
}
