/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_place.c - what of a pod's manifest says where it may run
 */
#include "controller/pod_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "controller/object_make.h"

#define HOSTNAME "kubernetes.io/hostname"

#define WORD(id, word) word,

/* Selections of pods are the first of those of nodes. */
static const char *const operators[] = {"", MF_NODE_SELECTIONS(WORD)};

struct making {
    const struct mf_pod *pod;
    const char *space;
    Berth__PodPlace *place;
    char **warning;
    struct err *err;
};

/* ------------------------------------------------------------------ conditions */

static Berth__LabelRule *rule_new(const char *key, const char *op, char *const *values)
{
    Berth__LabelRule *rule = xmalloc(sizeof(*rule));

    berth__label_rule__init(rule);
    rule->key = xstrdup(key);
    rule->op = xstrdup(op);
    rule->n_values = strv_len(values);
    rule->values = xcalloc(rule->n_values + 1, sizeof(*rule->values));
    for (size_t i = 0; i < rule->n_values; i++)
        rule->values[i] = xstrdup(values[i]);
    return rule;
}

static void add_rule(Berth__LabelRule ***rules, size_t *n, const char *key,
                     const char *op, char *const *values)
{
    *rules = xrealloc(*rules, *n + 1, sizeof(**rules));
    (*rules)[(*n)++] = rule_new(key, op, values);
}

static void add_pairs(Berth__LabelRule ***rules, size_t *n, const mf_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        char *value[] = {pairs->items[i].value, NULL};

        add_rule(rules, n, pairs->items[i].key, "In", value);
    }
}

/* Without a selector it means no pod; with an empty one all. */
/* Pods are not told apart by it: see make_labels. */
static void warn_of_index(struct making *m, const struct mf_selector *selector)
{
    bool is_named = false;

    for (size_t i = 0; i < selector->match_labels.n; i++)
        is_named |= strcmp(selector->match_labels.items[i].key, POD_INDEX_LABEL) == 0;
    for (size_t i = 0; i < selector->expressions.n; i++)
        is_named |= strcmp(selector->expressions.items[i].key, POD_INDEX_LABEL) == 0;
    if (is_named)
        words_add(m->warning,
                  "labelSelector: pods are not told apart by " POD_INDEX_LABEL);
}

static void add_selector(struct making *m, Berth__LabelRule ***rules, size_t *n,
                         const struct mf_selector *selector)
{
    if (!selector) {
        add_rule(rules, n, "", "never", NULL);
        return;
    }
    warn_of_index(m, selector);
    add_pairs(rules, n, &selector->match_labels);
    for (size_t i = 0; i < selector->expressions.n; i++) {
        const struct mf_requirement *one = &selector->expressions.items[i];

        add_rule(rules, n, one->key, operators[one->op], one->values);
    }
}

/* ------------------------------------------------------------------ nodes */

static Berth__LabelTerm *term_new(const struct mf_node_term *term,
                                  const mf_pairs *selector)
{
    Berth__LabelTerm *made = xmalloc(sizeof(*made));

    berth__label_term__init(made);
    for (size_t i = 0; term && i < term->expressions.n; i++) {
        const struct mf_node_requirement *one = &term->expressions.items[i];

        add_rule(&made->rules, &made->n_rules, one->key, operators[one->op],
                 one->values);
    }
    /* metadata.name is the one field of nodes. */
    for (size_t i = 0; term && i < term->fields.n; i++)
        add_rule(&made->rules, &made->n_rules, HOSTNAME,
                 operators[term->fields.items[i].op], term->fields.items[i].values);
    /* An empty term is met by no node, whatever the selector adds. */
    if (selector && (!term || made->n_rules > 0))
        add_pairs(&made->rules, &made->n_rules, selector);
    return made;
}

static void make_nodes(struct making *m)
{
    const struct mf_pod_spec *spec = m->pod->spec;
    const struct mf_node_affinity *affinity =
        spec->affinity ? spec->affinity->node : NULL;
    const struct mf_node_selector *required = affinity ? affinity->required : NULL;
    size_t n = required ? required->terms.n : spec->node_selector.n > 0;
    Berth__PodPlace *place = m->place;

    place->nodes = xcalloc(n + 1, sizeof(*place->nodes));
    for (size_t i = 0; i < n; i++)
        place->nodes[place->n_nodes++] =
            term_new(required ? &required->terms.items[i] : NULL, &spec->node_selector);
    n = affinity ? affinity->preferred.n : 0;
    place->better_nodes = xcalloc(n + 1, sizeof(*place->better_nodes));
    for (size_t i = 0; i < n; i++) {
        Berth__LabelTerm *term = term_new(affinity->preferred.items[i].term, NULL);

        term->weight = (uint32_t)affinity->preferred.items[i].weight;
        place->better_nodes[place->n_better_nodes++] = term;
    }
}

static const char *effect_of(enum mf_effect effect)
{
    static const char *const effects[] = {"", MF_EFFECTS(WORD)};

    return effects[effect];
}

static void make_tolerations(struct making *m)
{
    const struct mf_pod_spec *spec = m->pod->spec;
    Berth__PodPlace *place = m->place;

    place->tolerations = xcalloc(spec->tolerations.n + 1, sizeof(*place->tolerations));
    for (size_t i = 0; i < spec->tolerations.n; i++) {
        const struct mf_toleration *from = &spec->tolerations.items[i];
        Berth__PodToleration *to = xmalloc(sizeof(*to));

        berth__pod_toleration__init(to);
        to->key = xstrdup(from->key ? from->key : "");
        to->any_value = from->op == MF_TOLERATE_EXISTS;
        to->value = xstrdup(from->value ? from->value : "");
        to->effect = xstrdup(effect_of(from->effect));
        place->tolerations[place->n_tolerations++] = to;
        if (from->seconds != MF_UNSET)
            words_add(m->warning,
                      "spec.tolerations: tolerationSeconds: a pod of a node "
                      "that is lost stays as long as any job would");
    }
}

/* ------------------------------------------------------------------ other pods */

static const char *space_of(const struct making *m, const char *name)
{
    bool is_own = strcmp(name, "default") == 0 && strncmp(m->space, "default", 7) == 0;

    return is_own ? m->space : name;
}

static int make_relation(struct making *m, const struct mf_pod_term *term, bool apart)
{
    Berth__PodPlace *place = m->place;
    Berth__PodRelation *relation;

    if (term->name_space_selector)
        return err_set(m->err, ENOTSUP,
                       "spec.affinity: namespaceSelector: namespaces have no labels; "
                       "name them in 'namespaces'");
    relation = xmalloc(sizeof(*relation));
    berth__pod_relation__init(relation);
    add_selector(m, &relation->pods, &relation->n_pods, term->selector);
    relation->domain = xstrdup(term->topology_key);
    relation->is_apart = apart;
    relation->n_name_spaces = strv_len(term->name_spaces);
    relation->name_spaces =
        xcalloc(relation->n_name_spaces + 1, sizeof(*relation->name_spaces));
    for (size_t i = 0; i < relation->n_name_spaces; i++)
        relation->name_spaces[i] = xstrdup(space_of(m, term->name_spaces[i]));
    place->relations =
        xrealloc(place->relations, place->n_relations + 1, sizeof(*place->relations));
    place->relations[place->n_relations++] = relation;
    return 0;
}

static int make_relations(struct making *m, const struct mf_pod_affinity *affinity,
                          bool apart)
{
    int rc = 0;

    for (size_t i = 0; affinity && rc == 0 && i < affinity->required.n; i++)
        rc = make_relation(m, &affinity->required.items[i], apart);
    if (affinity && affinity->preferred.n > 0)
        words_add(m->warning,
                  apart ? "spec.affinity.podAntiAffinity: preferred terms are not "
                          "looked at"
                        : "spec.affinity.podAffinity: preferred terms are not looked "
                          "at");
    return rc;
}

static void make_spread(struct making *m, const struct mf_spread *from)
{
    Berth__PodPlace *place = m->place;
    Berth__PodSpread *spread;

    if (from->kind != MF_SPREAD_MUST) {
        words_add(m->warning, "spec.topologySpreadConstraints: ScheduleAnyway is not "
                              "looked at");
        return;
    }
    spread = xmalloc(sizeof(*spread));
    berth__pod_spread__init(spread);
    add_selector(m, &spread->pods, &spread->n_pods, from->selector);
    spread->domain = xstrdup(from->topology_key);
    spread->max_skew = (uint32_t)from->max_skew;
    spread->min_domains =
        from->min_domains == MF_UNSET ? 0 : (uint32_t)from->min_domains;
    spread->ignores_nodes = from->affinity == MF_NODES_IGNORE;
    if (from->taints == MF_NODES_HONOR)
        words_add(m->warning, "spec.topologySpreadConstraints: nodes whose taints are "
                              "not tolerated count nevertheless");
    place->spreads =
        xrealloc(place->spreads, place->n_spreads + 1, sizeof(*place->spreads));
    place->spreads[place->n_spreads++] = spread;
}

/* What tells the pods of one Job apart: they are of one class all the same. */
static bool is_of_one_pod(const char *label)
{
    return strcmp(label, POD_INDEX_LABEL) == 0;
}

static void make_labels(struct making *m)
{
    const mf_pairs *labels = &m->pod->meta->labels;
    Berth__PodPlace *place = m->place;

    place->labels = xcalloc(labels->n + 1, sizeof(*place->labels));
    for (size_t i = 0; i < labels->n; i++) {
        if (is_of_one_pod(labels->items[i].key))
            continue;
        place->labels[place->n_labels++] =
            xasprintf("%s=%s", labels->items[i].key,
                      labels->items[i].value ? labels->items[i].value : "");
    }
    place->name_space = xstrdup(m->space);
}

int pod_place_make(const struct mf_pod *pod, const char *space, Berth__PodPlace **ret,
                   char **warning, struct err *err)
{
    const struct mf_affinity *affinity = pod->spec->affinity;
    struct making m = {pod, space, xmalloc(sizeof(*m.place)), warning, err};
    int rc = 0;

    berth__pod_place__init(m.place);
    make_nodes(&m);
    make_tolerations(&m);
    make_labels(&m);
    for (size_t i = 0; i < pod->spec->spread.n; i++)
        make_spread(&m, &pod->spec->spread.items[i]);
    if (affinity)
        rc = make_relations(&m, affinity->pod, false);
    if (rc == 0 && affinity)
        rc = make_relations(&m, affinity->anti, true);
    if (rc)
        berth__pod_place__free_unpacked(m.place, NULL);
    else
        *ret = m.place;
    return rc;
}

char *pod_place_qos(const struct config *config, const char *priority_class)
{
    cleanup(strv_freep) char **rows =
        config->pods.priority_classes ? strv_split(config->pods.priority_classes, ",")
                                      : NULL;
    size_t len = strlen(priority_class);

    strv_foreach (row, rows)
        if (strncmp(*row, priority_class, len) == 0 && (*row)[len] == '=')
            return xstrdup(*row + len + 1);
    return xstrdup(priority_class);
}
