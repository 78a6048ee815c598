/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what struct place_cluster is made of, for the files of this folder
 */
#ifndef BERTH_PLACE_INTERNAL_H
#define BERTH_PLACE_INTERNAL_H

#include "place/cluster.h"

#define NO_KIND UINT16_MAX

/* One make of node: those with the same topology, or flat with as many cores. */
struct hardware {
    const struct node_topo *topo; /* NULL: flat */
    uint32_t n_cores;
    uint32_t n_nodes;            /* that are of this make now */
    uint16_t (*device_kinds)[2]; /* by device: its name's kind, and with its type */
    uint32_t n_kinds;            /* different ones among them, */
    uint16_t *kinds;             /* these, */
    uint16_t *totals;            /* so many of each */
};

struct place_cluster {
    const struct switch_tree *tree;
    size_t n_nodes;
    bool numbers_only;
    struct place_node *nodes;
    uint32_t *hardware_of;  /* by node; meaningless while it is not known */
    uint16_t **free_counts; /* by node: of each of hardware's kinds; may be NULL */
    struct bitset *usable;
    struct hardware *hardware;
    size_t n_hardware;
    char **kind_names; /* "gpu:a100" */
    size_t n_kinds;
};

/* Free devices of a kind on a node. */
uint32_t place_cluster_free_of(const struct place_cluster *cluster, uint32_t node,
                               uint32_t kind);
/* All of them, free or not. */
uint32_t place_cluster_total_of(const struct place_cluster *cluster, uint32_t node,
                                uint32_t kind);
/* Is it of this kind? */
bool place_cluster_is_kind(const struct place_cluster *cluster, uint32_t node,
                           uint32_t device, uint32_t kind);

#endif
