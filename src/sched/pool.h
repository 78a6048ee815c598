/* SPDX-License-Identifier: Apache-2.0
 *
 * pool.h - the nodes, what they have, and who holds what of it
 */
#ifndef BERTH_SCHED_POOL_H
#define BERTH_SCHED_POOL_H

#include "place/cluster.h"

struct pool;

/* 'tree' and 'names' are borrowed for ever. All nodes are unknown and down. */
struct pool *pool_create(const struct switch_tree *tree, const char *const *names,
                         size_t n_nodes);
void pool_destroy(struct pool *pool);

/* What the node has; borrowed for ever, NULL takes it back. Shares that jobs hold
 * stay theirs, and count as soon as the node has such cores. */
void pool_node_set(struct pool *pool, uint32_t node, const struct node_topo *topo,
                   uint64_t memory);
void pool_node_up(struct pool *pool, uint32_t node, bool up);

/* 'job' holds the shares of 'where' until it releases them; 'where' is borrowed
 * until then. Cores that a node does not have (any more) are passed over. */
void pool_take(struct pool *pool, uint32_t job, const struct place_result *where);
void pool_release(struct pool *pool, uint32_t job, const struct place_result *where);
/* The job that holds a core of 'where' already; 0: nobody. */
uint32_t pool_holder(const struct pool *pool, const struct place_result *where);

/* Shares held on all nodes. */
size_t pool_n_holds(const struct pool *pool);
size_t pool_n_nodes(const struct pool *pool);
uint64_t pool_cores(const struct pool *pool);
void pool_usage(const struct pool *pool, uint32_t node, uint32_t *ret_cores,
                uint64_t *ret_memory);

/* The nodes as placement sees them. */
struct place_cluster *pool_cluster(const struct pool *pool);
/* Those of 'among' that are up; the caller destroys the set. */
struct bitset *pool_up_among(const struct pool *pool, const struct bitset *among);

/* Free and held add up on each node, and no core is held twice. Aborts if not. */
void pool_check_invariants(const struct pool *pool);

#endif
