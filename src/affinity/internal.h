/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - classes of pods, shared by the files that judge them
 */
#ifndef BERTH_AFFINITY_INTERNAL_H
#define BERTH_AFFINITY_INTERNAL_H

#include "affinity/pod_classes.h"

struct pod_class {
    Berth__PodPlace *place;
    uint8_t *key; /* the same, packed */
    size_t key_len;
    uint32_t *count; /* by node; NULL: none has run yet */
    uint32_t n;      /* that run now */
    bool depends, keeps_away;
    bool likes, has_soft_spread; /* wishes: other pods beside it or away; to spread */
};

/* Nodes by the value of a label. */
struct domains {
    char *key;
    uint32_t *of; /* by node */
    uint32_t n;   /* numbers are below */
};

struct pod_classes {
    const struct node_labels *labels;
    struct pod_class *classes;
    size_t n;
    struct domains *domains;
    size_t n_domains;
    uint32_t n_keep_away; /* pods that run and want some others away */
    uint32_t n_like;      /* that run and would like some beside them, or away */
};

bool class_rules_hold(Berth__LabelRule *const *rules, size_t n,
                      const Berth__PodPlace *pod);
/* Whether a relation of 'by', who says which namespaces it means, or means its own,
 * is to 'pod'. */
bool class_is_meant(const Berth__PodPlace *by, const Berth__PodRelation *relation,
                    const Berth__PodPlace *pod);
/* Valid until the next call. */
const struct domains *class_domains(struct pod_classes *pc, const char *key);
/* Pods by domain: of one class, added to 'counts'. */
void class_add_counts(const struct pod_class *class, const struct domains *domains,
                      size_t n_nodes, uint32_t *counts);

#endif
