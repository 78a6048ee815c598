/* SPDX-License-Identifier: Apache-2.0
 *
 * liking.c - levels of nodes for a job that would rather run beside some than others
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

struct liked {
    double cost;
    uint32_t node;
};

static int by_cost(const void *pa, const void *pb)
{
    const struct liked *a = pa, *b = pb;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

/* What the request itself says of nodes. */
static void add_levels(const struct place_request *place, const struct bitset *nodes,
                       double *costs)
{
    for (uint32_t i = 0; i < place->n_levels; i++) {
        const struct bitset *level = place->levels[i].nodes;
        for (size_t n = bitset_next(level, 0); n < level->nbits;
             n = bitset_next(level, n + 1))
            if (bitset_test(nodes, n))
                costs[n] += place->levels[i].cost;
    }
}

static struct liked *sort_nodes(const struct bitset *nodes, const double *costs,
                                uint32_t *ret_n)
{
    struct liked *liked = xcalloc(bitset_count(nodes) + 1, sizeof(*liked));
    uint32_t n = 0;
    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        liked[n++] = (struct liked){costs[i], (uint32_t)i};
    qsort(liked, n, sizeof(*liked), by_cost);
    *ret_n = n;
    return liked;
}

static void add_node(struct liking *l, const struct liked *liked, size_t n_nodes)
{
    if (l->n == 0 || l->levels[l->n - 1].cost < liked->cost) {
        l->levels = xrealloc(l->levels, l->n + 1, sizeof(*l->levels));
        l->sets = xrealloc(l->sets, l->n + 1, sizeof(*l->sets));
        l->sets[l->n] = bitset_create(n_nodes);
        l->levels[l->n] =
            (struct place_level){.nodes = l->sets[l->n], .cost = liked->cost};
        l->n++;
    }
    bitset_set(l->sets[l->n - 1], liked->node);
}

bool liking_find(const struct sched *sched, const struct group *group,
                 const struct bitset *nodes, struct liking *ret)
{
    const struct sched_company *company = &sched->options.company;
    *ret = (struct liking){0};
    if (!group->req.class || !company->like)
        return false;
    cleanup(freep) uint32_t *likes = xcalloc(sched->n_nodes, sizeof(*likes));
    if (!company->like(company->ctx, group->req.class, nodes, likes))
        return false;
    cleanup(freep) double *costs = xcalloc(sched->n_nodes, sizeof(*costs));
    for (size_t i = 0; i < sched->n_nodes; i++)
        costs[i] = likes[i];
    add_levels(&group->req.place, nodes, costs);
    uint32_t n;
    cleanup(freep) struct liked *liked = sort_nodes(nodes, costs, &n);
    for (uint32_t i = 0; i < n; i++)
        add_node(ret, &liked[i], sched->n_nodes);
    return true;
}

void liking_fini(struct liking *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        bitset_destroy(l->sets[i]);
    free(l->sets);
    free(l->levels);
}
