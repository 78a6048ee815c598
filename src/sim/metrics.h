/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics.h - how good a schedule is, in numbers
 *
 * Pure. A job's wait is start - submit; its bounded slowdown is
 * max(1, (wait + run) / max(run, 10)) (Feitelson and Rudolph, JSSPP 1998; tau of 10
 * seconds). Means are plain means over jobs; the percentile p of n values is the
 * one of rank ceil(p/100 * n).
 */
#ifndef BERTH_SIM_METRICS_H
#define BERTH_SIM_METRICS_H

#include <stddef.h>
#include <stdint.h>

#define METRICS_TAU 10

/* What became of one job. Times in seconds. */
struct outcome {
    int64_t submit, start, end;
    uint32_t procs; /* 0: it did not run, and is not counted */
};

/* Of some jobs. All 0 when there are none. */
struct figures {
    size_t jobs;
    double mean_wait, p50_wait, p90_wait, p95_wait, p99_wait, max_wait; /* seconds */
    double mean_response, max_response;                                 /* seconds */
    double mean_bsld, p50_bsld, p90_bsld, p95_bsld, p99_bsld, max_bsld;
    double work; /* processor seconds */
};

/* Classes of size: 1, 2-4, 5-16, 17-64, ... processors. */
#define METRICS_SIZES 14

struct metrics {
    struct figures all;
    struct figures by_size[METRICS_SIZES];
    int64_t makespan;   /* first submit to last end, seconds */
    double utilisation; /* work by processors times makespan */
};

double bounded_slowdown(int64_t wait, int64_t run);

/* Judge 'n' outcomes on a machine of 'procs' processors. */
void metrics_of(const struct outcome *outcomes, size_t n, uint64_t procs,
                struct metrics *ret);

/* The plain mean of each number of 'n' schedules (jobs: the sum); for a class, of
 * those that have jobs of it. */
void metrics_mean(const struct metrics *each, size_t n, struct metrics *ret);

/* Which class, and the least and the most processors of one. */
size_t metrics_size_class(uint32_t procs);
void metrics_size_bounds(size_t size_class, uint32_t *ret_least, uint32_t *ret_most);
/* "17-64"; the caller frees it. */
char *metrics_size_name(size_t size_class);

#endif
