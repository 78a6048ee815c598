/* SPDX-License-Identifier: Apache-2.0
 *
 * node_select.c - which nodes meet conditions on their labels and taints
 *
 * As the API has it: NotIn and DoesNotExist hold where the label is missing, Gt and
 * Lt only where it is a number, and a term without conditions nowhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "affinity/node_labels.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"

#define TAINT_WEIGHT 100

static bool is_op(const Berth__LabelRule *rule, const char *op)
{
    return strcmp(rule->op, op) == 0;
}

static bool is_among(const Berth__LabelRule *rule, const char *value)
{
    for (size_t i = 0; i < rule->n_values; i++)
        if (strcmp(rule->values[i], value) == 0)
            return true;
    return false;
}

static bool compares(const Berth__LabelRule *rule, const char *value, int sign)
{
    int64_t has, than;

    if (rule->n_values != 1 ||
        number_parse(value, INT64_MIN, INT64_MAX, &has, NULL) < 0 ||
        number_parse(rule->values[0], INT64_MIN, INT64_MAX, &than, NULL) < 0)
        return false;
    return sign > 0 ? has > than : has < than;
}

bool label_rule_holds(const Berth__LabelRule *rule, const char *value)
{
    if (is_op(rule, "In"))
        return value && is_among(rule, value);
    if (is_op(rule, "NotIn"))
        return !value || !is_among(rule, value);
    if (is_op(rule, "Exists"))
        return value != NULL;
    if (is_op(rule, "DoesNotExist"))
        return value == NULL;
    if (is_op(rule, "Gt"))
        return value && compares(rule, value, 1);
    return is_op(rule, "Lt") && value && compares(rule, value, -1);
}

/* ------------------------------------------------------------------ terms */

/* Each value of the label is judged once, and so is its absence. */
static void rule_nodes(const struct node_labels *labels, const Berth__LabelRule *rule,
                       struct bitset *ret)
{
    bitset_clear_all(ret);
    if (strcmp(rule->key, LABEL_HOSTNAME) == 0) {
        for (size_t i = 0; i < labels->n_nodes; i++)
            if (label_rule_holds(rule, labels->names[i]))
                bitset_set(ret, i);
        return;
    }
    if (label_rule_holds(rule, NULL))
        bitset_set_range(ret, 0, labels->n_nodes);
    for (size_t i = 0; i < labels->n_labels; i++) {
        const struct node_label *label = &labels->labels[i];

        if (strcmp(label->key, rule->key) != 0)
            continue;
        if (label_rule_holds(rule, label->value))
            bitset_or(ret, label->nodes);
        else
            bitset_andnot(ret, label->nodes);
    }
}

static void term_nodes(const struct node_labels *labels, const Berth__LabelTerm *term,
                       struct bitset *ret)
{
    cleanup(bitset_destroyp) struct bitset *one = bitset_create(labels->n_nodes);

    bitset_clear_all(ret);
    if (term->n_rules > 0)
        bitset_set_range(ret, 0, labels->n_nodes);
    for (size_t i = 0; i < term->n_rules; i++) {
        rule_nodes(labels, term->rules[i], one);
        bitset_and(ret, one);
    }
}

static void terms_nodes(const struct node_labels *labels, const Berth__PodPlace *place,
                        struct bitset *ret)
{
    cleanup(bitset_destroyp) struct bitset *one = bitset_create(labels->n_nodes);

    bitset_clear_all(ret);
    if (place->n_nodes == 0)
        bitset_set_range(ret, 0, labels->n_nodes);
    for (size_t i = 0; i < place->n_nodes; i++) {
        term_nodes(labels, place->nodes[i], one);
        bitset_or(ret, one);
    }
}

/* ------------------------------------------------------------------ taints */

static bool tolerates(const Berth__PodToleration *t, const struct node_taint *taint)
{
    if (*t->effect && strcmp(t->effect, taint->effect) != 0)
        return false;
    if (*t->key && strcmp(t->key, taint->key) != 0)
        return false;
    return t->any_value || strcmp(t->value, taint->value) == 0;
}

static bool is_tolerated(const Berth__PodPlace *place, const struct node_taint *taint)
{
    for (size_t i = 0; i < place->n_tolerations; i++)
        if (tolerates(place->tolerations[i], taint))
            return true;
    return false;
}

static bool is_hard(const struct node_taint *taint)
{
    return strcmp(taint->effect, "PreferNoSchedule") != 0;
}

/* It keeps the pod away for good, or for now. */
static bool keeps_away(const struct node_taint *taint, const Berth__PodPlace *place,
                       bool is_passing)
{
    return taint->is_passing == is_passing && is_hard(taint) &&
           !is_tolerated(place, taint);
}

void node_select(const struct node_labels *labels, const Berth__PodPlace *place,
                 struct bitset *ret)
{
    terms_nodes(labels, place, ret);
    for (size_t i = 0; i < labels->n_taints; i++)
        if (keeps_away(&labels->taints[i], place, false))
            bitset_andnot(ret, labels->taints[i].nodes);
}

bool node_select_barred(const struct node_labels *labels, const Berth__PodPlace *place,
                        struct bitset *ret)
{
    bitset_clear_all(ret);
    for (size_t i = 0; i < labels->n_taints; i++)
        if (keeps_away(&labels->taints[i], place, true))
            bitset_or(ret, labels->taints[i].nodes);
    return bitset_next(ret, 0) < ret->nbits;
}

/* Of tolerations that fit, the first counts. */
int64_t taint_stay(const Berth__PodPlace *place, const char *key, const char *value,
                   const char *effect)
{
    union {
        const char *word;
        char *text;
    } words[] = {{key}, {value}, {effect}};
    const struct node_taint taint = {
        .key = words[0].text, .value = words[1].text, .effect = words[2].text};

    for (size_t i = 0; i < place->n_tolerations; i++)
        if (tolerates(place->tolerations[i], &taint))
            return place->tolerations[i]->seconds > 0
                       ? place->tolerations[i]->seconds - 1
                       : STAYS_FOR_EVER;
    return 0;
}

/* ------------------------------------------------------------------ why not */

static bool is_empty(const struct bitset *set)
{
    return bitset_next(set, 0) >= set->nbits;
}

/* The entry of all keys, or of all values of 'key', that is nearest to 'word'. */
static const char *near_label(const struct node_labels *labels, const char *key,
                              const char *word)
{
    cleanup(freep) const char **words = xcalloc(labels->n_labels + 1, sizeof(*words));
    size_t n = 0;

    for (size_t i = 0; i < labels->n_labels; i++) {
        const struct node_label *label = &labels->labels[i];

        if (is_empty(label->nodes) || (key && strcmp(label->key, key) != 0))
            continue;
        words[n++] = key ? label->value : label->key;
    }
    return nearest_name(word, words, n);
}

static bool has_key(const struct node_labels *labels, const char *key)
{
    for (size_t i = 0; i < labels->n_labels; i++)
        if (strcmp(labels->labels[i].key, key) == 0 &&
            !is_empty(labels->labels[i].nodes))
            return true;
    return strcmp(key, LABEL_HOSTNAME) == 0;
}

static int say_rule(const struct node_labels *labels, const Berth__LabelRule *rule,
                    struct err *err)
{
    const char *value = rule->n_values ? rule->values[0] : "", *near;

    if (!has_key(labels, rule->key)) {
        near = near_label(labels, NULL, rule->key);
        return err_set(err, EINVAL, "no node has the label '%.80s'%s%s%s", rule->key,
                       near ? "; did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
    }
    if (strcmp(rule->key, LABEL_HOSTNAME) == 0)
        near = nearest_name(value, labels->names, labels->n_nodes);
    else
        near = near_label(labels, rule->key, value);
    return err_set(err, EINVAL, "no node has '%.80s' %s '%.60s'%s%s%s", rule->key,
                   rule->op, value, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

int node_select_why(const struct node_labels *labels, const Berth__PodPlace *place,
                    struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(labels->n_nodes);

    for (size_t t = 0; t < place->n_nodes; t++)
        for (size_t r = 0; r < place->nodes[t]->n_rules; r++) {
            rule_nodes(labels, place->nodes[t]->rules[r], set);
            if (is_empty(set))
                return say_rule(labels, place->nodes[t]->rules[r], err);
        }
    terms_nodes(labels, place, set);
    if (is_empty(set))
        return err_set(err, EINVAL, "no node meets all conditions of one term");
    for (size_t i = 0; i < labels->n_taints; i++) {
        const struct node_taint *taint = &labels->taints[i];

        if (keeps_away(taint, place, false) && bitset_intersects(taint->nodes, set))
            return err_set(err, EINVAL,
                           "the nodes that fit have taints that it does not tolerate: "
                           "%.60s=%.60s:%s",
                           taint->key, taint->value, taint->effect);
    }
    return err_set(err, EINVAL, "no node fits");
}

/* ------------------------------------------------------------------ levels */

static void add_scores(const struct bitset *nodes, uint32_t weight, uint32_t *scores)
{
    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        scores[i] += weight;
}

static void score_nodes(const struct node_labels *labels, const Berth__PodPlace *place,
                        uint32_t *scores)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(labels->n_nodes);

    for (size_t i = 0; i < place->n_better_nodes; i++) {
        term_nodes(labels, place->better_nodes[i], set);
        add_scores(set, place->better_nodes[i]->weight, scores);
    }
    for (size_t i = 0; i < labels->n_taints; i++) {
        if (is_hard(&labels->taints[i]) || is_tolerated(place, &labels->taints[i]))
            continue;
        bitset_set_range(set, 0, labels->n_nodes);
        bitset_andnot(set, labels->taints[i].nodes);
        add_scores(set, TAINT_WEIGHT, scores);
    }
}

static int by_lacks(const void *pa, const void *pb)
{
    const struct node_level *a = pa, *b = pb;

    return (a->lacks > b->lacks) - (a->lacks < b->lacks);
}

static struct node_level *level_of(struct node_level **levels, size_t *n,
                                   uint32_t lacks, size_t n_nodes)
{
    for (size_t i = 0; i < *n; i++)
        if ((*levels)[i].lacks == lacks)
            return &(*levels)[i];
    *levels = xrealloc(*levels, *n + 1, sizeof(**levels));
    (*levels)[*n] =
        (struct node_level){.nodes = bitset_create(n_nodes), .lacks = lacks};
    return &(*levels)[(*n)++];
}

size_t node_levels(const struct node_labels *labels, const Berth__PodPlace *place,
                   struct node_level **ret)
{
    cleanup(freep) uint32_t *scores = xcalloc(labels->n_nodes + 1, sizeof(*scores));
    struct node_level *levels = NULL;
    uint32_t best = 0;
    size_t n = 0;

    *ret = NULL;
    score_nodes(labels, place, scores);
    for (size_t i = 0; i < labels->n_nodes; i++)
        best = scores[i] > best ? scores[i] : best;
    for (size_t i = 0; i < labels->n_nodes; i++)
        bitset_set(level_of(&levels, &n, best - scores[i], labels->n_nodes)->nodes, i);
    if (n < 2) {
        node_levels_free(levels, n);
        return 0;
    }
    qsort(levels, n, sizeof(*levels), by_lacks);
    *ret = levels;
    return n;
}

void node_levels_free(struct node_level *levels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bitset_destroy(levels[i].nodes);
    free(levels);
}
