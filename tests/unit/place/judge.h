/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.h - the score of a placement, worked out from its definition alone
 *
 * Written apart from what it checks: sets of domains, nothing incremental. Wants
 * task_cores to be the tasks' own (BIND_CORE).
 */
#ifndef BERTH_TESTS_PLACE_JUDGE_H
#define BERTH_TESTS_PLACE_JUDGE_H

#include "place/cluster.h"

static inline uint32_t judge_largest(const struct node_topo *topo,
                                     const uint16_t *domain_of)
{
    uint32_t best = 0;
    for (uint32_t d = 0; d < topo->n_cores; d++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < topo->n_cores; i++)
            n += domain_of[i] == d;
        best = n > best ? n : best;
    }
    return best;
}

static inline uint32_t judge_spanned(const struct bitset *cores,
                                     const uint16_t *domain_of)
{
    uint32_t n = 0;
    for (uint32_t d = 0; d < cores->nbits; d++) {
        bool met = false;
        for (size_t i = 0; i < cores->nbits; i++)
            met |= bitset_test(cores, i) && domain_of[i] == d;
        n += met;
    }
    return n;
}

/* Domains past the need; 'least' of them are needed in any case. */
static inline uint32_t judge_excess(const struct node_topo *topo,
                                    const struct bitset *cores,
                                    const uint16_t *domain_of, uint32_t least)
{
    uint32_t largest = judge_largest(topo, domain_of);
    uint32_t needed = ((uint32_t)bitset_count(cores) + largest - 1) / largest;
    uint32_t spanned = judge_spanned(cores, domain_of);
    needed = needed > least ? needed : least;
    return spanned > needed ? spanned - needed : 0;
}

static inline uint32_t judge_steps(const struct node_topo *topo,
                                   const struct topo_device *device,
                                   const struct bitset *cores)
{
    uint32_t best = 2;
    for (size_t i = 0; i < cores->nbits; i++) {
        if (!bitset_test(cores, i))
            continue;
        if (bitset_test(device->near, i))
            return 0;
        if ((device->numa != TOPO_NOWHERE && device->numa == topo->numa_of[i]) ||
            (device->package != TOPO_NOWHERE && device->package == topo->package_of[i]))
            best = 1;
    }
    return best;
}

static inline void judge_devices(const struct node_topo *topo,
                                 const struct place_share *share,
                                 struct place_parts *parts)
{
    for (uint32_t d = 0; share->devices && d < topo->n_devices; d++) {
        const struct bitset *cores = share->cores;
        if (!bitset_test(share->devices, d))
            continue;
        for (uint32_t t = 0; share->task_devices && t < share->tasks; t++)
            if (bitset_test(share->task_devices[t], d))
                cores = share->task_cores[t];
        parts->devices += judge_steps(topo, &topo->devices[d], cores);
    }
}

static inline void judge_share(const struct place_node *node,
                               const struct place_request *req,
                               const struct place_share *share,
                               struct place_parts *parts)
{
    const struct node_topo *topo = node->topo;
    uint64_t each = topo->memory / topo->n_numa;
    uint64_t fills = each ? (share->memory + each - 1) / each : 0;
    uint32_t memory = fills < topo->n_numa ? (uint32_t)fills : topo->n_numa;
    if (req->exclusive)
        memory = 0;
    uint32_t n_numa = judge_spanned(share->cores, topo->numa_of);
    if (req->policy == PLACE_COMPACT) {
        parts->packages += judge_excess(topo, share->cores, topo->package_of, 0);
        parts->numa += judge_excess(topo, share->cores, topo->numa_of, memory);
        parts->l3 += judge_excess(topo, share->cores, topo->l3_of, 0);
    }
    parts->memory += memory > n_numa ? memory - n_numa : 0;
    for (uint32_t t = 0; t < share->tasks; t++) {
        parts->packages +=
            judge_excess(topo, share->task_cores[t], topo->package_of, 0);
        parts->numa += judge_excess(topo, share->task_cores[t], topo->numa_of, 0);
        parts->l3 += judge_excess(topo, share->task_cores[t], topo->l3_of, 0);
    }
    if (!req->exclusive)
        judge_devices(topo, share, parts);
    parts->split += node->n_free == node->n_cores && share->n_cores < node->n_cores;
}

static inline void judge_result(const struct place_cluster *cluster,
                                const struct place_request *req,
                                const struct place_result *r, struct place_parts *ret)
{
    uint32_t *nodes = xcalloc(r->n_shares, sizeof(*nodes));
    const struct switch_tree *tree = place_cluster_tree(cluster);
    *ret = (struct place_parts){.nodes = (uint32_t)r->n_shares};
    for (size_t i = 0; i < r->n_shares; i++) {
        const struct place_share *share = &r->shares[i];
        bool seen = false;
        nodes[i] = share->node;
        judge_share(place_cluster_node(cluster, share->node), req, share, ret);
        for (size_t j = 0; j < i; j++)
            seen |= switch_tree_switch_of(tree, nodes[i]) ==
                    switch_tree_switch_of(tree, nodes[j]);
        ret->switches += !seen;
    }
    ret->levels = switch_tree_span(tree, nodes, r->n_shares);
    free(nodes);
}

static inline double judge_score(const struct place_parts *p,
                                 const struct place_weights *w)
{
    return w->switch_levels * (p->levels + p->switches - 1) +
           w->fragmentation * p->split + w->packages * p->packages + w->numa * p->numa +
           w->l3 * p->l3 + w->devices * p->devices + w->memory * p->memory;
}

#endif
