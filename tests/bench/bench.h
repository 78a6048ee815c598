/* SPDX-License-Identifier: Apache-2.0
 *
 * bench.h - take samples, print them as one line of JSON
 */
#ifndef BERTH_TESTS_BENCH_H
#define BERTH_TESTS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now_usec(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* {"name": ..., "unit": "us", "median": ..., "samples": [...]} */
static inline void print_samples(const char *name, const double *samples, size_t n)
{
    double *sorted = malloc((n ? n : 1) * sizeof(*sorted));

    if (!sorted)
        abort();
    memcpy(sorted, samples, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_doubles);
    (void)printf(
        "{\"name\": \"%s\", \"unit\": \"us\", \"median\": %.1f, \"samples\": [", name,
        n ? sorted[n / 2] : 0.0);
    for (size_t i = 0; i < n; i++)
        (void)printf("%s%.1f", i ? ", " : "", samples[i]);
    (void)printf("]}\n");
    free(sorted);
}

#endif
