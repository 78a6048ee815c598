/* SPDX-License-Identifier: Apache-2.0
 *
 * cron_spec.h - when a CronJob starts: "0,30 8-18 * * MON-FRI"
 *
 *     minute hour day-of-month month day-of-week
 *
 * each '*' (or '?'), or a list of N, N-M, with /STEP behind any of them ("N/STEP" goes
 * on to the end of the range). Months and days may be names (JAN, MON); days of the
 * week count from 0, Sunday. When both kinds of days are restricted, either is enough.
 * Also
 * @yearly @annually @monthly @weekly @daily @midnight @hourly and "@every 1h30m".
 */
#ifndef BERTH_SPEC_CRON_SPEC_H
#define BERTH_SPEC_CRON_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Bit n: n matches. */
struct cron_spec {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool any_day, any_weekday; /* written with '*' */
    int64_t every;             /* seconds; 0: the sets above */
};

/* -EINVAL with the field at fault. */
int cron_spec_parse(const char *text, struct cron_spec *ret, struct err *err);

/* Seconds that local time is ahead of UTC at 'utc'. */
typedef int64_t cron_offset_fn(int64_t utc, const void *zone);

/* The first time after 'after' (both seconds since 1970) that matches on the clock of
 * the zone, NULL being UTC; -1 when there is none within ten years. A time that the
 * clock leaps over is left out, one that it shows twice counts twice: as CronJobs of
 * Kubernetes have it. */
int64_t cron_spec_next(const struct cron_spec *spec, int64_t after,
                       cron_offset_fn *offset, const void *zone);

#endif
