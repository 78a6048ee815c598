/* SPDX-License-Identifier: Apache-2.0
 *
 * switch_tree.h - how the nodes hang together
 */
#ifndef BERTH_TOPO_SWITCH_TREE_H
#define BERTH_TOPO_SWITCH_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct switch_tree;

/* One switch: its name and what hangs from it (host lists; NULL when none). */
struct switch_def {
    const char *name;
    const char *switches;
    const char *nodes;
};

/* Build from definitions for the nodes named 'names' (index = node index). No
 * definitions: one switch above all. Nodes that no switch names hang from the
 * root. Refuses loops, unknown names and a node under two leaves, with words. */
int switch_tree_build(const struct switch_def *defs, size_t n_defs,
                      const char *const *names, size_t n_names,
                      struct switch_tree **ret, struct err *err);
void switch_tree_destroy(struct switch_tree *tree);

size_t switch_tree_n_nodes(const struct switch_tree *tree);
/* Levels up from the leaf switch to the lowest switch above both; 0: same leaf. */
unsigned int switch_tree_distance(const struct switch_tree *tree, uint32_t a, uint32_t b);
/* "spine/leaf1"; the caller frees it. */
char *switch_tree_path(const struct switch_tree *tree, uint32_t node);

#endif
