/* SPDX-License-Identifier: Apache-2.0
 *
 * place.c - search the switch tree for the best placement
 *
 * From the leaves to the root: every switch of one height offers selections of
 * nodes; the few that look best by what the nodes alone tell get their cores
 * chosen and are scored in full. The first height with an offer is the last
 * that is looked at.
 */
#include "topo/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/place_cores.h"
#include "topo/place_pick.h"
#include "topo/place_score.h"

#define OFFERS_MAX 8

const struct place_weights place_weights_default = PLACE_WEIGHTS_DEFAULT;

/* Nodes with their tasks, and what is known of the score so far. */
struct offer {
    struct candidate *set;
    size_t n;
    double cost;
    uint64_t leftover;
};

struct search {
    const struct switch_tree *tree;
    const struct place_node *nodes;
    size_t n_nodes;
    struct place_want want;
    struct place_weights weights;
    struct candidate *candidates; /* by node index */
    uint32_t *first_from;         /* by node: its candidate or the next one's */
    size_t n_candidates, n_required;
    struct offer offers[OFFERS_MAX]; /* best first */
    size_t n_offers;
};

static void search_fini(struct search *s)
{
    for (size_t i = 0; i < s->n_offers; i++)
        free(s->offers[i].set);
    free(s->candidates);
    free(s->first_from);
}

static void consider(struct search *s, uint32_t i)
{
    const struct place_node *node = &s->nodes[i];
    if (!node->topo || !place_want_may_use(&s->want, s->nodes, i))
        return;
    struct candidate c = {.node = i,
                          .n_cores = node->topo->n_cores,
                          .free = (uint32_t)bitset_count(node->free_cores)};
    if (s->want.req->exclusive && c.free < c.n_cores)
        return;
    c.capacity = place_want_capacity(&s->want, c.free, node->free_memory);
    if (c.capacity < s->want.per_node)
        return;
    c.required = s->want.req->required && bitset_test(s->want.req->required, i);
    s->n_required += c.required;
    s->candidates[s->n_candidates++] = c;
}

static void find_candidates(struct search *s)
{
    s->candidates = xcalloc(s->n_nodes + 1, sizeof(*s->candidates));
    s->first_from = xcalloc(s->n_nodes + 1, sizeof(*s->first_from));
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        s->first_from[i] = (uint32_t)s->n_candidates;
        consider(s, i);
    }
    s->first_from[s->n_nodes] = (uint32_t)s->n_candidates;
    /* Without a count of tasks, as many nodes as there are. */
    if (s->want.tasks == 0 && s->n_candidates >= s->want.nodes_min) {
        if (s->want.nodes_max > s->n_candidates)
            s->want.nodes_max = (uint32_t)s->n_candidates;
        s->want.nodes_min = s->want.nodes_max;
    }
}

static int by_node(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    return (a->node > b->node) - (a->node < b->node);
}

static struct offer offer_of(const struct search *s, const struct candidate *set,
                             size_t n)
{
    struct offer offer = {.n = n, .set = xmemdup(set, n * sizeof(*set))};
    qsort(offer.set, n, sizeof(*offer.set), by_node);
    cleanup(freep) uint32_t *nodes = xcalloc(n, sizeof(*nodes));
    struct place_parts parts = {0};
    for (size_t i = 0; i < n; i++) {
        nodes[i] = offer.set[i].node;
        parts.split += candidate_is_split(&s->want, &offer.set[i], offer.set[i].tasks);
        offer.leftover +=
            candidate_leftover(&s->want, &offer.set[i], offer.set[i].tasks);
    }
    place_score_switches(s->tree, nodes, n, &parts);
    offer.cost = place_score_nodes(&parts, &s->weights);
    return offer;
}

static bool is_better(const struct search *s, const struct offer *a,
                      const struct offer *b)
{
    if (a->cost != b->cost)
        return a->cost < b->cost;
    if (a->leftover != b->leftover)
        return (a->leftover < b->leftover) == (s->want.req->policy == PLACE_COMPACT);
    return a->set[0].node < b->set[0].node;
}

/* Keep the offer if it is among the best so far. */
static void add_offer(struct search *s, const struct candidate *set, size_t n)
{
    struct offer offer = offer_of(s, set, n);
    size_t at = s->n_offers;
    while (at > 0 && is_better(s, &offer, &s->offers[at - 1]))
        at--;
    if (at == OFFERS_MAX) {
        free(offer.set);
        return;
    }
    if (s->n_offers == OFFERS_MAX)
        free(s->offers[--s->n_offers].set);
    memmove(&s->offers[at + 1], &s->offers[at],
            (s->n_offers - at) * sizeof(s->offers[0]));
    s->offers[at] = offer;
    s->n_offers++;
}

/* What candidates hang from one switch. */
struct bunch {
    uint32_t n;
    bool required;
};

/* Of two switches, is the first one to take before the other? One with required
 * nodes is; then the one that 'needed' nodes fit best, or the larger. */
static bool goes_before(const struct bunch *a, const struct bunch *b, size_t needed)
{
    if (a->required != b->required)
        return a->required;
    if (a->n >= needed && b->n >= needed)
        return a->n < b->n;
    return a->n > b->n;
}

static uint32_t choose_switch(const struct search *s, const struct bunch *bunches,
                              const struct candidate *set, size_t n, size_t needed)
{
    uint32_t best = switch_tree_switch_of(s->tree, set[0].node);
    for (size_t i = 1; i < n; i++) {
        uint32_t sw = switch_tree_switch_of(s->tree, set[i].node);
        if (goes_before(&bunches[sw], &bunches[best], needed))
            best = sw;
    }
    return best;
}

/* Reorder 'set' so that the candidates of a few switches come first: all that
 * are required, and at least 'needed'. Returns how many those are. */
static size_t gather_by_switch(const struct search *s, struct candidate *set, size_t n,
                               size_t needed)
{
    cleanup(freep) struct bunch *bunches =
        xcalloc(switch_tree_n_switches(s->tree), sizeof(*bunches));
    for (size_t i = 0; i < n; i++) {
        struct bunch *bunch = &bunches[switch_tree_switch_of(s->tree, set[i].node)];
        bunch->n++;
        bunch->required |= set[i].required;
    }
    size_t first = 0;
    while (first < n) {
        size_t missing = first < needed ? needed - first : 0;
        uint32_t sw = choose_switch(s, bunches, set + first, n - first, missing);
        if (missing == 0 && !bunches[sw].required)
            break;
        for (size_t i = first; i < n; i++) {
            if (switch_tree_switch_of(s->tree, set[i].node) != sw)
                continue;
            struct candidate c = set[i];
            set[i] = set[first];
            set[first++] = c;
        }
    }
    return first;
}

/* What the nodes below a switch offer: the best of all of them, and the best of
 * as few of its switches as have nodes enough. */
static void try_switch(struct search *s, uint32_t sw, struct candidate *set, size_t n)
{
    size_t used;
    if (!place_pick(&s->want, set, n, &used))
        return;
    add_offer(s, set, used);
    if (switch_tree_height(s->tree, sw) == 0)
        return;
    qsort(set, n, sizeof(*set), by_node);
    n = gather_by_switch(s, set, n, used);
    if (place_pick(&s->want, set, n, &used))
        add_offer(s, set, used);
}

static size_t candidates_below(const struct search *s, uint32_t sw,
                               struct candidate *set, size_t *ret_required)
{
    const struct bitset *below = switch_tree_nodes_below(s->tree, sw);
    size_t n = 0;
    *ret_required = 0;
    for (size_t i = bitset_next(below, 0); i < s->n_nodes;
         i = bitset_next(below, i + 1)) {
        if (s->first_from[i] == s->first_from[i + 1])
            continue;
        set[n++] = s->candidates[s->first_from[i]];
        *ret_required += set[n - 1].required;
    }
    return n;
}

static void search_switches(struct search *s)
{
    cleanup(freep) struct candidate *set = xcalloc(s->n_candidates + 1, sizeof(*set));
    size_t n_switches = switch_tree_n_switches(s->tree), required;
    unsigned int height = 0;
    for (uint32_t sw = 0; sw < n_switches; sw++) {
        if (switch_tree_height(s->tree, sw) > height && s->n_offers > 0)
            return;
        height = switch_tree_height(s->tree, sw);
        size_t n = candidates_below(s, sw, set, &required);
        if (n >= s->want.nodes_min && required == s->n_required)
            try_switch(s, sw, set, n);
    }
}

/* A single node needs no switch: each one that holds it is an offer. */
static bool search_single_nodes(struct search *s)
{
    if (s->want.nodes_min > 1 || s->n_required > 1)
        return false;
    for (size_t i = 0; i < s->n_candidates; i++) {
        struct candidate c = s->candidates[i];
        size_t used;
        if (c.required == (s->n_required == 1) && place_pick(&s->want, &c, 1, &used))
            add_offer(s, &c, 1);
    }
    return s->n_offers > 0;
}

static uint64_t memory_of(const struct place_request *req,
                          const struct place_node *node,
                          const struct place_share *share)
{
    if (req->exclusive)
        return node->free_memory;
    return req->mem_per_node ? req->mem_per_node
                             : req->mem_per_cpu * bitset_count(share->cores);
}

static struct place_result *result_of(const struct search *s, const struct offer *offer)
{
    struct place_result *result = xcalloc(1, sizeof(*result));
    result->shares = xcalloc(offer->n, sizeof(*result->shares));
    result->n_shares = offer->n;
    for (size_t i = 0; i < offer->n; i++) {
        const struct place_node *node = &s->nodes[offer->set[i].node];
        struct place_share *share = &result->shares[i];
        share->node = offer->set[i].node;
        share->tasks = offer->set[i].tasks;
        place_cores_choose(&s->want, node, share);
        share->memory = memory_of(s->want.req, node, share);
    }
    struct place_parts parts;
    place_score_parts(s->tree, s->nodes, s->want.req, result, &parts);
    result->score = place_score(&parts, &s->weights);
    result->why = place_score_words(&parts);
    return result;
}

static struct place_result *best_result(const struct search *s)
{
    struct place_result *best = NULL;
    for (size_t i = 0; i < s->n_offers; i++) {
        struct place_result *result = result_of(s, &s->offers[i]);
        if (best && result->score >= best->score) {
            place_result_destroy(result);
            continue;
        }
        place_result_destroy(best);
        best = result;
    }
    return best;
}

static int say_what_is_short(const struct search *s, struct err *err)
{
    const struct place_request *req = s->want.req;
    if (req->required && s->n_required < bitset_count(req->required)) {
        size_t i = bitset_next(req->required, 0);
        for (size_t c = 0; c < s->n_candidates; c++)
            if (s->candidates[c].node == i)
                i = bitset_next(req->required, i + 1);
        return err_set(err, EAGAIN, "node %s of --nodelist has no room now",
                       s->nodes[i].name);
    }
    if (s->n_candidates < s->want.nodes_min)
        return err_set(err, EAGAIN, "%u node%s needed, %zu %s room now",
                       s->want.nodes_min, s->want.nodes_min == 1 ? " is" : "s are",
                       s->n_candidates, s->n_candidates == 1 ? "has" : "have");
    uint64_t room = 0;
    for (size_t i = 0; i < s->n_candidates; i++)
        room += s->candidates[i].capacity;
    if (room < s->want.tasks)
        return err_set(err, EAGAIN, "there is room for %llu of %u tasks now",
                       (unsigned long long)room, s->want.tasks);
    return err_set(err, EAGAIN, "no %u nodes have room for %u tasks now",
                   s->want.nodes_max, s->want.tasks);
}

int place_choose(const struct switch_tree *tree, const struct place_node *nodes,
                 size_t n_nodes, const struct place_request *req,
                 const struct place_weights *weights, struct place_result **ret,
                 struct err *err)
{
    int rc = place_check(nodes, n_nodes, req, NULL, err);
    if (rc < 0)
        return rc;
    cleanup(search_fini) struct search s = {.tree = tree,
                                            .nodes = nodes,
                                            .n_nodes = n_nodes,
                                            .want = place_want_of(req),
                                            .weights = *weights};
    /* A job that spreads is meant to open free nodes. */
    if (req->policy == PLACE_SPREAD)
        s.weights.fragmentation = 0;
    find_candidates(&s);
    bool complete = !req->required || s.n_required == bitset_count(req->required);
    if (complete && !search_single_nodes(&s))
        search_switches(&s);
    struct place_result *best = best_result(&s);
    if (!best)
        return say_what_is_short(&s, err);
    for (size_t i = 0; i < best->n_shares; i++)
        place_cores_bind(nodes[best->shares[i].node].topo, req->bind, &best->shares[i]);
    *ret = best;
    return 0;
}
