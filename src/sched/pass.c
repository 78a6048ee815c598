/* SPDX-License-Identifier: Apache-2.0
 *
 * pass.c - one walk over the waiting jobs: what starts now, and why not
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sched/internal.h"

/* What a pass has found so far. */
struct pass {
    struct sched *sched;
    int64_t now;
    uint32_t *blocked_by; /* by partition: the job that waits for room; 0: none */
};

static void set_reason(struct sched_job *job, enum sched_reason reason,
                       const char *words)
{
    job->reason = reason;
    str_replace(&job->words, words && *words ? words : NULL);
}

/* What keeps it from being looked at; SCHED_NONE: nothing. */
static enum sched_reason barrier(const struct pass *pass, const struct sched_job *job)
{
    if (job->req.held)
        return SCHED_HELD;
    if (job->req.eligible_time > pass->now)
        return SCHED_BEGIN_TIME;
    if (!pass->sched->partitions[job->partition].up)
        return SCHED_PARTITION_DOWN;
    if (pass->blocked_by[job->partition])
        return SCHED_PRIORITY;
    return SCHED_NONE;
}

static void say_barrier(const struct pass *pass, struct sched_job *job,
                        enum sched_reason reason)
{
    cleanup(freep) char *words = NULL;
    /* There are many of these: sched_why finds the words. */
    if (reason == SCHED_PRIORITY)
        job->behind = pass->blocked_by[job->partition];
    else if (reason == SCHED_PARTITION_DOWN)
        words = xasprintf("partition %s is down",
                          pass->sched->partitions[job->partition].name);
    set_reason(job, reason, words);
}

/* Start it if it fits. A job that the nodes that are up could not hold even
 * empty stands in nobody's way: no other job's end would help it. */
static bool try_start(struct pass *pass, struct sched_job *job,
                      struct sched_decision *decision)
{
    struct sched *sched = pass->sched;
    cleanup(bitset_destroyp) struct bitset *allowed =
        pool_up_among(sched->pool, sched->partitions[job->partition].nodes);
    struct place_cluster *cluster = pool_cluster(sched->pool);
    struct place_request place = job->req.place;
    struct err err = {0};
    place.allowed = allowed;
    int rc = place_check(cluster, &place, " up now", &err);
    if (rc < 0) {
        set_reason(job, SCHED_NODES_DOWN, err.text);
        return false;
    }
    rc = place_choose(cluster, &place, &sched->options.place, PLACE_WHY,
                      &decision->where, &err);
    if (rc < 0) {
        set_reason(job, SCHED_RESOURCES, err.text);
        pass->blocked_by[job->partition] = job->req.job;
        return false;
    }
    decision->job = job->req.job;
    queue_start(&sched->queue, job, place_result_dup(decision->where));
    pool_take(sched->pool, job->req.job, job->where);
    return true;
}

size_t sched_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                  size_t max)
{
    cleanup(freep) uint32_t *blocked_by =
        xcalloc(sched->n_partitions + 1, sizeof(*blocked_by));
    struct pass pass = {.sched = sched, .now = now, .blocked_by = blocked_by};
    size_t n = 0;
    priority_sort(sched, now);
    for (size_t i = 0; i < sched->queue.n_waiting && n < max; i++) {
        struct sched_job *job = sched->queue.waiting[i];
        if (!job)
            continue;
        enum sched_reason reason = barrier(&pass, job);
        if (reason != SCHED_NONE)
            say_barrier(&pass, job, reason);
        else if (try_start(&pass, job, &decisions[n]))
            n++;
    }
    return n;
}
