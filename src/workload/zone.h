/* SPDX-License-Identifier: Apache-2.0
 *
 * zone.h - what clocks of a time zone show
 *
 * Reads the bytes of a file of /usr/share/zoneinfo: TZif, version 2 and later (RFC
 * 8536). The table of its changes is followed by a rule for the time after
 * ("CET-1CEST,M3.5.0,M10.5.0/3"), so that a CronJob of 2060 is right, too. Leap seconds
 * are not known, as to all clocks here.
 */
#ifndef BERTH_WORKLOAD_ZONE_H
#define BERTH_WORKLOAD_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ZONE_FILE_MAX 65536

/* A day of the year at a local time. */
struct zone_day {
    enum zone_day_kind {
        ZONE_NO_DAY,
        ZONE_JULIAN, /* 1-365; 29 February is never counted */
        ZONE_NTH,    /* 0-365 */
        ZONE_WEEKDAY /* month, week 1-5 (5: the last), day 0-6 */
    } kind;
    int month, week, day;
    int64_t time; /* seconds after midnight, of the clock before the change */
};

/* Offsets are seconds ahead of UTC. */
struct zone_rule {
    int64_t standard, summer;
    struct zone_day begin, end; /* of summer time; ZONE_NO_DAY: there is none */
};

struct zone {
    int64_t *changes; /* UTC, ascending */
    int64_t *offsets; /* from each on */
    size_t n;
    int64_t first_offset; /* before the first */
    bool has_rule;        /* after the last */
    struct zone_rule rule;
};

/* -EINVAL with words. The caller ends 'ret' with zone_fini. */
int zone_parse(const void *bytes, size_t len, struct zone *ret, struct err *err);
void zone_fini(struct zone *zone);

/* The POSIX text behind the table. */
int zone_rule_parse(const char *text, struct zone_rule *ret, struct err *err);
int64_t zone_rule_offset(const struct zone_rule *rule, int64_t utc);

/* Seconds that the zone is ahead of UTC at 'utc'. A cron_offset_fn (cron_spec.h):
 * 'zone' is a struct zone, and NULL is UTC. */
int64_t zone_offset(int64_t utc, const void *zone);

/* "Europe/Berlin": words and dashes between single slashes, nothing that leaves the
 * directory. */
bool zone_name_is_good(const char *name);

#endif
