/* metrics_process.c - reads /proc/self. */
#include "base/metrics_process.h"

#include "base/clock.h"
#include "base/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STAT_BYTES = 1024, STAT_START_TIME = 22, STAT_THREADS = 20, STAT_AFTER_NAME = 3 };

/* The fields of /proc/self/stat from the third on. The second is the program's name in parentheses,
 * which may hold blanks and parentheses itself, so the fields are counted from the last
 * parenthesis. */
static bool stat_read(char stat[STAT_BYTES], char **ret_fields)
{
    FILE *file = fopen("/proc/self/stat", "re");
    bool is_read = false;

    if (file == NULL) {
        return false;
    }
    const size_t length = fread(stat, 1, STAT_BYTES - 1, file);
    (void)fclose(file);
    stat[length] = '\0';
    char *end = strrchr(stat, ')');
    if (end != NULL && end[1] == ' ') {
        *ret_fields = end + 2;
        is_read = true;
    }
    return is_read;
}

static double stat_field(const char *fields, int number)
{
    for (int i = STAT_AFTER_NAME; i < number && fields != NULL; i++) {
        fields = strchr(fields, ' ');
        fields = fields != NULL ? fields + 1 : NULL;
    }
    return fields != NULL ? strtod(fields, NULL) : 0;
}

/* When the system started, in seconds since 1970; 0: it does not say. */
static double boot_time(void)
{
    FILE *file = fopen("/proc/stat", "re");
    char line[256];
    double seconds = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "btime ", 6) == 0) {
            seconds = strtod(line + 6, NULL);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return seconds;
}

static void write_stat(struct buffer *text)
{
    char stat[STAT_BYTES];
    char *fields = NULL;
    const double booted = boot_time();

    if (!stat_read(stat, &fields)) {
        return;
    }
    if (booted > 0) {
        const double started =
            booted + stat_field(fields, STAT_START_TIME) / (double)sysconf(_SC_CLK_TCK);
        metrics_write_one(text, "process_start_time_seconds", METRIC_GAUGE,
                          "When the process started, in seconds since 1970.", started);
    }
    metrics_write_one(text, "process_threads", METRIC_GAUGE, "Threads of the process.",
                      stat_field(fields, STAT_THREADS));
}

static void write_memory(struct buffer *text)
{
    FILE *file = fopen("/proc/self/statm", "re");
    const double page = (double)sysconf(_SC_PAGESIZE);
    unsigned long virtual_pages = 0;
    unsigned long resident_pages = 0;

    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%lu %lu", &virtual_pages, &resident_pages) == 2) {
        metrics_write_one(text, "process_resident_memory_bytes", METRIC_GAUGE,
                          "Memory that is in RAM.", (double)resident_pages * page);
        metrics_write_one(text, "process_virtual_memory_bytes", METRIC_GAUGE,
                          "Address space that is in use.", (double)virtual_pages * page);
    }
    (void)fclose(file);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void write_descriptors(struct buffer *text)
{
    DIR *directory = opendir("/proc/self/fd");
    struct rlimit limit;
    double count = 0;

    if (directory == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(directory);
    /* One of them was open only to read the directory. */
    metrics_write_one(text, "process_open_fds", METRIC_GAUGE, "Descriptors that are open.",
                      count - 1);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metrics_write_one(text, "process_max_fds", METRIC_GAUGE,
                          "Descriptors that may be open at a time.", (double)limit.rlim_cur);
    }
}

void metrics_process_write(struct buffer *text, const char *program)
{
    const char *const labels[] = {"program", program, "version", DONGKHOI_VERSION, NULL};
    struct rusage usage;

    metrics_write_head(text, "dongkhoi_build_info", METRIC_GAUGE,
                       "Always 1; program and version are in the labels.");
    metrics_write_sample(text, "dongkhoi_build_info", labels, 1);
    metrics_write_one(text, "dongkhoi_clock_seconds", METRIC_GAUGE,
                      "The time of day by the clock of the process, in seconds since 1970.",
                      (double)clock_now_us() / 1e6);
    write_stat(text);
    write_memory(text);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        metrics_write_one(text, "process_cpu_seconds_total", METRIC_COUNTER,
                          "Processor time that was used, in seconds.",
                          seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    }
    write_descriptors(text);
}
