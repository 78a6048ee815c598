/* SPDX-License-Identifier: Apache-2.0
 *
 * slice.c - parts of cores: which core gets one more, and what is left of it
 */
#include "place/slice.h"

#include <stdlib.h>

#include "base/mem.h"
#include "place/score.h"
#include "place/share.h"

/* Looks at so many nodes with room, at most. */
#define LOOKS_MAX 64

/* ------------------------------------------------------------------- on a node */

uint32_t place_share_cores(const struct place_share *share)
{
    if (share->n_cores || !share->cores)
        return share->n_cores;
    return (uint32_t)bitset_count(share->cores) - (share->milli > 0);
}

static void find_roomiest(struct place_node *node)
{
    node->roomiest = 0;
    for (uint32_t i = 0; node->n_shared > 0 && i < node->n_cores; i++) {
        uint32_t left = PLACE_WHOLE - node->slices[i];
        if (node->slices[i] && left > node->roomiest)
            node->roomiest = left;
    }
}

static void give(struct place_node *node, uint32_t core, uint32_t milli)
{
    if (node->slices[core] == 0) {
        node->n_shared++;
        if (bitset_test(node->free_cores, core)) {
            bitset_clear(node->free_cores, core);
            node->n_free--;
        }
    }
    node->slices[core] = (uint16_t)(node->slices[core] + milli);
    BUG_ON(node->slices[core] > PLACE_WHOLE);
}

static void take_back(struct place_node *node, uint32_t core, uint32_t milli)
{
    uint32_t had = node->slices[core];
    node->slices[core] = (uint16_t)(milli < had ? had - milli : 0);
    if (had == 0 || node->slices[core] > 0)
        return;
    node->n_shared--;
    if (!bitset_test(node->free_cores, core)) {
        bitset_set(node->free_cores, core);
        node->n_free++;
    }
}

void slices_change(struct place_node *node, uint32_t core, uint32_t milli, bool is_free)
{
    if (!node->slices)
        node->slices = xcalloc(node->n_cores, sizeof(*node->slices));
    if (is_free)
        take_back(node, core, milli);
    else
        give(node, core, milli);
    find_roomiest(node);
}

void slices_check(const struct place_node *node)
{
    uint32_t n = 0, roomiest = 0;
    for (uint32_t i = 0; node->slices && i < node->n_cores; i++) {
        if (node->slices[i] == 0)
            continue;
        BUG_ON(node->slices[i] > PLACE_WHOLE || bitset_test(node->free_cores, i));
        uint32_t left = PLACE_WHOLE - node->slices[i];
        roomiest = left > roomiest ? left : roomiest;
        n++;
    }
    BUG_ON(n != node->n_shared || roomiest != node->roomiest);
}

uint32_t place_node_slice(const struct place_node *node, uint32_t milli,
                          enum place_policy policy)
{
    uint32_t best = PLACE_NO_CORE;
    if (node->roomiest < milli)
        return best;
    for (uint32_t i = 0; i < node->n_cores; i++) {
        uint32_t held = node->slices[i];
        if (held == 0 || held + milli > PLACE_WHOLE)
            continue;
        bool fuller = best == PLACE_NO_CORE || held > node->slices[best];
        bool emptier = best == PLACE_NO_CORE || held < node->slices[best];
        if (policy == PLACE_SPREAD ? emptier : fuller)
            best = i;
    }
    return best;
}

bool place_node_may_slice(const struct place_node *node, uint32_t core, uint32_t milli)
{
    if (!node->free_cores || core >= node->n_cores)
        return false;
    if (bitset_test(node->free_cores, core))
        return true;
    uint32_t held = node->slices ? node->slices[core] : 0;
    return held > 0 && held + milli <= PLACE_WHOLE;
}

/* ----------------------------------------------------------------- candidates */

bool slice_is_asked(const struct place_cluster *cluster,
                    const struct place_request *req)
{
    return req->milli > 0 && !req->exclusive && !cluster->numbers_only;
}

static uint64_t memory_of(const struct place_request *req)
{
    uint64_t memory = req->mem_per_node
                          ? req->mem_per_node
                          : req->mem_per_cpu * (req->cpus_per_task + UINT64_C(1));
    for (uint32_t g = 0; g < req->n_gres; g++)
        memory += req->gres[g].memory * req->gres[g].count;
    return memory;
}

static bool has_room(const struct place_cluster *cluster, const struct place_want *want,
                     uint32_t i)
{
    const struct place_request *req = want->req;
    const struct place_node *node = &cluster->nodes[i];
    if (node->roomiest < req->milli || node->n_free < req->cpus_per_task ||
        !node->usable || !place_want_may_use(want, i) ||
        place_node_free_memory(node) < memory_of(req))
        return false;
    for (uint32_t g = 0; g < req->n_gres; g++)
        if (place_cluster_free_of(cluster, i, req->gres[g].kind) < req->gres[g].count)
            return false;
    return !req->required || bitset_test(req->required, i);
}

void slice_candidates(const struct place_cluster *cluster,
                      const struct place_want *want, struct bitset *set)
{
    const struct bitset *sharing = cluster->sharing;
    for (size_t i = bitset_next(sharing, 0); i < sharing->nbits;
         i = bitset_next(sharing, i + 1))
        if (has_room(cluster, want, (uint32_t)i))
            bitset_set(set, i);
}

/* -------------------------------------------------------------------- joining */

struct spot {
    uint32_t node, core, held;
};

static bool is_better(const struct place_want *want, const struct spot *a,
                      const struct spot *b)
{
    return want->req->policy == PLACE_SPREAD ? a->held < b->held : a->held > b->held;
}

static struct spot find_spot(const struct place_cluster *cluster,
                             const struct place_want *want)
{
    const struct bitset *sharing = cluster->sharing;
    struct spot best = {.core = PLACE_NO_CORE};
    uint32_t looks = 0, milli = want->req->milli;
    for (size_t i = bitset_next(sharing, 0); i < sharing->nbits && looks < LOOKS_MAX;
         i = bitset_next(sharing, i + 1)) {
        if (!has_room(cluster, want, (uint32_t)i))
            continue;
        const struct place_node *node = &cluster->nodes[i];
        struct spot spot = {.node = (uint32_t)i,
                            .core = place_node_slice(node, milli, want->req->policy)};
        spot.held = node->slices[spot.core];
        if (best.core == PLACE_NO_CORE || is_better(want, &spot, &best))
            best = spot;
        looks++;
    }
    return best;
}

/* The free device of the kind that is nearest to the core. */
static uint32_t nearest_device(const struct place_node *node, const struct hardware *hw,
                               uint32_t kind, uint32_t core, const struct bitset *given)
{
    uint32_t best = PLACE_NO_DEVICE, cell = hw->cell_of[core];
    for (uint32_t d = 0; d < node->topo->n_devices; d++) {
        if (!bitset_test(node->free_devices, d) || bitset_test(given, d) ||
            !hardware_is_kind(hw, d, kind))
            continue;
        if (best == PLACE_NO_DEVICE ||
            hardware_steps(hw, d, cell) < hardware_steps(hw, best, cell))
            best = d;
    }
    return best;
}

static void join_devices(const struct place_node *node, const struct hardware *hw,
                         const struct place_request *req, struct place_share *share,
                         struct place_parts *parts)
{
    bool by_task = false;
    if (!node->free_devices || req->n_gres == 0)
        return;
    share->devices = bitset_create(node->topo->n_devices);
    for (uint32_t g = 0; g < req->n_gres; g++) {
        by_task |= req->gres[g].per == PLACE_PER_TASK;
        for (uint32_t k = 0; k < req->gres[g].count; k++) {
            uint32_t d = nearest_device(node, hw, req->gres[g].kind, share->shared,
                                        share->devices);
            if (d == PLACE_NO_DEVICE)
                continue;
            bitset_set(share->devices, d);
            parts->devices += hardware_steps(hw, d, hw->cell_of[share->shared]);
        }
    }
    if (!by_task)
        return;
    share->task_devices = xcalloc(2, sizeof(struct bitset *));
    share->task_devices[0] = bitset_dup(share->devices);
}

static void mark(struct place_share *share, uint32_t core, uint32_t milli)
{
    share->milli = milli;
    share->shared = core;
    bitset_set(share->cores, core);
    for (uint32_t t = 0; share->task_cores && t < share->tasks; t++)
        bitset_set(share->task_cores[t], core);
}

struct place_result *slice_join(const struct place_cluster *cluster,
                                const struct place_want *want,
                                const struct place_weights *weights, unsigned int flags)
{
    const struct place_request *req = want->req;
    struct spot spot = find_spot(cluster, want);
    if (spot.core == PLACE_NO_CORE)
        return NULL;
    const struct place_node *node = &cluster->nodes[spot.node];
    const struct hardware *hw = cluster_hardware(cluster, spot.node);
    struct place_result *result = place_result_create(1);
    struct place_share *share = &result->shares[0];
    *share = (struct place_share){.node = spot.node,
                                  .cores = bitset_create(node->n_cores),
                                  .memory = memory_of(req),
                                  .tasks = 1};
    if (!(flags & PLACE_BAG)) {
        share->task_cores = xcalloc(2, sizeof(struct bitset *));
        share->task_cores[0] = bitset_create(node->n_cores);
    }
    mark(share, spot.core, req->milli);
    place_score_switches(cluster->tree, &spot.node, 1, &result->parts);
    join_devices(node, hw, req, share, &result->parts);
    result->score = place_score(&result->parts, weights);
    if (flags & PLACE_WHY)
        result->why = place_words(&result->parts);
    return result;
}

void slice_add(const struct place_cluster *cluster, const struct place_request *req,
               struct place_result *result)
{
    struct place_share *share = &result->shares[0];
    const struct place_node *node = &cluster->nodes[share->node];
    mark(share, place_node_slice(node, req->milli, req->policy), req->milli);
}

void slice_open(const struct place_request *req, struct place_result *result)
{
    struct place_share *share = &result->shares[0];
    uint32_t core = 0;
    if (!share->cores) /* a machine whose cores only count */
        return;
    for (size_t i = bitset_next(share->cores, 0); i < share->cores->nbits;
         i = bitset_next(share->cores, i + 1))
        core = (uint32_t)i;
    share->n_cores--;
    mark(share, core, req->milli);
}
