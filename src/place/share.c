/* SPDX-License-Identifier: Apache-2.0
 *
 * share.c - what a chosen node gives: first what it costs, then the share itself
 */
#include "place/share.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "place/fit_parts.h"
#include "place/memo.h"

#define DEMANDS_MAX 16

/* ------------------------------------------------------------------- shape */

/* What of a demand for the whole job falls on this node: in proportion to tasks. */
static uint32_t part_of_job(const struct place_gres *gres,
                            const struct share_part *part)
{
    if (part->all == 0)
        return gres->count;
    uint64_t from = part->before * gres->count / part->all;
    uint64_t to = (part->before + part->tasks) * gres->count / part->all;
    return (uint32_t)(to - from);
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return b ? a / b + (a % b != 0) : 0;
}

static uint32_t count_of(const struct place_gres *gres, const struct hardware *hw,
                         const struct fit_shape *shape, const struct share_part *part)
{
    switch (gres->per) {
    case PLACE_PER_JOB:
        return part_of_job(gres, part);
    case PLACE_PER_PACKAGE:
        return gres->count * ceil_div(shape->n_cores, hw->largest_package);
    case PLACE_PER_NODE:
    case PLACE_PER_TASK:
        break;
    }
    return gres->count;
}

static uint32_t cores_of(const struct place_want *want, const struct place_node *node,
                         uint32_t tasks)
{
    const struct place_request *req = want->req;
    uint64_t memory = place_node_free_memory(node);
    uint32_t usable = node->n_free;
    if (req->mem_per_cpu && memory / req->mem_per_cpu < usable)
        usable = (uint32_t)(memory / req->mem_per_cpu);
    return place_want_cores(want, tasks, usable);
}

static uint32_t given_devices(const struct fit_shape *shape, uint32_t d)
{
    const struct fit_demand *demand = &shape->demands[d];
    return demand->by_task && shape->tasks ? demand->count * shape->tasks
                                           : demand->count;
}

static uint64_t memory_of(const struct place_request *req,
                          const struct place_node *node, const struct fit_shape *shape)
{
    if (req->exclusive)
        return place_node_free_memory(node);
    uint64_t memory =
        req->mem_per_node ? req->mem_per_node : req->mem_per_cpu * shape->n_cores;
    for (uint32_t g = 0; g < shape->n_demands; g++)
        memory += req->gres[g].memory * given_devices(shape, g);
    return memory;
}

/* 'demands' has room for DEMANDS_MAX. */
static void make_shape(const struct place_cluster *cluster,
                       const struct place_want *want, const struct share_part *part,
                       struct fit_demand *demands, struct fit_shape *ret)
{
    const struct place_request *req = want->req;
    const struct place_node *node = &cluster->nodes[part->node];
    const struct hardware *hw = cluster_hardware(cluster, part->node);
    *ret = (struct fit_shape){.tasks = part->tasks,
                              .per_core = want->per_core,
                              .cores = want->cores,
                              .n_cores = cores_of(want, node, part->tasks),
                              .per_package =
                                  ceil_div(req->tasks_per_package, want->per_core),
                              .plane = ceil_div(req->plane, want->per_core),
                              .policy = req->policy,
                              .order = req->package_order,
                              .whole = req->exclusive,
                              .demands = demands};
    for (uint32_t g = 0; g < req->n_gres && g < DEMANDS_MAX; g++)
        demands[ret->n_demands++] =
            (struct fit_demand){.kind = req->gres[g].kind,
                                .count = count_of(&req->gres[g], hw, ret, part),
                                .by_task = req->gres[g].per == PLACE_PER_TASK};
    if (hw->topo && !req->exclusive)
        ret->memory_nodes = fit_memory_nodes(hw, memory_of(req, node, ret));
}

static bool has_own_cores(const struct place_cluster *cluster, uint32_t node)
{
    return cluster->nodes[node].free_cores != NULL;
}

int share_measure(struct place_cluster *cluster, const struct place_want *want,
                  const struct place_weights *weights, const struct share_part *part,
                  struct place_parts *parts)
{
    struct fit_demand demands[DEMANDS_MAX];
    struct fit_shape shape;
    if (!has_own_cores(cluster, part->node))
        return 0;
    make_shape(cluster, want, part, demands, &shape);
    const struct fit *fit = memo_find(cluster, part->node, &shape, weights);
    if (!fit)
        return -EAGAIN;
    parts->packages += fit->parts.packages;
    parts->numa += fit->parts.numa;
    parts->l3 += fit->parts.l3;
    parts->devices += fit->parts.devices;
    parts->memory += fit->parts.memory;
    return 0;
}

/* ------------------------------------------------------------------- share */

static const uint16_t *bind_domains(const struct node_topo *topo, enum place_bind bind)
{
    switch (bind) {
    case BIND_L3:
        return topo->l3_of;
    case BIND_NUMA:
        return topo->numa_of;
    case BIND_PACKAGE:
        return topo->package_of;
    case BIND_CORE:
    case BIND_NONE:
        break;
    }
    return NULL;
}

/* To all of the share in the domains that the task has cores in. */
static void widen(struct bitset *cores, const struct bitset *within,
                  const uint16_t *domain_of)
{
    cleanup(bitset_destroyp) struct bitset *domains = bitset_create(within->nbits);
    for (size_t i = bitset_next(cores, 0); i < cores->nbits;
         i = bitset_next(cores, i + 1))
        bitset_set(domains, domain_of[i]);
    for (size_t i = bitset_next(within, 0); i < within->nbits;
         i = bitset_next(within, i + 1))
        if (bitset_test(domains, domain_of[i]))
            bitset_set(cores, i);
}

static void bind_task(const struct node_topo *topo, enum place_bind bind,
                      const struct bitset *share, struct bitset *cores)
{
    const uint16_t *domain_of = bind_domains(topo, bind);
    if (bind == BIND_NONE)
        bitset_copy(cores, share);
    else if (domain_of)
        widen(cores, share, domain_of);
}

static void fill_tasks(const struct node_topo *topo, const struct fit *fit,
                       const struct fit_shape *shape, enum place_bind bind,
                       struct place_share *share)
{
    uint32_t own = shape->cores < fit->n_cores ? shape->cores : fit->n_cores;
    share->task_cores = xcalloc(share->tasks + 1, sizeof(struct bitset *));
    for (uint32_t task = 0; task < share->tasks; task++) {
        uint64_t start = (uint64_t)(task / shape->per_core) * own;
        share->task_cores[task] = bitset_create(topo->n_cores);
        for (uint32_t i = 0; i < own; i++)
            bitset_set(share->task_cores[task], fit->cores[(start + i) % fit->n_cores]);
        bind_task(topo, bind, share->cores, share->task_cores[task]);
    }
}

static void fill_devices(const struct place_node *node, const struct fit *fit,
                         const struct fit_shape *shape, struct place_share *share)
{
    uint32_t n = node->topo->n_devices;
    if (node->free_devices && (fit->n_devices > 0 || shape->whole))
        share->devices =
            shape->whole ? bitset_dup(node->free_devices) : bitset_create(n);
    for (uint32_t i = 0; i < fit->n_devices; i++) {
        const struct fit_device *device = &fit->devices[i];
        bitset_set(share->devices, device->device);
        if (device->task == FIT_SHARED)
            continue;
        if (!share->task_devices) {
            share->task_devices = xcalloc(share->tasks + 1, sizeof(struct bitset *));
            for (uint32_t task = 0; task < share->tasks; task++)
                share->task_devices[task] = bitset_create(n);
        }
        bitset_set(share->task_devices[device->task], device->device);
    }
}

static uint32_t nearest_nic(const struct hardware *hw, const struct bitset *cores)
{
    uint32_t best = PLACE_NO_DEVICE, best_steps = UINT32_MAX;
    for (uint32_t d = 0; d < hw->topo->n_devices; d++) {
        if (hw->topo->devices[d].class != TOPO_NIC)
            continue;
        uint32_t least = UINT32_MAX;
        for (size_t i = bitset_next(cores, 0); i < cores->nbits && least > 0;
             i = bitset_next(cores, i + 1))
            if (hardware_steps(hw, d, hw->cell_of[i]) < least)
                least = hardware_steps(hw, d, hw->cell_of[i]);
        if (least < best_steps) {
            best = d;
            best_steps = least;
        }
    }
    return best;
}

static void fill_nics(const struct hardware *hw, struct place_share *share)
{
    bool any = false;
    for (uint32_t d = 0; d < hw->topo->n_devices; d++)
        any |= hw->topo->devices[d].class == TOPO_NIC;
    if (!any)
        return;
    share->task_nics = xcalloc(share->tasks + 1, sizeof(*share->task_nics));
    for (uint32_t task = 0; task < share->tasks; task++)
        share->task_nics[task] = nearest_nic(hw, share->task_cores[task]);
}

/* Where cores only count, devices are the first that are free. */
static void fill_flat_devices(const struct place_node *node, const struct hardware *hw,
                              const struct fit_shape *shape, struct place_share *share)
{
    if (!node->free_devices || (shape->n_demands == 0 && !shape->whole))
        return;
    share->devices = shape->whole ? bitset_dup(node->free_devices)
                                  : bitset_create(node->topo->n_devices);
    for (uint32_t i = 0; i < shape->n_demands && !shape->whole; i++) {
        uint32_t n = given_devices(shape, i);
        for (uint32_t d = 0; d < node->topo->n_devices && n > 0; d++) {
            if (!bitset_test(node->free_devices, d) || bitset_test(share->devices, d) ||
                !hardware_is_kind(hw, d, shape->demands[i].kind))
                continue;
            bitset_set(share->devices, d);
            n--;
        }
    }
}

static void fill_cores(const struct place_node *node, const struct fit *fit,
                       const struct fit_shape *shape, struct place_share *share)
{
    share->cores = bitset_create(node->n_cores);
    for (uint32_t i = 0; i < fit->n_cores; i++)
        bitset_set(share->cores, fit->cores[i]);
    if (shape->whole)
        bitset_set_range(share->cores, 0, node->n_cores);
}

void share_fill(struct place_cluster *cluster, const struct place_want *want,
                const struct place_weights *weights, const struct share_part *part,
                unsigned int flags, struct place_share *share)
{
    const struct place_node *node = &cluster->nodes[part->node];
    const struct hardware *hw = cluster_hardware(cluster, part->node);
    struct fit_demand demands[DEMANDS_MAX];
    struct fit_shape shape;
    make_shape(cluster, want, part, demands, &shape);
    share->node = part->node;
    share->tasks = part->tasks;
    share->n_cores = shape.whole ? node->n_cores : shape.n_cores;
    share->memory = memory_of(want->req, node, &shape);
    if (!has_own_cores(cluster, part->node)) {
        fill_flat_devices(node, hw, &shape, share);
        return;
    }
    const struct fit *fit = memo_find(cluster, part->node, &shape, weights);
    fill_cores(node, fit, &shape, share);
    if (flags & PLACE_BAG) {
        fill_devices(node, fit, &shape, share);
        return;
    }
    fill_tasks(node->topo, fit, &shape, want->req->bind, share);
    fill_devices(node, fit, &shape, share);
    fill_nics(hw, share);
}
