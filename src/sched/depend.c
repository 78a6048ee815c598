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

/* An array has begun when its last task has. */
static int64_t last_start(const struct sched *sched, const struct sched_job *array)
{
    int64_t last = 0;
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        if (run->job == array && run->start > last)
            last = run->start;
    return last;
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
    if (job && job->is_array && element == ARRAY_NONE &&
        array_spec_count(&job->left) == 0)
        return (struct depend_facts){.state = DEPEND_RUNNING,
                                     .start_time = last_start(sched, job)};
    if (job && (element == ARRAY_NONE || !job->is_array ||
                array_spec_contains(&job->left, element)))
        return (struct depend_facts){.state = DEPEND_PENDING};
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

bool depend_is_by_task(const struct sched_job *job)
{
    for (size_t t = 0; t < job->depend.n; t++)
        if (job->depend.terms[t].kind == DEPEND_AFTER_CORR)
            return job->is_array;
    return false;
}

/* The first task that may start becomes the next one. When there is none, the
 * verdict is that of one that waits, or else of one that never can. */
static enum depend_verdict judge_tasks(struct sched_job *job,
                                       const struct depend_world *world,
                                       int64_t *ret_when, struct err *ret_words)
{
    enum depend_verdict best = DEPEND_NEVER;
    for (uint32_t task = array_spec_next(&job->left, 0); task != ARRAY_NONE;
         task = array_spec_next(&job->left, task + 1)) {
        int64_t when = 0;
        struct err words = {0};
        enum depend_verdict verdict =
            depend_spec_judge(&job->depend, task, world, &when, &words);
        if (verdict == DEPEND_HOLDS) {
            job->task = task;
            return verdict;
        }
        if (verdict < best || !ret_words->text[0]) {
            best = verdict;
            *ret_words = words;
        }
        if (when && (*ret_when == 0 || when < *ret_when))
            *ret_when = when;
    }
    return best;
}

enum depend_verdict depend_judge(struct sched *sched, struct sched_job *job,
                                 int64_t now, struct err *words)
{
    struct question q = {.sched = sched, .job = job};
    struct depend_world world = {
        .job = facts_of, .namesake = namesake_of, .ctx = &q, .now = now};
    int64_t when = 0;
    enum depend_verdict verdict;
    if (depend_is_by_task(job))
        verdict = judge_tasks(job, &world, &when, words);
    else
        verdict = depend_spec_judge(&job->depend, ARRAY_NONE, &world, &when, words);
    if (verdict == DEPEND_HOLDS && !depend_is_by_task(job))
        return verdict;
    if (when && (job->wake == 0 || when < job->wake))
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
