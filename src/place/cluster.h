/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster.h - all nodes and what is free on them, kept from one choice to the next
 *
 * Told of each change (a node is known, goes up or down, a share is taken or
 * given back) in time that does not grow with the cluster. It does not know
 * whose a share is.
 */
#ifndef BERTH_PLACE_CLUSTER_H
#define BERTH_PLACE_CLUSTER_H

#include "place/place.h"
#include "topo/switch_tree.h"

/* One node as placement sees it. */
struct place_node {
    const char *name;
    const struct node_topo *topo; /* NULL: unknown or flat */
    uint32_t n_cores, n_free;
    struct bitset *free_cores;   /* NULL: unknown, flat, or only numbers count */
    struct bitset *free_devices; /* NULL: it has none */
    /* By core: thousandths that slices hold of it. A core with any is not free, and
     * nobody's whole. NULL: none on this node yet. */
    uint16_t *slices;
    uint32_t n_shared;            /* cores with slices */
    uint32_t roomiest;            /* what is left of the one of them with most left */
    uint64_t memory, held_memory; /* MiB */
    bool known;                   /* it was set */
    bool usable;                  /* up, and known */
};

/* Memory that nobody holds; 0 when more is held than there is. */
uint64_t place_node_free_memory(const struct place_node *node);

#define PLACE_WHOLE 1000u
/* The core with slices that is left fullest when one of 'milli' is put there, with
 * PLACE_SPREAD the emptiest; PLACE_NO_CORE: none has room. */
#define PLACE_NO_CORE UINT32_MAX
uint32_t place_node_slice(const struct place_node *node, uint32_t milli,
                          enum place_policy policy);
/* May 'milli' of this core be given: is it free, or shared with room? */
bool place_node_may_slice(const struct place_node *node, uint32_t core, uint32_t milli);

/* 'tree' and 'names' are borrowed for ever; index in names = index in the tree.
 * All nodes are unknown and down. With 'numbers_only', cores are counted and not
 * chosen (shares have n_cores and no sets), which is cheaper. */
struct place_cluster *place_cluster_create(const struct switch_tree *tree,
                                           const char *const *names, size_t n_nodes,
                                           bool numbers_only);
void place_cluster_destroy(struct place_cluster *cluster);
/* To think about another time on; the topologies are shared. */
struct place_cluster *place_cluster_dup(const struct place_cluster *cluster);

/* What the node has; borrowed for ever, NULL takes it back. All of it is free
 * then: whoever knows the holders takes their shares again. */
void place_cluster_set(struct place_cluster *cluster, uint32_t node,
                       const struct node_topo *topo, uint64_t memory);
/* A node of so many cores, all alike, of which only the number counts. */
void place_cluster_set_flat(struct place_cluster *cluster, uint32_t node,
                            uint32_t n_cores, uint64_t memory);
void place_cluster_up(struct place_cluster *cluster, uint32_t node, bool up);

/* The share is held, or free again. Cores and devices that the node does not
 * have (any more) are passed over. */
void place_cluster_take(struct place_cluster *cluster, const struct place_share *share);
void place_cluster_release(struct place_cluster *cluster,
                           const struct place_share *share);

const struct switch_tree *place_cluster_tree(const struct place_cluster *cluster);
const struct place_node *place_cluster_node(const struct place_cluster *cluster,
                                            uint32_t node);
/* Nodes that are up and known; changes with the cluster. */
const struct bitset *place_cluster_usable(const struct place_cluster *cluster);

/* Kinds of devices: "gpu", and "gpu" of type "a100", have a number each (a
 * device counts in both), for ever. Kinds that no node has are fine. */
#define PLACE_KIND_GPU 0u
uint32_t place_cluster_kind(struct place_cluster *cluster, const char *name,
                            const char *type);
size_t place_cluster_n_kinds(const struct place_cluster *cluster);
/* "gpu:a100"; valid as long as the cluster. */
const char *place_cluster_kind_name(const struct place_cluster *cluster, uint32_t kind);
/* How many of each kind are in 'devices' of a node (NULL: all that it has):
 * added to ret[kind], which has place_cluster_n_kinds() elements. */
void place_cluster_count(const struct place_cluster *cluster, uint32_t node,
                         const struct bitset *devices, uint16_t *ret);

/* Property tests: the index agrees with the nodes. Aborts if not. */
void place_cluster_check(const struct place_cluster *cluster);

#endif
