/* SPDX-License-Identifier: Apache-2.0
 *
 * offer.c - selections of nodes, the best of which gets the job
 *
 * Offers are worked out in the order of what their nodes alone cost. When one
 * costs nothing beyond that, none behind it can be better.
 */
#include "place/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "place/score.h"
#include "place/share.h"

/* Shares that are worked out in full for one request at most. */
#define SHARES_MAX 4096

void offers_fini(struct offers *offers)
{
    for (size_t i = 0; i < offers->n; i++)
        free(offers->at[i].nodes);
}

static struct offer offer_of(const struct offers *offers,
                             const struct pick_class *classes, struct pick_node *nodes,
                             uint32_t n)
{
    struct offer offer = {.nodes = nodes, .n = n};
    cleanup(freep) uint32_t *many = n > 1 ? xmalloc(n * sizeof(*many)) : NULL;
    uint32_t one, *indexes = n > 1 ? many : &one;
    for (uint32_t i = 0; i < n; i++) {
        const struct pick_class *class = &classes[nodes[i].class];
        indexes[i] = nodes[i].node;
        offer.parts.split += pick_is_split(offers->want, class, nodes[i].tasks);
        offer.leftover += pick_leftover(offers->want, class, nodes[i].tasks);
    }
    place_score_switches(offers->cluster->tree, indexes, n, &offer.parts);
    offer.cost = place_score_nodes(&offer.parts, &offers->weights);
    return offer;
}

static bool is_better(const struct offers *offers, const struct offer *a,
                      const struct offer *b)
{
    bool compact = offers->want->req->policy == PLACE_COMPACT;
    if (a->cost != b->cost)
        return a->cost < b->cost;
    if (a->leftover != b->leftover)
        return (a->leftover < b->leftover) == compact;
    return a->nodes[0].node < b->nodes[0].node;
}

void offers_add(struct offers *offers, const struct pick_class *classes,
                struct pick_node *nodes, uint32_t n)
{
    uint32_t switches_max = offers->want->req->switches_max;
    struct offer offer = offer_of(offers, classes, nodes, n);
    size_t at = offers->n;
    while (at > 0 && is_better(offers, &offer, &offers->at[at - 1]))
        at--;
    if (at == OFFERS_MAX || (switches_max && offer.parts.switches > switches_max)) {
        free(nodes);
        return;
    }
    if (offers->n == OFFERS_MAX)
        free(offers->at[--offers->n].nodes);
    memmove(&offers->at[at + 1], &offers->at[at],
            (offers->n - at) * sizeof(offers->at[0]));
    offers->at[at] = offer;
    offers->n++;
}

/* ------------------------------------------------------------------- the best */

static uint64_t tasks_of(const struct offer *offer)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < offer->n; i++)
        all += offer->nodes[i].tasks;
    return all;
}

/* All parts of an offer; false: a node does not hold it after all. */
static bool measure(const struct offers *offers, struct place_cluster *cluster,
                    const struct offer *offer, struct place_parts *ret)
{
    struct share_part part = {.all = tasks_of(offer)};
    *ret = offer->parts;
    for (uint32_t i = 0; i < offer->n; i++) {
        part.node = offer->nodes[i].node;
        part.tasks = offer->nodes[i].tasks;
        if (share_measure(cluster, offers->want, &offers->weights, &part, ret) < 0)
            return false;
        part.before += part.tasks;
    }
    return true;
}

static struct place_result *result_of(const struct offers *offers,
                                      struct place_cluster *cluster,
                                      const struct offer *offer, unsigned int flags)
{
    struct place_result *result = place_result_create(offer->n);
    struct share_part part = {.all = tasks_of(offer)};
    for (uint32_t i = 0; i < offer->n; i++) {
        part.node = offer->nodes[i].node;
        part.tasks = offer->nodes[i].tasks;
        share_fill(cluster, offers->want, &offers->weights, &part, flags,
                   &result->shares[i]);
        part.before += part.tasks;
    }
    return result;
}

/* "n17 and 3 more: 1 switch (...) ..." */
static char *name_offer(const struct offers *offers, const struct offer *offer,
                        const struct place_parts *parts)
{
    const char *first = offers->cluster->nodes[offer->nodes[0].node].name;
    cleanup(freep) char *words = place_words(parts);
    return offer->n == 1 ? xasprintf("%s: %s", first, words)
                         : xasprintf("%s and %u more: %s", first, offer->n - 1, words);
}

/* The best offer and the next best, with their parts. */
struct ranking {
    const struct offer *first, *second;
    struct place_parts first_parts, second_parts;
    double first_score, second_score;
};

static void rank(struct ranking *r, const struct offer *offer,
                 const struct place_parts *parts, double score)
{
    if (!r->first || score < r->first_score) {
        r->second = r->first;
        r->second_parts = r->first_parts;
        r->second_score = r->first_score;
        r->first = offer;
        r->first_parts = *parts;
        r->first_score = score;
    } else if (!r->second || score < r->second_score) {
        r->second = offer;
        r->second_parts = *parts;
        r->second_score = score;
    }
}

static struct ranking rank_offers(const struct offers *offers,
                                  struct place_cluster *cluster, unsigned int flags)
{
    struct ranking r = {0};
    size_t shares = 0;
    for (size_t i = 0; i < offers->n; i++) {
        const struct offer *offer = &offers->at[i];
        bool unbeaten = r.first && r.first_score <= offer->cost;
        bool enough = r.second || !(flags & PLACE_RUNNER_UP);
        if (r.first && ((unbeaten && enough) || shares > SHARES_MAX))
            break;
        struct place_parts parts;
        if (measure(offers, cluster, offer, &parts))
            rank(&r, offer, &parts, place_score(&parts, &offers->weights));
        shares += offer->n;
    }
    return r;
}

struct place_result *offers_best(const struct offers *offers,
                                 struct place_cluster *cluster, unsigned int flags)
{
    struct ranking r = rank_offers(offers, cluster, flags);
    if (!r.first)
        return NULL;
    struct place_result *result = result_of(offers, cluster, r.first, flags);
    result->parts = r.first_parts;
    result->score = r.first_score;
    if (flags & PLACE_WHY)
        result->why = place_words(&result->parts);
    if (r.second)
        result->runner_up_score = r.second_score;
    if (r.second && (flags & PLACE_RUNNER_UP))
        result->runner_up = name_offer(offers, r.second, &r.second_parts);
    return result;
}
