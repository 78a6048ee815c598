/* SPDX-License-Identifier: Apache-2.0
 *
 * preempt.c - jobs that push others aside, and those pushed aside that come back
 *
 * Who may be pushed aside (victims.c) is given back to the timelines for a moment: if
 * the job could start then, the victims are thinned out, the worthiest first, as long
 * as it still can.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

/* What is stopped keeps its memory. */
static void plan_run(struct sched *sched, const struct victim_run *v, bool take)
{
    const struct place_result *where = v->run->where;
    v->run->is_lifted = !take;
    for (size_t i = 0; i < where->n_shares; i++) {
        struct amount amount = share_amount(sched, &where->shares[i]);
        struct timeline *line = &sched->nodes[where->shares[i].node].line;
        if (v->mode == QOS_PREEMPT_SUSPEND)
            amount.memory = 0;
        if (take)
            timeline_take(line, sched->pass.now, v->run->edge.time, &amount);
        else
            timeline_give(line, sched->pass.now, v->run->edge.time, &amount);
        if (where->shares[i].milli)
            slices_plan(sched, where->shares[i].node, where->shares[i].shared,
                        sched->pass.now);
    }
}

static void plan(struct sched *sched, const struct victims *all, struct victim *v,
                 bool take)
{
    for (size_t i = 0; i < v->n; i++)
        plan_run(sched, &all->runs[v->first + i], take);
    v->is_spared = take;
}

/* Some were told to leave for it, or for a job that is forgotten, and have not left
 * yet; the second is waited for no longer than it should take. */
static bool is_awaited(const struct sched *sched, const struct sched_job *job)
{
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        if (run->state == RUN_LEAVING &&
            (run->left_for == job->id ||
             (run->left_for == LEFT_FOR_ANY && !run->is_overdue)))
            return true;
    return false;
}

static bool could_start(struct sched *sched, struct sched_job *job)
{
    struct slot slot = {0};
    int64_t now = sched->pass.now, length;
    bool found = sets_search(sched, job, now, now + 1, &slot, &length);
    slot_fini(&slot);
    return found;
}

/* Returns how many runs have to go, 0 when all of them do not help. */
static size_t thin_out(struct sched *sched, struct sched_job *job,
                       const struct victims *all)
{
    size_t needed = 0;
    for (size_t i = 0; i < all->n; i++)
        plan(sched, all, &all->each[i], false);
    bool helps = could_start(sched, job);
    for (size_t i = all->n; helps && i-- > 0;) {
        struct victim *v = &all->each[i];
        plan(sched, all, v, true);
        if (!could_start(sched, job)) {
            plan(sched, all, v, false);
            needed += v->n;
        }
    }
    for (size_t i = 0; i < all->n; i++)
        if (!all->each[i].is_spared) {
            plan(sched, all, &all->each[i], true);
            all->each[i].is_spared = !helps;
        }
    return needed;
}

static int64_t grace_of(const struct victim_run *v)
{
    int64_t grace = v->run->group->req.grace ? v->run->group->req.grace : v->grace;
    return grace > 0 ? grace : 1;
}

/* When the last of a set that has nobody to wait for has left. */
static int64_t first_grace(const struct victim_run *runs, size_t n)
{
    int64_t most = 0;
    for (size_t i = 0; i < n; i++)
        if (!runs[i].run->group->req.follows && grace_of(&runs[i]) > most)
            most = grace_of(&runs[i]);
    return most;
}

static void push_run(struct sched *sched, const struct victim_run *v, int64_t after,
                     uint32_t for_job, struct sched_decision *ret)
{
    const struct sched_request *req = &v->run->group->req;
    int64_t now = sched->pass.now;
    *ret = (struct sched_decision){.id = v->run->id,
                                   .grace = req->grace ? req->grace : v->grace,
                                   .for_job = for_job};
    switch (v->mode) {
    case QOS_PREEMPT_SUSPEND:
        ret->verb = SCHED_SUSPEND;
        runs_stop(sched, v->run, now);
        return;
    case QOS_PREEMPT_CANCEL:
        ret->verb = SCHED_CANCEL;
        break;
    case QOS_PREEMPT_REQUEUE:
    case QOS_PREEMPT_CLUSTER:
    case QOS_PREEMPT_NONE:
        ret->verb = SCHED_REQUEUE;
        break;
    }
    v->run->left_for = for_job;
    runs_leave(sched, v->run, now + grace_of(v) + (req->follows ? after : 0));
}

static void push_aside(struct sched *sched, const struct victims *all,
                       const struct victim *v, uint32_t for_job,
                       struct sched_decision *decisions, size_t *n)
{
    const struct victim_run *runs = &all->runs[v->first];
    int64_t after = first_grace(runs, v->n);
    for (size_t i = 0; i < v->n; i++)
        push_run(sched, &runs[i], after, for_job, &decisions[(*n)++]);
}

/* So many cannot go in one pass, and fewer would not do. */
static void say_too_many(const struct sched *sched, struct group *group, size_t most)
{
    struct err words = {0};
    err_set(
        &words, EAGAIN,
        "to push aside %zu jobs, which is the most at once, would not make room for it",
        most);
    groups_say(group, SCHED_RESOURCES, sched->options.numbers_only ? NULL : words.text);
}

/* Whether the decisions have room for that many victims and the job's own start. */
static bool is_within(const struct sched *sched, const struct sched_job *job,
                      const struct victims *victims, size_t needed, size_t n,
                      size_t max)
{
    size_t own = start_decisions(job);
    if (needed == 0 && victims->is_cut)
        say_too_many(sched, job->group, victims->n);
    else if (needed + own > max)
        say_too_many(sched, job->group, max - own);
    return needed > 0 && needed + own <= max - n;
}

size_t preempt_for(struct sched *sched, struct sched_job *job,
                   struct sched_decision *decisions, size_t *n, size_t max)
{
    if (is_awaited(sched, job))
        return 0;
    cleanup(victims_fini) struct victims victims;
    size_t before = *n;
    victims_find(sched, job, &victims);
    sched->pass.is_hypothetical = true;
    size_t needed = victims.n ? thin_out(sched, job, &victims) : 0;
    sched->pass.is_hypothetical = false;
    if (!is_within(sched, job, &victims, needed, *n, max))
        return 0;
    for (size_t i = 0; i < victims.n; i++)
        if (!victims.each[i].is_spared)
            push_aside(sched, &victims, &victims.each[i], job->id, decisions, n);
    size_t started = start_try(sched, job, sched->pass.now, &decisions[*n]);
    *n += started;
    if (started == 0)
        promise_find(sched, job, sched->pass.now);
    return *n - before;
}

/* --------------------------------------------------------------- resuming */

/* The cores that it had are free again, and so is room where it had a slice. */
static bool cores_are_free(const struct sched *sched, const struct place_share *share)
{
    const struct place_node *node = place_cluster_node(sched->cluster, share->node);
    if (!share->cores)
        return true;
    if (!share->milli)
        return bitset_is_subset(share->cores, node->free_cores);
    cleanup(bitset_destroyp) struct bitset *whole = bitset_dup(share->cores);
    bitset_clear(whole, share->shared);
    return bitset_is_subset(whole, node->free_cores) &&
           place_node_may_slice(node, share->shared, share->milli);
}

static bool share_is_free(const struct sched *sched, const struct run *run,
                          const struct place_share *share)
{
    const struct place_node *node = place_cluster_node(sched->cluster, share->node);
    int64_t now = sched->pass.now, length = limit_length(run->left);
    struct amount needs = share_amount(sched, share);
    struct amount least =
        timeline_least(&sched->nodes[share->node].line, now, time_after(now, length));
    needs.memory = 0; /* it holds that still */
    needs.cores +=
        share->milli && slices_need_core(sched, share->node, run->group, now, length);
    return node->usable && amount_covers(&least, &needs) &&
           cores_are_free(sched, share) &&
           (!share->devices || bitset_is_subset(share->devices, node->free_devices));
}

static bool may_go_on(const struct sched *sched, const struct run *run)
{
    bool may = !run->is_parked;
    for (size_t i = 0; may && i < run->where->n_shares; i++)
        may = share_is_free(sched, run, &run->where->shares[i]);
    return may;
}

/* What a stopped run forgets when it goes on. */
struct stopped {
    int64_t start, time_limit;
};

/* As if they had not gone on. */
static void stop_again(struct sched *sched, struct run *const *runs,
                       const struct stopped *before, size_t n)
{
    while (n-- > 0) {
        runs_stop(sched, runs[n], sched->pass.now);
        runs[n]->start = before[n].start;
        runs[n]->time_limit = before[n].time_limit;
    }
}

/* All of them or none: each is looked at when those before it go on already, since
 * what one of them needs may be what another has opened. */
static bool resume_all(struct sched *sched, struct run *const *runs, size_t n)
{
    struct gain gain = sched->gain;
    bool company_came = sched->pass.company_came;
    cleanup(freep) struct stopped *before = xcalloc(n, sizeof(*before));
    for (size_t i = 0; i < n; i++)
        if (!may_go_on(sched, runs[i])) /* not even alone */
            return false;
    for (size_t i = 0; i < n; i++) {
        if (!may_go_on(sched, runs[i])) {
            stop_again(sched, runs, before, i);
            sched->gain = gain;
            sched->pass.company_came = company_came;
            return false;
        }
        before[i] = (struct stopped){runs[i]->start, runs[i]->time_limit};
        runs_resume(sched, runs[i], sched->pass.now);
    }
    return true;
}

static struct run **stopped_runs(const struct sched *sched)
{
    struct run **runs = xcalloc(sched->n_stopped, sizeof(struct run *));
    size_t n = 0;
    for (struct run *run = sched->runs; run; run = run->hh.next)
        if (run->state == RUN_STOPPED)
            runs[n++] = run;
    return runs;
}

/* Those of the set of the first come to stand behind it. Returns how many they are. */
static size_t gather_set(struct run **runs, size_t n)
{
    uint64_t set = victims_set(runs[0]);
    size_t size = 1;
    for (size_t i = 1; set && i < n; i++) {
        struct run *run = runs[i];
        if (victims_set(run) != set)
            continue;
        runs[i] = runs[size];
        runs[size++] = run;
    }
    return size;
}

size_t preempt_resume(struct sched *sched, struct sched_decision *decisions, size_t max)
{
    if (sched->n_stopped == 0)
        return 0;
    cleanup(freep) struct run **runs = stopped_runs(sched);
    size_t n = 0, n_runs = sched->n_stopped;
    for (size_t at = 0, size; at < n_runs; at += size) {
        size = gather_set(&runs[at], n_runs - at);
        if (max - n < size || !resume_all(sched, &runs[at], size))
            continue;
        for (size_t i = at; i < at + size; i++)
            decisions[n++] = (struct sched_decision){.verb = SCHED_RESUME,
                                                     .id = runs[i]->id,
                                                     .time_limit = runs[i]->time_limit};
    }
    return n;
}
