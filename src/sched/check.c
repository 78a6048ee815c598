/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what must always hold, for property tests
 */
#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

static bool is_first_of_core(const struct sched_node *node, uint32_t at, uint32_t core)
{
    for (uint32_t h = 0; h < at; h++) {
        const struct hold *hold = &node->holds[h];
        const struct place_share *share = &hold->run->where->shares[hold->share];
        if (share->milli && share->shared == core)
            return false;
    }
    return true;
}

/* A core with slices, as long as any of them stays. */
static void take_shared(const struct sched_node *node, struct timeline *line)
{
    const struct amount one = {.cores = 1};
    uint32_t n = 0;
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct hold *hold = &node->holds[h];
        const struct place_share *share = &hold->run->where->shares[hold->share];
        int64_t until = INT64_MIN;
        if (!share->milli || !is_first_of_core(node, h, share->shared))
            continue;
        for (uint32_t k = h; k < node->n_holds; k++) {
            const struct hold *other = &node->holds[k];
            const struct place_share *its = &other->run->where->shares[other->share];
            if (its->milli && its->shared == share->shared &&
                other->run->edge.time > until)
                until = other->run->edge.time;
        }
        timeline_take(line, INT64_MIN, until, &one);
        n++;
    }
    BUG_ON(n != node->n_shared);
}

/* A run takes its share until it is expected to end, a stopped one its memory for
 * ever, a promise what it claims. */
static struct timeline planned(const struct sched *sched, uint32_t index)
{
    const struct sched_node *node = &sched->nodes[index];
    struct timeline line;
    timeline_init(&line, &node->total);
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct run *run = node->holds[h].run;
        struct amount amount =
            share_amount(sched, &run->where->shares[node->holds[h].share]);
        timeline_take(&line, INT64_MIN, run->edge.time, &amount);
    }
    take_shared(node, &line);
    for (const struct run *run = sched->runs; run && sched->n_stopped > 0;
         run = run->hh.next)
        for (size_t i = 0; run->kept && i < run->kept->n_shares; i++) {
            struct amount kept = {.memory = (int64_t)run->kept->shares[i].memory};
            if (run->kept->shares[i].node == index)
                timeline_take(&line, INT64_MIN, TIME_NEVER, &kept);
        }
    for (const struct promise *p = sched->promises; p; p = p->next)
        for (uint32_t i = 0; i < p->n_nodes; i++)
            if (p->nodes[i].node == index)
                timeline_take(&line, p->start, p->end, &p->nodes[i].amount);
    return line;
}

/* From the last time on that anything was said of; the past is forgotten. */
static void check_timeline(const struct sched *sched, uint32_t index)
{
    const struct timeline *line = &sched->nodes[index].line;
    struct timeline must = planned(sched, index);
    const struct timeline *both[] = {line, &must};
    timeline_check_invariants(line);
    for (size_t b = 0; b < ARRAY_SIZE(both); b++)
        for (uint32_t i = 0; i < both[b]->n; i++) {
            int64_t at = both[b]->steps[both[b]->head + i].time;
            at = at > sched->told ? at : sched->told;
            struct amount is = timeline_least(line, at, at + 1),
                          should = timeline_least(&must, at, at + 1);
            BUG_ON(!amount_equals(&is, &should));
        }
    timeline_fini(&must);
}

static void check_node(const struct sched *sched, uint32_t index)
{
    const struct sched_node *node = &sched->nodes[index];
    struct amount held = {0};
    check_timeline(sched, index);
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct run *run = node->holds[h].run;
        const struct place_share *share = &run->where->shares[node->holds[h].share];
        BUG_ON(share->node != index);
        struct amount amount = share_amount(sched, share);
        amount_add(&held, &amount);
    }
    held.cores += (int32_t)node->n_shared;
    if (!node->is_known)
        return;
    const struct place_node *place = place_cluster_node(sched->cluster, index);
    /* More may be held than there is: a node came back with less. */
    BUG_ON(held.cores + (int32_t)place->n_free < node->total.cores);
}

static bool is_overbooked(const struct timeline *line, int64_t now)
{
    const struct amount none = {0};
    struct amount least = timeline_least(line, now, TIME_NEVER);
    return !amount_covers(&least, &none);
}

bool sched_is_overbooked(const struct sched *sched)
{
    for (uint32_t i = 0; i < sched->n_nodes; i++)
        if (is_overbooked(&sched->nodes[i].line, sched->told))
            return true;
    for (const struct licence *l = sched->licences; l; l = l->next)
        if (is_overbooked(&l->line, sched->told))
            return true;
    return false;
}

static void check_promises(const struct sched *sched)
{
    uint32_t n = 0;
    for (const struct promise *p = sched->promises; p; p = p->next) {
        BUG_ON(p->job->promise != p || p->job->place != JOB_PROMISED);
        BUG_ON(p->start > p->end);
        n++;
    }
    BUG_ON(n != sched->n_promises);
}

static void check_jobs(const struct sched *sched)
{
    size_t ready = 0, listed = 0;
    for (const struct sched_job *job = sched->jobs; job; job = job->hh.next) {
        BUG_ON((job->place == JOB_PROMISED) != (job->promise != NULL));
        ready += job->place == JOB_READY;
    }
    for (const struct group *group = sched->groups; group; group = group->hh.next) {
        BUG_ON(group->is_listed != (group->jobs != NULL));
        for (const struct sched_job *job = group->jobs; job; job = job->next) {
            BUG_ON(job->group != group || job->place != JOB_READY);
            listed++;
        }
    }
    BUG_ON(ready != listed);
}

void sched_check_invariants(const struct sched *sched)
{
    place_cluster_check(sched->cluster);
    for (uint32_t i = 0; i < sched->n_nodes; i++)
        check_node(sched, i);
    check_promises(sched);
    check_jobs(sched);
}
