/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what struct place_cluster is made of, for the files of this folder
 */
#ifndef BERTH_PLACE_INTERNAL_H
#define BERTH_PLACE_INTERNAL_H

#include "place/hardware.h"

/* The nodes that hang from one switch itself, as words of a set of nodes. */
struct cluster_home {
    uint32_t first_word, n_words;
    uint64_t *mask;
};

struct place_cluster {
    const struct switch_tree *tree;
    struct cluster_home *homes; /* by switch */
    size_t n_nodes;
    bool numbers_only;
    struct place_node *nodes;
    uint32_t *hardware_of;  /* by node; meaningless while it is not known */
    uint64_t *free_memory;  /* by node, MiB */
    uint16_t **free_counts; /* by node: of each of hardware's kinds; may be NULL */
    struct bitset *usable;
    struct bitset *sharing; /* nodes, usable or not, with cores that have slices */
    struct hardware *hardware;
    size_t n_hardware;
    char **kind_names; /* "gpu:a100" */
    size_t n_kinds;
    struct memo *memo; /* what was chosen on a node like this before */
};

static inline const struct hardware *cluster_hardware(const struct place_cluster *c,
                                                      uint32_t node)
{
    return &c->hardware[c->hardware_of[node]];
}

/* Free devices of a kind on a known node. */
static inline uint32_t place_cluster_free_of(const struct place_cluster *c,
                                             uint32_t node, uint32_t kind)
{
    return hardware_count(cluster_hardware(c, node), c->free_counts[node], kind);
}

#endif
