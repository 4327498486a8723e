/* generate_clusters.c - the clusters of a province's year: how far each came, and who invests. */
#include "generator.h"
#include "words.h"

#include <stdio.h>

enum { FIRST_LANE = 30, ESTABLISHED = 2, OPERATING = 7 };

static const char *const stages[] = {
    "INVESTOR_CALL",          "APPRAISAL",      "ESTABLISHED",  "DETAILED_PLAN",
    "INFRASTRUCTURE_PROJECT", "LAND_CLEARANCE", "CONSTRUCTION", "OPERATING",
};

void cluster_target_generate(struct round *round)
{
    char path[PATH_MAX_BYTES];

    (void)round_topic(round, 't', 0);
    buffer_append_text(&round->body,
                       "{\"minNewClusters\":2,\"countingRule\":\"ESTABLISHED_IN_YEAR\"}");
    (void)snprintf(path, sizeof(path), "/v1/clusterTargets?clusterTargetId=%d", round->year);
    round_send_shared(round, FIRST_LANE, "clusterTargets", path);
}

static void cluster_advance(struct round *round, struct random *random, unsigned cluster,
                            unsigned stage, int64_t hectares)
{
    struct buffer *out = &round->body;

    buffer_printf(out, "{\"stage\":\"%s\",", stages[stage]);
    append_document(round, random, "QĐ-UBND", stage + 2);
    if (stage == ESTABLISHED) {
        buffer_append_text(out, ",\"areaHectares\":");
        append_hundredths(out, hectares);
        buffer_append_text(out, ",\"infrastructureOwner\":\"");
        append_enterprise(out, random);
        buffer_append_char(out, '"');
    }
    buffer_append_char(out, '}');
    round_send(round, FIRST_LANE + cluster, "stageChanges", 1, "/v1/clusters/%s-c%02u:advance",
               round->yearly_prefix, cluster);
}

static void investment_generate(struct round *round, struct random *random, unsigned cluster,
                                unsigned investment, int64_t leasable)
{
    struct buffer *out = &round->body;
    const bool tenant = investment > 0;
    const int64_t committed = random_between(random, 1000, 90000);

    buffer_append_text(out, "{\"investor\":\"");
    append_enterprise(out, random);
    buffer_printf(out, "\",\"role\":\"%s\",\"jobs\":%u,", tenant ? "TENANT" : "INFRASTRUCTURE",
                  10 + random_below(random, 900));
    if (tenant) {
        buffer_append_text(out, "\"leasedHectares\":");
        append_hundredths(out, leasable * random_between(random, 10, 40) / 100);
        buffer_append_char(out, ',');
    }
    buffer_append_text(out, "\"committedCapitalBillionVnd\":");
    append_hundredths(out, committed);
    buffer_append_text(out, ",\"disbursedCapitalBillionVnd\":");
    append_hundredths(out, committed * random_between(random, 0, 100) / 100);
    buffer_append_char(out, '}');
    round_send(round, FIRST_LANE + cluster, "investments", 1,
               "/v1/clusters/%s-c%02u/investments?investmentId=i%u", round->yearly_prefix, cluster,
               investment);
    if (tenant && random_below(random, 2) == 1) {
        buffer_printf(out, "{\"state\":\"OPERATING\",\"date\":\"%d-08-%02u\"}", round->year,
                      1 + random_below(random, 28));
        round_send(round, FIRST_LANE + cluster, "investmentSteps", 1,
                   "/v1/clusters/%s-c%02u/investments/i%u:advance", round->yearly_prefix, cluster,
                   investment);
    }
}

static void cluster_generate(struct round *round, struct random *random, unsigned cluster)
{
    struct buffer *out = &round->body;
    const int64_t hectares = random_between(random, 1000, 7500);
    const int64_t leasable = hectares * 65 / 100;
    /* One in seven has come to operate; the others stop anywhere before. */
    const unsigned entered = cluster % 7 == 0 ? OPERATING + 1 : random_below(random, OPERATING);
    const unsigned investments = cluster < INVESTMENTS - 2 * CLUSTERS ? 3 : 2;

    buffer_printf(out,
                  "{\"displayName\":{\"vi\":\"Cụm công nghiệp %s %d\"},\"district\":\"%s\","
                  "\"leasableHectares\":",
                  any_commune(random), round->year, districts[cluster % DISTRICTS].code);
    append_hundredths(out, leasable);
    buffer_append_char(out, '}');
    round_send(round, FIRST_LANE + cluster, "clusters", 1, "/v1/clusters?clusterId=%s-c%02u",
               round->yearly_prefix, cluster);
    for (unsigned i = 0; i < investments; i++) {
        investment_generate(round, random, cluster, i, leasable);
    }
    for (unsigned stage = 0; stage < entered; stage++) {
        cluster_advance(round, random, cluster, stage, hectares);
    }
}

void clusters_generate(struct round *round)
{
    for (unsigned cluster = 0; cluster < CLUSTERS; cluster++) {
        struct random random = round_topic(round, 'c', cluster);
        cluster_generate(round, &random, cluster);
    }
}
