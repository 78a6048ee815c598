/* SPDX-License-Identifier: Apache-2.0
 *
 * commit.c - the pass that published window tables are made with
 *
 * The best in the order is committed to: until it starts, none takes its place.
 * Its start is worked out once, when it is found not to fit; what fills up must be
 * over before that, and comes in order of submission (Zhang et al., RLScheduler,
 * SC'20). A model to compare with, not a policy for a cluster.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

static struct sched_job *committed(struct sched *sched)
{
    struct sched_job *job =
        sched->committed ? waiting_find(sched, sched->committed) : NULL;
    return job && job->place == JOB_READY ? job : NULL;
}

static void commit_to(struct sched *sched, struct sched_job *job, int64_t now)
{
    struct slot slot = {0};
    int64_t length;
    sched->committed = job->id;
    sched->committed_start = TIME_NEVER;
    if (sets_search(sched, job, now, TIME_NEVER, &slot, &length))
        sched->committed_start = slot.start;
    slot_fini(&slot);
}

static int compare_submits(const void *pa, const void *pb)
{
    const struct sched_job *a = *(struct sched_job *const *)pa;
    const struct sched_job *b = *(struct sched_job *const *)pb;
    if (a->submit != b->submit)
        return a->submit < b->submit ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* All that are ready, in order of submission. The caller frees the array. */
static struct sched_job **by_submit(const struct sched *sched, size_t *ret_n)
{
    struct sched_job **jobs =
        xcalloc(sched->counts.waiting + 1, sizeof(struct sched_job *));
    *ret_n = 0;
    for (struct sched_job *job = sched->jobs; job; job = job->hh.next)
        if (job->place == JOB_READY)
            jobs[(*ret_n)++] = job;
    qsort(jobs, *ret_n, sizeof(struct sched_job *), compare_submits);
    return jobs;
}

static size_t fill_up(struct sched *sched, int64_t now,
                      struct sched_decision *decisions, size_t max)
{
    size_t n_jobs, n = 0;
    cleanup(freep) struct sched_job **jobs = by_submit(sched, &n_jobs);
    for (size_t i = 0; i < n_jobs && n < max; i++) {
        int64_t limit = jobs[i]->group->req.time_limit;
        if (jobs[i]->id == sched->committed || limit == TIME_UNLIMITED ||
            now + limit >= sched->committed_start || start_decisions(jobs[i]) > max - n)
            continue;
        n += start_try(sched, jobs[i], now, &decisions[n]);
    }
    return n;
}

size_t commit_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                   size_t max, bool *ret_more)
{
    struct group *first;
    size_t n = 0;
    bool is_full = false;
    sched->pass.now = now;
    tell_time(sched, now);
    sched->pass.number++;
    waiting_wake(sched, now);
    order_prepare(sched, now);
    while (n < max && (first = order_first(sched))) {
        struct sched_job *job = committed(sched);
        bool is_new = !job;
        if (is_new)
            job = first->jobs;
        is_full = start_decisions(job) > max - n;
        if (is_full)
            break;
        size_t started = start_try(sched, job, now, &decisions[n]);
        n += started;
        if (started > 0)
            continue;
        if (is_new)
            commit_to(sched, job, now);
        if (sched->options.policy.fill)
            n += fill_up(sched, now, decisions + n, max - n);
        break;
    }
    *ret_more = n > 0 && (is_full || n == max);
    return n;
}
