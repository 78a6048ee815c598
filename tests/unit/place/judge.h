/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.h - the score of a placement, worked out from its definition alone
 *
 * Written apart from what it checks: sets of domains, nothing incremental. Wants
 * task_cores to be the tasks' own (BIND_CORE).
 */
#ifndef BERTH_TESTS_PLACE_JUDGE_H
#define BERTH_TESTS_PLACE_JUDGE_H

#include <string.h>

#include "base/mem.h"
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

/* Is the device of this kind, by the kind's name? */
static inline bool judge_is_kind(const struct place_cluster *cluster,
                                 const struct topo_device *device, uint32_t kind)
{
    const char *name = place_cluster_kind_name(cluster, kind);
    cleanup(freep) char *typed =
        xasprintf("%s:%s", device->name, device->type ? device->type : "");
    return device->is_gres &&
           (strcmp(name, device->name) == 0 || strcmp(name, typed) == 0);
}

/* The least number of domains with which some set of them has 'n' such devices. */
static inline uint32_t judge_device_need(const struct place_cluster *cluster,
                                         const struct node_topo *topo, uint32_t kind,
                                         uint32_t n, bool of_package)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t set = 0; set < 1u << (topo->n_devices < 12 ? topo->n_devices : 0);
         set++) {
        uint32_t count = 0, domains = 0;
        uint16_t seen[12];
        for (uint32_t d = 0; d < topo->n_devices; d++) {
            const struct topo_device *device = &topo->devices[d];
            uint16_t domain = of_package ? device->package : device->numa;
            bool known = domain == TOPO_NOWHERE;
            if (!(set & 1u << d) || !judge_is_kind(cluster, device, kind))
                continue;
            count++;
            for (uint32_t i = 0; i < domains; i++)
                known |= seen[i] == domain;
            if (!known)
                seen[domains++] = domain;
        }
        if (count >= n && domains < best)
            best = domains;
    }
    return best == UINT32_MAX ? 0 : best;
}

static inline void judge_needs(const struct place_cluster *cluster,
                               const struct node_topo *topo,
                               const struct place_request *req, uint32_t tasks,
                               uint32_t *numa, uint32_t *package)
{
    for (uint32_t g = 0; g < req->n_gres; g++) {
        uint32_t n = req->gres[g].count;
        n *= req->gres[g].per == PLACE_PER_TASK ? tasks : 1;
        uint32_t a = judge_device_need(cluster, topo, req->gres[g].kind, n, false);
        uint32_t b = judge_device_need(cluster, topo, req->gres[g].kind, n, true);
        *numa = a > *numa ? a : *numa;
        *package = b > *package ? b : *package;
    }
}

static inline void judge_share(const struct place_cluster *cluster,
                               const struct place_node *node,
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
    uint32_t numa_need = memory, package_need = 0;
    uint32_t of_numa = judge_largest(topo, topo->numa_of);
    uint32_t n_cores = (uint32_t)bitset_count(share->cores);
    judge_needs(cluster, topo, req, share->tasks, &numa_need, &package_need);
    if (numa_need < (n_cores + of_numa - 1) / of_numa)
        numa_need = (n_cores + of_numa - 1) / of_numa;
    if (req->policy == PLACE_COMPACT) {
        parts->packages +=
            judge_excess(topo, share->cores, topo->package_of, package_need);
        parts->numa += judge_excess(topo, share->cores, topo->numa_of, numa_need);
        parts->l3 += judge_excess(topo, share->cores, topo->l3_of, numa_need);
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
        judge_share(cluster, place_cluster_node(cluster, share->node), req, share, ret);
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
