/* SPDX-License-Identifier: Apache-2.0
 *
 * search_single.c - single nodes that hold all of a request
 *
 * Nodes are met by make and number of free cores, those that would be left over
 * fullest first, so a few looks are enough in a cluster of any size. Of nodes in
 * the same state only the first is an offer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/search.h"

/* Nodes of one make with the same number of free cores. */
struct stack {
    const struct bitset *nodes;
    struct pick_class class;
    bool split;
    uint32_t leftover;
};

static int compare_stacks(const void *pa, const void *pb)
{
    const struct stack *a = pa, *b = pb;
    if (a->split != b->split)
        return a->split ? 1 : -1;
    if (a->leftover != b->leftover)
        return a->leftover < b->leftover ? -1 : 1;
    return (a > b) - (a < b);
}

static int compare_spread(const void *pa, const void *pb)
{
    const struct stack *a = pa, *b = pb;
    if (a->leftover != b->leftover)
        return a->leftover > b->leftover ? -1 : 1;
    return (a > b) - (a < b);
}

static size_t count_buckets(const struct place_cluster *cluster)
{
    size_t n = 0;
    for (size_t h = 0; h < cluster->n_hardware; h++)
        n += bitset_count(cluster->hardware[h].in_use);
    return n;
}

/* 'stacks' has room for all buckets. Returns how many are of use. */
static size_t make_stacks(const struct place_cluster *cluster,
                          const struct place_want *want, uint32_t tasks,
                          struct stack *stacks)
{
    size_t n_stacks = 0;
    for (size_t h = 0; h < cluster->n_hardware; h++) {
        const struct hardware *hw = &cluster->hardware[h];
        size_t n = want->req->exclusive ? hw->n_cores : 1;
        for (n = bitset_next(hw->in_use, n); n <= hw->n_cores;
             n = bitset_next(hw->in_use, n + 1)) {
            struct pick_class class = {.n_cores = hw->n_cores, .free = (uint32_t)n};
            if (place_want_capacity(want, class.free, UINT64_MAX) < tasks)
                continue;
            stacks[n_stacks++] =
                (struct stack){.nodes = hw->bucket[n],
                               .class = class,
                               .split = pick_is_split(want, &class, tasks),
                               .leftover = pick_leftover(want, &class, tasks)};
        }
    }
    if (n_stacks > 1)
        qsort(stacks, n_stacks, sizeof(*stacks),
              want->req->policy == PLACE_SPREAD ? compare_spread : compare_stacks);
    return n_stacks;
}

/* Would the same be chosen on both? Nodes that only count are all alike. */
static bool same_state(const struct place_cluster *cluster, uint32_t a, uint32_t b)
{
    const struct place_node *x = &cluster->nodes[a], *y = &cluster->nodes[b];
    if (cluster->hardware_of[a] != cluster->hardware_of[b] || x->n_free != y->n_free)
        return false;
    if (x->free_cores && !bitset_equals(x->free_cores, y->free_cores))
        return false;
    return !x->free_devices || bitset_equals(x->free_devices, y->free_devices);
}

static bool is_offered(const struct offers *offers, uint32_t node)
{
    for (size_t i = 0; i < offers->n; i++)
        if (same_state(offers->cluster, offers->at[i].nodes[0].node, node))
            return true;
    return false;
}

static void offer_node(const struct stack *stack, uint32_t node, uint32_t tasks,
                       struct offers *offers)
{
    struct pick_node *nodes = xcalloc(1, sizeof(*nodes));
    nodes[0] = (struct pick_node){.node = node, .tasks = tasks};
    offers_add(offers, &stack->class, nodes, 1);
}

/* The one node that the request requires, or UINT32_MAX. */
static uint32_t required_node(const struct place_request *req)
{
    size_t i = req->required ? bitset_next(req->required, 0) : 0;
    return req->required && i < req->required->nbits ? (uint32_t)i : UINT32_MAX;
}

/* Looks at so many nodes that hold it, at most: those behind are seldom better. */
#define LOOKS_MAX 64

static void walk_stack(const struct place_cluster *cluster,
                       const struct place_want *want, const struct stack *stack,
                       uint32_t tasks, uint32_t *looks, struct offers *offers)
{
    uint32_t required = required_node(want->req);
    bool devices = place_want_has_devices(want);
    uint64_t memory = place_want_memory(want, tasks, stack->class.free);
    for (size_t i = bitset_next(stack->nodes, 0); i < stack->nodes->nbits;
         i = bitset_next(stack->nodes, i + 1)) {
        uint32_t node = (uint32_t)i;
        if (!place_want_may_use(want, node) || cluster->free_memory[node] < memory ||
            (required != UINT32_MAX && node != required) ||
            (devices && place_want_on_node(want, cluster, node, false) < tasks))
            continue;
        if (!is_offered(offers, node))
            offer_node(stack, node, tasks, offers);
        if (++*looks >= LOOKS_MAX || offers->n == OFFERS_MAX)
            return;
    }
}

void search_single_nodes(struct place_cluster *cluster, const struct place_want *want,
                         struct offers *offers)
{
    uint32_t tasks = want->tasks ? want->tasks : want->per_node, looks = 0;
    struct stack few[8], *stacks = few;
    cleanup(freep) struct stack *many = NULL;
    size_t n = count_buckets(cluster);
    if (n > ARRAY_SIZE(few))
        stacks = many = xmalloc(n * sizeof(*many));
    n = make_stacks(cluster, want, tasks, stacks);
    for (size_t i = 0; i < n && looks < LOOKS_MAX && offers->n < OFFERS_MAX; i++)
        walk_stack(cluster, want, &stacks[i], tasks, &looks, offers);
}
