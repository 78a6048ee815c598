/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_zone.c - files of time zones, and rules alone
 */
#include "fuzz.h"

#include "base/mem.h"
#include "workload/zone.h"

#define OFFSET_MAX (26 * 3600)

/* 1900 to 2200. */
static void try_times(const struct zone *zone)
{
    for (int64_t utc = INT64_C(-2208988800); utc < INT64_C(7258118400);
         utc += INT64_C(86400) * 97) {
        int64_t offset = zone_offset(utc, zone);

        BUG_ON(offset < -OFFSET_MAX || offset > OFFSET_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    struct zone zone, by_rule = {.has_rule = true};

    if (zone_parse(data, size, &zone, NULL) == 0) {
        try_times(&zone);
        zone_fini(&zone);
    }
    if (zone_rule_parse(text, &by_rule.rule, NULL) == 0)
        try_times(&by_rule);
    return 0;
}
