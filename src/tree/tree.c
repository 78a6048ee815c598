/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c - the nodes of a tree, whatever text they come from
 */
#include "tree/tree.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

const char *ynode_kind_name(const struct ynode *node)
{
    switch (node->kind) {
    case YNODE_SCALAR:
        return "a single value";
    case YNODE_LIST:
        return "a list";
    case YNODE_MAP:
        return "a group of keys";
    }
    return "nothing";
}

void yaml_tree_free(struct ytree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        free(tree->nodes[i]->text);
        free(tree->nodes[i]->items);
        free(tree->nodes[i]);
    }
    free(tree->nodes);
    free(tree);
}

void yaml_tree_freep(struct ytree **tree)
{
    yaml_tree_free(*tree);
}

/* Room for one more in arrays that double: true when 'n' is a full size. */
static bool is_full(size_t n)
{
    return n == 0 || (n >= 8 && (n & (n - 1)) == 0);
}

static size_t next_size(size_t n)
{
    return n ? 2 * n : 8;
}

struct ynode *ytree_new_node(struct ytree *tree, enum ynode_kind kind,
                             unsigned int line)
{
    struct ynode *node = xcalloc(1, sizeof(*node));

    node->kind = kind;
    node->line = line;
    node->weight = 1;
    if (is_full(tree->n_nodes))
        tree->nodes =
            xrealloc(tree->nodes, next_size(tree->n_nodes), sizeof(*tree->nodes));
    tree->nodes[tree->n_nodes++] = node;
    return node;
}

void ynode_append(struct ynode *parent, struct ynode *item)
{
    if (is_full(parent->n_items))
        parent->items =
            xrealloc(parent->items, next_size(parent->n_items), sizeof(struct ynode *));
    parent->items[parent->n_items++] = item;
}
