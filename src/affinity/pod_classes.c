/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_classes.c - which pods run where, and whom a pod wants beside it or not
 */
#include "affinity/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "wire/pack.h"

struct pod_classes *pod_classes_create(const struct node_labels *labels)
{
    struct pod_classes *pc = xcalloc(1, sizeof(*pc));

    pc->labels = labels;
    return pc;
}

void pod_classes_destroy(struct pod_classes *pc)
{
    if (!pc)
        return;
    for (size_t i = 0; i < pc->n; i++) {
        berth__pod_place__free_unpacked(pc->classes[i].place, NULL);
        free(pc->classes[i].key);
        free(pc->classes[i].count);
    }
    for (size_t i = 0; i < pc->n_domains; i++) {
        free(pc->domains[i].key);
        free(pc->domains[i].of);
    }
    free(pc->classes);
    free(pc->domains);
    free(pc);
}

/* ------------------------------------------------------------------ classes */

/* What matters to others and to itself; where it may run is not part of it. */
static uint8_t *key_of(const Berth__PodPlace *place, size_t *ret_len)
{
    Berth__PodPlace key = *place;
    char none[] = "";

    key.n_nodes = key.n_better_nodes = key.n_tolerations = 0;
    key.gang = none;
    key.gang_size = 0;
    return pack_message(&key.base, ret_len);
}

static bool depends(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->weight == 0)
            return true;
    for (size_t i = 0; i < place->n_spreads; i++)
        if (!place->spreads[i]->is_wish)
            return true;
    return false;
}

static bool keeps_away(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->is_apart && place->relations[i]->weight == 0)
            return true;
    return false;
}

static bool likes(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->weight > 0)
            return true;
    return false;
}

static bool has_soft_spread(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_spreads; i++)
        if (place->spreads[i]->is_wish)
            return true;
    return false;
}

uint32_t pod_classes_find(struct pod_classes *pc, const Berth__PodPlace *place)
{
    size_t len;
    uint8_t *key = key_of(place, &len);

    for (size_t i = 0; i < pc->n; i++) {
        const struct pod_class *class = &pc->classes[i];

        if (class->key_len == len && memcmp(class->key, key, len) == 0) {
            free(key);
            return (uint32_t)i + 1;
        }
    }
    pc->classes = xrealloc(pc->classes, pc->n + 1, sizeof(*pc->classes));
    pc->classes[pc->n] =
        (struct pod_class){.place = berth__pod_place__unpack(NULL, len, key),
                           .key = key,
                           .key_len = len,
                           .depends = depends(place),
                           .keeps_away = keeps_away(place),
                           .likes = likes(place),
                           .has_soft_spread = has_soft_spread(place)};
    BUG_ON(!pc->classes[pc->n].place);
    return (uint32_t)++pc->n;
}

bool pod_class_depends(const struct pod_classes *pc, uint32_t class)
{
    return class > 0 && pc->classes[class - 1].depends;
}

void pod_classes_moved(struct pod_classes *pc, uint32_t class, uint32_t node, int by)
{
    struct pod_class *it = &pc->classes[class - 1];

    if (!it->count)
        it->count = xcalloc(pc->labels->n_nodes, sizeof(*it->count));
    it->count[node] += (uint32_t)by;
    it->n += (uint32_t)by;
    if (it->keeps_away)
        pc->n_keep_away += (uint32_t)by;
    if (it->likes)
        pc->n_like += (uint32_t)by;
}

/* ------------------------------------------------------------------ matching */

static const char *value_of(const Berth__PodPlace *pod, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < pod->n_labels; i++)
        if (strncmp(pod->labels[i], key, len) == 0 && pod->labels[i][len] == '=')
            return pod->labels[i] + len + 1;
    return NULL;
}

bool class_rules_hold(Berth__LabelRule *const *rules, size_t n,
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
        in_space = strcmp(relation->name_spaces[i], pod->name_space) == 0;
    return in_space && class_rules_hold(relation->pods, relation->n_pods, pod);
}

const struct domains *class_domains(struct pod_classes *pc, const char *key)
{
    struct domains *new;

    for (size_t i = 0; i < pc->n_domains; i++)
        if (strcmp(pc->domains[i].key, key) == 0)
            return &pc->domains[i];
    pc->domains = xrealloc(pc->domains, pc->n_domains + 1, sizeof(*pc->domains));
    new = &pc->domains[pc->n_domains++];
    *new = (struct domains){.key = xstrdup(key), .of = node_domains(pc->labels, key)};
    for (size_t i = 0; i < pc->labels->n_nodes; i++)
        if (new->of[i] != UINT32_MAX &&new->of[i] >= new->n)
            new->n = new->of[i] + 1;
    return new;
}

void class_add_counts(const struct pod_class *class, const struct domains *domains,
                      size_t n_nodes, uint32_t *counts)
{
    for (size_t i = 0; class->n > 0 && i < n_nodes; i++)
        if (domains->of[i] != UINT32_MAX)
            counts[domains->of[i]] += class->count[i];
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
    uint32_t n = 0;

    for (size_t i = 0; i < pc->n; i++) {
        const struct pod_class *other = &pc->classes[i];

        if (other->n == 0 || !class_is_meant(pod, relation, other->place))
            continue;
        n += other->n;
        class_add_counts(other, domains, pc->labels->n_nodes, counts);
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
    for (size_t c = 0; c < pc->n; c++) {
        const struct pod_class *other = &pc->classes[c];

        for (size_t r = 0; other->n && r < other->place->n_relations; r++) {
            const Berth__PodRelation *relation = other->place->relations[r];
            const struct domains *domains;
            cleanup(freep) uint32_t *counts = NULL;

            if (!relation->is_apart || relation->weight > 0 ||
                !class_is_meant(other->place, relation, pod))
                continue;
            domains = class_domains(pc, relation->domain);
            counts = xcalloc(domains->n + 1, sizeof(*counts));
            class_add_counts(other, domains, pc->labels->n_nodes, counts);
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
    uint32_t own = class_rules_hold(spread->pods, spread->n_pods, pod), least;

    for (size_t i = 0; i < pc->n; i++)
        if (strcmp(pc->classes[i].place->name_space, pod->name_space) == 0 &&
            class_rules_hold(spread->pods, spread->n_pods, pc->classes[i].place))
            class_add_counts(&pc->classes[i], domains, pc->labels->n_nodes, counts);
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
    const Berth__PodPlace *pod = pc->classes[class - 1].place;

    for (size_t i = 0; i < pod->n_relations; i++)
        if (pod->relations[i]->weight == 0)
            narrow_by_relation(pc, pod, pod->relations[i], nodes);
    for (size_t i = 0; i < pod->n_spreads; i++)
        if (!pod->spreads[i]->is_wish)
            narrow_by_spread(pc, pod, pod->spreads[i], may_use, nodes);
    if (pc->n_keep_away > 0)
        narrow_by_others(pc, pod, nodes);
}
