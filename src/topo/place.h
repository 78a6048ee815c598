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
    uint64_t memory, free_memory; /* MiB */
    bool usable;                  /* up, not drained, in the partition */
};

enum place_policy { PLACE_COMPACT, PLACE_SPREAD };
enum place_bind { BIND_CORE, BIND_L3, BIND_NUMA, BIND_PACKAGE, BIND_NONE };

struct place_request {
    /* With a count of tasks, as few nodes of this range as hold them; without,
     * as many as there are. A maximum of 0 is the minimum, or, when that is 0
     * as well, any number with a count of tasks and 1 without. */
    uint32_t nodes_min, nodes_max;
    uint32_t tasks;                     /* 0: tasks_per_node on each, or one */
    uint32_t tasks_per_node;            /* at most so many; 0: as they fit */
    uint32_t cpus_per_task;             /* 0 counts as 1 */
    uint64_t mem_per_node, mem_per_cpu; /* MiB; 0: none asked */
    bool exclusive;                     /* whole nodes, with all their memory */
    bool overcommit;                    /* tasks may outnumber cores */
    const struct bitset *required;      /* node indexes; NULL: none */
    const struct bitset *excluded;
    enum place_policy policy;
    enum place_bind bind;
};

/* What one of each costs:
 *   switch_levels  a level between the nodes and their common switch, and each
 *                  switch with nodes of the job past the first
 *   fragmentation  a node that was free and is now used in part
 *   packages, numa, l3
 *                  a domain that a task, or a node's share, spans past the
 *                  number that its cores need
 */
struct place_weights {
    double switch_levels, fragmentation, packages, numa, l3;
};
#define PLACE_WEIGHTS_DEFAULT                                                      \
    {                                                                              \
        .switch_levels = 10, .fragmentation = 4, .packages = 3, .numa = 2, .l3 = 1 \
    }
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
    char *why; /* "1 switch (0 levels up), 4 nodes, 0 split; ..." */
};

/* Choose: the lowest switch whose free nodes hold the request, then the best
 * score, then the lowest node indexes. Shares come by node index. Returns 0;
 * -EAGAIN when it does not fit what is free now (words say what is short);
 * -EINVAL when it could never fit the usable nodes, even empty (words as of
 * place_check). */
int place_choose(const struct switch_tree *tree, const struct place_node *nodes,
                 size_t n_nodes, const struct place_request *req,
                 const struct place_weights *weights, struct place_result **ret,
                 struct err *err);

/* Could the usable nodes hold it if they were empty? 0, or -EINVAL with words
 * that name the option at fault: "--nodes=9: the cluster has 4 nodes". 'where'
 * (may be NULL) is put after the nodes: " in partition batch". A usable node
 * whose topology is unknown counts as one that can hold anything. */
int place_check(const struct place_node *nodes, size_t n_nodes,
                const struct place_request *req, const char *where, struct err *err);

/* A copy of all of it; the caller destroys it. */
struct place_result *place_result_dup(const struct place_result *result);
void place_result_destroy(struct place_result *result);

#endif
