/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what must always hold, for property tests
 */
#include "sched/group.h"
#include "sched/internal.h"

static void check_node(const struct sched *sched, uint32_t index)
{
    const struct sched_node *node = &sched->nodes[index];
    struct amount held = {0};
    timeline_check_invariants(&node->line);
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct run *run = node->holds[h].run;
        const struct place_share *share = &run->where->shares[node->holds[h].share];
        BUG_ON(share->node != index);
        struct amount amount = share_amount(sched, share);
        amount_add(&held, &amount);
    }
    if (!node->is_known)
        return;
    const struct place_node *place = place_cluster_node(sched->cluster, index);
    /* More may be held than there is: a node came back with less. */
    BUG_ON(held.cores + (int32_t)place->n_free < node->total.cores);
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
    for (const struct sched_job *job = sched->jobs; job; job = job->hh.next)
        ready += job->place == JOB_READY;
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
