/* generate_scheme.c - the night-economy scheme of a province's year: ten milestones in a row, of
 * which the first are complete with accepted evidence. */
#include "generator.h"
#include "words.h"

enum { LANE = 44 };

static const char *const titles[MILESTONES] = {
    "Thống nhất chủ trương", "Xây dựng đề cương",   "Phê duyệt đề cương", "Dự thảo đề án",
    "Họp Hội đồng tư vấn",   "Hội nghị phản biện",  "Thẩm định đề án",    "Phê duyệt đề án",
    "Triển khai chợ đêm",    "Báo cáo kết quả năm",
};

static void scheme_create(struct round *round, struct random *random)
{
    const char *commune = any_commune(random);

    buffer_printf(&round->body,
                  "{\"displayName\":{\"vi\":\"Đề án phát triển kinh tế ban đêm %s, năm %d\"},"
                  "\"leadOrganization\":\"organizations/%s-o00\",\"startDate\":\"%d-02-01\","
                  "\"state\":\"ACTIVE\"}",
                  commune, round->year, round->yearly_prefix, round->year);
    round_send(round, LANE, "schemes", 1, "/v1/schemes?schemeId=%s-night", round->yearly_prefix);
    buffer_printf(&round->body, "{\"displayName\":{\"vi\":\"Chợ đêm %s\"},\"place\":\"%s\"}",
                  commune, commune);
    round_send(round, LANE, "projects", 1, "/v1/schemes/%s-night/projects?projectId=market",
               round->yearly_prefix);
}

static void milestone_create(struct round *round, struct random *random, unsigned milestone)
{
    struct buffer *out = &round->body;
    const unsigned days = 10 + random_below(random, 10);
    const unsigned day = 1 + random_below(random, 28);

    buffer_printf(out, "{\"displayName\":{\"vi\":\"%s\"},\"owner\":\"", titles[milestone]);
    append_person(out, random);
    buffer_printf(out, "\",\"durationDays\":%u,\"weight\":10,\"dueDate\":\"%d-%02u-%02u\"", days,
                  round->year, milestone + 3, day);
    if (milestone > 0) {
        buffer_printf(out, ",\"dependsOn\":[{\"milestone\":\"m%u\"}]", milestone - 1);
    }
    if (milestone == MILESTONES - 2) {
        buffer_append_text(out, ",\"project\":\"market\"");
    }
    buffer_append_char(out, '}');
    round_send(round, LANE, "milestones", 1, "/v1/schemes/%s-night/milestones?milestoneId=m%u",
               round->yearly_prefix, milestone);
}

static void milestone_complete(struct round *round, struct random *random, unsigned milestone)
{
    struct buffer *out = &round->body;
    /* The same document twice: what completes it is its evidence. */
    struct random again = *random;

    buffer_append_char(out, '{');
    append_document(round, random, "QĐ-UBND", milestone + 3);
    buffer_append_char(out, '}');
    round_send(round, LANE, "milestoneSteps", 1, "/v1/schemes/%s-night/milestones/m%u:complete",
               round->yearly_prefix, milestone);
    buffer_append_char(out, '{');
    append_document(round, &again, "QĐ-UBND", milestone + 3);
    buffer_append_char(out, '}');
    round_send(round, LANE, "evidence", 1,
               "/v1/schemes/%s-night/milestones/m%u/evidence?evidenceId=decision",
               round->yearly_prefix, milestone);
    buffer_append_text(out, "{\"judgedBy\":\"");
    append_person(out, random);
    buffer_append_text(out, "\"}");
    round_send(round, LANE, "evidenceSteps", 1,
               "/v1/schemes/%s-night/milestones/m%u/evidence/decision:accept", round->yearly_prefix,
               milestone);
}

void scheme_generate(struct round *round)
{
    struct random random = round_topic(round, 's', 0);
    const unsigned complete = 4 + random_below(&random, 6);

    scheme_create(round, &random);
    for (unsigned i = 0; i < MILESTONES; i++) {
        milestone_create(round, &random, i);
    }
    for (unsigned i = 0; i < complete; i++) {
        milestone_complete(round, &random, i);
    }
}
