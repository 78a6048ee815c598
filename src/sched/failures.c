/* SPDX-License-Identifier: Apache-2.0
 *
 * failures.c - what found no room in this pass, so that who asks for no less is not
 * tried
 *
 * Within a pass nothing becomes free, and no promise goes. So what found no room for
 * an hour finds none for two; and a node that had not the memory for a job of one
 * node has it not for one that asks for more, wherever else that one may not run.
 * (Of jobs of several nodes the tasks are dealt out as they fit, so that more
 * memory for each can mean that fewer, and other, nodes are asked: they have to be
 * alike.)
 */
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

static struct failure failure_of(const struct group *group)
{
    const struct place_request *place = &group->req.place;
    struct place_want want = place_want_of(place);
    uint32_t tasks = want.tasks ? want.tasks : want.per_node;
    return (struct failure){
        .partition = group->partition,
        .tasks = want.tasks,
        .per_node = place->tasks_per_node,
        .nodes_max = want.nodes_max,
        .cores = want.cores,
        .per_core = want.per_core,
        .mem_per_node = place->mem_per_node,
        .mem_per_cpu = place->mem_per_cpu,
        .length = limit_length(group->req.time_limit),
        .all = {.cores = (int32_t)place_want_cores(&want, tasks, INT32_MAX),
                .memory = (int64_t)place_want_memory(&want, tasks, INT32_MAX)}};
}

static bool are_alike(const struct failure *a, const struct failure *b)
{
    return a->cores == b->cores && a->per_core == b->per_core &&
           a->mem_per_node == b->mem_per_node && a->mem_per_cpu == b->mem_per_cpu;
}

/* On each node that 'b' may use 'a' would have found room, had 'b'. (On one node a
 * task's part says nothing: memory is asked for by task or for all of them.) */
static bool asks_no_less(const struct failure *b, const struct failure *a)
{
    if (b->partition != a->partition || b->tasks != a->tasks ||
        b->per_node != a->per_node || b->nodes_max != a->nodes_max ||
        b->length < a->length)
        return false;
    return b->nodes_max == 1 ? amount_covers(&b->all, &a->all) : are_alike(b, a);
}

/* What else it asks for only makes it harder to place. */
static bool is_only_harder(const struct sched_request *req)
{
    const struct place_request *p = &req->place;
    return !req->reservation && !p->exclusive && !p->overcommit && p->milli == 0 &&
           req->time_min == 0 && req->exclusive == SCHED_SHARED;
}

bool failures_include(const struct sched *sched, const struct group *group)
{
    const struct shape *shape = group->shape;
    if (shape->failed_in != sched->pass.number ||
        !(group->is_plain ||
          (group->demand.nodes_max == 1 && is_only_harder(&group->req))))
        return false;
    struct failure asked = failure_of(group);
    for (uint32_t i = 0; i < shape->n_failures; i++)
        if (asks_no_less(&asked, &shape->failures[i]))
            return true;
    return false;
}

void failures_add(const struct sched *sched, const struct group *group)
{
    struct shape *shape = group->shape;
    struct failure failure = failure_of(group);
    uint32_t n = 0;
    if (!group->is_plain || group->reason != SCHED_RESOURCES)
        return;
    /* It may have been another one of its set that found no room. And where users keep
     * nodes to themselves it matters who asks. */
    if (group->jobs->leader || sched->n_own_nodes > 0)
        return;
    if (shape->failed_in != sched->pass.number)
        shape->n_failures = 0;
    shape->failed_in = sched->pass.number;
    /* Those that ask for no less say nothing more. */
    for (uint32_t i = 0; i < shape->n_failures; i++)
        if (!asks_no_less(&shape->failures[i], &failure))
            shape->failures[n++] = shape->failures[i];
    if (n == FAILURES_MAX)
        n--;
    shape->failures[n++] = failure;
    shape->n_failures = n;
}
