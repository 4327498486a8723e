/* disk.c - how much room there is, against two limits in bytes or percent. */
#include "store/disk.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18, PERCENT_MAX = 90, SLACK = 16 };

static const char allowed[] = "bytes, such as 1073741824, or 1% to 90% of the disk; 0: no limit";

bool disk_limit_parse(const char *text, struct disk_limit *ret_limit)
{
    const size_t digits = strspn(text, "0123456789");
    struct disk_limit limit = {0};

    if (digits == 0 || digits > DIGITS_MAX) {
        return false;
    }
    const int64_t number = (int64_t)strtoll(text, NULL, 10);
    if (strcmp(text + digits, "%") == 0) {
        if (number < 1 || number > PERCENT_MAX) {
            return false;
        }
        limit.percent = (int)number;
    } else if (text[digits] == '\0') {
        limit.bytes = number;
    } else {
        return false;
    }
    *ret_limit = limit;
    return true;
}

const char *disk_limit_check(const char *text)
{
    struct disk_limit limit;

    return disk_limit_parse(text, &limit) ? NULL : allowed;
}

static int64_t limit_bytes(const struct disk_limit *limit, int64_t size)
{
    return limit->percent != 0 ? size / 100 * limit->percent : limit->bytes;
}

static bool is_below(int64_t free_bytes, int64_t limit, bool was_below)
{
    return free_bytes < (was_below ? limit + limit / SLACK : limit);
}

static enum disk_state state_of(const struct disk_view *view)
{
    if (is_below(view->free_bytes, view->reserve_bytes, view->state == DISK_RESERVED)) {
        return DISK_RESERVED;
    }
    return is_below(view->free_bytes, view->warn_bytes, view->state != DISK_ROOMY) ? DISK_LOW
                                                                                   : DISK_ROOMY;
}

void disk_look(struct disk *disk, int64_t now_boot_ms)
{
    struct disk_view view = disk->view;
    struct statvfs seen;

    disk->look_again_boot_ms = now_boot_ms + DISK_LOOK_MS;
    if (disk->options.look(disk->path, &seen) != 0) {
        return; /* nothing is known; when the files cannot be reached, writing will fail */
    }
    const int64_t size = (int64_t)(seen.f_blocks * seen.f_frsize);
    view.free_bytes = (int64_t)(seen.f_bavail * seen.f_frsize);
    view.warn_bytes = limit_bytes(&disk->options.warn, size);
    view.reserve_bytes = limit_bytes(&disk->options.reserve, size);
    view.state = state_of(&view);
    const bool is_other = view.state != disk->view.state;
    disk->view = view;
    if (is_other && disk->options.on_change != NULL) {
        disk->options.on_change(disk->options.arg, view.state, view.free_bytes);
    }
}

bool disk_look_when_due(struct disk *disk, int64_t now_boot_ms)
{
    if (now_boot_ms < disk->look_again_boot_ms) {
        return false;
    }
    disk_look(disk, now_boot_ms);
    return true;
}

void disk_init(struct disk *disk, const struct disk_options *options, const char *path)
{
    *disk = (struct disk){
        .options = *options,
        .path = path,
        .view = {.state = DISK_ROOMY, .free_bytes = -1},
    };
    if (disk->options.look == NULL) {
        disk->options.look = statvfs;
    }
    disk_look(disk, clock_boot_ms());
}
