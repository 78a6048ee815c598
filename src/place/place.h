/* SPDX-License-Identifier: Apache-2.0
 *
 * place.h - which nodes, which cores and devices of each, with a score
 *
 * Pure: looks at a cluster and at what is free in it, decides, changes nothing
 * but what it remembers. Scores add up weighted parts, lower is better; words
 * name the parts.
 */
#ifndef BERTH_PLACE_PLACE_H
#define BERTH_PLACE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"
#include "topo/node_topo.h"

struct place_cluster;

enum place_policy { PLACE_COMPACT, PLACE_SPREAD };
enum place_bind { BIND_CORE, BIND_L3, BIND_NUMA, BIND_PACKAGE, BIND_NONE };
/* How tasks follow each other: neighbours together, in turn over all, or in turn
 * by 'plane' tasks. PLACE_AS_IS over packages: as the policy has it. */
enum place_order { PLACE_AS_IS, PLACE_BLOCK, PLACE_CYCLIC, PLACE_PLANE };

/* 'count' devices of a kind (place_cluster_kind), for each of what 'per' says:
 * each node of the job, each task, each package that its cores lie in, or the
 * whole job. A node of a job that asks for the whole gives at least one. */
enum place_per { PLACE_PER_NODE, PLACE_PER_TASK, PLACE_PER_PACKAGE, PLACE_PER_JOB };
struct place_gres {
    uint32_t kind, count;
    enum place_per per;
    uint64_t memory; /* MiB that come with each device */
};

/* Nodes all of which are as good as each other, for whoever has one of them. */
struct place_level {
    const struct bitset *nodes;
    double cost; /* for being there; in the unit of scores */
};

/* At least 'n' of the job's nodes lie in 'nodes'. */
struct place_quota {
    const struct bitset *nodes;
    uint32_t n;
};

struct place_request {
    /* With a count of tasks, as few nodes of this range as hold them; without,
     * as many as there are. A maximum of 0 is the minimum, or, when that is 0
     * as well, any number with a count of tasks and 1 without. */
    uint32_t nodes_min, nodes_max;
    uint32_t tasks;             /* 0: tasks_per_node on each, or one */
    uint32_t tasks_per_node;    /* at most so many; 0: as they fit */
    uint32_t tasks_per_package; /* at most so many; 0: as they fit */
    uint32_t tasks_per_core;    /* so many share a core; 0 counts as 1 */
    uint32_t cpus_per_task;     /* cores; 0 counts as 1 without 'milli' */
    /* Beside whole cores (which may be 0 then), so many thousandths of one that others
     * of this kind have slices of, too: up to 999, for one task on one node. Where
     * cores only count, and on nodes of one's own, it is a whole core. */
    uint32_t milli;
    uint64_t mem_per_node, mem_per_cpu; /* MiB; 0: none asked */
    const struct place_gres *gres;
    uint32_t n_gres;
    uint32_t n_quotas;
    const struct place_quota *quotas;
    uint32_t switches_max;         /* leaf switches; 0: any number */
    bool exclusive;                /* whole nodes, with all their memory */
    bool overcommit;               /* tasks may outnumber cores */
    bool contiguous;               /* nodes with consecutive indexes */
    const struct bitset *allowed;  /* node indexes; NULL: all */
    const struct bitset *required; /* node indexes; NULL: none */
    const struct bitset *excluded;
    /* Nodes that have what the job brings along; NULL: that does not count. */
    const struct bitset *preferred;
    /* For a request for one node: sets that have no node in common, those that cost
     * least first. Nodes of none of them are taken only when none of these holds it. */
    const struct place_level *levels;
    uint32_t n_levels;
    enum place_policy policy;
    enum place_bind bind;
    enum place_order node_order, package_order;
    uint32_t plane; /* tasks, for PLACE_PLANE */
};

/* What one of each costs:
 *   switch_levels  a level between the nodes and their common switch, and each
 *                  switch with nodes of the job past the first
 *   fragmentation  a node that was free and is now used in part
 *   packages, numa, l3
 *                  a domain that a task, or a node's share, spans past the
 *                  number that its cores need; for a share also its memory and
 *                  its devices
 *   devices        a step between a task's cores and its device: 1 to a nearest
 *                  NUMA node (by the machine's latencies, else of the same
 *                  package), 2 to others
 *   memory         a NUMA node that has to lend memory to a share without
 *                  cores in it
 *   image          a node that is not a preferred one
 */
struct place_weights {
    double switch_levels, fragmentation, packages, numa, l3, devices, memory, image;
};
#define PLACE_WEIGHTS_DEFAULT                                                       \
    {                                                                               \
        .switch_levels = 10, .fragmentation = 4, .packages = 3, .numa = 2, .l3 = 1, \
        .devices = 2, .memory = 1, .image = 2                                       \
    }
extern const struct place_weights place_weights_default;

/* The same, counted. */
struct place_parts {
    uint32_t levels, switches;
    uint32_t nodes, split;
    uint32_t packages, numa, l3;
    uint32_t devices, memory;
    uint32_t away;   /* nodes that are not preferred */
    double disliked; /* the cost of the level that its node is of */
};

#define PLACE_NO_DEVICE UINT32_MAX

/* What one node gives. */
struct place_share {
    uint32_t node;        /* index */
    uint32_t n_cores;     /* how many; 0 in a share made by hand: count 'cores' */
    struct bitset *cores; /* logical cores given; NULL where only numbers count */
    uint32_t milli;       /* thousandths of 'shared', which is no whole one; 0: none */
    uint32_t shared;      /* one of 'cores' that is not among n_cores */
    struct bitset *devices; /* indexes in topo->devices; NULL: none */
    uint64_t memory;        /* MiB */
    uint32_t tasks;
    /* One for each task; NULL with PLACE_BAG. Devices asked for by node or by
     * job are those of all tasks, and are in none of these. */
    struct bitset **task_cores;
    struct bitset **task_devices; /* NULL: none asked by task */
    uint32_t *task_nics;          /* nearest of the node's NICs, or NULL: it has none */
};

struct place_result {
    struct place_share *shares; /* by node index */
    size_t n_shares;
    double score;
    struct place_parts parts;
    char *why;              /* "1 switch (0 levels up), 4 nodes, ..."; may be NULL */
    double runner_up_score; /* of the next best that was looked at; NAN: none */
    char *runner_up;        /* its nodes and parts; may be NULL */
};

enum place_flags {
    PLACE_WHY = 1,       /* fill in 'why' */
    PLACE_RUNNER_UP = 2, /* and the runner-up */
    PLACE_BAG = 4,       /* tasks need no cores of their own */
};

/* Choose from what is free now: the lowest switch whose free nodes hold the
 * request, then the best score, then the lowest node indexes. Returns 0;
 * -EAGAIN when it does not fit what is free now (words say what is short);
 * -EINVAL when it could never fit the usable nodes, even empty (words as of
 * place_check; without 'err' the two are not told apart, which costs nothing).
 * The caller destroys the result. */
int place_choose(struct place_cluster *cluster, const struct place_request *req,
                 const struct place_weights *weights, unsigned int flags,
                 struct place_result **ret, struct err *err);

/* Could the allowed nodes hold it if they were up and empty? 0, or -EINVAL with
 * words that name the option at fault: "--nodes=9: the cluster has 4 nodes".
 * 'where' (may be NULL) is put after the nodes: " in partition batch". A node
 * whose topology is unknown counts as one that can hold anything. */
int place_check(const struct place_cluster *cluster, const struct place_request *req,
                const char *where, struct err *err);

/* The usable nodes that have room for the least that the request puts on a node
 * now: into 'ret' (of n_nodes bits), and their number. */
size_t place_candidates(const struct place_cluster *cluster,
                        const struct place_request *req, struct bitset *ret);

/* A node as it may be at some other time, in numbers. */
struct place_room {
    uint32_t cores, free_cores;
    uint64_t free_memory;    /* MiB */
    const uint16_t *devices; /* free ones by kind; NULL: none */
};

/* Tasks of the request that such a node holds: an upper bound where it depends
 * on which cores are free (tasks_per_package). 0 when it does not hold the least
 * that the request puts on a node. 'topo' may be NULL. */
uint32_t place_capacity(const struct node_topo *topo, const struct place_room *room,
                        const struct place_request *req);

/* "1 switch (0 levels up), 4 nodes, 0 split; ..."; the caller frees it. */
char *place_words(const struct place_parts *parts);

/* Whole cores of a share, however it was made. */
uint32_t place_share_cores(const struct place_share *share);

/* An empty result with room for 'n' shares; a copy of all of it; its end. */
struct place_result *place_result_create(size_t n);
struct place_result *place_result_dup(const struct place_result *result);
void place_result_destroy(struct place_result *result);

#endif
