/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_count.c - which nodes of the allocation, and how many tasks on each
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t room_on(const struct share *share, const struct wish *wish, bool empty)
{
    uint32_t cores = 0, room;

    for (uint32_t i = 0; i < share->n_cores; i++)
        cores += empty || wish->share_cores || share->users[i] == 0;
    room = cores / wish->cpus;
    if (wish->tasks_per_node && room > wish->tasks_per_node)
        room = wish->tasks_per_node;
    return room;
}

/* Candidates with room go first, those with room for an even part before all: a
 * step that needs one node of four takes one that is idle. */
static void prefer_room(const struct layout *layout, struct wish *wish, bool empty)
{
    cleanup(freep) size_t *old = xmemdup(wish->nodes, layout->n_shares * sizeof(*old));
    uint32_t even =
        (wish->tasks + (uint32_t)wish->n_nodes - 1) / (uint32_t)wish->n_nodes;
    const uint32_t least[] = {even, 1, 0};
    size_t n = wish->n_named;

    for (size_t class = 0; class < ARRAY_SIZE(least); class ++) {
        for (size_t i = wish->n_named; i < layout->n_shares; i++) {
            uint32_t room = room_on(&layout->shares[old[i]], wish, empty);

            if (room >= least[class] && (class == 0 || room < least[class - 1]))
                wish->nodes[n++] = old[i];
        }
    }
}

/* Spread tasks evenly over the nodes, none above its room: raise a common level
 * until all tasks are placed. False when they do not fit. */
static bool spread_tasks(const struct layout *layout, const struct wish *wish,
                         bool empty, uint32_t *counts)
{
    uint32_t left = wish->tasks;
    bool grew = true;

    memset(counts, 0, wish->n_nodes * sizeof(*counts));
    for (uint32_t level = 1; left && grew; level++) {
        grew = false;
        for (size_t i = 0; i < wish->n_nodes && left; i++) {
            const struct share *share = &layout->shares[wish->nodes[i]];

            if (counts[i] >= level || room_on(share, wish, empty) < level)
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

/* More tasks than cores, as the job allows it: just spread them evenly. */
static void count_evenly(const struct wish *wish, uint32_t *counts)
{
    for (size_t i = 0; i < wish->n_nodes; i++)
        counts[i] = wish->tasks / (uint32_t)wish->n_nodes +
                    (i < wish->tasks % wish->n_nodes ? 1 : 0);
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
                            uint32_t *counts)
{
    uint32_t sum = 0;

    if (wish->n_nodes != layout->n_shares || wish->tasks_per_node ||
        wish->cpus != either(layout->job->cpus_per_task, 1))
        return false;
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const struct share *share = &layout->shares[wish->nodes[i]];

        counts[i] = share->from->tasks;
        sum += counts[i];
        if (!counts[i] || (!wish->share_cores && !is_idle(share)))
            return false;
    }
    return sum == wish->tasks;
}

static int count_refused(const struct layout *layout, const struct wish *wish,
                         struct err *err)
{
    uint32_t cores = 0;

    if (wish->tasks_per_node && wish->tasks / wish->tasks_per_node >= wish->n_nodes &&
        wish->tasks > wish->tasks_per_node * wish->n_nodes)
        return err_set(err, EINVAL,
                       "--ntasks=%u: %zu nodes with --ntasks-per-node=%u hold only %zu",
                       wish->tasks, wish->n_nodes, wish->tasks_per_node,
                       wish->tasks_per_node * wish->n_nodes);
    for (size_t i = 0; i < layout->n_shares; i++)
        cores += layout->shares[i].n_cores;
    return err_set(err, EINVAL,
                   "--ntasks=%u with %u cores each: the allocation has %u cores on "
                   "%zu nodes (--overcommit lets tasks share them)",
                   wish->tasks, wish->cpus, cores, layout->n_shares);
}

/* Tasks for each node of the wish: as the job was placed, else evenly. */
int count_tasks(const struct layout *layout, struct wish *wish, uint32_t *counts,
                bool *ret_as_placed, struct err *err)
{
    *ret_as_placed = count_as_placed(layout, wish, counts);
    if (*ret_as_placed)
        return 0;
    prefer_room(layout, wish, false);
    if (spread_tasks(layout, wish, false, counts)) {
        drop_idle(wish, counts);
        return 0;
    }
    prefer_room(layout, wish, true);
    if (spread_tasks(layout, wish, true, counts))
        return err_set(err, EAGAIN, "other steps use the cores");
    if (!wish->overcommit)
        return count_refused(layout, wish, err);
    count_evenly(wish, counts);
    return 0;
}
