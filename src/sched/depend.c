/* SPDX-License-Identifier: Apache-2.0
 *
 * depend.c - jobs that wait for others
 *
 * A table from each job that is waited for to those that wait. An entry is looked
 * at when its job begins, ends or is removed; what has come true is not asked again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

struct dependents {
    uint32_t job; /* that is waited for */
    uint32_t *ids;
    size_t n, cap;
    UT_hash_handle hh;
};

struct question {
    const struct sched *sched;
    const struct sched_job *job;
    uint32_t namesake;
};

static void note(struct sched *sched, uint32_t on, uint32_t id)
{
    struct dependents *d;
    HASH_FIND(hh, sched->dependents, &on, sizeof(on), d);
    if (!d) {
        d = xcalloc(1, sizeof(*d));
        d->job = on;
        HASH_ADD(hh, sched->dependents, job, sizeof(d->job), d);
    }
    for (size_t i = 0; i < d->n; i++)
        if (d->ids[i] == id)
            return;
    if (d->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 2;
        d->ids = xrealloc(d->ids, d->cap, sizeof(*d->ids));
    }
    d->ids[d->n++] = id;
}

static struct depend_facts facts_of(void *ctx, uint32_t id, uint32_t element)
{
    const struct question *q = ctx;
    const struct sched *sched = q->sched;
    const struct sched_job *job = waiting_find(sched, id);
    const struct run *run =
        runs_find(sched, (struct sched_id){.job = id, .task = element});
    if (run)
        return (struct depend_facts){.state = DEPEND_RUNNING, .start_time = run->start};
    if (job && (element == ARRAY_NONE || !job->is_array ||
                array_spec_contains(&job->left, element)))
        return (struct depend_facts){.state = job->is_array &&
                                                      array_spec_count(&job->left) == 0
                                                  ? DEPEND_RUNNING
                                                  : DEPEND_PENDING};
    if (sched->options.fate)
        return sched->options.fate(sched->options.fate_ctx, id, element);
    return (struct depend_facts){.state = DEPEND_UNKNOWN};
}

static bool is_namesake(const struct question *q, uint32_t id, uint32_t uid,
                        const char *name)
{
    const struct sched_job *job = q->job;
    return id < job->id && uid == job->group->req.uid && name && job->name &&
           strcmp(name, job->name) == 0;
}

static uint32_t namesake_of(void *ctx)
{
    struct question *q = ctx;
    for (const struct run *run = q->sched->runs; run; run = run->hh.next)
        if (is_namesake(q, run->id.job, run->group->req.uid, run->name))
            return q->namesake = run->id.job;
    for (const struct sched_job *job = q->sched->jobs; job; job = job->hh.next)
        if (is_namesake(q, job->id, job->group->req.uid, job->name))
            return q->namesake = job->id;
    return 0;
}

enum depend_verdict depend_judge(struct sched *sched, struct sched_job *job,
                                 int64_t now, struct err *words)
{
    struct question q = {.sched = sched, .job = job};
    struct depend_world world = {
        .job = facts_of, .namesake = namesake_of, .ctx = &q, .now = now};
    int64_t when = 0;
    enum depend_verdict verdict = depend_spec_judge(
        &job->depend, job->is_array ? job->task : ARRAY_NONE, &world, &when, words);
    if (verdict == DEPEND_HOLDS)
        return verdict;
    job->wake = when;
    if (q.namesake)
        note(sched, q.namesake, job->id);
    for (size_t t = 0; t < job->depend.n; t++)
        for (size_t i = 0; i < job->depend.terms[t].n; i++)
            note(sched, job->depend.terms[t].jobs[i].job, job->id);
    return verdict;
}

void depend_touch(struct sched *sched, uint32_t on, int64_t now)
{
    struct dependents *d;
    HASH_FIND(hh, sched->dependents, &on, sizeof(on), d);
    if (!d)
        return;
    /* Those that still wait note themselves again. */
    HASH_DEL(sched->dependents, d);
    for (size_t i = 0; i < d->n; i++) {
        struct sched_job *job = waiting_find(sched, d->ids[i]);
        if (job)
            waiting_settle(sched, job, now);
    }
    free(d->ids);
    free(d);
}

void depend_fini(struct sched *sched)
{
    struct dependents *d, *next;
    HASH_ITER(hh, sched->dependents, d, next)
    {
        HASH_DEL(sched->dependents, d);
        free(d->ids);
        free(d);
    }
}
