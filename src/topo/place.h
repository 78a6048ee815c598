/* SPDX-License-Identifier: Apache-2.0
 *
 * place.h - which nodes, and which cores of each, with a score
 *
 * Pure: looks at a cluster and at what is free, decides, changes nothing.
 * Scores add up weighted parts, lower is better; 'why' names the parts.
 */
#ifndef BERTH_TOPO_PLACE_H
#define BERTH_TOPO_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"
#include "topo/node_topo.h"
#include "topo/switch_tree.h"

/* One node as placement sees it. Index in the array = index in the switch tree. */
struct place_node {
    const char *name;
    const struct node_topo *topo; /* NULL: unknown yet, never chosen */
    const struct bitset *free_cores;
    uint64_t free_memory; /* MiB */
    bool usable;          /* up, not drained, in the partition */
};

enum place_policy { PLACE_COMPACT, PLACE_SPREAD };
enum place_bind { BIND_CORE, BIND_L3, BIND_NUMA, BIND_PACKAGE, BIND_NONE };

struct place_request {
    uint32_t nodes_min, nodes_max;      /* at least 1 */
    uint32_t tasks;                     /* 0: one a node */
    uint32_t tasks_per_node;            /* 0: as they fit */
    uint32_t cpus_per_task;             /* at least 1 */
    uint64_t mem_per_node, mem_per_cpu; /* MiB; 0: none asked */
    bool exclusive;                     /* whole nodes */
    bool overcommit;                    /* tasks may outnumber cores */
    const struct bitset *required;      /* node indexes; NULL: none */
    const struct bitset *excluded;
    enum place_policy policy;
    enum place_bind bind;
};

struct place_weights {
    double switch_levels, fragmentation, packages, numa, l3;
};
extern const struct place_weights place_weights_default;

struct place_share {
    uint32_t node;        /* index */
    struct bitset *cores; /* logical cores given */
    uint64_t memory;
    uint32_t tasks;
    struct bitset **task_cores; /* one for each task */
};

struct place_result {
    struct place_share *shares;
    size_t n_shares;
    double score;
    char *why; /* "1 switch (0), 4 nodes, 0 split ..." */
};

/* Choose. Returns 0; -EAGAIN when it does not fit what is free now (words say
 * what is short); -EINVAL when it could never fit this cluster, even empty
 * (words name the option at fault: "--nodes=9: the cluster has 4 nodes"). */
int place_choose(const struct switch_tree *tree, const struct place_node *nodes,
                 size_t n_nodes, const struct place_request *req,
                 const struct place_weights *weights, struct place_result **ret,
                 struct err *err);
void place_result_destroy(struct place_result *result);

#endif
