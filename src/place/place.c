/* SPDX-License-Identifier: Apache-2.0
 *
 * place.c - search the switch tree for the best placement
 *
 * From the leaves to the root: every switch of one height offers selections of
 * nodes; the few that look best by what the nodes alone tell get their cores
 * chosen and are scored in full. The first height with an offer is the last
 * that is looked at.
 */
#include "place/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/cores.h"
#include "place/devices.h"
#include "place/pick.h"
#include "place/score.h"

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
    struct place_cluster *cluster;
    const struct switch_tree *tree;
    unsigned int flags;
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
    const struct place_node *node = &s->cluster->nodes[i];
    if (!bitset_test(s->cluster->usable, i) || !place_want_may_use(&s->want, i))
        return;
    struct candidate c = {.node = i, .n_cores = node->n_cores, .free = node->n_free};
    c.capacity = place_want_on_node(&s->want, s->cluster, i, false);
    if (c.capacity < s->want.per_node || c.capacity == 0)
        return;
    c.required = s->want.req->required && bitset_test(s->want.req->required, i);
    s->n_required += c.required;
    s->candidates[s->n_candidates++] = c;
}

static void find_candidates(struct search *s)
{
    size_t n_nodes = s->cluster->n_nodes;
    s->candidates = xcalloc(n_nodes + 1, sizeof(*s->candidates));
    s->first_from = xcalloc(n_nodes + 1, sizeof(*s->first_from));
    for (uint32_t i = 0; i < n_nodes; i++) {
        s->first_from[i] = (uint32_t)s->n_candidates;
        consider(s, i);
    }
    s->first_from[n_nodes] = (uint32_t)s->n_candidates;
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
    for (size_t i = bitset_next(below, 0); i < s->cluster->n_nodes;
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
                          const struct place_share *share, const uint32_t *counts)
{
    if (req->exclusive)
        return place_node_free_memory(node);
    uint64_t memory =
        req->mem_per_node ? req->mem_per_node : req->mem_per_cpu * share->n_cores;
    for (uint32_t g = 0; g < req->n_gres; g++)
        memory += req->gres[g].memory * counts[g];
    return memory;
}

/* What of a demand for the whole job falls on this share, when what is asked is
 * dealt out by tasks; 'before' tasks stand on the shares before it. */
static uint32_t part_of_job(const struct place_gres *gres, uint64_t all,
                            uint64_t before, uint64_t tasks)
{
    uint64_t from = before * gres->count / all;
    uint64_t to = (before + tasks) * gres->count / all;
    return (uint32_t)(to - from);
}

static void fill_share(const struct search *s, const struct candidate *c, uint64_t all,
                       uint64_t before, struct place_share *share)
{
    const struct place_request *req = s->want.req;
    const struct place_node *node = &s->cluster->nodes[c->node];
    cleanup(freep) uint32_t *counts = xcalloc(req->n_gres + 1, sizeof(*counts));
    share->node = c->node;
    share->tasks = c->tasks;
    for (uint32_t g = 0; g < req->n_gres; g++)
        counts[g] = req->gres[g].per == PLACE_PER_JOB
                        ? part_of_job(&req->gres[g], all, before, c->tasks)
                        : place_want_devices(&s->want, &req->gres[g], c->tasks);
    if (node->free_cores)
        place_cores_choose(&s->want, node, share);
    else
        share->n_cores = req->exclusive
                             ? node->n_cores
                             : place_want_cores(&s->want, c->tasks, node->n_free);
    place_devices_choose(&s->want, s->cluster, counts, share);
    share->memory = memory_of(req, node, share, counts);
}

static struct place_result *result_of(const struct search *s, const struct offer *offer)
{
    struct place_result *result = place_result_create(offer->n);
    uint64_t all = 0, before = 0;
    for (size_t i = 0; i < offer->n; i++)
        all += offer->set[i].tasks;
    for (size_t i = 0; i < offer->n; i++) {
        fill_share(s, &offer->set[i], all, before, &result->shares[i]);
        before += offer->set[i].tasks;
    }
    place_score_parts(s->cluster, s->want.req, result, &result->parts);
    result->score = place_score(&result->parts, &s->weights);
    return result;
}

static char *runner_up_words(const struct search *s, const struct place_result *r)
{
    cleanup(freep) char *parts = place_words(&r->parts);
    const char *first = s->cluster->nodes[r->shares[0].node].name;
    return r->n_shares == 1
               ? xasprintf("%s: %s", first, parts)
               : xasprintf("%s and %zu more: %s", first, r->n_shares - 1, parts);
}

/* The better of two stays in '*best'; the other is looked at as its runner-up. */
static void keep_better(const struct search *s, struct place_result **best,
                        struct place_result *result)
{
    struct place_result *loser = result;
    if (!*best || result->score < (*best)->score) {
        loser = *best;
        *best = result;
    }
    if (!loser)
        return;
    struct place_result *winner = *best;
    if (!(winner->runner_up_score <= loser->score)) {
        winner->runner_up_score = loser->score;
        if (s->flags & PLACE_RUNNER_UP) {
            free(winner->runner_up);
            winner->runner_up = runner_up_words(s, loser);
        }
    }
    place_result_destroy(loser);
}

static struct place_result *best_result(const struct search *s)
{
    struct place_result *best = NULL;
    for (size_t i = 0; i < s->n_offers; i++)
        keep_better(s, &best, result_of(s, &s->offers[i]));
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
                       s->cluster->nodes[i].name);
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

static void finish(const struct search *s, struct place_result *result)
{
    for (size_t i = 0; i < result->n_shares; i++)
        if (result->shares[i].task_cores)
            place_cores_bind(s->cluster->nodes[result->shares[i].node].topo,
                             s->want.req->bind, &result->shares[i]);
    if (s->flags & PLACE_WHY)
        result->why = place_words(&result->parts);
}

int place_choose(struct place_cluster *cluster, const struct place_request *req,
                 const struct place_weights *weights, unsigned int flags,
                 struct place_result **ret, struct err *err)
{
    int rc = place_check(cluster, req, NULL, err);
    if (rc < 0)
        return rc;
    cleanup(search_fini) struct search s = {.cluster = cluster,
                                            .tree = cluster->tree,
                                            .flags = flags,
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
    finish(&s, best);
    *ret = best;
    return 0;
}
