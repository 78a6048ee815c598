/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - which devices of one node, and which of them for each task
 */
#include "place/devices.h"

#include <stdlib.h>

#include "base/mem.h"

static bool lies_in(const struct bitset *cores, const uint16_t *domain_of,
                    uint16_t domain)
{
    if (domain == TOPO_NOWHERE)
        return false;
    for (size_t i = bitset_next(cores, 0); i < cores->nbits;
         i = bitset_next(cores, i + 1))
        if (domain_of[i] == domain)
            return true;
    return false;
}

static bool meet(const struct bitset *a, const struct bitset *b)
{
    size_t n = (a->nbits + 63) / 64;
    for (size_t i = 0; i < n; i++)
        if (a->words[i] & b->words[i])
            return true;
    return false;
}

/* From the nearest of the cores. */
static uint32_t steps_to(const struct node_topo *topo, const struct topo_device *device,
                         const struct bitset *cores)
{
    if (!cores || meet(device->near, cores))
        return 0;
    return lies_in(cores, topo->package_of, device->package) ? 1 : 2;
}

uint32_t place_devices_steps(const struct node_topo *topo,
                             const struct place_share *share)
{
    uint32_t steps = 0;
    if (!share->devices)
        return 0;
    for (size_t d = bitset_next(share->devices, 0); d < share->devices->nbits;
         d = bitset_next(share->devices, d + 1)) {
        const struct bitset *cores = share->cores;
        for (uint32_t t = 0; share->task_devices && t < share->tasks; t++)
            if (bitset_test(share->task_devices[t], d) && share->task_cores)
                cores = share->task_cores[t];
        steps += steps_to(topo, &topo->devices[d], cores);
    }
    return steps;
}

/* The nearest free device of a kind that the share does not have yet. */
static uint32_t nearest_device(const struct place_cluster *cluster,
                               const struct place_share *share, uint32_t kind,
                               const struct bitset *cores)
{
    const struct place_node *node = &cluster->nodes[share->node];
    uint32_t best = PLACE_NO_DEVICE, best_steps = 0;
    for (uint32_t d = 0; d < node->topo->n_devices; d++) {
        if (!bitset_test(node->free_devices, d) || bitset_test(share->devices, d) ||
            !place_cluster_is_kind(cluster, share->node, d, kind))
            continue;
        uint32_t steps = steps_to(node->topo, &node->topo->devices[d], cores);
        if (best == PLACE_NO_DEVICE || steps < best_steps) {
            best = d;
            best_steps = steps;
        }
    }
    return best;
}

static void give(const struct place_cluster *cluster, struct place_share *share,
                 const struct place_gres *gres, uint32_t count, uint32_t task)
{
    bool of_task = gres->per == PLACE_PER_TASK && share->task_devices;
    const struct bitset *cores =
        of_task && share->task_cores ? share->task_cores[task] : share->cores;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t d = nearest_device(cluster, share, gres->kind, cores);
        if (d == PLACE_NO_DEVICE)
            return;
        bitset_set(share->devices, d);
        if (of_task)
            bitset_set(share->task_devices[task], d);
    }
}

static void make_task_sets(struct place_share *share, uint32_t n_devices)
{
    share->task_devices = xcalloc(share->tasks + 1, sizeof(*share->task_devices));
    for (uint32_t task = 0; task < share->tasks; task++)
        share->task_devices[task] = bitset_create(n_devices);
}

void place_devices_choose(const struct place_want *want,
                          const struct place_cluster *cluster, const uint32_t *counts,
                          struct place_share *share)
{
    const struct place_request *req = want->req;
    const struct place_node *node = &cluster->nodes[share->node];
    if (!node->free_devices || (req->n_gres == 0 && !req->exclusive))
        return;
    share->devices = bitset_create(node->topo->n_devices);
    for (uint32_t g = 0; g < req->n_gres; g++) {
        const struct place_gres *gres = &req->gres[g];
        if (gres->per != PLACE_PER_TASK || share->tasks == 0) {
            give(cluster, share, gres, counts[g], 0);
            continue;
        }
        if (!share->task_devices)
            make_task_sets(share, node->topo->n_devices);
        for (uint32_t task = 0; task < share->tasks; task++)
            give(cluster, share, gres, gres->count, task);
    }
    if (req->exclusive)
        bitset_copy(share->devices, node->free_devices);
}
