/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_place.c - selectors, affinity, tolerations and spread
 */
#include "objects/rules.h"

#include <string.h>

#include "base/strv.h"
#include "base/units.h"

#define same(a, b) (strcmp(a, b) == 0)

static void judge_values(const struct rules *r, const char *path, bool needs_values,
                         char *const *values)
{
    if (needs_values && !strv_len(values))
        rule_broken(r, below(path, ".values").s, "In and NotIn need values");
    else if (!needs_values && strv_len(values))
        rule_broken(r, below(path, ".values").s,
                    "Exists and DoesNotExist have no values");
}

void judge_selector(const struct rules *r, const char *path,
                    const struct mf_selector *selector)
{
    if (!selector)
        return;
    for (size_t i = 0; i < selector->expressions.n; i++) {
        const struct mf_requirement *one = &selector->expressions.items[i];

        judge_values(r, below(path, ".matchExpressions[%zu]", i).s,
                     one->op == MF_SELECT_IN || one->op == MF_SELECT_NOT_IN,
                     one->values);
    }
}

static void judge_node_requirement(const struct rules *r, const char *path,
                                   const struct mf_node_requirement *one)
{
    int64_t number;

    switch (one->op) {
    case MF_NODE_IN:
    case MF_NODE_NOT_IN:
    case MF_NODE_EXISTS:
    case MF_NODE_ABSENT:
        judge_values(r, path, one->op == MF_NODE_IN || one->op == MF_NODE_NOT_IN,
                     one->values);
        break;
    case MF_NODE_ABOVE:
    case MF_NODE_BELOW:
        if (strv_len(one->values) != 1 ||
            number_parse(one->values[0], INT64_MIN, INT64_MAX, &number, NULL) < 0)
            rule_broken(r, below(path, ".values").s,
                        "Gt and Lt need one whole number, in quotes");
        break;
    case MF_NODE_UNSAID:
        break;
    }
}

static void judge_node_field(const struct rules *r, const char *path,
                             const struct mf_node_requirement *one)
{
    if (!same(one->key, "metadata.name"))
        rule_broken(r, below(path, ".key").s,
                    "metadata.name is the one field of nodes");
    if ((one->op != MF_NODE_IN && one->op != MF_NODE_NOT_IN) ||
        strv_len(one->values) != 1)
        rule_broken(r, path, "fields take In or NotIn with one value");
}

static void judge_node_term(const struct rules *r, const char *path,
                            const struct mf_node_term *term)
{
    for (size_t i = 0; i < term->expressions.n; i++)
        judge_node_requirement(r, below(path, ".matchExpressions[%zu]", i).s,
                               &term->expressions.items[i]);
    for (size_t i = 0; i < term->fields.n; i++)
        judge_node_field(r, below(path, ".matchFields[%zu]", i).s,
                         &term->fields.items[i]);
    if (!term->expressions.n && !term->fields.n)
        rule_doubtful(r, path, "an empty term: no node fits");
}

void judge_node_selector(const struct rules *r, const char *path,
                         const struct mf_node_selector *selector)
{
    for (size_t i = 0; selector && i < selector->terms.n; i++)
        judge_node_term(r, below(path, ".nodeSelectorTerms[%zu]", i).s,
                        &selector->terms.items[i]);
}

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static void judge_node_affinity(const struct rules *r, const char *path,
                                const struct mf_node_affinity *affinity)
{
    if (!affinity)
        return;
    judge_node_selector(r, below(path, "." REQUIRED).s, affinity->required);
    for (size_t i = 0; i < affinity->preferred.n; i++)
        judge_node_term(r, below(path, "." PREFERRED "[%zu].preference", i).s,
                        affinity->preferred.items[i].term);
}

/* As the API has it: they only add to a selector, and a key stands in one of both. */
static void judge_keys(const struct rules *r, const char *path,
                       const struct mf_selector *selector, char **keys)
{
    if (!keys || !*keys)
        return;
    if (!selector) {
        rule_broken(r, path, "it adds to labelSelector, and there is none");
        return;
    }
    strv_foreach (key, keys)
        for (size_t i = 0; i < selector->expressions.n; i++)
            if (strcmp(selector->expressions.items[i].key, *key) == 0)
                rule_broken(r, path, "labelSelector has a condition on '%.64s'", *key);
}

static void judge_pod_term(const struct rules *r, const char *path,
                           const struct mf_pod_term *term)
{
    judge_selector(r, below(path, ".labelSelector").s, term->selector);
    judge_selector(r, below(path, ".namespaceSelector").s, term->name_space_selector);
    judge_keys(r, below(path, ".matchLabelKeys").s, term->selector, term->match_keys);
    judge_keys(r, below(path, ".mismatchLabelKeys").s, term->selector,
               term->mismatch_keys);
}

static void judge_pod_affinity(const struct rules *r, const char *path,
                               const struct mf_pod_affinity *affinity)
{
    if (!affinity)
        return;
    for (size_t i = 0; i < affinity->required.n; i++)
        judge_pod_term(r, below(path, "." REQUIRED "[%zu]", i).s,
                       &affinity->required.items[i]);
    for (size_t i = 0; i < affinity->preferred.n; i++)
        judge_pod_term(r, below(path, "." PREFERRED "[%zu].podAffinityTerm", i).s,
                       affinity->preferred.items[i].term);
}

static void judge_toleration(const struct rules *r, const char *path,
                             const struct mf_toleration *toleration)
{
    if (!toleration->key && toleration->op != MF_TOLERATE_EXISTS)
        rule_broken(r, below(path, ".operator").s,
                    "without a key it must be Exists, which tolerates all");
    if (toleration->op == MF_TOLERATE_EXISTS && toleration->value)
        rule_broken(r, below(path, ".value").s, "Exists has no value");
    if (toleration->seconds != MF_UNSET && toleration->effect != MF_NO_EXECUTE)
        rule_broken(r, below(path, ".effect").s,
                    "tolerationSeconds belongs to NoExecute");
}

static void judge_spread(const struct rules *r, const char *path,
                         const struct mf_spread *spread)
{
    if (spread->min_domains != MF_UNSET && spread->kind != MF_SPREAD_MUST)
        rule_broken(r, below(path, ".minDomains").s, "it belongs to DoNotSchedule");
    judge_selector(r, below(path, ".labelSelector").s, spread->selector);
    judge_keys(r, below(path, ".matchLabelKeys").s, spread->selector,
               spread->match_keys);
}

void judge_place(const struct rules *r, const char *path,
                 const struct mf_pod_spec *spec)
{
    if (spec->affinity) {
        struct rule_path at = below(path, ".affinity");

        judge_node_affinity(r, below(at.s, ".nodeAffinity").s, spec->affinity->node);
        judge_pod_affinity(r, below(at.s, ".podAffinity").s, spec->affinity->pod);
        judge_pod_affinity(r, below(at.s, ".podAntiAffinity").s, spec->affinity->anti);
    }
    for (size_t i = 0; i < spec->tolerations.n; i++)
        judge_toleration(r, below(path, ".tolerations[%zu]", i).s,
                         &spec->tolerations.items[i]);
    for (size_t i = 0; i < spec->spread.n; i++)
        judge_spread(r, below(path, ".topologySpreadConstraints[%zu]", i).s,
                     &spec->spread.items[i]);
}
