/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - means and percentiles of waits and slowdowns
 */
#include "sim/metrics.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double bounded_slowdown(int64_t wait, int64_t run)
{
    const double slowdown =
        (double)(wait + run) / (double)(run > METRICS_TAU ? run : METRICS_TAU);

    return slowdown > 1 ? slowdown : 1;
}

size_t metrics_size_class(uint32_t procs)
{
    size_t class = 0;

    for (uint64_t most = 1; most < procs && class + 1 < METRICS_SIZES; most *= 4)
        class ++;
    return class;
}

void metrics_size_bounds(size_t size_class, uint32_t *ret_least, uint32_t *ret_most)
{
    const uint32_t power = UINT32_C(1) << (2 * size_class);

    *ret_least = size_class ? power / 4 + 1 : 1;
    *ret_most = size_class + 1 < METRICS_SIZES ? power : UINT32_MAX;
}

char *metrics_size_name(size_t size_class)
{
    uint32_t least, most;

    metrics_size_bounds(size_class, &least, &most);
    if (least == most)
        return xasprintf("%" PRIu32, least);
    if (most == UINT32_MAX)
        return xasprintf("%" PRIu32 "-", least);
    return xasprintf("%" PRIu32 "-%" PRIu32, least, most);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t n, unsigned int percent)
{
    const size_t rank = (n * percent + 99) / 100;

    return sorted[rank > 0 ? rank - 1 : 0];
}

static double mean(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static void judge_waits(struct figures *ret, double *waits, size_t n)
{
    ret->mean_wait = mean(waits, n);
    qsort(waits, n, sizeof(*waits), by_value);
    ret->p50_wait = percentile(waits, n, 50);
    ret->p90_wait = percentile(waits, n, 90);
    ret->p95_wait = percentile(waits, n, 95);
    ret->p99_wait = percentile(waits, n, 99);
    ret->max_wait = waits[n - 1];
}

static void judge_slowdowns(struct figures *ret, double *slowdowns, size_t n)
{
    ret->mean_bsld = mean(slowdowns, n);
    qsort(slowdowns, n, sizeof(*slowdowns), by_value);
    ret->p50_bsld = percentile(slowdowns, n, 50);
    ret->p90_bsld = percentile(slowdowns, n, 90);
    ret->p95_bsld = percentile(slowdowns, n, 95);
    ret->p99_bsld = percentile(slowdowns, n, 99);
    ret->max_bsld = slowdowns[n - 1];
}

/* Those of 'n' outcomes that are in 'size_class' (METRICS_SIZES: all). 'waits' and
 * 'slowdowns' are room for as many. */
static void judge(const struct outcome *outcomes, size_t n, size_t size_class,
                  double *waits, double *slowdowns, struct figures *ret)
{
    double sum = 0;

    *ret = (struct figures){0};
    for (size_t i = 0; i < n; i++) {
        const struct outcome *o = &outcomes[i];
        const double response = (double)(o->end - o->submit);

        if (o->procs == 0 ||
            (size_class < METRICS_SIZES && metrics_size_class(o->procs) != size_class))
            continue;
        waits[ret->jobs] = (double)(o->start - o->submit);
        slowdowns[ret->jobs++] =
            bounded_slowdown(o->start - o->submit, o->end - o->start);
        ret->work += (double)(o->end - o->start) * o->procs;
        sum += response;
        if (response > ret->max_response)
            ret->max_response = response;
    }
    if (ret->jobs == 0)
        return;
    ret->mean_response = sum / (double)ret->jobs;
    judge_waits(ret, waits, ret->jobs);
    judge_slowdowns(ret, slowdowns, ret->jobs);
}

static int64_t makespan(const struct outcome *outcomes, size_t n)
{
    int64_t first = INT64_MAX, last = INT64_MIN;

    for (size_t i = 0; i < n; i++) {
        if (outcomes[i].procs == 0)
            continue;
        if (outcomes[i].submit < first)
            first = outcomes[i].submit;
        if (outcomes[i].end > last)
            last = outcomes[i].end;
    }
    return last >= first ? last - first : 0;
}

void metrics_of(const struct outcome *outcomes, size_t n, uint64_t procs,
                struct metrics *ret)
{
    cleanup(freep) double *waits = xcalloc(n + 1, sizeof(*waits));
    cleanup(freep) double *slowdowns = xcalloc(n + 1, sizeof(*slowdowns));

    judge(outcomes, n, METRICS_SIZES, waits, slowdowns, &ret->all);
    for (size_t i = 0; i < METRICS_SIZES; i++)
        judge(outcomes, n, i, waits, slowdowns, &ret->by_size[i]);
    ret->makespan = makespan(outcomes, n);
    ret->utilisation =
        ret->makespan > 0 ? ret->all.work / ((double)procs * (double)ret->makespan) : 0;
}

/* Every member of struct figures but 'jobs' is a double. */
static void mean_figures(const struct figures *const *each, size_t n,
                         struct figures *ret)
{
    const size_t n_values = (size_t)(&ret->work - &ret->mean_wait) + 1;
    size_t n_counted = 0;

    *ret = (struct figures){0};
    for (size_t i = 0; i < n; i++) {
        const double *from = &each[i]->mean_wait;
        double *to = &ret->mean_wait;

        if (each[i]->jobs == 0)
            continue;
        n_counted++;
        ret->jobs += each[i]->jobs;
        for (size_t k = 0; k < n_values; k++)
            to[k] += from[k];
    }
    for (size_t k = 0; n_counted > 0 && k < n_values; k++)
        (&ret->mean_wait)[k] /= (double)n_counted;
}

void metrics_mean(const struct metrics *each, size_t n, struct metrics *ret)
{
    cleanup(freep) const struct figures **some = xcalloc(n, sizeof(*some));
    double makespans = 0;

    *ret = (struct metrics){0};
    for (size_t i = 0; i < n; i++) {
        some[i] = &each[i].all;
        makespans += (double)each[i].makespan;
        ret->utilisation += each[i].utilisation / (double)n;
    }
    ret->makespan = llround(makespans / (double)n);
    mean_figures(some, n, &ret->all);
    for (size_t size_class = 0; size_class < METRICS_SIZES; size_class++) {
        for (size_t i = 0; i < n; i++)
            some[i] = &each[i].by_size[size_class];
        mean_figures(some, n, &ret->by_size[size_class]);
    }
}
