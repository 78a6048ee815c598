/* SPDX-License-Identifier: Apache-2.0
 *
 * sets.c - one start for all components of a job
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

#define ROUNDS_MAX 1000

static int64_t longest(const struct sched *sched, const struct sched_job *leader)
{
    int64_t length = 0;
    for (uint32_t i = 0; i < leader->set_size; i++) {
        int64_t own =
            limit_length(sets_member(sched, leader, i)->group->req.time_limit);
        length = own > length ? own : length;
    }
    return length;
}

static void append(struct slot *to, const struct slot *from, uint32_t component)
{
    for (uint32_t i = 0; i < from->n_nodes; i++)
        from->nodes[i].component = component;
    to->nodes = xrealloc(to->nodes, to->n_nodes + from->n_nodes, sizeof(*to->nodes));
    memcpy(to->nodes + to->n_nodes, from->nodes, from->n_nodes * sizeof(*to->nodes));
    to->n_nodes += from->n_nodes;
}

/* Each component beside those before it, all at or after 'from'. Returns the time
 * at which the first one that cannot begin at 'from' could; 'from' when all can. */
static int64_t try_at(struct sched *sched, const struct sched_job *leader, int64_t from,
                      int64_t before, int64_t length, struct slot *ret)
{
    int64_t start = from;
    for (uint32_t i = 0; i < leader->set_size && start == from; i++) {
        struct group *group = sets_member(sched, leader, i)->group;
        struct slot slot = {0};
        if (!search_start(sched, group, from, before, length, &slot)) {
            start = TIME_NEVER;
        } else if ((start = slot.start) == from) {
            slot_plan(sched, &slot, from, time_after(from, length), true);
            append(ret, &slot, i);
        }
        slot_fini(&slot);
    }
    slot_plan(sched, ret, from, time_after(from, length), false);
    ret->start = from;
    return start;
}

bool sets_search(struct sched *sched, struct sched_job *job, int64_t from,
                 int64_t before, struct slot *ret, int64_t *ret_length)
{
    if (!job->leader) {
        job->group->few_until = job->since + job->group->req.switches_wait;
        *ret_length = limit_length(job->group->req.time_limit);
        return search_start(sched, job->group, from, before, *ret_length, ret);
    }
    *ret_length = longest(sched, job);
    for (int round = 0; round < ROUNDS_MAX && from < before; round++) {
        int64_t start = try_at(sched, job, from, before, *ret_length, ret);
        if (start == from)
            return true;
        slot_fini(ret);
        from = start;
    }
    return false;
}
