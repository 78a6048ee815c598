/* SPDX-License-Identifier: Apache-2.0
 *
 * preempt.c - jobs that push others aside, and those pushed aside that come back
 *
 * Who may be pushed aside is given back to the timelines for a moment: if the job
 * could start then, the victims are thinned out, the worthiest first, as long as it
 * still can.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

#define VICTIMS_MAX 512

struct victim {
    struct run *run;
    enum qos_preempt mode;
    int64_t grace;
    bool is_spared;
};

/* How jobs of the run's kind are preempted by those of the group's, if at all. */
static enum qos_preempt mode_of(const struct sched *sched, const struct group *by,
                                const struct run *run, int64_t *ret_grace)
{
    const struct assoc *assoc = sched->options.assoc;
    const struct partition *partition = &sched->partitions[run->group->partition];
    enum qos_preempt mode = QOS_PREEMPT_NONE;
    if (sched->options.preempt == SCHED_PREEMPT_PARTITION) {
        if (by->tier <= run->group->tier)
            return QOS_PREEMPT_NONE;
        mode = partition->preempt;
        *ret_grace = partition->grace;
    } else if (by->has_assoc && run->group->has_assoc &&
               assoc_qos_preempts(assoc, by->assoc.qos, run->group->assoc.qos)) {
        const struct qos *qos = assoc_qos(assoc, run->group->assoc.qos);
        mode = qos->preempt_mode;
        *ret_grace = qos->grace;
    }
    if (mode == QOS_PREEMPT_CLUSTER)
        mode = sched->options.preempt_mode;
    if (mode == QOS_PREEMPT_CLUSTER || mode == QOS_PREEMPT_REQUEUE)
        mode = run->group->req.no_preempt ? QOS_PREEMPT_CANCEL : QOS_PREEMPT_REQUEUE;
    return mode;
}

/* The least worthy first: lower tier, then those that lose the least work. */
static int compare_victims(const void *pa, const void *pb)
{
    const struct victim *a = pa, *b = pb;
    if (a->run->group->tier != b->run->group->tier)
        return a->run->group->tier < b->run->group->tier ? -1 : 1;
    if (a->run->start != b->run->start)
        return a->run->start > b->run->start ? -1 : 1;
    return (a->run->id.job < b->run->id.job) - (a->run->id.job > b->run->id.job);
}

static bool touches(const struct run *run, const struct bitset *allowed)
{
    for (size_t i = 0; i < run->where->n_shares; i++)
        if (bitset_test(allowed, run->where->shares[i].node))
            return true;
    return false;
}

/* A component would leave, or be stopped, without the others: it stays. */
static size_t find_victims(const struct sched *sched, const struct group *by,
                           struct victim *ret)
{
    size_t n = 0;
    for (struct run *run = sched->runs; run && n < VICTIMS_MAX; run = run->hh.next) {
        int64_t grace = 0;
        if (run->state != RUN_RUNNING || run->is_component ||
            !touches(run, by->demand.allowed))
            continue;
        enum qos_preempt mode = mode_of(sched, by, run, &grace);
        if (mode != QOS_PREEMPT_NONE)
            ret[n++] = (struct victim){.run = run, .mode = mode, .grace = grace};
    }
    qsort(ret, n, sizeof(*ret), compare_victims);
    return n;
}

/* What is stopped keeps its memory. */
static void plan(struct sched *sched, struct victim *v, bool take)
{
    const struct place_result *where = v->run->where;
    for (size_t i = 0; i < where->n_shares; i++) {
        struct amount amount = share_amount(sched, &where->shares[i]);
        struct timeline *line = &sched->nodes[where->shares[i].node].line;
        if (v->mode == QOS_PREEMPT_SUSPEND)
            amount.memory = 0;
        if (take)
            timeline_take(line, sched->pass.now, v->run->edge.time, &amount);
        else
            timeline_give(line, sched->pass.now, v->run->edge.time, &amount);
        v->run->is_lifted = !take;
        if (where->shares[i].milli)
            slices_plan(sched, where->shares[i].node, where->shares[i].shared,
                        sched->pass.now);
    }
    v->is_spared = take;
}

/* Some were told to leave for it, and have not left yet. */
static bool is_awaited(const struct sched *sched, const struct sched_job *job)
{
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        if (run->state == RUN_LEAVING && run->left_for == job->id)
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

/* Returns how many are needed, 0 when all of them do not help. */
static size_t thin_out(struct sched *sched, struct sched_job *job, struct victim *v,
                       size_t n)
{
    size_t needed = 0;
    for (size_t i = 0; i < n; i++)
        plan(sched, &v[i], false);
    bool helps = could_start(sched, job);
    for (size_t i = n; helps && i-- > 0;) {
        plan(sched, &v[i], true);
        if (!could_start(sched, job)) {
            plan(sched, &v[i], false);
            needed++;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (!v[i].is_spared) {
            plan(sched, &v[i], true);
            v[i].is_spared = !helps;
        }
    return needed;
}

static void push_aside(struct sched *sched, const struct victim *v, uint32_t for_job,
                       struct sched_decision *ret)
{
    int64_t now = sched->pass.now;
    int64_t grace = v->run->group->req.grace ? v->run->group->req.grace : v->grace;
    *ret =
        (struct sched_decision){.id = v->run->id, .grace = grace, .for_job = for_job};
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
    runs_leave(sched, v->run, now + (grace > 0 ? grace : 1));
}

size_t preempt_for(struct sched *sched, struct sched_job *job,
                   struct sched_decision *decisions, size_t *n, size_t max)
{
    if (is_awaited(sched, job))
        return 0;
    cleanup(freep) struct victim *victims = xcalloc(VICTIMS_MAX, sizeof(*victims));
    size_t n_victims = find_victims(sched, job->group, victims), before = *n;
    sched->pass.is_hypothetical = true;
    size_t needed = n_victims ? thin_out(sched, job, victims, n_victims) : 0;
    sched->pass.is_hypothetical = false;
    if (needed == 0 || max - *n < needed + start_decisions(job))
        return 0;
    for (size_t i = 0; i < n_victims; i++)
        if (!victims[i].is_spared)
            push_aside(sched, &victims[i], job->id, &decisions[(*n)++]);
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
    struct amount need = share_amount(sched, share);
    int64_t length = limit_length(run->left);
    int64_t now = sched->pass.now;
    struct amount least =
        timeline_least(&sched->nodes[share->node].line, now, time_after(now, length));
    need.memory = 0; /* it holds that still */
    need.cores +=
        share->milli && slices_need_core(sched, share->node, run->group, now, length);
    if (!node->usable || !amount_covers(&least, &need))
        return false;
    if (share->devices && !bitset_is_subset(share->devices, node->free_devices))
        return false;
    return cores_are_free(sched, share);
}

size_t preempt_resume(struct sched *sched, int64_t now,
                      struct sched_decision *decisions, size_t max)
{
    size_t n = 0;
    if (sched->n_stopped == 0)
        return 0;
    for (struct run *run = sched->runs; run && n < max; run = run->hh.next) {
        bool free = run->state == RUN_STOPPED && !run->is_parked;
        for (size_t i = 0; free && i < run->where->n_shares; i++)
            free = share_is_free(sched, run, &run->where->shares[i]);
        if (!free)
            continue;
        runs_resume(sched, run, now);
        decisions[n++] = (struct sched_decision){
            .verb = SCHED_RESUME, .id = run->id, .time_limit = run->time_limit};
    }
    return n;
}
