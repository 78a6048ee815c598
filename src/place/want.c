/* SPDX-License-Identifier: Apache-2.0
 *
 * want.c - a placement request with its defaults filled in
 */
#include "place/want.h"

#include <stdlib.h>

#include "base/mem.h"

static uint32_t at_least_1(uint32_t n)
{
    return n ? n : 1;
}

static uint32_t nodes_max_of(const struct place_request *req)
{
    if (req->nodes_max)
        return req->nodes_max;
    if (req->nodes_min)
        return req->nodes_min;
    return req->tasks ? UINT32_MAX : 1;
}

struct place_want place_want_of(const struct place_request *req)
{
    uint32_t all = at_least_1(req->tasks_per_node);
    uint32_t cores = req->cpus_per_task + (req->milli > 0);
    return (struct place_want){
        .req = req,
        .nodes_min = at_least_1(req->nodes_min),
        .nodes_max = nodes_max_of(req),
        .tasks = req->tasks,
        .per_node = req->tasks ? 1 : all,
        .per_node_max = req->tasks && !req->tasks_per_node ? UINT32_MAX : all,
        .cores = at_least_1(cores),
        .per_core = at_least_1(req->tasks_per_core),
    };
}

uint32_t place_want_capacity(const struct place_want *want, uint32_t cores,
                             uint64_t memory)
{
    const struct place_request *req = want->req;
    if (req->mem_per_node > memory)
        return 0;
    /* Division is what costs here; it is seldom needed. */
    if (req->mem_per_cpu && memory < req->mem_per_cpu * cores)
        cores = (uint32_t)(memory / req->mem_per_cpu);
    if (cores == 0)
        return 0;
    if (req->overcommit)
        return want->per_node_max;
    uint64_t tasks =
        (uint64_t)(want->cores == 1 ? cores : cores / want->cores) * want->per_core;
    return tasks < want->per_node_max ? (uint32_t)tasks : want->per_node_max;
}

/* Least number of devices that a node gives to so many tasks. */
static uint32_t devices_for(const struct place_want *want,
                            const struct place_gres *gres, uint32_t tasks)
{
    switch (gres->per) {
    case PLACE_PER_TASK:
        return gres->count * at_least_1(tasks);
    case PLACE_PER_JOB:
        return want->tasks ? 1 : (gres->count + want->nodes_min - 1) / want->nodes_min;
    case PLACE_PER_NODE:
    case PLACE_PER_PACKAGE:
        break;
    }
    return gres->count;
}

uint32_t place_want_by_gres(const struct place_want *want,
                            const struct place_gres *gres, uint32_t n, uint64_t memory)
{
    if (gres->count == 0)
        return UINT32_MAX;
    if (gres->memory && memory / gres->memory < n)
        n = (uint32_t)(memory / gres->memory);
    if (gres->per == PLACE_PER_TASK)
        return n / gres->count;
    if (gres->per == PLACE_PER_JOB && want->tasks) {
        uint64_t tasks = (uint64_t)n * want->tasks / gres->count;
        return tasks < UINT32_MAX ? (uint32_t)tasks : UINT32_MAX;
    }
    return n >= devices_for(want, gres, 1) ? UINT32_MAX : 0;
}

/* Tasks that the packages hold when each takes so many at most; 'free_cores' NULL:
 * all are free. */
static uint32_t by_packages(const struct place_want *want, const struct node_topo *topo,
                            const struct bitset *free_cores)
{
    cleanup(freep) uint32_t *cores = xcalloc(topo->n_packages, sizeof(*cores));
    uint32_t sum = 0;
    for (uint32_t i = 0; i < topo->n_cores; i++)
        cores[topo->package_of[i]] += !free_cores || bitset_test(free_cores, i);
    for (uint32_t p = 0; p < topo->n_packages; p++) {
        uint32_t tasks = cores[p] / want->cores * want->per_core;
        uint32_t most = want->req->tasks_per_package;
        sum += tasks < most ? tasks : most;
    }
    return sum;
}

uint32_t place_want_on_node(const struct place_want *want,
                            const struct place_cluster *cluster, uint32_t i, bool empty)
{
    const struct place_node *node = &cluster->nodes[i];
    const struct hardware *hw = cluster_hardware(cluster, i);
    const struct place_request *req = want->req;
    uint64_t memory = empty ? node->memory : place_node_free_memory(node);
    if (req->exclusive && !empty && node->n_free < node->n_cores)
        return 0;
    uint32_t tasks =
        place_want_capacity(want, empty ? node->n_cores : node->n_free, memory);
    if (req->tasks_per_package && hw->topo) {
        uint32_t most = by_packages(want, hw->topo, empty ? NULL : node->free_cores);
        tasks = most < tasks ? most : tasks;
    }
    for (uint32_t g = 0; g < req->n_gres; g++) {
        uint32_t kind = req->gres[g].kind;
        const uint16_t *counts = empty ? hw->totals : cluster->free_counts[i];
        uint32_t n = hardware_count(hw, counts, kind);
        uint32_t most = place_want_by_gres(want, &req->gres[g], n, memory);
        if (most < tasks)
            tasks = most;
    }
    return tasks;
}

uint32_t place_capacity(const struct node_topo *topo, const struct place_room *room,
                        const struct place_request *req)
{
    struct place_want want = place_want_of(req);
    if (req->exclusive && room->free_cores < room->cores)
        return 0;
    uint32_t tasks = place_want_capacity(&want, room->free_cores, room->free_memory);
    for (uint32_t g = 0; g < req->n_gres; g++) {
        uint32_t n = room->devices ? room->devices[req->gres[g].kind] : 0;
        uint32_t most = place_want_by_gres(&want, &req->gres[g], n, room->free_memory);
        if (most < tasks)
            tasks = most;
    }
    if (req->tasks_per_package && topo &&
        (uint64_t)topo->n_packages * req->tasks_per_package < tasks)
        tasks = topo->n_packages * req->tasks_per_package;
    return tasks >= want.per_node ? tasks : 0;
}

uint64_t place_want_memory(const struct place_want *want, uint32_t tasks,
                           uint32_t cores)
{
    const struct place_request *req = want->req;
    uint64_t by_cores = req->mem_per_cpu;
    by_cores *= req->overcommit ? 1 : place_want_cores(want, tasks, cores);
    return by_cores > req->mem_per_node ? by_cores : req->mem_per_node;
}

bool place_want_has_devices(const struct place_want *want)
{
    return want->req->n_gres > 0 || want->req->tasks_per_package > 0;
}

bool place_want_is_plain(const struct place_want *want)
{
    const struct place_request *req = want->req;
    return !req->mem_per_node && !req->mem_per_cpu && !place_want_has_devices(want);
}

uint32_t place_want_cores(const struct place_want *want, uint32_t tasks, uint32_t cores)
{
    uint64_t groups =
        (at_least_1(tasks) + (uint64_t)want->per_core - 1) / want->per_core;
    uint64_t n = groups * want->cores;
    return n < cores ? (uint32_t)n : cores;
}

uint64_t place_want_tasks(const struct place_want *want, uint32_t nodes)
{
    return want->tasks ? want->tasks : (uint64_t)nodes * want->per_node;
}

bool place_want_may_use(const struct place_want *want, uint32_t node)
{
    const struct place_request *req = want->req;
    return !(req->excluded && bitset_test(req->excluded, node)) &&
           (!req->allowed || bitset_test(req->allowed, node));
}
