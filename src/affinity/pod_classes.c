/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_classes.c - where a pod may begin beside those that run
 */
#include "affinity/internal.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

/* ------------------------------------------------------------------ matching */

static const char *value_of(const Berth__PodPlace *pod, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < pod->n_labels; i++)
        if (strncmp(pod->labels[i], key, len) == 0 && pod->labels[i][len] == '=')
            return pod->labels[i] + len + 1;
    return NULL;
}

static bool rules_hold(Berth__LabelRule *const *rules, size_t n,
                       const Berth__PodPlace *pod)
{
    for (size_t i = 0; i < n; i++)
        if (!label_rule_holds(rules[i], value_of(pod, rules[i]->key)))
            return false;
    return true;
}

bool class_is_meant(const Berth__PodPlace *by, const Berth__PodRelation *relation,
                    const Berth__PodPlace *pod)
{
    bool in_space =
        relation->n_name_spaces == 0 && strcmp(by->name_space, pod->name_space) == 0;

    for (size_t i = 0; i < relation->n_name_spaces && !in_space; i++)
        in_space = !*relation->name_spaces[i] ||
                   strcmp(relation->name_spaces[i], pod->name_space) == 0;
    return in_space && rules_hold(relation->pods, relation->n_pods, pod);
}

static bool has_label(const struct node_labels *labels, const char *key)
{
    for (size_t i = 0; i < labels->n_labels; i++)
        if (strcmp(labels->labels[i].key, key) == 0)
            return true;
    return strcmp(key, LABEL_HOSTNAME) == 0;
}

/* Those of labels that no node has are not kept: anybody may name any. */
const struct domains *class_domains(struct pod_classes *pc, const char *key)
{
    struct domains *new;

    for (size_t i = 0; i < pc->n_domains; i++)
        if (strcmp(pc->domains[i].key, key) == 0)
            return &pc->domains[i];
    if (!has_label(pc->labels, key))
        return &pc->nowhere;
    pc->domains = xrealloc(pc->domains, pc->n_domains + 1, sizeof(*pc->domains));
    new = &pc->domains[pc->n_domains++];
    *new = (struct domains){.key = xstrdup(key), .of = node_domains(pc->labels, key)};
    for (size_t i = 0; i < pc->labels->n_nodes; i++)
        if (new->of[i] != UINT32_MAX &&new->of[i] >= new->n)
            new->n = new->of[i] + 1;
    return new;
}

void tally_add_to(const struct tally *tally, const struct domains *domains,
                  uint32_t *counts)
{
    for (size_t i = 0; i < tally->n; i++)
        if (domains->of[tally->at[i].node] != UINT32_MAX)
            counts[domains->of[tally->at[i].node]] += tally->at[i].n;
}

void spread_add_to(const struct pod_classes *pc, const Berth__PodPlace *pod,
                   const Berth__PodSpread *spread, const struct domains *domains,
                   uint32_t *counts)
{
    const struct crowd *others, *next;

    HASH_ITER(hh, pc->crowds, others, next)
    {
        if (strcmp(others->place->name_space, pod->name_space) == 0 &&
            rules_hold(spread->pods, spread->n_pods, others->place))
            tally_add_to(&others->tally, domains, counts);
    }
}

/* ------------------------------------------------------------------ relations */

static void keep(const struct domains *domains, const uint32_t *counts, bool with,
                 struct bitset *nodes)
{
    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1)) {
        bool has = domains->of[i] != UINT32_MAX && counts[domains->of[i]] > 0;

        if (has != with)
            bitset_clear(nodes, i);
    }
}

static void keep_labelled(const struct domains *domains, struct bitset *nodes)
{
    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        if (domains->of[i] == UINT32_MAX)
            bitset_clear(nodes, i);
}

/* The first of those who want to be beside each other may begin anywhere. */
static void narrow_by_relation(struct pod_classes *pc, const Berth__PodPlace *pod,
                               const Berth__PodRelation *relation, struct bitset *nodes)
{
    const struct domains *domains = class_domains(pc, relation->domain);
    cleanup(freep) uint32_t *counts = xcalloc(domains->n + 1, sizeof(*counts));
    const struct crowd *others, *next;
    uint32_t n = 0;

    HASH_ITER(hh, pc->crowds, others, next)
    {
        if (others->n_running == 0 || !class_is_meant(pod, relation, others->place))
            continue;
        n += others->n_running;
        tally_add_to(&others->tally, domains, counts);
    }
    if (!relation->is_apart && n == 0 && class_is_meant(pod, relation, pod))
        keep_labelled(domains, nodes);
    else
        keep(domains, counts, !relation->is_apart, nodes);
}

/* Those that run and want such a pod away. */
static void narrow_by_others(struct pod_classes *pc, const Berth__PodPlace *pod,
                             struct bitset *nodes)
{
    const struct pod_class *other;

    DL_FOREACH(pc->asked, other)
    {
        for (size_t r = 0; other->n_running && r < other->place->n_relations; r++) {
            const Berth__PodRelation *relation = other->place->relations[r];
            const struct domains *domains;
            cleanup(freep) uint32_t *counts = NULL;

            if (!relation->is_apart || relation->weight > 0 ||
                !class_is_meant(other->place, relation, pod))
                continue;
            domains = class_domains(pc, relation->domain);
            counts = xcalloc(domains->n + 1, sizeof(*counts));
            tally_add_to(&other->tally, domains, counts);
            keep(domains, counts, false, nodes);
        }
    }
}

/* ------------------------------------------------------------------ spread */

static uint32_t least_of(const struct domains *domains, const uint32_t *counts,
                         const Berth__PodSpread *spread, const struct bitset *may_use)
{
    cleanup(bitset_destroyp) struct bitset *seen = bitset_create(domains->n + 1);
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < may_use->nbits; i++) {
        uint32_t domain = domains->of[i];

        if (domain == UINT32_MAX ||
            (!spread->ignores_nodes && !bitset_test(may_use, i)))
            continue;
        bitset_set(seen, domain);
        least = counts[domain] < least ? counts[domain] : least;
    }
    return bitset_count(seen) < spread->min_domains || least == UINT32_MAX ? 0 : least;
}

static void narrow_by_spread(struct pod_classes *pc, const Berth__PodPlace *pod,
                             const Berth__PodSpread *spread,
                             const struct bitset *may_use, struct bitset *nodes)
{
    const struct domains *domains = class_domains(pc, spread->domain);
    cleanup(freep) uint32_t *counts = xcalloc(domains->n + 1, sizeof(*counts));
    uint32_t own = rules_hold(spread->pods, spread->n_pods, pod), least;

    spread_add_to(pc, pod, spread, domains, counts);
    least = least_of(domains, counts, spread, may_use);
    keep_labelled(domains, nodes);
    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        if (counts[domains->of[i]] + own > least + spread->max_skew)
            bitset_clear(nodes, i);
}

void pod_classes_narrow(struct pod_classes *pc, uint32_t class,
                        const struct bitset *may_use, struct bitset *nodes)
{
    const Berth__PodPlace *pod = pod_class_of(pc, class)->place;

    for (size_t i = 0; i < pod->n_relations; i++)
        if (pod->relations[i]->weight == 0)
            narrow_by_relation(pc, pod, pod->relations[i], nodes);
    for (size_t i = 0; i < pod->n_spreads; i++)
        if (!pod->spreads[i]->is_wish)
            narrow_by_spread(pc, pod, pod->spreads[i], may_use, nodes);
    if (pc->n_keep_away > 0)
        narrow_by_others(pc, pod, nodes);
}
