/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_place.c - what of a pod's manifest says where it may run
 */
#include "controller/pods/pod_place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "affinity/node_labels.h"
#include "controller/objects/object_make.h"
#include "controller/objects/object_spaces.h"
#include "objects/find.h"

#define HOSTNAME "kubernetes.io/hostname"
#define SPACE_LABEL "kubernetes.io/metadata.name"

#define WORD(id, word) word,

/* Selections of pods are the first of those of nodes. */
static const char *const operators[] = {"", MF_NODE_SELECTIONS(WORD)};

struct making {
    const struct controller *ctl;
    const Berth__ObjectRecord *record;
    const struct mf_pod *pod;
    char *space;
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

/* Without a selector it means no pod; with an empty one all. */
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

/* Those that have the pod's own values of these labels, or others; a label that it does
 * not have says nothing. */
static void add_keys(struct making *m, Berth__LabelRule ***rules, size_t *n,
                     char **keys, const char *op)
{
    const mf_pairs *labels = &m->pod->meta->labels;

    strv_foreach (key, keys)
        for (size_t i = 0; i < labels->n; i++) {
            char *value[] = {labels->items[i].value, NULL};

            if (strcmp(labels->items[i].key, *key) == 0)
                add_rule(rules, n, *key, op, value);
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
            to->seconds = (from->seconds > 0 ? from->seconds : 0) + 1;
    }
}

/* ------------------------------------------------------------------ other pods */

static void add_name_space(struct making *m, Berth__PodRelation *relation,
                           const char *name)
{
    relation->name_spaces = xrealloc(relation->name_spaces, relation->n_name_spaces + 1,
                                     sizeof(*relation->name_spaces));
    relation->name_spaces[relation->n_name_spaces++] =
        strcmp(name, "default") == 0 && strncmp(m->space, "default", 7) == 0
            ? xstrdup(m->space)
            : object_space_named(name, m->record->owner_uid);
}

/* The one label that a namespace has, as in Kubernetes, is its name. */
static int check_space_rules(struct making *m, Berth__LabelRule *const *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rules[i]->key, SPACE_LABEL) != 0)
            return err_set(m->err, ENOTSUP,
                           "spec.affinity: namespaceSelector: %.64s: namespaces have "
                           "no label but " SPACE_LABEL,
                           rules[i]->key);
    return 0;
}

/* Of the namespaces of its owner, those that are selected; none is no namespace. */
static int select_spaces(struct making *m, Berth__PodRelation *relation,
                         const struct mf_selector *selector)
{
    Berth__LabelTerm term = BERTH__LABEL_TERM__INIT;
    cleanup(strv_freep) char **mine =
        object_spaces_of(m->ctl, m->record->owner_uid, m->record->owner_user);
    int rc;

    add_selector(m, &term.rules, &term.n_rules, selector);
    rc = check_space_rules(m, term.rules, term.n_rules);
    strv_foreach (name, mine) {
        bool holds = rc == 0;

        for (size_t i = 0; holds && i < term.n_rules; i++)
            holds = label_rule_holds(term.rules[i], *name);
        if (holds)
            add_name_space(m, relation, *name);
    }
    if (rc == 0 && relation->n_name_spaces == 0)
        add_name_space(m, relation, OBJECT_SPACE_NONE);
    for (size_t i = 0; i < term.n_rules; i++)
        berth__label_rule__free_unpacked(term.rules[i], NULL);
    free(term.rules);
    return rc;
}

static Berth__PodRelation *relation_new(Berth__PodPlace *place)
{
    Berth__PodRelation *relation = xmalloc(sizeof(*relation));

    berth__pod_relation__init(relation);
    place->relations =
        xrealloc(place->relations, place->n_relations + 1, sizeof(*place->relations));
    place->relations[place->n_relations++] = relation;
    return relation;
}

/* 'weight' 0: it must be. */
static int make_relation(struct making *m, const struct mf_pod_term *term, bool apart,
                         int64_t weight)
{
    Berth__PodRelation *relation = relation_new(m->place);

    add_selector(m, &relation->pods, &relation->n_pods, term->selector);
    add_keys(m, &relation->pods, &relation->n_pods, term->match_keys, "In");
    add_keys(m, &relation->pods, &relation->n_pods, term->mismatch_keys, "NotIn");
    relation->domain = xstrdup(term->topology_key);
    relation->is_apart = apart;
    relation->weight = (uint32_t)weight;
    strv_foreach (name, term->name_spaces)
        add_name_space(m, relation, *name);
    return term->name_space_selector
               ? select_spaces(m, relation, term->name_space_selector)
               : 0;
}

static int make_relations(struct making *m, const struct mf_pod_affinity *affinity,
                          bool apart)
{
    int rc = 0;

    for (size_t i = 0; affinity && rc == 0 && i < affinity->required.n; i++)
        rc = make_relation(m, &affinity->required.items[i], apart, 0);
    for (size_t i = 0; affinity && rc == 0 && i < affinity->preferred.n; i++)
        rc = make_relation(m, affinity->preferred.items[i].term, apart,
                           affinity->preferred.items[i].weight);
    return rc;
}

static void make_spread(struct making *m, const struct mf_spread *from)
{
    Berth__PodPlace *place = m->place;
    Berth__PodSpread *spread = xmalloc(sizeof(*spread));

    berth__pod_spread__init(spread);
    add_selector(m, &spread->pods, &spread->n_pods, from->selector);
    add_keys(m, &spread->pods, &spread->n_pods, from->match_keys, "In");
    spread->is_wish = from->kind != MF_SPREAD_MUST;
    spread->domain = xstrdup(from->topology_key);
    spread->max_skew = (uint32_t)from->max_skew;
    spread->min_domains =
        from->min_domains == MF_UNSET ? 0 : (uint32_t)from->min_domains;
    spread->ignores_nodes = from->affinity == MF_NODES_IGNORE;
    if (from->taints == MF_NODES_IGNORE)
        words_add(m->warning, "spec.topologySpreadConstraints: nodeTaintsPolicy: nodes "
                              "whose taints are not tolerated do not count");
    place->spreads =
        xrealloc(place->spreads, place->n_spreads + 1, sizeof(*place->spreads));
    place->spreads[place->n_spreads++] = spread;
}

/* What tells the pods of one Job apart: they are of one class all the same. */
static bool is_of_one_pod(const char *label)
{
    return strcmp(label, POD_INDEX_LABEL) == 0;
}

/* ------------------------------------------------------------------ ports of nodes */

static const char *ip_of(const struct mf_port *port)
{
    return port->host_ip && strcmp(port->host_ip, "0.0.0.0") != 0 ? port->host_ip : "";
}

/* No label that anybody may give a pod has a colon. */
static char *port_key(const struct mf_port *port)
{
    return xasprintf(":%" PRId64 "/%s", port->host_port,
                     port->protocol == MF_UDP ? "UDP" : "TCP");
}

/* Those of its node that lead to the pod. */
static void each_port(const struct mf_pod_spec *spec,
                      void (*each)(Berth__PodPlace *place, const struct mf_port *port),
                      Berth__PodPlace *place)
{
    for (size_t i = 0; !spec->has_host_network && i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        for (size_t k = 0; k < c->ports.n; k++)
            if (c->ports.items[k].host_port > 0)
                each(place, &c->ports.items[k]);
    }
}

static void add_label(Berth__PodPlace *place, char *label)
{
    place->labels =
        xrealloc(place->labels, place->n_labels + 1, sizeof(*place->labels));
    place->labels[place->n_labels++] = label;
}

static void label_port(Berth__PodPlace *place, const struct mf_port *port)
{
    cleanup(freep) char *key = port_key(port);

    add_label(place, xasprintf("%s=%s", key, ip_of(port)));
}

/* Away from whoever has it, of all namespaces. */
static void keep_port_apart(Berth__PodPlace *place, const struct mf_port *port)
{
    char none[] = "", *ip = (char *)(uintptr_t)ip_of(port);
    char *const values[] = {none, ip, NULL};
    cleanup(freep) char *key = port_key(port);
    Berth__PodRelation *relation = relation_new(place);

    add_rule(&relation->pods, &relation->n_pods, key, *ip ? "In" : "Exists",
             *ip ? values : NULL);
    relation->domain = xstrdup(HOSTNAME);
    relation->is_apart = true;
    relation->name_spaces = xcalloc(1, sizeof(*relation->name_spaces));
    relation->name_spaces[relation->n_name_spaces++] = xstrdup("");
}

static void make_labels(Berth__PodPlace *place, const struct mf_pod *pod)
{
    const mf_pairs *labels = &pod->meta->labels;

    for (size_t i = 0; i < labels->n; i++)
        if (!is_of_one_pod(labels->items[i].key))
            add_label(place,
                      xasprintf("%s=%s", labels->items[i].key,
                                labels->items[i].value ? labels->items[i].value : ""));
    each_port(pod->spec, label_port, place);
}

static bool has_labels(const Berth__PodPlace *place, const Berth__PodPlace *of)
{
    for (size_t i = 0; i < of->n_labels; i++) {
        bool is_there = false;

        for (size_t k = 0; k < place->n_labels && !is_there; k++)
            is_there = strcmp(place->labels[k], of->labels[i]) == 0;
        if (!is_there)
            return false;
    }
    return true;
}

bool pod_place_relabel(Berth__PodPlace *place, const struct mf_pod *pod)
{
    Berth__PodPlace made = BERTH__POD_PLACE__INIT;
    bool differs;

    make_labels(&made, pod);
    differs = made.n_labels != place->n_labels || !has_labels(place, &made);
    for (size_t i = 0; i < place->n_labels; i++)
        free(place->labels[i]);
    free(place->labels);
    place->labels = made.labels;
    place->n_labels = made.n_labels;
    return differs;
}

int pod_place_make(const struct controller *ctl, const Berth__ObjectRecord *record,
                   const struct mf_pod *pod, Berth__PodPlace **ret, char **warning,
                   struct err *err)
{
    const struct mf_affinity *affinity = pod->spec->affinity;
    cleanup(freep) char *space = object_space_of(record);
    struct making m = {.ctl = ctl,
                       .record = record,
                       .pod = pod,
                       .space = space,
                       .place = xmalloc(sizeof(*m.place)),
                       .warning = warning,
                       .err = err};
    int rc = 0;

    berth__pod_place__init(m.place);
    make_nodes(&m);
    make_tolerations(&m);
    make_labels(m.place, pod);
    m.place->name_space = xstrdup(space);
    for (size_t i = 0; i < pod->spec->spread.n; i++)
        make_spread(&m, &pod->spec->spread.items[i]);
    if (affinity)
        rc = make_relations(&m, affinity->pod, false);
    if (rc == 0 && affinity)
        rc = make_relations(&m, affinity->anti, true);
    if (rc == 0 && ctl->config->pods.cidr)
        each_port(pod->spec, keep_port_apart, m.place);
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

int pod_place_check(const struct controller *ctl, const Berth__JobSpec *spec,
                    struct err *err)
{
    const Berth__PodPlace *place = spec->pod ? spec->pod->place : NULL;

    for (size_t i = 0; place && i < place->n_relations; i++)
        for (size_t k = 0; k < place->relations[i]->n_name_spaces; k++) {
            const char *space = place->relations[i]->name_spaces[k];

            if (*space && !object_space_is_seen(ctl, spec->uid, spec->user, space))
                return err_set(err, EACCES,
                               "spec.affinity: namespaces: you are not in %.64s",
                               space);
        }
    return 0;
}
