/* SPDX-License-Identifier: Apache-2.0
 *
 * node_labels.h - labels and taints of nodes, and conditions on them
 *
 * Labels are sets of nodes: a cluster has few different ones. Only the name of a
 * node, which is its label kubernetes.io/hostname, is not kept so.
 */
#ifndef BERTH_AFFINITY_NODE_LABELS_H
#define BERTH_AFFINITY_NODE_LABELS_H

#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"
#include "wire/messages.pb-c.h"

#define LABEL_HOSTNAME "kubernetes.io/hostname"

struct node_label {
    char *key, *value;
    struct bitset *nodes;
};
struct node_taint {
    char *key, *value, *effect;
    bool is_passing; /* not of the configuration: nodes get it and lose it again */
    struct bitset *nodes;
};

struct node_labels {
    const char *const *names;
    size_t n_nodes;
    struct node_label *labels;
    struct node_taint *taints;
    size_t n_labels, n_taints;
};

/* 'names' are borrowed as long as the result lives. */
struct node_labels *node_labels_create(const char *const *names, size_t n_nodes);
void node_labels_destroy(struct node_labels *labels);

/* A second value of the same key for a node takes the place of the first. */
void node_labels_set(struct node_labels *labels, uint32_t node, const char *key,
                     const char *value);
/* "zone=a,example.com/rack=r1,quiet". -EINVAL with words. */
int node_labels_read(struct node_labels *labels, uint32_t node, const char *text,
                     struct err *err);
/* "dedicated=bio:NoSchedule,slow:PreferNoSchedule". -EINVAL with words. */
int node_taints_read(struct node_labels *labels, uint32_t node, const char *text,
                     struct err *err);

/* "KEY=VALUE:EFFECT", "KEY:EFFECT" in its parts, heap. -EINVAL with words. */
struct taint_words {
    char *key, *value, *effect;
};
int taint_parse(const char *words, struct taint_words *ret, struct err *err);
void taint_words_fini(struct taint_words *taint);

/* A passing one, "dedicated=bio:NoSchedule", comes (or goes). -EINVAL with words;
 * -EEXIST, -ENOENT: it is there, or not there, already. */
int node_taint_set(struct node_labels *labels, uint32_t node, const char *words,
                   bool on, struct err *err);

/* As lists of the caller's (strv): "zone=a"; "dedicated=bio:NoSchedule". */
char **node_labels_list(const struct node_labels *labels, uint32_t node);
char **node_taints_list(const struct node_labels *labels, uint32_t node);

/* A number for each node: the same where the label has the same value, UINT32_MAX
 * where it is missing. The caller frees it. */
uint32_t *node_domains(const struct node_labels *labels, const char *key);

/* ------------------------------------------------------------ node_select.c */

#define STAYS_FOR_EVER INT64_MAX

/* For how many seconds 'place' stays on a node that gets this taint: 0 when it does not
 * tolerate it, or its effect ends nobody. */
int64_t taint_stay(const Berth__PodPlace *place, const char *key, const char *value,
                   const char *effect);

/* The nodes where one of the terms holds (none: all), as far as 'place' tolerates
 * their taints NoSchedule and NoExecute that do not pass. */
void node_select(const struct node_labels *labels, const Berth__PodPlace *place,
                 struct bitset *ret);
/* The nodes with passing ones that it does not tolerate; false: there are none. */
bool node_select_barred(const struct node_labels *labels, const Berth__PodPlace *place,
                        struct bitset *ret);
/* Why that is no node: the condition that none meets, with the nearest label. */
int node_select_why(const struct node_labels *labels, const Berth__PodPlace *place,
                    struct err *err);

/* Nodes that are equally well liked. */
struct node_level {
    struct bitset *nodes;
    uint32_t lacks; /* weights that the best has and these have not, 100 a taint */
};
/* All nodes in levels, the best first; 0: nothing is liked better than anything. The
 * caller frees them with node_levels_free. */
size_t node_levels(const struct node_labels *labels, const Berth__PodPlace *place,
                   struct node_level **ret);
void node_levels_free(struct node_level *levels, size_t n);

/* Does it hold for a label with this value (NULL: there is none)? */
bool label_rule_holds(const Berth__LabelRule *rule, const char *value);

#endif
