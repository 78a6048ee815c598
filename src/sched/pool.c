/* SPDX-License-Identifier: Apache-2.0
 *
 * pool.c - the nodes, what they have, and who holds what of it
 *
 * A node remembers its holders' shares, not only the sum: when it comes back
 * with other hardware, what is free is worked out again.
 */
#include "sched/pool.h"

#include <stdlib.h>

#include "base/mem.h"

struct hold {
    uint32_t job;
    const struct place_share *share;
};

struct pool_node {
    struct hold *holds;
    size_t n_holds;
};

struct pool {
    struct place_cluster *cluster;
    struct pool_node *nodes;
    size_t n_nodes;
    uint64_t cores;
};

struct pool *pool_create(const struct switch_tree *tree, const char *const *names,
                         size_t n_nodes)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->cluster = place_cluster_create(tree, names, n_nodes, false);
    pool->nodes = xcalloc(n_nodes + 1, sizeof(*pool->nodes));
    pool->n_nodes = n_nodes;
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n_nodes; i++)
        free(pool->nodes[i].holds);
    place_cluster_destroy(pool->cluster);
    free(pool->nodes);
    free(pool);
}

void pool_node_set(struct pool *pool, uint32_t index, const struct node_topo *topo,
                   uint64_t memory)
{
    struct pool_node *node = &pool->nodes[index];
    pool->cores -= place_cluster_node(pool->cluster, index)->n_cores;
    place_cluster_set(pool->cluster, index, topo, memory);
    for (size_t i = 0; i < node->n_holds; i++)
        place_cluster_take(pool->cluster, node->holds[i].share);
    pool->cores += place_cluster_node(pool->cluster, index)->n_cores;
}

void pool_node_up(struct pool *pool, uint32_t node, bool up)
{
    place_cluster_up(pool->cluster, node, up);
}

void pool_take(struct pool *pool, uint32_t job, const struct place_result *where)
{
    for (size_t i = 0; i < where->n_shares; i++) {
        const struct place_share *share = &where->shares[i];
        struct pool_node *node = &pool->nodes[share->node];
        node->holds = xrealloc(node->holds, node->n_holds + 1, sizeof(*node->holds));
        node->holds[node->n_holds++] = (struct hold){.job = job, .share = share};
        place_cluster_take(pool->cluster, share);
    }
}

void pool_release(struct pool *pool, uint32_t job, const struct place_result *where)
{
    for (size_t i = 0; i < where->n_shares; i++) {
        const struct place_share *share = &where->shares[i];
        struct pool_node *node = &pool->nodes[share->node];
        size_t at = 0;
        while (at < node->n_holds && node->holds[at].share != share)
            at++;
        BUG_ON(at == node->n_holds || node->holds[at].job != job);
        node->holds[at] = node->holds[--node->n_holds];
        place_cluster_release(pool->cluster, share);
    }
}

/* Sets of any two sizes. */
static bool have_common(const struct bitset *a, const struct bitset *b)
{
    for (size_t i = bitset_next(a, 0); i < a->nbits && i < b->nbits;
         i = bitset_next(a, i + 1))
        if (bitset_test(b, i))
            return true;
    return false;
}

uint32_t pool_holder(const struct pool *pool, const struct place_result *where)
{
    for (size_t i = 0; i < where->n_shares; i++) {
        const struct pool_node *node = &pool->nodes[where->shares[i].node];
        for (size_t h = 0; h < node->n_holds; h++)
            if (have_common(node->holds[h].share->cores, where->shares[i].cores))
                return node->holds[h].job;
    }
    return 0;
}

size_t pool_n_holds(const struct pool *pool)
{
    size_t n = 0;
    for (size_t i = 0; i < pool->n_nodes; i++)
        n += pool->nodes[i].n_holds;
    return n;
}

size_t pool_n_nodes(const struct pool *pool)
{
    return pool->n_nodes;
}

uint64_t pool_cores(const struct pool *pool)
{
    return pool->cores;
}

void pool_usage(const struct pool *pool, uint32_t index, uint32_t *ret_cores,
                uint64_t *ret_memory)
{
    const struct pool_node *node = &pool->nodes[index];
    *ret_cores = 0;
    for (size_t i = 0; i < node->n_holds; i++)
        *ret_cores += (uint32_t)bitset_count(node->holds[i].share->cores);
    *ret_memory = place_cluster_node(pool->cluster, index)->held_memory;
}

struct place_cluster *pool_cluster(const struct pool *pool)
{
    return pool->cluster;
}

struct bitset *pool_up_among(const struct pool *pool, const struct bitset *among)
{
    struct bitset *set = bitset_dup(among);
    const struct bitset *usable = place_cluster_usable(pool->cluster);
    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1))
        if (!bitset_test(usable, i))
            bitset_clear(set, i);
    return set;
}

void pool_check_invariants(const struct pool *pool)
{
    place_cluster_check(pool->cluster);
    for (uint32_t n = 0; n < pool->n_nodes; n++) {
        const struct pool_node *node = &pool->nodes[n];
        const struct place_node *there = place_cluster_node(pool->cluster, n);
        uint64_t memory = 0;
        for (size_t i = 0; i < node->n_holds; i++) {
            const struct place_share *share = node->holds[i].share;
            BUG_ON(share->node != n);
            memory += share->memory;
            BUG_ON(there->free_cores && have_common(share->cores, there->free_cores));
            for (size_t j = i + 1; j < node->n_holds; j++)
                BUG_ON(have_common(share->cores, node->holds[j].share->cores));
        }
        BUG_ON(memory != there->held_memory);
    }
}
