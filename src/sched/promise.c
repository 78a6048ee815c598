/* SPDX-License-Identifier: Apache-2.0
 *
 * promise.c - starts that waiting jobs are promised
 *
 * A promise claims its nodes from its start to its end on their timelines, so that
 * whatever else starts leaves them free by then. It moves only forward; it is made
 * later only when what it relied on is gone: a node, a job that overran.
 */
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

static void plan_licences(struct sched *sched, const struct promise *promise, bool take)
{
    licences_plan(sched, &promise->job->group->licences, promise->licence,
                  promise->start, promise->end, take);
}

void promise_claim(struct sched *sched, struct promise *promise)
{
    for (uint32_t i = 0; i < promise->n_nodes; i++) {
        const struct promised_node *p = &promise->nodes[i];
        struct sched_node *node = &sched->nodes[p->node];
        timeline_take(&node->line, promise->start, promise->end, &p->amount);
        if (node->n_claims++ == 0)
            bitset_set(sched->claimed, p->node);
    }
    plan_licences(sched, promise, true);
    edges_add(sched, &promise->edge, promise->end);
}

void promise_unclaim(struct sched *sched, struct promise *promise)
{
    edges_remove(sched, &promise->edge);
    for (uint32_t i = 0; i < promise->n_nodes; i++) {
        const struct promised_node *p = &promise->nodes[i];
        struct sched_node *node = &sched->nodes[p->node];
        timeline_give(&node->line, promise->start, promise->end, &p->amount);
        if (--node->n_claims == 0)
            bitset_clear(sched->claimed, p->node);
    }
    plan_licences(sched, promise, false);
}

void promise_make(struct sched *sched, struct sched_job *job, const struct slot *slot,
                  int64_t length)
{
    struct promise *promise = xcalloc(1, sizeof(*promise));
    *promise = (struct promise){.job = job,
                                .start = slot->start,
                                .end = time_after(slot->start, length),
                                .n_nodes = slot->n_nodes,
                                .licence = slot->licence,
                                .edge.kind = EDGE_PROMISE};
    promise->nodes = xmemdup(slot->nodes, slot->n_nodes * sizeof(*slot->nodes));
    DL_APPEND(sched->promises, promise);
    sched->n_promises++;
    job->promise = promise;
    promise_claim(sched, promise);
}

/* Its nodes may be of use to others at other times. */
static void note_gains(struct sched *sched, const struct promise *promise)
{
    for (uint32_t i = 0; i < promise->n_nodes; i++)
        nodes_note_gain(sched, promise->nodes[i].node, promise->end);
}

void promise_drop(struct sched *sched, struct promise *promise)
{
    promise_unclaim(sched, promise);
    note_gains(sched, promise);
    if (sched->pass.next_promise == promise)
        sched->pass.next_promise = promise->next;
    DL_DELETE(sched->promises, promise);
    sched->n_promises--;
    promise->job->promise = NULL;
    free(promise->former);
    free(promise->nodes);
    free(promise);
}

static void keep_former(struct promise *promise)
{
    free(promise->former);
    promise->former = take(promise->nodes);
    promise->n_former = promise->n_nodes;
    promise->former_licence = promise->licence;
    promise->former_start = promise->start;
    promise->former_end = promise->end;
}

void promise_revert(struct sched *sched, struct promise *promise)
{
    if (!promise->former) {
        promise->is_broken = true;
        return;
    }
    promise_unclaim(sched, promise);
    free(promise->nodes);
    promise->nodes = take(promise->former);
    promise->n_nodes = promise->n_former;
    promise->licence = promise->former_licence;
    promise->start = promise->former_start;
    promise->end = promise->former_end;
    promise_claim(sched, promise);
}

/* What became free ends before any time at which it could begin: then it cannot
 * begin earlier. 'before' is where a start would have to lie. */
static bool is_hopeless(const struct sched *sched, const struct promise *promise,
                        int64_t before)
{
    return sched->n_nodes == 1 &&
           timeline_earliest(&sched->nodes[0].line, sched->pass.now, before, 1,
                             &promise->nodes[0].amount) == TIME_NEVER;
}

bool promise_improve(struct sched *sched, struct promise *promise, int64_t now)
{
    int64_t length, before = promise->start;
    struct slot slot = {0};
    bool was_broken = promise->is_broken;
    /* A start that was not possible before uses what became free. */
    if (!sched->gained.other && sched->gained.until < before &&
        sched->gain.until < before)
        before = sched->gained.until > sched->gain.until ? sched->gained.until
                                                         : sched->gain.until;
    if (was_broken)
        before = TIME_NEVER;
    else if (is_hopeless(sched, promise, before))
        return true;
    promise_unclaim(sched, promise);
    bool found = sets_search(sched, promise->job, now, before, &slot, &length);
    if (found) {
        note_gains(sched, promise);
        keep_former(promise);
        if (was_broken)
            free(take(promise->former));
        promise->nodes = take(slot.nodes);
        promise->n_nodes = slot.n_nodes;
        promise->licence = slot.licence;
        promise->start = slot.start;
        promise->end = time_after(slot.start, length);
    }
    promise->is_broken = false;
    promise_claim(sched, promise);
    slot_fini(&slot);
    return found || !was_broken;
}

bool promise_find(struct sched *sched, struct sched_job *job, int64_t now)
{
    int64_t length, before = time_after(now, sched->options.window);
    struct slot slot = {0};
    if (!sets_search(sched, job, now, before, &slot, &length))
        return false;
    waiting_unlist(sched, job);
    waiting_set_place(sched, job, JOB_PROMISED);
    promise_make(sched, job, &slot, length);
    job->promise->is_plan = now - job->since < sched->options.policy.bind;
    slot_fini(&slot);
    return true;
}
