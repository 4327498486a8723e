/* legal.c - dated limits with their legal basis; a new decree is a new line. */
#include "legal.h"

#include <stddef.h>
#include <string.h>

#define HECTARES(n) ((int64_t)(n)*10000)

/* Newest first. Before the decree of 2017 no limits are known here. */
static const struct area_limits limits[] = {
    {"2024-05-01", HECTARES(10), HECTARES(5), HECTARES(75), "Nghị định 32/2024/NĐ-CP"},
    {"2017-07-15", HECTARES(10), HECTARES(5), HECTARES(75),
     "Nghị định 68/2017/NĐ-CP, sửa đổi bởi Nghị định 66/2020/NĐ-CP"},
};

const struct area_limits *area_limits_on(const char *date)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (strcmp(date, limits[i].valid_from) >= 0) {
            return &limits[i];
        }
    }
    return NULL;
}
