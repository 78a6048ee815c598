/* SPDX-License-Identifier: Apache-2.0
 *
 * switch_tree.h - how the nodes hang together
 *
 * Switches are numbered 0..n-1, leaves first: a switch comes before the one it
 * hangs from, and the root is the last. A leaf has height 0, another switch one
 * more than its highest child. Nodes may hang from any switch.
 */
#ifndef BERTH_TOPO_SWITCH_TREE_H
#define BERTH_TOPO_SWITCH_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
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

/* "spine/leaf1"; the caller frees it. A root that no definition names is left
 * out, so without definitions it is "". */
char *switch_tree_path(const struct switch_tree *tree, uint32_t node);

/* For placement. */
size_t switch_tree_n_switches(const struct switch_tree *tree);
/* The switch that a node hangs from. */
uint32_t switch_tree_switch_of(const struct switch_tree *tree, uint32_t node);
/* The switch that a switch hangs from; UINT32_MAX for the root. */
uint32_t switch_tree_parent(const struct switch_tree *tree, uint32_t sw);
unsigned int switch_tree_height(const struct switch_tree *tree, uint32_t sw);
/* All nodes at or below a switch. */
const struct bitset *switch_tree_nodes_below(const struct switch_tree *tree,
                                             uint32_t sw);
/* Levels up from the deepest of these nodes (at least one) to the lowest switch
 * above all of them; 0: they share a leaf. */
unsigned int switch_tree_span(const struct switch_tree *tree, const uint32_t *nodes,
                              size_t n_nodes);

#endif
