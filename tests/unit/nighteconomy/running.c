/* running.c - the service of each test, and what it is asked for. */
#include "running.h"

#include <string.h>

int running_setup(void **state)
{
    const struct workdays no_holidays = {0};

    nighteconomy_set_workdays(&no_holidays);
    *state = running_open(&nighteconomy_service, NULL);
    return 0;
}

int running_teardown(void **state)
{
    running_close(*state);
    return 0;
}

const char *part_of(struct running *running, const char *json, const char *after,
                    const char *before)
{
    const char *start = strstr(json, after);

    if (start == NULL) {
        fail_msg("no %s in %s", after, json);
    }
    const char *end = strstr(start + strlen(after), before);
    const size_t length = end != NULL ? (size_t)(end - start) : strlen(start);
    return arena_copy(running->arena, (struct slice){.data = start, .length = length});
}

void create_scheme(struct running *running, const char *rest)
{
    ok(running, "CreateScheme",
       arena_printf(running->arena,
                    "{\"schemeId\":\"s\",\"scheme\":{\"displayName\":{\"vi\":\"Đề án\"}%s}}",
                    rest));
}

void create_milestone(struct running *running, const char *id, const char *rest)
{
    ok(running, "CreateMilestone",
       arena_printf(running->arena,
                    "{\"parent\":\"schemes/s\",\"milestoneId\":\"%s\",\"milestone\":{"
                    "\"displayName\":{\"vi\":\"Bước %s\"}%s}}",
                    id, id, rest));
}

void accept_evidence_of(struct running *running, const char *milestone)
{
    ok(running, "CreateEvidence",
       arena_printf(running->arena,
                    "{\"parent\":\"schemes/s/milestones/%s\",\"evidenceId\":\"e\","
                    "\"evidence\":{\"note\":\"seen\"}}",
                    milestone));
    ok(running, "AcceptEvidence",
       arena_printf(running->arena,
                    "{\"name\":\"schemes/s/milestones/%s/evidence/e\",\"judgedBy\":\"sct\"}",
                    milestone));
}
