/* SPDX-License-Identifier: Apache-2.0
 *
 * domains.h - a node's cores as a tree of domains, for choosing among them
 *
 *     node            the levels come in the order in which this machine nests
 *      +- package     them: with sub-NUMA clustering an L3 lies above the NUMA
 *          +- NUMA    nodes, otherwise below
 *              +- L3
 *
 * Domain 0 is the node. A domain is a range of 'order', a list of all cores in
 * which the cores of each domain are neighbours.
 */
#ifndef BERTH_TOPO_DOMAINS_H
#define BERTH_TOPO_DOMAINS_H

#include <stdint.h>

struct domain {
    uint32_t parent;            /* of domain 0: itself */
    uint32_t first, n_cores;    /* range of order[] */
    uint32_t child, n_children; /* range of at[] */
};

struct domain_tree {
    uint16_t *order;
    uint32_t *leaf_of; /* innermost domain of each core */
    struct domain *at;
    uint32_t n;
};

struct node_topo;

/* Levels with one child everywhere are left out. */
struct domain_tree *domain_tree_create(const struct node_topo *topo);
void domain_tree_destroy(struct domain_tree *tree);

#endif
