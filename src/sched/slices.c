/* SPDX-License-Identifier: Apache-2.0
 *
 * slices.c - parts of cores on the timelines
 *
 *   core 3:  |--- 300 ---|            a core with slices is taken as long as the last
 *            |------ 500 ------|      of them stays; what of it is free in between is
 *            |===== taken =====|      for other slices alone
 *
 * Plans ahead give a slice a core of its own: that is what can be promised. Now, one
 * may join others where a core has room, if nobody relies on that core's end.
 */
#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

static const struct amount one_core = {.cores = 1};

static const struct place_share *slice_in(const struct hold *hold, uint32_t core)
{
    const struct place_share *share = &hold->run->where->shares[hold->share];
    bool counts = share->milli && share->shared == core && !hold->run->is_lifted;
    return counts ? share : NULL;
}

/* When the last run with a slice of the core is expected to end; INT64_MIN: none has.
 */
static int64_t last_end(const struct sched_node *node, uint32_t core)
{
    int64_t last = INT64_MIN;
    for (uint32_t h = 0; h < node->n_holds; h++)
        if (slice_in(&node->holds[h], core) && node->holds[h].run->edge.time > last)
            last = node->holds[h].run->edge.time;
    return last;
}

static struct shared_core *find_shared(const struct sched_node *node, uint32_t core)
{
    for (uint32_t i = 0; i < node->n_shared; i++)
        if (node->shared[i].core == core)
            return &node->shared[i];
    return NULL;
}

static void add_shared(struct sched *sched, struct sched_node *node, uint32_t core,
                       int64_t until)
{
    if (node->n_shared == node->cap_shared) {
        node->cap_shared = node->cap_shared ? 2 * node->cap_shared : 4;
        node->shared = xrealloc(node->shared, node->cap_shared, sizeof(*node->shared));
    }
    node->shared[node->n_shared++] = (struct shared_core){.core = core, .until = until};
    sched->n_shared++;
    if (node->is_known)
        sched->free_cores--;
}

static void drop_shared(struct sched *sched, struct sched_node *node,
                        struct shared_core *shared)
{
    *shared = node->shared[--node->n_shared];
    sched->n_shared--;
    if (node->is_known)
        sched->free_cores++;
}

void slices_plan(struct sched *sched, uint32_t index, uint32_t core, int64_t from)
{
    struct sched_node *node = &sched->nodes[index];
    struct shared_core *shared = find_shared(node, core);
    int64_t until = last_end(node, core), old = shared ? shared->until : from;
    if (until == INT64_MIN) {
        timeline_give(&node->line, from, old, &one_core);
        if (shared)
            drop_shared(sched, node, shared);
        return;
    }
    if (until > old)
        timeline_take(&node->line, old, until, &one_core);
    else
        timeline_give(&node->line, until, old, &one_core);
    if (shared)
        shared->until = until;
    else
        add_shared(sched, node, core, until);
}

void slices_forget(struct sched *sched, struct sched_node *node)
{
    while (node->n_shared > 0)
        drop_shared(sched, node, &node->shared[0]);
}

/* ---------------------------------------------------------------- joining */

static uint32_t held_of(const struct sched *sched, uint32_t index, uint32_t core)
{
    const struct sched_node *node = &sched->nodes[index];
    uint32_t held = 0;
    if (!sched->pass.is_hypothetical)
        return place_cluster_node(sched->cluster, index)->slices[core];
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct place_share *share = slice_in(&node->holds[h], core);
        held += share ? share->milli : 0;
    }
    return held;
}

/* May a slice for the group begin at 'from', which is now, on a core with others?
 * Which core it joins is not known yet, so none that it may join must be relied on
 * past its end. */
static bool may_join(const struct sched *sched, uint32_t index,
                     const struct group *group, int64_t from, int64_t length)
{
    const struct sched_node *node = &sched->nodes[index];
    const struct place_request *place = &group->req.place;
    int64_t to = time_after(from, length);
    bool any = false;
    if (!place->milli || place->exclusive || from > sched->pass.now ||
        !place_cluster_node(sched->cluster, index)->slices)
        return false;
    for (uint32_t i = 0; i < node->n_shared; i++) {
        const struct shared_core *shared = &node->shared[i];
        if (held_of(sched, index, shared->core) + place->milli > PLACE_WHOLE)
            continue;
        any = true;
        if (shared->until < to &&
            timeline_least(&node->line, shared->until, to).cores <=
                (int32_t)place->cpus_per_task)
            return false;
    }
    return any;
}

bool slices_need_core(const struct sched *sched, uint32_t index,
                      const struct group *group, int64_t from, int64_t length)
{
    struct amount least =
        timeline_least(&sched->nodes[index].line, from, time_after(from, length));
    return least.cores > (int32_t)group->req.place.cpus_per_task ||
           !may_join(sched, index, group, from, length);
}

bool slices_lack_all(const struct sched *sched, const struct group *group)
{
    return !group->req.place.milli || sched->n_shared == 0;
}
