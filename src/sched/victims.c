/* SPDX-License-Identifier: Apache-2.0
 *
 * victims.c - who may be pushed aside for a job: runs of their own, and whole sets
 *
 * Components of a set and members of a gang leave together, or stay: one that may not
 * be pushed, or stands still already, protects the others.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

#define VICTIMS_MAX 512

uint64_t victims_set(const struct run *run)
{
    uint32_t gang = run->group->req.gang;
    return gang ? UINT64_C(1) << 32 | gang : run->leader;
}

/* Who pushes: the group of a job of its own, or those of all components of a set. */
struct pushers {
    const struct group **groups; /* each once */
    size_t n;
    struct bitset *reach; /* nodes that any of them may use */
};

static void add_pusher(struct pushers *to, const struct group *group)
{
    for (size_t i = 0; i < to->n; i++)
        if (to->groups[i] == group)
            return;
    to->groups[to->n++] = group;
    bitset_or(to->reach, group->demand.allowed);
}

static struct pushers pushers_of(const struct sched *sched, const struct sched_job *job)
{
    struct pushers ret = {.groups = xcalloc(start_decisions(job) + 1, sizeof(void *)),
                          .reach = bitset_create(sched->n_nodes)};
    add_pusher(&ret, job->group);
    for (uint32_t i = 1; job->leader && i < job->set_size; i++)
        add_pusher(&ret, sets_member(sched, job, i)->group);
    return ret;
}

static void pushers_fini(struct pushers *pushers)
{
    free(pushers->groups);
    bitset_destroy(pushers->reach);
}

static bool is_above(const struct sched *sched, const struct group *by,
                     const struct group *group)
{
    if (by->req.never_preempts)
        return false;
    if (sched->options.preempt == SCHED_PREEMPT_PARTITION)
        return by->tier > group->tier;
    return by->has_assoc && group->has_assoc &&
           assoc_qos_preempts(sched->options.assoc, by->assoc.qos, group->assoc.qos);
}

/* A set is no more than its least component: one in a high partition does not make
 * room for others that could not. */
static bool may_push(const struct sched *sched, const struct pushers *by,
                     const struct run *run)
{
    const struct group *group = run->group;
    if (run->state != RUN_RUNNING ||
        (group->req.gang && by->groups[0]->req.gang == group->req.gang))
        return false;
    for (size_t i = 0; i < by->n; i++)
        if (!is_above(sched, by->groups[i], group))
            return false;
    return true;
}

/* How the run is preempted by them, if at all. */
static enum qos_preempt mode_of(const struct sched *sched, const struct pushers *by,
                                const struct run *run, int64_t *ret_grace)
{
    const struct partition *partition = &sched->partitions[run->group->partition];
    enum qos_preempt mode = partition->preempt;
    *ret_grace = partition->grace;
    if (!may_push(sched, by, run))
        return QOS_PREEMPT_NONE;
    if (sched->options.preempt != SCHED_PREEMPT_PARTITION) {
        const struct qos *qos = assoc_qos(sched->options.assoc, run->group->assoc.qos);
        mode = qos->preempt_mode;
        *ret_grace = qos->grace;
    }
    if (mode == QOS_PREEMPT_CLUSTER)
        mode = sched->options.preempt_mode;
    if (mode == QOS_PREEMPT_CLUSTER || mode == QOS_PREEMPT_REQUEUE)
        mode = run->group->req.no_preempt ? QOS_PREEMPT_CANCEL : QOS_PREEMPT_REQUEUE;
    return mode;
}

static bool touches(const struct run *run, const struct bitset *nodes)
{
    for (size_t i = 0; i < run->where->n_shares; i++)
        if (bitset_test(nodes, run->where->shares[i].node))
            return true;
    return false;
}

static int compare_runs(const void *pa, const void *pb)
{
    const struct run *a = ((const struct victim_run *)pa)->run;
    const struct run *b = ((const struct victim_run *)pb)->run;
    uint64_t x = victims_set(a), y = victims_set(b);
    if (x != y)
        return x < y ? -1 : 1;
    if (a->id.job != b->id.job)
        return a->id.job < b->id.job ? -1 : 1;
    return (a->id.task > b->id.task) - (a->id.task < b->id.task);
}

/* Those that may be pushed, and all that are of a set; the runs of one stand together.
 */
static void find_runs(const struct sched *sched, const struct pushers *by,
                      struct victims *ret)
{
    bool any = false;
    size_t cap = 0;
    for (struct run *run = sched->runs; run; run = run->hh.next) {
        struct victim_run found = {.run = run};
        if (run->state == RUN_LEAVING)
            continue;
        found.mode = mode_of(sched, by, run, &found.grace);
        bool is_found = found.mode != QOS_PREEMPT_NONE && touches(run, by->reach);
        any |= is_found;
        if (!is_found && !victims_set(run))
            continue;
        if (ret->n_runs == cap) {
            cap = cap ? 2 * cap : 64;
            ret->runs = xrealloc(ret->runs, cap, sizeof(*ret->runs));
        }
        ret->runs[ret->n_runs++] = found;
    }
    if (!any)
        ret->n_runs = 0;
    else
        qsort(ret->runs, ret->n_runs, sizeof(*ret->runs), compare_runs);
}

/* The end of those that leave together with the one at 'first'. */
static size_t end_of_set(const struct victims *v, size_t first)
{
    uint64_t set = victims_set(v->runs[first].run);
    size_t end = first + 1;
    while (set && end < v->n_runs && victims_set(v->runs[end].run) == set)
        end++;
    return end;
}

static bool may_be_pushed(const struct victim_run *runs, size_t n,
                          const struct bitset *reach)
{
    bool helps = false;
    for (size_t i = 0; i < n; i++) {
        if (runs[i].mode == QOS_PREEMPT_NONE)
            return false;
        helps |= touches(runs[i].run, reach);
    }
    return helps;
}

/* Of what becomes of each the mildest becomes of all: to be stopped, to be queued
 * again, to end. Components cannot be queued again without one that cannot be;
 * members of a gang can, as another may take its place. */
static void agree(struct victim_run *runs, size_t n)
{
    bool is_gang = runs->run->group->req.gang != 0;
    bool stop = false, again = false, cannot = false;
    for (size_t i = 0; i < n; i++) {
        stop |= runs[i].mode == QOS_PREEMPT_SUSPEND;
        again |= runs[i].mode == QOS_PREEMPT_REQUEUE;
        cannot |= runs[i].run->group->req.no_preempt;
    }
    for (size_t i = 0; i < n; i++) {
        bool ends = is_gang ? runs[i].run->group->req.no_preempt : cannot;
        runs[i].mode = stop             ? QOS_PREEMPT_SUSPEND
                       : again && !ends ? QOS_PREEMPT_REQUEUE
                                        : QOS_PREEMPT_CANCEL;
    }
}

static struct victim victim_of(const struct victims *v, size_t first, size_t n)
{
    const struct run *run = v->runs[first].run;
    struct victim victim = {.first = first,
                            .n = n,
                            .tier = run->group->tier,
                            .start = run->start,
                            .id = run->id.job};
    for (size_t i = 1; i < n; i++) {
        run = v->runs[first + i].run;
        if (run->group->tier > victim.tier)
            victim.tier = run->group->tier;
        if (run->start < victim.start)
            victim.start = run->start;
    }
    return victim;
}

/* The least worthy first: lower tier, then those that lose the least work. */
static int compare_victims(const void *pa, const void *pb)
{
    const struct victim *a = pa, *b = pb;
    if (a->tier != b->tier)
        return a->tier < b->tier ? -1 : 1;
    if (a->start != b->start)
        return a->start > b->start ? -1 : 1;
    if (a->id != b->id)
        return a->id > b->id ? -1 : 1;
    return (a->first < b->first) - (a->first > b->first);
}

void victims_find(const struct sched *sched, const struct sched_job *job,
                  struct victims *ret)
{
    cleanup(pushers_fini) struct pushers by = pushers_of(sched, job);
    *ret = (struct victims){0};
    find_runs(sched, &by, ret);
    ret->each = xcalloc(ret->n_runs + 1, sizeof(*ret->each));
    for (size_t at = 0, end; at < ret->n_runs; at = end) {
        end = end_of_set(ret, at);
        if (!may_be_pushed(&ret->runs[at], end - at, by.reach))
            continue;
        if (end - at > 1)
            agree(&ret->runs[at], end - at);
        ret->each[ret->n++] = victim_of(ret, at, end - at);
    }
    qsort(ret->each, ret->n, sizeof(*ret->each), compare_victims);
    ret->is_cut = ret->n > VICTIMS_MAX;
    if (ret->is_cut)
        ret->n = VICTIMS_MAX;
}

void victims_fini(struct victims *victims)
{
    free(victims->runs);
    free(victims->each);
}
