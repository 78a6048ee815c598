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
    const struct node_topo *topo;
    struct bitset *free, *all; /* NULL while the topology is unknown */
    uint64_t memory, memory_held;
    struct hold *holds;
    size_t n_holds;
    bool up;
};

struct pool {
    struct pool_node *nodes;
    const char *const *names;
    size_t n_nodes;
    uint64_t cores;
};

struct pool *pool_create(const char *const *names, size_t n_nodes)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->nodes = xcalloc(n_nodes + 1, sizeof(*pool->nodes));
    pool->names = names;
    pool->n_nodes = n_nodes;
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n_nodes; i++) {
        bitset_destroy(pool->nodes[i].free);
        bitset_destroy(pool->nodes[i].all);
        free(pool->nodes[i].holds);
    }
    free(pool->nodes);
    free(pool);
}

/* Bits that the node does not have are passed over. */
static void set_cores(struct bitset *set, const struct bitset *cores, bool value)
{
    for (size_t i = bitset_next(cores, 0); i < cores->nbits && i < set->nbits;
         i = bitset_next(cores, i + 1)) {
        if (value)
            bitset_set(set, i);
        else
            bitset_clear(set, i);
    }
}

static struct bitset *free_cores_of(const struct pool_node *node)
{
    struct bitset *set = bitset_dup(node->all);
    for (size_t i = 0; i < node->n_holds; i++)
        set_cores(set, node->holds[i].share->cores, false);
    return set;
}

void pool_node_set(struct pool *pool, uint32_t index, const struct node_topo *topo,
                   uint64_t memory)
{
    struct pool_node *node = &pool->nodes[index];
    pool->cores -= node->all ? node->all->nbits : 0;
    bitset_destroyp(&node->free);
    bitset_destroyp(&node->all);
    node->topo = topo;
    node->memory = memory;
    if (!topo)
        return;
    node->all = bitset_create(topo->n_cores);
    bitset_set_range(node->all, 0, topo->n_cores);
    node->free = free_cores_of(node);
    pool->cores += topo->n_cores;
}

void pool_node_up(struct pool *pool, uint32_t node, bool up)
{
    pool->nodes[node].up = up;
}

void pool_take(struct pool *pool, uint32_t job, const struct place_result *where)
{
    for (size_t i = 0; i < where->n_shares; i++) {
        const struct place_share *share = &where->shares[i];
        struct pool_node *node = &pool->nodes[share->node];
        node->holds = xrealloc(node->holds, node->n_holds + 1, sizeof(*node->holds));
        node->holds[node->n_holds++] = (struct hold){.job = job, .share = share};
        node->memory_held += share->memory;
        if (node->free)
            set_cores(node->free, share->cores, false);
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
        node->memory_held -= share->memory;
        if (node->free)
            set_cores(node->free, share->cores, true);
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
    *ret_memory = node->memory_held;
}

static uint64_t free_memory_of(const struct pool_node *node)
{
    return node->memory > node->memory_held ? node->memory - node->memory_held : 0;
}

static struct place_node *view_nodes(const struct pool *pool,
                                     const struct bitset *among, bool as_empty)
{
    struct place_node *view = xcalloc(pool->n_nodes + 1, sizeof(*view));
    for (size_t i = 0; i < pool->n_nodes; i++) {
        const struct pool_node *node = &pool->nodes[i];
        view[i] = (struct place_node){
            .name = pool->names[i],
            .topo = node->topo,
            .free_cores = as_empty ? node->all : node->free,
            .memory = node->memory,
            .free_memory = as_empty ? node->memory : free_memory_of(node),
            .usable = bitset_test(among, i) && (as_empty || (node->up && node->topo)),
        };
    }
    return view;
}

struct place_node *pool_view_now(const struct pool *pool, const struct bitset *among)
{
    return view_nodes(pool, among, false);
}

struct place_node *pool_view_empty(const struct pool *pool, const struct bitset *among)
{
    return view_nodes(pool, among, true);
}

void pool_check_invariants(const struct pool *pool)
{
    for (size_t n = 0; n < pool->n_nodes; n++) {
        const struct pool_node *node = &pool->nodes[n];
        uint64_t memory = 0;
        for (size_t i = 0; i < node->n_holds; i++) {
            const struct place_share *share = node->holds[i].share;
            BUG_ON(share->node != n);
            memory += share->memory;
            for (size_t j = i + 1; j < node->n_holds; j++)
                BUG_ON(have_common(share->cores, node->holds[j].share->cores));
        }
        BUG_ON(memory != node->memory_held);
        BUG_ON(!node->topo != !node->free);
        if (!node->topo)
            continue;
        cleanup(bitset_destroyp) struct bitset *expected = free_cores_of(node);
        BUG_ON(!bitset_equals(expected, node->free));
    }
}
