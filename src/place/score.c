/* SPDX-License-Identifier: Apache-2.0
 *
 * score.c - what a placement costs, in parts
 */
#include "place/score.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "place/devices.h"

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void place_score_switches(const struct switch_tree *tree, const uint32_t *nodes,
                          size_t n_nodes, struct place_parts *parts)
{
    cleanup(freep) uint32_t *switches = xcalloc(n_nodes, sizeof(*switches));
    for (size_t i = 0; i < n_nodes; i++)
        switches[i] = switch_tree_switch_of(tree, nodes[i]);
    qsort(switches, n_nodes, sizeof(*switches), ascending);
    parts->switches = 1;
    for (size_t i = 1; i < n_nodes; i++)
        parts->switches += switches[i] != switches[i - 1];
    parts->levels = switch_tree_span(tree, nodes, n_nodes);
    parts->nodes = (uint32_t)n_nodes;
}

double place_score_nodes(const struct place_parts *parts,
                         const struct place_weights *weights)
{
    return weights->switch_levels * (parts->levels + parts->switches - 1) +
           weights->fragmentation * parts->split;
}

double place_score(const struct place_parts *parts, const struct place_weights *weights)
{
    return place_score_nodes(parts, weights) + weights->packages * parts->packages +
           weights->numa * parts->numa + weights->l3 * parts->l3 +
           weights->devices * parts->devices + weights->memory * parts->memory;
}

/* One kind of domain of one node: how many cores the largest has. */
struct kind {
    const uint16_t *domain_of;
    uint32_t largest;
};

static struct kind kind_of(const struct node_topo *topo, const uint16_t *domain_of)
{
    struct kind kind = {.domain_of = domain_of};
    cleanup(freep) uint32_t *sizes = xcalloc(topo->n_cores, sizeof(*sizes));
    for (uint32_t i = 0; i < topo->n_cores; i++)
        if (++sizes[domain_of[i]] > kind.largest)
            kind.largest = sizes[domain_of[i]];
    return kind;
}

/* Domains that 'cores' span past those that so many cores need. */
static uint32_t excess(const struct kind *kind, const struct bitset *cores)
{
    cleanup(bitset_destroyp) struct bitset *domains = bitset_create(cores->nbits);
    uint32_t n = 0;
    for (size_t i = bitset_next(cores, 0); i < cores->nbits;
         i = bitset_next(cores, i + 1), n++)
        bitset_set(domains, kind->domain_of[i]);
    uint32_t spanned = (uint32_t)bitset_count(domains);
    uint32_t needed = (n + kind->largest - 1) / kind->largest;
    return spanned > needed ? spanned - needed : 0;
}

static uint32_t excess_of_share(const struct node_topo *topo, const uint16_t *domain_of,
                                const struct place_share *share,
                                enum place_policy policy)
{
    struct kind kind = kind_of(topo, domain_of);
    /* Spread tasks are meant to lie apart. */
    uint32_t sum = policy == PLACE_COMPACT ? excess(&kind, share->cores) : 0;
    for (uint32_t task = 0; share->task_cores && task < share->tasks; task++)
        sum += excess(&kind, share->task_cores[task]);
    return sum;
}

static bool is_split(const struct place_node *node, const struct place_share *share)
{
    return node->n_free == node->n_cores && share->n_cores < node->n_cores;
}

void place_score_parts(const struct place_cluster *cluster,
                       const struct place_request *req,
                       const struct place_result *result, struct place_parts *ret)
{
    *ret = (struct place_parts){0};
    cleanup(freep) uint32_t *indexes = xcalloc(result->n_shares, sizeof(*indexes));
    for (size_t i = 0; i < result->n_shares; i++) {
        const struct place_share *share = &result->shares[i];
        const struct node_topo *topo = cluster->nodes[share->node].topo;
        indexes[i] = share->node;
        ret->split += is_split(&cluster->nodes[share->node], share);
        if (!share->cores)
            continue;
        ret->packages += excess_of_share(topo, topo->package_of, share, req->policy);
        ret->numa += excess_of_share(topo, topo->numa_of, share, req->policy);
        ret->l3 += excess_of_share(topo, topo->l3_of, share, req->policy);
        ret->devices += place_devices_steps(topo, share);
    }
    place_score_switches(cluster->tree, indexes, result->n_shares, ret);
}

static void add_count(struct strbuf *text, uint32_t n, const char *one,
                      const char *many)
{
    strbuf_printf(text, "%u %s", n, n == 1 ? one : many);
}

char *place_words(const struct place_parts *parts)
{
    struct strbuf text = STRBUF_INIT;
    add_count(&text, parts->switches, "switch (", "switches (");
    add_count(&text, parts->levels, "level up), ", "levels up), ");
    add_count(&text, parts->nodes, "node, ", "nodes, ");
    strbuf_printf(&text, "%u split; past need: ", parts->split);
    add_count(&text, parts->packages, "package, ", "packages, ");
    add_count(&text, parts->numa, "NUMA node, ", "NUMA nodes, ");
    strbuf_printf(&text, "%u L3", parts->l3);
    if (parts->devices > 0) {
        strbuf_puts(&text, "; ");
        add_count(&text, parts->devices, "step to devices", "steps to devices");
    }
    if (parts->memory > 0) {
        strbuf_puts(&text, "; memory of ");
        add_count(&text, parts->memory, "other NUMA node", "other NUMA nodes");
    }
    return strbuf_take(&text);
}
