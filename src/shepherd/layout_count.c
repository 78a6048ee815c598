/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_count.c - which nodes of the allocation, and how many tasks on each
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room of each share, looked up once. */
static uint32_t *all_rooms(const struct layout *layout, const struct wish *wish,
                           enum room_of of)
{
    uint32_t *rooms = xcalloc(layout->n_shares, sizeof(*rooms));

    for (size_t i = 0; i < wish->n_candidates; i++)
        rooms[wish->nodes[i]] = room_on(&layout->shares[wish->nodes[i]], wish, of);
    return rooms;
}

/* Candidates with room go first, those with room for an even part before all: a
 * step that needs one node of four takes one that is idle. */
static void prefer_room(struct wish *wish, const uint32_t *rooms)
{
    cleanup(freep) size_t *old =
        xmemdup(wish->nodes, wish->n_candidates * sizeof(*old));
    uint32_t even =
        (wish->tasks + (uint32_t)wish->n_nodes - 1) / (uint32_t)wish->n_nodes;
    const uint32_t least[] = {even, 1, 0};
    size_t n = wish->n_named;

    for (size_t class = 0; class < ARRAY_SIZE(least); class ++) {
        for (size_t i = wish->n_named; i < wish->n_candidates; i++) {
            uint32_t room = rooms[old[i]];

            if (room >= least[class] && (class == 0 || room < least[class - 1]))
                wish->nodes[n++] = old[i];
        }
    }
}

/* Spread tasks evenly over the nodes, none above its room: raise a common level
 * until all tasks are placed. False when they do not fit. */
static bool spread_tasks(const struct wish *wish, const uint32_t *rooms,
                         uint32_t *counts)
{
    uint32_t left = wish->tasks;
    bool grew = true;

    memset(counts, 0, wish->n_nodes * sizeof(*counts));
    for (uint32_t level = 1; left && grew; level++) {
        grew = false;
        for (size_t i = 0; i < wish->n_nodes && left; i++) {
            if (counts[i] >= level || rooms[wish->nodes[i]] < level)
                continue;
            counts[i]++;
            left--;
            grew = true;
        }
    }
    for (size_t i = 0; i < wish->n_nodes && wish->all_nodes; i++)
        if (counts[i] == 0)
            return false;
    return left == 0;
}

/* Nodes that got no task are no part of the step. */
static void drop_idle(struct wish *wish, uint32_t *counts)
{
    size_t n = 0;

    for (size_t i = 0; i < wish->n_nodes; i++) {
        if (counts[i] == 0)
            continue;
        wish->nodes[n] = wish->nodes[i];
        counts[n++] = counts[i];
    }
    wish->n_nodes = n;
}

static bool is_idle(const struct share *share)
{
    for (uint32_t i = 0; i < share->n_cores; i++)
        if (share->users[i])
            return false;
    return true;
}

/* A step as the job was placed keeps the placement's own counts and cores. */
static bool count_as_placed(const struct layout *layout, const struct wish *wish,
                            enum room_of of, uint32_t *counts)
{
    uint32_t sum = 0;

    if (wish->n_nodes != layout->n_shares || wish->n_candidates != layout->n_shares ||
        wish->tasks_per_node || wish->cpus != either(layout->job->cpus_per_task, 1))
        return false;
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const struct share *share = &layout->shares[wish->nodes[i]];

        counts[i] = share->from->tasks;
        sum += counts[i];
        if (!counts[i] || (!wish->overlaps && !is_idle(share)) ||
            (!wish->overcommit && counts[i] > room_on(share, wish, of)))
            return false;
    }
    return sum == wish->tasks && devices_fit(layout, wish, of);
}

/* With so many nodes: the tasks follow where they were not said. */
static struct wish with_nodes(const struct wish *wish, size_t n_nodes)
{
    struct wish part = *wish;

    part.n_nodes = n_nodes;
    if (!part.tasks)
        part.tasks = (uint32_t)n_nodes * either(wish->tasks_per_node, 1);
    if (part.tasks < part.n_nodes)
        part.n_nodes = part.tasks;
    return part;
}

/* On as many nodes as can be had, at least those that it has to have. */
static bool count_evenly(const struct layout *layout, struct wish *wish,
                         enum room_of order_by, enum room_of of, uint32_t *counts)
{
    cleanup(freep) uint32_t *order = all_rooms(layout, wish, order_by);
    cleanup(freep) uint32_t *rooms = all_rooms(layout, wish, of);
    size_t least = wish->min_nodes && wish->min_nodes < wish->n_nodes ? wish->min_nodes
                                                                      : wish->n_nodes;

    for (size_t n = wish->n_nodes; n >= least && n > 0; n--) {
        struct wish part = with_nodes(wish, n);

        prefer_room(&part, order);
        if (!spread_tasks(&part, rooms, counts) || !devices_fit(layout, &part, of))
            continue;
        drop_idle(&part, counts);
        *wish = part;
        return true;
    }
    return false;
}

int count_check(const struct layout *layout, const struct wish *wish, struct err *err)
{
    cleanup(freep) uint32_t *counts = xcalloc(layout->n_shares, sizeof(*counts));
    struct wish tried = *wish;
    struct wish whole = with_nodes(wish, wish->n_nodes);

    return count_when_empty(layout, &tried, counts)
               ? 0
               : room_refused(layout, &whole, ROOM_EMPTY, err);
}

bool count_when_empty(const struct layout *layout, struct wish *wish, uint32_t *counts)
{
    return count_evenly(layout, wish, ROOM_NOW, ROOM_EMPTY, counts);
}

/* As the step's own list of nodes has it. Cores have to be there, unless they are
 * shared. */
static int count_listed(const struct layout *layout, const Berth__StepSpec *spec,
                        struct wish *wish, enum room_of of, uint32_t *counts,
                        struct err *err)
{
    wish->n_nodes = wish->n_candidates;
    for (size_t t = 0; t < spec->n_task_nodes; t++) {
        size_t i = 0;

        while (i < wish->n_nodes &&
               strcmp(layout->shares[wish->nodes[i]].from->node, spec->task_nodes[t]))
            i++;
        if (i == wish->n_nodes)
            return err_set(err, EINVAL,
                           "--distribution=arbitrary: %s is no node of the step",
                           spec->task_nodes[t]);
        counts[i]++;
    }
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const struct share *share = &layout->shares[wish->nodes[i]];

        if (wish->overcommit || counts[i] <= room_on(share, wish, of))
            continue;
        if (counts[i] <= room_on(share, wish, ROOM_EMPTY))
            return err_set(err, EAGAIN, "other steps use the cores");
        return err_set(
            err, EINVAL,
            "--distribution=arbitrary: %u tasks on %s, which has room for %u",
            counts[i], share->from->node, room_on(share, wish, ROOM_EMPTY));
    }
    drop_idle(wish, counts);
    return 0;
}

/* In order, 'run' tasks at a time, as long as there is room: whole planes, or (Pack)
 * whole nodes. False when they do not fit, or not on all nodes that must have some. */
static bool count_runs(const struct wish *wish, const uint32_t *rooms, uint32_t run,
                       uint32_t *counts)
{
    uint32_t left = wish->tasks;
    bool grew = true;

    memset(counts, 0, wish->n_nodes * sizeof(*counts));
    while (left && grew) {
        grew = false;
        for (size_t i = 0; i < wish->n_nodes && left; i++) {
            uint32_t n = rooms[wish->nodes[i]] - counts[i];
            uint32_t others =
                wish->all_nodes && !counts[i] ? (uint32_t)(wish->n_nodes - i - 1) : 0;

            n = n < run ? n : run;
            if (n > left - (others < left ? others : left))
                n = left - (others < left ? others : left);
            counts[i] += n;
            left -= n;
            grew |= n > 0;
        }
    }
    for (size_t i = 0; i < wish->n_nodes && wish->all_nodes; i++)
        if (counts[i] == 0)
            return false;
    return left == 0;
}

static bool count_by_distribution(const struct layout *layout, struct wish *wish,
                                  enum room_of of, uint32_t *counts)
{
    struct wish part = with_nodes(wish, wish->n_nodes);
    cleanup(freep) uint32_t *rooms = NULL;
    bool packs = wish->dist.pack && wish->dist.nodes != DEAL_CYCLIC;

    if (wish->dist.nodes != DEAL_PLANE && !packs)
        return false;
    rooms = all_rooms(layout, wish, of);
    prefer_room(&part, rooms);
    if (!count_runs(&part, rooms,
                    wish->dist.nodes == DEAL_PLANE ? wish->dist.plane : UINT32_MAX,
                    counts) ||
        !devices_fit(layout, &part, of))
        return false;
    drop_idle(&part, counts);
    *wish = part;
    return true;
}

/* Tasks for each node of the wish: as the job was placed, else evenly. */
int count_tasks(const struct layout *layout, const Berth__StepSpec *spec,
                struct wish *wish, enum room_of of, uint32_t *counts,
                bool *ret_as_placed, struct err *err)
{
    struct wish placed = with_nodes(wish, wish->n_nodes);

    *ret_as_placed = false;
    if (spec->n_task_nodes)
        return count_listed(layout, spec, wish, of, counts, err);
    *ret_as_placed = !wish->dist.pack && count_as_placed(layout, &placed, of, counts);
    if (*ret_as_placed) {
        *wish = placed;
        return 0;
    }
    if (count_by_distribution(layout, wish, of, counts))
        return 0;
    if (count_evenly(layout, wish, of, of, counts))
        return 0;
    if (count_when_empty(layout, &placed, counts))
        return room_refused(layout, &placed, of, err);
    return room_refused(layout, &placed, ROOM_EMPTY, err);
}
