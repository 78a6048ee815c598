/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_room.c - how many tasks a node of the allocation has room for
 */
#include "shepherd/layout_priv.h"

#include <errno.h>

/* Cores that steps hold which have passed by the one that waits. */
static uint32_t cores_of_passers(const struct share *share)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < share->n_cores; i++)
        n += share->users[i] && !share->before[i];
    return n;
}

static uint32_t free_cores(const struct share *share, const struct wish *wish,
                           enum room_of of)
{
    uint32_t n = 0, spare, passed;

    if (of == ROOM_EMPTY || wish->overlaps)
        return share->n_cores;
    for (uint32_t i = 0; i < share->n_cores; i++)
        n += share->users[i] == 0;
    if (of == ROOM_NOW || !share->claimed)
        return n;
    /* What was in use before will be free for the one that waits: all that have
     * passed together may hold what it does not need. */
    passed = cores_of_passers(share) + share->claimed;
    spare = share->n_cores > passed ? share->n_cores - passed : 0;
    return n < spare ? n : spare;
}

static uint64_t free_memory(const struct share *share, const struct wish *wish,
                            enum room_of of)
{
    uint64_t used = of == ROOM_EMPTY || wish->overlaps ? 0 : share->memory_used;

    if (of == ROOM_PASSING && !wish->overlaps)
        used += share->claimed_memory;
    return share->from->memory > used ? share->from->memory - used : 0;
}

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static uint32_t memory_room(const struct share *share, const struct wish *wish,
                            enum room_of of, uint32_t limit)
{
    uint64_t left = free_memory(share, wish, of);
    uint64_t task = wish->memory_core * wish->cpus;

    if (!share->from->memory) /* it is not counted here */
        return limit;
    if (wish->memory_all)
        return left == share->from->memory ? limit : 0;
    if (wish->memory)
        return left >= wish->memory ? limit : 0;
    return task ? least(limit, left / task) : limit;
}

uint64_t memory_of(const struct share *share, const struct wish *wish, uint32_t tasks)
{
    if (wish->memory_all)
        return share->from->memory;
    return wish->memory ? wish->memory : wish->memory_core * wish->cpus * tasks;
}

static uint32_t core_room(const struct share *share, const struct wish *wish,
                          enum room_of of)
{
    uint32_t cores = free_cores(share, wish, of);
    uint32_t room = wish->overcommit && cores ? TASKS_MAX : cores / wish->cpus;

    return wish->tasks_per_node ? least(room, wish->tasks_per_node) : room;
}

uint32_t room_on(const struct share *share, const struct wish *wish, enum room_of of)
{
    uint32_t room = core_room(share, wish, of);

    room = room ? memory_room(share, wish, of, room) : 0;
    return room && wish->n_devices ? devices_room(share, wish, of, room) : room;
}

/* ------------------------------------------------------------------- words */

/* So many of the candidates can be among its nodes. */
static size_t n_usable(const struct wish *wish)
{
    return wish->n_named && wish->n_named >= wish->n_nodes ? wish->n_nodes
                                                           : wish->n_candidates;
}

static uint64_t sum_of_room(const struct layout *layout, const struct wish *wish,
                            enum room_of of, bool with_memory)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n_usable(wish); i++) {
        const struct share *share = &layout->shares[wish->nodes[i]];
        uint32_t room = core_room(share, wish, of);

        sum += with_memory && room ? memory_room(share, wish, of, room) : room;
    }
    return sum;
}

static int too_much_memory(const struct layout *layout, const struct wish *wish,
                           struct err *err)
{
    uint64_t most = 0;

    for (size_t i = 0; i < wish->n_candidates; i++) {
        const Berth__NodeShare *from = layout->shares[wish->nodes[i]].from;

        most = from->memory > most ? from->memory : most;
    }
    return err_set(
        err, EINVAL, "--%s=%lluM: the job has %llu MiB on a node%s",
        wish->memory ? "mem" : "mem-per-cpu",
        (unsigned long long)(wish->memory ? wish->memory : wish->memory_core),
        (unsigned long long)most, wish->memory ? "" : ", too little for so many tasks");
}

static int too_many_devices(const struct device_wish *wish, struct err *err)
{
    const char *const on[] = {[DEVICES_OF_NODE] = "no node of the job has so many",
                              [DEVICES_OF_TASK] = "the job has too few for its tasks",
                              [DEVICES_OF_STEP] = "the job has fewer"};

    return err_set(err, EINVAL, "--%s: %llu of %s%s%s: %s", wish->option,
                   (unsigned long long)wish->count, wish->name, wish->type ? ":" : "",
                   wish->type ? wish->type : "", on[wish->per]);
}

static int too_many_tasks(const struct layout *layout, const struct wish *wish,
                          struct err *err)
{
    uint32_t cores = 0;

    if (wish->tasks_per_node &&
        wish->tasks > (uint64_t)wish->tasks_per_node * wish->n_candidates)
        return err_set(err, EINVAL,
                       "--ntasks=%u: %zu nodes with --ntasks-per-node=%u hold only %zu",
                       wish->tasks, wish->n_candidates, wish->tasks_per_node,
                       wish->tasks_per_node * wish->n_candidates);
    for (size_t i = 0; i < wish->n_candidates; i++)
        cores += layout->shares[wish->nodes[i]].n_cores;
    return err_set(err, EINVAL,
                   "--ntasks=%u with %u cores each: %s %u cores on %zu nodes "
                   "(--overcommit lets tasks share them)",
                   wish->tasks, wish->cpus,
                   wish->n_candidates < layout->n_shares ? "there are"
                                                         : "the allocation has",
                   cores, wish->n_candidates);
}

int room_refused(const struct layout *layout, const struct wish *wish, enum room_of of,
                 struct err *err)
{
    bool has_cores = sum_of_room(layout, wish, of, false) >= wish->tasks;
    bool has_memory = sum_of_room(layout, wish, of, true) >= wish->tasks;
    const struct device_wish *devices;

    if (of != ROOM_EMPTY)
        return err_set(err, EAGAIN, "other steps use the %s",
                       !has_cores        ? "cores"
                       : !has_memory     ? "memory"
                       : wish->n_devices ? "devices"
                                         : "nodes");
    devices = devices_too_many(layout, wish);
    if (devices)
        return too_many_devices(devices, err);
    if (has_cores && !has_memory)
        return too_much_memory(layout, wish, err);
    return too_many_tasks(layout, wish, err);
}
