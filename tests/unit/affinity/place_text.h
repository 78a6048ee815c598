/* SPDX-License-Identifier: Apache-2.0
 *
 * place_text.h - a PodPlace out of a few words, and sets of nodes as text
 */
#ifndef BERTH_TESTS_AFFINITY_PLACE_TEXT_H
#define BERTH_TESTS_AFFINITY_PLACE_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "affinity/node_labels.h"
#include "base/mem.h"
#include "base/strv.h"

#define N_NODES 6

static const char *const node_names[N_NODES] = {"n0", "n1", "n2", "n3", "n4", "n5"};

/* "zone In a b", "gpu Exists". */
static inline Berth__LabelRule *rule_of(const char *text)
{
    cleanup(strv_freep) char **words = strv_split(text, " ");
    Berth__LabelRule *rule = xmalloc(sizeof(*rule));

    berth__label_rule__init(rule);
    rule->key = xstrdup(words[0]);
    rule->op = xstrdup(words[1]);
    rule->n_values = strv_len(words) - 2;
    rule->values = xcalloc(rule->n_values + 1, sizeof(*rule->values));
    for (size_t i = 0; i < rule->n_values; i++)
        rule->values[i] = xstrdup(words[i + 2]);
    return rule;
}

/* Rules that all hold, with ", " between them. */
static inline Berth__LabelRule **rules_of(const char *text, size_t *ret_n)
{
    cleanup(strv_freep) char **parts = *text ? strv_split(text, ",") : NULL;
    Berth__LabelRule **rules = xcalloc(strv_len(parts) + 1, sizeof(*rules));

    *ret_n = 0;
    strv_foreach (part, parts)
        rules[(*ret_n)++] = rule_of(**part == ' ' ? *part + 1 : *part);
    return rules;
}

static inline Berth__PodPlace *place_new(void)
{
    Berth__PodPlace *place = xmalloc(sizeof(*place));

    berth__pod_place__init(place);
    place->name_space = xstrdup("own");
    return place;
}

/* Not cleaned up by strangers: pod_place__free_unpacked frees all of it. */
#define ADD(list, n, item)                                   \
    do {                                                     \
        (list) = xrealloc((list), (n) + 1, sizeof(*(list))); \
        (list)[(n)++] = (item);                              \
    } while (0)

static inline void add_term(Berth__PodPlace *place, uint32_t weight, const char *rules)
{
    Berth__LabelTerm *term = xmalloc(sizeof(*term));

    berth__label_term__init(term);
    term->rules = rules_of(rules, &term->n_rules);
    term->weight = weight;
    if (weight)
        ADD(place->better_nodes, place->n_better_nodes, term);
    else
        ADD(place->nodes, place->n_nodes, term);
}

static inline void assert_nodes(const struct bitset *set, const char *expected)
{
    cleanup(freep) char *text = bitset_format(set);

    assert_string_equal(text, expected);
}

static inline void place_free(Berth__PodPlace *place)
{
    berth__pod_place__free_unpacked(place, NULL);
}

#endif
