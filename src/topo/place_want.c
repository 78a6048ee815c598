/* SPDX-License-Identifier: Apache-2.0
 *
 * place_want.c - a placement request with its defaults filled in
 */
#include "topo/place_want.h"

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
    return (struct place_want){
        .req = req,
        .nodes_min = at_least_1(req->nodes_min),
        .nodes_max = nodes_max_of(req),
        .tasks = req->tasks,
        .per_node = req->tasks ? 1 : all,
        .per_node_max = req->tasks && !req->tasks_per_node ? UINT32_MAX : all,
        .cores = at_least_1(req->cpus_per_task),
    };
}

uint32_t place_want_capacity(const struct place_want *want, uint32_t cores,
                             uint64_t memory)
{
    const struct place_request *req = want->req;
    if (req->mem_per_node > memory)
        return 0;
    if (req->mem_per_cpu && memory / req->mem_per_cpu < cores)
        cores = (uint32_t)(memory / req->mem_per_cpu);
    if (cores == 0)
        return 0;
    uint32_t tasks = req->overcommit ? UINT32_MAX : cores / want->cores;
    return tasks < want->per_node_max ? tasks : want->per_node_max;
}

uint32_t place_want_cores(const struct place_want *want, uint32_t tasks, uint32_t cores)
{
    uint64_t n = (uint64_t)at_least_1(tasks) * want->cores;
    return n < cores ? (uint32_t)n : cores;
}

uint64_t place_want_tasks(const struct place_want *want, uint32_t nodes)
{
    return want->tasks ? want->tasks : (uint64_t)nodes * want->per_node;
}

bool place_want_may_use(const struct place_want *want, const struct place_node *nodes,
                        uint32_t node)
{
    const struct bitset *excluded = want->req->excluded;
    return nodes[node].usable && !(excluded && bitset_test(excluded, node));
}
