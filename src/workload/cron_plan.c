/* SPDX-License-Identifier: Apache-2.0
 *
 * cron_plan.c - which Job a CronJob starts now, and which of its Jobs go
 */
#include "workload/cron_plan.h"

#include <stdlib.h>

#include "base/mem.h"

struct planner {
    const struct mf_cron_spec *spec;
    const struct cron_spec *when;
    const struct zone *zone;
    struct cron_progress *progress;
    const struct cron_job_child *jobs;
    size_t n;
    int64_t now;
    struct cron_plan *plan;
};

void cron_plan_fini(struct cron_plan *plan)
{
    free(plan->ends.items);
    free(plan->passed.items);
    *plan = (struct cron_plan){.start = 0};
}

char *cron_job_name(const char *cron_job, int64_t time)
{
    return xasprintf("%s-%lld", cron_job, (long long)(time / 60));
}

static int64_t next_after(const struct planner *p, int64_t after)
{
    return cron_spec_next(p->when, after, p->zone ? zone_offset : NULL, p->zone);
}

static int64_t begin_of_search(const struct planner *p)
{
    return p->progress->last_schedule ? p->progress->last_schedule
                                      : p->progress->made_at;
}

/* The last time in (from, now], or 0. Looked for backwards in steps that double, so
 * that years of missed minutes cost little. */
static int64_t last_due(const struct planner *p, int64_t from)
{
    int64_t found = 0;

    if (p->when->every)
        return p->now - from < p->when->every
                   ? 0
                   : from + (p->now - from) / p->when->every * p->when->every;
    for (int64_t back = 60; !found; back *= 2) {
        bool is_all = p->now - back <= from;
        int64_t next = next_after(p, is_all ? from : p->now - back);

        for (; next >= 0 && next <= p->now; next = next_after(p, next))
            found = next;
        if (is_all)
            break;
    }
    return found;
}

/* Those that are not too late. */
static int count_missed(const struct planner *p, int64_t from)
{
    int64_t next;
    int n = 0;

    if (p->spec->starting_deadline != MF_UNSET &&
        p->now - p->spec->starting_deadline - 1 > from)
        from = p->now - p->spec->starting_deadline - 1;
    next = next_after(p, from);
    for (; n <= CRON_MISSED_MAX && next >= 0 && next <= p->now; n++)
        next = next_after(p, next);
    return n;
}

static bool is_running(const struct cron_job_child *job)
{
    return !job->is_over && !job->is_ending;
}

static size_t count_running(const struct planner *p)
{
    size_t sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += is_running(&p->jobs[i]);
    return sum;
}

static bool is_too_late(const struct planner *p, int64_t due)
{
    return p->spec->starting_deadline != MF_UNSET &&
           due + p->spec->starting_deadline < p->now;
}

static void replace_running(struct planner *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (is_running(&p->jobs[i]))
            job_places_add(&p->plan->ends, i);
}

static void start(struct planner *p, int64_t due)
{
    if (is_too_late(p, due)) {
        p->plan->omission = CRON_TOO_LATE;
        return;
    }
    if (p->spec->concurrency == MF_CRON_FORBID && count_running(p)) {
        p->plan->omission = CRON_IS_RUNNING;
        return;
    }
    if (p->spec->concurrency == MF_CRON_REPLACE)
        replace_running(p);
    p->plan->start = due;
    p->progress->last_schedule = due;
}

static void plan_start(struct planner *p)
{
    int64_t from = begin_of_search(p), next;

    if (p->spec->is_suspended) {
        p->plan->omission = CRON_SUSPENDED;
        return;
    }
    p->plan->due = last_due(p, from);
    if (p->plan->due) {
        p->plan->missed = count_missed(p, from);
        start(p, p->plan->due);
    }
    next = p->when->every
               ? from + ((p->now - from) / p->when->every + 1) * p->when->every
               : next_after(p, p->now);
    p->plan->again = next < 0 ? 0 : next;
}

static void note_success(struct planner *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct cron_job_child *job = &p->jobs[i];

        if (job->is_over && !job->has_failed &&
            job->end_time > p->progress->last_success)
            p->progress->last_success = job->end_time;
    }
}

struct aged {
    size_t place;
    int64_t at;
};

static int compare_aged(const void *a, const void *b)
{
    const struct aged *x = a, *y = b;

    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->place > y->place) * 2 - 1;
}

static void pass_beyond(struct planner *p, bool failed, int64_t kept)
{
    cleanup(freep) struct aged *over = xcalloc(p->n + 1, sizeof(*over));
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        if (p->jobs[i].is_over && !p->jobs[i].is_ending &&
            p->jobs[i].has_failed == failed)
            over[n++] = (struct aged){i, p->jobs[i].made_at};
    qsort(over, n, sizeof(*over), compare_aged);
    for (size_t i = 0; (int64_t)i + kept < (int64_t)n; i++)
        job_places_add(&p->plan->passed, over[i].place);
}

void cron_plan_make(const struct mf_cron_spec *spec, const struct cron_spec *when,
                    const struct zone *zone, struct cron_progress *progress,
                    const struct cron_job_child *jobs, size_t n, int64_t now,
                    struct cron_plan *ret)
{
    struct planner p = {spec, when, zone, progress, jobs, n, now, ret};

    *ret = (struct cron_plan){.start = 0};
    note_success(&p);
    plan_start(&p);
    pass_beyond(&p, false, spec->successes_kept);
    pass_beyond(&p, true, spec->failures_kept);
}
