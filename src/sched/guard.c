/* SPDX-License-Identifier: Apache-2.0
 *
 * guard.c - nobody is overtaken without end
 *
 * An order that prefers short jobs may pass one job over and over. What passes it
 * is counted: core-seconds of jobs that were submitted after it and ran while it
 * waited. Past the budget it comes first. Of all that wait, the one submitted
 * first has been overtaken most, so it alone is watched.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

static const struct sched_job *longest_waiting(const struct sched *sched)
{
    const struct sched_job *first = NULL;
    for (const struct group *group = sched->groups; group; group = group->hh.next)
        if (group->jobs && (!first || group->jobs->since < first->since))
            first = group->jobs;
    for (const struct promise *p = sched->promises; p; p = p->next)
        if (!first || p->job->since < first->since)
            first = p->job;
    return first;
}

/* What those did that have ended; who came before 'since' is forgotten. */
static double work_of_ended(struct guard *guard, int64_t since)
{
    double work = 0;
    size_t kept = 0;
    for (size_t i = 0; i < guard->n; i++) {
        if (guard->ended[i].since <= since)
            continue;
        work += guard->ended[i].work;
        guard->ended[kept++] = guard->ended[i];
    }
    guard->n = kept;
    return work;
}

static double work_of_running(const struct sched *sched, int64_t since, int64_t now)
{
    double work = 0;
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        if (run->since > since && run->state == RUN_RUNNING)
            work += (double)run->tres.cores * (double)(now - run->start);
    return work;
}

void guard_note_end(struct sched *sched, const struct run *run, int64_t now)
{
    struct guard *guard = &sched->guard;
    if (sched->options.policy.order != SCHED_BY_SLOWDOWN)
        return;
    if (guard->n == guard->cap) {
        guard->cap = guard->cap ? 2 * guard->cap : 256;
        guard->ended = xrealloc(guard->ended, guard->cap, sizeof(*guard->ended));
    }
    guard->ended[guard->n++] =
        (struct ended){.since = run->since,
                       .work = (double)run->tres.cores * (double)(now - run->start)};
}

void guard_look(struct sched *sched, int64_t now)
{
    struct guard *guard = &sched->guard;
    const struct sched_slowdown *s = &sched->options.slowdown;
    uint32_t before = guard->job;
    bool gone = before && !waiting_find(sched, before);
    if (!gone && now < guard->next_look)
        return;
    guard->next_look = now + s->look_interval;
    const struct sched_job *job = longest_waiting(sched);
    double work = 0;
    if (job)
        work =
            work_of_ended(guard, job->since) + work_of_running(sched, job->since, now);
    else
        guard->n = 0;
    double budget = (double)s->budget * (double)sched->cores;
    guard->job = job && s->budget > 0 && work > budget ? job->id : 0;
    sched->order.is_stale |= guard->job != before;
}
