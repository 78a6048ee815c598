/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_liking.c - where a pod would rather run, by who runs there
 *
 * Relations add up as their weights say, so that they can be weighed against those of
 * nodes. Spread has no weights: as in Kubernetes it is a share of the fullest domain,
 * constraints with many domains, which hold few pods each, counting more.
 */
#include "affinity/internal.h"

#include <math.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"

#define SPREAD_COST 100

struct liking {
    struct pod_classes *classes;
    const Berth__PodPlace *pod;
    const struct bitset *nodes;
    int64_t *likes; /* by node: weights, less those against it */
    double *crowd;  /* by node: pods that should be elsewhere */
};

/* ------------------------------------------------------------------ relations */

static void add_domain(struct liking *l, const struct domains *domains,
                       const uint32_t *counts, int64_t weight)
{
    for (size_t i = bitset_next(l->nodes, 0); i < l->nodes->nbits;
         i = bitset_next(l->nodes, i + 1))
        if (domains->of[i] != UINT32_MAX)
            l->likes[i] += weight * counts[domains->of[i]];
}

static int64_t weight_of(const Berth__PodRelation *relation)
{
    return relation->is_apart ? -(int64_t)relation->weight : (int64_t)relation->weight;
}

/* The pods count for the relation, which is one of theirs or to them. */
static void add_relation(struct liking *l, const struct tally *tally,
                         const Berth__PodRelation *relation)
{
    const struct domains *domains = class_domains(l->classes, relation->domain);
    cleanup(freep) uint32_t *counts = xcalloc(domains->n + 1, sizeof(*counts));

    tally_add_to(tally, domains, counts);
    add_domain(l, domains, counts, weight_of(relation));
}

static void like_others(struct liking *l)
{
    const struct crowd *others, *next;

    HASH_ITER(hh, l->classes->crowds, others, next)
    {
        for (size_t r = 0; others->n_running > 0 && r < l->pod->n_relations; r++)
            if (l->pod->relations[r]->weight > 0 &&
                class_is_meant(l->pod, l->pod->relations[r], others->place))
                add_relation(l, &others->tally, l->pod->relations[r]);
    }
}

static void be_liked(struct liking *l)
{
    const struct pod_class *other;

    DL_FOREACH(l->classes->asked, other)
    {
        for (size_t r = 0; other->n_running > 0 && r < other->place->n_relations; r++)
            if (other->place->relations[r]->weight > 0 &&
                class_is_meant(other->place, other->place->relations[r], l->pod))
                add_relation(l, &other->tally, other->place->relations[r]);
    }
}

/* ------------------------------------------------------------------ spread */

/* How many domains the nodes lie in. */
static uint32_t n_domains(const struct liking *l, const struct domains *domains)
{
    cleanup(bitset_destroyp) struct bitset *seen = bitset_create(domains->n + 1);

    for (size_t i = bitset_next(l->nodes, 0); i < l->nodes->nbits;
         i = bitset_next(l->nodes, i + 1))
        if (domains->of[i] != UINT32_MAX)
            bitset_set(seen, domains->of[i]);
    return (uint32_t)bitset_count(seen);
}

/* A node that is in no domain is as bad as can be. */
static void add_spread(struct liking *l, const Berth__PodSpread *spread)
{
    const struct domains *domains = class_domains(l->classes, spread->domain);
    cleanup(freep) uint32_t *counts = xcalloc(domains->n + 1, sizeof(*counts));
    double factor = log(n_domains(l, domains) + 2.0);

    spread_add_to(l->classes, l->pod, spread, domains, counts);
    for (size_t i = bitset_next(l->nodes, 0); i < l->nodes->nbits;
         i = bitset_next(l->nodes, i + 1))
        l->crowd[i] += domains->of[i] == UINT32_MAX
                           ? INFINITY
                           : counts[domains->of[i]] * factor + (spread->max_skew - 1.0);
}

/* ------------------------------------------------------------------ costs */

struct range {
    int64_t best;       /* of likes */
    double least, most; /* of crowds in domains */
};

static struct range range_of(const struct liking *l)
{
    struct range range = {.best = INT64_MIN, .least = INFINITY};

    for (size_t i = bitset_next(l->nodes, 0); i < l->nodes->nbits;
         i = bitset_next(l->nodes, i + 1)) {
        range.best = l->likes[i] > range.best ? l->likes[i] : range.best;
        range.least = fmin(range.least, l->crowd[i]);
        if (isfinite(l->crowd[i]))
            range.most = fmax(range.most, l->crowd[i]);
    }
    return range;
}

static uint32_t cost_of(const struct liking *l, const struct range *range, size_t node)
{
    int64_t cost = range->best - l->likes[node];

    if (!isfinite(l->crowd[node]))
        cost += isfinite(range->least) ? SPREAD_COST : 0;
    else if (range->most > 0)
        cost += llround(SPREAD_COST * (l->crowd[node] - range->least) / range->most);
    return cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX;
}

/* False: they are all the same. */
static bool fill_costs(const struct liking *l, uint32_t *ret)
{
    const struct range range = range_of(l);
    size_t first = bitset_next(l->nodes, 0);
    bool differs = false;

    for (size_t i = first; i < l->nodes->nbits; i = bitset_next(l->nodes, i + 1)) {
        ret[i] = cost_of(l, &range, i);
        differs |= ret[i] != ret[first];
    }
    return differs;
}

bool pod_classes_like(struct pod_classes *pc, uint32_t class,
                      const struct bitset *nodes, uint32_t *ret_costs)
{
    const struct pod_class *it = pod_class_of(pc, class);
    size_t n = pc->labels->n_nodes + 1;
    struct liking l = {.classes = pc, .pod = it->place, .nodes = nodes};
    bool differs;

    if (!it->likes && !it->has_soft_spread && pc->n_like == 0)
        return false;
    l.likes = xcalloc(n, sizeof(*l.likes));
    l.crowd = xcalloc(n, sizeof(*l.crowd));
    if (it->likes)
        like_others(&l);
    if (pc->n_like > 0)
        be_liked(&l);
    for (size_t i = 0; i < it->place->n_spreads; i++)
        if (it->place->spreads[i]->is_wish)
            add_spread(&l, it->place->spreads[i]);
    differs = fill_costs(&l, ret_costs);
    free(l.likes);
    free(l.crowd);
    return differs;
}
